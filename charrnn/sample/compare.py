"""Compare what a network writes: at stages of its training, and at several temperatures, from the same beginnings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from charrnn.data.corpus import LINES
from charrnn.data.kind import TextKind
from charrnn.model import checkpoint
from charrnn.model.checkpoint import Checkpoint, CheckpointFile
from charrnn.model.lstm import CharLSTM
from charrnn.sample.generate import Sample
from charrnn.sample.sampler import Sampler
from scrape.common.console import say
from scrape.common.errors import InputError
from scrape.markup import grammar

CHECKPOINTS = 5
"""The most checkpoints of a run that are compared."""

TEMPERATURES = (0.2, 0.5, 0.8, 1.1)

_LENGTH = 500  # characters: the gallery shows only the beginning of these texts
_LINES = 5  # texts of each row, where a text is a line


@dataclass(frozen=True, slots=True)
class Stage:
    """The samples of a stage of training: of the untrained network, whose `val_loss` is None, or of a checkpoint."""

    epoch: float
    val_loss: float | None
    samples: Sequence[Sample]


@dataclass(frozen=True, slots=True)
class TemperatureStep:
    """The samples at one temperature."""

    temperature: float
    samples: Sequence[Sample]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The samples of a network from the same beginnings and random numbers, at stages of its training, oldest first.

    And those at several temperatures. `checkpoints` is how many the run has. Where nothing was compared, all is empty.
    """

    stages: Sequence[Stage] = ()
    temperatures: Sequence[TemperatureStep] = ()
    checkpoints: int = 0


def compare(path: Path, sampler: Sampler, done: Sequence[Sample], count: int | None) -> Comparison:
    """Sample `count` texts at each stage of the run of the checkpoint `path`, and at each temperature.

    `done` are the samples of `path` for the request of `sampler`, in the order of their rows; the texts begin as these
    do. None stands for one text, or five where a text is a line; 0 compares nothing.
    """
    kind = sampler.loaded.text_kind
    if count is None:
        count = _LINES if kind.form == LINES else 1
    if not count:
        return Comparison()
    first, request = done[:count], sampler.request
    few = replace(request, count=len(first), params=replace(request.params, length=min(request.params.length, _LENGTH)))
    writer = _Writer(path, replace(sampler, request=few), first, [_beginning(sample, kind) for sample in first])
    files = checkpoint.list_files(path.parent)
    if path not in {file.path for file in files}:  # a file of another name
        files = [CheckpointFile(path, sampler.loaded.epoch, sampler.loaded.val_loss)]
    return Comparison(list(writer.stages(files)), list(writer.temperatures()), len(files))


def spread(files: Sequence[CheckpointFile]) -> list[CheckpointFile]:
    """Return five of a run's checkpoints, oldest first, spread over its training; all where there are no more.

    The first, the best and the last are among them.
    """
    if len(files) <= CHECKPOINTS:
        return list(files)
    best = min(range(len(files)), key=lambda at: (files[at].val_loss, -at))
    places = {round(place) for place in np.linspace(0, len(files) - 1, CHECKPOINTS)}
    if best not in places:
        places.remove(min(places - {0, len(files) - 1}, key=lambda at: abs(at - best)))
    return [files[at] for at in sorted(places | {best})]


def untrained(loaded: Checkpoint, seed: int) -> CharLSTM:
    """Return a network of the shape of a checkpoint, as it is before training: its weights are random numbers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return CharLSTM(loaded.config).eval()


def _beginning(sample: Sample, kind: TextKind) -> str:
    """Return the beginning that all texts of a comparison share: the prompt, of a posting with its title.

    Random numbers belong to positions, so the same network continues the beginning to the same text.
    """
    before, title_end, _ = sample.text.partition(grammar.CLOSE["h1"])
    has_title = kind.is_postings and title_end and len(before) > len(sample.prompt)
    return before + title_end if has_title else sample.prompt


@dataclass(frozen=True)
class _Writer:
    """The checkpoint in `path`, its samples `done`, and their beginnings, which other networks continue."""

    path: Path
    sampler: Sampler
    done: Sequence[Sample]
    beginnings: list[str] = field(repr=False)

    def stages(self, files: Sequence[CheckpointFile]) -> Iterator[Stage]:
        """Yield the stages of a run with these checkpoints. One that cannot be used is reported."""
        loaded, seed = self.sampler.loaded, self.sampler.request.params.seed
        device = self.sampler.model.decoder.weight.device
        fresh = replace(self.sampler, model=untrained(loaded, seed).to(device))
        yield Stage(0.0, None, self._write(fresh))
        for file in spread(files):
            try:
                samples = self.done
                if file.path != self.path:
                    other = replace(checkpoint.load(file.path), kind=loaded.text_kind)
                    if other.vocab.chars != loaded.vocab.chars:
                        raise InputError(f"{file.path} has another vocabulary, so it learned another text")
                    samples = self._write(replace(self.sampler, loaded=other, model=other.model(device)))
            except InputError as error:
                say(f"one stage of the run is left out: {error}")
                continue
            yield Stage(file.epoch, file.val_loss, samples)

    def temperatures(self) -> Iterator[TemperatureStep]:
        """Yield the samples at each temperature; none where the settings leave one character to choose from."""
        request = self.sampler.request
        for temperature in TEMPERATURES:
            params = replace(request.params, temperature=temperature)
            if params.is_greedy:
                return
            here = self.done
            if temperature != request.params.temperature:
                here = self._write(replace(self.sampler, request=replace(request, params=params)))
            yield TemperatureStep(temperature, here)

    def _write(self, sampler: Sampler) -> list[Sample]:
        return sorted(sampler.samples(self.beginnings), key=lambda sample: sample.row)
