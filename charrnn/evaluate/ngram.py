"""Baselines for a network: n-gram models of the same text, and a general compressor."""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.data.vocab import Ids

Array = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def ngram_bits(train: Ids, validation: Ids, characters: int, orders: Sequence[int]) -> dict[int, float]:
    """Return the bits per character of `validation` under n-gram models of `train`, by their order.

    An n-gram model predicts a character from the n - 1 before it. Smoothing is interpolated Kneser-Ney with three
    discounts, as in Chen and Goodman (1998, section 3), down to the uniform distribution over `characters`. The
    first predictions see the end of `train`. Memory: some 100 bytes for a character at order 8.
    """
    return {order: float(-np.log2(made).mean()) for order, made in probabilities(train, validation, characters, orders)}


def xz_bits(train: str, validation: str) -> float:
    """Return the bits per character of `validation` after `train` by `xz -9`: the size of both less that of `train`."""
    whole, known = (len(lzma.compress(text.encode(), preset=9)) for text in (train + validation, train))
    return 8 * (whole - known) / len(validation)


def probabilities(train: Ids, validation: Ids, characters: int, orders: Sequence[int]) -> list[tuple[int, Floats]]:
    """Return for each order the probability of each character of `validation`."""
    levels = _levels(np.concatenate([train, validation]).astype(np.int64), len(train), characters, max(orders))
    asked = np.arange(len(train), len(train) + len(validation))
    lower = np.full(len(asked), 1 / characters)
    made = []
    for length, level in enumerate(levels, 1):
        shorter = levels[length - 2] if length > 1 else None
        if length in orders:
            made.append((length, _interpolated(level, shorter, level.counts, asked, lower)))
        if length < len(levels):
            lower = _interpolated(level, shorter, level.continuations(levels[length]), asked, lower)
    return made


@dataclass(frozen=True)
class _Level:
    """The runs of one length. `rank` numbers the run that ends at each position of the text, equal ones alike.

    `counts` is the count of each run in the training part, and `at` a position where each that is there ends.
    """

    rank: npt.NDArray[np.int32]
    counts: Array
    at: Array

    def continuations(self, longer: _Level) -> Array:
        """Return the number of different characters before each run."""
        return np.bincount(self.rank[longer.at], minlength=len(self.counts))


def _levels(ids: Array, trained: int, characters: int, longest: int) -> list[_Level]:
    levels: list[_Level] = []
    codes: Array = ids
    for length in range(1, longest + 1):
        if length > 1:
            codes = np.full(len(ids), -1)
            codes[length - 1 :] = levels[-1].rank[length - 2 : -1].astype(np.int64) * characters + ids[length - 1 :]
        distinct, rank = np.unique(codes, return_inverse=True)
        counts = np.bincount(rank[length - 1 : trained], minlength=len(distinct))
        at = np.zeros(len(distinct), np.int64)
        at[rank[length - 1 : trained]] = np.arange(length - 1, trained)
        levels.append(_Level(rank.astype(np.int32), counts, at[counts > 0]))
    return levels


def _interpolated(level: _Level, shorter: _Level | None, amounts: Array, asked: Array, lower: Floats) -> Floats:
    """Return the probability of each character at `asked` given the run before it, or `lower` where that is unseen."""
    contexts = len(shorter.counts) if shorter else 1
    before = shorter.rank[level.at - 1] if shorter else np.zeros(len(level.at), np.int32)
    here = shorter.rank[asked - 1] if shorter else np.zeros(len(asked), np.int32)
    seen = level.rank[level.at]
    discount = discounts(amounts)[np.minimum(amounts, 3)]
    total = np.bincount(before, weights=amounts[seen], minlength=contexts)[here]
    spared = np.bincount(before, weights=discount[seen], minlength=contexts)[here]
    wanted = level.rank[asked]
    known = total > 0
    made = lower.copy()
    kept = (amounts - discount)[wanted[known]]
    made[known] = (kept + spared[known] * lower[known]) / total[known]
    return made


def discounts(amounts: Array) -> Floats:
    """Return the discounts for counts of 0, 1, 2, and 3 or more: Chen and Goodman's estimates.

    They need runs that were seen once, twice and three times; without these, in a tiny text, they are 0.5. No discount
    is 0, since unseen characters would then have no probability.
    """
    ones, twos, *more = (int(np.count_nonzero(amounts == amount)) for amount in (1, 2, 3, 4))
    numbers = [ones, twos, *more]
    if not all(numbers[:3]):
        return np.array([0.0, 0.5, 0.5, 0.5])
    share = ones / (ones + 2 * twos)
    taken = [amount - (amount + 1) * share * numbers[amount] / numbers[amount - 1] for amount in (1, 2, 3)]
    return np.array([0.0, *np.clip(taken, 0.1, (1, 2, 3))])
