"""What a person likes, as a linear classifier of weighed rows, learned from labels; and how well it does."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.model_selection import StratifiedGroupKFold  # type: ignore[import-untyped]

from scrape.recommend.feature_store import Piece
from scrape.recommend.rows import BITS, BLOCKS, COLUMNS
from scrape.recommend.weigh import Rows, Scale, Vector, weigh

SEED = 2015
FOLDS = 5
FEW = 20  # labels of either kind; below this the figures jump with every label
_RESAMPLES = 1000
_STRENGTH = 10.0  # C of the regression; chosen like the weights of the blocks
_BODY = BLOCKS.index("body")

MEASURES = ("precision", "recall", "F1", "average precision")

Answers = NDArray[np.bool_]
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """A linear classifier: a row's score is `row @ coef + bias`, and above 0 it says yes. `coef` is (COLUMNS,)."""

    coef: Vector
    bias: float

    def scores(self, weighed: Rows) -> Scores:
        """(postings,)"""
        return np.asarray(weighed @ self.coef, np.float64) + self.bias


@dataclass(frozen=True, slots=True)
class Taste:
    """A classifier with the scale of its rows. A score s means yes with probability 1 / (1 + exp(-slope s - shift))."""

    scale: Scale
    line: Line
    slope: float = 1.0
    shift: float = 0.0

    def probabilities(self, scores: Scores) -> Scores:
        return 1 / (1 + np.exp(-np.clip(self.slope * scores + self.shift, -60, 60)))


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


Report = dict[str, dict[str, Figure]]
"""{classifier or baseline: {measure: figure}}"""


def learn(rows: Rows, liked: Answers) -> Line:
    """The classifier of labelled rows: logistic regression in which the yes and the no weigh the same together.

    Only the columns that the rows use are learned; all others have no say. Both answers must occur.
    """
    used = np.unique(rows.indices)
    model = LogisticRegression(C=_STRENGTH, class_weight="balanced", solver="liblinear", random_state=SEED)
    model.fit(rows[:, used], liked)
    coef = np.zeros(COLUMNS, np.float32)
    coef[used] = model.coef_[0]
    return Line(coef, float(model.intercept_[0]))


def taste(piece: Piece, liked: Answers, scale: Scale) -> tuple[Taste, Report]:
    """What the labels of these postings teach, and what cross-validation says of it.

    The report is empty where there are fewer than two labels of a kind, and the probabilities are then no more
    than the classifier's own.
    """
    rows = weigh(piece, scale.idf)
    line = learn(rows, liked)
    unseen = held_out(rows, liked, twins(piece))
    if unseen is None:
        return Taste(scale, line), {}
    return Taste(scale, line, *calibrate(unseen, liked)), report(unseen, liked)


def twins(piece: Piece) -> NDArray[np.int64]:
    """(postings,): equal numbers for equal bodies. One text in two cities must not be both learned and examined."""
    columns = (piece.columns[start:end] for start, end in pairwise(piece.starts))
    bodies = [row[row >> BITS >= _BODY].tobytes() for row in columns]
    first = {body: number for number, body in reversed(list(enumerate(bodies)))}
    return np.array([first[body] for body in bodies], np.int64)


def held_out(rows: Rows, liked: Answers, groups: NDArray[np.int64]) -> Scores | None:
    """The score of each posting by a classifier that has not seen it, in folds of like shares; None for too few."""
    folds = min(FOLDS, *(len(set(groups[liked == answer])) for answer in (True, False)))
    if folds < 2:
        return None
    scores = np.zeros(len(liked))
    split = StratifiedGroupKFold(folds, shuffle=True, random_state=SEED)
    for known, unseen in split.split(rows, liked, groups):
        if liked[known].any() and not liked[known].all():
            scores[unseen] = learn(rows[known], liked[known]).scores(rows[unseen])
    return scores


def calibrate(unseen: Scores, liked: Answers) -> tuple[float, float]:
    """Slope and shift that make probabilities of scores: Platt (1999), with his softened targets.

    A slope below 0, by which the best would be the worst, only says that nothing was learned; it becomes 0.
    """
    yes, no = int(liked.sum()), int((~liked).sum())
    target = np.where(liked, (yes + 1) / (yes + 2), 1 / (no + 2))
    model = LogisticRegression(C=1e3, solver="lbfgs")
    twice = np.concatenate([unseen, unseen])[:, None]
    answers = np.repeat([True, False], len(liked))
    model.fit(twice, answers, sample_weight=np.concatenate([target, 1 - target]))
    slope = float(model.coef_[0, 0])
    return (slope, float(model.intercept_[0])) if slope > 0 else (0.0, float(np.log((yes + 1) / (no + 1))))


def report(unseen: Scores, liked: Answers) -> Report:
    """Every measure of the classifier and of the two baselines, which say the same of every posting."""
    usual = 1.0 if liked.mean() > 0.5 else -1.0
    says = {"this taste": unseen, "all yes": np.ones(len(liked)), "most frequent": np.full(len(liked), usual)}
    return {who: figures(scores, liked) for who, scores in says.items()}


def figures(scores: Scores, liked: Answers) -> dict[str, Figure]:
    """Each measure with the percentile bootstrap of Efron (1979): a resample has as many yes and no as there are."""
    dice = np.random.default_rng(SEED)
    kinds = [np.flatnonzero(liked), np.flatnonzero(~liked)]
    drawn = (np.concatenate([dice.choice(kind, len(kind)) for kind in kinds]) for _ in range(_RESAMPLES))
    spread = np.array([measures(scores[places], liked[places]) for places in drawn])
    lows, highs = np.percentile(spread, (2.5, 97.5), axis=0)
    values = zip(MEASURES, measures(scores, liked), lows, highs, strict=True)
    return {name: Figure(float(value), float(low), float(high)) for name, value, low, high in values}


def measures(scores: Scores, liked: Answers) -> tuple[float, ...]:
    """Precision, recall and F1 of the yes that scores above 0 say (0 where they say none), and average precision."""
    said = scores > 0
    right = float((said & liked).sum())
    precision, recall = right / max(1, said.sum()), right / max(1, liked.sum())
    f1 = 2 * right / max(1, said.sum() + liked.sum())
    return precision, recall, f1, average_precision(scores, liked)


def average_precision(scores: Scores, liked: Answers) -> float:
    """Sum of precision times the step in recall, over the thresholds from the top; ties share one threshold."""
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(liked[order])
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)  # of each run of equal scores
    steps = np.diff(right[last], prepend=0)
    return float((steps * right[last] / (last + 1)).sum() / max(1, right[-1]))
