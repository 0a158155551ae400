"""Which character comes next: a draw from the network's guesses, held to what may stand there."""

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

LEAST = float(np.finfo(np.float64).tiny)  # of a likelihood; its cost is 708 nats


@dataclass(frozen=True, slots=True)
class Rule:
    """How adventurous a draw is. What is left out of a distribution by one of these, no character of it is drawn.

    `temperature` divides the logits; 0 takes the likeliest character. Of what that gives, `top_k` keeps the k
    likeliest characters (0: all), then `top_p` the likeliest that together make up this share of the rest (1: all;
    Holtzman et al. 2020), then `min_p` those at least this fraction as likely as the likeliest (0: all; Nguyen et
    al. 2024). Raises InputError where a number makes no sense.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0

    def __post_init__(self) -> None:
        if not (isfinite(self.temperature) and self.temperature >= 0):
            raise InputError(
                f"temperature {self.temperature} is not possible; give 0 or more (1 samples as the network learned)"
            )
        if self.top_k < 0:
            raise InputError(f"top-k {self.top_k} is below 0; give how many characters to choose from (0: all)")
        if not 0 < self.top_p <= 1:
            raise InputError(f"top-p {self.top_p} is not possible; give a share above 0, and 1 for all")
        if not 0 <= self.min_p <= 1:
            raise InputError(f"min-p {self.min_p} is not possible; give a fraction from 0 (for all) to 1")


class Drawn(NamedTuple):
    """A character for every row, and what it says of the network."""

    ids: Ids  # (rows,)
    wanted: Ids  # (rows,) the one drawn first: another where that might not stand, and `ids` itself where all might
    logprobs: Floats  # (rows,) of `ids` under the network alone: temperature 1, nothing left out; in nats
    costs: Floats  # (rows,) -log of how likely the allowed characters were together, in nats; about 708 at most


def draw(logits: Floats, uniforms: Floats, rule: Rule, allowed: Bools | None = None) -> Drawn:
    """The next character of each row.

    logits (rows, characters); uniforms (rows, 2), both in [0, 1); allowed (rows, characters), of which each row has
    one. The first uniform draws from all characters. Where that gives one that is not allowed, the second draws from
    those that are. So a row is drawn from the distribution given that it is allowed (`min_p` and the like apply to
    each of the draws), and differs from the same row without a mask only where the mask forbids what that had.

    `costs` is of softmax(logits / temperature), before `top_k` and the like; for temperature 0, of softmax(logits).
    """
    rows = np.arange(len(logits))
    scores = logits - logits.max(axis=1, keepdims=True)
    temperature = rule.temperature or 1.0
    weights = _weights(scores, temperature)
    sums = weights.sum(axis=1)
    wanted = _pick(scores, weights, uniforms[:, 0], rule)
    ids, costs = wanted, np.zeros(len(rows))
    if allowed is not None:
        left = np.einsum("ij,ij->i", weights, allowed)
        masked = np.flatnonzero(~allowed[rows, wanted])
        if len(masked):
            ids = wanted.copy()
            ids[masked], left[masked] = _pick_allowed(scores[masked], allowed[masked], uniforms[masked, 1], rule)
        costs = np.log(sums / left)
    plain = sums if temperature == 1 else np.exp(scores).sum(axis=1)
    return Drawn(ids, wanted, scores[rows, ids] - np.log(plain), costs)


def _pick_allowed(scores: Floats, allowed: Bools, uniforms: Floats, rule: Rule) -> tuple[Ids, Floats]:
    """The same among the allowed characters, and what these weigh together."""
    within = np.where(allowed, scores, -np.inf)
    most = within.max(axis=1)
    within -= most[:, None]  # else all of them may weigh too little for a number to hold
    temperature = rule.temperature or 1.0
    weights = _weights(within, temperature)
    together = weights.sum(axis=1) * _weights(most, temperature)
    return _pick(within, weights, uniforms, rule), np.maximum(together, LEAST)


def _weights(scores: Floats, temperature: float) -> Floats:
    """How likely the characters are beside the likeliest, whose score is 0."""
    with np.errstate(over="ignore"):  # a tiny temperature makes -inf of a finite score, which is as it should be
        return np.asarray(np.exp(scores / temperature))


def _pick(scores: Floats, weights: Floats, uniforms: Floats, rule: Rule) -> Ids:
    """The character of each row whose share of the weights its uniform falls into."""
    if rule.temperature == 0:
        return np.asarray(scores.argmax(axis=1))
    heights = _left_in(weights, rule).cumsum(axis=1)
    # A uniform is at most 1 - 2**-53, and that much of a number never rounds up to it: some height lies above.
    return np.asarray((heights > uniforms[:, None] * heights[:, -1:]).argmax(axis=1))


def _left_in(weights: Floats, rule: Rule) -> Floats:
    """`weights`, 0 where the rule leaves a character out. The likeliest is never left out."""
    if rule.top_k or rule.top_p < 1:
        weights = _top(weights, rule.top_k or weights.shape[1], rule.top_p)
    if rule.min_p:
        weights = np.where(weights >= rule.min_p * weights.max(axis=1, keepdims=True), weights, 0.0)
    return weights


def _top(weights: Floats, count: int, share: float) -> Floats:
    """The `count` likeliest, and of those the fewest that make up `share` of them; of equals, the first."""
    order = np.argsort(-weights, axis=1, kind="stable")[:, :count]
    likeliest = np.take_along_axis(weights, order, axis=1)
    heights = likeliest.cumsum(axis=1)
    kept = heights - likeliest < share * heights[:, -1:]
    kept[:, 0] = True  # a tiny share of a sum can be less than rounding leaves of 0
    left = np.zeros_like(weights)
    np.put_along_axis(left, order, np.where(kept, likeliest, 0.0), axis=1)
    return left
