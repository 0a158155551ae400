"""Callbacks of the training loop: a preview of the generated text, the loss plot, TensorBoard events."""

from __future__ import annotations

import time
from pathlib import Path

from charrnn import plot
from charrnn.model.checkpoint import Checkpoint
from charrnn.runs import history
from charrnn.runs.files import RunFiles
from charrnn.runs.history import Evaluation
from charrnn.sample.sampler import sample_kind
from charrnn.sample.sampling import SamplingParams
from charrnn.train.loop import Callback
from scrape.common.console import say
from scrape.common.errors import InputError
from scrape.common.files import write_whole
from scrape.markup import document, grammar

LENGTH = 300  # characters of a preview
TEMPERATURE = 0.7
PLOT_SECONDS = 10.0


def make_callbacks(files: RunFiles, tensorboard: bool, step: int) -> tuple[Callback, ...]:
    """Return the callbacks of a run that starts, or resumes, at `step`."""

    def print_preview(checkpoint: Checkpoint, _evaluation: Evaluation) -> None:
        say(*(f"    {line}" for line in _preview(checkpoint).splitlines()))

    shown: tuple[Callback, ...] = (print_preview, _plotter(files))
    return (*shown, _events(files.events, step)) if tensorboard else shown


def plot_losses(files: RunFiles) -> None:
    """Draw the history. A plot that cannot be written does not stop the run: the history holds the same numbers."""
    try:
        write_whole(files.plot, plot.draw(history.read(files.log), files.folder.name))
    except (OSError, InputError) as error:
        say(f"no loss plot: {error}")


def rehearse(checkpoint: Checkpoint) -> None:
    """Do the work of the callbacks without output, to measure how long it takes."""
    _preview(checkpoint)
    plot.draw([Evaluation(0.0, 1, 1.0, 1.0, 1e-3, 1, 1.0)], "")


def _preview(checkpoint: Checkpoint) -> str:
    """Return the beginning of a posting, or of other text, as this checkpoint writes it; the seed is its step."""
    kind = checkpoint.text_kind
    prompt = document.prompt_prefix() + grammar.OPEN[grammar.HEAD[0]] if kind.is_postings else ""
    params = SamplingParams(TEMPERATURE, length=LENGTH, seed=checkpoint.step)
    return next(sample_kind(checkpoint.model(), checkpoint.vocab, kind, [prompt], params)).text


def _plotter(files: RunFiles) -> Callback:
    """Return a callback that draws the plot, at most every PLOT_SECONDS."""
    drawn = time.monotonic()

    def redraw(_checkpoint: Checkpoint, _evaluation: Evaluation) -> None:
        nonlocal drawn
        if time.monotonic() - drawn > PLOT_SECONDS:
            plot_losses(files)
            drawn = time.monotonic()

    return redraw


def _events(folder: Path, step: int) -> Callback:
    """Return a callback that writes TensorBoard events from `step` on. Raises InputError without the package."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise InputError("--tensorboard needs a package: pip install tensorboard, or leave the flag out") from error
    writer = SummaryWriter(str(folder), purge_step=step)

    def write(_checkpoint: Checkpoint, evaluation: Evaluation) -> None:
        for name in ("train_loss", "val_loss", "learning_rate", "characters_per_second"):
            writer.add_scalar(name, getattr(evaluation, name), evaluation.step)
        writer.flush()

    return write
