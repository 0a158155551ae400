"""The training loop: one step, one evaluation, and a state that can be put down and taken up at any step."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from charrnn import checkpoint, device, optimize, resume, runlog, validate
from charrnn.checkpoint import Checkpoint
from charrnn.data import PADDING, Array, Split, Streams
from charrnn.model import CharLSTM, ModelConfig, State, summed_loss
from charrnn.options import Plan
from charrnn.recipe import learning_rate
from charrnn.runlog import Evaluation
from scrape.console import Terminated, progress, say

SAVE_SECONDS = 30.0  # a killed run loses no more than this, and nothing that it would not find again
EXPLODED = 3.0  # times the first loss: train.lua's bound

EVALUATIONS = 10  # of a run, or one every epoch if those are more, where the recipe does not say otherwise

Hook = Callable[[Checkpoint, Evaluation], None]


class DivergedError(Exception):
    """The loss is not finite, or has exploded. The weights are still those from before the step."""


@dataclass(frozen=True)
class Files:
    """Where a run leaves what it makes: checkpoints in `folder`, and beside it the log and the state."""

    folder: Path
    word: str = "lstm"
    keep: int | None = None

    @property
    def log(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.jsonl")

    @property
    def resume(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.resume")


def planned(plan: Plan, text: Split, limit: float = math.inf) -> Plan:
    """`plan` with its length in steps, `limit` at most, and the steps between two evaluations."""
    recipe = plan.recipe
    epoch = len(Streams(text.train, recipe.batch_size, recipe.seq_length))
    steps = max(1, int(min(math.ceil(recipe.max_epochs * epoch - 1e-6), limit)))
    every = recipe.eval_val_every or max(1, min(epoch, round(steps / EVALUATIONS)))
    return replace(plan, steps=steps, eval_every=every)


class Trainer:
    """A model in training. Everything that the next step depends on is in `state()`."""

    def __init__(self, plan: Plan, text: Split, on: torch.device) -> None:
        recipe = plan.recipe
        self.plan, self.text, self.device = plan, text, on
        self.dtype = device.precision(plan.dtype, on)
        self.streams = Streams(text.train, recipe.batch_size, recipe.seq_length)
        self.validation = validate.streams(text.validation)
        torch.manual_seed(plan.seed)
        self.model = CharLSTM(
            ModelConfig(len(text.vocab), recipe.rnn_size, recipe.num_layers, recipe.model, recipe.dropout)
        )
        optimize.initialize(self.model, recipe)
        self.model.to(on).train()
        self.optimizer = optimize.optimizer(self.model, recipe)
        self.hidden: State = self.model.initial_state(self.streams.batch_size)
        self.step_number, self.evaluated_at = 0, 0
        self.first_loss = math.inf
        self.loss_sum, self.loss_count = 0.0, 0  # since the last evaluation
        self.seconds, self.logged_seconds = 0.0, 0.0

    @property
    def epoch(self) -> float:
        return self.step_number / len(self.streams)

    def rate(self, step: int) -> float:
        """The learning rate of a step, the first being 0."""
        return learning_rate(self.plan.recipe, step, self.plan.steps, len(self.streams))

    def step(self) -> float:
        """Train on the next window. Gives its loss, nats per character.

        Raises DivergedError, with nothing updated, where the loss or a gradient is not finite or has exploded.
        """
        begun = time.perf_counter()
        inputs, targets = self._next_window()
        with device.autocast(self.device, self.dtype):
            logits, hidden = self.model(self._on_device(inputs), self.hidden)
        total = summed_loss(logits, self._on_device(targets))
        self.optimizer.zero_grad()
        # By the nominal size: a shorter window then weighs less, as in a gradient summed over time.
        torch.autograd.backward(total / (self.streams.batch_size * self.plan.recipe.seq_length))
        norm = optimize.clip(self.model.parameters(), self.plan.recipe)
        count = int((targets != PADDING).sum())
        loss = self._checked(float(total.detach()) / count, float(norm))
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(self.step_number)
        self.optimizer.step()
        self.hidden = tuple(part.detach() for part in hidden)
        self.step_number += 1
        self.loss_sum, self.loss_count = self.loss_sum + loss * count, self.loss_count + count
        self.seconds += time.perf_counter() - begun
        return loss

    def evaluate(self, tick: Callable[[], None] = lambda: None) -> Evaluation:
        """The validation loss now, and what came since the last evaluation. Touches nothing that training uses."""
        val_loss = validate.mean_loss(self.model, self.validation, self.dtype, tick)
        if not math.isfinite(val_loss):
            raise DivergedError(f"the validation loss is {val_loss} at step {self.step_number}")
        seconds = self.seconds - self.logged_seconds
        return Evaluation(
            epoch=round(self.epoch, 4),
            step=self.step_number,
            train_loss=round(self.loss_sum / max(self.loss_count, 1), 5),
            val_loss=round(val_loss, 5),
            learning_rate=self.rate(self.step_number - 1),
            characters_per_second=round(self.loss_count / seconds) if seconds else 0,
            seconds=round(self.seconds, 1),
        )

    def evaluated(self) -> None:
        """Begin the means of the next evaluation."""
        self.evaluated_at, self.logged_seconds = self.step_number, self.seconds
        self.loss_sum, self.loss_count = 0.0, 0

    def checkpoint(self, val_loss: float) -> Checkpoint:
        weights = {name: weight.detach().cpu().clone() for name, weight in self.model.state_dict().items()}
        return Checkpoint(
            self.model.config, self.text.vocab, weights, self.epoch, self.step_number, val_loss, self.text.sha256
        )

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on, as plain values and tensors."""
        return {
            "plan": self.plan.to_plain(),
            "vocab": self.text.vocab.chars,
            "corpus": self.text.sha256,
            "step": self.step_number,
            "evaluated_at": self.evaluated_at,
            "first_loss": self.first_loss,
            "losses": (self.loss_sum, self.loss_count),
            "seconds": (self.seconds, self.logged_seconds),
            "weights": dict(self.model.state_dict()),
            "optimizer": self.optimizer.state_dict(),
            "hidden": self.hidden,
            "random": device.random_state(self.device),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what `state()` put down. The plan is the constructor's."""
        self.step_number, self.evaluated_at = state["step"], state["evaluated_at"]
        self.first_loss = state["first_loss"]
        self.loss_sum, self.loss_count = state["losses"]
        self.seconds, self.logged_seconds = state["seconds"]
        self.model.load_state_dict(state["weights"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.hidden = tuple(part.to(self.device) for part in state["hidden"])
        device.set_random_state(self.device, state["random"])

    def _next_window(self) -> tuple[Array, Array]:
        """The window of this step. At the first of a pass, the streams wrap: they may move, and they forget."""
        number = self.step_number % len(self.streams)
        if number == 0:
            self.hidden = self.model.initial_state(self.streams.batch_size)
        self.streams.offset = self._offset(self.step_number // len(self.streams))
        return self.streams.window(number)

    def _offset(self, epoch: int) -> int:
        """Where the pass begins: drawn from seed and epoch alone, so that a resumed run finds it again."""
        if not self.plan.recipe.shift:
            return 0
        return int(np.random.default_rng([self.plan.seed, epoch]).integers(len(self.text.train)))

    def _on_device(self, ids: Array) -> Tensor:
        return torch.from_numpy(ids).to(self.device)

    def _checked(self, loss: float, norm: float) -> float:
        if math.isinf(self.first_loss):
            self.first_loss = loss
        if not (math.isfinite(loss) and math.isfinite(norm) and loss <= EXPLODED * self.first_loss):
            raise DivergedError(
                f"the loss is {loss:.4g} and its gradient {norm:.4g} at step {self.step_number}; the first loss was "
                f"{self.first_loss:.4g}"
            )
        return loss


def train(trainer: Trainer, files: Files, hooks: tuple[Hook, ...] = (), print_every: int = 0) -> None:
    """Train to the end of the plan; evaluate, save and log on the way.

    At Ctrl-C or SIGTERM the step is finished, the state saved, and KeyboardInterrupt or Terminated raised.
    """
    saved = time.monotonic()
    with _Stop() as stop, _bar(trainer) as bar:

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
            _show(trainer, trainer.step(), bar, print_every)
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


def _bar(trainer: Trainer) -> tqdm[Any]:
    """A bar that counts characters, so that its rate is characters/s and its end the end of the run."""
    size = len(trainer.text.train) / len(trainer.streams)
    return progress(
        total=round(trainer.plan.steps * size),
        initial=round(trainer.step_number * size),
        unit=" characters",
        unit_scale=True,
        desc="training",
    )


def _show(trainer: Trainer, loss: float, bar: tqdm[Any], print_every: int) -> None:
    bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
    bar.update(round(len(trainer.text.train) / len(trainer.streams)))
    if print_every and trainer.step_number % print_every == 0:
        say(f"step {trainer.step_number} of {trainer.plan.steps}: loss {loss:.4f}")


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
