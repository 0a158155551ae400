"""Greenhouse, one public board per company. The Job Board API is open and needs no key; postings are the company's own.

Source: https://developers.greenhouse.io/job-board.html
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote, urlsplit

from scrape.boards import companies
from scrape.boards.extract import Row, as_html, decode, postings, raw, rows, text
from scrape.common.posting import Page, Posting, Query
from scrape.fields.dates import day

NAME = "greenhouse"
HOME = "https://boards.greenhouse.io"
BY_COMPANY = True

_API = "https://boards-api.greenhouse.io/v1/boards"


def start(query: Query) -> Sequence[str]:
    """Return one URL for each company; a response holds all of its postings with their text."""
    wanted = companies.wanted(NAME, query.company)
    return [f"{_API}/{quote(token, safe='')}/jobs?content=true" for token in wanted]


def parse(body: str, url: str) -> Page:
    """Return the postings. `content` is HTML escaped once. Older responses name the company only in their URL."""
    path = urlsplit(url).path.split("/")
    token = path[path.index("boards") + 1] if "boards" in path[:-1] else ""
    return Page(postings(rows(decode(body, url), url, "jobs"), url, partial(_posting, token)))


def _posting(token: str, row: Row) -> Posting:
    return Posting(
        board=NAME,
        key=text(row, "id"),
        url=text(row, "absolute_url"),
        title=text(row, "title"),
        company=text(row, "company_name") or companies.display(NAME, token),
        location=text(row, "location", "name"),
        date=day(row.get("first_published")) or day(row.get("updated_at")),
        html=as_html(raw(row, "content")),
    )
