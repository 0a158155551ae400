"""Himalayas, remote postings. Its notice asks for a visible link to the posting there and for its name as the source.

Sources: https://himalayas.app/api and https://himalayas.app/docs/data-dictionary
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

from scrape.boards.extract import Row, as_html, asking, decode, places, postings, raw, rows, text, words
from scrape.boards.schema_org import web_url
from scrape.common.posting import Page, Posting, Query, key_of
from scrape.fields import match
from scrape.fields.dates import day
from scrape.fields.pay import read_pay
from scrape.fields.urls import canonical

NAME = "himalayas"
HOME = "https://himalayas.app"

NEWEST_FIRST = True
MOST_REQUESTS = 100  # 2,000 postings, the newest; the full list has some 6,000 pages

_LIMIT = "20"  # the most that the API gives


def start(query: Query) -> Sequence[str]:
    """Return the URL of a search, newest first, where the query has a title or a country; else of the full list."""
    country = match.country_of(query)
    asked = {"q": query.title} if query.title else {}
    if len(country) == 2:  # not an area
        asked["country"] = country
    if asked:
        return [f"{HOME}/jobs/api/search?{urlencode({**asked, 'sort': 'recent'})}"]
    return [f"{HOME}/jobs/api?{urlencode({'limit': _LIMIT})}"]


def parse(body: str, url: str) -> Page:
    """Return a page and the URL of the next one, by its cursor: robots.txt forbids pages by number."""
    answer = decode(body, url)
    cursor = text(answer, "nextCursor")
    return postings(rows(answer, url, "jobs"), url, _posting, asking(url, cursor=cursor) if cursor else "")


def _posting(row: Row) -> Posting:
    """Return a posting. Its URL is the one on Himalayas: mostly `guid`, else `applicationLink`."""
    links = [web_url(raw(row, name)) for name in ("guid", "applicationLink")]
    own = next((link for link in links if (urlsplit(link).hostname or "").endswith("himalayas.app")), links[1])
    # The countries where the candidate must live: names or, in newer responses, objects with a name.
    countries = words(row, "locationRestrictions")
    return Posting(
        board=NAME,
        key=text(row, "guid") or (key_of(canonical(own)) if own else ""),
        url=own,
        title=text(row, "title"),
        company=text(row, "companyName"),
        location=places(*countries, remote=True),
        date=day(row.get("pubDate")),
        pay=read_pay(*(row.get(name) for name in ("minSalary", "maxSalary", "currency", "salaryPeriod"))),
        remote=True,
        tags=words(row, "categories"),
        employment_type=text(row, "employmentType"),
        expires=day(row.get("expiryDate")),
        html=as_html(raw(row, "description") or raw(row, "excerpt")),
    )
