"""The crawl loop: boards side by side, each breadth-first through its pages, until it ends or its limit is reached.

A board that fails does not end the others, and a page that fails does not end its board: it is noted, and the board
goes on until a site has failed too often in a row. The postings found by then are kept. A board with pages on several
hosts reads the hosts side by side, each one page at a time.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol
from urllib.parse import urlsplit

from scrape.boards import registry
from scrape.boards.registry import Board, by_company, headers, refused
from scrape.common.errors import Blocked, BoardError, Missing, Refused, Unreachable
from scrape.common.posting import Page, Posting, Query, checked, is_usable_url
from scrape.crawl import local_files, warc
from scrape.fields.match import matches_any
from scrape.fields.urls import canonical, host_of, is_web
from scrape.http.cache import MISSING, HttpCache
from scrape.http.challenge_pages import maker_of
from scrape.http.client import Response

DAY = 24 * 3600.0
FAILED = ("blocked", "refused", "changed shape", "error")

# The weight of each failure of a site; at a sum of ten the site is given up. A good page resets the sum.
_STRIKES: tuple[tuple[type[BoardError], int], ...] = (
    (Blocked, 10),
    (Unreachable, 5),
    (Missing, 0),  # a posting that is over, or a company that has left its board
    (Refused, 0),  # decided without a request
    (BoardError, 2),
)
_OUT = 10
_WAITING = 64  # events that may wait for the reader before the boards pause
_AT_ONCE = 16  # hosts that one board reads side by side
_MOST_URLS = 200_000  # of one board; a sitemap has at most 50,000
_GO_ON = "(run the same search again to go on)"


class Getter(Protocol):
    """The part of a fetcher that a crawl uses."""

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one board: `ok`, `empty`, `blocked`, `refused`, `changed shape` or `error`, and its counts.

    `requests` counts requests, `new` new postings, `known` those that were there before or came twice,
    `filtered` those that the query did not ask for, `unusable` those that could not be read. `note` says what went
    wrong, or is empty. `unreachable`: not one response came. `unread` has the reason for each page and row on disk that
    was not read, `failures` that of each request that failed, and `guessed` the fields of each posting that were told
    from a page that does not mark them.
    """

    board: str
    status: str
    requests: int = 0
    new: int = 0
    known: int = 0
    filtered: int = 0
    unusable: int = 0
    note: str = ""
    unreachable: bool = False
    unread: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        return self.status in FAILED


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of one board, in pages."""

    board: str
    done: int
    waiting: int


Event = Posting | Progress | Outcome


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a crawl. `cache` holds earlier responses; `max_age` (seconds) is how long a list stays fresh.

    At most `limit` postings are taken from each board. URLs for which `skip` is true are not requested.
    A board ends after `most_requests`, a host of it after `most_of_a_host`, and links are followed `most_depth` deep:
    a site can generate new links for ever. What is left out is counted in the note of the outcome.
    `for_training` is true where the postings may go into a corpus: boards that forbid this are then not requested.
    """

    fetcher: Getter
    cache: HttpCache | None = None
    max_age: float = DAY
    limit: int | None = None
    skip: Callable[[str], bool] = lambda url: False
    now: Callable[[], float] = time.time
    most_requests: int = 10_000
    most_of_a_host: int = 2_000
    most_depth: int = 100
    for_training: bool = True


def crawl(boards: Sequence[BoardCrawl]) -> Iterator[Event]:
    """Read boards side by side, each in a thread of its own, and yield every event as it arrives.

    Each board ends with its `Outcome`, whose `new` counts the postings that were yielded; only the caller knows how
    many of them are new to its dataset. Closing the iterator stops each board after its current page.
    """
    events: queue.Queue[Event] = queue.Queue(_WAITING)
    stop = threading.Event()
    for board_crawl in boards:
        threading.Thread(
            target=_run, args=(board_crawl, events, stop), name=board_crawl.board.NAME, daemon=True
        ).start()
    running = len(boards)
    try:
        while running:
            try:
                event = events.get(timeout=0.5)  # not for ever: on Windows Ctrl-C would then wait as well
            except queue.Empty:
                continue
            running -= isinstance(event, Outcome)
            yield event
    finally:
        stop.set()


