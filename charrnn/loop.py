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

from charrnn import checkpoint, device, resume, runlog
from charrnn.checkpoint import Checkpoint
from charrnn.runlog import Evaluation
from charrnn.trainer import Trainer
from scrape.console import Terminated, progress, say

SAVE_SECONDS = 30.0  # a killed run loses no more than this, and nothing that it would not find again

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
    def events(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.events")

    @property
    def resume(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.resume")


def train(trainer: Trainer, files: Files, hooks: tuple[Hook, ...] = (), print_every: int = 0) -> None:
    """Train to the end of the plan; evaluate, save and log on the way.

    At Ctrl-C or SIGTERM the step is finished, the state saved, and KeyboardInterrupt or Terminated raised.
    """
    saved = time.monotonic()
    with _Stop() as stop, progress(**_extent(trainer)) as bar:

        def save_and_stop() -> None:
            if stop.asked:
                resume.save(files.resume, trainer.state())
                raise stop.asked

        while True:
            if _due(trainer):
                _evaluate_and_save(trainer, files, hooks, save_and_stop)
                saved = time.monotonic()
            if trainer.step_number >= trainer.plan.steps:
                return
            loss = trainer.step()
            bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
            bar.update(trainer.step_size)
            if print_every and trainer.step_number % print_every == 0:
                say(f"step {trainer.step_number} of {trainer.plan.steps}: loss {loss:.4f}")
            save_and_stop()
            if time.monotonic() - saved > SAVE_SECONDS:
                resume.save(files.resume, trainer.state())
                saved = time.monotonic()


def _due(trainer: Trainer) -> bool:
    """Whether an evaluation belongs at this step and has not been: at every so many, an epoch's end, the last."""
    step, within = trainer.step_number, trainer.step_number % len(trainer.streams)
    return step > trainer.evaluated_at and (within % trainer.plan.eval_every == 0 or step == trainer.plan.steps)


def _evaluate_and_save(trainer: Trainer, files: Files, hooks: tuple[Hook, ...], tick: Callable[[], None]) -> None:
    """Checkpoint, log, state, in this order: a crash between two of them repeats the evaluation, to the same bytes."""
    evaluation = trainer.evaluate(tick)
    made = trainer.checkpoint(evaluation.val_loss)
    checkpoint.save(files.folder, made, files.word)
    runlog.append(files.log, evaluation)
    trainer.evaluated()
    resume.save(files.resume, trainer.state())
    if files.keep is not None:
        checkpoint.prune(files.folder, files.keep)
    say(_line(evaluation, trainer.plan.steps / len(trainer.streams)))
    with device.kept_random_state(trainer.device):
        for hook in hooks:
            hook(made, evaluation)


def _line(evaluation: Evaluation, epochs: float) -> str:
    return (
        f"epoch {evaluation.epoch:.2f} of {epochs:.4g}: training {evaluation.train_loss:.4f}, "
        f"validation {evaluation.val_loss:.4f} nats/character, {evaluation.characters_per_second:,} characters/s"
    )


def _extent(trainer: Trainer) -> dict[str, Any]:
    """A progress bar counts characters, so that its rate is characters/s and its end the end of the run."""
    return {
        "desc": "training",
        "unit": " characters",
        "unit_scale": True,
        "total": trainer.plan.steps * trainer.step_size,
        "initial": trainer.step_number * trainer.step_size,
    }


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
