"""Choose the size of a network by a short measurement: the largest that learns enough in the minutes there are."""

from __future__ import annotations

import time
from dataclasses import replace
from statistics import median

import torch

from charrnn.data.corpus import Split
from charrnn.model.distributed import Group
from charrnn.train.config import TrainingConfig
from charrnn.train.trainer import Trainer, set_length
from scrape.common.console import say

SIZES = ((1, 96), (2, 128), (2, 192), (2, 256), (2, 384), (3, 512), (3, 768))
"""The networks that are tried, as (layers, units), from small to large."""

READ_PER_WEIGHT = 10
"""Characters that a network reads in its run, for each of its weights. A smaller network would learn more in the time.

In RESULTS.md, 2x256 at 18 of them reached a lower loss on the bundled board in 4 minutes than 3x512 at 2.4 in 20.
"""

_WARM_UP, _MEASURED = 2, 3  # steps


def choose_size(config: TrainingConfig, text: Split, on: torch.device, group: Group) -> TrainingConfig:
    """Return `config` with the largest network that reads READ_PER_WEIGHT characters a weight in its minutes.

    It has no more weights than the text has characters, as one with more would soon know the text by heart. The
    smallest network is the choice where none does.
    """
    assert config.minutes is not None
    chosen, speed = None, 0.0
    for layers, size in SIZES:
        tried = set_length(replace(config, num_layers=layers, rnn_size=size), text, _WARM_UP + _MEASURED)
        trainer = Trainer(tried, text, on, group)
        weights = sum(parameter.numel() for parameter in trainer.model.parameters())
        if chosen and weights > len(text.train):
            break
        reads = _characters_per_second(trainer)
        if chosen and reads * config.minutes * 60 < READ_PER_WEIGHT * weights:
            break
        chosen, speed = (layers, size), reads
    assert chosen is not None
    layers, size = chosen
    if group.is_main:
        say(
            f"size chosen for {config.minutes:g} minutes on this machine: {layers}x{size}, {speed:,.0f} characters/s; "
            "--num-layers and --rnn-size set another"
        )
    return replace(config, num_layers=layers, rnn_size=size)


def _characters_per_second(trainer: Trainer) -> float:
    """Return how fast a network trains, by the median of a few steps, in the slowest process of the group."""
    seconds = []
    for _ in range(_WARM_UP + _MEASURED):
        started = time.perf_counter()
        trainer.step()
        seconds.append(trainer.group.all_reduce_max(time.perf_counter() - started))
    return trainer.step_size / median(seconds[_WARM_UP:])
