"""Find the text that a checkpoint was trained on by its checksum, and split it as the run did."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from charrnn.data import corpus as data
from charrnn.data import gathered
from charrnn.data.kind import kind_of
from charrnn.model.checkpoint import Checkpoint, check_numbers
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
    def named(self) -> Path:
        """The text as a person finds it: its file, or of a gathered dataset the folder of its parts."""
        return self.path if self.path.exists() else self.folder / gathered.PARTS

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
    if strange := data.unknown_characters(corpus, loaded.vocab):
        raise InputError(
            f"{path.name} does not know these characters of the text in {folder}: {strange}; name the folder of "
            "another text with --data-dir"
        )
    encoded = corpus.with_vocab(loaded.vocab)
    return TrainingText(folder, data.split(encoded, *_fractions(path)), corpus.sha256 == loaded.corpus)


def _fractions(path: Path) -> tuple[float, float]:
    """Return the fractions that the run of a checkpoint trains and validates on: the defaults where it has no state."""
    state = RunFiles(path.parent).resume
    if not train_state.exists(state):
        return data.TRAIN_FRAC, data.VAL_FRAC
    try:
        config = train_state.load(state)["config"]
        fractions = config.get("train_frac", data.TRAIN_FRAC), config.get("val_frac", data.VAL_FRAC)
        check_numbers(train_frac=fractions[0], val_frac=fractions[1])
    except (InputError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{state} cannot be read, so it is unknown which part of the text was trained on; move the file away to "
            f"assume the first {data.TRAIN_FRAC:.0%}"
        ) from error
    return fractions


def with_kind(loaded: Checkpoint, path: Path, folder: Path | None = None) -> Checkpoint:
    """Return the checkpoint in `path` with the kind of its text.

    An older one does not say it: then it is that of the text where that is found, else judged by the vocabulary.
    """
    if loaded.kind:
        return loaded
    try:
        source = find(loaded, path, folder)
        kind = kind_of(source.text) if source.is_original else loaded.text_kind
    except InputError:
        kind = loaded.text_kind
    return replace(loaded, kind=kind)


def _folder(loaded: Checkpoint, path: Path) -> Path:
    """Return the folder in data/ whose text has the checksum of the checkpoint, the run's own folder last."""
    candidates = []
    for note in sorted((*DATA.glob("*/input.ids.json"), *DATA.glob("*/manifest.json"))):
        try:
            if json.loads(note.read_text(encoding="utf-8"))["sha256"] == loaded.corpus:
                candidates.append(note.parent)
        except (ValueError, KeyError, TypeError, RecursionError):
            continue  # not a note of ours
    for folder in (*candidates, DATA / path.parent.name):
        # The text may have changed since the note was written; opening it tells.
        if data.has_text(folder) and data.open_corpus(folder, loaded.vocab).sha256 == loaded.corpus:
            return folder
    raise InputError(
        f"no folder in {DATA}/ holds the text that {path.name} was trained on; name the folder with --data-dir"
    )
