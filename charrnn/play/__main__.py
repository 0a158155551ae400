"""`python -m charrnn.play`: put a trained network into one page, to play with in a browser, offline."""

from __future__ import annotations

if __name__ == "__main__":  # above the imports that take seconds, so that Ctrl-C during them ends quietly
    from scrape.common.launch import launch

    raise SystemExit(launch("charrnn.play.__main__"))

import argparse
import webbrowser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup

from charrnn.evaluate.memorization import COPIED, OverlapSummary, TrainingIndex
from charrnn.model import checkpoint
from charrnn.model.checkpoint import Checkpoint
from charrnn.pages import SAMPLES
from charrnn.pages.views import PostingView
from charrnn.play.cells import find_labels
from charrnn.play.page import Contents, Stage, describe, render_page
from charrnn.play.weights import Weights, quantize
from charrnn.runs import selection
from charrnn.sample.generate import Sample, generate
from charrnn.sample.grammar_mask import GrammarMask
from charrnn.sample.sampling import SamplingParams
from scrape.common import console
from scrape.common.arguments import positive_int
from scrape.common.console import say
from scrape.common.errors import InputError
from scrape.common.files import require_place, write_whole
from scrape.markup import document, grammar

PLAY = "play.html"
STAGES = ("untrained", "first", "best", "last")

_MEGABYTE = 1_000_000
_MOST = 4 * _MEGABYTE  # of a page with further checkpoints that nobody asked for
_LENGTH = 2000  # most characters of a sampled text
_READ = 12  # texts that are sampled to find what cells follow
_TEMPERATURE = 0.7


@dataclass(frozen=True)
class PlayOptions:
    """The options of the command line."""

    checkpoint: str
    run: str | None
    checkpoint_dir: Path
    data_dir: Path | None
    beside: list[str] | None
    out: Path | None
    open: bool
    wasm: bool
    max_megabytes: int
    debug: bool = False


def main(argv: list[str] | None = None) -> int:
    """Write the page, and print its path. Return the exit code."""
    options = PlayOptions(**vars(options_parser().parse_args(argv)))
    return console.run(lambda: _command(options), debug=options.debug)


def _command(options: PlayOptions) -> int:
    path = selection.choose(options.checkpoint, options.run, options.checkpoint_dir)
    out = options.out or SAMPLES / path.parent.name / PLAY
    require_place(out, "--out")
    page = make_page(path, options.beside, options.data_dir, options.wasm, options.max_megabytes)
    write_whole(out, page)
    console.print_result(out)
    if options.open and not webbrowser.open(out.resolve().as_uri()):
        say(f"no browser was found; open {out} yourself")
    return console.OK


def make_page(
    path: Path, beside: list[str] | None, data_dir: Path | None, webassembly: bool = True, max_megabytes: int = 10
) -> str:
    """Return the page of the checkpoint in `path`, with other stages of its run `beside` it.

    None stands for the untrained network, and the first checkpoint where the page stays small with it. Raises
    InputError where the network is no LSTM, or where the page would be larger than `max_megabytes`.
    """
    loaded = checkpoint.load(path)
    weights = quantize(loaded)
    postings = _writes_postings(loaded)
    samples = _sample(loaded, postings)
    chars = loaded.vocab.chars
    contents = Contents(
        run=path.parent.name,
        chars=chars,
        postings=postings,
        stages=[
            Stage("this", f"Epoch {loaded.epoch:.2f}", weights.shape, weights),
            *_beside(path, weights, chars, beside),
        ],
        labels=find_labels(weights, [loaded.vocab.encode(each.text).astype(np.int64) for each in samples], chars),
        sample=_show(samples[0], postings),
        facts=describe(weights.shape, loaded.config.rnn_size, loaded.epoch, loaded.val_loss, path.parent.name),
        recital=_recital(TrainingIndex.find(loaded, path, data_dir), samples),
    )
    page = render_page(contents, webassembly)
    if len(page) > max_megabytes * _MEGABYTE:
        raise InputError(
            f"the page would have {len(page) / _MEGABYTE:.1f} MB, more than --max-megabytes {max_megabytes}; "
            "name fewer checkpoints with --beside, or raise the limit"
        )
    return page


