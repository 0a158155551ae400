"""Reading of a board's response without trusting it: each step returns the type it names, or raises ChangedShape."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from bs4 import BeautifulSoup
from lxml import etree

from scrape.common.errors import ChangedShape
from scrape.common.posting import Page, Posting
from scrape.common.sizes import PAGE_BYTES
from scrape.fields.places import Place
from scrape.fields.places import read as read_places

Row = dict[str, Any]

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_ESCAPED_TAG = re.compile(
    r"&lt;/?(?:p|div|br|li|[uo]l|h[1-6]|b|strong|em|i|u|span|a)\b(?:(?!&[lg]t;)[^<>])*&gt;", re.IGNORECASE
)
_TERMINAL_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_XML_PROLOG = re.compile(r"\A\s*<\?xml[^>]*\?>")


def decode(body: str, url: str) -> Any:
    """Return the JSON value that `body` holds. Raises ChangedShape where it is not JSON."""
    try:
        try:
            return json.loads(body, strict=False)
        except json.JSONDecodeError:
            raise
        except ValueError:  # an integer of more digits than Python converts, in one posting of many
            return json.loads(body, strict=False, parse_int=lambda digits: int(digits) if len(digits) < 100 else 0)
    except (ValueError, RecursionError) as error:
        raise ChangedShape(f"{url}: the answer is not JSON ({str(error)[:80]}); open the URL to see it") from None


def rows(answer: Any, url: str, *path: str) -> list[Any]:
    """Return the list at `path` of a decoded answer. Raises ChangedShape where there is none."""
    found = value(answer, *path)
    if not isinstance(found, list):
        where = f"under {'.'.join(path)!r}" if path else "at its top"
        raise ChangedShape(f"{url}: the answer has no list of postings {where}")
    return found


def postings(found: Sequence[Any], url: str, read: Callable[[Row], Posting], follow: str = "") -> Page:
    """Return each row read as a posting, and `follow`, the URL to request next, if there are rows.

    A row that cannot be read, or lacks a key or title, is counted as unusable and does not stop the others. Raises
    ChangedShape if there is no other.
    """
    whole: list[Posting] = []
    unusable: list[str] = []
    for number, row in enumerate(found, 1):
        try:
            posting = read(row) if isinstance(row, dict) else None
        except Exception as error:  # whatever it holds, it is one posting of many
            unusable.append(f"{url}: posting {number} cannot be read: {type(error).__name__}: {line(str(error))[:200]}")
            continue
        if posting and posting.key and posting.title:
            whole.append(posting)
        else:
            unusable.append(f"{url}: posting {number} has no id or no title")
    if unusable and not whole:
        raise ChangedShape(f"{url}: none of the {len(found)} postings has both an id and a title where they used to be")
    return Page(tuple(whole), (follow,) if follow and found else (), tuple(unusable))


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
    if not (raw.isascii() and raw.isprintable()) or "&" in raw:  # as few lines are
        raw = _TERMINAL_ESCAPE.sub("", html.unescape(_whole(raw)))
    return _CONTROLS.sub("", " ".join(raw.split()))


def raw(row: Any, *path: str) -> str:
    """Return the string at `path` untouched, such as HTML; empty where there is none."""
    found = value(row, *path)
    return _whole(found) if isinstance(found, str) else ""


def _whole(text: str) -> str:
    """Return `text` without halves of surrogate pairs, which JSON can spell and no file can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def places(*named: str, remote: bool = False) -> str:
    """Return a location line: the places named, each once, after `Remote` if `remote` and no place says it."""
    whole = [place for place in named if place]
    said = any("remote" in place.casefold() for place in whole)
    return "; ".join(dict.fromkeys(["Remote", *whole] if remote and not said else whole))


def names_a_place(location: str) -> bool:
    """Return whether a location line names a city, a region or a country, not only an arrangement such as `Hybrid`."""
    return any(replace(place, remote=False) != Place() for place in read_places(location))


def says_remote(location: str) -> bool:
    """Return whether a location line says that the work is remote."""
    return any(place.remote for place in read_places(location))


def joined(*parts: str) -> str:
    """Return the fields of one place as a line, such as `Chicago, Illinois, United States`."""
    return ", ".join(part for part in parts if part)


def words(row: Any, *path: str) -> tuple[str, ...]:
    """Return the texts at `path` once each: a text, or those of a list, whose objects count by their `name`."""
    found = value(row, *path)
    items = found if isinstance(found, list) else [found]
    texts = (
        text(item, "name") or text(item, "Name") if isinstance(item, dict) else text({"": item}, "") for item in items
    )
    return tuple(dict.fromkeys(filter(None, texts)))


def asking(url: str, **changed: str) -> str:
    """Return `url` with these query parameters set or replaced, such as the number of the next page."""
    parts = urlsplit(url)
    asked = parse_qs(parts.query) | {name: [setting] for name, setting in changed.items()}
    return urlunsplit(parts._replace(query=urlencode(asked, doseq=True)))


def as_html(description: str) -> str:
    """Return a description as HTML. It may be HTML, HTML escaped once or twice, or plain text."""
    for _ in range(2):
        # Real tags may have been added to escaped HTML, such as line breaks or a closing link.
        real, escaped = (len(tag.findall(description)) for tag in (_TAG, _ESCAPED_TAG))
        if real and real >= escaped:
            return description
        description = html.unescape(description)
    if _TAG.search(description):
        return description
    # Plain text: paragraphs, separated by empty lines, of lines.
    text = html.escape(description.replace("\r\n", "\n").strip(), quote=False)
    blocks = [block.strip().replace("\n", "<br>") for block in re.split(r"\n\s*\n", text)]
    return "".join(f"<p>{block}</p>" for block in blocks if block)


def page(body: str) -> BeautifulSoup:
    """Return `body` as parsed HTML. Raises ValueError for a page larger than `PAGE_BYTES`."""
    return BeautifulSoup(_without_prolog(body), "lxml")


def _without_prolog(body: str) -> str:
    """Return HTML without an XML prolog, which makes bs4 warn."""
    return _markup(_XML_PROLOG.sub("", body, count=1))


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
