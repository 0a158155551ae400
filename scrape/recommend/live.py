"""Learn while a person labels: a new ranking of all postings after each label, in one process.

The features of all postings are held in memory, so that learning from 200 labels and ranking a thousand postings takes
less than a tenth of a second. What takes longer, reading the features and cross-validation, runs in a thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import normalize  # type: ignore[import-untyped]

from scrape.common.console import say
from scrape.common.errors import InputError
from scrape.dataset.store import Store
from scrape.recommend import classifier, ranking
from scrape.recommend.classifier import Classifier, Estimate, Scores, learn
from scrape.recommend.feature_store import FeatureBatch, FeatureStore, batch_of, open_features
from scrape.recommend.features import Fields, feature_names, read_fields
from scrape.recommend.labels import BEST, RANDOM, SKIPPED, UNCERTAIN, YES, Label, current_answers
from scrape.recommend.ranking import Contribution, Ranked
from scrape.recommend.tfidf import SIMILARITY_WEIGHTS, DocumentFrequency, Rows, document_frequency, weigh

IN_MEMORY = 10_000  # postings, some 75 MB; more are scored from disk, in the background
RELEARN = 5  # labels between two rankings of more postings than that
EVALUATE = 10  # labels between two evaluations
PAUSE = 1.0  # seconds without a label before an evaluation begins, which would hold up the next labels
ENOUGH_RANDOM = 20  # labels of postings drawn at random, from which the figures then come

_CHOSEN_BY_RANK = (BEST, UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Figures:
    """The quality of the ranking on labels that it had not seen, by cross-validation.

    `postings` is the number of labels that the figures are of. With `at_random` they are those of postings drawn at
    random, once there are enough of them; else they are all, and the ranking itself chose to show `by_rank` of them.
    """

    measures: Mapping[str, Estimate]
    postings: int
    at_random: bool
    by_rank: int


@dataclass(frozen=True, slots=True)
class LiveRanking:
    """The scores of all postings by a classifier, one for each name in `places`."""

    learned: Classifier
    places: Mapping[str, int]
    scores: Scores
    yes: int
    no: int

    def chance(self, name: str) -> float | None:
        """Return the probability of a yes; None for a posting that is not ranked yet."""
        place = self.places.get(name)
        return None if place is None else float(self.learned.probabilities(self.scores[place : place + 1])[0])

    def sort(self, names: Iterable[str]) -> list[str]:
        """Sort names, the best first; those that are not ranked yet come last."""
        names = list(names)
        places = np.fromiter((self.places.get(name, -1) for name in names), np.int64, len(names))
        scores = np.where(places < 0, -np.inf, self.scores[places])
        return [names[place] for place in np.argsort(-scores, kind="stable")]


class LiveClassifier:
    """Ranks the postings of a dataset, again after each label. Safe to use from several threads.

    `ranking` is the newest one: None until there are labels of both kinds and the features are read.
    """

    def __init__(self, store: Store, labels: Sequence[Label] = ()) -> None:
        self.ranking: LiveRanking | None = None
        self.figures: Figures | None = None
        self.ready = False
        self._store = store
        self._labels = list(labels)
        self._guard = threading.RLock()
        self._closing = threading.Event()
        self._opened = ExitStack()
        self._features: FeatureStore | None = None
        self._addresses: dict[str, str] = {}
        self._places: dict[str, int] = {}
        self._frequency = DocumentFrequency(0, np.zeros(0, np.uint32))
        self._rows: Rows | None = None  # None where there are too many postings
        self._similarity_rows: Rows | None = None
        self._calibration = (1.0, 0.0)
        self._terms: dict[int, tuple[str, str]] = {}  # of the labeled postings: no other column has a say
        self._terms_of: set[str] = set()
        self._evaluated = self._saved = 0  # labels
        self._jobs = ThreadPoolExecutor(1, thread_name_prefix="learning")
        self._newest: dict[str, int] = {}  # number of the newest job of each kind
        self._pause: threading.Timer | None = None  # until the next evaluation

    # ------------------------------------------------------------------ postings

    def load(self) -> Future[None]:
        """Read the features of all postings in the background, also after postings came or went; then rank them."""
        return self._submit(self._load)

    def _load(self) -> None:
        opened = ExitStack()
        features = opened.enter_context(open_features(self._store, stop=self._closing))
        frequency = document_frequency(features.batches())
        rows = None
        if len(features) <= IN_MEMORY:
            rows = weigh(features.batch(list(features.addresses())), frequency.idf)
        with self._guard:
            self._opened.close()
            self._opened, self._features, self._frequency, self._rows = opened, features, frequency, rows
            self._similarity_rows = None
            self._addresses = features.addresses()
            self._places = {name: place for place, name in enumerate(self._addresses)}
            self.ready = True
        self._rank()
        self._evaluate()

    @property
    def in_memory(self) -> bool:
        """True once the features are read and held in memory."""
        return self._rows is not None

    # ------------------------------------------------------------------ learning

    def learn(self, labels: Sequence[Label]) -> None:
        """Learn from all labels: at once, or in the background where there are too many postings."""
        self._labels = list(labels)
        if not self.ready:
            return  # reading the features ends with learning
        if self._rows is not None:
            self._rank()
        elif self.ranking is None or abs(len(labels) - self.ranking.yes - self.ranking.no) >= RELEARN:
            self._submit(self._rank)
        with self._guard:
            if self._pause or len(labels) // EVALUATE != self._evaluated // EVALUATE:
                self._evaluated = len(labels)
                self._evaluate_after_a_pause()

    def _rank(self) -> None:
        """Learn from the labels as they are, and score all postings."""
        with self._guard:
            liked = self._liked()
            if len(set(liked.values())) < 2:
                self.ranking = None
                return
            model = learn(self._rows_of(list(liked)), np.array(list(liked.values()), bool))
            learned = Classifier(self._frequency, model, *self._calibration)
            for name in liked.keys() - self._terms_of:
                self._terms_of.add(name)
                with suppress(InputError, ValueError):  # it is being removed
                    self._terms |= feature_names(self._fields(name))
            yes = sum(liked.values())
            if self._rows is not None:
                scores = learned.model.scores(self._rows)
                self.ranking = LiveRanking(learned, self._places, scores, yes, len(liked) - yes)
                return
        # This takes seconds, in the one thread that also replaces the features; requests go on meanwhile.
        assert self._features is not None
        scores = np.concatenate([np.zeros(0), *(learned.scores(batch) for batch in self._features.batches())])
        self.ranking = LiveRanking(learned, self._places, scores, yes, len(liked) - yes)

    def _liked(self) -> dict[str, bool]:
        """Return {name: whether the answer is yes} of the labeled postings that are there."""
        answers = current_answers(self._labels, self._addresses)
        return {name: answer == YES for name, answer in sorted(answers.items()) if answer != SKIPPED}

    def _rows_of(self, names: Sequence[str]) -> Rows:
        if self._rows is not None:
            return self._rows[[self._places[name] for name in names]]
        assert self._features is not None
        return weigh(self._features.batch(names), self._frequency.idf)

    def _fields(self, name: str) -> Fields:
        return read_fields(self._store.document(name), self._store.head(name).pay)

    # ------------------------------------------------------------------ evaluation

    def _evaluate(self) -> None:
        """Calibrate the chances, and estimate how good the ranking is."""
        with self._guard:
            if not self.ready:
                return
            labels, self._evaluated = self._labels, len(self._labels)
            liked = self._liked()
            if len(set(liked.values())) < 2:
                self.figures = None
                return
            assert self._features is not None
            try:
                batch, rows = self._features.batch(list(liked)), self._rows_of(list(liked))
            except KeyError:  # one was just removed; reading the features again ends with an evaluation
                return
        answers = np.array(list(liked.values()), bool)
        folds = classifier.split(answers, classifier.duplicate_bodies(batch))
        self._calibration, self.figures = (1.0, 0.0), None
        if folds:
            rows = rows[:, classifier.used_columns(rows)]
            self._calibration = classifier.calibrate(rows, answers, folds)[1:]
            scores = classifier.held_out_scores(rows, answers, folds)
            self.figures = _figures(list(liked), answers, scores, _chosen(labels, self._addresses))
        self._rank()

    def _evaluate_after_a_pause(self) -> None:
        """Evaluate and save when no label has come for a moment; each new one begins that moment anew."""
        if self._pause:
            self._pause.cancel()
        self._pause = threading.Timer(PAUSE, self._end_pause)
        self._pause.daemon = True
        self._pause.start()

    def _end_pause(self) -> None:
        with self._guard, suppress(RuntimeError):  # it was closed in this very moment
            self._pause = None
            self._submit(self._evaluate_and_save)

    def _evaluate_and_save(self) -> None:
        self._evaluate()
        self.save()

    # ------------------------------------------------------------------ explanations

    def explain(self, names: Sequence[str], count: int) -> dict[str, list[Contribution]]:
        """Return for each posting the terms that moved its score the most, for or against; none without a ranking."""
        ranked = self.ranking
        found: dict[str, list[Contribution]] = {name: [] for name in names}
        if ranked is None:
            return found
        with self._guard:
            known = [name for name in names if name in self._places]
            try:
                rows = self._rows_of(known) if known else []
            except KeyError:  # one was just removed, and the features will be read again
                return found
        for name, row in zip(known, rows, strict=True):
            moved = row.data * ranked.learned.model.coef[row.indices]
            largest = np.argsort(-np.abs(moved))[: 8 * count]
            each = ranking.contributions(self._terms, row.indices[largest], moved[largest])
            found[name] = ranking.distinct(sorted(each, key=lambda one: (-abs(one.by), one.term)), count)
        return found

    # ------------------------------------------------------------------ similarity

    def similar(self, name: str, count: int) -> list[Ranked]:
        """Return the postings most similar to one of them, without itself; none until the features are read."""
        with self._guard:
            if self._features is None or name not in self._places:
                return []
            try:
                found = self._most_similar(self._features.batch([name]), count + 1)[0]
            except KeyError:  # it was just removed, and the features will be read again
                return []
        return [each for each in found if each.name != name][:count]

    def similar_to(self, documents: Sequence[Fields], count: int) -> list[list[Ranked]]:
        """Return for each document that is in no dataset the postings most similar to it."""
        with self._guard:
            if self._features is None or not documents:
                return [[] for _ in documents]
            return self._most_similar(batch_of([(str(place), each) for place, each in enumerate(documents)]), count)

    def _most_similar(self, others: FeatureBatch, count: int) -> list[list[Ranked]]:
        assert self._features is not None
        if self._rows is None:
            return ranking.most_similar(self._features, others, self._frequency.idf, count)
        idf, names = self._frequency.idf, list(self._places)
        if self._similarity_rows is None:
            self._similarity_rows = normalize(weigh(self._features.batch(names), idf, SIMILARITY_WEIGHTS))
        asked = normalize(weigh(others, idf, SIMILARITY_WEIGHTS))
        likeness: NDArray[np.float32] = np.clip((self._similarity_rows @ asked.T).toarray().T, 0, 1)
        order = np.argsort(-likeness, axis=1, kind="stable")[:, :count]
        return [
            [Ranked(names[place], float(row[place])) for place in best]
            for row, best in zip(likeness, order, strict=True)
        ]

    # ------------------------------------------------------------------ the end

    def save(self) -> Path | None:
        """Write the newest classifier, if there is one, and return its path; None where it cannot be written."""
        ranked = self.ranking
        if ranked is None:
            return None
        try:
            classifier.save(self._store.root, ranked.learned, ranked.yes, ranked.no)
        except OSError as error:
            say(f"{self._store.root / classifier.FILE} cannot be written ({error.strerror})")
            return None
        return self._store.root / classifier.FILE

    def wait(self) -> None:
        """Return when all work in the background is done, also an evaluation that waits for a pause."""
        with self._guard:
            if self._pause:
                self._pause.cancel()
                self._end_pause()
        self._jobs.submit(lambda: None).result()

    def close(self) -> None:
        """Stop, without waiting for work that has not begun or for the features that are not read yet."""
        self._closing.set()
        with self._guard:
            if self._pause:
                self._pause.cancel()
        self._jobs.shutdown(cancel_futures=True)
        self._opened.close()

    def _submit(self, work: Callable[[], None]) -> Future[None]:
        """Do work in the background, unless by then it has been submitted again: the newest wins."""
        kind = work.__name__
        number = self._newest[kind] = self._newest.get(kind, 0) + 1

        def run() -> None:
            if self._newest[kind] == number:
                work()

        future = self._jobs.submit(run)
        future.add_done_callback(_report)
        return future


def _report(future: Future[None]) -> None:
    """Tell of work in the background that failed; nobody else waits for it."""
    error = None if future.cancelled() else future.exception()
    if error is not None and not isinstance(error, CancelledError):  # which tells that it was closed
        say(f"the ranking could not be renewed: {error}")


def _chosen(labels: Iterable[Label], addresses: Mapping[str, str]) -> dict[str, str]:
    """Return {name: how it was chosen} of the labeled postings that are there."""
    at = {address: name for name, address in addresses.items() if address}
    found = ((label.name if label.name in addresses else at.get(label.address), label.chosen) for label in labels)
    return {name: chosen for name, chosen in found if name is not None}


def _figures(
    names: Sequence[str], liked: NDArray[np.bool_], scores: Scores, chosen: Mapping[str, str]
) -> Figures | None:
    """Estimate the measures on the labels of random postings if there are enough of both kinds, else on all."""
    kinds = np.array([chosen.get(name, "") for name in names])
    of = kinds == RANDOM
    at_random = bool(of.sum() >= ENOUGH_RANDOM and len(set(liked[of])) == 2)
    if not at_random:
        of = np.ones(len(names), bool)
    by_rank = int(np.isin(kinds[of], _CHOSEN_BY_RANK).sum())
    return Figures(classifier.estimate(scores[of], liked[of]), int(of.sum()), at_random, by_rank)
