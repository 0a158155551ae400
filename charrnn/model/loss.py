"""How well a model guesses text that it was not trained on."""

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
    """Validation text as contiguous streams, the same whatever the training's batch."""
    return Streams(ids, max(1, min(STREAMS, len(ids) // _LEAST_STREAM)), WINDOW)


def mean_loss(
    model: CharLSTM,
    text: Streams,
    dtype: torch.dtype = torch.float32,
    tick: Callable[[], None] = lambda: None,
    group: Group = SINGLE_PROCESS,
) -> float:
    """Nats per character over all of `text`, the state carried along its streams; `tick` is called at every window.

    The streams are dealt to the group's processes, and each gets the mean over all of them. Touches no random state;
    leaves the model in the mode in which it came.
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
                tick()
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