def _writes_postings(loaded: Checkpoint) -> bool:
    try:
        GrammarMask(loaded.vocab.chars)
    except InputError:
        return False
    return True


def _beside(path: Path, weights: Weights, chars: str, names: list[str] | None) -> Iterator[Stage]:
    """Yield the stages with these names; those that nobody asked for only where the page stays small."""
    if names is None:
        names = ["untrained", "first"]
        if 2.5 * len(weights.to_bytes()) > _MOST:  # of two networks, compressed and in base64
            names.remove("first")
            say("the first checkpoint is left out, which would double the size; add it with --beside untrained first")
    files = checkpoint.list_files(path.parent)
    for name in dict.fromkeys(names):
        if name == "untrained":
            yield Stage(name, "Untrained: random weights", weights.shape, None)
        elif files:
            file = {"first": files[0].path, "last": files[-1].path, "best": checkpoint.best(path.parent)}[name]
            other = checkpoint.load(file)
            if file == path or other.vocab.chars != chars:
                continue  # the same, or of an earlier run with another vocabulary
            rounded = quantize(other)
            yield Stage(name, f"Epoch {other.epoch:.2f}, the {name}", rounded.shape, rounded)


def _sample(loaded: Checkpoint, postings: bool) -> list[Sample]:
    """Sample the texts in which cells are looked for; the first is shown where there is no JavaScript."""
    known = set(loaded.vocab.chars)
    prompt = document.prompt_prefix() if postings else "\n" if "\n" in known else loaded.vocab.chars[:1]
    params = SamplingParams(_TEMPERATURE, length=_LENGTH)
    mask = GrammarMask(loaded.vocab.chars) if postings else None
    samples = generate(loaded.model(), loaded.vocab, [prompt] * _READ, params, mask=mask)
    return sorted(samples, key=lambda sample: sample.row)


def _show(sample: Sample, postings: bool) -> Markup:
    if not postings:
        return Markup("<pre>{}</pre>").format(sample.text.strip())
    view = PostingView.of(sample)
    lines = [view.head_line(tag) for tag in grammar.HEAD]
    return (
        Markup("<h2>{}</h2>\n").format(lines[0])
        + Markup("<p>{}</p>\n").join(["", *filter(None, lines[1:])])
        + view.body
    )


def _recital(index: TrainingIndex | None, samples: Sequence[Sample]) -> str:
    """Say how much of its training text the network recites."""
    if index is None:
        how_much = "how much of it was not measured, since the training text was not found when this page was made"
    else:
        found = OverlapSummary.of([index.overlap(sample.text) for sample in samples])
        how_much = (
            f"of {found.count} sampled texts, {found.share:.0%} on average stands in it word for word, in runs of "
            f"{COPIED} characters or more; the longest run has {found.longest}"
        )
    return (
        f"The network can recite its training text: {how_much}. Where that text was written by real people, such as "
        "real job postings, its words are theirs: consider that before you publish this page."
    )


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = console.parser(
        "python -m charrnn.play",
        "Put a trained network into one page: it writes in the browser, offline, and shows what it expects.",
    )
    selection.add_flags(made)
    add = made.add_argument
    add(
        "--beside",
        nargs="*",
        choices=STAGES,
        metavar="STAGE",
        help="other stages of the run to compare with: untrained, first, best, last; none for no other "
        "(default: untrained, and first where the page stays below 4 MB)",
    )
    add(
        "--data-dir",
        type=Path,
        metavar="FOLDER",
        help="folder of the training text input.txt, to measure copying (default: found in data/ by its checksum)",
    )
    add("--out", type=Path, metavar="FILE", help="file for the page (default: samples/RUN/play.html)")
    add("--open", action="store_true", help="open the page in a browser")
    add("--no-wasm", dest="wasm", action="store_false", help="leave WebAssembly out: a stricter policy, slower")
    add(
        "--max-megabytes",
        type=positive_int,
        default=10,
        metavar="N",
        help="refuse to write a larger page (default: %(default)s)",
    )
    return made
