"""Measure what few labels teach, beside the pipeline of the project's second source, and how fast postings are ranked.

    scripts/bench.sh recommend quality [--data-dir data/jobs]
    scripts/bench.sh recommend speed [--count 100000]

`quality` labels the postings of a dataset by three stated rules, learns from 75 and from 150 labels, in random order
and in that of `--active`, and prints the average precision on postings held out. The peer is what "Finding Remote Work
with Python and AI" describes: CountVectorizer, TfidfTransformer and SGDClassifier with their defaults, on the joined
text.
`speed` times each verb on invented postings of the bundled board.
"""

from __future__ import annotations

import gzip
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer  # type: ignore[import-untyped]
from sklearn.linear_model import SGDClassifier  # type: ignore[import-untyped]
from sklearn.metrics import average_precision_score  # type: ignore[import-untyped]
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]

from scrape import demo
from scrape.common import console
from scrape.common.errors import InputError
from scrape.common.files import write_whole
from scrape.common.posting import Posting
from scrape.dataset.store import FileStore, Store, encode
from scrape.markup import document
from scrape.markup.simplify import simplify
from scrape.recommend.classifier import learn
from scrape.recommend.feature_store import FILE, FeatureStore, open_features
from scrape.recommend.features import Fields, read_fields
from scrape.recommend.labeling import START, STEP, least_certain
from scrape.recommend.tfidf import document_frequency, weigh

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "postings.jsonl.gz"
SEEDS = (0, 1, 2, 3, 4)  # weights and strength were chosen with the seeds from 101 on, and with other rules
LABELS = (75, 150)
HELD_OUT = 0.4
FEW_LABELS = 300
ROUNDS = 3

Figures = dict[str, list[Any]]
Answers = NDArray[np.bool_]
Scores = NDArray[np.float64]
Places = NDArray[np.int64]

_MACHINE_LEARNING = re.compile(
    r"machine learning|\bml\b|deep learning|data scien|\bnlp\b|computer vision|\bllms?\b", re.IGNORECASE
)
_SENIOR = re.compile(r"\b(senior|sr|staff|principal|lead|head|director|manager|vp|architect|chief)\b", re.IGNORECASE)
_REMOTE = re.compile(r"\bremote(ly)?\b", re.IGNORECASE)
_US = re.compile(r"\b(USA|US|United States)\b")
_DATA_ENGINEERING = re.compile(r"data engineer|data pipeline|\betl\b|data warehous|data lake", re.IGNORECASE)
_SALARY = re.compile(r"\$ ?\d{2,3}(,\d{3}|[kK]\b)")


def machine_learning_not_senior(fields: Fields) -> bool:
    """Accept titles of machine learning or data science without a senior grade."""
    return bool(_MACHINE_LEARNING.search(fields.title)) and not _SENIOR.search(fields.title)


def remote_in_us(fields: Fields) -> bool:
    """Accept places in the United States where `remote` occurs somewhere."""
    return bool(_US.search(fields.place)) and bool(_REMOTE.search(joined(fields)))


def data_engineering_paid(fields: Fields) -> bool:
    """Accept texts about data engineering that state a sum in dollars of five or six digits."""
    return bool(_DATA_ENGINEERING.search(joined(fields))) and bool(_SALARY.search(joined(fields)))


RULES: dict[str, Callable[[Fields], bool]] = {
    "machine learning, not senior": machine_learning_not_senior,
    "remote and in the United States": remote_in_us,
    "data engineering, salary stated": data_engineering_paid,
}


