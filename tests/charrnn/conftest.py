"""Fixtures for tests of the network: one thread, one seed, and no time spent on pictures."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Compute on one thread, from the same seed: the sums of a test come out the same on every machine."""
    torch.set_num_threads(1)
    torch.manual_seed(1)


@pytest.fixture(autouse=True)
def short_preview(monkeypatch: pytest.MonkeyPatch) -> None:
    """Print a short preview after each evaluation: the usual one takes longer than an epoch of a tiny network."""
    monkeypatch.setattr("charrnn.train.callbacks.LENGTH", 20)


@pytest.fixture
def no_plot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the loss curve, which takes a third of a second."""
    monkeypatch.setattr("charrnn.plot.draw", lambda *_: b"no picture")
