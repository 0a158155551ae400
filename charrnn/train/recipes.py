"""Named training configurations, and the learning rate at each step."""

from __future__ import annotations

import math

from charrnn.train.config import TrainingConfig

RECIPES: dict[str, TrainingConfig] = {
    # https://github.com/karpathy/char-rnn, train.lua: its defaults.
    "char-rnn": TrainingConfig("char-rnn"),
    "one-cycle": TrainingConfig(
        "one-cycle",
        init="scaled",
        batch_size=32,
        seq_length=50,
        shift=True,
        max_epochs=10,
        eval_val_every=0,
        optimizer="muon",
        decay_rate=0.99,
        weight_decay=0.01,
        grad_clip=0.5,
        clip="norm",
        muon_share=6.0,
        muon_rotation=4,
        learning_rate=2e-2,
        learning_rate_decay=1.0,
        warmup=0.03,
        schedule="linear",
        dropout=0.1,
    ),
}
DEFAULT = "one-cycle"


def learning_rate(config: TrainingConfig, step: int, total: int, epoch_steps: int) -> float:
    """Return the learning rate of update number `step` (from 0) of `total`, never exactly 0.

    The decay is train.lua's: after each whole epoch from `learning_rate_decay_after` on, times `learning_rate_decay`.
    Warm-up and schedule are taken at the middle of the step.
    """
    decays = max(0, step // epoch_steps - config.learning_rate_decay_after + 1)
    peak = config.learning_rate * config.learning_rate_decay**decays
    done = (step + 0.5) / total
    if done < config.warmup:
        return peak * (done / config.warmup)
    if config.schedule == "constant":
        return peak
    left = (1 - done) / (1 - config.warmup)
    return peak * (left if config.schedule == "linear" else 0.5 - 0.5 * math.cos(math.pi * left))
