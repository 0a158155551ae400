"""Himalayas, remote postings. Its notice asks for a visible link to the posting there and for its name as the source.

Sources: https://himalayas.app/api and https://himalayas.app/docs/data-dictionary
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs, urlencode, urlsplit

from scrape.boards.extract import Row, as_html, asking, decode, line, listed, places, postings, raw, rows, text
from scrape.boards.schema_org import web_url
from scrape.common.posting import Page, Posting, Query, key_of
from scrape.fields.dates import day
from scrape.fields.urls import canonical

NAME = "himalayas"
HOME = "https://himalayas.app"

_LIMIT = "20"  # the most that the API gives


def start(query: Query) -> Sequence[str]:
    """Return the URL of a search where the query has a title, else of the full list, newest first."""
    if query.title:
        return [f"{HOME}/jobs/api/search?{urlencode({'q': query.title, 'page': '1'})}"]
    return [f"{HOME}/jobs/api?{urlencode({'limit': _LIMIT})}"]


def parse(body: str, url: str) -> Page:
    """Return a page of a search, paged by number up to an empty page, or of the full list, paged by a cursor."""
    answer = decode(body, url)
    found = postings(rows(answer, url, "jobs"), url, _posting)
    return Page(found, _onward(answer, url) if found else ())


def _onward(answer: object, url: str) -> tuple[str, ...]:
    page, cursor = parse_qs(urlsplit(url).query).get("page", [""])[0], text(answer, "nextCursor")
    if page.isdecimal():
        return (asking(url, page=str(int(page) + 1)),)
    return (asking(url, cursor=cursor),) if cursor else ()


def _posting(row: Row) -> Posting:
    """Return a posting. Its URL is the one on Himalayas: mostly `guid`, else `applicationLink`."""
    links = [web_url(raw(row, name)) for name in ("guid", "applicationLink")]
    own = next((link for link in links if (urlsplit(link).hostname or "").endswith("himalayas.app")), links[1])
    # The countries where the candidate must live: names or, in newer responses, objects with a name.
    required = [text(item, "name") if isinstance(item, dict) else item for item in listed(row, "locationRestrictions")]
    countries = [line(name) for name in required if isinstance(name, str) and name.strip()]
    return Posting(
        board=NAME,
        key=text(row, "guid") or (key_of(canonical(own)) if own else ""),
        url=own,
        title=text(row, "title"),
        company=text(row, "companyName"),
        location=places(*countries, remote=True),
        date=day(row.get("pubDate")),
        html=as_html(raw(row, "description") or raw(row, "excerpt")),
    )
