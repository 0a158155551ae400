"""Find postings that say nearly the same thing: MinHash signatures, compared where a band of them agrees.

Broder, "On the resemblance and containment of documents" (1997): the share of equal minima over random
orders of the shingles estimates |A ∩ B| / |A ∪ B|. A shingle here is a run of five words.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

import numpy as np

SHINGLE = 5
BANDS, ROWS = 16, 4
ALIKE = 0.9
"""Two postings are near-identical where this share of their shingles, as estimated, is the same."""

_word = re.compile(r"\w+")
_tag = re.compile(r"<[^>]*>|&\w+;")
_ODD = np.uint64(0x9E3779B97F4A7C15)
_order = np.random.default_rng(2015)
_FACTORS = _order.integers(1, 2**63, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_OFFSETS = _order.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64)


def signature(text: str) -> bytes:
    """The smallest hash of any shingle under each of BANDS * ROWS orders: 64 numbers of 4 bytes."""
    words = _word.findall(_tag.sub(" ", text).casefold())
    hashes = np.array([zlib.crc32(word.encode()) for word in words] or [0], dtype=np.uint64)
    shingles = np.unique(_roll(hashes))
    mixed = shingles[None, :] * _FACTORS[:, None] + _OFFSETS[:, None]
    least: np.ndarray = (mixed >> np.uint64(32)).min(axis=1)
    return least.astype(np.uint32).tobytes()


def later_twins(signatures: bytes | bytearray) -> set[int]:
    """The positions of postings that are nearly identical to an earlier one; signatures stand end to end."""
    table = np.frombuffer(signatures, dtype=np.uint32).reshape(-1, BANDS * ROWS)
    dropped = np.zeros(len(table), dtype=bool)
    for band in range(BANDS):
        for run in _runs(table[:, band * ROWS : (band + 1) * ROWS]):
            _drop_alike(table, run, dropped)
    return set(np.flatnonzero(dropped).tolist())


def _roll(hashes: np.ndarray) -> np.ndarray:
    """One number for each run of SHINGLE words; the whole text is one run where it is shorter."""
    width = min(SHINGLE, len(hashes))
    total = np.zeros(len(hashes) - width + 1, dtype=np.uint64)
    for offset in range(width):
        total = (total ^ hashes[offset : offset + len(total)]) * _ODD
        total ^= total >> np.uint64(29)
    return total


def _runs(keys: np.ndarray) -> Iterator[np.ndarray]:
    """The positions of equal rows of `keys`, shape (N, ROWS), for each row that occurs more than once, ascending."""
    order = np.lexsort(keys.T)
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)])
    for run in np.split(order, starts[1:]):
        if len(run) > 1:
            yield np.sort(run)


def _drop_alike(table: np.ndarray, run: np.ndarray, dropped: np.ndarray) -> None:
    for place, first in enumerate(run):
        rest = run[place + 1 :]
        rest = rest[~dropped[rest]]
        if not dropped[first] and len(rest):
            dropped[rest[(table[rest] == table[first]).mean(axis=1) >= ALIKE]] = True
