"""The order in which postings are presented for labeling."""

from __future__ import annotations

import pytest

pytest.importorskip("sklearn", reason="recommendations need the extra `recommend`")

from scrape.recommend.feature_store import batch_of
from scrape.recommend.labeling import STEP, UncertaintySampling, shuffled
from scrape.recommend.labels import RANDOM, UNCERTAIN
from scrape.recommend.tfidf import document_frequency, weigh
from tests.support.documents import fields


def test_uncertainty_sampling_waits_for_both_answers_and_then_takes_what_lies_between() -> None:
    names = [str(number) for number in range(60)]
    kinds = ["Rye Baker", "Wheat Grinder", "Rye Wheat Baker"]
    batch = batch_of([(name, fields(kinds[0 if i < 25 else 1 if i < 50 else 2])) for i, name in enumerate(names)])
    strategy = UncertaintySampling(names, weigh(batch, document_frequency([batch]).idf))
    assert [*strategy.choose({})] == names[:STEP] and [*strategy.choose({}, names[:3])] == names[3 : 3 + STEP]
    assert strategy.choose(dict.fromkeys(names[:24], True)) == dict.fromkeys(names[24 : 24 + STEP], RANDOM), "one kind"
    liked = {name: int(name) < 25 for name in [*names[:15], *names[25:40]]}
    assert set(strategy.choose(liked).items()) <= {(name, UNCERTAIN) for name in names[50:]}
    assert strategy.choose(dict.fromkeys(names, True)) == {}


def test_shuffled_is_stable_when_postings_are_added() -> None:
    names = [f"demo-{number}" for number in range(50)]
    order = shuffled(names)
    assert sorted(order) == sorted(names) != order == shuffled(reversed(names))
    assert [name for name in shuffled([*names, "demo-x"]) if name != "demo-x"] == order
