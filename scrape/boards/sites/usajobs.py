"""USAJOBS, the postings of the US government, which are in the public domain. Needs a free key and its e-mail address.

Source: https://developer.usajobs.gov/api-reference/get-api-search
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import parse_qs, urlencode, urlsplit

from scrape.boards.extract import (
    Row,
    as_html,
    asking,
    decode,
    joined,
    listed,
    places,
    postings,
    rows,
    text,
    value,
    words,
)
from scrape.common.errors import InputError
from scrape.common.posting import Page, Pay, Posting, Query
from scrape.fields import match
from scrape.fields.dates import day
from scrape.fields.pay import first_pay
from scrape.fields.places import state_code, state_name

NAME = "usajobs"
HOME = "https://www.usajobs.gov"

KEY, EMAIL = "USAJOBS_API_KEY", "USAJOBS_EMAIL"

_REMOTE = ("UserArea", "Details", "RemoteIndicator")
_SECTIONS = {
    "JobSummary": "Summary",
    "MajorDuties": "Duties",
    "KeyRequirements": "Requirements",
    "Requirements": "Requirements",
    "QualificationSummary": "Qualifications",
    "Education": "Education",
    "OtherInformation": "Additional information",
    "Benefits": "Benefits",
    "Evaluations": "How you will be evaluated",
    "RequiredDocuments": "Required documents",
    "HowToApply": "How to apply",
    "WhatToExpectNext": "Next steps",
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
    if match.is_remote(query.city):
        asked["RemoteIndicator"] = "True"
    elif query.city:
        asked["LocationName"] = joined(query.city, state_name(state_code(query.state)) or query.state)
    return [f"https://data.usajobs.gov/api/Search?{urlencode(asked)}"]


def parse(body: str, url: str) -> Page:
    answer = decode(body, url)
    return postings(rows(answer, url, "SearchResult", "SearchResultItems"), url, _posting, _onward(answer, url))


def _onward(answer: object, url: str) -> str:
    pages = text(answer, "SearchResult", "UserArea", "NumberOfPages")
    page = parse_qs(urlsplit(url).query).get("Page", ["1"])[0]
    more = pages.isdecimal() and page.isdecimal() and int(page) < int(pages)
    return asking(url, Page=str(int(page) + 1)) if more else ""


def _posting(row: Row) -> Posting:
    job = value(row, "MatchedObjectDescriptor")
    remote = value(job, *_REMOTE)
    return Posting(
        board=NAME,
        key=text(row, "MatchedObjectId") or text(job, "PositionID"),
        url=text(job, "PositionURI").replace(":443/", "/"),
        title=text(job, "PositionTitle"),
        company=text(job, "OrganizationName"),
        location=_location(job),
        date=day(value(job, "PublicationStartDate")),
        pay=_pay(job),
        remote=remote if isinstance(remote, bool) else None,
        tags=words(job, "JobCategory"),
        employment_type=", ".join(words(job, "PositionSchedule")),
        expires=day(value(job, "ApplicationCloseDate")),
        html=_whole(job),
    )


def _pay(job: object) -> Pay | None:
    """Return the first remuneration that is one; amounts are texts, in US dollars."""
    return first_pay(
        (value(row, "MinimumRange"), value(row, "MaximumRange"), "USD", value(row, "RateIntervalCode"))
        for row in listed(job, "PositionRemuneration")
    )


def _location(job: object) -> str:
    named = [text(place, "LocationName") for place in listed(job, "PositionLocation")]
    return places(*(named or [text(job, "PositionLocationDisplay")]), remote=value(job, *_REMOTE) is True)


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
