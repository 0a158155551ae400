"""A posting as a sparse row of counts: each word and word pair of each field has a column, found by hashing it.

No vocabulary is kept, so a row never changes when other postings come, and the rows of any two datasets are alike. A
column is `block * WIDTH + hash % WIDTH`; a block is what is weighed together. The words behind a column are found
again by hashing those of a document (`named`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from scrape.recommend import features
from scrape.recommend.features import Fields

BLOCKS = ("title", "title pairs", "company", "place", "place facts", "pay", "body", "body pairs")
BITS = 20
COLUMNS = len(BLOCKS) << BITS
VERSION = 1  # rises when the same document would have another row

_MOST = 255  # a count is one byte
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / the golden ratio: multiplicative hashing, Knuth, TAOCP 6.4
_DOWN = np.uint64(64 - BITS)

Hashes = NDArray[np.uint64]
Term = str | tuple[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """The columns of a posting (uint32, ascending), and how often each occurs (uint8, at most 255)."""

    columns: NDArray[np.uint32]
    counts: NDArray[np.uint8]


def row(fields: Fields) -> Row:
    """The row of a document."""
    blocks = [columns + (number << BITS) for number, (columns, _) in enumerate(_blocks(fields))]
    columns, counts = np.unique(np.concatenate(blocks), return_counts=True)
    return Row(columns.astype(np.uint32), np.minimum(counts, _MOST).astype(np.uint8))


def named(fields: Fields) -> dict[int, tuple[str, str]]:
    """{column: (block, word, pair or fact)} for each column of a document's row."""
    return {
        int(column) + (number << BITS): (BLOCKS[number], term if isinstance(term, str) else " ".join(term))
        for number, (columns, terms) in enumerate(_blocks(fields))
        for column, term in zip(columns, terms, strict=True)
    }


def _blocks(fields: Fields) -> Iterator[tuple[Hashes, Sequence[Term]]]:
    """For each block the places within it of its terms, and the terms."""
    facts = features.facts(fields)
    title, body = features.words(fields.title), features.words(fields.body)
    yield _single(title)
    yield _pairs(title)
    yield _single([*features.words(fields.company), *facts["company"]])
    yield _single(features.words(fields.place))
    yield _single(facts["place"])
    yield _single(facts["pay"])
    yield _single(body)
    yield _pairs(body)


def _single(terms: Sequence[str]) -> tuple[Hashes, Sequence[Term]]:
    kept = [term for term in terms if term != "\n"]
    return (_hashes(kept) * _MIX) >> _DOWN, kept


def _pairs(terms: Sequence[str]) -> tuple[Hashes, Sequence[Term]]:
    """Words that stand beside each other in one line."""
    kept = [pair for pair in pairwise(terms) if "\n" not in pair]
    first, second = _hashes([pair[0] for pair in kept]), _hashes([pair[1] for pair in kept])
    return ((first * _MIX + second + np.uint64(1)) * _MIX) >> _DOWN, kept


def _hashes(terms: Sequence[str]) -> Hashes:
    return np.fromiter(map(_hash, terms), np.uint64, len(terms))


@lru_cache(maxsize=1 << 20)
def _hash(term: str) -> int:
    return crc32(term.encode("utf-8", "surrogatepass"))
