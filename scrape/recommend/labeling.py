"""Labeling sessions: the order in which postings are presented, and what an answer does. Knows no terminal."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scrape.recommend.classifier import Scores, learn
from scrape.recommend.label_files import ANSWERS
from scrape.recommend.labels import NO, RANDOM, SKIPPED, UNCERTAIN, YES, Label, Labels, current_answers
from scrape.recommend.tfidf import Rows

START = 20  # labels in random order before a classifier is asked, lest its first guesses mislead
STEP = 5  # labels between two classifiers

_QUIT = ("q", "", "\x04")  # the last two: the terminal has closed, Ctrl-D
_BACK = "b"


def shuffled(names: Iterable[str]) -> list[str]:
    """Sort names in an order that looks random and does not change when others are added."""
    given = list(names)
    digests = (hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest() for name in given)
    keys = np.fromiter((int.from_bytes(digest[:8], "big") for digest in digests), np.uint64, len(given))
    return [given[place] for place in np.argsort(keys, kind="stable")]


class UncertaintySampling:
    """Active learning by uncertainty sampling (Lewis and Gale 1994), over TF-IDF rows in a given order."""

    def __init__(self, names: Sequence[str], rows: Rows) -> None:
        self._names = names
        self._rows = rows

    def choose(self, liked: Mapping[str, bool], leave_out: Collection[str] = ()) -> dict[str, str]:
        """Return up to STEP names that are neither in `liked` nor in `leave_out`, each with how it was chosen.

        These are the least certain ones first or, while there are too few labels for a classifier, or all of one kind,
        the first ones in order.
        """
        waiting = [place for place, name in enumerate(self._names) if name not in liked and name not in leave_out]
        known = [place for place, name in enumerate(self._names) if name in liked]
        answers = np.array([liked[self._names[place]] for place in known], bool)
        if waiting and len(known) >= START and answers.any() and not answers.all():
            scores = learn(self._rows[known], answers).scores(self._rows[waiting])
            waiting = [waiting[place] for place in least_certain(scores)]
            return dict.fromkeys((self._names[place] for place in waiting[:STEP]), UNCERTAIN)
        return dict.fromkeys((self._names[place] for place in waiting[:STEP]), RANDOM)


def least_certain(scores: Scores) -> NDArray[np.int64]:
    """Sort places in `scores`, the one nearest to the decision boundary first."""
    return np.argsort(np.abs(scores), kind="stable")


class LabelingSession:
    """Presents postings in order, or as `strategy` chooses, and saves every answer at once.

    `name` is the posting to be labeled, None if nothing is left. Postings skipped in an earlier session come last.
    """

    def __init__(
        self,
        names: Sequence[str],
        addresses: Mapping[str, str],
        labels: Labels,
        strategy: UncertaintySampling | None = None,
    ) -> None:
        self._names = names
        self._addresses = addresses
        self._labels = labels
        self._strategy = strategy
        self._answers = current_answers(labels.all(), addresses)
        self._later = [name for name in names if self._answers.get(name) == SKIPPED]
        self._chosen: dict[str, str] = {}
        self.name = self._choose()

    def answer(self, key: str) -> bool:
        """Act on a key; False if it ends the session. A key without a meaning does nothing."""
        key = key.lower()
        if key in _QUIT:
            return False
        if key == _BACK and (latest := self._labels.take_back()) is not None:
            for name in current_answers([latest], self._addresses):
                self._answers.pop(name, None)
                self.name = name
        elif self.name is not None and key in ANSWERS:
            chosen = self._chosen.get(self.name, RANDOM)
            self._labels.put(Label(self.name, self._addresses[self.name], ANSWERS[key], chosen=chosen))
            self._answers[self.name] = ANSWERS[key]
            self.name = self._choose()
        return True

    def counts(self) -> str:
        """Return how many of each answer there are, and how many postings have none."""
        kinds = Counter(self._answers.values())
        left = len(self._names) - len(self._answers)
        return f"{kinds[YES]:,} yes · {kinds[NO]:,} no · {kinds[SKIPPED]:,} skipped · {left:,} left"

    def _choose(self) -> str | None:
        if self._strategy is not None and all(name in self._answers for name in self._chosen):
            liked = {name: answer == YES for name, answer in self._answers.items() if answer != SKIPPED}
            self._chosen = self._strategy.choose(liked, self._answers.keys())
        for name in (*self._chosen, *self._names):
            if name not in self._answers:
                return name
        while self._later:
            name = self._later.pop(0)
            if self._answers.get(name) == SKIPPED:
                return name
        return None
