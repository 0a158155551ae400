"""From a search request to the boards that are crawled for it, and the public `search`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from urllib.parse import urlsplit

from scrape import demo
from scrape.boards import registry
from scrape.boards.registry import Board
from scrape.boards.sites import demo as demo_board
from scrape.common.errors import BoardError
from scrape.common.posting import Posting, Query
from scrape.crawl.crawler import BoardCrawl, Getter, Outcome, Settings, crawl
from scrape.fields import match
from scrape.fields.match import PlaceQuery
from scrape.fields.urls import is_web
from scrape.http.client import Fetcher

_NOWHERE = "http://127.0.0.1/"


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search for any of the titles, in any of the places (city, state), at any of the companies.

    An empty tuple matches everything. `boards` None means those of `registry.default()` or, with `pages`, those that
    read pages.
    """

    titles: tuple[str, ...] = ()
    places: tuple[PlaceQuery, ...] = ()
    companies: tuple[str, ...] = ()
    since: str = ""
    pages: tuple[str, ...] = ()
    boards: tuple[str, ...] | None = None


def search(
    city: str = "",
    state: str = "",
    title: str = "",
    *,
    boards: Sequence[str] | None = None,
    company: str = "",
    since: str = "",
    limit: int | None = None,
    pages: Sequence[str] = (),
    fetcher: Getter | None = None,
) -> Iterator[Posting]:
    """Search job boards and yield the postings as they arrive. Nothing is written to disk.

    `city` may be `Remote`; `state` is a postal code or a name. `scrape.fields.match` defines when a posting matches.
    `boards` are names of boards; by default those of `registry.default()` or, with `pages` (URLs and paths), those that
    read pages. The bundled board, `demo`, is started where it is named without `pages`. `since` is an ISO date, or a
    number of days (`7d`) or weeks (`2w`) ago. At most `limit` postings are taken from each board. `fetcher` replaces
    the HTTP client. The html of a posting is unchanged; `scrape.markup.simplify` reduces it to bare markup.

    Raises InputError for invalid arguments, and BoardError if nothing was found and a board failed. If something was
    found, a failed board is a warning at the end.
    """
    place = match.place_query(city, state)
    request = SearchRequest(
        titles=(title,) if title.strip() else (),
        places=(place,) if any(place) else (),
        companies=(company,) if company.strip() else (),
        since=since,
        pages=tuple(pages),
        boards=None if boards is None else tuple(boards),
    )
    settings = Settings(fetcher or Fetcher(), limit=limit)
    if not needs_demo_site(request):
        return _postings(board_crawls(request, settings))
    board_crawls(replace(request, pages=(_NOWHERE,)), settings)  # a wrong request is refused before the site is started
    return _on_demo_site(request, fetcher, limit)


def needs_demo_site(request: SearchRequest) -> bool:
    """Return whether a request names the bundled board without the URL of its site, which must then be started."""
    return request.boards is not None and demo_board.NAME in request.boards and not request.pages


def _on_demo_site(request: SearchRequest, fetcher: Getter | None, limit: int | None) -> Iterator[Posting]:
    """Yield the postings of a request while the bundled board is served for it."""
    with demo.serve() as site:
        allowed = fetcher or Fetcher(allow_loopback={urlsplit(site.url).netloc})
        yield from _postings(board_crawls(replace(request, pages=(site.url,)), Settings(allowed, limit=limit)))


def board_crawls(request: SearchRequest, settings: Settings) -> list[BoardCrawl]:
    """Return one crawl for each board of the request. Raises InputError before any request is sent."""
    asked = queries(request)
    return [
        BoardCrawl(board, [replace(query, pages=pages) for query in asked], settings)
        for board, pages in _chosen(request)
    ]


def queries(request: SearchRequest) -> list[Query]:
    """Return every combination of title, place and company."""
    since = match.since(request.since, date.today())
    return [
        Query(title=title, city=place.city, state=place.state, country=place.country, company=company, since=since)
        for title, place, company in product(
            request.titles or ("",), request.places or (PlaceQuery(),), request.companies or ("",)
        )
    ]


def _chosen(request: SearchRequest) -> list[tuple[Board, tuple[str, ...]]]:
    if request.boards is not None:
        return [(registry.named(name), request.pages) for name in dict.fromkeys(request.boards)]
    if request.pages:
        web = tuple(page for page in request.pages if is_web(page))
        paths = tuple(page for page in request.pages if not is_web(page))
        return [(registry.named(name), pages) for name, pages in (("saved", paths), ("jsonld", web)) if pages]
    return [(registry.named(name), ()) for name in registry.default()]


def _postings(started: Sequence[BoardCrawl]) -> Iterator[Posting]:
    found, failed = 0, []
    for event in crawl(started):
        if isinstance(event, Posting):
            found += 1
            yield event
        elif isinstance(event, Outcome) and event.failed:
            failed.append(f"{event.board}: {event.status}: {event.note}")
    if failed and not found:
        raise BoardError("; ".join(failed))
    for line in failed:
        warnings.warn(line, stacklevel=2)
