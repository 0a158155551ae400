"""Jobicy, remote postings. Its notice asks for a link to the posting on Jobicy and at most one request an hour.

Source: https://jobicy.com/jobs-rss-feed
"""

from __future__ import annotations

from collections.abc import Sequence

from scrape.boards.extract import Row, as_html, decode, places, postings, raw, rows, text, words
from scrape.common.posting import Page, Posting, Query
from scrape.fields import match
from scrape.fields.dates import day
from scrape.fields.pay import read_pay

NAME = "jobicy"
HOME = "https://jobicy.com"

_MOST = 100  # postings that an answer holds; there is no second page


def start(query: Query) -> Sequence[str]:
    """Return one URL: for the United States, or for all countries where the query names a place abroad.

    The titles make no difference: a search for each would be more requests than the notice permits.
    """
    country = "&geo=usa" if match.may_be_in_us(query) else ""
    return [f"{HOME}/api/v2/remote-jobs?count={_MOST}{country}"]


def parse(body: str, url: str) -> Page:
    """Return the postings. A search that finds nothing gets a message and no list."""
    answer = decode(body, url)
    if isinstance(answer, dict) and "jobs" not in answer and (answer.get("jobCount") == 0 or text(answer, "error")):
        return Page()
    return postings(rows(answer, url, "jobs"), url, _posting)


def _posting(row: Row) -> Posting:
    regions = [region.strip() for region in text(row, "jobGeo").split(",")]
    return Posting(
        board=NAME,
        key=text(row, "id"),
        url=text(row, "url"),
        title=text(row, "jobTitle"),
        company=text(row, "companyName"),
        location=places(*(region for region in regions if region != "Anywhere"), remote=True),
        date=day(row.get("pubDate")),
        pay=read_pay(*(row.get(name) for name in ("salaryMin", "salaryMax", "salaryCurrency", "salaryPeriod"))),
        remote=True,
        tags=words(row, "jobIndustry"),
        employment_type=", ".join(words(row, "jobType")),
        html=as_html(raw(row, "jobDescription") or raw(row, "jobExcerpt")),
    )
