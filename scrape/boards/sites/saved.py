"""Pages and postings on the user's disk. The terms are those of the site that they were saved from.

A path may hold postings as JSON lines or a JSON list (`id board url title company location date html`, all but `title`
and `html` optional; also pay, and the mark that a board permits no training), or a page, which `page_reader` reads.
Postings keep their url; their board is `saved` and their key the row's own id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from scrape.boards import page_reader, schema_org
from scrape.boards.extract import Row, as_html, raw, text
from scrape.boards.sites import arbeitnow, remoteok
from scrape.common.errors import ChangedShape, InputError
from scrape.common.posting import Page, Pay, Posting, Query, key_of
from scrape.fields.dates import day
from scrape.fields.pay import read_pay
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
    """Return the postings of one file; `url` is its path, or the URL that it was saved from.

    A row that is no posting is left out, and named. Raises ChangedShape where none is recognised.
    """
    if not body.strip("\ufeff \t\r\n"):
        raise ChangedShape(f"{url}: it is empty; save the page again")
    if not _JSON.match(body):
        return page_reader.read(body, url, NAME)
    found, unusable = list[Posting](), list[str]()
    for place, row in _rows(body):
        try:
            found.append(row_posting(row, f"{url}: {place}"))
        except ChangedShape as error:
            unusable.append(str(error))
    if unusable and not found:
        raise ChangedShape(unusable[0] + (f" (and {len(unusable) - 1} more)" if unusable[1:] else ""))
    return Page(tuple(found), unusable=tuple(unusable))


def _rows(body: str) -> Iterator[tuple[str, Any]]:
    """Yield each row of a JSON list or of JSON lines, with its place in words; None for a line that is not JSON."""
    with suppress(ValueError, RecursionError):
        whole = json.loads(body)
        yield from ((f"row {i}", row) for i, row in enumerate(whole if isinstance(whole, list) else [whole], 1))
        return
    for number, line in enumerate(body.split("\n"), 1):
        if not line.strip("\ufeff \t\r"):
            continue
        row = None
        with suppress(ValueError, RecursionError):
            row = json.loads(line.lstrip("\ufeff"))
        yield f"line {number}", row


def row_posting(row: Any, place: str) -> Posting:
    """Return the posting in a row, a value of JSON that errors call `place`. Raises ChangedShape for another value."""
    if not isinstance(row, dict):
        raise ChangedShape(f"{place} is not a JSON object; repair or remove it and run again")
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
        pay=_pay(row),
        no_training=row.get("no_training") is True,
    )


def _pay(row: Row) -> Pay | None:
    """Return the pay of a row, in the fields of a dataset or of `find`; what was read from a text is read again."""
    if isinstance(pay := row.get("pay"), dict):
        return read_pay(pay.get("minimum"), pay.get("maximum"), pay.get("currency"), pay.get("period"))
    if row.get("salary_source") == "text":
        return None
    return read_pay(row.get("min_amount"), row.get("max_amount"), row.get("currency"), row.get("interval"))


def _body(row: Row) -> str:
    """Return the HTML of a row, with the faults undone that its board is known for."""
    clean = {remoteok.NAME: remoteok.clean, arbeitnow.NAME: arbeitnow.clean}.get(text(row, "board"), as_html)
    return clean(raw(row, "html"))
