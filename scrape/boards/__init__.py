"""The boards that can be read. One board is one module; this is the list, and what a board must be."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Protocol, cast

from scrape.boards import demo
from scrape.errors import InputError
from scrape.posting import Page, Query


class Board(Protocol):
    """A board is a module with a name and two pure functions; it never touches the network or a clock.

    `start` gives the addresses to ask first. `parse` reads one answer: the postings in it and the addresses
    to follow; it raises `ChangedShape` where the answer is not what the board used to send. A page that
    simply holds nothing gives an empty `Page`.
    """

    NAME: str

    def start(self, query: Query) -> Sequence[str]: ...

    def parse(self, body: str, url: str) -> Page: ...


_MODULES: tuple[ModuleType, ...] = (demo,)

BOARDS: dict[str, Board] = {board.NAME: cast(Board, board) for board in _MODULES}


def named(name: str) -> Board:
    """The board called `name`. Raises InputError with the names there are."""
    if name not in BOARDS:
        raise InputError(f"there is no board {name!r}; the boards are {', '.join(sorted(BOARDS))}")
    return BOARDS[name]
