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
    """The text of a checkpoint. `is_original` is False for another text, named to measure on."""

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

    It is split by the fractions in the run's train state (cv/<run>.resume), or by the defaults where there is none.
    Raises InputError where the text is not found, or has a character that the checkpoint does not know.
    """
    folder = folder or _folder(loaded, path)
    corpus = data.open_corpus(folder, loaded.vocab)
    try:
        encoded = corpus.with_vocab(loaded.vocab)
    except InputError as error:
        strange = "".join(sorted(set(corpus.vocab.chars) - set(loaded.vocab.chars)))
        raise InputError(
            f"{path.name} does not know {strange!r}, which the text in {folder} has; "
            "name the folder of another text with --data-dir"
        ) from error
    state = RunFiles(path.parent).resume
    config = train_state.load(state)["config"] if train_state.exists(state) else {}
    fractions = config.get("train_frac", data.TRAIN_FRAC), config.get("val_frac", data.VAL_FRAC)
    return TrainingText(folder, data.split(encoded, *fractions), corpus.sha256 == loaded.corpus)


def _folder(loaded: Checkpoint, path: Path) -> Path:
    """Return the folder in data/ whose text has the checksum of the checkpoint, the run's own folder last."""
    candidates = []
    for note in sorted(DATA.glob("*/input.ids.json")):
        try:
            if json.loads(note.read_text(encoding="utf-8"))["sha256"] == loaded.corpus:
                candidates.append(note.parent)
        except (ValueError, KeyError, TypeError):
            continue  # not a note of ours
    for folder in (*candidates, DATA / path.parent.name):
        # The text may have changed since the note was written; opening it tells.
        if (folder / "input.txt").is_file() and data.open_corpus(folder, loaded.vocab).sha256 == loaded.corpus:
            return folder
    raise InputError(
        f"no folder in {DATA}/ holds the text that {path.name} was trained on; name the folder with --data-dir"
    )
