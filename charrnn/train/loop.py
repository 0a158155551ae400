"""The training loop: step after step to the end of the plan, with what is saved, logged and shown on the way."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from tqdm import tqdm

from charrnn.model import checkpoint, device
from charrnn.model.checkpoint import Checkpoint
from charrnn.runs import history
from charrnn.runs import train_state as resume
from charrnn.runs.history import Evaluation
from charrnn.train.trainer import Trainer
from scrape.common.console import Terminated, progress, say

SAVE_SECONDS = 30.0  # a killed run loses no more than this, and nothing that it would not find again

_ENDINGS: tuple[type[BaseException] | None, ...] = (None, KeyboardInterrupt, Terminated)

Hook = Callable[[Checkpoint, Evaluation], None]


@dataclass(frozen=True)
class Files:
    """Where a run leaves what it makes: checkpoints in `folder`, and beside it all else."""

    folder: Path
    word: str = "lstm"
    keep: int | None = None

    def sweep(self) -> None:
        """Delete what a killed run left half written."""
        name = re.escape(self.folder.name)
        unfinished = re.compile(rf"\.{name}\.\w+\.\d+\.part|{name}\.checkpoint")
        beside = self.folder.parent.iterdir() if self.folder.parent.is_dir() else []
        for path in beside:
            if unfinished.fullmatch(path.name):
                path.unlink()

    @property
    def log(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.jsonl")

    @property
    def plot(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.png")

    @property
    def lock(self) -> Path:
        return self.folder.with_name(f".{self.folder.name}.lock")

    @property
    def events(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.events")

    @property
    def resume(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.resume")


def train(trainer: Trainer, files: Files, hooks: tuple[Hook, ...] = (), print_every: int = 0) -> None:
    """Train to the end of the plan; evaluate, save and log on the way.

    At Ctrl-C or SIGTERM the step is finished, the state saved, and KeyboardInterrupt or Terminated raised. In a group
    all processes stop after the same step, whichever was asked to; only the one that leads writes and speaks.
    """
    is_main = trainer.group.is_main
    if not trainer.step_number:
        _save(trainer, files)  # so that there is a state to go on from, whenever the run is killed
    saved = time.monotonic()
    with _Stop() as stop, _bar(trainer) as bar:

        def save_and_stop() -> None:
            asked = _ENDINGS[round(trainer.group.all_reduce_max(_ENDINGS.index(stop.asked)))]
            if asked:
                _save(trainer, files)
                raise asked

        while True:
            if _due(trainer):
                _evaluate_and_save(trainer, files, hooks, save_and_stop)
                saved = time.monotonic()
            if trainer.step_number >= trainer.plan.steps:
                return
            loss = trainer.step()
            bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
            bar.update(trainer.step_size)
            if is_main and print_every and trainer.step_number % print_every == 0:
                say(f"step {trainer.step_number} of {trainer.plan.steps}: loss {loss:.4f}")
            save_and_stop()
            if trainer.group.all_reduce_max(time.monotonic() - saved) > SAVE_SECONDS:
                _save(trainer, files)
                saved = time.monotonic()


def _save(trainer: Trainer, files: Files) -> None:
    """Save the state of the whole group, and see to it that none of it goes on before that is done."""
    state = trainer.state_dict()
    if trainer.group.is_main:
        resume.save(files.resume, state)
    trainer.group.barrier()


def _due(trainer: Trainer) -> bool:
    """Whether an evaluation belongs at this step and has not been: at every so many, an epoch's end, the last."""
    step, within = trainer.step_number, trainer.step_number % len(trainer.streams)
    return step > trainer.evaluated_at and (within % trainer.plan.eval_every == 0 or step == trainer.plan.steps)


def _evaluate_and_save(trainer: Trainer, files: Files, hooks: tuple[Hook, ...], tick: Callable[[], None]) -> None:
    """Checkpoint, log, state, in this order: a crash between two of them repeats the evaluation, to the same bytes."""
    evaluation = trainer.evaluate(tick)
    made = trainer.checkpoint(evaluation.val_loss)
    if trainer.group.is_main:
        checkpoint.save(files.folder, made, files.word)
        history.append(files.log, evaluation)
    trainer.evaluated()
    _save(trainer, files)
    if trainer.group.is_main:
        _show(trainer, files, hooks, made, evaluation)


def _show(trainer: Trainer, files: Files, hooks: tuple[Hook, ...], made: Checkpoint, evaluation: Evaluation) -> None:
    if files.keep is not None:
        checkpoint.prune(files.folder, files.keep)
    say(_line(evaluation, trainer.plan.steps / len(trainer.streams)))
    with device.preserve_random_state(trainer.device):
        for hook in hooks:
            hook(made, evaluation)


def _line(evaluation: Evaluation, epochs: float) -> str:
    return (
        f"epoch {evaluation.epoch:.2f} of {epochs:.4g}: training {evaluation.train_loss:.4f}, "
        f"validation {evaluation.val_loss:.4f} nats/character, {evaluation.characters_per_second:,} characters/s"
    )


def _bar(trainer: Trainer) -> tqdm[Any]:
    """A progress bar that counts characters, so that its rate is characters/s and its end the end of the run."""
    if not trainer.group.is_main:
        return tqdm(disable=True)
    return progress(
        desc="training",
        unit=" characters",
        unit_scale=True,
        total=trainer.plan.steps * trainer.step_size,
        initial=trainer.step_number * trainer.step_size,
    )


class _Stop:
    """Within it, Ctrl-C and SIGTERM are only noted in `asked`, so that no step is left half done.

    A second Ctrl-C does not wait.
    """

    def __init__(self) -> None:
        self.asked: type[BaseException] | None = None
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> _Stop:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._handlers[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.asked is KeyboardInterrupt and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = KeyboardInterrupt if number == signal.SIGINT else Terminated
