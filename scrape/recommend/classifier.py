"""The classifier of postings: logistic regression on TF-IDF, learned from labels, evaluated, calibrated and saved.

On disk it is `classifier.npz`: plain arrays and a line of JSON, which cannot run code when they are read.
"""

from __future__ import annotations

import io
import json
import platform
import zipfile
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.metrics import (  # type: ignore[import-untyped]
    average_precision_score,
    precision_recall_fscore_support,
)
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict  # type: ignore[import-untyped]

from scrape.common.errors import InputError
from scrape.common.files import write_whole
from scrape.dataset.store import Store
from scrape.recommend import features
from scrape.recommend.feature_store import FeatureBatch
from scrape.recommend.features import BITS, BLOCKS, COLUMNS
from scrape.recommend.tfidf import WEIGHTS, DocumentFrequency, Rows, Vector, weigh

FILE = "classifier.npz"
OLD_FILE = "taste.npz"  # its columns were hashed in another way, so it cannot be used
SEED = 2015
FOLDS = 5
FEW = 20  # labels of either kind; with fewer, the figures jump with every label
MEASURES = ("precision", "recall", "F1", "average precision")

_FORMAT = 2
_PACKAGES = ("dream-jobs", "numpy", "scikit-learn", "scipy")
_LARGEST = 256 << 20  # bytes; a classifier that uses every column has less
_RESAMPLES = 1000
_C = 10.0  # inverse strength of the regularization; chosen like the weights of the blocks
_BODY = BLOCKS.index("body")

Answers = NDArray[np.bool_]
Scores = NDArray[np.float64]
Folds = list[tuple[NDArray[np.int64], NDArray[np.int64]]]


@dataclass(frozen=True, slots=True)
class LinearModel:
    """A row's score is `row @ coef + bias`; above 0 means yes. `coef` is (COLUMNS,)."""

    coef: Vector
    bias: float

    def scores(self, rows: Rows) -> Scores:
        """Return the score of each row, (postings,)."""
        return np.asarray(rows @ self.coef, np.float64) + self.bias


@dataclass(frozen=True, slots=True)
class Classifier:
    """A linear model, the TF-IDF of its input, and its calibration: P(yes) = 1 / (1 + exp(-slope score - shift))."""

    frequency: DocumentFrequency
    model: LinearModel
    slope: float = 1.0
    shift: float = 0.0

    @property
    def calibrated(self) -> bool:
        """False where there were too few labels to fit the calibration, and so to evaluate the classifier."""
        return (self.slope, self.shift) != (1.0, 0.0)

    def scores(self, batch: FeatureBatch) -> Scores:
        """Return the score of each posting, (postings,)."""
        return self.model.scores(weigh(batch, self.frequency.idf))

    def probabilities(self, scores: Scores) -> Scores:
        """Return the probabilities that belong to scores, (postings,)."""
        return 1 / (1 + np.exp(-np.clip(self.slope * scores + self.shift, -60, 60)))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure with its 95 % confidence interval."""

    value: float
    low: float
    high: float


Report = dict[str, dict[str, Estimate]]
"""{classifier or baseline: {measure: estimate}}"""


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """The labels that a classifier was trained on, by number, and the versions of what trained it."""

    yes: int
    no: int
    versions: dict[str, str]


# ---------------------------------------------------------------------- training


def learn(rows: Rows, liked: Answers) -> LinearModel:
    """Fit a model to labeled rows, in which all yes weigh as much as all no. Both answers must occur."""
    used = used_columns(rows)
    return _spread(used, _regression().fit(rows[:, used], liked))


def used_columns(rows: Rows) -> NDArray[np.int64]:
    """Return the columns that any of the rows has, ascending."""
    used = np.zeros(COLUMNS, bool)  # a quarter of the time of np.unique
    used[rows.indices] = True
    return np.flatnonzero(used)


def train(batch: FeatureBatch, liked: Answers, frequency: DocumentFrequency) -> tuple[Classifier, Report]:
    """Learn a classifier from labeled postings and evaluate it by cross-validation.

    With fewer than two labels of a kind there is no report, and the probabilities are the model's own.
    """
    rows = weigh(batch, frequency.idf)
    folds = split(liked, duplicate_bodies(batch))
    if not folds:
        return Classifier(frequency, learn(rows, liked)), {}
    used = used_columns(rows)
    regression, slope, shift = calibrate(rows[:, used], liked, folds)
    scores = held_out_scores(rows[:, used], liked, folds)
    return Classifier(frequency, _spread(used, regression), slope, shift), evaluate(scores, liked)


def duplicate_bodies(batch: FeatureBatch) -> NDArray[np.int64]:
    """Return (postings,) numbers, equal for equal bodies: one text in two cities must not be in two folds."""
    columns = (batch.columns[start:end] for start, end in pairwise(batch.starts))
    bodies = [row[row >> BITS >= _BODY].tobytes() for row in columns]
    return np.unique(np.array(bodies, object), return_inverse=True)[1]


def split(liked: Answers, groups: NDArray[np.int64]) -> Folds:
    """Split labels into up to FOLDS folds with like shares of yes, groups kept together; none for too few labels."""
    count = min(FOLDS, *(len(set(groups[liked == answer])) for answer in (True, False)))
    if count < 2:
        return []
    folds = list(StratifiedGroupKFold(count, shuffle=True, random_state=SEED).split(liked, liked, groups))
    return folds if all(0 < liked[known].sum() < len(known) for known, _ in folds) else []


def held_out_scores(rows: Rows, liked: Answers, folds: Folds) -> Scores:
    """Return (postings,) scores, each by a model that was fitted without the posting's fold."""
    return np.asarray(cross_val_predict(_regression(), rows, liked, cv=folds, method="decision_function"))


