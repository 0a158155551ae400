"""We Work Remotely, by its public RSS feed. Its terms ask for a link to the posting there, where applying goes through.

They also ask a reader to enquire first (https://weworkremotely.com/api-terms-and-guidelines; written for its API, they
speak of all its data), so the board is read only where a person names it.

Source: https://weworkremotely.com/remote-job-rss-feed
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from bs4 import Tag

from scrape.boards.extract import Row, as_html, feed, line, places, postings
from scrape.boards.schema_org import web_url
from scrape.common.errors import ChangedShape
from scrape.common.posting import Page, Posting, Query
from scrape.fields.dates import day

NAME = "weworkremotely"
HOME = "https://weworkremotely.com"

_ANYWHERE = "Anywhere in the World"
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}|\U0001f3f4[\U000e0020-\U000e007f]+")
_LOGO = re.compile(r"\A\s*<img\b[^<>]*>")
_CLOSING = re.compile(r"<p>\s*<strong>\s*To apply:?\s*</strong>:?(?:(?!</p>).)*</p>\s*\Z", re.DOTALL | re.IGNORECASE)


def start(query: Query) -> Sequence[str]:
    """Return the feed of all categories, newest first; it has no filters and no second page."""
    return [f"{HOME}/remote-jobs.rss"]


def parse(body: str, url: str) -> Page:
    soup = feed(body)
    if soup.find("rss") is None or soup.find("channel") is None:
        raise ChangedShape(f"{url}: the answer is not an RSS feed; open the URL to see it")
    return postings([{"item": item} for item in soup.find_all("item")], url, _posting)


def _posting(row: Row) -> Posting:
    """Return a posting. The title reads `Company: Title`; the last part of the URL is the board's own id."""
    item: Tag = row["item"]
    link = web_url(_text(item, "link"))
    company, colon, title = _text(item, "title").partition(": ")
    return Posting(
        board=NAME,
        key=urlsplit(link).path.rstrip("/").rsplit("/", 1)[-1],
        url=link,
        title=title.strip() if colon else company,
        company=company.strip() if colon else "",
        location=places(*_regions(item), remote=True),
        date=day(_text(item, "pubDate")),
        remote=True,
        tags=tuple(dict.fromkeys(filter(None, (_text(item, "category"), *_list(_text(item, "skills")))))),
        employment_type=_text(item, "type"),
        expires=day(_text(item, "expires_at")),
        html=clean(_raw(item, "description")),
    )


def clean(description: str) -> str:
    """Return a description without the company's logo and the closing line with the link to apply."""
    whole = _LOGO.sub("", as_html(description))
    last = max(whole.rfind("<p>"), 0)
    return whole[:last] + _CLOSING.sub("", whole[last:])


def _regions(item: Tag) -> list[str]:
    """Return the countries of an item, which its feed writes with flags; where it names none, its region."""
    countries = _list(_FLAG.sub(" ", _raw(item, "country")).replace(" and ", ","))
    region = _text(item, "region")
    return countries or ([] if region == _ANYWHERE else [region])


def _list(text: str) -> list[str]:
    return [found for part in text.split(",") if (found := line(part))]


def _raw(item: Tag, name: str) -> str:
    found = item.find(name, recursive=False)
    return found.get_text() if isinstance(found, Tag) else ""


def _text(item: Tag, name: str) -> str:
    return line(_raw(item, name))
