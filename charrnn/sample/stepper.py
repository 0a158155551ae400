"""Run a network one character at a time on a batch of texts: quantized, or as it was trained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from charrnn.model.lstm import BATCH_AXIS, CharLSTM, select_rows
from charrnn.model.quantized import QuantizedLSTM


class Stepper(Protocol):
    """A network with a hidden state for each slot of a batch."""

    def step(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Feed a character to each slot, ids (slots,); return the logits (slots, characters) of the next."""

    def reset(self, slot: int) -> None:
        """Set the hidden state of a slot to zeros."""

    def keep(self, slots: NDArray[np.bool_]) -> None:
        """Keep only the slots that are True in `slots` (slots,)."""


def make_stepper(model: CharLSTM, slots: int, deterministic: bool = False) -> Stepper:
    """Return the model with `slots` slots at zero: quantized if it is an LSTM on the CPU and need not be deterministic.

    A weight that is not a number cannot be quantized; such a model runs as it is, so that its logits show it.
    """
    on_cpu = model.decoder.weight.device.type == "cpu"
    quantizable = on_cpu and model.config.model == "lstm" and all(bool(w.isfinite().all()) for w in model.parameters())
    return QuantizedLSTM(model, slots) if quantizable and not deterministic else ModelStepper(model, slots)


class ModelStepper:
    """The model itself, on its device and in its precision."""

    def __init__(self, model: CharLSTM, slots: int) -> None:
        self.model = model.eval()
        self.state = model.initial_state(slots)

    @torch.inference_mode()
    def step(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        read = torch.from_numpy(ids[:, None]).to(self.state[0].device)
        with _without_onednn():
            logits, self.state = self.model(read, self.state)
        return np.asarray(logits[:, -1].float().cpu().numpy())

    @torch.inference_mode()
    def reset(self, slot: int) -> None:
        for part in self.state:
            part.select(BATCH_AXIS, slot).zero_()

    @torch.inference_mode()
    def keep(self, slots: NDArray[np.bool_]) -> None:
        self.state = select_rows(self.state, torch.from_numpy(slots))


@contextmanager
def _without_onednn() -> Iterator[None]:
    """Switch oneDNN off: it packs the weights at every call of an LSTM, 2-4 times the work of one character."""
    # `flags()` would do as well, but in torch 2.13 it warns of Intel GPUs on leaving.
    before = bool(torch.backends.mkldnn.enabled)
    torch.backends.mkldnn.enabled = False  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.backends.mkldnn.enabled = before  # type: ignore[assignment]
