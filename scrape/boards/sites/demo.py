"""The bundled board of invented postings. See `scrape.demo` for its web site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from bs4 import BeautifulSoup, Tag

from scrape.boards.extract import page
from scrape.common.errors import ChangedShape, InputError
from scrape.common.posting import Page, Posting, Query

NAME = "demo"


def start(query: Query) -> Sequence[str]:
    """Return the first result page. `query.pages[0]` is the URL of the running site. Raises InputError without it."""
    if not query.pages:
        raise InputError("the demo board has no fixed URL; run `python -m scrape demo` and name the URL it prints")
    where = ", ".join(part for part in (query.city, query.state) if part)
    fields = {"what": query.title, "where": where, "company": query.company, "since": query.since}
    asked = urlencode({name: value for name, value in fields.items() if value})
    return [urlunsplit((*urlsplit(query.pages[0])[:2], "/jobs", asked, ""))]


def parse(body: str, url: str) -> Page:
    """Return the URLs of a result page or the posting of a posting page; an expired one is empty."""
    soup = page(body)
    if article := soup.select_one("article.posting"):
        return Page(postings=(_posting(soup, article, url),))
    if results := soup.select_one("ol.results"):
        onward = [urljoin(url, str(link["href"])) for link in soup.select("a[rel~=next][href]")]
        return Page(follow=tuple(dict.fromkeys([*_postings_in(results, url), *onward])))
    if soup.select_one(".notice.expired"):
        return Page()
    raise ChangedShape(f"{url}: neither results nor a posting; has the demo site changed without its board module?")


def _postings_in(results: Tag, url: str) -> Iterator[str]:
    """Yield the board's own postings. Sponsored results lead elsewhere, and what follows `?` only tracks the reader."""
    for link in results.select("li.result h2 a[href]"):
        parts = urlsplit(urljoin(url, str(link["href"])))
        if parts.netloc == urlsplit(url).netloc and parts.path.startswith("/posting/"):
            yield urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def _posting(soup: BeautifulSoup, article: Tag, url: str) -> Posting:
    canonical = _one(soup, "link[rel=canonical]", url)
    return Posting(
        board=NAME,
        key=str(article["data-posting"]),
        url=str(canonical["href"]),
        title=_text(article, "header h1", url),
        company=_text(article, ".employer", url),
        location=_text(article, ".where", url),
        date=str(_one(article, "time", url)["datetime"]),
        html=_one(article, ".posting-body", url).decode_contents().strip(),
    )


def _text(within: Tag, selector: str, url: str) -> str:
    return _one(within, selector, url).get_text(" ", strip=True)


def _one(within: Tag, selector: str, url: str) -> Tag:
    found = within.select_one(selector)
    if found is None:
        raise ChangedShape(f"{url}: a posting page without {selector!r}; has the demo site changed?")
    return found
