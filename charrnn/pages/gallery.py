"""Render a gallery: an index that also shows how the network learned, and a page for each text. Touches no file."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from charrnn.data.corpus import LINES
from charrnn.evaluate.memorization import OverlapSummary
from charrnn.pages import PLAY, facts, posting, text
from charrnn.pages.posting import INDEX
from charrnn.pages.series import make_series
from charrnn.pages.text import TextView
from charrnn.pages.views import PostingView, Provenance, plain_line, shorten
from charrnn.sample.compare import Comparison
from scrape.common.pages import kit
from scrape.markup import reader

PLOT, TEXTS, TEXTS_FILE = "loss.svg", "postings.txt", "texts.txt"
OWN_NAME = re.compile(r"(?:posting|text)-\d{2,}\.html|loss\.(?:svg|png)|(?:postings|texts)\.txt")
"""The names of the files that this or an earlier version may leave beside the index."""

NOTHING_COMPARED = Comparison()

_LEAD_LENGTH = 190  # characters of a card's first sentence
_EXCERPT_LENGTH = 320  # characters of a posting in a comparison
_FILTERED = 4  # postings from which on the index has a filter

View = PostingView | TextView
Views = Sequence[PostingView | TextView]


@dataclass(frozen=True, slots=True)
class Card:
    """A text in the index: its first sentence or lines, a line of notes, and each of its words once, for the filter."""

    view: View
    lead: str
    notes: str
    words: str

    @classmethod
    def of(cls, view: View, source: Provenance) -> Card:
        """Make the card of a view."""
        if isinstance(view, TextView):
            return cls(view, view.excerpt, text.notes(view, source), view.words)
        plain = reader.plain_text(view.text).split()
        notes = [f"{len(plain):,} words"]
        if view.overlap:
            notes.append(f"{view.overlap.share:.0%} copied" if view.overlap.runs else "nothing copied")
        if not view.sample.ended and not view.sample.closed:
            notes.append("cut at the length limit")
        if view.error:
            notes.append("markup repaired")
        words = {word.strip(".,;:!?()[]\"'“”‘’").lower() for word in plain}
        return cls(view, first_sentence(view.posting.html), " · ".join(notes), " ".join(sorted(words - {""})))


def render_pages(
    views: Views,
    source: Provenance,
    *,
    plot: bool,
    comparison: Comparison = NOTHING_COMPARED,
    play: bool = False,
) -> dict[str, str]:
    """Render the files of a gallery by their names: a page for each text, then the raw texts, then the index.

    `plot` and `play` say whether a loss.svg and a play.html will lie beside them.
    """
    files = {}
    for view, before, after in zip(views, [None, *views], [*views[1:], None], strict=False):
        files[view.name] = _render_page(view, before, after, source)
    name, content = _raw_texts(views, source)
    files[name] = content
    values = {"plot": PLOT if plot else "", "play": PLAY if play else "", "texts": name, "sheets": ()}
    files[INDEX] = _render_index(views, source, comparison, "'self' file:" if plot else "'none'", values)
    return files


def _render_page(view: View, before: View | None, after: View | None, source: Provenance) -> str:
    """Render the page of one text, with links to its neighbours and to the index."""
    return kit.render(
        __package__,
        "posting.html" if source.kind.is_postings else "text.html",
        styles=["style.css"],
        sheet=_sheet(view, source, "h2"),
        before=before,
        after=after,
        source=source,
        index=INDEX,
    )


def _sheet(view: View, source: Provenance, headings: str) -> dict[str, object]:
    """Return what there is to show of a text; `headings` is the element of those in the body of a posting."""
    return posting.sheet(view, source, headings) if isinstance(view, PostingView) else text.sheet(view, source)


def render_single_file(
    views: Views, source: Provenance, *, plot: bytes, comparison: Comparison = NOTHING_COMPARED
) -> str:
    """Render a gallery as one page that needs no other file: below the index stand the texts, each in full.

    `plot` is an SVG, empty where there is none.
    """
    picture = f"data:image/svg+xml;base64,{base64.b64encode(plot).decode()}" if plot else ""
    values = {"plot": picture, "play": "", "texts": "", "sheets": [_sheet(view, source, "h3") for view in views]}
    return _render_index(views, source, comparison, "data:" if plot else "'none'", values)


def _raw_texts(views: Views, source: Provenance) -> tuple[str, str]:
    """Return the name and the content of the file of all texts."""
    postings = [view.sample.text for view in views if isinstance(view, PostingView)]
    if postings:
        return TEXTS, "".join(posting.removesuffix("\n") + "\n" for posting in postings)
    gap = "" if source.kind.form == LINES else "\n"  # between texts stands a blank line, unless each is a line
    return TEXTS_FILE, gap.join(f"{view.text}\n" for view in views)


def _render_index(
    views: Views, source: Provenance, comparison: Comparison, images: str, values: Mapping[str, Any]
) -> str:
    cards = [Card.of(view, source) for view in views]
    overlaps = [view.overlap for view in views if view.overlap]
    copied = OverlapSummary.of(overlaps) if overlaps else None
    return kit.render(
        __package__,
        "gallery.html" if source.kind.is_postings else "text_gallery.html",
        styles=["style.css"],
        script=kit.read(__package__, "filter.js") if len(cards) >= _FILTERED else "",
        images=images,
        source=source,
        cards=cards,
        plain=facts.in_plain_words(source, _copying(views, source, copied), _correction(views, source)),
        facts=posting.describe_source(source) | _describe_all(views, source, copied),
        example=example_word([card.words for card in cards]),
        series=make_series(comparison, source),
        excerpt=excerpt,
        **values,
    )


def example_word(words: Sequence[str]) -> str:
    """Return a word to filter by that occurs, but not in all texts; `words` are those of each, each word once."""
    counts = Counter(word for each in words for word in each.split() if word.isalpha() and 4 <= len(word) <= 10)
    some = [word for word, count in counts.items() if count < len(words)]
    # A third of the texts is a good share to keep.
    return min(some, key=lambda word: (abs(counts[word] - len(words) / 3), -len(word), word), default="")


def _copying(views: Views, source: Provenance, copied: OverlapSummary | None) -> str:
    """Return a sentence on how much is copied; of lines, which are short, how many are as a whole."""
    if not copied:
        return "How much is copied was not measured, because the training text was not found."
    if source.kind.form == LINES:
        texts = [view for view in views if isinstance(view, TextView)]
        return f"{sum(view.is_copied for view in texts)} of {len(texts)} lines stand in the training text as they are."
    return facts.describe_copying(source, copied)


def _correction(views: Views, source: Provenance) -> str:
    """Return a sentence on what the grammar did to postings; nothing of other texts."""
    postings = [view for view in views if isinstance(view, PostingView)]
    if not postings:
        return ""
    if source.raw:
        whole = sum(not view.error for view in postings)
        return f"None: as they were written, {whole} of {len(postings)} postings have all headings and lists whole."
    written = sum(len(view.sample.text) - len(view.sample.prompt) for view in postings)
    changed = sum(view.sample.masked for view in postings)
    return (
        f"A rule that keeps headings and lists whole forbade {changed:,} of the {written:,} letters that the network "
        "chose, and it chose again."
    )


def _describe_all(views: Views, source: Provenance, copied: OverlapSummary | None) -> dict[str, str]:
    """Return facts about the texts of a gallery together, by their names."""
    described = {}
    closed = sum(view.sample.closed for view in views)
    ended = f"{sum(view.sample.ended for view in views)} of {len(views)}"
    described["Ended by the network"] = f"{ended}; {closed} closed for length" if closed else ended
    postings = [view for view in views if isinstance(view, PostingView)]
    if postings:
        unaided = sum(not view.error if source.raw else not view.sample.masked for view in postings)
        described["Well formed unaided"] = f"{unaided} of {len(postings)}"
    if postings and not source.raw:
        characters = sum(len(view.sample.text) - len(view.sample.prompt) for view in postings)
        masked, cost = sum(view.sample.masked for view in postings), sum(view.sample.cost for view in postings)
        described["Grammar"] = f"corrected {masked:,} of {characters:,} characters, at a cost of {cost:.2f} nats"
    described["Copied"] = str(copied) if copied else "not measured: the training text was not found"
    if copied and source.held_out:
        noun = source.kind.noun
        described[f"Copied in held-out {noun}s"] = f"{source.held_out} ({source.held_out.count} {noun}s)"
    return described


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
