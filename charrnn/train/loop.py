"""The training loop: train, evaluate, save and log until the run is complete."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from tqdm import tqdm

from charrnn.model import checkpoint, device
from charrnn.model.checkpoint import Checkpoint
from charrnn.runs import history, train_state
from charrnn.runs.files import RunFiles
from charrnn.runs.history import Evaluation
from charrnn.train.trainer import Trainer
from scrape.common.console import Terminated, progress, say

SAVE_SECONDS = 30.0  # between saved states, so that a killed run loses at most this much

PATIENCE = 20.0  # seconds that a stop signal waits for other processes; launchers kill after 30

_ENDINGS: tuple[type[BaseException], ...] = (KeyboardInterrupt, Terminated)

Callback = Callable[[Checkpoint, Evaluation], None]
"""Called by the main process after each evaluation, outside the random state of the training."""


def train(trainer: Trainer, files: RunFiles, callbacks: tuple[Callback, ...] = (), print_every: int = 0) -> None:
    """Train to the end of the run; evaluate, save and log on the way.

    At Ctrl-C or SIGTERM the step is finished, the state saved, and KeyboardInterrupt or Terminated raised. In a group
    all processes stop after the same step, whichever got the signal; only the main process writes files and output.
    Where the others do not come to the end of the step, a process that got the signal ends after PATIENCE.
    """
    is_main = trainer.group.is_main
    if not trainer.step_number:
        _save(trainer, files)  # so that there is a state to resume from, whenever the run is killed
    saved = time.monotonic()
    with _StopSignals() as stop, _bar(trainer) as bar:

        def votes() -> list[bool]:
            return [*stop.votes(), time.monotonic() - saved > SAVE_SECONDS]

        def save_and_stop() -> None:
            _save_and_raise(trainer, files, trainer.group.all_reduce_sum(*stop.votes()))

        trainer.group.on_wait = stop.raise_overdue
        while True:
            if is_evaluation_due(trainer):
                _evaluate_and_save(trainer, files, callbacks, save_and_stop)
                saved = time.monotonic()
            if trainer.step_number >= trainer.config.steps:
                return
            loss = trainer.step(votes)
            bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
            bar.update(trainer.step_size)
            if is_main and print_every and trainer.step_number % print_every == 0:
                say(f"step {trainer.step_number} of {trainer.config.steps}: loss {loss:.4f}")
            *asked, is_save_due = trainer.agreed
            _save_and_raise(trainer, files, asked)
            if is_save_due:
                _save(trainer, files)
                saved = time.monotonic()


def _save_and_raise(trainer: Trainer, files: RunFiles, asked: Sequence[float]) -> None:
    """Save the state and raise the ending that any process was asked for, if any; they are in the order of _ENDINGS."""
    for ending, is_asked in zip(_ENDINGS, asked, strict=True):
        if is_asked:
            _save(trainer, files)
            raise ending


def _save(trainer: Trainer, files: RunFiles) -> None:
    """Save the state of the whole group. Returns when it is on the disk."""
    state = trainer.state_dict()
    if trainer.group.is_main:
        train_state.save(files.resume, state)
    trainer.group.barrier()


def is_evaluation_due(trainer: Trainer) -> bool:
    """Return whether to evaluate now: every `eval_every` steps, after each epoch and at the end, once each."""
    step, within = trainer.step_number, trainer.step_number % len(trainer.streams)
    return step > trainer.evaluated_at and (within % trainer.config.eval_every == 0 or step == trainer.config.steps)


def _evaluate_and_save(
    trainer: Trainer, files: RunFiles, callbacks: tuple[Callback, ...], on_step: Callable[[], None]
) -> None:
    """Write checkpoint, history, state, in this order: a crash in between repeats the evaluation, to the same bytes."""
    evaluation = trainer.evaluate(on_step)
    made = trainer.checkpoint(evaluation.val_loss)
    if trainer.group.is_main:
        checkpoint.save(files.folder, made, files.word)
        history.append(files.log, evaluation)
    trainer.reset_means()
    _save(trainer, files)
    if not trainer.group.is_main:
        return
    if files.keep is not None:
        checkpoint.prune(files.folder, files.keep)
    say(
        f"epoch {evaluation.epoch:.2f} of {trainer.config.steps / len(trainer.streams):.4g}: "
        f"training {evaluation.train_loss:.4f}, validation {evaluation.val_loss:.4f} nats/character, "
        f"{evaluation.characters_per_second:,} characters/s"
    )
    with device.preserve_random_state(trainer.device):
        for callback in callbacks:
            callback(made, evaluation)


def _bar(trainer: Trainer) -> tqdm[Any]:
    """Return a progress bar that counts characters, so that its rate is in characters/s."""
    if not trainer.group.is_main:
        return tqdm(disable=True)
    return progress(
        desc="training",
        unit=" characters",
        unit_scale=True,
        total=trainer.config.steps * trainer.step_size,
        initial=trainer.step_number * trainer.step_size,
    )


class _StopSignals:
    """A context in which Ctrl-C and SIGTERM are only noted in `asked`, so that no step is left half done.

    A second Ctrl-C interrupts at once.
    """

    def __init__(self) -> None:
        self.asked: type[BaseException] | None = None
        self._since = math.inf
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> _StopSignals:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._handlers[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def votes(self) -> list[bool]:
        """Return for each of _ENDINGS whether this process was asked for it."""
        return [self.asked is ending for ending in _ENDINGS]

    def raise_overdue(self) -> None:
        """Raise what this process was asked for more than PATIENCE ago."""
        if self.asked and time.monotonic() - self._since > PATIENCE:
            raise self.asked

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.asked is KeyboardInterrupt and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = KeyboardInterrupt if number == signal.SIGINT else Terminated
        self._since = min(self._since, time.monotonic())
