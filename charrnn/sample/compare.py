"""Compare the checkpoints of a run: sample from the first, the best and the last with the same prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from charrnn.data.kind import TextKind
from charrnn.model import checkpoint
from charrnn.model.checkpoint import CheckpointFile
from charrnn.sample.generate import Sample
from charrnn.sample.sampler import Sampler, SampleRequest
from scrape.common.console import say
from scrape.common.errors import InputError

LENGTH = 1200  # characters: the gallery shows only the beginning of these texts


@dataclass(frozen=True, slots=True)
class Stage:
    """The samples of one checkpoint of a run. `name` says which checkpoint it is, such as "the best"."""

    name: str
    epoch: float
    val_loss: float
    samples: Sequence[Sample]


def sample_stages(
    path: Path, kind: TextKind, done: Sequence[Sample], request: SampleRequest, device: str, count: int
) -> list[Stage]:
    """Sample `count` texts of a kind at each stage of the run of the checkpoint `path`; none where it has only one.

    `done` are the samples of `path` for `request`, in the order of the rows. Each row is sampled with the same random
    numbers at every stage.
    """
    stages = entries(path.parent)
    if len(stages) < 2 or not count:
        return []
    few = replace(
        request,
        count=min(count, request.count),
        params=replace(request.params, length=min(request.params.length, LENGTH)),
    )
    made = []
    for name, entry in stages:
        try:
            samples = done[:count]
            if entry.path != path:
                sampler = Sampler.of(replace(checkpoint.load(entry.path), kind=kind), few, device)
                samples = sorted(sampler.samples(sampler.prompts()), key=lambda sample: sample.row)
        except InputError as error:
            say(f"one stage of the run is left out: {error}")
            continue
        made.append(Stage(name, entry.epoch, entry.val_loss, samples))
    return made


def entries(run: Path) -> list[tuple[str, CheckpointFile]]:
    """Return the stages of a run by name: its first, its best and its last checkpoint, oldest first, each once."""
    known = checkpoint.list_files(run)
    if not known:
        return []
    best, last = checkpoint.best(run), checkpoint.last(run)
    names = {known[0].path: "early", last: "the last", best: "the best and last" if best == last else "the best"}
    return [(names[entry.path], entry) for entry in known if entry.path in names]
