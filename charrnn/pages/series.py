"""Show series of texts that differ in one thing: how much the network has read, or the temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from charrnn.pages.facts import blind_chance, chance, times
from charrnn.pages.text import TextView
from charrnn.pages.views import PostingView, Provenance
from charrnn.sample.compare import CHECKPOINTS, Comparison, Stage
from charrnn.sample.generate import Sample

_TEMPERATURE = (
    "Temperature says how much chance decides when the network chooses the next letter. Low: it nearly always takes "
    "the likeliest, and repeats what it knows. High: it takes unlikely ones more often, makes more up, and makes more "
    "mistakes. The beginning and the random numbers are the same each time."
)


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
    stages = [
        SeriesRow(
            f"After reading it {times(stage.epoch)}" if stage.epoch else "Untrained",
            _stage_note(stage, source),
            _views(stage.samples, source),
        )
        for stage in comparison.stages
    ]
    steps = [
        SeriesRow(f"Temperature {step.temperature:g}", _choice(step.temperature), _views(step.samples, source))
        for step in comparison.temperatures
    ]
    series = [
        Series("learned", "See how it learned to write", "How it learned to write", _training(comparison), stages),
        Series("temperature", "See what temperature does", "What temperature does", _TEMPERATURE, steps),
    ]
    return [each for each in series if each.rows]


def _training(comparison: Comparison) -> str:
    """Return what there is to say of the stages of training."""
    begins = any(sample.prompt for stage in comparison.stages for sample in stage.samples)
    count = comparison.checkpoints
    saved = "checkpoint (saved stage)" if count == 1 else "checkpoints (saved stages)"
    kept = f"Up to {CHECKPOINTS} stages are shown; this training left {count} {saved}."
    if count > CHECKPOINTS:
        kept = f"These are {CHECKPOINTS} of the {count} {saved} of its training."
    return (
        f"The same {'beginning' if begins else 'passage to go on from'} and the same random numbers, given to the "
        "network before training, and after it had read its training text for a while. The percentage is the typical "
        f"chance that it gave to the letter that really came next, in text that it had never read. {kept}"
    )


def _stage_note(stage: Stage, source: Provenance) -> str:
    if stage.val_loss is None:
        blind = f"{blind_chance(source)} for the right letter"
        return f"Its numbers are random (seed {source.seed}): blind guessing, {blind}"
    return f"{chance(stage.val_loss)} for the right letter"


def _choice(temperature: float) -> str:
    if temperature < 0.4:
        return "Nearly always the likeliest letter"
    if temperature < 0.7:
        return "Mostly likely letters"
    return "Nearly as it learned" if temperature <= 1 else "More unlikely letters than it learned"


def _views(samples: Sequence[Sample], source: Provenance) -> Sequence[PostingView | TextView]:
    return [PostingView.of(sample) if source.kind.is_postings else TextView(sample) for sample in samples]