def calibrate(rows: Rows, liked: Answers, folds: Folds) -> tuple[LogisticRegression, float, float]:
    """Fit a model to all rows, and slope and shift of its probabilities to held-out scores (Platt 1999).

    A slope below 0, by which the best would be the worst, means that nothing was learned; it becomes 0.
    """
    fitted = CalibratedClassifierCV(_regression(), method="sigmoid", cv=folds, ensemble=False).fit(rows, liked)
    (calibrated,) = fitted.calibrated_classifiers_
    (sigmoid,) = calibrated.calibrators
    slope, shift = -float(sigmoid.a_), -float(sigmoid.b_)
    if slope <= 0:
        slope, shift = 0.0, float(np.log((liked.sum() + 1) / ((~liked).sum() + 1)))
    return calibrated.estimator, slope, shift


def _regression() -> LogisticRegression:
    return LogisticRegression(C=_C, class_weight="balanced", solver="liblinear", random_state=SEED)


def _spread(used: NDArray[np.int64], regression: LogisticRegression) -> LinearModel:
    """Return a regression on the used columns as a model of all columns; the others have no say."""
    coef = np.zeros(COLUMNS, np.float32)
    coef[used] = regression.coef_[0]
    return LinearModel(coef, float(regression.intercept_[0]))


# ---------------------------------------------------------------------- evaluation


def evaluate(scores: Scores, liked: Answers) -> Report:
    """Measure held-out scores beside two baselines, which say the same of every posting."""
    most = 1.0 if liked.mean() > 0.5 else -1.0
    rivals = {"this classifier": scores, "all yes": np.ones(len(liked)), "most frequent": np.full(len(liked), most)}
    return {who: estimate(said, liked) for who, said in rivals.items()}


def estimate(scores: Scores, liked: Answers) -> dict[str, Estimate]:
    """Estimate each measure with the percentile bootstrap (Efron 1979), in resamples with as many yes and no."""
    # A constant score measures the same in every resample.
    resamples = _RESAMPLES if np.ptp(scores) else 1
    dice = np.random.default_rng(SEED)
    kinds = [np.flatnonzero(liked), np.flatnonzero(~liked)]
    places = [np.column_stack([kind, dice.choice(kind, (len(kind), resamples))]) for kind in kinds if len(kind)]
    values = measures(scores[np.concatenate(places)], liked[np.concatenate(places)])
    lows, highs = np.percentile(values[:, 1:], (2.5, 97.5), axis=1)
    rows = zip(MEASURES, values[:, 0], lows, highs, strict=True)
    return {name: Estimate(float(value), float(low), float(high)) for name, value, low, high in rows}


