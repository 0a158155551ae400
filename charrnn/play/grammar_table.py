"""The grammar mask as a table: the smallest finite automaton that allows the same characters under the same limit.

There are some 4,000 states of the grammar between two characters, but many allow the same texts to follow. They are
merged (Moore's algorithm), and so are characters that do the same in every state. The table is computed from
`charrnn.sample.grammar_mask`, which is the only place that knows the grammar.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import inf

import numpy as np
from numpy.typing import NDArray

from charrnn.sample.grammar_mask import GrammarMask, GrammarState
from scrape.markup import grammar

Numbers = NDArray[np.int64]

NONE = 0xFFFF  # where no character of the class may come


@dataclass(frozen=True)
class GrammarTable:
    """The automaton. State 0 is the beginning of a document.

    `classes` (characters,) is the class of each character of the vocabulary; `after` (states, classes) is the state
    after one, or NONE; `shortest` (states,) is the least number of characters that end the document.
    """

    classes: NDArray[np.uint8]
    after: NDArray[np.uint16]
    shortest: NDArray[np.uint8]

    def to_bytes(self) -> bytes:
        """Return the numbers that the page carries: `after`, little-endian, `shortest`, `classes`."""
        return self.after.astype("<u2").tobytes() + self.shortest.tobytes() + self.classes.tobytes()


@cache
def make_table(chars: str) -> GrammarTable:
    """Return the table of a vocabulary. Raises InputError where it cannot write a posting."""
    kinds, kind_of = _kinds(chars)
    after, shortest = _explore(GrammarMask(kinds))
    after, shortest = _merge_states(after, shortest)
    different, class_of = np.unique(after, axis=1, return_inverse=True)
    return GrammarTable(
        class_of.reshape(-1)[kind_of].astype(np.uint8),
        np.where(different < 0, NONE, different).astype(np.uint16),
        shortest.astype(np.uint8),
    )


def _kinds(chars: str) -> tuple[str, Numbers]:
    """Return one character of each kind, and the kind of each character of `chars`.

    Characters of tags and entities, and the space, are kinds of their own. Of the others there are two kinds: those
    that a text may hold, and those that nothing may.
    """
    special = set("".join([*grammar.OPEN.values(), *grammar.CLOSE.values(), *map(grammar.escape, "&<>"), " "]))
    in_text = GrammarState(grammar.State().opened("html").opened("h1"))
    names = [char if char in special else "text" if in_text.push(char) else "never" for char in chars]
    first = {name: at for at, name in reversed(list(enumerate(names)))}
    places = {name: place for place, name in enumerate(first)}
    return "".join(chars[at] for at in first.values()), np.array([places[name] for name in names])


def _explore(mask: GrammarMask) -> tuple[Numbers, Numbers]:
    """Return the state after each (states, characters), or -1, and the shortest way to the end (states,)."""
    numbers = {GrammarState(): 0}
    states = [GrammarState()]
    after: list[list[int]] = []
    for state in states:
        row = []
        for char in mask.chars:
            following = state.push(char)
            if following is None or mask.shortest(following) == inf:
                row.append(-1)
                continue
            if following not in numbers:
                numbers[following] = len(states)
                states.append(following)
            row.append(numbers[following])
        after.append(row)
    return np.array(after), np.array([mask.shortest(state) for state in states], dtype=np.int64)


def _merge_states(after: Numbers, shortest: Numbers) -> tuple[Numbers, Numbers]:
    """Merge the states from which the same texts follow. The first stays the first."""
    group = np.unique(shortest, return_inverse=True)[1].reshape(-1)
    while True:
        nexts = np.where(after < 0, -1, group[after])
        finer = np.unique(np.column_stack([group, nexts]), axis=0, return_inverse=True)[1].reshape(-1)
        if finer.max() == group.max():
            break
        group = finer
    groups, first = np.unique(group, return_index=True)
    order = np.argsort(first)  # by the first state of each, so that the beginning is 0
    number = np.empty(len(groups), dtype=np.int64)
    number[order] = np.arange(len(groups))
    kept = first[order]
    merged = np.where(after[kept] < 0, -1, number[group[after[kept]]])
    return merged, shortest[kept]
