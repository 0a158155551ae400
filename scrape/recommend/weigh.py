"""Rows of counts -> rows of weights: TF-IDF, each block at length one times how much that block says.

A word counts with 1 + log of how often it stands there, times log of how rare it is among the postings that are known
(Sparck Jones 1972, in the smoothed form of scikit-learn's TfidfTransformer). Each block is scaled for itself, so that
one word of a title is not drowned by the nine hundred of a body.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array  # type: ignore[import-untyped]

from scrape.recommend.feature_store import Piece
from scrape.recommend.rows import BITS, BLOCKS, COLUMNS

# How much a block says of whether a posting is liked. Chosen on other rules and other splits than those that
# scripts/bench_recommend.py reports.
WEIGHTS = {
    "title": 1.0,
    "title pairs": 0.5,
    "company": 0.3,
    "place": 0.8,
    "place facts": 0.8,
    "pay": 0.7,
    "body": 0.8,
    "body pairs": 0.3,
}
# And of what two postings have in common: the same work, rather than the same town or employer.
LIKENESS = WEIGHTS | {"company": 0.0, "place": 0.3, "place facts": 0.2, "pay": 0.0, "body": 1.0}
RARE = 5  # what fewer postings say says nothing of a posting; names, numbers and misspellings are most of it

_PARTS = len(BLOCKS)
_OFTEN = 1 + np.log(np.maximum(np.arange(256), 1)).astype(np.float32)

Vector = NDArray[np.float32]
Rows: TypeAlias = csr_array


@dataclass(frozen=True)
class Scale:
    """How many of `known` postings have each column; `frequency` is (COLUMNS,) uint32."""

    known: int
    frequency: NDArray[np.uint32]

    @cached_property
    def idf(self) -> Vector:
        """(COLUMNS,) float32; 0 for what is too rare to say anything."""
        told = np.flatnonzero(self.frequency >= min(RARE, self.known // 20 + 1))
        idf = np.zeros(COLUMNS, np.float32)
        idf[told] = np.log((1 + self.known) / (1 + self.frequency[told])) + 1
        return idf


def count(pieces: Iterable[Piece]) -> Scale:
    """The frequencies of all columns in these postings."""
    frequency = np.zeros(COLUMNS, np.uint32)
    known = 0
    for part in pieces:
        np.add.at(frequency, part.columns, 1)
        known += len(part.names)
    return Scale(known, frequency)


def weigh(piece: Piece, idf: Vector, weights: Mapping[str, float] = WEIGHTS) -> Rows:
    """(postings, COLUMNS) float32."""
    share = np.array([weights[block] for block in BLOCKS], np.float32)
    values = _OFTEN[piece.counts] * idf[piece.columns]
    run = _runs(piece)
    lengths = np.sqrt(np.bincount(run, values * values, len(piece.names) * _PARTS)).astype(np.float32)
    factor = np.tile(share, len(piece.names)) / np.where(lengths > 0, lengths, 1)
    values *= factor[run]
    columns = piece.columns.astype(np.int32)  # what scipy and scikit-learn take; COLUMNS is far below 2**31
    return Rows((values, columns, piece.starts.astype(np.int32)), shape=(len(piece.names), COLUMNS))


def _runs(piece: Piece) -> NDArray[np.int64]:
    """For each count the number of its posting and block: posting * blocks + block."""
    posting = np.repeat(np.arange(len(piece.names)) * _PARTS, np.diff(piece.starts))
    return posting + (piece.columns >> BITS)
