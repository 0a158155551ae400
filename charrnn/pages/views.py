"""A sampled text and what there is to show of it: the posting, what was wrong with its markup, what is copied."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from markupsafe import Markup

from charrnn.evaluate.memorization import Overlap, OverlapSummary
from charrnn.sample.generate import Sample
from scrape.common.pages.kit import sanitize
from scrape.common.posting import Posting
from scrape.markup import document, grammar

_piece = re.compile(r"<[^<>]*>|&[a-z]+;|[^<&]+")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where texts come from: what the pages tell of the network and of how it was sampled.

    `checkpoint` is a file name, `network` its shape in words, `val_loss` in nats per character, `raw` says that the
    grammar did not constrain it, and `choice` says in words what --top-k and the like left out. `held_out` is the
    overlap of held-out postings with the training text.
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
    choice: str = ""
    held_out: OverlapSummary | None = None


@dataclass(frozen=True)
class Shown:
    """A sample, the `number`-th of `count`, and what is shown of it.

    `text` is the document to show, which is the sample's own where it is well formed; `fault` is what was wrong with
    its markup, if anything. `overlap` is that of `text` with the training text; None where it was not measured.
    """

    sample: Sample
    number: int
    count: int
    text: str
    fault: str | None
    overlap: Overlap | None

    @classmethod
    def of(cls, sample: Sample, number: int = 1, count: int = 1, overlap: Overlap | None = None) -> Shown:
        """What to show of a sample; `overlap` is of `shown_text(sample)`."""
        return cls(sample, number, count, shown_text(sample), grammar.find_error(sample.text), overlap)

    @cached_property
    def posting(self) -> Posting:
        return document.read(self.text)

    @property
    def name(self) -> str:
        """The file of its page."""
        return f"posting-{self.number:02}.html"

    @property
    def remark(self) -> str:
        """What befell the text on its way to the page, or nothing."""
        befell = ["closed at the length limit"] * (not self.sample.ended) + ["markup mended"] * bool(self.fault)
        return ", ".join(befell)

    @property
    def body(self) -> Markup:
        """The blocks with the headings of a page, what is copied within <mark>.

        Many boards mark a heading as a paragraph in bold, so one that is bold from end to end is shown as a heading.
        """
        blocks = self._marked(self._body_start, len(self.text) - len(grammar.END))
        titled = re.sub(r"<p><b>((?:[^<>]|</?mark>)*)</b></p>", r"<h2>\1</h2>", blocks)
        titled = titled.replace("<h4>", "<h2>").replace("</h4>", "</h2>")
        return sanitize(titled.replace(grammar.OPEN[grammar.BREAK], "<br>"))

    def line(self, tag: str) -> Markup | None:
        """The line of the head in `tag`, what is copied within <mark>; None where there is none."""
        start = self.text.find(grammar.OPEN[tag], 0, self._body_start)
        if start < 0:
            return None
        start += len(grammar.OPEN[tag])
        return sanitize(self._marked(start, self.text.index(grammar.CLOSE[tag], start)))

    @property
    def _body_start(self) -> int:
        return len(self.text) - len(grammar.END) - len(self.posting.html)

    def _marked(self, start: int, end: int) -> str:
        runs = self.overlap.runs if self.overlap else ()
        inside = [(max(a, start) - start, min(b, end) - start) for a, b in runs if a < end and b > start]
        return marked(self.text[start:end], inside)


def shown_text(sample: Sample) -> str:
    """The document to show of a sample: its text, mended where that is none."""
    return grammar.repair(sample.text)


def marked(blocks: str, runs: Sequence[tuple[int, int]]) -> str:
    """Bare markup with <mark> around the text in `runs` (spans, in order), inside the elements that it stands in."""
    made = "".join(_marked_piece(found[0], found.start(), runs) for found in _piece.finditer(blocks))
    return made.replace("</mark><mark>", "")


def _marked_piece(piece: str, at: int, runs: Sequence[tuple[int, int]]) -> str:
    """A tag as it is; an entity, which cannot be cut, wholly or not at all; a text cut at the ends of runs."""
    if piece[0] == "<" or piece.isspace():
        return piece
    if piece[0] == "&":
        return f"<mark>{piece}</mark>" if any(start <= at < end for start, end in runs) else piece
    cuts = sorted({0, len(piece), *(cut - at for run in runs for cut in run if 0 < cut - at < len(piece))})
    parts = []
    for start, end in pairwise(cuts):
        copied = any(first <= at + start < last for first, last in runs)
        parts.append(f"<mark>{piece[start:end]}</mark>" if copied else piece[start:end])
    return "".join(parts)


def plain(blocks: str) -> str:
    """Bare markup as plain text on one line."""
    return " ".join(html.unescape(re.sub(r"<[^<>]*>", "", blocks.replace("<br/>", " "))).split())


def paragraphs(blocks: str) -> list[str]:
    """The paragraphs, headings and items of a body as plain texts."""
    texts = (plain(block) for block in re.findall(r"<(?:p|h4|li)>(.*?)(?=</?(?:p|h4|li|ul|ol)>)", blocks, re.DOTALL))
    return [text for text in texts if text]


def visible(text: str) -> str:
    """`text` for a person to read: what would be invisible, or reorder the rest, becomes U+FFFD."""
    return "".join(char if char == "\n" or grammar.normalize(char) == char else "\ufffd" for char in text)


def shortened(text: str, most: int) -> str:
    """`text`, cut at a word where it is longer than `most` characters."""
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " …"
