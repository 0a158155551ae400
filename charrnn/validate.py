"""How well a model guesses text that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable

import torch

from charrnn.data import PADDING, Streams
from charrnn.device import autocast
from charrnn.model import CharLSTM, summed_loss
from charrnn.vocab import Ids

STREAMS, WINDOW = 50, 100
_LEAST_STREAM = 1000  # characters: each stream begins without memory, which costs it about a hundred of them


def streams(ids: Ids) -> Streams:
    """Validation text as contiguous streams, the same whatever the training's batch."""
    return Streams(ids, max(1, min(STREAMS, len(ids) // _LEAST_STREAM)), WINDOW)


def mean_loss(
    model: CharLSTM, text: Streams, dtype: torch.dtype = torch.float32, tick: Callable[[], None] = lambda: None
) -> float:
    """Nats per character over all of `text`, the state carried along its streams; `tick` is called at every window.

    Touches no random state; leaves the model in the mode in which it came.
    """
    device = model.decoder.weight.device
    training = model.training
    model.eval()
    total, count = 0.0, 0
    try:
        with torch.inference_mode(), autocast(device, dtype):
            state = model.initial_state(text.batch_size)
            for number in range(len(text)):
                tick()
                inputs, targets = text.window(number)
                logits, state = model(torch.from_numpy(inputs).to(device), state)
                total += float(summed_loss(logits, torch.from_numpy(targets).to(device)))
                count += int((targets != PADDING).sum())
    finally:
        model.train(training)
    return total / count
