"""Remote OK. Its notice asks for a followed link to the posting there; its robots.txt forbids training on postings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scrape.boards.extract import Row, as_html, decode, line, places, postings, raw, rows, text, value, words
from scrape.common.posting import Page, Posting, Query
from scrape.fields.dates import day
from scrape.fields.pay import read_pay

NAME = "remoteok"
HOME = "https://remoteok.com"
NO_TRAINING = "the robots.txt of remoteok.com says Content-Signal: ai-train=no"

# The last line names a word and a tag that is the reader's own IP address in base64: no part of the posting.
_CLOSING = re.compile(
    r"(?:Please|Be sure to) mention the words? [^<>]{1,400}?"
    r"when applying to show you read the job post completely[^<>]*",
)
_HIGH = re.compile(r"[\x80-\xff]+")


def start(query: Query) -> Sequence[str]:
    """Return one URL: the API gives the newest hundred or so and has no paging."""
    return [f"{HOME}/api"]


def parse(body: str, url: str) -> Page:
    """Return the postings. The first row is the legal notice, which has no position."""
    found = rows(decode(body, url), url)
    return postings([row for row in found if value(row, "legal") is None], url, _posting)


def _posting(row: Row) -> Posting:
    return Posting(
        board=NAME,
        key=text(row, "id"),
        url=text(row, "url"),
        title=line(repair(raw(row, "position"))),
        company=line(repair(raw(row, "company"))),
        location=places(line(repair(raw(row, "location"))).rstrip(", "), remote=True),
        date=day(row.get("date")) or day(row.get("epoch")),
        pay=read_pay(row.get("salary_min"), row.get("salary_max"), "USD", None),
        remote=True,
        tags=words(row, "tags"),
        no_training=True,
        html=clean(raw(row, "description")),
    )


def clean(description: str) -> str:
    """Return a description of Remote OK, its characters repaired and its closing line gone."""
    return as_html(_CLOSING.sub("", repair(description)))


def repair(text: str) -> str:
    """Undo UTF-8 read as Latin-1, where every run of characters above ASCII decodes; else leave all as it is."""
    try:
        return _HIGH.sub(lambda run: run[0].encode("latin-1").decode("utf-8"), text)
    except UnicodeDecodeError:
        return text
