"""Recruitee, one careers site per company. Its Careers Site API needs no key; postings are the company's own.

Source: https://career.recruitee.com/docs/index.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

from scrape.boards import companies
from scrape.boards.extract import Row, as_html, decode, places, postings, raw, rows, text
from scrape.common.errors import InputError
from scrape.common.posting import Page, Posting, Query
from scrape.fields.dates import day

NAME = "recruitee"
HOME = "https://recruitee.com"
BY_COMPANY = True

_HOST_PART = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def start(query: Query) -> Sequence[str]:
    """Return one URL for each company. Raises InputError where the company's name cannot be part of a URL."""
    wanted = companies.wanted(NAME, query.company)
    for name in wanted:
        if not _HOST_PART.fullmatch(name):
            raise InputError(f"{name!r} cannot be a Recruitee site; name it as in https://NAME.recruitee.com")
    return [f"https://{name}.recruitee.com/api/offers/" for name in wanted]


def parse(body: str, url: str) -> Page:
    site = (urlsplit(url).hostname or "").split(".")[0]
    return Page(postings(rows(decode(body, url), url, "offers"), url, partial(_posting, site)))


def _posting(site: str, row: Row) -> Posting:
    """Return a posting; its text has two parts, description and requirements."""
    place = text(row, "location") or ", ".join(part for part in (text(row, "city"), text(row, "country")) if part)
    return Posting(
        board=NAME,
        key=text(row, "id"),
        url=text(row, "careers_url"),
        title=text(row, "title"),
        company=text(row, "company_name") or companies.display(NAME, site),
        location=places(place, remote=row.get("remote") is True),
        date=day(row.get("published_at")) or day(row.get("created_at")),
        html="".join(as_html(raw(row, part)) for part in ("description", "requirements")),
    )
