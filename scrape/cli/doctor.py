"""Is every board still what we take it for? Each is asked once: may we read it, does it answer, in the known shape?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from scrape.boards import registry
from scrape.boards.registry import Board
from scrape.common.console import progress
from scrape.common.errors import BoardError, ChangedShape, InputError, Refused
from scrape.common.posting import Page, Query
from scrape.crawl import local_files
from scrape.fields.urls import is_web
from scrape.http.client import Response
from scrape.http.robots import Robots

NOT_ASKED = "not asked"


class Asker(Protocol):
    """What is needed of a fetcher."""

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response: ...

    def rules(self, url: str) -> Robots: ...


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one board.

    `robots` is what its robots.txt says: allows, disallows, opts out, closed, unreadable, or empty where it was not
    read. `answer` is ok, empty, blocked, refused, changed shape, error or not asked. `shape` is `confirmed`
    or, where nothing but belief stands behind the board's parser, `unverified`. `holds` counts the
    postings and addresses in the answer. `terms` is what the board is and on what terms it may be read.
    """

    board: str
    robots: str
    answer: str
    shape: str
    holds: int = 0
    note: str = ""
    terms: str = ""

    @property
    def failed(self) -> bool:
        return self.answer not in ("ok", NOT_ASKED)


def examine(boards: Sequence[Board], queries: Mapping[str, Query], fetcher: Asker) -> list[Finding]:
    """Ask every board once, side by side. `queries` has, by name, what to ask of a board that needs pages."""

    def examined(board: Board) -> Finding:
        finding = _examine(board, queries.get(board.NAME, Query()), fetcher)
        return replace(finding, terms=registry.terms(board))

    with ThreadPoolExecutor(max_workers=max(1, len(boards))) as pool:
        return list(progress(pool.map(examined, boards), total=len(boards), desc="asking", unit=" boards"))


def _examine(board: Board, query: Query, fetcher: Asker) -> Finding:
    shape = "unverified" if registry.unverified(board) else "confirmed"
    try:
        address, headers = board.start(query)[0], registry.headers(board)
        if (why := registry.refused(board)) and is_web(address):
            return Finding(board.NAME, "", NOT_ASKED, shape, note=why)
    except (InputError, Refused) as error:
        return Finding(board.NAME, "", NOT_ASKED, shape, note=str(error))
    robots = _robots(address, fetcher)
    try:
        answer = fetcher.get(address, headers=headers) if is_web(address) else local_files.read(address)
        page = _parse(board, answer)
    except BoardError as error:
        return Finding(board.NAME, robots, error.status, shape, note=str(error))
    holds = len(page.postings) + len(page.follow)
    note = f"unverified: {registry.unverified(board)}" if shape == "unverified" else ""
    return Finding(board.NAME, robots, "ok" if holds else "empty", shape, holds, note)


def _parse(board: Board, answer: Response) -> Page:
    try:
        return board.parse(answer.text, answer.final_url)
    except BoardError:
        raise
    except Exception as error:
        raise ChangedShape(f"{answer.url}: cannot be read: {type(error).__name__}: {error}") from error


def _robots(address: str, fetcher: Asker) -> str:
    if not is_web(address):
        return ""
    try:
        rules = fetcher.rules(address)
    except BoardError:
        return "unreadable"
    if rules.closed:
        return "closed"
    if not rules.allows(address):
        return "disallows"
    if line := rules.opt_out(address):
        return f"opts out ({line})"
    return f"allows, every {rules.crawl_delay:g} s" if rules.crawl_delay else "allows"
