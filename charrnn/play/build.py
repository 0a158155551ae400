"""Make the page of a checkpoint: sample from it, find cells that follow something, measure what is copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from markupsafe import Markup

from charrnn.data.kind import TextKind
from charrnn.evaluate.memorization import COPIED, OverlapSummary, TrainingIndex
from charrnn.model import checkpoint
from charrnn.model.checkpoint import Checkpoint
from charrnn.pages.text import TextView
from charrnn.pages.views import PostingView
from charrnn.play.cells import find_labels
from charrnn.play.page import Contents, PageNetwork, describe, render_page
from charrnn.play.weights import Weights, quantize
from charrnn.sample.generate import WARM_UP, Sample, generate
from charrnn.sample.grammar_mask import GrammarMask
from charrnn.sample.sampling import SamplingParams
from scrape.common.console import say
from scrape.common.errors import InputError
from scrape.markup import document, grammar

STAGES = ("untrained", "first", "best", "last")
MOST_MEGABYTES = 10  # of a page, unless a larger one is asked for

_MEGABYTE = 1_000_000
_SMALL = 4 * _MEGABYTE  # of a page with a further checkpoint that nobody asked for
_TEXTS = 12  # that are sampled, to find what cells follow
_LENGTH = 2000  # most characters of each
_TEMPERATURE = 0.7


def make_page(
    path: Path,
    beside: list[str] | None = None,
    data_dir: Path | None = None,
    webassembly: bool = True,
    max_megabytes: int = MOST_MEGABYTES,
) -> str:
    """Return the page of the checkpoint in `path`, with other stages of its run `beside` it.

    None stands for the untrained network, and the first checkpoint where the page stays small with it. Raises
    InputError where the network is no LSTM, or where the page would be larger than `max_megabytes`.
    """
    torch.set_num_threads(1)  # as for sampling: a second thread takes longer where anything else runs
    loaded = checkpoint.load(path)
    weights = quantize(loaded)
    kind = loaded.text_kind
    samples = _sample(loaded, kind)
    index = TrainingIndex.find(loaded, path, data_dir)
    chars = loaded.vocab.chars
    contents = Contents(
        run=path.parent.name,
        chars=chars,
        kind=kind,
        stages=[
            PageNetwork("this", _label(path, loaded.epoch), weights.shape, weights),
            *_beside(path, weights, chars, beside),
        ],
        labels=find_labels(weights, [loaded.vocab.encode(each.text).astype(np.int64) for each in samples], chars),
        sample=_show(samples[0], kind),
        facts=describe(weights.shape, loaded.config.rnn_size, loaded.epoch, loaded.val_loss, path.parent.name),
        recital=_recital(index, samples, kind),
    )
    page = render_page(contents, webassembly)
    if len(page) > max_megabytes * _MEGABYTE:
        raise InputError(
            f"the page would have {len(page) / _MEGABYTE:.1f} MB, more than --max-megabytes {max_megabytes}; "
            "name fewer checkpoints with --beside, or raise the limit"
        )
    if not index:
        say("copied text was not measured, since the training text was not found; name its folder with --data-dir")
    return page


def _beside(path: Path, weights: Weights, chars: str, names: list[str] | None) -> Iterator[PageNetwork]:
    """Yield the stages with these names; those that nobody asked for only where the page stays small."""
    files = [entry.path for entry in checkpoint.list_files(path.parent)] or [path]
    named = {"first": files[0], "last": files[-1], "best": checkpoint.best(path.parent) if len(files) > 1 else files[0]}
    if names is None:
        names = ["untrained", "first"]
        if 2.5 * len(weights.to_bytes()) > _SMALL and named["first"] != path:  # of both, compressed and in base64
            names.remove("first")
            say("the first checkpoint is left out, which would double the size; add it with --beside untrained first")
    used = {path}
    for name in dict.fromkeys(names):
        if name == "untrained":
            yield PageNetwork(name, "Untrained: random weights", weights.shape, None)
        elif named[name] not in used:
            used.add(named[name])
            other = checkpoint.load(named[name])
            if other.vocab.chars != chars:
                say(f"{named[name].name} is left out: it has another vocabulary, so it is of an earlier text")
                continue
            rounded = quantize(other)
            yield PageNetwork(name, _label(named[name], other.epoch), rounded.shape, rounded)


def _label(path: Path, epoch: float) -> str:
    """Return what a checkpoint is called in the page."""
    files = [entry.path for entry in checkpoint.list_files(path.parent)]
    if len(files) > 1 and path == checkpoint.best(path.parent):
        return f"Epoch {epoch:.2f}, the best"
    return f"Epoch {epoch:.2f}" + (", the first" if len(files) > 1 and path == files[0] else "")


def _sample(loaded: Checkpoint, kind: TextKind) -> list[Sample]:
    """Sample the texts in which cells are looked for; the first is shown where there is no JavaScript."""
    prompt = document.prompt_prefix() if kind.is_postings else ""
    warm_ups = (WARM_UP,) if kind.is_postings else kind.openings
    params = SamplingParams(_TEMPERATURE, length=_LENGTH)
    mask = GrammarMask(loaded.vocab.chars) if kind.is_postings else None
    stop = grammar.END if kind.is_postings else ""
    prompts = [prompt] * _TEXTS
    samples = generate(loaded.model(), loaded.vocab, prompts, params, mask=mask, stop=stop, warm_ups=warm_ups)
    return sorted(samples, key=lambda sample: sample.row)


def _show(sample: Sample, kind: TextKind) -> Markup:
    if not kind.is_postings:
        face = "written code" if kind.monospace else "written"
        return Markup('<div class="{}" lang="" dir="auto">{}</div>').format(face, TextView(sample).body)
    view = PostingView.of(sample)
    title, *others = (view.head_line(tag) for tag in grammar.HEAD)
    lines = Markup("").join(Markup("<p>{}</p>\n").format(line) for line in others if line)
    return Markup("<h2>{}</h2>\n{}{}").format(title, lines, view.body)


def _recital(index: TrainingIndex | None, samples: Sequence[Sample], kind: TextKind) -> str:
    """Say how much of its training text the network recites."""
    if index is None:
        how_much = "how much of it was not measured, since the training text was not found when this page was made"
    else:
        found = OverlapSummary.of([index.overlap(sample.text) for sample in samples])
        held_out = index.held_out_overlap(_LENGTH)
        how_much = (
            f"of {found.count} texts that it wrote, {found.share:.0%} on average stands in it word for word, in runs "
            f"of {COPIED} characters or more, and the longest run has {found.longest}"
        )
        if held_out:
            how_much += f" (of {held_out.count} texts that it never saw: {held_out.share:.0%}, and {held_out.longest})"
    pieces = "" if kind.is_postings else " Short pieces of it, after which the network begins, are in the page."
    return (
        f"The network can recite its training text: {how_much}.{pieces} Where that text was written by real people, "
        "such as real job postings, its words are theirs: consider that before you publish this page."
    )
