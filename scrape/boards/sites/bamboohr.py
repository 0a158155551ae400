"""BambooHR, one careers site per company, of all trades. Its lists need no key; postings are the company's own.

Source: the requests of its own careers pages (https://<company>.bamboohr.com/careers)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote, urlsplit

from scrape.boards import companies
from scrape.boards.extract import Row, as_html, decode, joined, places, postings, raw, rows, text, value, words
from scrape.common.posting import Page, Posting, Query
from scrape.fields.dates import day
from scrape.fields.pay import find_pay

NAME = "bamboohr"
HOME = "https://www.bamboohr.com"
BY_COMPANY = True

_REMOTE = {"0": False, "1": True, "2": False}  # by locationType: on site, remote, hybrid


def start(query: Query) -> Sequence[str]:
    """Return the list of each company; its postings have no text."""
    return [
        f"https://{name}.bamboohr.com/careers/list" for name in companies.hosts(NAME, query.company, "bamboohr.com")
    ]


def parse(body: str, url: str) -> Page:
    """Return the URLs of the postings of a list, or the posting of a posting's own answer."""
    answer = decode(body, url)
    parts = urlsplit(url)
    if opening := value(answer, "result", "jobOpening"):
        return postings([opening], url, partial(_posting, parts.path.split("/")[-2:-1], parts.hostname or ""))
    ids = dict.fromkeys(filter(None, (text(row, "id") for row in rows(answer, url, "result"))))
    return Page(follow=tuple(f"https://{parts.netloc}/careers/{quote(key, safe='')}/detail" for key in ids))


def _posting(numbers: list[str], host: str, row: Row) -> Posting:
    """Return a posting. Its number stands in its URL alone, and is only its company's."""
    site, number = host.split(".")[0], "".join(numbers)
    remote = True if row.get("isRemote") is True else _REMOTE.get(text(row, "locationType"))
    stated = find_pay(text(row, "compensation"))
    office = joined(*(text(row, "location", part) for part in ("city", "state", "addressCountry")))
    free = joined(*(text(row, "atsLocation", part) for part in ("city", "state", "province", "country")))
    return Posting(
        board=NAME,
        key=f"{site}-{number}" if number else "",
        url=text(row, "jobOpeningShareUrl") or f"https://{host}/careers/{number}",
        title=text(row, "jobOpeningName"),
        company=companies.display(NAME, site),
        location=places(office or free, remote=remote is True),
        date=day(row.get("datePosted")),
        pay=stated.pay if stated else None,
        remote=remote,
        tags=words(row, "departmentLabel"),
        employment_type=text(row, "employmentStatusLabel"),
        html=as_html(raw(row, "description")),
    )
