"""Plot losses: `python -m charrnn.plot cv/` draws runs from their logs, or from the names of their checkpoints."""

from __future__ import annotations

if __name__ == "__main__":  # above the imports that take seconds, so that Ctrl-C during them ends quietly
    from scrape.common.launch import launch

    raise SystemExit(launch("charrnn.plot"))

import argparse
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from charrnn.model import checkpoint
from charrnn.runs import history, selection
from charrnn.runs.files import RunFiles
from charrnn.runs.history import Evaluation
from scrape.common import console
from scrape.common.errors import InputError
from scrape.common.files import require_place, write_whole

Form = Literal["png", "svg"]

# A PNG is transparent, and its inks have a contrast of 4.5 (lines: 3) on white as on black. An SVG has two
# colours for each ink, one for light and one for dark surroundings.
INK, RULE = "#757575", "#8888884d"
TRAIN, VALIDATION = "#908a80", "#7c6ad6"
RUNS = (VALIDATION, "#c2651a", "#2f8f6b", "#c04a7a", "#3d82c4", "#8f8420", "#a256b8", "#bf5550")
DARK = {INK: "#b5b0a6", TRAIN: "#a39d90", VALIDATION: "#b3a5f5"}
LIGHT = {INK: "#57534c", TRAIN: "#8d877b", VALIDATION: "#5a45b0"}

_NATS_PER_BIT = log(2)
_LEGEND_ROW = 0.2  # inches
_DOTTED = 20  # evaluations: a longer curve is drawn without a dot at each


@dataclass(frozen=True)
class Curve:
    """The losses of a run in nats per character, by epoch. `train` is empty where there is no log."""

    name: str
    epochs: Sequence[float]
    validation: Sequence[float]
    train: Sequence[float] = ()

    @property
    def best(self) -> int:
        """Index of the lowest validation loss, the latest of equals."""
        return min(reversed(range(len(self.validation))), key=self.validation.__getitem__)


def main(argv: list[str] | None = None) -> int:
    """Draw, and print the paths of the plots."""
    said = options_parser().parse_args(argv)
    return console.run(lambda: _command(said.runs, said.checkpoint_dir, said.out), debug=said.debug)


def _command(named: list[str], cv: Path, out: Path | None) -> int:
    runs = find_runs(named or [str(cv)], cv)
    usual = runs[0].resolve() if len(runs) == 1 else (Path(named[0]) if len(named) == 1 else cv) / "loss"
    found = [of_run(run) for run in runs]
    paths = [out] if out else [usual.with_name(f"{usual.name}.{form}") for form in ("png", "svg")]
    for path in paths:
        if path.suffix not in (".png", ".svg"):
            raise InputError(f"{path} is neither a .png nor an .svg; name one with --out")
        require_place(path, "--out")
    for path in paths:
        write_whole(path, draw_runs(found, form="svg" if path.suffix == ".svg" else "png"))
        console.print_result(path)
    return console.OK


def find_runs(named: Sequence[str], cv: Path) -> list[Path]:
    """Return the folders of the runs that are named: each by name, folder or file, or a folder of several, by name.

    Raises InputError where there is none.
    """
    found: list[Path] = []
    for name in named:
        below = selection.run_names(Path(name))
        alone = checkpoint.list_files(Path(name)) or not below
        found += [selection.find_run(name, cv)] if alone else [Path(name) / run for run in below]
    return list(dict.fromkeys(found))


def of_run(run: Path) -> Curve:
    """Return the losses of a run from its log, else from the names of its checkpoints, as the 2015 post did."""
    run = run.resolve()
    log_file = RunFiles(run).log
    if log_file.is_file() and (evaluations := history.read(log_file)):
        return of_log(evaluations, run.name)
    entries = checkpoint.list_files(run)
    return Curve(run.name, [entry.epoch for entry in entries], [entry.val_loss for entry in entries])


def of_log(evaluations: Sequence[Evaluation], name: str = "") -> Curve:
    """Return the losses in a log. Raises InputError where there is no evaluation."""
    if not evaluations:
        raise InputError("the log of the run holds no evaluation yet; train on")
    epochs, validation, train = zip(
        *((each.epoch, each.val_loss, each.train_loss) for each in evaluations), strict=True
    )
    return Curve(name, epochs, validation, train)


def draw(evaluations: Sequence[Evaluation], title: str = "", form: Form = "png") -> bytes:
    """Draw the log of one run, as `draw_runs` does."""
    return draw_runs([of_log(evaluations, title)], form)


