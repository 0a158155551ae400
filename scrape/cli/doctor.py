"""`doctor`: check every board with one request: its robots.txt, its availability and the format of its response."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import Protocol
from urllib.parse import urlsplit

from scrape import demo
from scrape.boards import registry
from scrape.boards.registry import Board
from scrape.cli import company_check
from scrape.cli.search import add_contact
from scrape.common.arguments import names
from scrape.common.console import FAILED, OK, print_json, print_result, progress, say
from scrape.common.errors import BoardError, ChangedShape, InputError, Refused
from scrape.common.posting import Page, Query
from scrape.common.table import print_table
from scrape.crawl import local_files
from scrape.dataset.search_and_save import STATUS_STYLES, remind_of_contact
from scrape.fields.urls import is_web
from scrape.http.client import Fetcher, Response
from scrape.http.robots import Robots

NOT_REQUESTED = "not requested"
NOT_CHECKED = "not checked"
_COLUMNS = ("board", "robots", "availability", "format", "items", "note")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--boards", type=names, metavar="A,B", help="the boards to check (default: all)")
    parser.add_argument(
        "--pages", nargs="+", action="extend", default=[], metavar="PATH_OR_URL", help="for boards that read pages"
    )
    parser.add_argument(
        "--companies", action="store_true", help="check the bundled companies instead: which have left their board"
    )
    add_contact(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Check the boards, or the bundled companies, and print what was found; fail where one is not as expected."""
    if options.companies:
        return _check_companies(options)
    boards = [registry.named(name) for name in options.boards or sorted(registry.BOARDS)]
    queries = {board.NAME: Query(pages=local_files.expand(options.pages)) for board in boards}
    trusted: set[str] = set()
    with ExitStack() as stack:
        if "demo" in queries:
            site = stack.enter_context(demo.serve())
            queries["demo"], trusted = Query(pages=(site.url,)), {urlsplit(site.url).netloc}
        if not options.contact:
            remind_of_contact(boards)
        checks = check_boards(
            boards, queries, Fetcher(contact=options.contact, allow_loopback=trusted, for_training=False, say=say)
        )
    if options.json:
        print_json([asdict(check) for check in checks])
    else:
        print_table(_COLUMNS, [[getattr(check, column) for column in _COLUMNS] for check in checks], STATUS_STYLES)
        print_result("\n".join(["", *(f"{check.board}: {check.terms}" for check in checks)]))
    requested = [check for check in checks if check.availability != NOT_REQUESTED]
    if requested and all(check.format == NOT_CHECKED for check in requested):
        say("no board could be reached, so no format was checked; check the network, or try --boards demo")
    return FAILED if any(check.failed for check in checks) else OK


def _check_companies(options: argparse.Namespace) -> int:
    boards = company_check.by_company(options.boards)
    if not options.contact:
        remind_of_contact(boards)
    checks = company_check.check_companies(boards, Fetcher(contact=options.contact, for_training=False, say=say))
    return OK if company_check.report(checks, as_json=options.json) else FAILED


class RobotsFetcher(Protocol):
    """A fetcher that also reads robots.txt."""

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response: ...

    def rules(self, url: str) -> Robots: ...


@dataclass(frozen=True, slots=True)
class BoardCheck:
    """The result of checking one board.

    `robots` is what its robots.txt says: allows, disallows, opts out, closed, unreadable, or empty where it was not
    read. `availability` is ok, empty, blocked, refused, changed shape, error or not requested. `format` is `confirmed`
    by a response that was read, `unverified` where the board's format is known only from descriptions, and
    `not checked` without a response. `items` counts the postings and URLs in the response. `terms` is what the board is
    and on what terms it may be read.
    """

    board: str
    robots: str
    availability: str
    format: str
    items: int = 0
    note: str = ""
    terms: str = ""

    @property
    def failed(self) -> bool:
        """True if the board was requested and did not give what it should."""
        return self.availability not in ("ok", NOT_REQUESTED)


def check_boards(boards: Sequence[Board], queries: Mapping[str, Query], fetcher: RobotsFetcher) -> list[BoardCheck]:
    """Check boards side by side, with one request each. `queries` has, by name, the query of a board that needs one."""

    def check(board: Board) -> BoardCheck:
        return replace(_check(board, queries.get(board.NAME, Query()), fetcher), terms=registry.terms(board))

    with ThreadPoolExecutor(max_workers=max(1, len(boards))) as pool:
        return list(progress(pool.map(check, boards), total=len(boards), desc="checking", unit=" boards"))


def _check(board: Board, query: Query, fetcher: RobotsFetcher) -> BoardCheck:
    try:
        url, headers = board.start(query)[0], registry.headers(board)
        if (why := registry.refused(board)) and is_web(url):
            return BoardCheck(board.NAME, "", NOT_REQUESTED, NOT_CHECKED, note=why)
    except (InputError, Refused) as error:
        return BoardCheck(board.NAME, "", NOT_REQUESTED, NOT_CHECKED, note=str(error))
    robots = _read_robots(url, fetcher) if is_web(url) else ""
    try:
        response = fetcher.get(url, headers=headers) if is_web(url) else local_files.read(url)
        page = _parse(board, response)
    except BoardError as error:
        return BoardCheck(board.NAME, robots, error.status, NOT_CHECKED, note=str(error))
    items = len(page.postings) + len(page.follow)
    why = registry.unverified(board)
    notes = [f"unverified: {why}"] if why else []
    if page.unusable:
        notes.append(f"{len(page.unusable):,} postings cannot be read, such as {page.unusable[0]}")
    known = "unverified" if why else "confirmed"
    return BoardCheck(board.NAME, robots, "ok" if items else "empty", known, items, "; ".join(notes))


def _parse(board: Board, response: Response) -> Page:
    try:
        return board.parse(response.text, response.final_url)
    except BoardError:
        raise
    except Exception as error:
        raise ChangedShape(f"{response.url}: cannot be read: {type(error).__name__}: {error}") from error


def _read_robots(url: str, fetcher: RobotsFetcher) -> str:
    try:
        rules = fetcher.rules(url)
    except BoardError:
        return "unreadable"
    if rules.closed:
        return "closed"
    if not rules.allows(url):
        return "disallows"
    if line := rules.opt_out(url):
        return f"opts out ({line})"
    return f"allows, every {rules.crawl_delay:g} s" if rules.crawl_delay else "allows"
