"""Sample the next character of many texts from a network's logits, among the characters that a mask allows."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scrape.common.errors import InputError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ids = NDArray[np.int64]

LEAST = float(np.finfo(np.float64).tiny)  # the least likelihood; its cost is 708 nats


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """The settings of sampling.

    `temperature` divides the logits; 0 takes the likeliest character. Of the distribution that this gives, `top_k`
    keeps the k likeliest characters (0: all), then `top_p` the likeliest that together make up this share of the rest
    (1: all; Holtzman et al. 2020), then `min_p` those at least this fraction as likely as the likeliest (0: all;
    Nguyen et al. 2024). At most `length` characters are written to each prompt. `seed` seeds the random numbers.
    Raises InputError where a number is out of range.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    length: int = 8000
    seed: int = 0

    @property
    def is_greedy(self) -> bool:
        """True if the likeliest character is always taken, so that equal prompts give equal texts."""
        return self.temperature == 0 or self.top_k == 1 or self.min_p == 1

    def __post_init__(self) -> None:
        if not (isfinite(self.temperature) and self.temperature >= 0):
            raise InputError(
                f"--temperature {self.temperature} is not possible; give 0 or more (1 samples as the network learned)"
            )
        if self.top_k < 0:
            raise InputError(f"--top-k {self.top_k} is below 0; give how many characters to choose from (0: all)")
        if not 0 < self.top_p <= 1:
            raise InputError(f"--top-p {self.top_p} is not possible; give a share above 0, and 1 for all")
        if not 0 <= self.min_p <= 1:
            raise InputError(f"--min-p {self.min_p} is not possible; give a fraction from 0 (for all) to 1")
        if self.length < 1:
            raise InputError(f"--length {self.length} leaves nothing to sample; give 1 or more")
        if self.seed < 0:
            raise InputError(f"--seed {self.seed} is below 0; give 0 or more")


class Sampled(NamedTuple):
    """A character for every row, and its likelihood."""

    ids: Ids  # (rows,)
    unmasked: Ids  # (rows,) sampled without the mask: `ids` itself where the mask changed nothing
    logprobs: Floats  # (rows,) of `ids` under the network alone: temperature 1, nothing left out; in nats
    costs: Floats  # (rows,) -log of the likelihood of all allowed characters together, in nats; about 708 at most


def sample_next(logits: Floats, uniforms: Floats, params: SamplingParams, allowed: Bools | None = None) -> Sampled:
    """Sample the next character of each row.

    logits (rows, characters); uniforms (rows, 2), both in [0, 1); allowed (rows, characters), at least one in each
    row. The first uniform samples from all characters. Where that gives a forbidden one, the second samples from the
    allowed ones. So a row follows the distribution conditioned on what is allowed (`min_p` and the like apply to each
    draw), and differs from the same row without a mask only where the mask forbids the first choice.

    `costs` is of softmax(logits / temperature), before `top_k` and the like; for temperature 0, of softmax(logits).
    """
    rows = np.arange(len(logits))
    scores = logits - logits.max(axis=1, keepdims=True)
    temperature = params.temperature or 1.0
    weights = _weights(scores, temperature)
    sums = weights.sum(axis=1)
    unmasked = _pick(scores, weights, uniforms[:, 0], params)
    ids, costs = unmasked, np.zeros(len(rows))
    if allowed is not None:
        left = np.einsum("ij,ij->i", weights, allowed)
        masked = np.flatnonzero(~allowed[rows, unmasked])
        if len(masked):
            within = np.where(allowed[masked], scores[masked], -np.inf)
            most = within.max(axis=1)
            within -= most[:, None]  # else all of them may weigh too little for a number to hold
            weights_within = _weights(within, temperature)
            ids = unmasked.copy()
            ids[masked] = _pick(within, weights_within, uniforms[masked, 1], params)
            left[masked] = np.maximum(weights_within.sum(axis=1) * _weights(most, temperature), LEAST)
        costs = np.log(sums / left)
    plain = sums if temperature == 1 else np.exp(scores).sum(axis=1)
    return Sampled(ids, unmasked, scores[rows, ids] - np.log(plain), costs)


def _weights(scores: Floats, temperature: float) -> Floats:
    """Return the likelihood of each character relative to the likeliest, whose score is 0."""
    with np.errstate(over="ignore"):  # a tiny temperature makes -inf of a finite score, which is as it should be
        return np.asarray(np.exp(scores / temperature))


def _pick(scores: Floats, weights: Floats, uniforms: Floats, params: SamplingParams) -> Ids:
    """Return the character of each row whose share of the weights its uniform falls into."""
    if params.temperature == 0:
        return np.asarray(scores.argmax(axis=1))
    heights = _truncate(weights, params).cumsum(axis=1)
    # A uniform is at most 1 - 2**-53, and that much of a number never rounds up to it: some height lies above.
    return np.asarray((heights > uniforms[:, None] * heights[:, -1:]).argmax(axis=1))


def _truncate(weights: Floats, params: SamplingParams) -> Floats:
    """Return `weights` with 0 for what top_k, top_p and min_p leave out, which is never the likeliest.

    Of equals, the first are kept.
    """
    if params.top_k or params.top_p < 1:
        order = np.argsort(-weights, axis=1, kind="stable")[:, : params.top_k or weights.shape[1]]
        likeliest = np.take_along_axis(weights, order, axis=1)
        heights = likeliest.cumsum(axis=1)
        kept = heights - likeliest < params.top_p * heights[:, -1:]
        kept[:, 0] = True  # a tiny share of a sum can be less than rounding leaves of 0
        weights = np.zeros_like(weights)
        np.put_along_axis(weights, order, np.where(kept, likeliest, 0.0), axis=1)
    if params.min_p:
        weights = np.where(weights >= params.min_p * weights.max(axis=1, keepdims=True), weights, 0.0)
    return weights
