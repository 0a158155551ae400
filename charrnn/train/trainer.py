"""A model in training: one step, one evaluation, and a state that can be saved and loaded at any step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from charrnn.data.corpus import PADDING, Array, Split, Streams
from charrnn.data.kind import TextKind, kind_of
from charrnn.model import device, loss
from charrnn.model.checkpoint import Checkpoint, check_numbers
from charrnn.model.distributed import SINGLE_PROCESS, Group
from charrnn.model.lstm import BATCH_AXIS, CharLSTM, ModelConfig, State, summed_loss
from charrnn.runs.history import Evaluation
from charrnn.train import optim
from charrnn.train.config import TrainingConfig
from charrnn.train.recipes import learning_rate

EVALUATIONS = 10  # in a run whose recipe sets no interval; more if it has more epochs
EXPLODED = 3.0  # times the first loss: train.lua's bound


class DivergedError(Exception):
    """The loss is not finite, or has exploded. The weights are still those from before the step."""


def set_length(
    config: TrainingConfig, text: Split, limit: float = math.inf, evaluations: int = EVALUATIONS
) -> TrainingConfig:
    """Return `config` with its length in steps, at most `limit`, and the steps between its `evaluations`."""
    epoch = len(Streams(text.train, config.batch_size, config.seq_length))
    steps = max(1, math.ceil(min(config.max_epochs * epoch - 1e-6, limit)))
    every = config.eval_val_every or max(1, min(epoch, round(steps / evaluations)))
    return replace(config, steps=steps, eval_every=every)


class Trainer:
    """A model in training. Everything that the next step depends on is in `state_dict()`.

    In a group of several processes each has a Trainer, and all of them make the same calls in the same order.
    """

    def __init__(self, config: TrainingConfig, text: Split, on: torch.device, group: Group = SINGLE_PROCESS) -> None:
        self.config, self.text, self.device, self.group = config, text, on, group
        self.dtype = device.choose_dtype(config.dtype, on)
        self.streams = Streams(text.train, config.batch_size, config.seq_length)
        self.shard = group.shard(self.streams.batch_size)
        self.rows = self.shard.stop - self.shard.start  # of the batch, in this process
        self.validation = loss.validation_streams(text.validation)
        torch.manual_seed(config.seed)
        self.model = CharLSTM(
            ModelConfig(len(text.vocab), config.rnn_size, config.num_layers, config.model, config.dropout)
        )
        optim.initialize(self.model, config)
        self.model.to(on).train()
        self.optimizers = optim.make_optimizers(self.model, config, self.dtype)
        self.hidden: State = self.model.initial_state(self.rows)
        self.step_number, self.evaluated_at = 0, 0
        if not group.is_main:
            self._reseed()
        self.agreed: list[bool] = []
        self.first_loss = math.inf
        self.loss_sum, self.loss_count = 0.0, 0  # since the last evaluation
        self.seconds, self.logged_seconds = 0.0, 0.0

    @cached_property
    def kind(self) -> TextKind:
        """The kind of the text."""
        return kind_of(self.text)

    @property
    def epoch(self) -> float:
        """Passes through the training text so far."""
        return self.step_number / len(self.streams)

    @property
    def step_size(self) -> int:
        """Characters of a step, on average."""
        return round(len(self.text.train) / len(self.streams))

    def learning_rate(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        return learning_rate(self.config, step, self.config.steps, len(self.streams))

    def step(self, votes: Callable[[], Sequence[bool]] = lambda: ()) -> float:
        """Train on the next window and return its loss in nats per character.

        `votes` are this process's yes or no to any questions; `agreed` then holds, for each, whether any process says
        yes. They are asked with the loss, as each exchange between processes takes time.

        Raises DivergedError, with nothing updated, where the loss or a gradient is not finite or has exploded.
        """
        begun = time.perf_counter()
        inputs, targets = self._next_window()
        with device.autocast(self.device, self.dtype):
            logits, hidden = self.model(self._on_device(inputs), self.hidden)
        total = summed_loss(logits, self._on_device(targets))
        self.model.zero_grad()
        # By the nominal size: a shorter window then weighs less, as in a gradient summed over time.
        torch.autograd.backward(total / (self.rows * self.config.seq_length))
        self.group.all_reduce_mean(
            [parameter.grad for parameter in self.model.parameters() if parameter.grad is not None]
        )
        norm = optim.clip_gradients(self.model.parameters(), self.config)
        summed, counted, *yes = self.group.all_reduce_sum(
            float(total.detach()), int((targets != PADDING).sum()), *votes()
        )
        count, self.agreed = int(counted), [bool(number) for number in yes]
        mean = self._check(summed / count, float(norm))
        optim.prepare_step(self.optimizers, self.learning_rate(self.step_number), self.step_number)
        for optimizer in self.optimizers:
            optimizer.step()
        self.hidden = tuple(part.detach() for part in hidden)
        self.step_number += 1
        self.loss_sum, self.loss_count = self.loss_sum + mean * count, self.loss_count + count
        self.seconds += time.perf_counter() - begun
        return mean

    def evaluate(self, on_step: Callable[[], None] = lambda: None) -> Evaluation:
        """Return the validation loss now and the means since the last evaluation. Changes nothing in the training."""
        val_loss = loss.mean_loss(self.model, self.validation, self.dtype, on_step, self.group)
        if not val_loss <= EXPLODED * self.first_loss:
            raise DivergedError(f"the validation loss is {val_loss:.4g} at step {self.step_number}")
        seconds = self.seconds - self.logged_seconds
        return Evaluation(
            epoch=round(self.epoch, 4),
            step=self.step_number,
            train_loss=round(self.loss_sum / max(self.loss_count, 1), 5),
            val_loss=round(val_loss, 5),
            learning_rate=self.learning_rate(self.step_number - 1),
            characters_per_second=round(self.loss_count / seconds) if seconds else 0,
            seconds=round(self.seconds, 1),
        )

    def reset_means(self) -> None:
        """Start the means of the next evaluation."""
        self.evaluated_at, self.logged_seconds = self.step_number, self.seconds
        self.loss_sum, self.loss_count = 0.0, 0

    def checkpoint(self, val_loss: float) -> Checkpoint:
        """Return a copy of the weights with all that sampling needs."""
        weights = {name: weight.detach().cpu().clone() for name, weight in self.model.state_dict().items()}
        text = self.text
        return Checkpoint(
            self.model.config, text.vocab, weights, self.epoch, self.step_number, val_loss, text.sha256, self.kind
        )

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next step depends on, in the whole group, as plain values and tensors."""
        hidden = self.group.all_gather(tuple(part.cpu() for part in self.hidden))
        return {
            "config": self.config.to_dict(),
            "vocab": self.text.vocab.chars,
            "corpus": self.text.sha256,
            "step": self.step_number,
            "evaluated_at": self.evaluated_at,
            "first_loss": self.first_loss,
            "losses": (self.loss_sum, self.loss_count),
            "seconds": (self.seconds, self.logged_seconds),
            "weights": dict(self.model.state_dict()),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "hidden": tuple(torch.cat(parts, BATCH_AXIS) for parts in zip(*hidden, strict=True)),
            "random": self.group.all_gather(device.random_state(self.device)),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict()`. The configuration stays the constructor's.

        Exact in a group of the same size. A group of another size trains as well, but draws other dropout. Raises
        KeyError, TypeError, ValueError or RuntimeError on a state that is not of such a trainer.
        """
        if type(state["step"]) is not int or type(state["evaluated_at"]) is not int:
            raise ValueError("its steps are not numbers")
        check_numbers(step=state["step"], evaluated_at=state["evaluated_at"])
        if type(state["first_loss"]) is not float:
            raise ValueError("its first loss is not a number")
        self.step_number, self.evaluated_at = state["step"], state["evaluated_at"]
        self.first_loss = state["first_loss"]
        self.loss_sum, self.loss_count = state["losses"]
        self.seconds, self.logged_seconds = state["seconds"]
        check_numbers(loss_sum=self.loss_sum, loss_count=self.loss_count, seconds=self.seconds)
        check_numbers(logged_seconds=self.logged_seconds)
        self.model.load_state_dict(state["weights"])
        for optimizer, stored in zip(self.optimizers, state["optimizers"], strict=True):
            optim.load_state(optimizer, stored)
        expected = [(part.shape, part.dtype) for part in self.model.initial_state(self.streams.batch_size)]
        if [(part.shape, part.dtype) for part in state["hidden"]] != expected:
            raise ValueError("the hidden state is not that of this network")
        self.hidden = tuple(part[:, self.shard].contiguous().to(self.device) for part in state["hidden"])
        if len(state["random"]) == self.group.size:
            device.set_random_state(self.device, state["random"][self.group.rank])
        else:
            self._reseed()

    def _next_window(self) -> tuple[Array, Array]:
        """Return inputs and targets of this step. At the start of an epoch the hidden state is zeroed.

        Where the recipe shifts, the offset depends on seed and epoch alone, so that a resumed run finds it again.
        """
        number = self.step_number % len(self.streams)
        if number == 0:
            self.hidden = self.model.initial_state(self.rows)
        if self.config.shift:
            draw = np.random.default_rng([self.config.seed, self.step_number // len(self.streams)])
            self.streams.offset = int(draw.integers(len(self.text.train)))
        inputs, targets = self.streams.window(number)
        return inputs[self.shard], targets[self.shard]

    def _reseed(self) -> None:
        """Seed torch for this process alone."""
        seed = np.random.SeedSequence([self.config.seed, self.step_number, self.group.rank])
        torch.manual_seed(int(seed.generate_state(1)[0]))

    def _on_device(self, ids: Array) -> Tensor:
        return torch.from_numpy(ids).to(self.device)

    def _check(self, mean: float, norm: float) -> float:
        if math.isinf(self.first_loss):
            self.first_loss = mean
        if not (math.isfinite(mean) and math.isfinite(norm) and mean <= EXPLODED * self.first_loss):
            raise DivergedError(
                f"the loss is {mean:.4g} and its gradient {norm:.4g} at step {self.step_number}; the first loss was "
                f"{self.first_loss:.4g}"
            )
        return mean
