"""CareerOneStop, the postings of the National Labor Exchange, by the US Department of Labor. Needs a free key.

Its terms ask to name the Department of Labor and the Minnesota Department of Employment as the source.

Source: https://www.careeronestop.org/Developers/WebAPI/Jobs/list-jobs-v2.aspx
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlsplit

from scrape.boards.extract import Row, as_html, decode, places, postings, raw, rows, text, value
from scrape.common.errors import InputError
from scrape.common.posting import Page, Posting, Query
from scrape.fields import match
from scrape.fields.dates import day

NAME = "careeronestop"
HOME = "https://www.careeronestop.org"
UNVERIFIED = "written from descriptions of its interface (November 2026); no answer of it was seen"
NEWEST_FIRST = True

USER, TOKEN = "CAREERONESTOP_USER_ID", "CAREERONESTOP_TOKEN"

_API = "https://api.careeronestop.org/v2/jobsearch"
_ROWS, _LAST = 100, 500  # postings of a page; the last number that a page may begin with
_MILES = 25  # around a city


def headers() -> Mapping[str, str]:
    """Return the header with the key. Raises InputError where the key is not in the environment."""
    _setting(USER)
    return {"Authorization": f"Bearer {_setting(TOKEN)}", "Accept": "application/json"}


def start(query: Query) -> Sequence[str]:
    """Return the first page of a search by title and place, newest first. Raises InputError without a key."""
    remote = match.is_remote(query.city)
    where = ", ".join(part for part in ("" if remote else query.city, query.state) if part)
    asked = [_setting(USER), query.title or "0", where or "US", str(_MILES if query.city and not remote else 0)]
    return [_page([quote(part, safe="") for part in asked], 0)]


def parse(body: str, url: str) -> Page:
    """Return the URLs of the postings of a page and of the next page, or the posting of a posting's own answer."""
    answer = decode(body, url)
    if value(answer, "Jobs") is None and text(answer, "JobTitle"):
        return postings([answer], url, _posting)
    path = urlsplit(url).path.split("/jobsearch/")[-1].split("/")
    found = rows(answer, url, "Jobs")
    ids = dict.fromkeys(filter(None, (text(row, "JvId") for row in found)))
    own = [f"{_API}/{path[0]}/{quote(key, safe='')}?isHtml=true" for key in ids]
    first = int(path[6]) if len(path) > 6 and path[6].isdecimal() else _LAST
    more = len(found) >= _ROWS and first + _ROWS <= _LAST
    return Page(follow=(*own, *([_page(path[:4], first + _ROWS)] if more else [])))


def _page(asked: Sequence[str], first: int) -> str:
    return f"{_API}/{'/'.join(asked)}/acquisitiondate/DESC/{first}/{_ROWS}/0?source=NLx&showFilters=false"


def _posting(row: Row) -> Posting:
    link = text(row, "URL")
    return Posting(
        board=NAME,
        key=text(row, "JvId"),
        url=link,
        title=text(row, "JobTitle"),
        company=text(row, "Company"),
        location=places(text(row, "Location")),
        date=day(row.get("AcquisitionDate")) or day(row.get("DatePosted")),
        html=as_html(raw(row, "Description")),
    )


def _setting(name: str) -> str:
    """Return a part of the key from the environment. Raises InputError where it is missing or cannot be sent."""
    found = os.environ.get(name, "").strip()
    if not found or not found.isascii() or not found.isprintable():
        raise InputError(
            f"CareerOneStop needs {USER} and {TOKEN} in the environment, each on one line; a free key comes from "
            "https://www.careeronestop.org/Developers/WebAPI/registration.aspx"
        )
    return found
