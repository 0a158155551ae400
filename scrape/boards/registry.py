"""The list of boards, and the protocol of a board. One board is one module."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import ModuleType
from typing import Protocol, cast

from scrape.boards.sites import (
    arbeitnow,
    ashby,
    bamboohr,
    careeronestop,
    demo,
    greenhouse,
    hackernews,
    himalayas,
    indeed,
    jobicy,
    jsonld,
    lever,
    pinpoint,
    recruitee,
    remoteok,
    rippling,
    saved,
    themuse,
    usajobs,
    weworkremotely,
)
from scrape.common.errors import InputError
from scrape.common.posting import Page, Query
from scrape.common.suggest import did_you_mean


class Board(Protocol):
    """A module with a name and two pure functions; it uses neither the network nor a clock.

    `start` returns the URLs (or, for pages on disk, the paths) to request first. It raises `InputError` where the user
    must name something first, and `Refused` where the board may not be requested. `parse` reads one response: the
    postings in it and the URLs to follow. It raises `ChangedShape`, and nothing else, where the response does not have
    the format of the board. A page without postings gives an empty `Page`.

    A board may also define these, which the functions below read:
    HOME        the URL that its name links to
    REFUSED     why it may not be requested over the network (its saved pages may still be parsed)
    UNVERIFIED  why its format is not verified
    NO_TRAINING   why its postings may be read, but not used to train: they are kept out of every corpus
    MOST_REQUESTS the most requests that one search sends to it, fewer than the general bound
    NEWEST_FIRST  true where its lists give the newest postings first, so that older pages need not be followed
    BY_COMPANY  true where each company has a page of its own, so that a missing one is no failure of the board
    probe()     shorter URLs than `start`, one for each bundled company, that show whether it is still there
    headers()   additional headers of every request; raises `InputError` where a key is missing
    """

    NAME: str

    def start(self, query: Query) -> Sequence[str]: ...

    def parse(self, body: str, url: str) -> Page: ...


_MODULES: tuple[ModuleType, ...] = (
    arbeitnow,
    ashby,
    bamboohr,
    careeronestop,
    demo,
    greenhouse,
    hackernews,
    himalayas,
    indeed,
    jobicy,
    jsonld,
    lever,
    pinpoint,
    recruitee,
    remoteok,
    rippling,
    saved,
    themuse,
    usajobs,
    weworkremotely,
)

BOARDS: dict[str, Board] = {board.NAME: cast(Board, board) for board in _MODULES}

# The boards that are searched by default: open interfaces that permit it, need no key, and have postings in the US.
DEFAULT = ("greenhouse", "lever", "ashby", "themuse", "hackernews", "jobicy", "himalayas")
# The boards that are added where the environment has their key.
NEED_A_KEY = ("usajobs", "careeronestop")


def default() -> tuple[str, ...]:
    """Return the names of the boards that are searched by default."""
    keyed = []
    for name in NEED_A_KEY:
        with suppress(InputError):
            keyed += [name] if headers(BOARDS[name]) else []
    return (*DEFAULT, *keyed)


def named(name: str) -> Board:
    """Return the board called `name`. Raises InputError with the names there are."""
    if name not in BOARDS:
        hint = did_you_mean(name, BOARDS)
        raise InputError(f"there is no board {name!r}; {hint}the boards are {', '.join(sorted(BOARDS))}")
    return BOARDS[name]


def home(board: Board) -> str:
    """Return the URL that the board's name links to; empty for pages on disk and the demo."""
    return str(getattr(board, "HOME", ""))


def refused(board: Board) -> str:
    """Return the reason why this board may not be requested over the network; empty if it may."""
    return str(getattr(board, "REFUSED", ""))


def no_training(board: Board) -> str:
    """Return the reason why postings of this board may be read but not used to train; empty if they may be used."""
    return str(getattr(board, "NO_TRAINING", ""))


def most_requests(board: Board, most: int) -> int:
    """Return the most requests that a search sends to this board: `most`, or fewer where it has a bound of its own."""
    return min(most, int(getattr(board, "MOST_REQUESTS", most)))


def unverified(board: Board) -> str:
    """Return the reason why the format of this board is not verified; empty if it is."""
    return str(getattr(board, "UNVERIFIED", ""))


def by_company(board: Board) -> bool:
    """Return whether each company has a page of its own on this board."""
    return bool(getattr(board, "BY_COMPANY", False))


def newest_first(board: Board) -> bool:
    """Return whether the lists of this board give the newest postings first."""
    return bool(getattr(board, "NEWEST_FIRST", False))


def probe(board: Board) -> Sequence[str]:
    """Return one URL for each bundled company of a board, which shows whether it is still there."""
    shorter = cast("Callable[[], Sequence[str]] | None", getattr(board, "probe", None))
    return shorter() if shorter else board.start(Query())


def terms(board: Board) -> str:
    """Return the name of the board and its terms: the first line of its module."""
    return (board.__doc__ or "").partition("\n")[0]


def headers(board: Board) -> Mapping[str, str]:
    """Return the additional headers of every request to this board. Raises InputError where a key is missing."""
    needed = cast("Callable[[], Mapping[str, str]] | None", getattr(board, "headers", None))
    return needed() if needed else {}
