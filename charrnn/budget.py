"""How many steps fit into the minutes that a person has."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from charrnn import validate
from charrnn.checkpoint import seal
from charrnn.trainer import EVALUATIONS, Trainer

MARGIN = 0.97  # of the time: the machine may become slower
SHARE = 0.15  # of the time, at most, for evaluating within an epoch
_WARM_UP = 3  # first steps are slower: libraries choose and compile their kernels


@dataclass(frozen=True)
class Fit:
    """What fits into a time: steps, and evaluations spread over them."""

    steps: int
    evaluations: int


def fit(probe: Trainer, seconds: float, extra: Callable[[], object] = lambda: None) -> Fit:
    """How many steps fit into `seconds`, with evaluating and saving. Trains `probe`: throw it away.

    `extra` is what else an evaluation entails.
    """
    begun = time.perf_counter()
    for _ in range(_WARM_UP):
        probe.step()
    extra()
    step = _mean_seconds(probe.step, min(max(seconds / 30, 0.5), 15))
    evaluation = _evaluation_seconds(probe) + _seconds(extra)
    left = MARGIN * seconds - (time.perf_counter() - begun)
    evaluations = min(max(int(SHARE * left / evaluation), 1), EVALUATIONS)
    every = probe.plan.recipe.eval_val_every
    evaluations_per_step = 1 / len(probe.streams) + (1 / every if every else 0)
    steps = min((left - evaluations * evaluation) / step, left / (step + evaluation * evaluations_per_step))
    return Fit(max(1, int(steps)), evaluations)


def _mean_seconds(action: Callable[[], object], during: float) -> float:
    begun = time.perf_counter()
    count = 0
    while (passed := time.perf_counter() - begun) < during:
        action()
        count += 1
    return passed / count


def _evaluation_seconds(probe: Trainer) -> float:
    """An evaluation, from a tenth of its text, and its two files."""
    ids = probe.validation.ids
    tenth = validate.streams(ids[: max(2, len(ids) // 10)])
    reading = _seconds(lambda: validate.mean_loss(probe.model, tenth, probe.dtype))
    saving = _seconds(lambda: seal(probe.state()))
    return reading * len(ids) / len(tenth.ids) + 2 * saving


def _seconds(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun
