"""The check of the bundled company lists: which companies are still on their boards, by one request each."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlsplit

from scrape.boards import registry
from scrape.boards.registry import Board
from scrape.common.console import print_json, print_result, progress, say
from scrape.common.errors import BoardError, InputError, Missing
from scrape.common.table import print_table
from scrape.crawl.crawler import Getter

LISTED, EMPTY, LEFT, FAILED, NOT_ASKED = "listed", "empty", "left", "failed", "not asked"
_COLUMNS = ("board", LISTED, EMPTY, LEFT, FAILED, NOT_ASKED)
_MOST_FAILURES = 3  # of a host in a row; then its other companies are not asked


@dataclass(frozen=True, slots=True)
class CompanyCheck:
    """The result of asking for one company: `listed` with postings, `empty`, `left` (404), `failed` or `not asked`."""

    board: str
    url: str
    result: str
    note: str = ""


def check_companies(boards: Sequence[Board], fetcher: Getter) -> list[CompanyCheck]:
    """Check every bundled company of some boards, the boards side by side.

    Where a host fails several times in a row, its other companies are not asked.
    """
    urls = {board.NAME: list(registry.probe(board)) for board in boards}
    results: queue.SimpleQueue[CompanyCheck] = queue.SimpleQueue()

    def check(board: Board) -> None:
        for found in _check_board(board, urls[board.NAME], fetcher):
            results.put(found)

    for board in boards:
        # Not an executor, whose threads would keep a program that was stopped from ending.
        threading.Thread(target=check, args=(board,), daemon=True).start()
    total = sum(map(len, urls.values()))
    arrived = (results.get() for _ in range(total))
    by_url = {
        (found.board, found.url): found for found in progress(arrived, total=total, desc="checking", unit=" sites")
    }
    return [by_url[name, url] for name in urls for url in urls[name]]


def report(checks: Sequence[CompanyCheck], *, as_json: bool) -> bool:
    """Print what was found; return whether anything could be asked."""
    if as_json:
        print_json([{"board": c.board, "url": c.url, "result": c.result, "note": c.note} for c in checks])
    else:
        rows = []
        for board, group in groupby(checks, key=lambda check: check.board):
            counts = Counter(check.result for check in group)
            rows.append([board, *(counts[result] for result in _COLUMNS[1:])])
        print_table(_COLUMNS, rows, {})
        for check in checks:
            if check.result in (LEFT, EMPTY):
                what = "has left its board" if check.result == LEFT else "lists no postings"
                print_result(f"{check.board}: {check.url} {what}")
    asked = any(check.result in (LISTED, EMPTY, LEFT) for check in checks)
    if not asked:
        first = next((check.note for check in checks if check.note), "")
        say(f"no company could be asked, so nothing is known of them: {first}")
    return asked


def _check_board(board: Board, urls: Sequence[str], fetcher: Getter) -> Iterator[CompanyCheck]:
    failures: Counter[str] = Counter()
    for url in urls:
        host = _authority(url)
        if failures[host] >= _MOST_FAILURES:
            yield CompanyCheck(board.NAME, url, NOT_ASKED)
            continue
        check = _check(board, url, fetcher)
        failures[host] = failures[host] + 1 if check.result == FAILED else 0
        yield check


def _check(board: Board, url: str, fetcher: Getter) -> CompanyCheck:
    try:
        response = fetcher.get(url, headers=registry.headers(board))
        page = board.parse(response.text, response.final_url)
    except Missing as error:
        return CompanyCheck(board.NAME, url, LEFT, str(error))
    except (BoardError, InputError) as error:
        return CompanyCheck(board.NAME, url, FAILED, str(error))
    except Exception as error:  # a fault of ours in one answer does not end the check
        return CompanyCheck(board.NAME, url, FAILED, f"{url}: cannot be read: {type(error).__name__}: {error}")
    return CompanyCheck(board.NAME, url, LISTED if page.postings or page.follow or page.unusable else EMPTY)


def _authority(url: str) -> str:
    """Return the host of a URL; for a site of its own of each company, the domain that they share."""
    return ".".join((urlsplit(url).hostname or "").split(".")[-2:])


def by_company(names: Sequence[str] | None) -> list[Board]:
    """Return the boards to check: those that list one company at a time. Raises InputError for any other."""
    wanted = [registry.named(name) for name in names or sorted(registry.BOARDS)]
    if other := [board.NAME for board in wanted if names and not registry.by_company(board)]:
        raise InputError(f"{other[0]} has no list of companies; --companies checks boards such as greenhouse")
    return [board for board in wanted if registry.by_company(board)]
