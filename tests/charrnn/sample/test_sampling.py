"""Sampled characters come as often as the network says, are always allowed, and differ only where a mask forbids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.sample.sampling import Floats, SamplingParams, sample_next
from scrape.common.errors import InputError

SCORES = st.lists(st.floats(-50, 50), min_size=2, max_size=12)
COUNT = 2000


def evenly(count: int = COUNT) -> Floats:
    """Pairs of uniforms, each filling [0, 1) evenly, in no order that one could tell from the other."""
    steps = (np.arange(count) + 0.5) / count
    return np.stack([steps, np.random.default_rng(1).permutation(steps)], axis=1)


def softmax(scores: list[float], temperature: float = 1.0) -> Floats:
    weights = np.exp((np.array(scores) - max(scores)) / temperature)
    return np.asarray(weights / weights.sum())


def shares(scores: list[float], params: SamplingParams, allowed: list[bool] | None = None) -> Floats:
    """How often each character is sampled."""
    mask = None if allowed is None else np.tile(allowed, (COUNT, 1))
    ids = sample_next(np.tile(scores, (COUNT, 1)), evenly(), params, mask).ids
    return np.bincount(ids, minlength=len(scores)) / COUNT


@given(SCORES, st.floats(0.05, 5))
def test_a_draw_inverts_the_distribution(scores: list[float], temperature: float) -> None:
    assert np.abs(shares(scores, SamplingParams(temperature)) - softmax(scores, temperature)).max() <= 1.001 / COUNT


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=8), st.sampled_from([0.5, 1.0, 2.0]))
def test_masked_draws_follow_the_distribution_of_what_is_allowed(scores: list[float], temperature: float) -> None:
    allowed = [index % 2 == 0 for index in range(len(scores))]
    wanted = np.where(allowed, softmax(scores, temperature), 0)
    assert np.abs(shares(scores, SamplingParams(temperature), allowed) - wanted / wanted.sum()).max() < 0.05


@given(st.integers(0, 2**32), st.sampled_from([0.0, 1e-300, 0.01, 1.0, 1e300]))
def test_a_draw_gives_an_allowed_character_whatever_the_uniforms(seed: int, temperature: float) -> None:
    random = np.random.default_rng(seed)
    logits = random.normal(0, 40, (4, 9))
    allowed = random.random((4, 9)) < 0.3
    allowed[np.arange(4), random.integers(0, 9, 4)] = True
    edges = np.array([0.0, np.nextafter(1, 0), 0.5, random.random()])
    uniforms = np.stack([edges, edges[::-1]], axis=1)
    for params in (SamplingParams(temperature), SamplingParams(temperature, top_k=2, top_p=0.5, min_p=0.1)):
        free, made = sample_next(logits, uniforms, params), sample_next(logits, uniforms, params, allowed)
        assert allowed[np.arange(4), made.ids].all()
        # The mask steps in where the free draw is forbidden, and nowhere else.
        assert (made.unmasked == free.ids).all()
        assert ((made.ids == made.unmasked) == allowed[np.arange(4), made.unmasked]).all()


@given(SCORES, st.floats(0.2, 3))
def test_what_a_draw_says_of_the_network_is_so(scores: list[float], temperature: float) -> None:
    allowed = np.array([[index % 3 == 0 for index in range(len(scores))]])
    made = sample_next(np.array([scores]), np.array([[0.3, 0.6]]), SamplingParams(temperature), allowed)
    with np.errstate(divide="ignore"):
        cost = -np.log(softmax(scores, temperature)[allowed[0]].sum())
    assert made.logprobs[0] == pytest.approx(np.log(softmax(scores)[made.ids[0]]))
    assert made.costs[0] == pytest.approx(cost, abs=1e-9)


def test_what_forbids_nothing_costs_nothing() -> None:
    logits = np.random.default_rng(1).normal(0, 5, (50, 20))
    made = sample_next(logits, evenly(50), SamplingParams(0.8), np.ones_like(logits, dtype=np.bool_))
    assert (made.ids == made.unmasked).all()
    assert np.abs(made.costs).max() < 1e-12


@given(SCORES)
def test_temperature_zero_takes_the_likeliest(scores: list[float]) -> None:
    made = sample_next(np.array([scores]), np.array([[0.99, 0.99]]), SamplingParams(0))
    assert made.ids[0] == np.argmax(scores)
    assert np.isfinite(made.logprobs[0])


def test_top_k_top_p_and_min_p_leave_out_what_they_say() -> None:
    chances = np.array([0.05, 0.4, 0.15, 0.3, 0.1])
    scores = np.log(chances).tolist()

    def left(**how: float) -> set[int]:
        return set(np.flatnonzero(shares(scores, SamplingParams(**how))).tolist())  # type: ignore[arg-type]

    assert left() == {0, 1, 2, 3, 4}
    assert left(top_k=2) == {1, 3}
    assert left(top_k=99) == {0, 1, 2, 3, 4}
    assert left(top_p=0.65) == {1, 3}
    assert left(top_p=0.75) == {1, 2, 3}
    assert left(top_p=1e-300) == {1}
    assert left(min_p=0.3) == {1, 2, 3}
    assert left(min_p=1.0) == {1}
    assert left(top_k=3, top_p=0.8) == {1, 3}  # of the three that are left, two make up 0.7 of 0.85
    assert left(top_k=4, min_p=0.3) == {1, 2, 3}
    assert shares(scores, SamplingParams(top_k=2)) == pytest.approx([0, 4 / 7, 0, 3 / 7, 0], abs=1 / COUNT)


def test_of_equals_top_k_keeps_as_many_as_it_says() -> None:
    assert np.count_nonzero(shares([1.0] * 6, SamplingParams(top_k=2))) == 2


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"temperature": -1.0}, "temperature -1"),
        ({"temperature": float("nan")}, "temperature nan"),
        ({"top_k": -1}, "top-k -1"),
        ({"top_p": 0.0}, "top-p 0"),
        ({"top_p": 1.5}, "top-p 1.5"),
        ({"min_p": -0.1}, "min-p -0.1"),
        ({"min_p": float("nan")}, "min-p nan"),
        ({"length": 0}, "length 0"),
        ({"seed": -1}, "seed -1"),
    ],
)
def test_parameters_out_of_range_are_refused(how: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SamplingParams(**how)  # type: ignore[arg-type]
