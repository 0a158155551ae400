"""Find how many steps fit into a given time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from charrnn.data.corpus import Streams
from charrnn.model import loss
from charrnn.model.archive import serialize
from charrnn.train.config import TrainingConfig
from charrnn.train.trainer import EVALUATIONS, Trainer, set_length

MARGIN = 0.97  # of the time: the machine may become slower
SHARE = 0.15  # of the time, at most, for evaluating within an epoch
SLICES = 3  # measurements of steps, with the others in between, so that a busy moment spoils only one
_WARM_UP = 3  # first steps are slower: libraries choose and compile their kernels
_LEAST = 3  # steps in a slice
_WINDOWS = 4  # of the validation text, to find how long all of it takes


@dataclass(frozen=True)
class Fit:
    """The length of a run that fits into a time: steps, and evaluations spread over them."""

    steps: int
    evaluations: int


def fit(probe: Trainer, seconds: float, extra: Callable[[], object] = lambda: None) -> Fit:
    """Return how many steps fit into `seconds`, with evaluating and saving. Trains `probe`: discard it.

    `extra` is the other work of an evaluation. Each time is the median of several measurements, so that a busy moment
    of the machine does not distort it, and that of the slowest process of the group.
    """
    started = time.perf_counter()
    during = min(max(seconds / 30, 0.5), 15)  # for all slices of steps
    for _ in range(_WARM_UP):
        probe.step()
    _evaluate_piece(probe)
    extra()
    steps: list[float] = []
    evaluations: list[float] = []
    for _ in range(SLICES if during < seconds else 1):
        slice_steps: list[float] = []
        while len(slice_steps) < _LEAST or sum(slice_steps) < during / SLICES:
            slice_steps.append(_seconds(probe, probe.step))
        steps += slice_steps
        # An evaluation: all of its text, measured by a piece; two files; and the rest.
        reading = _seconds(probe, lambda: _evaluate_piece(probe)) * len(probe.validation) / len(_piece(probe))
        writing = 2 * _seconds(probe, lambda: serialize(probe.state_dict()))
        evaluations.append(reading + writing + _seconds(probe, extra))
    left = MARGIN * seconds - probe.group.all_reduce_max(time.perf_counter() - started)
    return _largest_fit(probe, left, median(steps), median(evaluations))


def _largest_fit(probe: Trainer, left: float, step: float, evaluation: float) -> Fit:
    """Return the most steps that, with their evaluations, take no more than is left. All times are in seconds."""
    evaluations = min(max(int(SHARE * left / evaluation), 1), EVALUATIONS)
    few, many = 1, max(2, int(left / step) + 1)
    while many - few > 1:  # `few` steps fit, or are the least there can be; `many` do not
        middle = (few + many) // 2
        config = set_length(probe.config, probe.text, middle, evaluations)
        fits = config.steps * step + count_evaluations(config, len(probe.streams)) * evaluation <= left
        few, many = (middle, many) if fits else (few, middle)
    return Fit(few, evaluations)


def count_evaluations(config: TrainingConfig, epoch_steps: int) -> int:
    """Return the number of evaluations in a run: every `eval_every` steps of an epoch, at its end, and at the run's."""
    whole, rest = divmod(config.steps, epoch_steps)
    return whole * -(-epoch_steps // config.eval_every) + -(-rest // config.eval_every)


def _evaluate_piece(probe: Trainer) -> None:
    loss.mean_loss(probe.model, _piece(probe), probe.dtype, group=probe.group)


def _piece(probe: Trainer) -> Streams:
    """Return the beginning of the validation text, in as many streams as all of it."""
    whole = probe.validation
    return Streams(whole.ids[: whole.batch_size * loss.WINDOW * _WINDOWS], whole.batch_size, loss.WINDOW)


def _seconds(probe: Trainer, action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return probe.group.all_reduce_max(time.perf_counter() - started)
