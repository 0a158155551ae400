"""USAJOBS, the postings of the US government, which are in the public domain. Needs a free key and its e-mail address.

Source: https://developer.usajobs.gov/api-reference/get-api-search
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import parse_qs, urlencode, urlsplit

from scrape.boards.extract import Row, as_html, asking, decode, listed, places, postings, rows, text, value
from scrape.common.errors import InputError
from scrape.common.posting import Page, Posting, Query
from scrape.fields.dates import day
from scrape.fields.places import state_code, state_name

NAME = "usajobs"
HOME = "https://www.usajobs.gov"

KEY, EMAIL = "USAJOBS_API_KEY", "USAJOBS_EMAIL"

_SECTIONS = {
    "JobSummary": "Summary",
    "MajorDuties": "Duties",
    "KeyRequirements": "Requirements",
    "Requirements": "Requirements",
    "QualificationSummary": "Qualifications",
    "Education": "Education",
    "Benefits": "Benefits",
    "HowToApply": "How to apply",
}


def headers() -> Mapping[str, str]:
    """Return the headers that USAJOBS requires. Raises InputError where they are not in the environment."""
    key, email = (os.environ.get(name, "").strip() for name in (KEY, EMAIL))
    if not key or not email:
        raise InputError(
            f"USAJOBS needs {KEY} and {EMAIL} in the environment; a free key comes from "
            "https://developer.usajobs.gov/apirequest/"
        )
    for name, given in ((KEY, key), (EMAIL, email)):
        if not given.isascii() or not given.isprintable():
            raise InputError(f"{name} holds a character that cannot be sent in a header; set it again, on one line")
    return {"Authorization-Key": key, "User-Agent": email}


def start(query: Query) -> Sequence[str]:
    """Return one URL; the board filters by title and city itself."""
    asked = {"Fields": "Full", "ResultsPerPage": "250", "Page": "1"}
    if query.title:
        asked["PositionTitle"] = query.title
    if query.city:
        state = state_name(state_code(query.state)) or query.state
        asked["LocationName"] = f"{query.city}, {state}" if state else query.city
    return [f"https://data.usajobs.gov/api/Search?{urlencode(asked)}"]


def parse(body: str, url: str) -> Page:
    answer = decode(body, url)
    items = rows(answer, url, "SearchResult", "SearchResultItems")
    found = postings(items, url, _posting)
    return Page(found, _onward(answer, url) if found else ())


def _onward(answer: object, url: str) -> tuple[str, ...]:
    pages = text(answer, "SearchResult", "UserArea", "NumberOfPages")
    page = parse_qs(urlsplit(url).query).get("Page", ["1"])[0]
    more = pages.isdecimal() and page.isdecimal() and int(page) < int(pages)
    return (asking(url, Page=str(int(page) + 1)),) if more else ()


def _posting(row: Row) -> Posting:
    job = value(row, "MatchedObjectDescriptor")
    return Posting(
        board=NAME,
        key=text(row, "MatchedObjectId") or text(job, "PositionID"),
        url=text(job, "PositionURI").replace(":443/", "/"),
        title=text(job, "PositionTitle"),
        company=text(job, "OrganizationName"),
        location=_location(job),
        date=day(value(job, "PublicationStartDate")),
        html=_whole(job),
    )


def _location(job: object) -> str:
    named = [text(place, "LocationName") for place in listed(job, "PositionLocation")]
    remote = value(job, "UserArea", "Details", "RemoteIndicator") is True
    return places(*(named or [text(job, "PositionLocationDisplay")]), remote=remote)


def _whole(job: object) -> str:
    """Return the announcement's sections in order; each is text, HTML, or a list of either."""
    details = value(job, "UserArea", "Details")
    found: list[str] = []
    for name, heading in _SECTIONS.items():
        part = value(details, name) or value(job, name)
        body = _several(part) if isinstance(part, list) else as_html(part) if isinstance(part, str) else ""
        if body and body not in found:
            found += [f"<h3>{heading}</h3>", body]
    return "".join(found)


def _several(parts: list[object]) -> str:
    """Return a single paragraph as it is, several as a list."""
    whole = [part for part in parts if isinstance(part, str) and part.strip()]
    if len(whole) == 1:
        return as_html(whole[0])
    items = [f"<li>{part if '<' in part else escape(part, quote=False)}</li>" for part in whole]
    return f"<ul>{''.join(items)}</ul>" if items else ""
