"""Which posting to ask about next: in an order that means nothing, or first what the taste is least sure of."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scrape.recommend.classifier import Scores, learn
from scrape.recommend.weigh import Rows

START = 20  # labels in any order before a taste is asked, lest its first guesses lead astray
STEP = 5  # labels between two tastes


def shuffled(names: Iterable[str]) -> list[str]:
    """Names in an order that has nothing to do with what they name, and that stays when others come."""
    return sorted(names, key=lambda name: hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest())


class Uncertain:
    """Active learning by uncertainty sampling (Lewis and Gale 1994), over weighed rows in a given order."""

    def __init__(self, names: Sequence[str], rows: Rows) -> None:
        self._names = names
        self._rows = rows

    def next(self, liked: Mapping[str, bool], leave_out: Collection[str] = ()) -> list[str]:
        """Up to STEP names that are neither in `liked` nor in `leave_out`: those that the taste is least sure of.

        The first ones in order where there are too few labels for a taste, or all of one kind.
        """
        waiting = [place for place, name in enumerate(self._names) if name not in liked and name not in leave_out]
        known = [place for place, name in enumerate(self._names) if name in liked]
        answers = np.array([liked[self._names[place]] for place in known], bool)
        if waiting and len(known) >= START and answers.any() and not answers.all():
            scores = learn(self._rows[known], answers).scores(self._rows[waiting])
            waiting = [waiting[place] for place in least_sure(scores)]
        return [self._names[place] for place in waiting[:STEP]]


def least_sure(scores: Scores) -> NDArray[np.int64]:
    """Places in `scores`, from the one nearest to the line between yes and no."""
    return np.argsort(np.abs(scores), kind="stable")
