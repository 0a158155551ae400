"""The Muse. Its API is open, 500 requests an hour without a key; postings link to their page on The Muse.

Source: https://www.themuse.com/developers/api/v2
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from scrape.boards.extract import Row, as_html, asking, decode, listed, places, postings, raw, rows, text, value
from scrape.common.posting import Page, Posting, Query
from scrape.fields.dates import day
from scrape.fields.places import write

NAME = "themuse"
HOME = "https://www.themuse.com"

_LAST_PAGE = 99  # the API answers 400 beyond it


def start(query: Query) -> Sequence[str]:
    """Return the first page, numbered 0; the board itself filters by city, and by company where its name is exact."""
    asked = {"page": "0"}
    if query.city:
        asked["location"] = write(query.city, query.state, query.country)
    if query.company:
        asked["company"] = query.company
    return [f"{HOME}/api/public/jobs?{urlencode(asked)}"]


def parse(body: str, url: str) -> Page:
    """Return the twenty postings of a page and the URL of the next one."""
    answer = decode(body, url)
    found = postings(rows(answer, url, "results"), url, _posting)
    return Page(found, _onward(answer, url) if found else ())


def _onward(answer: object, url: str) -> tuple[str, ...]:
    page, pages = value(answer, "page"), value(answer, "page_count")
    if not isinstance(page, int) or not isinstance(pages, int) or page + 1 >= min(pages, _LAST_PAGE + 1):
        return ()
    return (asking(url, page=str(page + 1)),)


def _posting(row: Row) -> Posting:
    return Posting(
        board=NAME,
        key=text(row, "id"),
        url=text(row, "refs", "landing_page"),
        title=text(row, "name"),
        company=text(row, "company", "name"),
        location=places(*(text(place, "name") for place in listed(row, "locations"))),
        date=day(row.get("publication_date")),
        html=as_html(raw(row, "contents")),
    )