def main(argv: list[str] | None = None) -> int:
    parser = console.parser("recommend.py", "Measure what few labels teach, and how fast postings are ranked.")
    names = ("quality", "speed", "taste")  # taste: the old name of quality
    parser.add_argument("what", choices=names, nargs="?", default="quality", metavar="{quality,speed}")
    parser.add_argument("--data-dir", type=Path, help="the dataset (default: real postings beside the checkout)")
    parser.add_argument("--count", type=int, default=100_000, help="invented postings to rank (100,000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    options = parser.parse_args(argv)
    return console.run(lambda: bench(options), debug=options.debug)


def bench(options: Namespace) -> int:
    figures = speed(options.count) if options.what == "speed" else quality(options.data_dir)
    if options.json:
        write_whole(options.json, json.dumps(figures, indent=1) + "\n")
    return console.OK


# ---------------------------------------------------------------------- quality


def quality(root: Path | None) -> Figures:
    """Print the table of average precision; return the figures of every trial."""
    figures: Figures = {}
    with _dataset(root) as store, open_features(store) as rows:
        postings = [(name, read_fields(store.document(name))) for name in rows.addresses()]
        print(f"{len(postings):,} postings, {HELD_OUT:.0%} of them held out, seeds {SEEDS}; ", end="")
        print("average precision on those: mean ± standard deviation\n")
        print("| rule | share of yes | labels | source, random | source, active | ours, random | ours, active |")
        print("|---|---|---|---|---|---|---|")
        for rule, says in RULES.items():
            answers = np.array([says(fields) for _, fields in postings])
            trials = [_trial(rows, postings, answers, seed) for seed in console.progress(SEEDS)]
            _print_rule(rule, answers, trials)
            figures[rule] = [trial.tolist() for trial in trials]
    return figures


def _print_rule(rule: str, answers: Answers, trials: Sequence[NDArray[np.float64]]) -> None:
    means, spreads = np.mean(trials, axis=0), np.std(trials, axis=0)
    for row, number in enumerate(LABELS):
        cells = [f"{mean:.2f} ± {spread:.2f}" for mean, spread in zip(means[:, row], spreads[:, row], strict=True)]
        print(f"| {rule} | {answers.mean():.3f} | {number} | {' | '.join(cells)} |", flush=True)


def _trial(
    rows: FeatureStore, postings: Sequence[tuple[str, Fields]], answers: Answers, seed: int
) -> NDArray[np.float64]:
    """(4, labels): the source in random and in active order, then ours."""
    order = np.random.default_rng(seed).permutation(len(answers))
    cut = int(len(order) * (1 - HELD_OUT))
    pool, unseen = order[:cut], order[cut:]
    source, ours = Source([joined(fields) for _, fields in postings], seed), Ours(rows, pool)
    asked = [(learner, known) for learner in (source, ours) for known in (pool, active_order(learner, pool, answers))]
    return np.array(
        [[_examined(learner, known[:number], unseen, answers) for number in LABELS] for learner, known in asked]
    )


def _examined(learner: Learner, known: Places, unseen: Places, answers: Answers) -> float:
    if answers[known].all() or not answers[known].any():
        return float(answers[unseen].mean())  # nothing can be learned: any order is as good
    return float(average_precision_score(answers[unseen], learner.scores(known, unseen, answers)))


class Learner(Protocol):
    def scores(self, known: Places, asked: Places, answers: Answers) -> Scores:
        """Return the scores of some postings by a classifier trained on the labels of others."""


class Source:
    """The pipeline of the second source."""

    def __init__(self, texts: Sequence[str], seed: int) -> None:
        self._texts = texts
        self._seed = seed

    def scores(self, known: Places, asked: Places, answers: Answers) -> Scores:
        model = make_pipeline(CountVectorizer(), TfidfTransformer(), SGDClassifier(random_state=self._seed))
        model.fit([self._texts[place] for place in known], answers[known])
        return np.asarray(model.decision_function([self._texts[place] for place in asked]))


class Ours:
    """The classifier of `label` and `train`, with idf counted in the pool alone: what is held out teaches nothing."""

    def __init__(self, rows: FeatureStore, pool: Places) -> None:
        names = list(rows.addresses())
        frequency = document_frequency([rows.batch([names[place] for place in pool])])
        self._rows = weigh(rows.batch(names), frequency.idf)

    def scores(self, known: Places, asked: Places, answers: Answers) -> Scores:
        return learn(self._rows[known], answers[known]).scores(self._rows[asked])


def active_order(learner: Learner, pool: Places, answers: Answers) -> Places:
    """Return the postings of the pool that `label --active` would ask about, in its order."""
    known: list[int] = []
    while len(known) < max(LABELS):
        waiting = np.setdiff1d(pool, known, assume_unique=True)
        if len(known) >= START and answers[known].any() and not answers[known].all():
            scores = learner.scores(np.array(known), waiting, answers)
            waiting = waiting[least_certain(scores)]
        else:
            waiting = pool[len(known) :]
        known += [int(place) for place in waiting[:STEP]]
    return np.array(known)


def joined(fields: Fields) -> str:
    return "\n".join((fields.title, fields.company, fields.place, fields.body))


@contextmanager
def _dataset(root: Path | None) -> Iterator[Store]:
    """Return the dataset at `root`, or the real postings beside the checkout as one."""
    if root is not None:
        yield FileStore(root).require()
        return
    if not SHARED.exists():
        raise InputError("there are no real postings beside the checkout; name a dataset with --data-dir")
    with tempfile.TemporaryDirectory() as folder, gzip.open(SHARED, "rt", encoding="utf-8") as lines:
        store = FileStore(Path(folder))
        for row in map(json.loads, lines):
            key, day = row.pop("id").split(":")[-1], str(row.pop("date"))[:10]
            _put(store, Posting(key=key, date=day, **row))
        yield store


def _put(store: Store, posting: Posting) -> None:
    """Like `Store.add` and `put_document`, without waiting for the disk each time."""
    for path, text in (
        (store.raw_path(posting.name), encode(posting)),
        (store.document_path(posting.name), document.write(replace(posting, html=simplify(posting.html)))),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="")


# ---------------------------------------------------------------------- speed


def speed(number: int) -> Figures:
    """Print how long each verb takes on invented postings, as a person would run it, and its greatest memory."""
    with tempfile.TemporaryDirectory() as folder:
        answers = Path(folder) / "labels.txt"
        # In a process of its own: a child's greatest memory counts what its parent had when it was started.
        writer = multiprocessing.get_context("spawn").Process(target=_write, args=(Path(folder), answers, number))
        writer.start()
        writer.join()
        print("| verb | seconds | MB |\n|---|---|---|")
        verbs = {"label, first pass": ["label", "--from-file", str(answers)], "train": ["train"]}
        again = {f"recommend, round {round_}": ["recommend"] for round_ in range(1, ROUNDS + 1)}
        figures: Figures = {what: _timed(what, verb, folder) for what, verb in (verbs | again).items()}
        print(f"features.sqlite: {(Path(folder) / FILE).stat().st_size / 1e6:,.0f} MB")
    return figures


def _write(root: Path, answers: Path, number: int) -> None:
    """Make a dataset of generated postings, with labels for some: yes for the field of the first one."""
    store, openings = FileStore(root), demo.openings(count=number)
    for opening in console.progress(openings, desc="writing", unit=" postings"):
        _put(store, opening.posting)
    said = ((opening.posting.name, "ny"[opening.field == openings[0].field]) for opening in openings[:FEW_LABELS])
    answers.write_text("".join(f"{name} {answer}\n" for name, answer in said), "utf-8")


def _timed(what: str, verb: list[str], folder: str) -> list[float]:
    """Run a verb in a process of its own; seconds and MB."""
    command = [sys.executable, "-m", "scrape.recommend", *verb, "--data-dir", folder]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, code, used = os.wait4(process.pid, 0)
    seconds, megabytes = time.perf_counter() - start, used.ru_maxrss / 1024
    if code:
        raise InputError(f"{what} failed; run it by itself: {' '.join(command)}")
    print(f"| {what} | {seconds:.1f} | {megabytes:,.0f} |", flush=True)
    return [seconds, megabytes]


if __name__ == "__main__":
    sys.exit(main())
