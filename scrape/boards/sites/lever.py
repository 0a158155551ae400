"""Lever, one public site per company. Its documents say that published postings may be read by third parties.

Source: https://github.com/lever/postings-api
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from urllib.parse import quote, urlsplit

from scrape.boards import companies
from scrape.boards.extract import Row, as_html, decode, listed, places, postings, raw, rows, text
from scrape.common.posting import Page, Posting, Query
from scrape.fields.dates import day

NAME = "lever"
HOME = "https://jobs.lever.co"
BY_COMPANY = True

_API = "https://api.lever.co/v0/postings"


def start(query: Query) -> Sequence[str]:
    """Return one URL for each company; a response holds all of its postings with their text."""
    return [f"{_API}/{quote(site, safe='')}?mode=json" for site in companies.wanted(NAME, query.company)]


def parse(body: str, url: str) -> Page:
    """Return the postings of a list, or a single one. Only the URL names the company."""
    answer = decode(body, url)
    found = rows([answer] if isinstance(answer, dict) and "hostedUrl" in answer else answer, url)
    site = urlsplit(url).path.removeprefix("/v0/postings/").split("/")[0]
    return Page(postings(found, url, partial(_posting, site)))


def _posting(site: str, row: Row) -> Posting:
    return Posting(
        board=NAME,
        key=text(row, "id"),
        url=text(row, "hostedUrl"),
        title=text(row, "text"),
        company=companies.display(NAME, site),
        location=places(text(row, "categories", "location"), remote=text(row, "workplaceType") == "remote"),
        date=day(row.get("createdAt")),
        html=_whole(row),
    )


def _whole(row: Row) -> str:
    """Return the four parts of a posting: description, lists with a heading each, pay, closing words."""
    lists = [
        f"<h3>{escape(text(part, 'text'), quote=False)}</h3><ul>{raw(part, 'content')}</ul>"
        for part in listed(row, "lists")
    ]
    around = [as_html(raw(row, name)) for name in ("description", "salaryDescription", "additional")]
    return "".join([around[0], *lists, *around[1:]])
