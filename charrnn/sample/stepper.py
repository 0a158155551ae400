"""The network one character at a time, a text to each lane: as it was trained, or quick."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from charrnn.model.lstm import BATCH_AXIS, CharLSTM, select_rows
from charrnn.model.quantized import QuickLSTM


class Network(Protocol):
    """A network and what each of its lanes has read so far."""

    def step(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Feed a character to each lane, ids (lanes,); gives the logits (lanes, characters) of the next."""

    def forget(self, lane: int) -> None:
        """Make a lane forget what it has read."""

    def keep(self, lanes: NDArray[np.bool_]) -> None:
        """Go on with some of the lanes alone, lanes (lanes,)."""


def network(model: CharLSTM, lanes: int, exact: bool = False) -> Network:
    """The model with `lanes` lanes that have read nothing: quick where it can be, unless it is to be `exact`."""
    return AsTrained(model, lanes) if exact or not _can_be_quick(model) else QuickLSTM(model, lanes)


def _can_be_quick(model: CharLSTM) -> bool:
    """Whether it is an LSTM on the CPU. What is not a number cannot be rounded, and is left to show in the logits."""
    on_cpu = model.decoder.weight.device.type == "cpu"
    return on_cpu and model.config.model == "lstm" and all(bool(part.isfinite().all()) for part in model.parameters())


class AsTrained:
    """The model itself, on its device and in its precision."""

    def __init__(self, model: CharLSTM, lanes: int) -> None:
        self.model = model.eval()
        self.state = model.initial_state(lanes)

    @torch.inference_mode()
    def step(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        read = torch.from_numpy(ids[:, None]).to(self.state[0].device)
        with _without_onednn():
            logits, self.state = self.model(read, self.state)
        return np.asarray(logits[:, -1].float().cpu().numpy())

    @torch.inference_mode()
    def forget(self, lane: int) -> None:
        for part in self.state:
            part.select(BATCH_AXIS, lane).zero_()

    @torch.inference_mode()
    def keep(self, lanes: NDArray[np.bool_]) -> None:
        self.state = select_rows(self.state, torch.from_numpy(lanes))


@contextmanager
def _without_onednn() -> Iterator[None]:
    """oneDNN packs the weights anew at every call of an LSTM; for a single character that takes 2-4 times the rest."""
    # `flags()` would do as well, but in torch 2.13 it warns of Intel GPUs on leaving.
    before = bool(torch.backends.mkldnn.enabled)
    torch.backends.mkldnn.enabled = False  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.backends.mkldnn.enabled = before  # type: ignore[assignment]
