"""The ranking that learns from each label."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="recommendations need the extra `recommend`")

from scrape.common.errors import InputError
from scrape.dataset.store import FileStore, Store
from scrape.recommend import classifier, feature_store, live, ranking
from scrape.recommend.features import read_fields
from scrape.recommend.labels import BEST, RANDOM, Label
from scrape.recommend.live import LiveClassifier
from tests.support.postings import keep, posting

TITLES = ("Rye Baker", "Wheat Baker", "Stone Mason", "Brick Mason")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    root = tmp_path_factory.mktemp("live") / "data"
    made = [
        posting(
            number, f"{TITLES[number % 4]} {number}", f"<p>{TITLES[number % 4]} wanted, shift {number * 7 % 13}.</p>\n"
        )
        for number in range(60)
    ]
    return keep(FileStore(root), *made)


@pytest.fixture
def learner(store: Store) -> Iterator[LiveClassifier]:
    made = LiveClassifier(store)
    made.load().result()
    yield made
    made.close()


def given(count: int, chosen: str = RANDOM, first: int = 0) -> list[Label]:
    """Labels that like bakers."""
    return [
        Label(f"demo-{number}", "", "yes" if number % 4 < 2 else "no", chosen=chosen)
        for number in range(first, first + count)
    ]


def bakers(names: list[str]) -> list[bool]:
    return [int(name.removeprefix("demo-")) % 4 < 2 for name in names]


def test_each_label_changes_the_ranking_at_once(learner: LiveClassifier) -> None:
    learner.learn(given(1))
    assert learner.ranking is None, "there is no no yet"
    learner.learn(given(3))
    first = learner.ranking
    learner.learn(given(4))
    assert first is not None and learner.ranking is not None and learner.ranking is not first
    order = learner.ranking.sort([f"demo-{number}" for number in range(60)])
    assert all(bakers(order[:30])) and not any(bakers(order[30:]))
    assert learner.ranking.sort(["demo-0", "new-1"]) == ["demo-0", "new-1"] and learner.ranking.chance("new-1") is None
    learner.learn([])
    assert learner.ranking is None


def test_scores_from_the_disk_are_those_from_memory(
    store: Store, learner: LiveClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner.learn(given(11))
    monkeypatch.setattr(live, "IN_MEMORY", 10)
    other = LiveClassifier(store, given(11))
    other.load().result()
    assert learner.ranking and other.ranking and learner.in_memory and not other.in_memory
    np.testing.assert_allclose(learner.ranking.scores, other.ranking.scores, rtol=1e-4, atol=1e-5)
    assert [each.name for each in learner.similar("demo-0", 5)] == [each.name for each in other.similar("demo-0", 5)]
    before = other.ranking
    other.learn(given(13))
    other.wait()
    assert other.ranking is before, "it learns from every fifth label"
    other.learn(given(16))
    other.wait()
    assert other.ranking is not before
    other.close()


def test_the_terms_that_decide_are_those_of_the_classifier(store: Store, learner: LiveClassifier) -> None:
    learner.learn(given(9))
    assert learner.ranking
    for name in ("demo-0", "demo-3", "demo-30"):
        expected = ranking.explain(read_fields(store.document(name)), learner.ranking.learned)
        found = learner.explain([name, "unknown-1"], 3)
        assert [str(each) for each in found[name]] == [str(each) for each in expected] and found["unknown-1"] == []


def test_figures_come_from_random_postings_once_there_are_enough(learner: LiveClassifier) -> None:
    learner.learn([*given(10), *given(10, BEST, 10)])
    learner.wait()
    assert learner.figures and (learner.figures.postings, learner.figures.at_random) == (20, False)
    assert learner.figures.by_rank == 10
    learner.learn([*given(20), *given(20, BEST, 20)])
    learner.wait()
    assert (learner.figures.postings, learner.figures.at_random, learner.figures.by_rank) == (20, True, 0)
    assert learner.figures.measures["average precision"].value > 0.9


def test_the_classifier_is_written_on_the_tenth_label_and_on_request(store: Store, learner: LiveClassifier) -> None:
    path = store.root / classifier.FILE
    path.unlink(missing_ok=True)
    assert learner.save() is None, "nothing is learned yet"
    learner.learn(given(9))
    learner.wait()
    assert not path.exists()
    learner.learn(given(10))
    learner.wait()
    assert classifier.load(store)[1].yes == 6
    assert learner.save() == path


def test_of_several_jobs_of_a_kind_the_newest_alone_is_done(learner: LiveClassifier) -> None:
    done: list[int] = []
    began = [learner._submit(lambda: None)]

    def job() -> None:
        done.append(len(done))

    began += [learner._submit(job) for _ in range(5)]
    for each in began:
        each.result()
    assert len(done) <= 2


def test_work_that_fails_in_the_background_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_store: Store, **_options: object) -> None:
        raise InputError("the disk is gone")

    monkeypatch.setattr(live, "open_features", fail)
    made = LiveClassifier(FileStore(tmp_path))
    with pytest.raises(InputError):
        made.load().result()
    made.close()
    assert "the disk is gone" in capsys.readouterr().err


def test_a_classifier_is_closed_while_it_reads(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copied = FileStore(Path(shutil.copytree(store.root, tmp_path / "data")))
    (copied.root / "features.sqlite").unlink(missing_ok=True)
    made, begun = LiveClassifier(copied), threading.Event()
    compute = feature_store._compute

    def slow(*asked: Any) -> Any:
        begun.set()
        made._closing.wait(60)
        return compute(*asked)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(feature_store, "_compute", slow)
        loading = made.load()
        assert begun.wait(60)
        made.close()
    assert isinstance(loading.exception(), CancelledError) and not made.ready
    assert capsys.readouterr().err == ""


def test_features_are_on_disk_batch_by_batch(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = FileStore(Path(shutil.copytree(store.root, tmp_path / "data")))
    path = copied.root / "features.sqlite"
    path.unlink(missing_ok=True)
    on_disk = []

    def watched(results: Iterable[Any], **_bar: object) -> Iterator[Any]:
        for made in results:
            with closing(sqlite3.connect(path)) as other:
                on_disk.append(other.execute("SELECT count(*) FROM posting").fetchone()[0])
            yield made

    monkeypatch.setattr(feature_store, "progress", watched)
    monkeypatch.setattr(feature_store, "_BATCH", 10)
    with feature_store.open_features(copied, cores=1):
        assert len(on_disk) > 25
        assert on_disk == [max(0, (number - 1) // 10 * 10) for number in range(len(on_disk))]
