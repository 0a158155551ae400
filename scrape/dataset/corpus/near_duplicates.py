"""Find postings that say nearly the same: candidates by MinHash, each checked exactly.

Broder, "On the resemblance and containment of documents" (1997): the resemblance of two texts is the Jaccard index
|A ∩ B| / |A ∪ B| of their shingles, here all runs of five words; the share of equal minima over random orders of the
shingles estimates it. Texts whose minima agree in a band are in one bucket of it, and may be alike.

A bucket may hold all postings that were made from one template, and comparing each with each would take for ever. So a
text is compared with the first of its bucket, in one pass of which a large cluster vanishes, and then with its
neighbours in the order of the minima (the sorted neighbourhood method of Hernández and Stolfo, "The merge/purge problem
for large databases", 1995): time grows linearly whatever the texts.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from array import array
from collections.abc import Callable
from functools import lru_cache
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

SHINGLE = 5
BANDS, ROWS = 16, 4
MINIMA = BANDS * ROWS
SIGNATURE_WORDS = MINIMA + 4
"""Words of 32 bits in a signature: the minima, and 128 bits that equal texts have in common."""
ALIKE = 0.9
"""Two postings are near-duplicates if the Jaccard index of their shingles is at least this."""

_DIFFERENT = ((-1, 6), (6, 16))  # minima; 6.4 on average where texts are 0.9 alike. The most alike are compared first
_WINDOW = 32  # neighbours on each side that a text is compared with in a bucket
_MOST_CHECKS = 16  # exact comparisons of a text that find it to be another one
_LEAST_DROPPED = 0.1  # of the texts of a round, for another round: all rounds together take ten times the first at most
_BITS = 4  # of each minimum, by which two signatures are compared: they miss one difference of sixteen
_HELD = 1024  # sets of shingles in memory, some kilobytes each
_MOST_HELD, _LONGEST_HELD = 1 << 16, 40  # words whose checksums are in memory, about 8 MB, and their characters
_CHUNK = 1 << 16  # rows

_word = re.compile(r"\w+")
_tag = re.compile(r"<[^<>]*>|&\w+;")
_ODD = np.uint64(0x9E3779B97F4A7C15)
_order = np.random.default_rng(2015)
_FACTORS = _order.integers(1, 2**63, MINIMA, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_OFFSETS = _order.integers(0, 2**63, MINIMA, dtype=np.uint64)

Shingles = NDArray[np.uint64]
Signatures = NDArray[np.uint32]
Rows = NDArray[np.intp]


class Found(NamedTuple):
    """The rows of the texts that are near-duplicates of an earlier one, ascending.

    `unsure` is the number of other texts that were not compared with all that may be alike, since these were too many.
    """

    rows: Rows
    unsure: int


class _Checksums(dict[str, int]):
    """The CRC-32 of each word; those of the last words are held, since most words come again and again."""

    def __missing__(self, word: str) -> int:
        found = zlib.crc32(word.encode())
        if len(self) == _MOST_HELD:
            self.clear()
        if len(word) <= _LONGEST_HELD:
            self[word] = found
        return found


_checksums = _Checksums()


def shingles(text: str) -> Shingles:
    """Return the hashes of all different runs of SHINGLE words, ascending; a shorter text is one run."""
    words = _word.findall(_tag.sub(" ", text).casefold())
    hashes = np.fromiter(map(_checksums.__getitem__, words or [""]), np.uint64)
    width = min(SHINGLE, len(hashes))
    rolled = np.zeros(len(hashes) - width + 1, dtype=np.uint64)
    for offset in range(width):
        rolled = (rolled ^ hashes[offset : offset + len(rolled)]) * _ODD
        rolled ^= rolled >> np.uint64(29)
    return np.unique(rolled)


def signature(of: Shingles) -> Signatures:
    """Return what tells whether texts are alike, (SIGNATURE_WORDS,).

    It holds the smallest hash of any shingle under each of MINIMA orders, and a checksum of all of them.
    """
    mixed = of[None, :] * _FACTORS[:, None] + _OFFSETS[:, None]
    least = (mixed >> np.uint64(32)).min(axis=1).astype("<u4")
    checksum = np.frombuffer(hashlib.blake2b(of.astype("<u8").tobytes(), digest_size=16).digest(), dtype="<u4")
    return np.concatenate([least, checksum])


def jaccard(one: Shingles, other: Shingles) -> float:
    """Return the share of all shingles of two texts that both have."""
    both = np.concatenate([one, other])
    both.sort()
    common = int(np.count_nonzero(both[1:] == both[:-1]))
    return common / (len(both) - common)


def later_near_duplicates(table: Signatures, shingles_of: Callable[[int], Shingles]) -> Found:
    """Return the rows of a table of signatures, (texts, SIGNATURE_WORDS), that are alike to any earlier row.

    Whether the earlier one stays is of no matter, so that each pair is judged by itself: the result depends on the
    order of the rows alone. A pair whose shingles are the same is known by the checksum; of any other, `shingles_of`
    gives those of a row, and the comparison is exact. A row that is returned is thus alike to an earlier one; one that
    should be returned is missed with a chance of 1 in 10,000 at most, or where it is counted as `unsure`: if more than
    _WINDOW texts share a bucket with it, or _MOST_CHECKS exact comparisons found no other that is alike.

    It takes about a hundred bytes a row beside the table.
    """
    dropped = _repeated(table)
    unsure = np.zeros(len(table), dtype=bool)
    search = _Search(table, lru_cache(_HELD)(shingles_of), dropped, unsure)
    members = np.flatnonzero(~dropped)
    search.compare(members, first=True)
    while unsure.any():
        remaining = np.flatnonzero(~dropped)
        if len(members) - len(remaining) < _LEAST_DROPPED * len(members):
            break
        members = remaining  # without what was dropped, there is room for other neighbours
        search.compare(members, first=False)
    return Found(np.flatnonzero(dropped), int(np.count_nonzero(unsure & ~dropped)))


def _repeated(table: Signatures) -> NDArray[np.bool_]:
    """Return which rows have the checksum of an earlier one, (texts,)."""
    checksums = np.ascontiguousarray(table[:, MINIMA:]).view(np.uint64)
    order = np.lexsort(checksums.T)  # stable: of equal ones, the first row comes first
    repeated = np.zeros(len(table), dtype=bool)
    repeated[order[1:]] = (checksums[order[1:]] == checksums[order[:-1]]).all(axis=1)
    return repeated


def _maybe_repeated(keys: NDArray[np.uint64]) -> Rows:
    """Return the positions, ascending, of all keys that occur more than once, and of few others.

    Each key gives its lower bits to its position, so that keys alone are sorted: several times as fast as positions by
    their keys, which are all over the memory.
    """
    bits = np.uint64(len(keys).bit_length())
    mask = (np.uint64(1) << bits) - np.uint64(1)
    packed = (keys & ~mask) | np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    same = (packed[1:] ^ packed[:-1]) <= mask
    found = np.zeros(len(keys), dtype=bool)
    found[1:] = same
    found[:-1] |= same
    positions = (packed[found] & mask).astype(np.intp)
    positions.sort()
    return positions


class _Search:
    """The comparisons of the rows of a table; `dropped` and `unsure` are filled in."""

    def __init__(
        self,
        table: Signatures,
        shingles_of: Callable[[int], Shingles],
        dropped: NDArray[np.bool_],
        unsure: NDArray[np.bool_],
    ) -> None:
        self.table, self.shingles_of, self.dropped, self.unsure = table, shingles_of, dropped, unsure
        self.checks = np.zeros(len(table), dtype=np.uint8)
        self.unlike = np.full((len(table), _MOST_CHECKS), -1, dtype=np.int32)  # the rows that these were with
        self.bits = np.zeros((len(table), _BITS), dtype=np.uint64)
        for start in range(0, len(table), _CHUNK):
            minima = table[start : start + _CHUNK, :MINIMA]
            for bit in range(_BITS):
                packed = np.packbits((minima >> np.uint32(bit)) & np.uint32(1), axis=1)
                self.bits[start : start + _CHUNK, bit] = packed.view(np.uint64)[:, 0]

    def compare(self, members: Rows, *, first: bool) -> None:
        """Compare those of `members` that are not dropped with the other ones in their buckets.

        The first time, which texts were not compared with all of these is recorded.
        """
        for least, most in _DIFFERENT:
            for band in range(BANDS):
                self._compare_in(band, members, least, most, record=first and most == _DIFFERENT[-1][1])

    def _compare_in(self, band: int, members: Rows, least: int, most: int, *, record: bool) -> None:
        """Compare the texts of each bucket whose signatures differ in more than `least` and at most `most` minima."""
        order, starts, ends = self._buckets(band, members)
        by_row = np.lexsort((order, starts))
        active = np.flatnonzero(~self.dropped[order] & (ends - starts > _WINDOW + 1))  # indices into `order`
        self._check(order[active], order[by_row[starts[active]]], least, most)
        active = np.flatnonzero(~self.dropped[order])
        compared = np.zeros(len(order), dtype=np.int32)
        for step in range(1, _WINDOW + 1):
            active = active[~self.dropped[order[active]]]
            active = active[(active - step >= starts[active]) | (active + step < ends[active])]
            if not len(active):
                break
            for other in (active - step, active + step):
                inside = (other >= starts[active]) & (other < ends[active])
                which, other = active[inside], other[inside]
                earlier = order[other] < order[which]
                which, other = which[earlier], other[earlier]
                compared[which] += 1
                self._check(order[which], order[other], least, most)
        if record:
            before = np.empty(len(order), dtype=np.int64)  # members of the bucket that are earlier
            before[by_row] = np.arange(len(order)) - starts[by_row]
            self.unsure[order[compared < before]] = True

    def _buckets(self, band: int, members: Rows) -> tuple[Rows, Rows, Rows]:
        """Return the members that share a bucket, by bucket and in it by their minima, and where each one's bucket is.

        That is where it starts and ends among them.
        """
        keys = self._keys(band, members)
        maybe = _maybe_repeated(keys)
        _, bucket, sizes = np.unique(keys[maybe], return_inverse=True, return_counts=True)
        among = sizes[bucket] > 1
        shared, bucket = maybe[among], bucket[among]
        columns = np.arange((band + 1) * ROWS, (band + 3) * ROWS) % MINIMA
        minima = self.table[np.ix_(members[shared], columns)].view(np.uint64)
        by_bucket = np.lexsort((shared, *minima.T[::-1], bucket))
        shared, bucket = shared[by_bucket], bucket[by_bucket]
        first = np.flatnonzero(np.diff(bucket, prepend=-1))
        sizes = np.diff(np.append(first, len(shared)))
        return members[shared], np.repeat(first, sizes), np.repeat(first + sizes, sizes)

    def _keys(self, band: int, members: Rows) -> NDArray[np.uint64]:
        """Return the bucket of each member as a hash of its minima in the band."""
        keys = np.empty(len(members), dtype=np.uint64)
        for start in range(0, len(members), _CHUNK):
            rows = members[start : start + _CHUNK]
            minima = self.table[:, band * ROWS : (band + 1) * ROWS][rows].view(np.uint64)
            keys[start : start + _CHUNK] = minima[:, 0] * _ODD ^ minima[:, 1] * _FACTORS[0]
        return keys

    def _check(self, later: Rows, earlier: Rows, least: int, most: int) -> None:
        """Drop each row of `later` that is alike to the row of `earlier` beside it."""
        bits = self.bits[later] ^ self.bits[earlier]
        different = np.bitwise_count(np.bitwise_or.reduce(bits, axis=1)).astype(np.int8)
        near = np.flatnonzero((least < different) & (different <= most) & (earlier < later))
        later, earlier = later[near], earlier[near]
        new = (self.unlike[later] != earlier[:, None]).all(axis=1) & ~self.dropped[later]
        for row, other in zip(later[new].tolist(), earlier[new].tolist(), strict=True):
            if self.checks[row] == _MOST_CHECKS:
                self.unsure[row] = True
            elif jaccard(self.shingles_of(other), self.shingles_of(row)) >= ALIKE:
                self.dropped[row] = True
            else:
                self.unlike[row, self.checks[row]] = other
                self.checks[row] += 1


class NearDuplicates:
    """The texts of a corpus, compared with each other: 272 bytes of each in memory, its shingles in `file`."""

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

    def later(self) -> Found:
        """Return which texts are near-duplicates of an earlier one, as `later_near_duplicates` does."""
        table = np.frombuffer(self._signatures, dtype=np.uint32).reshape(-1, SIGNATURE_WORDS)
        return later_near_duplicates(table, self._shingles)

    def _shingles(self, row: int) -> Shingles:
        start, end = self._starts[row], self._starts[row + 1]
        self._file.seek(start)
        return np.frombuffer(self._file.read(end - start), dtype=np.uint64)
