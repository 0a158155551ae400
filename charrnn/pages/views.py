"""Views of samples: the posting to show, the error that was repaired, and the copied text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from charrnn.data.kind import TextKind
from charrnn.evaluate.memorization import Overlap, OverlapSummary
from charrnn.sample.generate import Sample
from charrnn.sample.sampler import Sampler
from scrape.common.pages.kit import sanitize
from scrape.common.posting import Posting
from scrape.markup import document, grammar, reader

_character = re.compile(r"&[a-z]+;|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Provenance:
    """The checkpoint and the sampling parameters that samples come from.

    `checkpoint` is a file name, `network` its shape in words, `val_loss` in nats per character, `raw` says that the
    grammar did not constrain it, and `truncation` lists the --top-k, --top-p and --min-p in use. `held_out` is the
    overlap of held-out texts with the training text, and `kind` that of the text. `weights` is how many the network
    has, and `characters` how many it knows.
    """

    run: str
    checkpoint: str
    network: str
    epoch: float
    val_loss: float
    temperature: float
    seed: int
    length: int
    raw: bool = False
    truncation: str = ""
    held_out: OverlapSummary | None = None
    kind: TextKind = field(default_factory=TextKind)
    weights: int = field(kw_only=True)
    characters: int = field(kw_only=True)

    @classmethod
    def of(cls, path: Path, sampler: Sampler, held_out: OverlapSummary | None) -> Provenance:
        """Describe the checkpoint in `path`, and the request that it samples for."""
        loaded, request, params = sampler.loaded, sampler.request, sampler.request.params
        layers = loaded.config.num_layers
        cuts = {"top-k": (params.top_k, 0), "top-p": (params.top_p, 1), "min-p": (params.min_p, 0)}
        return cls(
            run=path.parent.name,
            checkpoint=path.name,
            network=f"{loaded.config.model.upper()}, {layers} layer{'s' * (layers > 1)} of {loaded.config.rnn_size}",
            epoch=loaded.epoch,
            val_loss=loaded.val_loss,
            temperature=params.temperature,
            seed=params.seed,
            length=params.length,
            raw=request.raw,
            truncation=", ".join(f"{name} {value:g}" for name, (value, default) in cuts.items() if value != default),
            held_out=held_out,
            kind=loaded.text_kind,
            weights=sum(weight.numel() for weight in loaded.weights.values()),
            characters=len(loaded.vocab),
        )


@dataclass(frozen=True)
class PostingView:
    """A sample as its page shows it: the `number`-th of `count`.

    `text` is the document that is shown: the sample's own text where it is well formed, else the repaired one, and
    `error` then says what was wrong. `overlap` is that of `text` with the training text; None where it was not
    measured.
    """

    sample: Sample
    number: int
    count: int
    text: str
    error: str | None
    overlap: Overlap | None

    @classmethod
    def of(cls, sample: Sample, number: int = 1, count: int = 1, overlap: Overlap | None = None) -> PostingView:
        """Make the view of a sample; `overlap` is that of its repaired text."""
        return cls(sample, number, count, grammar.repair(sample.text), grammar.find_error(sample.text), overlap)

    @cached_property
    def posting(self) -> Posting:
        """The head and the body of the document."""
        return document.read(self.text)

    @property
    def name(self) -> str:
        """The file name of its page."""
        return f"posting-{self.number:02}.html"

    @property
    def title(self) -> str:
        """The title of the posting."""
        return self.posting.title

    @property
    def body(self) -> Markup:
        """The blocks of the posting on a page of its own."""
        return self.blocks("h2")

    def blocks(self, heading: str) -> Markup:
        """Return the blocks of the posting, with the element `heading` for headings, and copied text within <mark>.

        Many boards mark a heading as a paragraph in bold, so one that is bold from end to end is shown as a heading.
        """
        end = len(self.text) - len(grammar.END)
        blocks = self._marked(end - len(self.posting.html), end)
        titled = re.sub(r"<p><b>((?:[^<>]|</?mark>)*)</b></p>", rf"<{heading}>\1</{heading}>", blocks)
        titled = titled.replace("<h4>", f"<{heading}>").replace("</h4>", f"</{heading}>")
        return sanitize(titled.replace(grammar.OPEN[grammar.BREAK], "<br>"))

    def head_line(self, tag: str) -> Markup:
        """Return the head line in `tag`, with copied text within <mark>; empty where there is none."""
        found = (block for block in reader.blocks(self.text) if block.tag == tag)
        return next((sanitize(self._marked(line.start, line.start + len(line.inline))) for line in found), Markup())

    def _marked(self, start: int, end: int) -> str:
        runs = self.overlap.runs if self.overlap else ()
        inside = [(max(a, start) - start, min(b, end) - start) for a, b in runs if a < end and b > start]
        return mark_runs(self.text[start:end], inside)


def mark_runs(markup: str, runs: Sequence[tuple[int, int]]) -> str:
    """Return bare markup with <mark> around the text in `runs`, inside the elements that it stands in.

    `runs` are spans [start, end) in order. A character reference is marked if it begins in one of them.
    """
    copied = [False] * len(markup)
    for start, end in runs:
        copied[start:end] = [True] * (end - start)
    made = []
    for token in reader.tokens(markup):
        if token.tag or token.text.isspace():
            made.append(token.text)
            continue
        characters = [(copied[token.start + found.start()], found[0]) for found in _character.finditer(token.text)]
        for is_copied, run in groupby(characters, key=lambda pair: pair[0]):
            text = "".join(character for _, character in run)
            made.append(f"<mark>{text}</mark>" if is_copied else text)
    return "".join(made).replace("</mark><mark>", "")


def plain_line(markup: str) -> str:
    """Return bare markup as plain text on one line."""
    return " ".join(reader.plain_text(markup).split())


def replace_invisible(text: str, keep: str = "\n") -> str:
    """Return `text` with U+FFFD for characters that are invisible or reorder the text, except those in `keep`."""
    return "".join(char if char in keep or grammar.normalize(char) == char else "\ufffd" for char in text)


def shorten(text: str, most: int) -> str:
    """Return `text`, cut at a word where it is longer than `most` characters."""
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " …"
