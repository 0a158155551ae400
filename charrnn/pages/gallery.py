"""The gallery: all that was sampled at a glance, how the network learned, and the files of both. Touches no file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from charrnn.evaluate.memorization import OverlapSummary
from charrnn.pages.posting import INDEX, posting_page, settings
from charrnn.pages.views import Origin, Shown, paragraphs, shortened
from charrnn.sample.compare import Stage
from scrape.common.pages import kit

PLOT, TEXTS = "loss.svg", "postings.txt"
OWN_NAME = re.compile(r"posting-\d{2,}\.html|loss\.(?:svg|png)")
"""The names of what this, or any earlier sampling, may leave beside the index and the texts."""

_LEAD_LENGTH = 190  # characters of a card's first sentence
_EXCERPT_LENGTH = 320  # characters of a posting beside others
_FILTERED = 4  # from so many cards on there is something to look for


@dataclass(frozen=True, slots=True)
class PostingCard:
    """A posting in the index: its first sentence, a line of notes, and every word of it once to filter by."""

    view: Shown
    lead: str
    notes: str
    words: str


def pages(shown: Sequence[Shown], origin: Origin, *, plot: bool, stages: Sequence[Stage] = ()) -> dict[str, str]:
    """The files of a gallery by their names: a page for each posting, then the raw texts, then the index.

    `plot` says whether a loss.svg will lie beside them.
    """
    neighbours = zip([None, *shown], shown, [*shown[1:], None], strict=False)
    files = {here.name: posting_page(here, before, after, origin) for before, here, after in neighbours}
    files[TEXTS] = "".join(here.sample.text.removesuffix("\n") + "\n" for here in shown)
    files[INDEX] = kit.render(
        __package__,
        "gallery.html",
        styles=["style.css"],
        script=kit.read(__package__, "filter.js") if len(shown) >= _FILTERED else "",
        images="'self' file:" if plot else "'none'",
        origin=origin,
        cards=[_card(here, origin) for here in shown],
        plot=PLOT if plot else "",
        written=settings(origin) | _together(shown, origin),
        stages=[(stage, [Shown.of(sample) for sample in stage.samples]) for stage in stages],
        excerpt=excerpt,
        texts=TEXTS,
    )
    return files


def _card(here: Shown, origin: Origin) -> PostingCard:
    notes = [f"temperature {origin.temperature:g}"]
    if here.overlap:
        share = f"{here.overlap.share:.0%}" if here.overlap.runs else "nothing"
        notes.append(f"{share} copied, at most {here.overlap.longest} characters in a row")
    if here.remark:
        notes.append(here.remark)
    head = (here.posting.title, here.posting.company, here.posting.location)
    words = " ".join([*head, *paragraphs(here.posting.html)]).lower().split()
    different = sorted({word.strip(".,;:!?()[]\"'“”‘’") for word in words} - {""})
    return PostingCard(here, first_sentence(here.posting.html), " · ".join(notes), " ".join(different))


def _together(shown: Sequence[Shown], origin: Origin) -> dict[str, str]:
    """What all postings say of the network together."""
    told = {}
    alone = sum(not here.fault if origin.raw else not here.sample.masked for here in shown)
    cut = sum(not here.sample.ended for here in shown)
    told["Well formed unaided"] = f"{alone} of {len(shown)}" + (f"; {cut} met the length limit" if cut else "")
    if not origin.raw:
        characters = sum(len(here.sample.text) - len(here.sample.prompt) for here in shown)
        masked, cost = (sum(each) for each in zip(*((h.sample.masked, h.sample.cost) for h in shown), strict=True))
        told["Grammar"] = f"stepped in {masked} times in {characters:,} characters, at a cost of {cost:.2f} nats"
    measured = [here.overlap for here in shown if here.overlap]
    told["Copied"] = str(OverlapSummary.of(measured)) if measured else "not measured: the training text was not at hand"
    if measured and origin.held_out:
        told["By the corpus"] = f"{origin.held_out} ({origin.held_out.count} postings that were held back from it)"
    return told


def excerpt(blocks: str) -> list[str]:
    """The first paragraphs of a body as plain texts, cut at a word where they are long together."""
    lines, left = [], _EXCERPT_LENGTH
    for text in paragraphs(blocks):
        lines.append(shortened(text, left))
        left -= len(text)
        if left < 40:
            break
    return lines


def first_sentence(blocks: str) -> str:
    """The first sentence of a posting's running text as plain text, cut at a word where it is long.

    `blocks` is bare markup. Where there is no sentence, the first words of all.
    """
    texts = paragraphs(re.sub(r"<h4>.*?</h4>", "", blocks))
    running = next((text for text in texts if len(text) > 60), " ".join(texts))
    sentence = re.match(r".{20,}?[.!?](?=\s|$)", running)
    return shortened(sentence[0] if sentence else running, _LEAD_LENGTH)
