"""Ashby, one public board per company. The Job Postings API is open and needs no key; postings are the company's own.

Source: https://developers.ashbyhq.com/docs/public-job-posting-api
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote, unquote, urlsplit

from scrape.boards import companies
from scrape.boards.extract import (
    Row,
    as_html,
    decode,
    joined,
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
from scrape.common.posting import Page, Pay, Posting, Query, key_of
from scrape.fields.dates import day
from scrape.fields.pay import first_pay
from scrape.fields.urls import canonical

NAME = "ashby"
HOME = "https://jobs.ashbyhq.com"
BY_COMPANY = True

_API = "https://api.ashbyhq.com/posting-api/job-board"


def start(query: Query) -> Sequence[str]:
    """Return one URL for each company; a response holds all of its postings with their text.

    A board name may have spaces, so a company that is not known is asked for with and without them.
    """
    names = companies.wanted(NAME, query.company)
    if query.company and not companies.listed(NAME, query.company):
        names = list(dict.fromkeys((*names, query.company.strip())))
    return [f"{_API}/{quote(name, safe='')}?includeCompensation=true" for name in names]


def parse(body: str, url: str) -> Page:
    """Return the listed postings. A company shows the others only to those who have their URL."""
    name = unquote(urlsplit(url).path.rsplit("/", 1)[-1])
    public = [row for row in rows(decode(body, url), url, "jobs") if value(row, "isListed") is not False]
    return postings(public, url, partial(_posting, name))


def _posting(name: str, row: Row) -> Posting:
    link = text(row, "jobUrl")
    remote = _is_remote(row)
    also_in = [_place(other) for other in listed(row, "secondaryLocations")]
    return Posting(
        board=NAME,
        key=text(row, "id") or (key_of(canonical(link)) if link else ""),
        url=link,
        title=text(row, "title"),
        company=companies.display(NAME, name),
        location=places(_place(row), *also_in, remote=remote is True),
        date=day(row.get("publishedAt")),
        pay=_pay(row),
        remote=remote,
        tags=tuple(dict.fromkeys(words(row, "department") + words(row, "team"))),
        employment_type=text(row, "employmentType"),
        html=as_html(raw(row, "descriptionHtml") or raw(row, "descriptionPlain")),
    )


def _is_remote(row: Row) -> bool | None:
    """Return whether the work is remote; None where a posting does not say. `isRemote` is true of hybrid work, too."""
    arrangement = text(row, "workplaceType").casefold()
    stated = row.get("isRemote")
    return arrangement == "remote" if arrangement else stated if isinstance(stated, bool) else None


def _pay(row: Row) -> Pay | None:
    """Return the salary of a posting, without equity, bonuses and commissions."""
    parts = listed(row, "compensation", "summaryComponents")
    return first_pay(
        (value(part, "minValue"), value(part, "maxValue"), value(part, "currencyCode"), value(part, "interval"))
        for part in parts
        if text(part, "compensationType") == "Salary"
    )


def _place(row: Row) -> str:
    """Return the place that a location names, such as `Boston, MA`; that of its address if it is named `HQ`."""
    named = text(row, "location")
    if names_a_place(named):
        return named
    given = value(row, "address")
    where = value(given, "postalAddress") or given
    return joined(*(text(where, part) for part in ("addressLocality", "addressRegion", "addressCountry"))) or named
