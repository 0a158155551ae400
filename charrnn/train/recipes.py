"""How to train, as data: what each recipe sets, and the learning rate at every step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is learned. The fields are char-rnn's flags where it has one."""

    name: str
    # the network
    model: str = "lstm"
    rnn_size: int = 128
    num_layers: int = 2
    dropout: float = 0.0
    init: str = "uniform"  # "uniform": char-rnn's; "scaled": see model.initialize
    # the walk through the text
    batch_size: int = 50
    seq_length: int = 50
    shift: bool = False  # begin every pass elsewhere, so that streams and windows never repeat
    max_epochs: float = 50
    eval_val_every: int = 1000  # steps; 0 for a tenth of the run, at most an epoch
    # the update
    optimizer: str = "rmsprop"  # or "adamw", or "muon": Muon for the square matrices, AdamW for the rest
    decay_rate: float = 0.95  # smoothing of the squared gradient: RMSProp's alpha, AdamW's second beta
    weight_decay: float = 0.0
    muon_share: float = 5.0  # Muon's rate, in learning rates
    grad_clip: float = 5.0
    clip: str = "value"  # each element of the gradient summed over time, or the "norm" of the mean's
    # the learning rate
    learning_rate: float = 2e-3
    learning_rate_decay: float = 0.97  # per epoch, from the end of epoch `learning_rate_decay_after` on
    learning_rate_decay_after: int = 10
    warmup: float = 0.0  # share of the run in which the rate rises from 0
    schedule: str = "constant"  # or "cosine": down to 0 at the end of the run


@dataclass(frozen=True)
class Plan:
    """What is kept for the whole of a run, however often it is interrupted. `steps` is the length of the run."""

    recipe: Recipe
    train_frac: float
    val_frac: float
    seed: int
    minutes: float | None
    dtype: str
    steps: int = 0
    eval_every: int = 0

    def to_plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Plan:
        return cls(**{**plain, "recipe": Recipe(**plain["recipe"])})


RECIPES: dict[str, Recipe] = {
    # https://github.com/karpathy/char-rnn, train.lua: its defaults.
    "char-rnn": Recipe("char-rnn"),
    "one-cycle": Recipe(
        "one-cycle",
        init="scaled",
        batch_size=32,
        seq_length=100,
        shift=True,
        max_epochs=10,
        eval_val_every=0,
        optimizer="muon",
        decay_rate=0.99,
        weight_decay=0.01,
        grad_clip=0.5,
        clip="norm",
        learning_rate=7e-3,
        learning_rate_decay=1.0,
        warmup=0.03,
        schedule="cosine",
        dropout=0.1,
    ),
}
DEFAULT = "one-cycle"


def learning_rate(recipe: Recipe, step: int, total: int, epoch_steps: int) -> float:
    """The rate of update number `step` (from 0) of `total`.

    The decay is train.lua's: after every whole epoch from `learning_rate_decay_after` on, times `learning_rate_decay`.
    """
    decays = max(0, step // epoch_steps - recipe.learning_rate_decay_after + 1)
    return recipe.learning_rate * recipe.learning_rate_decay**decays * _shape(recipe, step, total)


def _shape(recipe: Recipe, step: int, total: int) -> float:
    """The share of the full rate, from warm-up and schedule, at the middle of the step: never exactly 0."""
    done = (step + 0.5) / total
    if done < recipe.warmup:
        return done / recipe.warmup
    if recipe.schedule == "constant":
        return 1.0
    return 0.5 + 0.5 * math.cos(math.pi * (done - recipe.warmup) / (1 - recipe.warmup))