def draw_runs(runs: Sequence[Curve], form: Form = "png") -> bytes:
    """Draw training and validation loss against the epoch; the same input gives the same bytes.

    Left axis in nats per character, right axis in bits. The lowest validation loss of each run is marked. The
    background is transparent, and the colours are legible on white and on black; an SVG adapts them.
    """
    alone = len(runs) == 1
    height = 3.5 if alone else 3.3 + _LEGEND_ROW * len(runs)  # inches
    figure = Figure(figsize=(4.6, height), dpi=220, layout="constrained", facecolor="none")
    axes = figure.add_subplot(facecolor="none")
    for number, run in enumerate(runs):
        _draw_losses(axes, run, RUNS[number % len(RUNS)], alone)
    _dress(axes, runs[0].name if alone else "")
    _explain(axes, figure, alone)
    FigureCanvasAgg(figure)  # the canvas that `savefig` draws on; nothing global is touched
    file = io.BytesIO()
    if form == "png":
        figure.savefig(file, format="png", metadata={"Software": None}, pil_kwargs={"optimize": True})
        return file.getvalue()
    with matplotlib.rc_context({"svg.hashsalt": "dream-jobs"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    style = f"<style>{_inks(LIGHT)}@media (prefers-color-scheme: dark) {{{_inks(DARK)}}}</style>"
    return re.sub(r"(<svg [^>]*>)", lambda found: found[1] + style, file.getvalue().decode(), count=1).encode()


def _inks(colours: dict[str, str]) -> str:
    """Return style rules that replace the colours that matplotlib drew with."""
    return "".join(
        f'[style*="{what}: {ink}"] {{ {what}: {colour} !important }} '
        for ink, colour in colours.items()
        for what in ("fill", "stroke")
    )


def best(evaluations: Sequence[Evaluation]) -> Evaluation:
    """Return the evaluation with the lowest validation loss, the latest of equals."""
    return min(reversed(evaluations), key=lambda evaluation: evaluation.val_loss)


def _draw_losses(axes: Axes, run: Curve, colour: str, alone: bool) -> None:
    dots = "o" if len(run.epochs) <= _DOTTED else None
    least = f"best: {run.validation[run.best]:.4f} at epoch {run.epochs[run.best]:.2f}"
    train, line = (TRAIN, "-") if alone else (colour, ":")
    if run.train:
        label = "training" if alone else "_"
        axes.plot(run.epochs, run.train, line, color=train, linewidth=1.4, marker=dots, markersize=2.8, label=label)
    label = "validation" if alone else f"{run.name}, {least}"
    axes.plot(run.epochs, run.validation, color=colour, linewidth=1.9, marker=dots, markersize=3.2, label=label)
    axes.plot(
        [run.epochs[run.best]],
        [run.validation[run.best]],
        marker="o",
        markersize=8.5,
        markerfacecolor="none",
        markeredgecolor=colour,
        markeredgewidth=1.3,
        linestyle="none",
        label=least if alone else "_",
    )


def _dress(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", color=INK, fontsize=11, parse_math=False)
    axes.set_xlabel("epoch", color=INK, fontsize=10.5)
    axes.set_ylabel("loss in nats per character", color=INK, fontsize=10.5)
    axes.margins(x=0.04, y=0.12)
    axes.set_xlim(left=0)
    axes.locator_params(nbins=7)
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    bits = axes.secondary_yaxis(
        "right",
        functions=(lambda nats: np.divide(nats, _NATS_PER_BIT), lambda bits: np.multiply(bits, _NATS_PER_BIT)),
    )
    bits.set_ylabel("bits per character", color=INK, fontsize=10.5)
    bits.spines["right"].set_visible(False)
    axes.spines["bottom"].set_color(INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    for drawn in (axes, bits):
        drawn.tick_params(colors=INK, labelsize=10, length=0)


def _explain(axes: Axes, figure: Figure, alone: bool) -> None:
    """Add the legend: inside the plot of one run, whose curves leave the corner free, above that of several."""
    if alone:
        legend = axes.legend(frameon=False, fontsize=10, labelcolor=INK, loc="upper right")
    else:
        axes.plot([], [], ":", color=INK, linewidth=1.4, label="dotted: training, where there is a log")
        legend = figure.legend(frameon=False, fontsize=10, labelcolor=INK, loc="outside upper left")
    for text in legend.get_texts():
        text.set_parse_math(False)


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = console.parser("python -m charrnn.plot", "Plot the loss of a run, or of all runs in one picture.")
    add = made.add_argument
    add("runs", nargs="*", metavar="RUN", help="names or folders of runs, or a folder of several (default: all runs)")
    add("--checkpoint-dir", type=Path, default=selection.CHECKPOINTS, help="folder of all runs (default: %(default)s)")
    add("--out", type=Path, metavar="FILE", help="a .png or .svg (default: both, beside the run)")
    return made
