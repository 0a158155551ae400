"""Which characters a corpus keeps: ASCII and the frequent ones; rare others become their ASCII equal or go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from scrape.markup.ascii import ascii_equal
from scrape.markup.grammar import escape

MIN_COUNT = 20
_SHARE = 50_000  # a character of a small corpus must make up a 50,000th of it, not occur MIN_COUNT times


@dataclass(frozen=True)
class Alphabet:
    """What becomes of each character of a corpus, given how often each occurs."""

    counts: Counter[str]
    min_count: int

    @classmethod
    def of(cls, counts: Counter[str], min_count: int = MIN_COUNT) -> Alphabet:
        return cls(counts, max(1, min(min_count, counts.total() // _SHARE)))

    @cached_property
    def kept(self) -> frozenset[str]:
        return frozenset(c for c, count in self.counts.items() if c.isascii() or count >= self.min_count)

    @cached_property
    def mapped(self) -> dict[str, str]:
        """Each rare character that has an ASCII equal, and that equal as a document writes it."""
        equals = {c: escape(ascii_equal(c)) for c in sorted(self.counts) if c not in self.kept}
        return {c: equal for c, equal in equals.items() if equal}

    @cached_property
    def dropped(self) -> list[str]:
        return sorted(c for c in self.counts if c not in self.kept and c not in self.mapped)

    def count(self, characters: Iterable[str]) -> dict[str, int]:
        """How often each of `characters` occurred."""
        return {c: self.counts[c] for c in characters}

    def written(self, document: str) -> str:
        """`document` in this alphabet. What an equal or a gap does to spaces and empty elements is left to mend."""
        return document.translate(self._table)

    @cached_property
    def _table(self) -> dict[int, str]:
        return str.maketrans(self.mapped | dict.fromkeys(self.dropped, ""))
