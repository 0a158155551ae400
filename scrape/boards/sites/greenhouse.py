"""Greenhouse, one public board per company. The Job Board API is open and needs no key; postings are the company's own.

Source: https://developers.greenhouse.io/job-board.html
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote, urlsplit

from scrape.boards import companies
from scrape.boards.extract import (
    Row,
    as_html,
    decode,
    listed,
    names_a_place,
    places,
    postings,
    raw,
    rows,
    says_remote,
    text,
    value,
    words,
)
from scrape.common.posting import Page, Pay, Posting, Query
from scrape.fields.dates import day
from scrape.fields.pay import first_pay

NAME = "greenhouse"
HOME = "https://boards.greenhouse.io"
BY_COMPANY = True

_API = "https://boards-api.greenhouse.io/v1/boards"
_PLACE_FIELD = "Job Posting Location"  # of the metadata; the name that Cloudflare gives it


def start(query: Query) -> Sequence[str]:
    """Return one URL for each company; a response holds all of its postings with their text."""
    wanted = companies.wanted(NAME, query.company)
    return [f"{_API}/{quote(token, safe='')}/jobs?content=true" for token in wanted]


def probe() -> Sequence[str]:
    """Return the URLs of the bundled companies without the text of their postings."""
    return [url.removesuffix("?content=true") for url in start(Query())]


def parse(body: str, url: str) -> Page:
    """Return the postings. `content` is HTML escaped once. Older responses name the company only in their URL."""
    path = urlsplit(url).path.split("/")
    token = path[path.index("boards") + 1] if "boards" in path[:-1] else ""
    return postings(rows(decode(body, url), url, "jobs"), url, partial(_posting, token))


def _posting(token: str, row: Row) -> Posting:
    return Posting(
        board=NAME,
        key=text(row, "id"),
        url=text(row, "absolute_url"),
        title=text(row, "title"),
        company=text(row, "company_name") or companies.display(NAME, token),
        location=_location(row),
        date=day(row.get("first_published")) or day(row.get("updated_at")),
        pay=_pay(row),
        remote=True if says_remote(text(row, "location", "name")) else None,
        tags=words(row, "departments"),
        html=as_html(raw(row, "content")),
    )


def _pay(row: Row) -> Pay | None:
    """Return the pay of the ranges that a board shows, or of a custom field that is a range of amounts; both a year's.

    The fields are those of answers that others recorded: `pay_input_ranges` is documented for a single posting alone.
    """
    shown = (
        (_units(value(part, "min_cents")), _units(value(part, "max_cents")), value(part, "currency_type"), None)
        for part in listed(row, "pay_input_ranges")
    )
    custom = (
        (value(field, "value", "min_value"), value(field, "value", "max_value"), value(field, "value", "unit"), None)
        for field in listed(row, "metadata")
        if text(field, "value_type") == "currency_range"
    )
    return first_pay([*shown, *custom])


def _units(cents: object) -> float:
    return cents / 100 if isinstance(cents, int) and abs(cents) < 10**14 else 0.0


def _location(row: Row) -> str:
    """Return the places of a posting. A name such as `Hybrid` holds none: then its metadata name them, or its offices.

    The offices of a posting called `Remote` are those of its team, and no places of the posting.
    """
    name = text(row, "location", "name")
    if names_a_place(name):
        return name
    fields = [field for field in listed(row, "metadata") if text(field, "name") == _PLACE_FIELD]
    named = [place for field in fields for place in words(field, "value")]
    if not named and "remote" not in name.casefold():
        offices = [(text(office, "location"), text(office, "name")) for office in listed(row, "offices")]
        named = [location if names_a_place(location) else name for location, name in offices]
    whole = [place for place in named if names_a_place(place)]
    return places(*whole, remote=says_remote(name)) if whole else name
