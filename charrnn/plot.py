"""The loss plot of a run, drawn from its log."""

from __future__ import annotations

import io
from collections.abc import Sequence
from math import log

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from charrnn.runlog import Evaluation
from scrape.errors import InputError

INK, SOFT, RULE = "#1f1d1a", "#67625a", "#e4e0d8"
TRAIN, VALIDATION = "#a39d90", "#5a45b0"

_NATS_PER_BIT = log(2)


def draw(evaluations: Sequence[Evaluation], title: str = "") -> bytes:
    """A PNG of training and validation loss against the epoch, on white; the same input gives the same bytes.

    Left axis in nats per character, right axis in bits. The least validation loss is marked. Raises InputError
    where there is no evaluation.
    """
    if not evaluations:
        raise InputError("the log of the run holds no evaluation yet; train on")
    figure = Figure(figsize=(4.6, 3.5), dpi=220, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    _draw_losses(axes, evaluations)
    _mark_best(axes, evaluations)
    _dress(axes, title)
    file = io.BytesIO()
    FigureCanvasAgg(figure)  # the canvas that `savefig` draws on; nothing global is touched
    figure.savefig(file, format="png", metadata={"Software": None}, pil_kwargs={"optimize": True})
    return file.getvalue()


def best(evaluations: Sequence[Evaluation]) -> Evaluation:
    """The evaluation with the least validation loss, the latest of equals."""
    return min(reversed(evaluations), key=lambda evaluation: evaluation.val_loss)


def _draw_losses(axes: Axes, evaluations: Sequence[Evaluation]) -> None:
    epochs = [evaluation.epoch for evaluation in evaluations]
    train = [evaluation.train_loss for evaluation in evaluations]
    validation = [evaluation.val_loss for evaluation in evaluations]
    dots = "o" if len(epochs) <= 20 else None
    axes.plot(epochs, train, color=TRAIN, linewidth=1.4, marker=dots, markersize=2.8, label="training")
    axes.plot(epochs, validation, color=VALIDATION, linewidth=1.9, marker=dots, markersize=3.2, label="validation")


def _mark_best(axes: Axes, evaluations: Sequence[Evaluation]) -> None:
    least = best(evaluations)
    axes.plot(
        [least.epoch],
        [least.val_loss],
        marker="o",
        markersize=8.5,
        markerfacecolor="none",
        markeredgecolor=VALIDATION,
        markeredgewidth=1.3,
        linestyle="none",
        label=f"best: {least.val_loss:.4f} at epoch {least.epoch:.2f}",
    )


def _dress(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", color=INK, fontsize=10.5)
    axes.set_xlabel("epoch", color=SOFT, fontsize=9.5)
    axes.set_ylabel("loss in nats per character", color=SOFT, fontsize=9.5)
    axes.margins(x=0.04, y=0.12)
    axes.set_xlim(left=0)
    axes.locator_params(nbins=7)
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    bits = axes.secondary_yaxis("right", functions=(_to_bits, _to_nats))
    bits.set_ylabel("bits per character", color=SOFT, fontsize=9.5)
    bits.spines["right"].set_visible(False)
    axes.spines["bottom"].set_color(SOFT)
    axes.spines[["top", "right", "left"]].set_visible(False)
    for drawn in (axes, bits):
        drawn.tick_params(colors=SOFT, labelsize=9.5, length=0)
    axes.legend(facecolor="white", edgecolor="none", framealpha=1, fontsize=9.5, labelcolor=INK, loc="upper right")


def _to_bits(nats: ArrayLike) -> ArrayLike:
    return np.asarray(nats) / _NATS_PER_BIT


def _to_nats(bits: ArrayLike) -> ArrayLike:
    return np.asarray(bits) * _NATS_PER_BIT
