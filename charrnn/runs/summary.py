"""Summarize a run: what it learned, how large it is, how long it trained and how well it did."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from charrnn.model import checkpoint
from charrnn.runs import history
from charrnn.runs.files import RunFiles
from charrnn.runs.training_text import DATA
from scrape.common.console import say
from scrape.common.errors import InputError


@dataclass(frozen=True)
class RunSummary:
    """A run. `loss` is its best validation loss in nats per character, `date` the time of its last checkpoint.

    `text` is the folder of its text, `size` the network's layers and units; both are empty where they are unknown.
    `minutes` is None where there is no log.
    """

    name: str
    text: str
    size: str
    epochs: float
    loss: float
    minutes: float | None
    date: datetime

    @classmethod
    def of(cls, run: Path, texts: dict[str, str]) -> RunSummary:
        """Summarize the run in this folder, which has a checkpoint; `texts` are those of `known_texts`.

        A checkpoint or log that cannot be read is reported.
        """
        entries = checkpoint.list_files(run)
        last = max(entries, key=lambda entry: entry.epoch)
        text = size = ""
        try:
            loaded = checkpoint.load(checkpoint.best(run))
            text = texts.get(loaded.corpus, "")
            size = f"{loaded.config.model} {loaded.config.num_layers}x{loaded.config.rnn_size}"
        except InputError as error:
            say(f"{error}")
        return cls(
            name=run.resolve().name,
            text=text,
            size=size,
            epochs=last.epoch,
            loss=min(entry.val_loss for entry in entries),
            minutes=_minutes(run),
            date=datetime.fromtimestamp(max(entry.path.stat().st_mtime for entry in entries)),
        )


def known_texts() -> dict[str, str]:
    """Return the folders of the texts in data/ by their checksums, as far as they were encoded."""
    found = {}
    for note in sorted(DATA.glob("*/input.ids.json")):
        try:
            found[str(json.loads(note.read_text(encoding="utf-8"))["sha256"])] = str(note.parent)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue  # not a note of ours
    return found


def _minutes(run: Path) -> float | None:
    log = RunFiles(run).log
    if not log.is_file():
        return None
    try:
        lines = history.read(log)
    except InputError as error:
        say(f"{error}")
        return None
    return lines[-1].seconds / 60 if lines else None
