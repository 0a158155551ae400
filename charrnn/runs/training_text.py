"""Find the text that a checkpoint was trained on by its checksum, and split it as the run did."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from charrnn.data import corpus as data
from charrnn.model.checkpoint import Checkpoint
from charrnn.runs import train_state
from charrnn.runs.files import RunFiles
from scrape.common.errors import InputError

DATA = Path("data")


@dataclass(frozen=True)
class TrainingText:
    """The text of a checkpoint. `is_original`: it is the text trained on, not another one to measure on."""

    folder: Path
    text: data.Split
    is_original: bool

    @property
    def path(self) -> Path:
        return self.folder / "input.txt"

    @property
    def train_size(self) -> int:
        """Number of characters, from the beginning of the text, that were trained on."""
        return len(self.text.train)


def find(loaded: Checkpoint, path: Path, folder: Path | None = None) -> TrainingText:
    """Return the text of the checkpoint in `path`, in its ids: from `folder`, or the one in data/ with its checksum.

    It is split by the fractions that the run's state (cv/<run>.resume) names, and by the usual ones where there is
    no state. Raises InputError where the text is not found, or has a character that the checkpoint does not know.
    """
    corpus = data.open_corpus(folder or _folder(loaded, path), loaded.vocab)
    same = corpus.sha256 == loaded.corpus
    try:
        spoken = corpus.with_vocab(loaded.vocab)
    except InputError as error:
        strange = "".join(sorted(set(corpus.vocab.chars) - set(loaded.vocab.chars)))
        raise InputError(
            f"{path.name} does not know {strange!r}, which the text in {folder} has; "
            "name the folder of a text in its characters with --data-dir"
        ) from error
    return TrainingText(folder or _folder(loaded, path), data.split(spoken, *_fractions(path)), same)


def _folder(loaded: Checkpoint, path: Path) -> Path:
    for note in sorted(DATA.glob("*/input.ids.json")):
        try:
            if json.loads(note.read_text(encoding="utf-8"))["sha256"] == loaded.corpus:
                return note.parent
        except (ValueError, KeyError, TypeError):
            continue  # not a note of ours
    usual = DATA / path.parent.name
    if (usual / "input.txt").is_file() and data.open_corpus(usual, loaded.vocab).sha256 == loaded.corpus:
        return usual
    raise InputError(
        f"no folder in {DATA}/ holds the text that {path.name} was trained on; name the folder with --data-dir"
    )


def _fractions(path: Path) -> tuple[float, float]:
    """Return the fractions to train and to validate on: of the run where its state is there, else the defaults."""
    state = RunFiles(path.parent).resume
    if train_state.exists(state):
        config = train_state.load(state)["config"]
        return config["train_frac"], config["val_frac"]
    return data.TRAIN_FRAC, data.VAL_FRAC
