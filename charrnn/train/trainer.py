"""A model in training: one step, one evaluation, and a state that can be put down and taken up at any step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from charrnn.data.corpus import PADDING, Array, Split, Streams
from charrnn.model import device
from charrnn.model import loss as validate
from charrnn.model.checkpoint import Checkpoint
from charrnn.model.distributed import SINGLE_PROCESS, Group
from charrnn.model.lstm import BATCH_AXIS, CharLSTM, ModelConfig, State, summed_loss
from charrnn.runs.history import Evaluation
from charrnn.train import optim
from charrnn.train.recipes import Plan, learning_rate

EVALUATIONS = 10  # of a run, or one every epoch if those are more, where the recipe does not say otherwise
EXPLODED = 3.0  # times the first loss: train.lua's bound


class DivergedError(Exception):
    """The loss is not finite, or has exploded. The weights are still those from before the step."""


def planned(plan: Plan, text: Split, limit: float = math.inf, evaluations: int = EVALUATIONS) -> Plan:
    """`plan` with its length in steps, `limit` at most, and the steps between two of its `evaluations`."""
    recipe = plan.recipe
    epoch = len(Streams(text.train, recipe.batch_size, recipe.seq_length))
    steps = max(1, math.ceil(min(recipe.max_epochs * epoch - 1e-6, limit)))
    every = recipe.eval_val_every or max(1, min(epoch, round(steps / evaluations)))
    return replace(plan, steps=steps, eval_every=every)


class Trainer:
    """A model in training. Everything that the next step depends on is in `state_dict()`.

    In a group of several processes each has a Trainer, and all of them make the same calls in the same order.
    """

    def __init__(self, plan: Plan, text: Split, on: torch.device, group: Group = SINGLE_PROCESS) -> None:
        recipe = plan.recipe
        self.plan, self.text, self.device, self.group = plan, text, on, group
        self.dtype = device.choose_dtype(plan.dtype, on)
        self.streams = Streams(text.train, recipe.batch_size, recipe.seq_length)
        self.share = group.shard(self.streams.batch_size)
        self.rows = self.share.stop - self.share.start  # of the batch, here
        self.validation = validate.validation_streams(text.validation)
        torch.manual_seed(plan.seed)
        self.model = CharLSTM(
            ModelConfig(len(text.vocab), recipe.rnn_size, recipe.num_layers, recipe.model, recipe.dropout)
        )
        optim.initialize(self.model, recipe)
        self.model.to(on).train()
        self.optimizers = optim.optimizers(self.model, recipe, self.dtype)
        self.hidden: State = self.model.initial_state(self.rows)
        self.step_number, self.evaluated_at = 0, 0
        if not group.is_main:
            self._draw_otherwise()
        self.first_loss = math.inf
        self.loss_sum, self.loss_count = 0.0, 0  # since the last evaluation
        self.seconds, self.logged_seconds = 0.0, 0.0

    @property
    def epoch(self) -> float:
        return self.step_number / len(self.streams)

    @property
    def step_size(self) -> int:
        """The characters of a step, on average."""
        return round(len(self.text.train) / len(self.streams))

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
        self.model.zero_grad()
        # By the nominal size: a shorter window then weighs less, as in a gradient summed over time.
        torch.autograd.backward(total / (self.rows * self.plan.recipe.seq_length))
        self.group.all_reduce_mean(
            [parameter.grad for parameter in self.model.parameters() if parameter.grad is not None]
        )
        norm = optim.clip(self.model.parameters(), self.plan.recipe)
        summed, counted = self.group.all_reduce_sum(float(total.detach()), int((targets != PADDING).sum()))
        count = int(counted)
        loss = self._checked(summed / count, float(norm))
        optim.set_rate(self.optimizers, self.rate(self.step_number))
        for optimizer in self.optimizers:
            optimizer.step()
        self.hidden = tuple(part.detach() for part in hidden)
        self.step_number += 1
        self.loss_sum, self.loss_count = self.loss_sum + loss * count, self.loss_count + count
        self.seconds += time.perf_counter() - begun
        return loss

    def evaluate(self, tick: Callable[[], None] = lambda: None) -> Evaluation:
        """The validation loss now, and what came since the last evaluation. Touches nothing that training uses."""
        val_loss = validate.mean_loss(self.model, self.validation, self.dtype, tick, self.group)
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

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on, as plain values and tensors: that of the whole group."""
        hidden = self.group.all_gather(tuple(part.cpu() for part in self.hidden))
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
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "hidden": tuple(torch.cat(parts, BATCH_AXIS) for parts in zip(*hidden, strict=True)),
            "random": self.group.all_gather(device.random_state(self.device)),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict()` put down. The plan is the constructor's.

        Exact in a group of the size that put it down. Another goes on just as well, but its dropout is drawn anew.
        """
        self.step_number, self.evaluated_at = state["step"], state["evaluated_at"]
        self.first_loss = state["first_loss"]
        self.loss_sum, self.loss_count = state["losses"]
        self.seconds, self.logged_seconds = state["seconds"]
        self.model.load_state_dict(state["weights"])
        for optimizer, stored in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(stored)
        self.hidden = tuple(part[:, self.share].contiguous().to(self.device) for part in state["hidden"])
        if len(state["random"]) == self.group.size:
            device.set_random_state(self.device, state["random"][self.group.rank])
        else:
            self._draw_otherwise()

    def _next_window(self) -> tuple[Array, Array]:
        """The window of this step. At the first of a pass, the streams wrap: they may move, and they forget."""
        number = self.step_number % len(self.streams)
        if number == 0:
            self.hidden = self.model.initial_state(self.rows)
        self.streams.offset = self._offset(self.step_number // len(self.streams))
        inputs, targets = self.streams.window(number)
        return inputs[self.share], targets[self.share]

    def _draw_otherwise(self) -> None:
        """Let what is drawn from here on be this process's own."""
        seed = np.random.SeedSequence([self.plan.seed, self.step_number, self.group.rank])
        torch.manual_seed(int(seed.generate_state(1)[0]))

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
