"""A run at its stages: what its early, its best and its last checkpoint write to the same beginnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from charrnn.model import checkpoint
from charrnn.model.checkpoint import Entry
from charrnn.pages.gallery import Stage
from charrnn.pages.views import Shown
from charrnn.sample.sampler import Request, Sampler
from scrape.common.console import say
from scrape.common.errors import InputError

LENGTH = 1200  # characters of a posting of which a reader sees the beginning


def of_run(path: Path, done: Sequence[Shown], request: Request, device: str, count: int) -> list[Stage]:
    """`count` postings of each stage of the run that the checkpoint `path` is of; none where it has only one.

    `done` is what `path` has already written to `request`, in the order of the rows. Each row is drawn with the
    same random numbers at every stage.
    """
    chosen = entries(path.parent)
    if len(chosen) < 2 or not count:
        return []
    few = replace(request, count=count, length=min(request.length, LENGTH))
    made = []
    for name, entry in chosen:
        try:
            shown = done[:count] if entry.path == path else _written(entry.path, few, device)
        except InputError as error:
            say(f"the gallery goes without a stage of the run: {error}")
            continue
        made.append(Stage(name, entry.epoch, entry.val_loss, shown))
    return made


def entries(run: Path) -> list[tuple[str, Entry]]:
    """The stages of a run by name: its first checkpoint, its best and its last, oldest first, none of them twice."""
    known = checkpoint.entries(run)
    if not known:
        return []
    best, last = checkpoint.best(run), checkpoint.last(run)
    names = {known[0].path: "early", last: "the last", best: "the best and last" if best == last else "the best"}
    return [(names[entry.path], entry) for entry in known if entry.path in names]


def _written(path: Path, request: Request, device: str) -> list[Shown]:
    sampler = Sampler.of(checkpoint.load(path), request, device)
    samples = sorted(sampler.samples(sampler.prompts()), key=lambda sample: sample.row)
    return [Shown.of(sample) for sample in samples]
