"""Find postings that say nearly the same: candidates by MinHash, each checked exactly.

Broder, "On the resemblance and containment of documents" (1997): the resemblance of two texts is the Jaccard index
|A ∩ B| / |A ∪ B| of their shingles, here all runs of five words; the share of equal minima over random orders of the
shingles estimates it. Texts are compared where a band of their minima agrees, with the neighbours in the order of
their minima, so that time grows linearly even where all postings are made from one template (the sorted neighbourhood
method of Hernández and Stolfo, "The merge/purge problem for large databases", 1995).
"""

from __future__ import annotations

import re
import zlib
from array import array
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

SHINGLE = 5
BANDS, ROWS = 16, 4
ALIKE = 0.9
"""Two postings are near-duplicates if the Jaccard index of their shingles is at least this."""

_MOST_DIFFERENT = 16  # of 64 minima, in texts worth an exact comparison: 6.4 on average where they are 0.9 alike
_WINDOW = 32  # neighbours that a text is compared with in a band
_MOST_CHECKS = 8  # exact comparisons of a text with earlier ones
_SORTED_BY = 4 * ROWS  # minima, of which the first ROWS are the band

_word = re.compile(r"\w+")
_tag = re.compile(r"<[^<>]*>|&\w+;")
_ODD = np.uint64(0x9E3779B97F4A7C15)
_order = np.random.default_rng(2015)
_FACTORS = _order.integers(1, 2**63, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_OFFSETS = _order.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64)

Shingles = NDArray[np.uint64]
Signatures = NDArray[np.uint32]


def shingles(text: str) -> Shingles:
    """Return the hashes of all different runs of SHINGLE words, ascending; a shorter text is one run."""
    words = _word.findall(_tag.sub(" ", text).casefold())
    hashes = np.array([zlib.crc32(word.encode()) for word in words] or [0], dtype=np.uint64)
    width = min(SHINGLE, len(hashes))
    rolled = np.zeros(len(hashes) - width + 1, dtype=np.uint64)
    for offset in range(width):
        rolled = (rolled ^ hashes[offset : offset + len(rolled)]) * _ODD
        rolled ^= rolled >> np.uint64(29)
    return np.unique(rolled)


def signature(of: Shingles) -> Signatures:
    """Return the smallest hash of any shingle under each of BANDS * ROWS orders, (BANDS * ROWS,)."""
    mixed = of[None, :] * _FACTORS[:, None] + _OFFSETS[:, None]
    least: NDArray[np.uint64] = (mixed >> np.uint64(32)).min(axis=1)
    return least.astype(np.uint32)


def jaccard(one: Shingles, other: Shingles) -> float:
    """Return the share of all shingles of two texts that both have."""
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)


class NearDuplicates:
    """The texts of a corpus, compared with each other: 256 bytes of each in memory, its shingles in `file`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._starts = array("Q", [0])
        self._signatures = bytearray()

    def add(self, text: str) -> None:
        """Add the next text."""
        found = shingles(text)
        self._signatures += signature(found).tobytes()
        self._file.write(found.tobytes())
        self._starts.append(self._starts[-1] + found.nbytes)

    def later(self) -> set[int]:
        """Return the positions of texts that are near-duplicates of any earlier text.

        Whether the earlier one stays is of no matter, so that each pair is judged by itself, in any order.
        """
        table = np.frombuffer(self._signatures, dtype=np.uint32).reshape(-1, BANDS * ROWS)
        dropped = np.zeros(len(table), dtype=bool)
        again = True
        while again:
            before = dropped.sum()
            pairs, crowded = _candidates(table, np.flatnonzero(~dropped))
            for later, earlier in pairs.tolist():
                if not dropped[later]:
                    dropped[later] = jaccard(self._shingles(earlier), self._shingles(later)) >= ALIKE
            again = crowded and dropped.sum() > before  # what was dropped makes room for other neighbours
        return set(np.flatnonzero(dropped).tolist())

    def _shingles(self, position: int) -> Shingles:
        start, end = self._starts[position], self._starts[position + 1]
        self._file.seek(start)
        return np.frombuffer(self._file.read(end - start), dtype=np.uint64)


def _candidates(table: Signatures, alive: NDArray[np.intp]) -> tuple[NDArray[np.int64], bool]:
    """Pairs of positions (later, earlier) that seem alike, (pairs, 2), and whether a window left any out.

    They are sorted by the later one; of each later one the most alike come first, and at most _MOST_CHECKS.
    """
    texts, minima = table.shape
    best, crowded = np.zeros(0, dtype=np.int64), False  # (later, minima that differ, earlier), each as one number
    for band in range(BANDS):
        rolled = np.roll(table[alive], -band * ROWS, axis=1)[:, :_SORTED_BY]
        order = alive[np.lexsort(rolled.T[::-1])]
        keys = table[order, band * ROWS : (band + 1) * ROWS]
        found = [best]
        for step in range(1, min(_WINDOW, len(order) - 1) + 1):
            near = np.flatnonzero((keys[step:] == keys[:-step]).all(axis=1))
            if not len(near):
                break  # no run of equal keys is longer than this step
            crowded = crowded or step == _WINDOW
            one, other = order[near], order[near + step]
            different = (table[one] != table[other]).sum(axis=1)
            numbers = (np.maximum(one, other) * minima + different) * texts + np.minimum(one, other)
            found.append(numbers[different <= _MOST_DIFFERENT])
        best = np.unique(np.concatenate(found))
        later = best // texts // minima
        best = best[np.arange(len(best)) - np.searchsorted(later, later) < _MOST_CHECKS]
    return np.stack([best // texts // minima, best % texts], axis=1), crowded
