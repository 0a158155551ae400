"""Show series of texts that differ in one thing: how much the network has read, or how daring it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from charrnn.pages.facts import chance, times
from charrnn.pages.text import TextView
from charrnn.pages.views import PostingView, Provenance
from charrnn.sample.compare import CHECKPOINTS, Comparison, Stage
from charrnn.sample.generate import Sample


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """The texts of a series at one stage or temperature, which `label` names and `note` explains."""

    label: str
    note: str
    views: Sequence[PostingView | TextView]


@dataclass(frozen=True, slots=True)
class Series:
    """Texts from the same beginnings and random numbers; `anchor` is its name in addresses, `link` leads to it."""

    anchor: str
    link: str
    heading: str
    explanation: str
    rows: Sequence[SeriesRow]


def make_series(comparison: Comparison, source: Provenance) -> list[Series]:
    """Return the series of a comparison: the stages of training, and the temperatures, as far as there are any."""
    made = []
    if comparison.stages:
        stages = [
            SeriesRow(
                f"After reading it {times(stage.epoch)}" if stage.epoch else "Untrained",
                _stage_note(stage, source),
                _views(stage.samples, source),
            )
            for stage in comparison.stages
        ]
        explanation = (
            "The same beginning and the same random numbers, given to the network before training, and after it had "
            "read its training text for a while. The percentage is the typical chance that it gave to the letter that "
            f"really came next, in text that it had never read. {_kept(comparison)}"
        )
        made.append(Series("learned", "See how it learned to write", "How it learned to write", explanation, stages))
    if comparison.temperatures:
        steps = [
            SeriesRow(f"Temperature {step.temperature:g}", _daring(step.temperature), _views(step.samples, source))
            for step in comparison.temperatures
        ]
        explanation = (
            "Temperature says how daring the network is when it draws the next letter: low, it nearly always takes the "
            "likeliest and repeats what it knows; high, it takes unlikely ones more often, makes more up, and makes "
            "more mistakes. Beginning and random numbers are the same each time."
        )
        made.append(Series("temperature", "See what temperature does", "How daring should it be?", explanation, steps))
    return made


def _stage_note(stage: Stage, source: Provenance) -> str:
    if stage.val_loss is None:
        blind = f"{1 / source.characters:.0%} for the right letter"
        return f"Its numbers are random (seed {source.seed}): blind guessing, {blind}"
    return f"{chance(stage.val_loss)} for the right letter"


def _kept(comparison: Comparison) -> str:
    """Say which of the checkpoints of a run are shown."""
    count = comparison.checkpoints
    if count > CHECKPOINTS:
        return f"These are {CHECKPOINTS} of the {count} checkpoints (saved stages) of its training."
    if count == CHECKPOINTS:
        return f"These are the {CHECKPOINTS} checkpoints (saved stages) of its training."
    checkpoints = "1 checkpoint (saved stage)" if count == 1 else f"{count} checkpoints (saved stages)"
    return f"Up to {CHECKPOINTS} stages are shown; this training left {checkpoints}."


def _daring(temperature: float) -> str:
    if temperature < 0.4:
        return "Nearly always the likeliest letter"
    if temperature < 0.7:
        return "Mostly likely letters"
    return "Nearly as it learned" if temperature <= 1 else "More unlikely letters than it learned"


def _views(samples: Sequence[Sample], source: Provenance) -> Sequence[PostingView | TextView]:
    return [PostingView.of(sample) if source.kind.is_postings else TextView(sample) for sample in samples]
