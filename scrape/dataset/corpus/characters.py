"""Choose the characters of a corpus: ASCII and frequent ones stay, others become their ASCII equal or go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from scrape.markup.ascii import ascii_equal
from scrape.markup.grammar import escape

MIN_COUNT = 20
"""A character beyond ASCII stays where it occurs at least this often."""
_SHARE = 50_000  # in a corpus of below a million characters, where it makes up a 50,000th of it


@dataclass(frozen=True)
class CharacterMap:
    """The replacement of each character of a corpus, given how often each occurs."""

    counts: Counter[str]

    @cached_property
    def min_count(self) -> int:
        """The occurrences that a character needs to stay."""
        return max(1, min(MIN_COUNT, self.counts.total() // _SHARE))

    @cached_property
    def kept(self) -> frozenset[str]:
        """The characters that stay."""
        return frozenset(c for c, count in self.counts.items() if c.isascii() or count >= self.min_count)

    @cached_property
    def mapped(self) -> dict[str, str]:
        """Each rare character that has an ASCII equal, and that equal as a document writes it."""
        equals = {c: escape(ascii_equal(c)) for c in sorted(self.counts) if c not in self.kept}
        return {c: equal for c, equal in equals.items() if equal}

    @cached_property
    def dropped(self) -> list[str]:
        """Each rare character without an ASCII equal, sorted."""
        return sorted(c for c in self.counts if c not in self.kept and c not in self.mapped)

    def count(self, characters: Iterable[str]) -> dict[str, int]:
        """Return how often each of `characters` occurred."""
        return {c: self.counts[c] for c in characters}

    @cached_property
    def table(self) -> dict[int, str]:
        """The argument for `str.translate` that brings a document into the characters of the corpus.

        Spaces and empty elements that this leaves remain.
        """
        return str.maketrans(self.mapped | dict.fromkeys(self.dropped, ""))
