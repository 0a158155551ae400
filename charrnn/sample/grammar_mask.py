"""The characters that may come next so that the markup stays well formed.

The grammar is that of `scrape.markup.grammar`, where a document is a sequence of tags and texts and `State` says which
of them may come next. This module does the same for characters, under a length limit: a character is allowed if the
document can still be ended, with this vocabulary, within the limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from math import inf

import numpy as np
from numpy.typing import NDArray

from scrape.common.errors import InputError
from scrape.markup import grammar

Numbers = NDArray[np.int64]

_ENTITIES = ("&amp;", "&lt;", "&gt;")
_BEGINS_A_MARK = frozenset("<&\n")


@dataclass(frozen=True, slots=True)
class GrammarState:
    """The state of the grammar between two characters of a document.

    `tags` is the state between tags, `mark` is the part of an unfinished tag or entity that is already there, and
    `space` says whether the character before is a space of the text.
    """

    tags: grammar.State = field(default_factory=grammar.State)
    mark: str = ""
    space: bool = False

    @property
    def may_end(self) -> bool:
        """True if the document is complete."""
        return self.tags.ended

    def marks(self) -> Iterator[tuple[str, GrammarState]]:
        """Yield each whole tag or entity that may begin or continue here, with the state after it."""
        for written, after in _marks(self.tags):
            if written.startswith(self.mark):
                yield written, after

    def push(self, char: str) -> GrammarState | None:
        """Return the state after one more character, or None where that is not allowed."""
        if not self.mark and char not in _BEGINS_A_MARK:
            blank = char == " "
            if not self.tags.takes_text or (blank and self.space) or not _is_text(char):
                return None
            return GrammarState(self.tags.texted(blank), space=blank)
        longer = self.mark + char
        for written, after in _marks(self.tags):
            if written == longer:
                return after
            if written.startswith(longer):
                return GrammarState(self.tags, longer)
        return None


def _marks(tags: grammar.State) -> Iterator[tuple[str, GrammarState]]:
    """Yield the tags and entities that may begin here. None of them is the beginning of another."""
    for tag in tags.openings():
        yield tags.written(tag), GrammarState(tags.opened(tag))
    if tags.stack and tags.may_close:
        yield grammar.CLOSE[tags.stack[-1]], GrammarState(tags.closed())
    if tags.takes_text:
        for entity in _ENTITIES:
            yield entity, GrammarState(tags.texted(False))


@cache
def _is_text(char: str) -> bool:
    return char not in "<>&" and grammar.normalize(char) == char


class GrammarMask:
    """The characters of one vocabulary that the grammar of postings allows.

    There are few states (a trained network reaches some hundred, a random one some thousand). So each has a number, and
    the characters that may follow it are computed once, with `GrammarState.push` and `shortest`, and then looked up for
    many texts at a time.

    Raises InputError where the vocabulary cannot write a posting at all.
    """

    def __init__(self, chars: str) -> None:
        self.chars = chars
        self._known = frozenset(chars)
        self._shortest: dict[GrammarState, float] = {}
        self._numbers: dict[GrammarState, int] = {}
        self._states: list[GrammarState] = []
        self._shortest_after = np.empty((0, len(chars)))  # by number and character
        self._after = np.empty((0, len(chars)), dtype=np.int64)  # the same; below 0 what is not looked up yet
        if self.shortest(GrammarState()) == inf:
            raise InputError(
                "the checkpoint's vocabulary cannot write a posting's tags, so it was not trained on postings; "
                "sample it with --raw"
            )
        self.number(GrammarState())

    def shortest(self, state: GrammarState) -> float:
        """Return the least number of characters that end the document from `state`; infinity where none do."""
        if state not in self._shortest:
            self._shortest[state] = self._find_shortest(state)
        return self._shortest[state]

    def _find_shortest(self, state: GrammarState) -> float:
        tags = state.tags
        if tags.ended:
            return 0
        if not state.mark and tags.takes_text and not tags.may_close:
            # The element needs text first, and the shortest text is one letter. The vocabulary has letters, since
            # the tags are made of them.
            return 1 + self.shortest(GrammarState(tags.texted(False)))
        if not state.mark and tags.may_close:
            ways = iter([(grammar.CLOSE[tags.stack[-1]], GrammarState(tags.closed()))])
        else:
            ways = state.marks()
        lengths = [inf]
        for written, after in ways:
            rest = written[len(state.mark) :]
            if self._known.issuperset(rest):
                lengths.append(len(rest) + self.shortest(after))
        return min(lengths)

    def number(self, state: GrammarState) -> int:
        """Return the number of `state`, from 0 on."""
        if state not in self._numbers:
            number = self._numbers[state] = len(self._states)
            self._states.append(state)
            if number == len(self._after):
                more = max(number, 1)
                self._shortest_after = np.pad(self._shortest_after, ((0, more), (0, 0)), constant_values=inf)
                self._after = np.pad(self._after, ((0, more), (0, 0)), constant_values=-1)
            nexts = [state.push(char) for char in self.chars]
            self._shortest_after[number] = [inf if after is None else 1 + self.shortest(after) for after in nexts]
        return self._numbers[state]

    def shortest_after(self, numbers: Numbers) -> NDArray[np.float64]:
        """Return the least number of characters to the end if a given one comes next, itself included: (states, V).

        Infinity for a character that may not come next. numbers (states,).
        """
        return self._shortest_after.take(numbers, axis=0)

    def follow(self, numbers: Numbers, ids: Numbers) -> Numbers:
        """Return the numbers of the states after one more character of each text.

        numbers (texts,); ids (texts,) of characters that may come next. Raises ValueError where one may not.
        """
        after = self._after[numbers, ids]
        for unknown in np.flatnonzero(after < 0):
            number, index = int(numbers[unknown]), int(ids[unknown])
            after[unknown] = self.number(self.push(self._states[number], index))
            self._after[number, index] = after[unknown]
        return after

    def allowed(self, state: GrammarState, budget: int) -> NDArray[np.bool_]:
        """Return which characters may come next, (V,), if at most `budget` are left, that one included."""
        return np.asarray(self.shortest_after(np.array([self.number(state)]))[0] <= budget)

    def push(self, state: GrammarState, index: int) -> GrammarState:
        """Return the state after the character with id `index`. Raises ValueError where that is not allowed."""
        after = state.push(self.chars[index])
        if after is None:
            raise ValueError(f"{self.chars[index]!r} may not come at {state}")
        return after

    def read(self, prompt: str) -> GrammarState:
        """Return the state after `prompt`. Raises InputError where no posting begins like that."""
        state = GrammarState()
        for position, char in enumerate(prompt):
            after = state.push(char)
            if after is None or self.shortest(after) == inf:
                raise InputError(
                    f"no posting begins like the prompt: {char!r} at {position} is not allowed there; "
                    "correct it, or sample with --raw"
                )
            state = after
        return state
