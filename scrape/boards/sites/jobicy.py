"""Jobicy, remote postings. Its notice asks for a link to the posting on Jobicy and at most one request an hour.

Source: https://jobicy.com/jobs-rss-feed
"""

from __future__ import annotations

from collections.abc import Sequence

from scrape.boards.extract import Row, as_html, decode, places, postings, raw, rows, text
from scrape.common.posting import Page, Posting, Query
from scrape.fields.dates import day

NAME = "jobicy"
HOME = "https://jobicy.com"

_MOST = 50  # postings an answer holds; there is no second page


def start(query: Query) -> Sequence[str]:
    """Return one URL for any query: a search for each title would be more requests than the notice permits."""
    return [f"{HOME}/api/v2/remote-jobs?count={_MOST}"]


def parse(body: str, url: str) -> Page:
    """Return the postings. A search that finds nothing gets a message and no list."""
    answer = decode(body, url)
    if isinstance(answer, dict) and "jobs" not in answer and (answer.get("jobCount") == 0 or text(answer, "error")):
        return Page()
    return Page(postings(rows(answer, url, "jobs"), url, _posting))


def _posting(row: Row) -> Posting:
    region = text(row, "jobGeo")
    return Posting(
        board=NAME,
        key=text(row, "id"),
        url=text(row, "url"),
        title=text(row, "jobTitle"),
        company=text(row, "companyName"),
        location=places("" if region == "Anywhere" else region, remote=True),
        date=day(row.get("pubDate")),
        html=as_html(raw(row, "jobDescription") or raw(row, "jobExcerpt")),
    )