def _run(board_crawl: BoardCrawl, events: queue.Queue[Event], stop: threading.Event) -> None:
    try:
        for event in board_crawl:
            if not _put(events, event, stop):
                return
        ending = board_crawl.outcome()
    except Exception as error:  # not the board's parse, which BoardCrawl guards, but a full disk or a fault of ours
        ending = replace(board_crawl.outcome(), status="error", note=f"{type(error).__name__}: {error}")
    _put(events, ending, stop)


def _put(events: queue.Queue[Event], event: Event, stop: threading.Event) -> bool:
    """Add an event to the queue; return False if the crawl was stopped."""
    while not stop.is_set():
        try:
            events.put(event, timeout=0.2)
            return True
        except queue.Full:
            continue
    return False


@dataclass(frozen=True, slots=True)
class _Step:
    """A URL to request, the one that led to it (empty for the first), and how many links led to that one."""

    url: str
    parent: str = ""
    depth: int = 0

    @property
    def host(self) -> str:
        return host_of(self.url)


class BoardCrawl:
    """One board's pages, breadth-first. Iterating gives the postings that match, each once, and the progress.

    Pages are read in threads, one for each host; everything is counted in the thread that iterates.
    Raises InputError at once where the board needs something from the user first.
    """

    def __init__(self, board: Board, queries: Sequence[Query], settings: Settings) -> None:
        self.board, self.queries, self.settings = board, queries, settings
        self._most_of_a_host = registry.most_requests(board, settings.most_of_a_host)
        self.requests = self.new = self.known = self.filtered = self.unusable = 0
        self._requests: Counter[str] = Counter()  # by host
        self._left_out: Counter[str] = Counter()  # by the bound that was reached
        self._read = 0
        self._counting = threading.Lock()
        self._steps: dict[str, deque[_Step]] = {}  # by host, the steps that are left
        self._met: set[str] = set()  # URLs that were requested or are waiting
        self._seen: set[str] = set()  # names and URLs of postings
        self._strikes: Counter[str] = Counter()
        self._out: dict[str, BoardError] = {}  # the sites to leave alone, and why
        self._failures: list[BoardError] = []
        self._unread: list[str] = []
        self._guessed: list[str] = []
        self._archives = warc.ArchiveCounts()  # files on disk are read one at a time
        self._headers = headers(board)
        try:
            for query in queries:
                for url in board.start(replace(query, pages=local_files.expand(query.pages))):
                    self._add(_Step(url))
        except BoardError as error:
            self._failures.append(error)

    def __iter__(self) -> Iterator[Event]:
        ended: queue.SimpleQueue[tuple[_Step, Page | Exception]] = queue.SimpleQueue()
        busy: set[str] = set()

        def read(step: _Step) -> None:
            try:
                ended.put((step, self._page_of(step)))
            except Exception as error:  # judged in the thread that counts
                ended.put((step, error))

        while True:
            for step in self._next_steps(busy):
                # Not an executor, whose threads would keep a program that was stopped from ending.
                threading.Thread(target=read, args=(step,), daemon=True).start()
            if not busy:
                return
            step, result = ended.get()
            busy.remove(step.host)
            yield from self._take(step, result)

    def outcome(self) -> Outcome:
        """Return the result of the board so far."""
        return Outcome(
            board=self.board.NAME,
            status=self._status(),
            requests=self.requests,
            new=self.new,
            known=self.known,
            filtered=self.filtered,
            unusable=self.unusable,
            note=self._note(),
            unreachable=not self._read and any(isinstance(error, Unreachable) for error in self._failures),
            unread=tuple(self._unread),
            failures=tuple(reason for error in self._failures if (reason := str(error)) not in self._unread),
            guessed=tuple(self._guessed),
        )

    def _note(self) -> str:
        guessed = f"{len(self._guessed):,} guessed" if self._guessed else ""
        archives = f"in archives, {told}" if (told := self._archives.summary()) else ""
        return "; ".join(filter(None, (_note(self._failures), guessed, archives, _bounds_note(self._left_out))))

    def _add(self, step: _Step) -> None:
        url = canonical(step.url)
        if url in self._met or step.host in self._out or self.settings.skip(step.url):
            return
        if len(self._met) >= _MOST_URLS:
            self._left_out[f"{_MOST_URLS:,} URLs (ask for less)"] += 1
            return
        self._met.add(url)
        if step.depth > self.settings.most_depth:
            self._left_out[f"{self.settings.most_depth:,} links in a row (ask for less, such as one --title)"] += 1
            return
        if self._requests[step.host] >= self._most_of_a_host:
            self._left_out[self._bound_of(step.host)] += 1
            return
        self._steps.setdefault(step.host, deque()).append(step)

    def _next_steps(self, busy: set[str]) -> Iterator[_Step]:
        """Yield the next step of every host that is not busy; it then is."""
        if self.requests >= self.settings.most_requests:
            for steps in self._steps.values():
                self._left_out[f"{self.settings.most_requests:,} requests {_GO_ON}"] += len(steps)
            self._steps.clear()
        free = (host for host in self._steps if host not in busy)
        for host in list(islice(free, 0 if self._full() else _AT_ONCE - len(busy))):
            busy.add(host)
            steps = self._steps[host]
            yield steps.popleft()
            if not steps:
                del self._steps[host]

    def _bound_of(self, host: str) -> str:
        return f"{self._most_of_a_host:,} requests to {host} {_GO_ON}"

    def _take(self, step: _Step, result: Page | Exception) -> Iterator[Event]:
        """Count the result of a step, and yield its postings."""
        if isinstance(result, BoardError):
            self._failures.append(result)
            if not is_web(step.url):
                self._unread.append(str(result))
            self._strikes[step.host] += next(count for kind, count in _STRIKES if isinstance(result, kind))
            if step.host and self._strikes[step.host] >= _OUT:  # files on disk have no host
                self._out[step.host] = result
                if waiting := len(self._steps.pop(step.host, ())):
                    self._left_out[f"{step.host} was given up"] += waiting
        elif isinstance(result, Exception):
            raise result
        else:
            self._read += 1
            self._strikes[step.host] = 0
            for url in () if self._is_too_old(result) else result.follow:
                if is_web(url) and not is_usable_url(url):
                    self._failures.append(BoardError(f"{step.url}: a link that is no URL is left out: {url[:100]!r}"))
                elif is_web(url):  # a page must not decide which files are read
                    self._add(_Step(url, step.url, step.depth + 1))
            for reason in result.unusable:
                self._count_unusable(reason)
            if not is_web(step.url):
                self._unread += result.unusable
            self._guessed += result.guessed
            yield from self._matching(result.postings)
        if self._requests[step.host] >= self._most_of_a_host and step.host in self._steps:
            self._left_out[self._bound_of(step.host)] += len(self._steps.pop(step.host))
        yield Progress(self.board.NAME, self._read, sum(map(len, self._steps.values())))

    def _full(self) -> bool:
        return self.settings.limit is not None and self.new >= self.settings.limit

    def _matching(self, postings: Sequence[Posting]) -> Iterator[Posting]:
        for given in postings:
            try:
                posting = checked(given)
                marks = {posting.name, canonical(posting.url)} - {""}
                wanted = matches_any(posting, self.queries)
            except Exception as error:  # whatever a stranger wrote, it is one posting of the board
                self._count_unusable(f"{given.name} is left out: {str(error) or type(error).__name__}")
                continue
            if not wanted:
                self.filtered += 1
            elif not self._seen.isdisjoint(marks):
                self.known += 1
            elif not self._full():
                self.new += 1
                self._seen |= marks
                yield posting

    def _is_too_old(self, page: Page) -> bool:
        """Return whether a page of a list, newest first, has only postings that are older than every query asks for."""
        since = min((query.since for query in self.queries), default="")
        if not since or not page.postings or not registry.newest_first(self.board):
            return False
        return all("" < posting.date < since for posting in page.postings)

    def _count_unusable(self, reason: str) -> None:
        self.unusable += 1
        self._failures.append(BoardError(reason))

    def _page_of(self, step: _Step) -> Page:
        if not is_web(step.url):
            return self._file(step.url)
        if why := refused(self.board):
            raise Refused(f"{step.url} may not be requested: {why}")
        if self.settings.for_training and (why := registry.no_training(self.board)):
            raise Refused(
                f"{step.url} is not requested: {why}; `python -m scrape.recommend fetch-new --boards "
                f"{self.board.NAME}` reads its postings and keeps them out of every corpus"
            )
        cache = self.settings.cache
        kept = cache.find(step.url) if cache else None
        # An age below 0 comes from a clock that was set back; it says nothing.
        if kept and 0 <= self.settings.now() - kept.fetched < self.settings.max_age:
            return self._parse(kept.response)
        return (kept and self._own_page(kept.response, step)) or self._parse(self._fetch(step.url))

    def _file(self, path: str) -> Page:
        """Return all postings of a file. What cannot be read of it is named; raises BoardError where that is all."""
        pages, unread = list[Page](), list[BoardError]()
        try:
            for response in local_files.responses(path, self._archives):
                try:
                    pages.append(self._parse(response))
                except BoardError as error:
                    unread.append(_of_file(error, path, response))
        except BoardError as error:
            unread.append(error)
        if unread and not pages:
            raise unread[0] if len(unread) == 1 else type(unread[0])(_note(unread))
        return Page(
            tuple(posting for page in pages for posting in page.postings),
            tuple(url for page in pages for url in page.follow),
            tuple(line for page in pages for line in page.unusable) + tuple(map(str, unread)),
            tuple(line for page in pages for line in page.guessed),
        )

    def _fetch(self, url: str) -> Response:
        """Send the request and cache the response before it is parsed. A missing page is cached as well."""
        with self._counting:
            self.requests += 1
            self._requests[host_of(url)] += 1
        try:
            response = self.settings.fetcher.get(url, headers=self._headers)
        except Missing:
            response = Response(url, url, MISSING, {}, b"")
        except BoardError:
            raise
        except Exception as error:  # one URL or answer that nobody thought of does not end the board
            raise BoardError(f"{url}: cannot be requested: {type(error).__name__}: {error}") from error
        if self.settings.cache and not response.opt_out:  # a later search may be for training
            self.settings.cache.keep(url, response, self.settings.now())
        return response

    def _parse(self, response: Response) -> Page:
        if response.status == MISSING:
            raise Missing(f"{response.url} is gone (status {response.status})")
        try:
            page = self.board.parse(response.text, response.final_url)
        except BoardError:
            raise
        except Exception as error:
            raise BoardError(f"{response.url}: cannot be read: {type(error).__name__}: {error}") from error
        if not response.opt_out:
            return page
        return replace(page, postings=tuple(replace(posting, no_training=True) for posting in page.postings))

    def _own_page(self, response: Response, step: _Step) -> Page | None:
        """Return the page if it is a single posting's own, which is never requested again; None for a list.

        It holds that posting alone, and its URL is the posting's own or has another path than the page that led to it:
        the pages of a list differ only in their parameters.
        """
        try:
            page = self._parse(response)
        except BoardError:
            return None
        if len(page.postings) != 1 or page.follow:
            return None
        at_home = canonical(page.postings[0].url) in {canonical(response.url), canonical(response.final_url)}
        return page if at_home or (step.parent and _path(step.url) != _path(step.parent)) else None

    def _status(self) -> str:
        """Return the status: of a site that was given up, else by what was found, else of the first failure."""
        if self._out:
            return next(iter(self._out.values())).status
        if self.new or self.known:
            return "ok"
        telling = [error for error in self._failures if not isinstance(error, Missing)]
        if telling and not self.filtered:
            return telling[0].status
        # Where companies were named, a missing page only means that they are not on this board.
        by_name = by_company(self.board) and all(query.company for query in self.queries)
        return "error" if self._failures and not self._read and not by_name else "empty"


def _of_file(error: BoardError, path: str, response: Response) -> BoardError:
    """Return an error with the path of the file that the page was in; a challenge page is named as such."""
    if maker := maker_of(response.headers, response.body):
        return Blocked(f"{path}: a page by which {maker} keeps robots out; open the posting in a browser and save that")
    return error if path in str(error) else type(error)(f"{path}: {error}")


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/")


def _bounds_note(left_out: Mapping[str, int]) -> str:
    """Return what was left out at which bound."""
    if not left_out:
        return ""
    bounds = ", ".join(f"{count:,} URL{'s' * (count > 1)} after {bound}" for bound, count in left_out.items())
    return f"left out {bounds}"


def _note(failures: Sequence[BoardError]) -> str:
    """Return the message of the first failure, the number of others, and the number of missing pages."""
    gone = [error for error in failures if isinstance(error, Missing)]
    others = [error for error in failures if not isinstance(error, Missing)]
    parts = []
    if others:
        parts.append(str(others[0]) + (f" (and {len(others) - 1} more)" if others[1:] else ""))
    if gone:
        parts.append(str(gone[0]) if len(gone) == 1 else f"{len(gone)} pages are gone, such as {gone[0]}")
    return "; ".join(parts)