def measures(scores: Scores, liked: Answers) -> NDArray[np.float64]:
    """(measures, samples) of (postings, samples): precision, recall and F1 of scores above 0; average precision.

    There must be at least two samples, which scikit-learn then takes for labels of their own.
    """
    of_yes = precision_recall_fscore_support(liked, scores > 0, average=None, zero_division=0.0)[:3]
    return np.array([*of_yes, average_precision_score(liked, scores, average=None)])


# ---------------------------------------------------------------------- on disk


def save(root: Path, classifier: Classifier, yes: int, no: int) -> None:
    """Write the classifier of a dataset and how many labels it was trained on; only columns in use are kept."""
    known = np.flatnonzero(classifier.frequency.counts)
    learned = np.flatnonzero(classifier.model.coef)
    about = _expected() | {
        "yes": yes,
        "no": no,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES},
        "postings": classifier.frequency.postings,
        "bias": classifier.model.bias,
        "slope": classifier.slope,
        "shift": classifier.shift,
    }
    whole = io.BytesIO()
    np.savez_compressed(
        whole,
        about=np.frombuffer(json.dumps(about).encode(), np.uint8),
        frequency_columns=known.astype(np.uint32),
        frequency=classifier.frequency.counts[known],
        coef_columns=learned.astype(np.uint32),
        coef=classifier.model.coef[learned],
    )
    write_whole(root / FILE, whole.getvalue())
    (root / OLD_FILE).unlink(missing_ok=True)


def load(store: Store) -> tuple[Classifier, TrainingRecord]:
    """Read the classifier of a dataset. Raises InputError if there is none, or none that this version can use."""
    path, old = store.root / FILE, store.root / OLD_FILE
    train_it = f"run `{store.command('scrape.recommend train')}`"
    if not path.exists():
        if old.exists():
            raise InputError(f"{old} was made by an earlier version; {train_it} to make {FILE}")
        raise InputError(f"there is no classifier {path} yet; label some postings and {train_it}")
    try:
        _check_size(path)
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            about = json.loads(arrays["about"].tobytes())
            if any(about.get(name) != value for name, value in json.loads(json.dumps(_expected())).items()):
                raise ValueError("it was made by another version of this program")
            counts = _dense(arrays["frequency_columns"], arrays["frequency"], np.uint32)
            coef = _dense(arrays["coef_columns"], arrays["coef"], np.float32)
        bias, slope, shift = (float(about[name]) for name in ("bias", "slope", "shift"))
        if not np.isfinite([bias, slope, shift]).all():
            raise ValueError("one of its numbers is not finite")
        frequency = DocumentFrequency(int(about["postings"]), counts)
        made = TrainingRecord(int(about["yes"]), int(about["no"]), dict(about["versions"]))
        return Classifier(frequency, LinearModel(coef, bias), slope, shift), made
    except Exception as error:  # a damaged archive raises whatever the part that it hits raises
        raise InputError(f"{path} cannot be used ({error}); {train_it}") from error


def _check_size(path: Path) -> None:
    """Raise ValueError for an archive that unpacks to more than any classifier: its sizes are read before it is."""
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
            raise ValueError(f"it unpacks to more than {_LARGEST:,} bytes")


def _expected() -> dict[str, Any]:
    """Return what must be the same in the program that reads as in the one that wrote."""
    return {"format": _FORMAT, "features": features.VERSION, "columns": COLUMNS, "weights": list(WEIGHTS.items())}


def _dense(columns: NDArray[Any], values: NDArray[Any], kind: type[np.generic]) -> NDArray[Any]:
    """(COLUMNS,): the values at their columns, 0 elsewhere. Raises ValueError for what `save` does not write."""
    ascending = columns.dtype == np.uint32 and columns.ndim == 1 and bool((np.diff(columns.astype(np.int64)) > 0).all())
    if not ascending or columns.shape != values.shape or values.dtype != kind or not np.isfinite(values).all():
        raise ValueError("its arrays are not those of a classifier")
    if len(columns) and columns[-1] >= COLUMNS:
        raise ValueError("it has a column too many")
    whole = np.zeros(COLUMNS, kind)
    whole[columns] = values
    return whole
