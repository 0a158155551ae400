"""Which character may come next so that the markup stays well formed.

The grammar is `scrape.markup`'s, where a document is a sequence of tags and texts and `markup.State` says which
of them may come next. Here the same is said character by character, and against a length limit: a character is
allowed if the document can still be ended, with this vocabulary, in what the limit leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from math import inf

import numpy as np
from numpy.typing import NDArray

from scrape.common.errors import InputError
from scrape.markup import grammar

_ENTITIES = ("&amp;", "&lt;", "&gt;")
Numbers = NDArray[np.int64]

_BEGINS_A_MARK = frozenset("<&\n")


@dataclass(frozen=True, slots=True)
class Place:
    """A place between two characters of a document.

    `state` is the place between tags, `mark` is what stands there of a tag or entity that is not finished yet,
    and `space` says whether the character before is a space of the text.
    """

    state: grammar.State = field(default_factory=grammar.State)
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


def _marks(state: grammar.State) -> Iterator[tuple[str, Place]]:
    """The tags and entities that may begin in `state`. None of them is the beginning of another."""
    for tag in state.openings():
        yield state.written(tag), Place(state.opened(tag))
    if state.stack and state.may_close:
        yield grammar.CLOSE[state.stack[-1]], Place(state.closed())
    if state.takes_text:
        for entity in _ENTITIES:
            yield entity, Place(state.texted(False))


@cache
def _is_text(char: str) -> bool:
    return char not in "<>&" and grammar.normalize(char) == char


class Constraint:
    """The characters of one vocabulary under the grammar of postings.

    Places are few (a trained network comes to some hundred, a random one to some thousand). So each has a number, what
    may follow it is worked out once, with the plain `Place.push` and `shortest`, and is looked up from then on, for
    many texts at a time.

    Raises InputError where the vocabulary cannot write a posting at all.
    """

    def __init__(self, chars: str) -> None:
        self.chars = chars
        self._shortest: dict[Place, float] = {}
        self._numbers: dict[Place, int] = {}
        self._places: list[Place] = []
        self._costs = np.empty((0, len(chars)))  # by number and character
        self._after = np.empty((0, len(chars)), dtype=np.int64)  # the same; below 0 what is not looked up yet
        if self.shortest(Place()) == inf:
            raise InputError(
                "the checkpoint's vocabulary cannot write a posting's tags, so it was not trained on postings; "
                "sample it with --raw"
            )
        self.number(Place())

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

    def number(self, place: Place) -> int:
        """The number of `place`, from 0 on."""
        if place not in self._numbers:
            self._numbers[place] = len(self._places)
            self._places.append(place)
            self._make_room()
            self._costs[self._numbers[place]] = [self._cost(place, char) for char in self.chars]
        return self._numbers[place]

    def _make_room(self) -> None:
        """Let the tables have a row for every place, and for some to come."""
        more = max(len(self._places), 2 * len(self._costs)) - len(self._costs)
        if len(self._places) > len(self._costs):
            self._costs = np.pad(self._costs, ((0, more), (0, 0)), constant_values=inf)
            self._after = np.pad(self._after, ((0, more), (0, 0)), constant_values=-1)

    def _cost(self, place: Place, char: str) -> float:
        there = place.push(char)
        return inf if there is None else 1 + self.shortest(there)

    def costs(self, numbers: Numbers) -> NDArray[np.float64]:
        """The least number of characters to the end if one comes next, itself included: (places, V).

        Infinity for a character that may not come next. numbers (places,).
        """
        return self._costs.take(numbers, axis=0)

    def follow(self, numbers: Numbers, ids: Numbers) -> Numbers:
        """The numbers of the places after one more character of each text.

        numbers (texts,); ids (texts,) of characters that may come next. Raises ValueError where one may not.
        """
        after = self._after[numbers, ids]
        for unknown in np.flatnonzero(after < 0):
            number, index = int(numbers[unknown]), int(ids[unknown])
            after[unknown] = self.number(self.push(self._places[number], index))
            self._after[number, index] = after[unknown]
        return after

    def allowed(self, place: Place, budget: int) -> NDArray[np.bool_]:
        """(V,) which characters may come next if at most `budget` characters are left, that one included."""
        return np.asarray(self.costs(np.array([self.number(place)]))[0] <= budget)

    def push(self, place: Place, index: int) -> Place:
        """The place after the character with id `index`, which must be an allowed one."""
        there = place.push(self.chars[index])
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


def _closing(state: grammar.State) -> Iterator[tuple[str, Place]]:
    yield grammar.CLOSE[state.stack[-1]], Place(state.closed())
