"""Lever, one public site per company. Its documents say that published postings may be read by third parties.

Source: https://github.com/lever/postings-api
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from urllib.parse import quote, urlsplit

from scrape.boards import companies
from scrape.boards.extract import (
    Row,
    as_html,
    decode,
    listed,
    names_a_place,
    places,
    postings,
    raw,
    rows,
    text,
    value,
    words,
)
from scrape.common.posting import Page, Posting, Query
from scrape.fields.dates import day
from scrape.fields.pay import read_pay

NAME = "lever"
HOME = "https://jobs.lever.co"
BY_COMPANY = True

_API = "https://api.lever.co/v0/postings"
_EU_API = "https://api.eu.lever.co/v0/postings"
_EU = "lever_eu"  # the table of the companies whose sites are at the European instance
_REMOTE = {"remote": True, "hybrid": False, "on-site": False, "onsite": False}  # by workplaceType


def start(query: Query) -> Sequence[str]:
    """Return one URL for each company; a response holds all of its postings with their text.

    A company is at one of Lever's two instances. One that is in neither list is asked for at both.
    """
    in_us, in_eu = (companies.listed(table, query.company) for table in (NAME, _EU))
    if not in_us and not in_eu:
        in_us = in_eu = companies.wanted(NAME, query.company)
    sites = [(_API, site) for site in in_us] + [(_EU_API, site) for site in in_eu]
    return [f"{api}/{quote(site, safe='')}?mode=json" for api, site in sites]


def probe() -> Sequence[str]:
    """Return the URLs of the bundled companies, with at most one posting each."""
    return [f"{url}&limit=1" for url in start(Query())]


def parse(body: str, url: str) -> Page:
    """Return the postings of a list, or a single one. Only the URL names the company."""
    answer = decode(body, url)
    found = rows([answer] if isinstance(answer, dict) and "hostedUrl" in answer else answer, url)
    site = urlsplit(url).path.removeprefix("/v0/postings/").split("/")[0]
    return postings(found, url, partial(_posting, site))


def _posting(site: str, row: Row) -> Posting:
    return Posting(
        board=NAME,
        key=text(row, "id"),
        url=text(row, "hostedUrl"),
        title=text(row, "text"),
        company=companies.display(NAME, site, _EU),
        location=_location(row),
        date=day(row.get("createdAt")),
        pay=read_pay(*(value(row, "salaryRange", name) for name in ("min", "max", "currency", "interval"))),
        remote=_REMOTE.get(text(row, "workplaceType").lower()),
        tags=tuple(dict.fromkeys(words(row, "categories", "department") + words(row, "categories", "team"))),
        employment_type=text(row, "categories", "commitment"),
        html=_whole(row),
    )


def _location(row: Row) -> str:
    """Return the places of a posting; where it names none, the country that it is in."""
    named = dict.fromkeys((text(row, "categories", "location"), *words(row, "categories", "allLocations")))
    country = "" if any(map(names_a_place, named)) else text(row, "country")
    return places(*named, country, remote=text(row, "workplaceType").lower() == "remote")


def _whole(row: Row) -> str:
    """Return the four parts of a posting: description, lists with a heading each, pay, closing words."""
    lists = [
        f"<h3>{escape(text(part, 'text'), quote=False)}</h3><ul>{raw(part, 'content')}</ul>"
        for part in listed(row, "lists")
    ]
    around = [as_html(raw(row, name)) for name in ("description", "salaryDescription", "additional")]
    return "".join([around[0], *lists, *around[1:]])
