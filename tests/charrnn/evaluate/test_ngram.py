"""The n-gram models are what their definition says, written out plainly; xz knows what it has seen."""

from __future__ import annotations

import random
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.evaluate.ngram import discounts, ngram_bits, probabilities, xz_bits

CHARACTERS = 4

texts = st.lists(st.integers(0, CHARACTERS - 1), min_size=2, max_size=120)
Run = tuple[int, ...]


def ids(text: list[int]) -> np.ndarray:  # type: ignore[type-arg]
    return np.array(text, dtype=np.uint8)


def plain_amounts(train: list[int], length: int, highest: bool) -> dict[Run, int]:
    """How often each run of `length` is there; below the highest order, how many characters stand before it."""
    if highest:
        return Counter(tuple(train[at : at + length]) for at in range(len(train) - length + 1))
    before: dict[Run, set[int]] = defaultdict(set)
    for at in range(1, len(train) - length + 1):
        before[tuple(train[at : at + length])].add(train[at - 1])
    return {run: len(found) for run, found in before.items()}


def plain_guess(train: list[int], context: Run, char: int, order: int) -> float:
    """Interpolated Kneser-Ney, order by order, as Chen and Goodman write it."""
    guess = 1 / CHARACTERS
    for length in range(1, order + 1):
        if length - 1 > len(context):
            break
        amounts = plain_amounts(train, length, length == order)
        taken = discounts(np.array([0, *amounts.values()]))
        before = context[len(context) - (length - 1) :]
        followers = {run: amount for run, amount in amounts.items() if run[:-1] == before}
        if not sum(followers.values()):
            continue
        amount = followers.get((*before, char), 0)
        spared = sum(taken[min(amount, 3)] for amount in followers.values())
        guess = (amount - taken[min(amount, 3)] + spared * guess) / sum(followers.values())
    return guess


@given(train=texts, validation=texts, order=st.integers(1, 4))
def test_probabilities_are_those_of_the_definition(train: list[int], validation: list[int], order: int) -> None:
    whole = train + validation
    expected = [plain_guess(train, tuple(whole[:at]), whole[at], order) for at in range(len(train), len(whole))]
    (made,) = (guess for _, guess in probabilities(ids(train), ids(validation), CHARACTERS, [order]))
    assert made == pytest.approx(expected)


@given(train=texts, order=st.integers(1, 6))
def test_the_predictions_for_what_comes_next_sum_to_one(train: list[int], order: int) -> None:
    total = sum(probabilities(ids(train), ids([char]), CHARACTERS, [order])[0][1][0] for char in range(CHARACTERS))
    assert total == pytest.approx(1)


def test_several_orders_at_once_are_what_each_is_alone() -> None:
    draw = random.Random(3)
    train, validation = ids(draw.choices(range(4), k=500)), ids(draw.choices(range(4), k=100))
    together = ngram_bits(train, validation, CHARACTERS, [2, 5])
    assert together == {order: ngram_bits(train, validation, CHARACTERS, [order])[order] for order in (2, 5)}


def test_noise_takes_its_entropy_and_a_pattern_nearly_nothing() -> None:
    draw = random.Random(3)
    noise = ids(draw.choices(range(4), k=20_000))
    assert ngram_bits(noise[:18_000], noise[18_000:], CHARACTERS, [2])[2] == pytest.approx(2, abs=0.01)
    pattern = ids([0, 1, 2, 3] * 500)
    assert ngram_bits(pattern[:1800], pattern[1800:], CHARACTERS, [3])[3] < 0.01


def test_many_characters_are_no_trouble() -> None:
    many = np.arange(3000, dtype=np.uint16)
    assert ngram_bits(many, many[::-1].copy(), 3000, [8])[8] > 10


def test_xz_pays_for_what_is_new_only() -> None:
    draw = random.Random(3)
    noise = "".join(draw.choices("abcdefghijklmnop", k=8000))  # 4 bits for each
    other = "".join(draw.choices("abcdefghijklmnop", k=2000))
    assert 4 <= xz_bits(noise, other) < 5
    assert xz_bits(noise, noise[:2000]) < 0.3
