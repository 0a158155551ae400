"""Show sampled texts that are not postings: line breaks kept, in one typeface for prose and another for source code."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup, escape

from charrnn.data.corpus import LINES
from charrnn.evaluate.memorization import COPIED, Overlap
from charrnn.pages.posting import describe_source, describe_surprisal
from charrnn.pages.views import Provenance, replace_invisible, shorten
from charrnn.sample.generate import Sample

_EXCERPT_LENGTH = 420  # characters of a text in the gallery
_EXCERPT_LINES = 12
_TITLE_LENGTH = 60


@dataclass(frozen=True)
class TextView:
    """A sample as its page shows it: the `number`-th of `count`.

    `overlap` is that of `text` with the training text; None where it was not measured.
    """

    sample: Sample
    number: int = 1
    count: int = 1
    overlap: Overlap | None = None

    @property
    def text(self) -> str:
        """The text without blank lines around it."""
        return shown_text(self.sample)

    @property
    def is_copied(self) -> bool:
        """True if the whole text stands in the training text, as far as it was measured."""
        return self.overlap is not None and self.overlap.longest >= len(self.text)

    @property
    def name(self) -> str:
        """The file name of its page."""
        return f"text-{self.number:02}.html"

    @property
    def title(self) -> str:
        """The first line, shortened."""
        lines = replace_invisible(self.text).split("\n")
        return shorten(next((line.strip() for line in lines if line.strip()), f"Text {self.number}"), _TITLE_LENGTH)

    @property
    def body(self) -> Markup:
        """The text, with what is copied within <mark>."""
        made, text = Markup(), self.text
        at = 0
        for start, end in self.overlap.runs if self.overlap else ():
            made += escape(_visible(text[at:start])) + Markup("<mark>{}</mark>").format(_visible(text[start:end]))
            at = end
        return made + escape(_visible(text[at:]))

    @property
    def excerpt(self) -> str:
        """The first lines, cut at a word."""
        lines = "\n".join(self.text.split("\n")[:_EXCERPT_LINES]).rstrip()
        cut = lines if len(lines) <= _EXCERPT_LENGTH else lines[:_EXCERPT_LENGTH].rsplit(None, 1)[0]
        return _visible(cut) + (" …" if len(cut) < len(self.text.rstrip()) else "")

    @property
    def words(self) -> str:
        """Each of its words once, for the filter."""
        words = {word.strip(".,;:!?()[]\"'“”‘’") for word in _visible(self.text).lower().split()}
        return " ".join(sorted(words - {""}))


def shown_text(sample: Sample) -> str:
    """Return the text of a sample as it is shown and measured: without line breaks before and after it."""
    return sample.text.strip("\n")


def notes(view: TextView, source: Provenance) -> str:
    """Return the line below a text in the gallery."""
    parts = [] if source.kind.form == LINES else [f"{len(view.text.split()):,} words"]
    if view.overlap and source.kind.form == LINES:
        parts.append(
            "stands in the training text" if view.is_copied else f"at most {view.overlap.longest} letters copied"
        )
    elif view.overlap:
        parts.append(f"{view.overlap.share:.0%} copied" if view.overlap.runs else "nothing copied")
    if not view.sample.ended:
        parts.append("cut at the length limit")
    return " · ".join(parts)


def sheet(view: TextView, source: Provenance) -> dict[str, object]:
    """Return what there is to show of a text, by name."""
    facts = describe_source(source) | _describe_sample(view, source)
    return {"view": view, "body": view.body, "run_length": COPIED, "facts": facts}


def _describe_sample(view: TextView, source: Provenance) -> dict[str, str]:
    unit = "line" if source.kind.end == "\n" else "paragraph"
    facts = {
        "Surprisal": f"{describe_surprisal(view.sample)}, at temperature 1",
        "End": f"at the end of a {unit}" if view.sample.ended else "cut at the length limit",
        "Row": str(view.sample.row),
        "Prompt": replace_invisible(view.sample.prompt),
    }
    return {name: fact for name, fact in facts.items() if fact}


def _visible(text: str) -> str:
    return replace_invisible(text, keep="\n\t")
