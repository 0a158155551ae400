"""Any page that carries a schema.org JobPosting, or a sitemap of such pages. The terms are those of each site."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from scrape.boards import schema_org
from scrape.boards.extract import feed
from scrape.common.errors import InputError
from scrape.common.posting import Page, Query

NAME = "jsonld"
HOME = "https://schema.org/JobPosting"

_ROOT = re.compile(r"<(?:\w+:)?(?:urlset|sitemapindex)\b")
_LOC = re.compile(r"(?:^|:)loc$")
_PAGE = re.compile(r"(?:^|:)(?:url|sitemap)$")


def start(query: Query) -> Sequence[str]:
    """Return the pages and sitemaps that the person names. Raises InputError where they name none."""
    if not query.pages:
        raise InputError("the board 'jsonld' has no list of its own; name the pages or sitemaps to read")
    return query.pages


def parse(body: str, url: str) -> Page:
    """Return the postings of a page, or the URLs in a sitemap, a sitemap index or a plain list.

    A page without a JobPosting gives an empty Page: many pages in a sitemap have none.
    """
    lines = body.split()
    links = _sitemap(body) or (_web(lines) if all(schema_org.web_url(line) for line in lines) else ())
    return Page(follow=links) if links else schema_org.read(body, url, NAME)


def _sitemap(body: str) -> tuple[str, ...]:
    """Return the URLs in a sitemap, by https://www.sitemaps.org/protocol.html."""
    if not _ROOT.search(body, 0, 4096):
        return ()
    locations = feed(body).find_all(_LOC)
    # An image of a page has a location too, one level deeper.
    own = [location for location in locations if location.parent and _PAGE.search(location.parent.name)]
    return _web(location.get_text(strip=True) for location in own)


def _web(links: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(link for link in links if schema_org.web_url(link)))
