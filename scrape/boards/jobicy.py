"""Jobicy, remote postings. Its notice asks for a link to the posting on Jobicy and at most one request an hour.

Source: https://jobicy.com/jobs-rss-feed
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from scrape.boards.answer import Row, as_html, day, decode, places, postings, raw, rows, text, texts
from scrape.posting import Page, Posting, Query

NAME = "jobicy"
HOME = "https://jobicy.com"

_MOST = 50  # postings an answer holds; there is no second page


def start(query: Query) -> Sequence[str]:
    """One address; a title is searched for by the board, more widely than our own filter does."""
    asked = {"count": str(_MOST)} | ({"tag": query.title} if query.title else {})
    return [f"{HOME}/api/v2/remote-jobs?{urlencode(asked)}"]


def parse(body: str, url: str) -> Page:
    """A search that finds nothing is answered with a message and no list."""
    answer = decode(body, url)
    if isinstance(answer, dict) and "jobs" not in answer and (answer.get("jobCount") == 0 or text(answer, "error")):
        return Page()
    return Page(postings(rows(answer, url, "jobs"), url, _posting))


def _posting(row: Row) -> Posting:
    regions = [region for region in texts(row, "jobGeo") if region.casefold() != "anywhere"]
    return Posting(
        board=NAME,
        key=text(row, "id"),
        url=text(row, "url"),
        title=text(row, "jobTitle"),
        company=text(row, "companyName"),
        location=places(*regions, remote=True),
        date=day(row.get("pubDate")),
        html=as_html(raw(row, "jobDescription") or raw(row, "jobExcerpt")),
    )
