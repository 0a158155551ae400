"""Render a gallery: an index that also shows how the network learned, and a page for each posting. Touches no file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from charrnn.data.corpus import LINES
from charrnn.evaluate.memorization import OverlapSummary
from charrnn.pages import PLAY, posting, text
from charrnn.pages.posting import INDEX
from charrnn.pages.text import TextView
from charrnn.pages.views import PostingView, Provenance, plain_line, shorten
from charrnn.sample.compare import Stage
from scrape.common.pages import kit
from scrape.markup import reader

PLOT, TEXTS, TEXTS_FILE = "loss.svg", "postings.txt", "texts.txt"
OWN_NAME = re.compile(r"(?:posting|text)-\d{2,}\.html|loss\.(?:svg|png)|(?:postings|texts)\.txt")
"""The names of the files that this or an earlier version may leave beside the index."""

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
        if not view.sample.ended and not view.sample.closed:
            notes.append("cut at the length limit")
        if view.error:
            notes.append("markup repaired")
        words = {word.strip(".,;:!?()[]\"'“”‘’") for word in reader.plain_text(view.text).lower().split()}
        return cls(view, first_sentence(view.posting.html), " · ".join(notes), " ".join(sorted(words - {""})))


@dataclass(frozen=True, slots=True)
class TextCard:
    """A text in the index: its first lines, a line of notes, and each of its words once, for the filter."""

    view: TextView
    lead: str
    notes: str
    words: str

    @classmethod
    def of(cls, view: TextView, source: Provenance) -> TextCard:
        """Make the card of a view."""
        return cls(view, view.excerpt, text.notes(view, source), view.words)


def render_texts(
    views: Sequence[TextView], source: Provenance, *, plot: bool, stages: Sequence[Stage] = (), play: bool = False
) -> dict[str, str]:
    """Render the gallery of texts that are not postings, as `render_pages` does that of postings."""
    neighbours = zip([None, *views], views, [*views[1:], None], strict=False)
    files = {view.name: text.render_page(view, before, after, source) for before, view, after in neighbours}
    # Between texts stands a blank line, unless each is a line.
    gap = "" if source.kind.form == LINES else "\n"
    files[TEXTS_FILE] = gap.join(f"{shown}\n" for shown in (view.text for view in views))
    noun = "line" if source.kind.form == LINES else "text"
    files[INDEX] = _render_index(
        "text_gallery.html",
        [TextCard.of(view, source) for view in views],
        source,
        plot,
        play,
        posting.describe_source(source) | _describe_overlaps(views, source),
        heading=f"One {noun} that nobody wrote" if len(views) == 1 else f"{len(views)} {noun}s that nobody wrote",
        stages=[(stage, [TextView(sample) for sample in stage.samples]) for stage in stages],
        texts=TEXTS_FILE,
    )
    return files


def _render_index(
    template: str,
    cards: Sequence[PostingCard] | Sequence[TextCard],
    source: Provenance,
    plot: bool,
    play: bool,
    facts: dict[str, str],
    **values: object,
) -> str:
    script = kit.read(__package__, "filter.js") if len(cards) >= _FILTERED else ""
    return kit.render(
        __package__,
        template,
        styles=["style.css"],
        script=script,
        images="'self' file:" if plot else "'none'",
        source=source,
        cards=cards,
        plot=PLOT if plot else "",
        play=PLAY if play else "",
        facts=facts,
        example=example_word([card.words for card in cards]),
        computes=(),
        **values,
    )


def example_word(words: Sequence[str]) -> str:
    """Return a word to filter by that occurs, but not in all texts; `words` are those of each, each word once."""
    counts = Counter(word for each in words for word in each.split() if word.isalpha() and 4 <= len(word) <= 10)
    some = [word for word, count in counts.items() if count < len(words)]
    # A third of the texts is a good share to keep.
    return min(some, key=lambda word: (abs(counts[word] - len(words) / 3), -len(word), word), default="")


def render_pages(
    views: Sequence[PostingView], source: Provenance, *, plot: bool, stages: Sequence[Stage] = (), play: bool = False
) -> dict[str, str]:
    """Render the files of a gallery by their names: a page for each posting, then the raw texts, then the index.

    `plot` and `play` say whether a loss.svg and a play.html will lie beside them.
    """
    neighbours = zip([None, *views], views, [*views[1:], None], strict=False)
    files = {view.name: posting.render_page(view, before, after, source) for before, view, after in neighbours}
    files[TEXTS] = "".join(view.sample.text.removesuffix("\n") + "\n" for view in views)
    files[INDEX] = _render_index(
        "gallery.html",
        [PostingCard.of(view, source) for view in views],
        source,
        plot,
        play,
        posting.describe_source(source) | _describe_all(views, source),
        stages=[(stage, [PostingView.of(sample) for sample in stage.samples]) for stage in stages],
        excerpt=excerpt,
        texts=TEXTS,
    )
    return files


def _describe_all(views: Sequence[PostingView], source: Provenance) -> dict[str, str]:
    """Return facts about the postings of a gallery together, by their names."""
    facts = {}
    unaided = sum(not view.error if source.raw else not view.sample.masked for view in views)
    cut = sum(not view.sample.ended and not view.sample.closed for view in views)
    facts["Well formed unaided"] = f"{unaided} of {len(views)}" + (f"; {cut} reached the length limit" if cut else "")
    if not source.raw:
        characters = sum(len(view.sample.text) - len(view.sample.prompt) for view in views)
        masked, cost = sum(view.sample.masked for view in views), sum(view.sample.cost for view in views)
        facts["Grammar"] = f"corrected {masked:,} of {characters:,} characters, at a cost of {cost:.2f} nats"
    return facts | _describe_overlaps(views, source)


def _describe_overlaps(views: Sequence[PostingView] | Sequence[TextView], source: Provenance) -> dict[str, str]:
    """Return how much of all texts together is copied, beside how much of held-out ones."""
    overlaps = [view.overlap for view in views if view.overlap]
    if not overlaps:
        return {"Copied": "not measured: the training text was not found"}
    facts = {"Copied": str(OverlapSummary.of(overlaps))}
    if source.held_out:
        noun = source.kind.noun
        facts[f"Copied in held-out {noun}s"] = f"{source.held_out} ({source.held_out.count} {noun}s)"
    return facts


def excerpt(body: str) -> list[str]:
    """Return the first blocks of a posting's body as plain texts, cut at a word where they are long together."""
    lines, left = [], _EXCERPT_LENGTH
    for line in filter(None, (plain_line(block.inline) for block in reader.blocks(body))):
        lines.append(shorten(line, left))
        left -= len(line)
        if left < 40:
            break
    return lines


def first_sentence(body: str) -> str:
    """Return the first sentence of a posting's body as plain text, cut at a word where it is long.

    Where no paragraph or item is as long as a sentence, return the first words.
    """
    texts = [plain_line(block.inline) for block in reader.blocks(body) if not block.is_heading]
    running = next((long for long in texts if len(long) > 60), " ".join(filter(None, texts)))
    sentence = re.match(r".{20,}?[.!?](?=\s|$)", running)
    return shorten(sentence[0] if sentence else running, _LEAD_LENGTH)
