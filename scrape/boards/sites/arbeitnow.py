"""Arbeitnow. Its terms, sent with every response: free for all, do not abuse, a link to the site is appreciated.

Source: https://www.arbeitnow.com/blog/job-board-api
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from scrape.boards.extract import Row, as_html, decode, places, postings, raw, rows, text, words
from scrape.boards.schema_org import web_url
from scrape.common.posting import Page, Posting, Query
from scrape.fields.dates import day

NAME = "arbeitnow"
HOME = "https://www.arbeitnow.com"
NEWEST_FIRST = True

_CLOSING = re.compile(
    r'<p>\s*Find\s+(?:more\s+)?<a href="https://www\.arbeitnow\.com(?:/[^"]*)?"[^>]*>[^<]*</a>\s+on\s+Arbeitnow\s*</[ap]>'
)


def start(query: Query) -> Sequence[str]:
    """Return the first page, newest postings first; the board filters by nothing that a query asks."""
    return [f"{HOME}/api/job-board-api"]


def parse(body: str, url: str) -> Page:
    answer = decode(body, url)
    onward = web_url(text(answer, "links", "next"))
    same_host = urlsplit(onward).hostname == urlsplit(HOME).hostname
    return postings(rows(answer, url, "data"), url, _posting, onward if same_host else "")


def _posting(row: Row) -> Posting:
    return Posting(
        board=NAME,
        key=text(row, "slug"),
        url=text(row, "url"),
        title=text(row, "title"),
        company=text(row, "company_name"),
        location=places(text(row, "location"), remote=row.get("remote") is True),
        date=day(row.get("created_at")),
        remote=row["remote"] if isinstance(row.get("remote"), bool) else None,
        tags=words(row, "tags"),
        employment_type=", ".join(words(row, "job_types")),
        html=clean(raw(row, "description")),
    )


def clean(description: str) -> str:
    """Return a description without the link to the board's own lists that ends every one of them."""
    return as_html(_CLOSING.sub("", description))
