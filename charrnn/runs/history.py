"""Write and read the training history of a run: one JSON line for each evaluation, in cv/<run>.jsonl."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from charrnn.model.checkpoint import check_numbers
from scrape.common.errors import InputError
from scrape.common.files import refuse_link, write_whole

LARGEST = 64 << 20  # bytes: a line has about 180


@dataclass(frozen=True)
class Evaluation:
    """The result of one evaluation. Losses are in nats per character; `train_loss` is the mean since the one before.

    `seconds` is the time spent training since the run began, `characters_per_second` that since the last evaluation.
    """

    epoch: float
    step: int
    train_loss: float
    val_loss: float
    learning_rate: float
    characters_per_second: int
    seconds: float


def append(path: Path, evaluation: Evaluation) -> None:
    """Append one line and flush it to the disk. Raises InputError where the log is a link."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with refuse_link(path).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(evaluation)) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> list[Evaluation]:
    """Return the evaluations of a run, in order. A last line that a crash cut short is ignored.

    Raises InputError where the log is absent, or larger than any, or a line of it is no evaluation.
    """
    if not path.is_file():
        raise InputError(f"there is no log {path}; train a model with: python -m charrnn.train")
    if path.stat().st_size > LARGEST:
        raise InputError(f"{path} is larger than any training log ({LARGEST >> 20} MiB); move the file away")
    try:
        *whole, _cut = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text, so not a training log; move the file away") from error
    evaluations = []
    for number, line in enumerate(whole, 1):
        try:
            evaluation = Evaluation(**json.loads(line))
            check_numbers(**asdict(evaluation))
            evaluations.append(evaluation)
        except (ValueError, TypeError, RecursionError) as error:
            raise InputError(f"{path}: line {number} is not of a training log; move the file away") from error
    return evaluations


def truncate(path: Path, step: int) -> None:
    """Remove what was logged after `step`: a run that resumes from there will log it again."""
    if path.is_file():
        kept = (evaluation for evaluation in read(path) if evaluation.step <= step)
        write_whole(path, "".join(json.dumps(asdict(evaluation)) + "\n" for evaluation in kept))
