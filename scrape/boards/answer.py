"""Reading a board's answer without trusting it: every step gives a value of the type it names, or ChangedShape."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from bs4 import BeautifulSoup
from bs4.filter import SoupStrainer

from scrape.errors import ChangedShape
from scrape.posting import Posting

Row = dict[str, Any]

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_XML_PROLOG = re.compile(r"\s*<\?xml[^>]*\?>")
_MILLISECONDS_FROM = 10**11  # as seconds this is the year 5138, as milliseconds 1973


def decode(body: str, url: str) -> Any:
    """The JSON value that `body` holds. Raises ChangedShape where it is not JSON."""
    try:
        return json.loads(body, strict=False)
    except (ValueError, RecursionError) as error:
        raise ChangedShape(f"{url}: the answer is not JSON ({str(error)[:80]}); open the address to see it") from None


def rows(answer: Any, url: str, *path: str) -> list[Row]:
    """The list of objects at `path` of a decoded answer. Raises ChangedShape where there is none."""
    for step in path:
        answer = answer.get(step) if isinstance(answer, dict) else None
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        where = f"under {'.'.join(path)!r}" if path else "at its top"
        raise ChangedShape(f"{url}: the answer has no list of postings {where}")
    return answer


def postings(found: Iterable[Row], url: str, read: Callable[[Row], Posting]) -> tuple[Posting, ...]:
    """Each row read as a posting. One without key or title is left out; ChangedShape where that leaves none."""
    made = [read(row) for row in found]
    whole = tuple(posting for posting in made if posting.key and posting.title)
    if made and not whole:
        raise ChangedShape(f"{url}: none of the {len(made)} postings has both an id and a title where they used to be")
    return whole


def value(row: Any, *path: str) -> Any:
    """What stands at `path` of nested objects, or None."""
    for step in path:
        row = row.get(step) if isinstance(row, dict) else None
    return row


def text(row: Any, *path: str) -> str:
    """The string or number at `path` as one line of plain text; empty where there is none."""
    found = value(row, *path)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    return line(str(found))


def line(raw: str) -> str:
    """`raw` as one line of plain text: entities resolved, white space collapsed."""
    return " ".join(html.unescape(raw).split())


def raw(row: Any, *path: str) -> str:
    """The string at `path` untouched, such as HTML; empty where there is none."""
    found = value(row, *path)
    return found if isinstance(found, str) else ""


def texts(row: Any, *path: str) -> list[str]:
    """The strings of the list at `path`, or the single string there, as lines of plain text."""
    found = value(row, *path)
    listed = found if isinstance(found, list) else [found]
    return [line(item) for item in listed if isinstance(item, str) and item.strip()]


def day(moment: object) -> str:
    """The ISO day (UTC) of an epoch in seconds or milliseconds, an ISO date or an RFC 822 date; empty otherwise."""
    if isinstance(moment, bool):
        return ""
    if isinstance(moment, int | float):
        return _epoch_day(moment)
    if not isinstance(moment, str):
        return ""
    if moment.strip().isdecimal():
        return _epoch_day(int(moment[:20]))
    if _ISO_DAY.match(moment.strip()):
        return moment.strip()[:10]
    try:
        return parsedate_to_datetime(moment).date().isoformat()
    except (ValueError, IndexError, TypeError, OverflowError):
        return ""


def _epoch_day(number: float) -> str:
    try:
        seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def as_html(description: str) -> str:
    """A description as HTML, whichever way it was written: as HTML, as HTML escaped once or twice, or as plain text."""
    for _ in range(2):
        if _TAG.search(description):
            return description
        description = html.unescape(description)
    return description if _TAG.search(description) else _paragraphs(description)


def _paragraphs(plain: str) -> str:
    blocks = re.split(r"\n\s*\n", plain.replace("\r\n", "\n").strip())
    return "".join(f"<p>{html.escape(block.strip(), quote=False)}</p>" for block in blocks if block.strip()).replace(
        "\n", "<br>"
    )


def page(body: str, only: list[str] | None = None) -> BeautifulSoup:
    """`body` as parsed HTML; with `only`, just the elements of those names (several times as fast)."""
    # A newline more and a prolog less: bs4 would warn that a short text looks like a file name, and HTML like XML.
    whole = _XML_PROLOG.sub("", body, count=1) + "\n"
    return BeautifulSoup(whole, "lxml", parse_only=SoupStrainer(only) if only else None)
