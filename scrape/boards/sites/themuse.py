"""The Muse. Its API is open, 500 requests an hour without a key; its terms ask for a registration beyond testing.

Source: https://www.themuse.com/developers/api/v2
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from scrape.boards.extract import Row, as_html, asking, decode, places, postings, raw, rows, text, value, words
from scrape.common.posting import Page, Posting, Query
from scrape.fields import match
from scrape.fields.dates import day
from scrape.fields.places import write

NAME = "themuse"
HOME = "https://www.themuse.com"

_LAST_PAGE = 99  # the API answers 400 beyond it
_REMOTE = "Flexible / Remote"  # a place among the others


def start(query: Query) -> Sequence[str]:
    """Return the first page, numbered 0; the board itself filters by city, and by company where its name is exact."""
    asked = {"page": "0"}
    if match.is_remote(query.city):
        asked["location"] = _REMOTE
    elif query.city:
        asked["location"] = write(query.city, query.state, query.country)
    if query.company:
        asked["company"] = query.company
    return [f"{HOME}/api/public/jobs?{urlencode(asked)}"]


def parse(body: str, url: str) -> Page:
    """Return the twenty postings of a page and the URL of the next one."""
    answer = decode(body, url)
    return postings(rows(answer, url, "results"), url, _posting, _onward(answer, url))


def _onward(answer: object, url: str) -> str:
    page, pages = value(answer, "page"), value(answer, "page_count")
    if not isinstance(page, int) or not isinstance(pages, int) or page + 1 >= min(pages, _LAST_PAGE + 1):
        return ""
    return asking(url, page=str(page + 1))


def _posting(row: Row) -> Posting:
    named = words(row, "locations")
    return Posting(
        board=NAME,
        key=text(row, "id"),
        url=text(row, "refs", "landing_page"),
        title=text(row, "name"),
        company=text(row, "company", "name"),
        location=places(*(place for place in named if place != _REMOTE), remote=_REMOTE in named),
        date=day(row.get("publication_date")),
        remote=_REMOTE in named if named else None,
        tags=words(row, "categories"),
        html=as_html(raw(row, "contents")),
    )
