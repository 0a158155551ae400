"""Reading of a board's response without trusting it: each step returns the type it names, or raises ChangedShape."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from bs4 import BeautifulSoup
from bs4.filter import SoupStrainer
from lxml import etree

from scrape.common.errors import ChangedShape
from scrape.common.posting import Posting
from scrape.common.sizes import PAGE_BYTES

Row = dict[str, Any]

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_ESCAPED_END = re.compile(r"&lt;/(?:p|div|li|[uo]l|h[1-6]|b|strong|em|i|span)&gt;", re.IGNORECASE)
_TERMINAL_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_XML_PROLOG = re.compile(r"\A\s*<\?xml[^>]*\?>")


def decode(body: str, url: str) -> Any:
    """Return the JSON value that `body` holds. Raises ChangedShape where it is not JSON."""
    try:
        return json.loads(body, strict=False)
    except (ValueError, RecursionError) as error:
        raise ChangedShape(f"{url}: the answer is not JSON ({str(error)[:80]}); open the URL to see it") from None


def rows(answer: Any, url: str, *path: str) -> list[Row]:
    """Return the list of objects at `path` of a decoded answer. Raises ChangedShape where there is none."""
    found = value(answer, *path)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        where = f"under {'.'.join(path)!r}" if path else "at its top"
        raise ChangedShape(f"{url}: the answer has no list of postings {where}")
    return found


def postings(found: Iterable[Row], url: str, read: Callable[[Row], Posting]) -> tuple[Posting, ...]:
    """Return each row read as a posting, without those that lack a key or title. Raises ChangedShape if all do."""
    made = [read(row) for row in found]
    whole = tuple(posting for posting in made if posting.key and posting.title)
    if made and not whole:
        raise ChangedShape(f"{url}: none of the {len(made)} postings has both an id and a title where they used to be")
    return whole


def listed(row: Any, *path: str) -> list[Any]:
    """Return the list at `path`; empty where there is none."""
    found = value(row, *path)
    return found if isinstance(found, list) else []


def value(row: Any, *path: str) -> Any:
    """Return the value at `path` of nested objects, or None."""
    for step in path:
        row = row.get(step) if isinstance(row, dict) else None
    return row


def text(row: Any, *path: str) -> str:
    """Return the string or number at `path` as one line of plain text; empty where there is none."""
    found = value(row, *path)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    return line(str(found))


def line(raw: str) -> str:
    """Return `raw` as one line of plain text: entities resolved, white space collapsed, no control characters."""
    return _CONTROLS.sub("", " ".join(_TERMINAL_ESCAPE.sub("", html.unescape(_whole(raw))).split()))


def raw(row: Any, *path: str) -> str:
    """Return the string at `path` untouched, such as HTML; empty where there is none."""
    found = value(row, *path)
    return _whole(found) if isinstance(found, str) else ""


def _whole(text: str) -> str:
    """Return `text` without halves of surrogate pairs, which JSON can spell and no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def places(*named: str, remote: bool = False) -> str:
    """Return a location line: the places named, each once, after `Remote` if `remote` and no place says it."""
    whole = [place for place in named if place]
    said = any("remote" in place.casefold() for place in whole)
    return "; ".join(dict.fromkeys(["Remote", *whole] if remote and not said else whole))


def asking(url: str, **changed: str) -> str:
    """Return `url` with these query parameters set or replaced, such as the number of the next page."""
    parts = urlsplit(url)
    asked = parse_qs(parts.query) | {name: [setting] for name, setting in changed.items()}
    return urlunsplit(parts._replace(query=urlencode(asked, doseq=True)))


def as_html(description: str) -> str:
    """Return a description as HTML. It may be HTML, HTML escaped once or twice, or plain text."""
    for _ in range(2):
        if any(tag[0][:3].lower() != "<br" for tag in _TAG.finditer(description)):
            return description
        # Line breaks alone may have been added between lines of escaped HTML.
        if _TAG.search(description) and not _ESCAPED_END.search(description):
            return description
        description = html.unescape(description)
    if _TAG.search(description):
        return description
    # Plain text: paragraphs, separated by empty lines, of lines.
    escaped = html.escape(description.replace("\r\n", "\n").strip(), quote=False)
    blocks = [block.strip().replace("\n", "<br>") for block in re.split(r"\n\s*\n", escaped)]
    return "".join(f"<p>{block}</p>" for block in blocks if block)


def page(body: str, only: list[str] | None = None) -> BeautifulSoup:
    """Return `body` as parsed HTML; with `only`, just the elements of those names (several times as fast).

    Raises ValueError for a page larger than `PAGE_BYTES`.
    """
    # Without its prolog: bs4 would warn that HTML looks like XML.
    source = _XML_PROLOG.sub("", body, count=1)
    return BeautifulSoup(_markup(source), "lxml", parse_only=SoupStrainer(only) if only else None)


def tree(body: str) -> etree._Element:
    """Return `body` as a tree of lxml, several times as fast as `page`. Elements more than 255 deep are left out.

    Raises ValueError for a page larger than `PAGE_BYTES`.
    """
    source = _markup(body).replace("\0", "\ufffd").strip() or "<body></body>"
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    return etree.fromstring(f"<html>{source}".encode(), parser)


def feed(body: str) -> BeautifulSoup:
    """Return `body` as parsed XML, such as a sitemap or RSS. Raises ValueError where it is larger than `PAGE_BYTES`."""
    return BeautifulSoup(_markup(body), "xml")


def _markup(body: str) -> str:
    """Return `body` with a final newline: bs4 warns of short texts that look like a file name or a URL.

    Raises ValueError for a text that would take too much memory.
    """
    if len(body) > PAGE_BYTES:
        raise ValueError(f"a page of {len(body):,} characters; at most {PAGE_BYTES:,} are read")
    return _whole(body) + "\n"
