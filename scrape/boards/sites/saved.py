"""Pages and postings on the user's disk. The terms are those of the site that they were saved from.

A path may hold postings as JSON lines or a JSON list (`id board url title company location date html`, all but `title`
and `html` optional), or a page, which `page_reader` reads. Postings keep their url; their board is `saved` and
their key the row's own id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from scrape.boards import page_reader, schema_org
from scrape.boards.extract import Row, as_html, raw, text
from scrape.boards.sites import arbeitnow, remoteok
from scrape.common.errors import ChangedShape, InputError
from scrape.common.posting import Page, Posting, Query, key_of
from scrape.fields.dates import day
from scrape.fields.urls import canonical, is_web

_JSON = re.compile(r"[\ufeff\s]*(?:\{|\[\s*[\[{\"\]])")  # an object, or a list of something; also indented

NAME = "saved"
HOME = ""


def start(query: Query) -> Sequence[str]:
    """Return the paths that the person names. Raises InputError where they name none."""
    if not query.pages:
        raise InputError("the board 'saved' reads files; name the pages or the JSON lines to read")
    if web_page := next((path for path in query.pages if is_web(path)), ""):
        raise InputError(f"the board 'saved' reads files; for {web_page} there is the board 'jsonld'")
    return query.pages


def parse(body: str, url: str) -> Page:
    """Return the postings of one file; `url` is its path. Raises ChangedShape where none is recognised."""
    if not body.strip():
        return Page()
    if _JSON.match(body):
        return Page(tuple(_row(row, f"{url}: {place}") for place, row in _rows(body, url)))
    return page_reader.read(body, url, NAME)


def _rows(body: str, url: str) -> list[tuple[str, Any]]:
    """Return each row of a JSON list or of JSON lines, with its place in words."""
    try:
        whole = json.loads(body)
        return [(f"row {i}", row) for i, row in enumerate(whole if isinstance(whole, list) else [whole], 1)]
    except (ValueError, RecursionError):
        pass
    found = []
    for number, line in enumerate(body.split("\n"), 1):
        if not line.strip("\ufeff \t\r"):
            continue
        try:
            found.append((f"line {number}", json.loads(line.lstrip("\ufeff"))))
        except (ValueError, RecursionError):
            raise ChangedShape(f"{url}: line {number} is not JSON; repair or remove it and run again") from None
    return found


def _row(row: Any, place: str) -> Posting:
    title, body = text(row, "title"), raw(row, "html")
    if not title or not body.strip():
        raise ChangedShape(f"{place} is not a posting: it needs a title and html; repair or remove it and run again")
    url = schema_org.web_url(raw(row, "url"))
    return Posting(
        board=NAME,
        key=text(row, "id") or key_of(canonical(url) or f"{title}\n{text(row, 'company')}\n{body}"),
        url=url,
        title=title,
        company=text(row, "company"),
        location=text(row, "location"),
        date=day(row.get("date")),
        html=_body(row),
    )


def _body(row: Row) -> str:
    """Return the HTML of a row, with the faults undone that its board is known for."""
    clean = {remoteok.NAME: remoteok.clean, arbeitnow.NAME: arbeitnow.clean}.get(text(row, "board"), as_html)
    return clean(raw(row, "html"))
