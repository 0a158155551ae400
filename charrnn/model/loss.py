"""Measure the loss of a model on text that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable

import torch

from charrnn.data.corpus import PADDING, Streams
from charrnn.data.vocab import Ids
from charrnn.model.device import autocast
from charrnn.model.distributed import SINGLE_PROCESS, Group
from charrnn.model.lstm import CharLSTM, summed_loss

STREAMS, WINDOW = 50, 100
_LEAST_STREAM = 1000  # characters: each stream begins without memory, which costs it about a hundred of them


def validation_streams(ids: Ids) -> Streams:
    """Return validation text as contiguous streams, the same for every batch size of training."""
    return Streams(ids, max(1, min(STREAMS, len(ids) // _LEAST_STREAM)), WINDOW)


def mean_loss(
    model: CharLSTM,
    text: Streams,
    dtype: torch.dtype = torch.float32,
    on_step: Callable[[], None] = lambda: None,
    group: Group = SINGLE_PROCESS,
) -> float:
    """Return the loss in nats per character over all of `text`, with the state carried along its streams.

    `on_step` is called at every window. The streams are divided among the group's processes, and each process gets the
    mean over all streams. Keeps the random state and the model's mode.
    """
    rows = slice(group.rank, None, group.size)
    device = model.decoder.weight.device
    training = model.training
    model.eval()
    total, count = 0.0, 0.0
    try:
        with torch.inference_mode(), autocast(device, dtype):
            state = model.initial_state(len(range(text.batch_size)[rows]))
            for number in range(len(text)):
                on_step()
                inputs, targets = (ids[rows] for ids in text.window(number))
                if not len(inputs):
                    continue  # fewer streams than processes
                logits, state = model(torch.from_numpy(inputs).to(device), state)
                total += float(summed_loss(logits, torch.from_numpy(targets).to(device)))
                count += int((targets != PADDING).sum())
    finally:
        model.train(training)
    total, count = group.all_reduce_sum(total, count)
    return total / count
