"""TF-IDF of feature counts, each block normalized by itself and scaled by how much that block says.

Normalizing the blocks one by one keeps the few words of a title from drowning in the nine hundred of a body.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import TfidfTransformer  # type: ignore[import-untyped]

from scrape.recommend.feature_store import FeatureBatch
from scrape.recommend.features import BITS, BLOCKS, COLUMNS

# How much a block says about whether a posting is liked. Chosen with other rules and other splits than those that
# scripts/bench/recommend.py reports.
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
# The same for how similar two postings are: the same work counts, rather than the same town or employer.
SIMILARITY_WEIGHTS = WEIGHTS | {"company": 0.0, "place": 0.3, "place facts": 0.2, "pay": 0.0, "body": 1.0}
MIN_POSTINGS = 5  # rarer terms say nothing; names, numbers and misspellings are most of them

Vector = NDArray[np.float32]
Rows: TypeAlias = csr_array


@dataclass(frozen=True)
class DocumentFrequency:
    """The number of `postings` that have each column; `counts` is (COLUMNS,) uint32."""

    postings: int
    counts: NDArray[np.uint32]

    @cached_property
    def idf(self) -> Vector:
        """(COLUMNS,) float32: the smoothed idf of TfidfTransformer; 0 for terms that are too rare."""
        frequent = np.flatnonzero(self.counts >= min(MIN_POSTINGS, self.postings // 20 + 1))
        idf = np.zeros(COLUMNS, np.float32)
        idf[frequent] = np.log((1 + self.postings) / (1 + self.counts[frequent])) + 1
        return idf


def document_frequency(batches: Iterable[FeatureBatch]) -> DocumentFrequency:
    """Count the postings that have each column, one batch in memory at a time."""
    counts = np.zeros(COLUMNS, np.uint32)
    postings = 0
    for batch in batches:
        np.add.at(counts, batch.columns, 1)
        postings += len(batch.names)
    return DocumentFrequency(postings, counts)


def weigh(batch: FeatureBatch, idf: Vector, weights: Mapping[str, float] = WEIGHTS) -> Rows:
    """Return the weighted features of each posting as (postings, COLUMNS) float32.

    A term's weight is (1 + log of its count) * idf (Sparck Jones 1972).
    """
    postings = len(batch.names)
    if not postings:
        return Rows((0, COLUMNS), dtype=np.float32)
    # A row for each block of each posting, so that TfidfTransformer normalizes every block by itself.
    row = np.repeat(np.arange(postings) * len(BLOCKS), np.diff(batch.starts)) + (batch.columns >> BITS)
    lengths = np.bincount(row, minlength=postings * len(BLOCKS))
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    # scipy and scikit-learn take int32 indices; COLUMNS is far below 2**31
    columns = batch.columns.astype(np.int32)
    counts = Rows((batch.counts.astype(np.float32), columns, starts), shape=(postings * len(BLOCKS), COLUMNS))
    transformer = TfidfTransformer(sublinear_tf=True)
    transformer.idf_ = idf
    weighted = transformer.transform(counts, copy=False).data
    share = np.array([weights[block] for block in BLOCKS], np.float32)
    weighted *= np.repeat(np.tile(share, postings), lengths)
    return Rows((weighted, columns, batch.starts.astype(np.int32)), shape=(postings, COLUMNS))
