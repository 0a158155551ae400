"""Learning, cross-validation, calibration and measures."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="recommendations need the extra `recommend`")

from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score

from scrape.recommend.classifier import (
    calibrate,
    duplicate_bodies,
    estimate,
    held_out_scores,
    learn,
    measures,
    split,
)
from scrape.recommend.feature_store import batch_of
from scrape.recommend.tfidf import document_frequency, weigh
from tests.support.documents import fields


@given(st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=2).filter(lambda rows: any(y for y, _ in rows)))
def test_measures_of_many_samples_are_those_of_each(pairs: list[tuple[bool, int]]) -> None:
    liked = np.array([yes for yes, _ in pairs])
    scores = np.array([float(score) for _, score in pairs])
    said = scores > 0
    each = [tool(liked, said, zero_division=0.0) for tool in (precision_score, recall_score, f1_score)]
    together = measures(np.column_stack([scores, -scores]), np.column_stack([liked, liked]))
    assert together[:, 0] == pytest.approx((*each, average_precision_score(liked, scores)))
    assert together[3, 1] == pytest.approx(average_precision_score(liked, -scores))


def test_an_interval_holds_its_value_and_narrows_with_more_labels() -> None:
    dice = np.random.default_rng(3)
    liked = np.arange(400) % 3 == 0
    scores = dice.normal(size=400) + liked
    few, many = estimate(scores[:40], liked[:40]), estimate(scores, liked)
    for name, each in many.items():
        assert few[name].low <= few[name].value <= few[name].high
        assert each.low <= each.value <= each.high and each.high - each.low < few[name].high - few[name].low
    constant = estimate(np.ones(40), liked[:40])["precision"]
    assert constant.low == constant.value == constant.high == liked[:40].mean()


def test_equal_bodies_are_never_both_learned_and_examined() -> None:
    """With noise for answers and every body twice, a model that has seen the duplicate is nearly always right."""
    dice = np.random.default_rng(1)
    bodies = [" ".join(dice.choice([f"w{n}" for n in range(40)], 12)) for _ in range(40)]
    said = [fields("Baker", body) for body in bodies for _ in range(2)]
    liked = np.repeat(dice.random(40) < 0.5, 2)
    batch = batch_of([(str(number), each) for number, each in enumerate(said)])
    groups = duplicate_bodies(batch)
    assert len(set(groups)) == 40 and (groups[::2] == groups[1::2]).all()
    rows = weigh(batch, document_frequency([batch]).idf)
    rows = rows[:, np.unique(rows.indices)]
    honest = held_out_scores(rows, liked, split(liked, groups))
    naive = held_out_scores(rows, liked, split(liked, np.arange(80)))
    assert ((naive > 0) == liked).mean() > 0.8 > ((honest > 0) == liked).mean()


def test_too_few_labels_are_not_split() -> None:
    liked = np.array([True, False, False, False])
    assert split(liked, np.arange(4)) == []
    assert split(np.array([True, True, False, False]), np.array([0, 0, 1, 2])) == [], "the two yes are one text"
    assert len(split(np.array([True, True, False, False]), np.arange(4))) == 2


def test_probabilities_are_right_as_often_as_they_say() -> None:
    dice = np.random.default_rng(2)
    values = dice.normal(size=4000)
    chances = 1 / (1 + np.exp(-(3 * values - 2)))
    liked = dice.random(4000) < chances
    rows = csr_array(values[:, None])
    regression, slope, shift = calibrate(rows, liked, split(liked, np.arange(4000)))
    said = 1 / (1 + np.exp(-(slope * regression.decision_function(rows) + shift)))
    assert said == pytest.approx(chances, abs=0.05)


def test_scores_that_mislead_say_nothing() -> None:
    """Every posting has a twin with the other answer in another fold, so that each held-out score is wrong."""
    pairs = np.repeat(np.eye(40), 2, axis=0)
    liked = np.tile([True, False], 40)
    fold = np.tile([0, 1, 1, 0], 20)
    folds = [(np.flatnonzero(fold != each), np.flatnonzero(fold == each)) for each in (0, 1)]
    _, slope, shift = calibrate(csr_array(pairs), liked, folds)
    assert (slope, shift) == (0, 0), "as many yes as no"


def test_learning_ignores_what_the_labeled_do_not_say() -> None:
    batch = batch_of([(str(i), fields(title)) for i, title in enumerate(["Rye Baker", "Wheat Grinder"] * 4)])
    rows = weigh(batch, document_frequency([batch]).idf)
    model = learn(rows, np.array([True, False] * 4))
    assert set(np.flatnonzero(model.coef)) <= set(rows.indices.tolist())
    assert (model.scores(rows) > 0).tolist() == [True, False] * 4
