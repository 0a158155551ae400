"""Rippling, one public board per company. Its interface is open and needs no key; postings are the company's own.

Source: the requests of its own careers pages (https://ats.rippling.com)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from urllib.parse import parse_qs, quote, urlsplit

from scrape.boards import companies
from scrape.boards.extract import Row, as_html, asking, decode, listed, places, postings, raw, rows, text, value, words
from scrape.common.posting import Page, Pay, Posting, Query
from scrape.fields.dates import day
from scrape.fields.pay import first_pay

NAME = "rippling"
HOME = "https://ats.rippling.com"
BY_COMPANY = True

_API = f"{HOME}/api/v2/board"


def start(query: Query) -> Sequence[str]:
    """Return the first page of each company, numbered 0; the postings of a page have no text."""
    return [f"{_API}/{quote(slug, safe='')}/jobs?page=0" for slug in companies.wanted(NAME, query.company)]


def parse(body: str, url: str) -> Page:
    """Return the URLs of the postings of a page and of the next page, or the posting of a posting's own answer."""
    answer = decode(body, url)
    if value(answer, "items") is None and value(answer, "description") is not None:
        slug = urlsplit(url).path.partition("/board/")[2].partition("/")[0]
        return postings([answer], url, partial(_posting, slug))
    here = asking(url).partition("?")[0].rstrip("/")
    # A posting stands once for each of its places.
    ids = dict.fromkeys(filter(None, (text(row, "id") for row in rows(answer, url, "items"))))
    page, pages = parse_qs(urlsplit(url).query).get("page", ["0"])[0], text(answer, "totalPages")
    more = page.isdecimal() and pages.isdecimal() and int(page) + 1 < int(pages)
    onward = [asking(url, page=str(int(page) + 1))] if more else []
    return Page(follow=(*(f"{here}/{quote(key, safe='')}" for key in ids), *onward))


def _posting(slug: str, row: Row) -> Posting:
    key = text(row, "uuid") or text(row, "id")
    named = words(row, "workLocations") or words(row, "locations")
    parts = [as_html(raw(row, "description", part)) for part in ("company", "role")]
    return Posting(
        board=NAME,
        key=key,
        url=text(row, "url") or f"{HOME}/{slug}/jobs/{key}",
        title=text(row, "name"),
        company=text(row, "companyName"),
        location=places(*named),
        date=day(row.get("createdOn")),
        pay=_pay(row),
        remote=True if any("remote" in place.casefold() for place in named) else None,
        tags=words(row, "department"),
        employment_type=text(row, "employmentType", "id"),
        html="".join(parts) or as_html(raw(row, "description")),
    )


def _pay(row: Row) -> Pay | None:
    """Return the first of the ranges that a posting has for several places."""
    return first_pay(
        (value(part, "rangeStart"), value(part, "rangeEnd"), value(part, "currency"), value(part, "frequency"))
        for part in listed(row, "payRangeDetails")
    )
