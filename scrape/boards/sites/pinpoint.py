"""Pinpoint, one careers site per company. Its feed is documented and needs no key; postings are the company's own.

Source: https://developers.pinpointhq.com/docs
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from urllib.parse import urljoin, urlsplit

from scrape.boards import companies
from scrape.boards.extract import Row, as_html, decode, joined, places, postings, raw, rows, text, words
from scrape.common.posting import Page, Pay, Posting, Query
from scrape.fields.dates import day
from scrape.fields.pay import read_pay

NAME = "pinpoint"
HOME = "https://www.pinpointhq.com"
BY_COMPANY = True

_REMOTE = {"remote": True, "hybrid": False, "onsite": False}  # by workplace_type
_PARTS = ("description", "key_responsibilities", "skills_knowledge_expertise", "benefits")


def start(query: Query) -> Sequence[str]:
    """Return one URL for each company; a response holds all of its postings with their text."""
    return [
        f"https://{name}.pinpointhq.com/postings.json"
        for name in companies.hosts(NAME, query.company, "pinpointhq.com")
    ]


def parse(body: str, url: str) -> Page:
    """Return the postings of a feed. Only the URL names the company."""
    return postings(rows(decode(body, url), url, "data"), url, partial(_posting, url))


def _posting(feed: str, row: Row) -> Posting:
    site = (urlsplit(feed).hostname or "").split(".")[0]
    remote = _REMOTE.get(text(row, "workplace_type").lower())
    place = joined(text(row, "location", "city"), text(row, "location", "province")) or text(row, "location", "name")
    return Posting(
        board=NAME,
        key=text(row, "id"),
        url=text(row, "url") or urljoin(feed, text(row, "path")),
        title=text(row, "title"),
        company=companies.display(NAME, site),
        location=places(place, remote=remote is True),
        date=day(row.get("first_published_at")),
        pay=_pay(row),
        remote=remote,
        tags=words(row, "job", "department"),
        employment_type=text(row, "employment_type_text") or text(row, "employment_type").replace("_", " "),
        expires=day(row.get("deadline_at")),
        html=_whole(row),
    )


def _pay(row: Row) -> Pay | None:
    if row.get("compensation_visible") is False:
        return None
    return read_pay(*(row.get(f"compensation_{part}") for part in ("minimum", "maximum", "currency", "frequency")))


def _whole(row: Row) -> str:
    """Return the four parts of a posting, each under its own heading if it has one."""
    found = []
    for part in _PARTS:
        if body := as_html(raw(row, part)):
            heading = escape(text(row, f"{part}_header"), quote=False)
            found += [f"<h3>{heading}</h3>" if heading else "", body]
    return "".join(found)
