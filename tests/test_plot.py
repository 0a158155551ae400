"""The loss plot: a picture of the log, always the same for the same log."""

from __future__ import annotations

import io
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from charrnn import plot, runlog
from charrnn.runlog import Evaluation
from scrape.errors import InputError


def evaluations(count: int, overfits_after: int = 10**6) -> list[Evaluation]:
    def at(number: int) -> Evaluation:
        fall = 2 * math.exp(-number / 4)
        return Evaluation(
            epoch=number / 2,
            step=number * 100,
            train_loss=0.6 + fall,
            val_loss=0.7 + fall + max(0, number - overfits_after) * 0.02,
            learning_rate=0.002,
            characters_per_second=1000,
            seconds=number * 10.0,
        )

    return [at(number) for number in range(1, count + 1)]


def coloured(png: bytes, colour: str) -> np.ndarray:
    """(points, 2) the rows and columns of the pixels that have nearly this colour."""
    wanted = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return np.argwhere(np.abs(imread(io.BytesIO(png))[..., :3] - wanted).max(axis=2) < 0.02)


def test_the_same_log_gives_the_same_bytes_and_another_gives_others() -> None:
    assert plot.draw(evaluations(9), "demo") == plot.draw(evaluations(9), "demo")
    assert plot.draw(evaluations(9), "demo") != plot.draw(evaluations(10), "demo")


def test_both_losses_fall_across_the_picture() -> None:
    png = plot.draw(evaluations(30), "demo")
    for colour in (plot.TRAIN, plot.VALIDATION):
        points = coloured(png, colour)
        left, right = points[points[:, 1].argsort()[[0, -1]]]
        assert right[1] - left[1] > 400
        assert points[points[:, 1] < left[1] + 5][:, 0].mean() < points[:, 0].max() - 200


def test_the_least_validation_loss_is_the_best_and_the_latest_of_equals() -> None:
    overfitted = evaluations(40, overfits_after=9)
    assert plot.best(overfitted).val_loss == min(evaluation.val_loss for evaluation in overfitted)
    flat = [Evaluation(1, 10, 1, 0.5, 1, 1, 1), Evaluation(2, 20, 1, 0.5, 1, 1, 1), Evaluation(3, 30, 1, 0.6, 1, 1, 1)]
    assert plot.best(flat).epoch == 2


@pytest.mark.parametrize("count", [1, 2, 500])
def test_any_length_of_log_makes_a_small_file(count: int) -> None:
    png = plot.draw(evaluations(count), "a run called <b>$x$</b>")
    assert png.startswith(b"\x89PNG")
    assert len(png) < 150_000


def test_a_log_whose_last_line_was_cut_off_is_drawn_without_it(tmp_path: Path) -> None:
    log = tmp_path / "run.jsonl"
    for evaluation in evaluations(5):
        runlog.append(log, evaluation)
    log.write_text(log.read_text()[:-40])
    assert plot.draw(runlog.read(log), "run") == plot.draw(evaluations(4), "run")


def test_an_empty_log_is_refused() -> None:
    with pytest.raises(InputError, match="no evaluation"):
        plot.draw([], "run")


def test_nothing_global_is_touched() -> None:
    """Not pyplot, which keeps every figure and looks for a window system."""
    code = "import sys, charrnn.plot; raise SystemExit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1]).returncode == 0
