"""Render a gallery: an index that also shows how the network learned, and a page for each posting. Touches no file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from charrnn.evaluate.memorization import OverlapSummary
from charrnn.pages import PLAY, posting
from charrnn.pages.posting import INDEX
from charrnn.pages.views import PostingView, Provenance, plain_line, shorten
from charrnn.sample.compare import Stage
from scrape.common.pages import kit
from scrape.markup import reader

PLOT, TEXTS = "loss.svg", "postings.txt"
OWN_NAME = re.compile(r"posting-\d{2,}\.html|loss\.(?:svg|png)")
"""The names of the files that this or an earlier version may leave beside the index and the texts."""

_LEAD_LENGTH = 190  # characters of a card's first sentence
_EXCERPT_LENGTH = 320  # characters of a posting in the comparison of stages
_FILTERED = 4  # postings from which on the index has a filter


@dataclass(frozen=True, slots=True)
class PostingCard:
    """A posting in the index: its first sentence, a line of notes, and each of its words once, for the filter."""

    view: PostingView
    lead: str
    notes: str
    words: str

    @classmethod
    def of(cls, view: PostingView, source: Provenance) -> PostingCard:
        """Make the card of a view."""
        notes = [f"temperature {source.temperature:g}"]
        if view.overlap:
            share = f"{view.overlap.share:.0%}" if view.overlap.runs else "nothing"
            notes.append(f"{share} copied, at most {view.overlap.longest} characters in a row")
        if not view.sample.ended:
            notes.append("cut at the length limit")
        if view.error:
            notes.append("markup repaired")
        words = {word.strip(".,;:!?()[]\"'“”‘’") for word in reader.plain_text(view.text).lower().split()}
        return cls(view, first_sentence(view.posting.html), " · ".join(notes), " ".join(sorted(words - {""})))


def render_pages(
    views: Sequence[PostingView], source: Provenance, *, plot: bool, stages: Sequence[Stage] = (), play: bool = False
) -> dict[str, str]:
    """Render the files of a gallery by their names: a page for each posting, then the raw texts, then the index.

    `plot` and `play` say whether a loss.svg and a play.html will lie beside them.
    """
    neighbours = zip([None, *views], views, [*views[1:], None], strict=False)
    files = {view.name: posting.render_page(view, before, after, source) for before, view, after in neighbours}
    files[TEXTS] = "".join(view.sample.text.removesuffix("\n") + "\n" for view in views)
    files[INDEX] = kit.render(
        __package__,
        "gallery.html",
        styles=["style.css"],
        script=kit.read(__package__, "filter.js") if len(views) >= _FILTERED else "",
        images="'self' file:" if plot else "'none'",
        source=source,
        cards=[PostingCard.of(view, source) for view in views],
        plot=PLOT if plot else "",
        play=PLAY if play else "",
        facts=posting.describe_source(source) | _describe_all(views, source),
        stages=[(stage, [PostingView.of(sample) for sample in stage.samples]) for stage in stages],
        excerpt=excerpt,
        texts=TEXTS,
    )
    return files


def _describe_all(views: Sequence[PostingView], source: Provenance) -> dict[str, str]:
    """Return facts about the postings of a gallery together, by their names."""
    facts = {}
    unaided = sum(not view.error if source.raw else not view.sample.masked for view in views)
    cut = sum(not view.sample.ended for view in views)
    facts["Well formed unaided"] = f"{unaided} of {len(views)}" + (f"; {cut} reached the length limit" if cut else "")
    if not source.raw:
        characters = sum(len(view.sample.text) - len(view.sample.prompt) for view in views)
        masked, cost = sum(view.sample.masked for view in views), sum(view.sample.cost for view in views)
        facts["Grammar"] = f"corrected {masked:,} of {characters:,} characters, at a cost of {cost:.2f} nats"
    overlaps = [view.overlap for view in views if view.overlap]
    facts["Copied"] = str(OverlapSummary.of(overlaps)) if overlaps else "not measured: the training text was not found"
    if overlaps and source.held_out:
        facts["Copied in held-out postings"] = f"{source.held_out} ({source.held_out.count} postings)"
    return facts


def excerpt(body: str) -> list[str]:
    """Return the first blocks of a posting's body as plain texts, cut at a word where they are long together."""
    lines, left = [], _EXCERPT_LENGTH
    for text in filter(None, (plain_line(block.inline) for block in reader.blocks(body))):
        lines.append(shorten(text, left))
        left -= len(text)
        if left < 40:
            break
    return lines


def first_sentence(body: str) -> str:
    """Return the first sentence of a posting's body as plain text, cut at a word where it is long.

    Where no paragraph or item is as long as a sentence, return the first words.
    """
    texts = [plain_line(block.inline) for block in reader.blocks(body) if not block.is_heading]
    running = next((text for text in texts if len(text) > 60), " ".join(filter(None, texts)))
    sentence = re.match(r".{20,}?[.!?](?=\s|$)", running)
    return shorten(sentence[0] if sentence else running, _LEAD_LENGTH)
