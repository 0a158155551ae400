"""How many steps fit into the minutes that a person has."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from charrnn.data.corpus import Streams
from charrnn.model import loss
from charrnn.model.checkpoint import serialize
from charrnn.train.recipes import Plan
from charrnn.train.trainer import EVALUATIONS, Trainer, planned

MARGIN = 0.97  # of the time: the machine may become slower
SHARE = 0.15  # of the time, at most, for evaluating within an epoch
SLICES = 3  # of measuring, with the other measurements between them: a busy moment then spoils one of them
_WARM_UP = 3  # first steps are slower: libraries choose and compile their kernels
_LEAST = 3  # steps in a slice
_WINDOWS = 4  # of the validation text, to find how long all of it takes


@dataclass(frozen=True)
class Fit:
    """What fits into a time: steps, and evaluations spread over them."""

    steps: int
    evaluations: int


def fit(probe: Trainer, seconds: float, extra: Callable[[], object] = lambda: None) -> Fit:
    """How many steps fit into `seconds`, with evaluating and saving. Trains `probe`: throw it away.

    `extra` is what else an evaluation entails. Every time is the median of several, so that what else the machine
    does now and then is not taken for the pace of the run, and that of the slowest process of the group.
    """
    begun = time.perf_counter()
    during = min(max(seconds / 30, 0.5), 15)  # for all slices of steps
    for action in (*[probe.step] * _WARM_UP, lambda: _evaluate_piece(probe), extra):
        action()
    steps: list[float] = []
    evaluations: list[float] = []
    for _ in range(SLICES if during < seconds else 1):
        steps += _times(probe, during / SLICES)
        evaluations.append(_evaluation_seconds(probe, extra))
    left = MARGIN * seconds - probe.group.all_reduce_max(time.perf_counter() - begun)
    return _filling(probe, left, median(steps), median(evaluations))


def _filling(probe: Trainer, left: float, step: float, evaluation: float) -> Fit:
    """The most steps that, with the evaluations that they bring, take no more than is left. All in seconds."""
    evaluations = min(max(int(SHARE * left / evaluation), 1), EVALUATIONS)
    few, many = 1, max(2, int(left / step) + 1)
    while many - few > 1:  # `few` steps fit, or are the least there can be; `many` do not
        middle = (few + many) // 2
        plan = planned(probe.plan, probe.text, middle, evaluations)
        fits = plan.steps * step + _evaluations(plan, len(probe.streams)) * evaluation <= left
        few, many = (middle, many) if fits else (few, middle)
    return Fit(few, evaluations)


def _evaluations(plan: Plan, epoch: int) -> int:
    """How often the plan evaluates: every so many steps of an epoch, at its end, and at the run's."""
    whole, rest = divmod(plan.steps, epoch)
    return whole * -(-epoch // plan.eval_every) + -(-rest // plan.eval_every)


def _times(probe: Trainer, during: float) -> list[float]:
    """What each of some steps takes, for so many seconds but a few steps at least."""
    times: list[float] = []
    while len(times) < _LEAST or sum(times) < during:
        times.append(_seconds(probe, probe.step))
    return times


def _evaluation_seconds(probe: Trainer, extra: Callable[[], object]) -> float:
    """An evaluation, by a piece of its text; its two files; and what else it entails."""
    reading = _seconds(probe, lambda: _evaluate_piece(probe)) * len(probe.validation) / len(_piece(probe))
    return reading + 2 * _seconds(probe, lambda: serialize(probe.state_dict())) + _seconds(probe, extra)


def _evaluate_piece(probe: Trainer) -> None:
    loss.mean_loss(probe.model, _piece(probe), probe.dtype, group=probe.group)


def _piece(probe: Trainer) -> Streams:
    """The beginning of the validation text, in as many streams as all of it."""
    whole = probe.validation
    return Streams(whole.ids[: whole.batch_size * loss.WINDOW * _WINDOWS], whole.batch_size, loss.WINDOW)


def _seconds(probe: Trainer, action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return probe.group.all_reduce_max(time.perf_counter() - begun)
