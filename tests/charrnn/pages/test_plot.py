"""The loss plot: a picture of the log, always the same for the same log."""

from __future__ import annotations

import io
import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from charrnn import plot
from charrnn.plot import Curve
from charrnn.runs import history
from charrnn.runs.history import Evaluation
from scrape.common import console
from scrape.common.errors import InputError
from tests.support.paths import ROOT


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
        history.append(log, evaluation)
    log.write_text(log.read_text()[:-40])
    assert plot.draw(history.read(log), "run") == plot.draw(evaluations(4), "run")


def test_an_empty_log_is_refused() -> None:
    with pytest.raises(InputError, match="no evaluation"):
        plot.draw([], "run")


def test_nothing_global_is_touched() -> None:
    """Not pyplot, which keeps every figure and looks for a window system."""
    code = "import sys, charrnn.plot; raise SystemExit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def run_of_names(cv: Path, name: str = "named") -> Path:
    """A run of which nothing is left but the names of its checkpoints."""
    folder = cv / name
    folder.mkdir(parents=True)
    for epoch, loss in (("1.00", "2.0000"), ("19.00", "1.2345"), ("50.00", "1.3000")):
        (folder / f"lm_lstm_epoch{epoch}_{loss}.pt").touch()
    (folder / "notes.txt").touch()
    return folder


def test_names_of_checkpoints_tell_epoch_and_validation_loss(tmp_path: Path) -> None:
    curve = plot.of_run(run_of_names(tmp_path))
    assert (curve.name, list(curve.epochs), list(curve.validation)) == ("named", [1, 19, 50], [2, 1.2345, 1.3])
    assert not curve.train
    assert curve.best == 1


def test_a_log_beside_the_run_tells_more(tmp_path: Path) -> None:
    folder = run_of_names(tmp_path)
    for evaluation in evaluations(5):
        history.append(tmp_path / "named.jsonl", evaluation)
    curve = plot.of_run(folder)
    assert curve == plot.of_log(evaluations(5), "named")
    assert len(curve.train) == 5


@pytest.mark.parametrize("content", [b"\xff\xfe\n", b"no json\n"])
def test_a_log_that_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=r"run\.jsonl.*move the file away"):
        history.read(tmp_path / "run.jsonl")


def test_the_command_draws_one_run_or_all_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, _ = run_of_names(tmp_path, "one"), run_of_names(tmp_path, "two")
    assert plot.main([str(one)]) == console.OK
    assert plot.main([str(tmp_path)]) == console.OK
    drawn = [tmp_path / name for name in ("one.png", "one.svg", "loss.png", "loss.svg")]
    assert capsys.readouterr().out.splitlines() == [str(path) for path in drawn]
    assert [path.read_bytes()[:4] for path in drawn] == [b"\x89PNG", b"<?xm"] * 2
    out = tmp_path / "sub" / "picture.svg"
    assert plot.main([str(tmp_path), "--out", str(out)]) == console.OK
    assert out.read_bytes() == (tmp_path / "loss.svg").read_bytes()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (["nowhere"], "there is no checkpoint or run nowhere; the runs in cv are: named"),
        (["."], r"there is no checkpoint in \.; the runs in cv are: named"),
        (["cv", "--out", "x.jpg"], r"x\.jpg is neither a \.png nor an \.svg"),
        (["cv", "--out", "cv/named/notes.txt/x.png"], r"notes\.txt is a file; name another place with --out"),
    ],
)
def test_what_cannot_be_drawn_gets_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    said: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    run_of_names(tmp_path / "cv")
    assert plot.main(said) == console.BAD_INPUT
    assert re.fullmatch(f"error: .*{message}.*\n", capsys.readouterr().err)


def test_every_run_has_a_colour_of_its_own() -> None:
    curves = [Curve(f"run {number}", [1, 2, 3], [2, 1 + number / 10, 1.5]) for number in range(3)]
    for form in ("png", "svg"):
        assert plot.draw_runs(curves, form) == plot.draw_runs(curves, form)  # type: ignore[arg-type]
    png, svg = plot.draw_runs(curves), plot.draw_runs(curves, "svg").decode()
    for colour in plot.RUNS[:3]:
        assert len(coloured(png, colour)) > 300
        assert f"stroke: {colour}" in svg
    assert f"stroke: {plot.RUNS[3]}" not in svg


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("paper", ["#ffffff", "#0d1117"])
def test_the_inks_are_legible_on_white_and_in_the_dark(paper: str) -> None:
    assert contrast(plot.INK, paper) > 4
    assert all(contrast(line, paper) > 3 for line in (plot.TRAIN, *plot.RUNS))
    assert imread(io.BytesIO(plot.draw(evaluations(9))))[0, 0, 3] == 0  # the ground is transparent


def test_an_svg_has_inks_for_light_and_for_dark() -> None:
    svg = plot.draw(evaluations(9), "demo", "svg").decode()
    light, dark = svg.split("prefers-color-scheme: dark", 1)
    for ink in (plot.INK, plot.TRAIN, plot.VALIDATION):
        assert svg.count(f": {ink}") > 4  # in use, not only in the style
        assert f'"stroke: {ink}"] {{ stroke: {plot.LIGHT[ink]}' in light
        assert f'"stroke: {ink}"] {{ stroke: {plot.DARK[ink]}' in dark
        assert contrast(plot.LIGHT[ink], "#fbfaf6") > 3 < contrast(plot.DARK[ink], "#151517")
    assert not re.search(r"<script|href=\"http|url\(http", svg)
