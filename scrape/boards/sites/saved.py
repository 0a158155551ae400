"""Pages and postings on the user's disk. The terms are those of the site that they were saved from.

A path may hold: postings as JSON lines or a JSON list (`id board url title company location date html`, all but
`title` and `html` optional), a page that carries a schema.org JobPosting, a posting page of Indeed, a page in one of
the layouts of `layouts`, or a page with one article under one heading. Postings keep their url; their board is `saved`
and their key the row's own id. Anything else is refused by name rather than guessed at: a page of search results
would otherwise pass for a posting.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from scrape.boards import layouts, schema_org
from scrape.boards.extract import Row, as_html, page, raw, text
from scrape.boards.sites import arbeitnow, indeed, remoteok
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
    found = schema_org.read(body, url, NAME).postings or _indeed(body, url) or _laid_out(body, url)
    if not found:
        raise ChangedShape(
            f"{url}: no posting recognised in this page; a posting page with JSON-LD or an article is needed"
        )
    return Page(found)


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


def _indeed(body: str, url: str) -> tuple[Posting, ...]:
    try:
        found = indeed.parse(body, url)
    except ChangedShape:
        return ()
    if not found.postings:
        raise ChangedShape(f"{url}: a page of Indeed's search results; save the posting pages that it links to")
    return tuple(replace(posting, board=NAME) for posting in found.postings)


def _laid_out(body: str, url: str) -> tuple[Posting, ...]:
    """Return the posting of a page without JSON-LD, where its layout is known or plain."""
    soup = page(body)
    link = schema_org.page_url(soup, url)
    found = layouts.known(soup)
    if not found:
        return ()
    key = key_of(canonical(link) or f"{found.title}\n{found.html}")
    return (Posting(NAME, key, link, found.title, found.company, found.location, html=found.html),)
