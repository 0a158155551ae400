"""How many steps fit into the minutes that a person has."""

from __future__ import annotations

import time
from collections.abc import Callable

from charrnn import validate
from charrnn.checkpoint import seal
from charrnn.trainer import EVALUATIONS, Trainer

MARGIN = 0.97  # of the time: the machine may become slower
_WARM_UP = 3  # first steps are slower: libraries choose and compile their kernels


def steps_within(probe: Trainer, seconds: float) -> int:
    """How many steps, with their evaluations and saving, fit into `seconds`. Trains `probe`: throw it away."""
    begun = time.perf_counter()
    for _ in range(_WARM_UP):
        probe.step()
    step = _mean_seconds(probe.step, min(max(seconds / 30, 0.5), 15))
    evaluation = _evaluation_seconds(probe)
    left = MARGIN * seconds - (time.perf_counter() - begun)
    every = probe.plan.recipe.eval_val_every
    evaluations_per_step = 1 / len(probe.streams) + (1 / every if every else 0)
    fit = min((left - EVALUATIONS * evaluation) / step, left / (step + evaluation * evaluations_per_step))
    return max(1, int(fit))


def _mean_seconds(action: Callable[[], object], during: float) -> float:
    begun = time.perf_counter()
    count = 0
    while (passed := time.perf_counter() - begun) < during:
        action()
        count += 1
    return passed / count


def _evaluation_seconds(probe: Trainer) -> float:
    """An evaluation, from a tenth of its text, and its two files."""
    tenth = validate.streams(probe.validation.ids[: max(2, len(probe.validation.ids) // 10)])
    begun = time.perf_counter()
    validate.mean_loss(probe.model, tenth, probe.dtype)
    reading = time.perf_counter() - begun
    begun = time.perf_counter()
    seal(probe.state())
    return reading * len(probe.validation.ids) / len(tenth.ids) + 2 * (time.perf_counter() - begun)
