"""Which character may come next so that the markup stays well formed.

The grammar is `scrape.markup`'s, where a document is a sequence of tags and texts and `markup.State` says which
of them may come next. Here the same is said character by character, and against a length limit: a character is
allowed if the document can still be ended, with this vocabulary, in what the limit leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scrape import markup
from scrape.errors import InputError

_ENTITIES = ("&amp;", "&lt;", "&gt;")
_BEGINS_A_MARK = frozenset("<&\n")


@dataclass(frozen=True, slots=True)
class Place:
    """A place between two characters of a document.

    `state` is the place between tags, `mark` is what stands there of a tag or entity that is not finished yet,
    and `space` says whether the character before is a space of the text.
    """

    state: markup.State = field(default_factory=markup.State)
    mark: str = ""
    space: bool = False

    @property
    def may_end(self) -> bool:
        """Whether the document is complete."""
        return self.state.ended

    def marks(self) -> Iterator[tuple[str, Place]]:
        """The tags and entities that may stand or go on here, whole, each with the place after it."""
        for written, after in _marks(self.state):
            if written.startswith(self.mark):
                yield written, after

    def push(self, char: str) -> Place | None:
        """The place after one more character, or None where it may not stand."""
        if not self.mark and char not in _BEGINS_A_MARK:
            return self._push_text(char)
        longer = self.mark + char
        for written, after in _marks(self.state):
            if written == longer:
                return after
            if written.startswith(longer):
                return Place(self.state, longer)
        return None

    def _push_text(self, char: str) -> Place | None:
        blank = char == " "
        if not self.state.takes_text or (blank and self.space) or not _is_text(char):
            return None
        return Place(self.state.texted(blank), space=blank)


def _marks(state: markup.State) -> Iterator[tuple[str, Place]]:
    """The tags and entities that may begin in `state`. None of them is the beginning of another."""
    for tag in state.openings():
        yield state.written(tag), Place(state.opened(tag))
    if state.stack and state.may_close:
        yield markup.CLOSE[state.stack[-1]], Place(state.closed())
    if state.takes_text:
        for entity in _ENTITIES:
            yield entity, Place(state.texted(False))


def _is_text(char: str) -> bool:
    return char not in "<>&" and markup.tidy(char) == char


class _Moves(NamedTuple):
    """What each character of the vocabulary does at one place."""

    after: tuple[Place | None, ...]  # the place it leads to
    cost: NDArray[np.float64]  # (V,) the least number of characters to the end if it comes next, itself included
    most: float  # the dearest of those that lead to the end at all


class Constraint:
    """The characters of one vocabulary under the grammar of postings.

    Places are few (a few hundred in a model's lifetime), so what may follow each is worked out once, with the
    plain `Place.push` and `shortest`, and looked up from then on.

    Raises InputError where the vocabulary cannot write a posting at all.
    """

    def __init__(self, chars: str) -> None:
        self.chars = chars
        self._moves: dict[Place, _Moves] = {}
        self._shortest: dict[Place, float] = {}
        if self.shortest(Place()) == inf:
            raise InputError(
                "the checkpoint's vocabulary cannot write a posting's tags, so it was not trained on postings; "
                "sample it with --raw"
            )

    @cached_property
    def _letters(self) -> frozenset[str]:
        return frozenset(self.chars)

    def shortest(self, place: Place) -> float:
        """The least number of characters that end the document from `place`; infinity where none do."""
        if place not in self._shortest:
            self._shortest[place] = self._measure(place)
        return self._shortest[place]

    def _measure(self, place: Place) -> float:
        state = place.state
        if state.ended:
            return 0
        if not place.mark and state.takes_text and not state.may_close:
            # It must show something first, and no tag does that in fewer characters than a letter. There are
            # letters: the tags are made of them.
            return 1 + self.shortest(Place(state.texted(False)))
        ways = place.marks() if place.mark or not state.may_close else _closing(state)
        return min((self._price(written, after, place) for written, after in ways), default=inf)

    def _price(self, written: str, after: Place, place: Place) -> float:
        rest = written[len(place.mark) :]
        return len(rest) + self.shortest(after) if self._letters.issuperset(rest) else inf

    def moves(self, place: Place) -> _Moves:
        """What may follow `place`, by character id."""
        if place not in self._moves:
            after = tuple(place.push(char) for char in self.chars)
            cost = np.array([inf if there is None else 1 + self.shortest(there) for there in after])
            self._moves[place] = _Moves(after, cost, max(cost[cost < inf], default=0))
        return self._moves[place]

    def allowed(self, place: Place, budget: int) -> NDArray[np.bool_]:
        """(V,) which characters may come next if at most `budget` characters are left, that one included."""
        return self.moves(place).cost <= budget

    def presses(self, place: Place, budget: int) -> bool:
        """Whether the limit, and not the grammar, forbids a character here."""
        return self.moves(place).most > budget

    def push(self, place: Place, index: int) -> Place:
        """The place after the character with id `index`, which must be an allowed one."""
        there = self.moves(place).after[index]
        if there is None:
            raise ValueError(f"{self.chars[index]!r} may not come at {place}")
        return there

    def read(self, prompt: str) -> Place:
        """The place after `prompt`. Raises InputError where no posting begins like that."""
        place = Place()
        for position, char in enumerate(prompt):
            there = place.push(char)
            if there is None or self.shortest(there) == inf:
                raise InputError(
                    f"no posting begins like the prompt: {char!r} at {position} may not stand there; "
                    f"correct it, or sample with --raw"
                )
            place = there
        return place


def _closing(state: markup.State) -> Iterator[tuple[str, Place]]:
    yield markup.CLOSE[state.stack[-1]], Place(state.closed())
