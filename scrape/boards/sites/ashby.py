"""Ashby, one public board per company. The Job Postings API is open and needs no key; postings are the company's own.

Source: https://developers.ashbyhq.com/docs/public-job-posting-api
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote, urlsplit

from scrape.boards import companies
from scrape.boards.extract import Row, as_html, decode, listed, places, postings, raw, rows, text
from scrape.common.posting import Page, Posting, Query, key_of
from scrape.fields.dates import day
from scrape.fields.urls import canonical

NAME = "ashby"
HOME = "https://jobs.ashbyhq.com"
BY_COMPANY = True

_API = "https://api.ashbyhq.com/posting-api/job-board"


def start(query: Query) -> Sequence[str]:
    """Return one URL for each company; a response holds all of its postings with their text."""
    return [f"{_API}/{quote(name, safe='')}" for name in companies.wanted(NAME, query.company)]


def parse(body: str, url: str) -> Page:
    """Return the listed postings. A company shows the others only to those who have their URL."""
    name = urlsplit(url).path.rsplit("/", 1)[-1]
    public = [row for row in rows(decode(body, url), url, "jobs") if row.get("isListed") is not False]
    return Page(postings(public, url, partial(_posting, name)))


def _posting(name: str, row: Row) -> Posting:
    link = text(row, "jobUrl")
    also_in = [text(other, "location") for other in listed(row, "secondaryLocations")]
    return Posting(
        board=NAME,
        key=text(row, "id") or (key_of(canonical(link)) if link else ""),
        url=link,
        title=text(row, "title"),
        company=companies.display(NAME, name),
        location=places(text(row, "location"), *also_in, remote=row.get("isRemote") is True),
        date=day(row.get("publishedAt")),
        html=as_html(raw(row, "descriptionHtml") or raw(row, "descriptionPlain")),
    )
