"""Recruitee, one careers site per company. Its Careers Site API needs no key; postings are the company's own.

Source: https://career.recruitee.com/docs/index.html
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from scrape.boards import companies
from scrape.boards.extract import Row, as_html, decode, joined, listed, places, postings, raw, rows, text, value, words
from scrape.common.posting import Page, Posting, Query
from scrape.fields.dates import day
from scrape.fields.pay import read_pay

NAME = "recruitee"
HOME = "https://recruitee.com"
BY_COMPANY = True


def start(query: Query) -> Sequence[str]:
    """Return one URL for each company. Raises InputError where the company's name cannot be part of a URL."""
    return [
        f"https://{name}.recruitee.com/api/offers/" for name in companies.hosts(NAME, query.company, "recruitee.com")
    ]


def parse(body: str, url: str) -> Page:
    site = (urlsplit(url).hostname or "").split(".")[0]
    return postings(rows(decode(body, url), url, "offers"), url, partial(_posting, site))


def _posting(site: str, row: Row) -> Posting:
    """Return a posting; its text has two parts, description and requirements."""
    remote = row.get("remote") is True
    return Posting(
        board=NAME,
        key=text(row, "id"),
        url=text(row, "careers_url"),
        title=text(row, "title"),
        company=text(row, "company_name") or companies.display(NAME, site),
        location=places(*_named(row), remote=remote),
        date=day(row.get("published_at")) or day(row.get("created_at")),
        pay=read_pay(*(value(row, "salary", name) for name in ("min", "max", "currency", "period"))),
        remote=remote if isinstance(row.get("remote"), bool) else None,
        tags=tuple(dict.fromkeys(words(row, "department") + words(row, "tags"))),
        employment_type=text(row, "employment_type_code").replace("_", " "),
        expires=day(row.get("close_at")),
        html="".join(as_html(raw(row, part)) for part in ("description", "requirements")),
    )


def _named(row: Row) -> list[str]:
    """Return the places of an offer. Its `location` is a line of them, or `Remote job` where the work is remote."""
    if several := [_place(place, "state") for place in listed(row, "locations")]:
        return several
    line = text(row, "location")
    return [_place(row, "state_name") if not line or line.casefold().startswith("remote") else line]


def _place(row: Any, state: str) -> str:
    return joined(*(text(row, part) for part in ("city", state, "country"))) or text(row, "name")
