"""We Work Remotely, by its public RSS feed. Its terms ask that applying goes through its own page.

They also ask a reader to enquire first (https://weworkremotely.com/api-terms-and-guidelines; written for its API, they
speak of all its data), so the board is read only where a person names it.

Source: https://weworkremotely.com/remote-job-rss-feed
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from bs4 import Tag

from scrape.boards.extract import as_html, feed, line, places
from scrape.boards.schema_org import web_url
from scrape.common.errors import ChangedShape
from scrape.common.posting import Page, Posting, Query, key_of
from scrape.fields.dates import day

NAME = "weworkremotely"
HOME = "https://weworkremotely.com"
UNVERIFIED = "the format of its feed is known only from third-party descriptions (August 2026)"


def start(query: Query) -> Sequence[str]:
    """Return the feed of all categories, newest first; it has no filters and no second page."""
    return [f"{HOME}/remote-jobs.rss"]


def parse(body: str, url: str) -> Page:
    soup = feed(body)
    if soup.find("rss") is None or soup.find("channel") is None:
        raise ChangedShape(f"{url}: the answer is not an RSS feed; open the URL to see it")
    items = soup.find_all("item")
    found = tuple(_posting(item) for item in items if _text(item, "title") and web_url(_text(item, "link")))
    if items and not found:
        raise ChangedShape(f"{url}: none of the {len(items)} items of the feed has both a title and a link")
    return Page(found)


def _posting(item: Tag) -> Posting:
    """Return a posting. The title reads `Company: Title`; the last part of the URL is the board's own id."""
    link = web_url(_text(item, "link"))
    company, colon, title = _text(item, "title").partition(": ")
    return Posting(
        board=NAME,
        key=urlsplit(link).path.rstrip("/").rsplit("/", 1)[-1] or key_of(link),
        url=link,
        title=title.strip() if colon else company,
        company=company.strip() if colon else "",
        location=places(_text(item, "region"), remote=True),
        date=day(_text(item, "pubDate")),
        html=as_html(_raw(item, "description")),
    )


def _raw(item: Tag, name: str) -> str:
    found = item.find(name, recursive=False)
    return found.get_text() if isinstance(found, Tag) else ""


def _text(item: Tag, name: str) -> str:
    return line(_raw(item, name))
