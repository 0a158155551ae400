"""The gallery: all that was sampled at a glance, how the network learned, and the files of both. Touches no file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from charrnn.evaluate.memorization import OverlapSummary
from charrnn.pages.kit import Html, element, facts, foot, whole
from charrnn.pages.posting import INDEX, copied, place, posting_page, settings
from charrnn.pages.views import Origin, Shown, paragraphs, shortened
from charrnn.sample.compare import Stage

PLOT, TEXTS = "loss.svg", "postings.txt"
OWN_NAME = re.compile(r"posting-\d{2,}\.html|loss\.(?:svg|png)")
"""The names of what this, or any earlier sampling, may leave beside the index and the texts."""

FILTER = """
"use strict";
const box = document.querySelector(".filter");
const field = box.querySelector("input");
const told = box.querySelector("output");
const plain = (text) => text.normalize("NFKD").replace(/\\p{M}/gu, "").toLowerCase();
const cards = Array.from(document.querySelectorAll(".card"), (card) => [card, plain(card.dataset.words)]);
function filter() {
  const wanted = plain(field.value).split(/\\s+/).filter(Boolean);
  for (const [card, words] of cards) card.hidden = !wanted.every((word) => words.includes(word));
  const shown = cards.filter(([card]) => !card.hidden).length;
  told.value = wanted.length ? `${shown} of ${cards.length}` : "";
}
box.hidden = false;
field.addEventListener("input", filter);
window.addEventListener("pageshow", filter);
"""
"""The one script of these pages. Without it the box stays hidden, and all cards are shown."""

_LEAD_LENGTH = 190  # characters of a card's first sentence
_EXCERPT_LENGTH = 320  # characters of a posting beside others
_FILTERED = 4  # from so many cards on there is something to look for


def pages(shown: Sequence[Shown], origin: Origin, *, plot: bool, stages: Sequence[Stage] = ()) -> dict[str, str]:
    """The files of a gallery by their names: a page for each posting, then the raw texts, then the index.

    `plot` says whether a loss.svg will lie beside them.
    """
    neighbours = zip([None, *shown], shown, [*shown[1:], None], strict=False)
    files = {here.name: posting_page(here, before, after, origin) for before, here, after in neighbours}
    files[TEXTS] = "".join(here.sample.text.removesuffix("\n") + "\n" for here in shown)
    files[INDEX] = _index_page(shown, origin, plot, stages)
    return files


def _index_page(shown: Sequence[Shown], origin: Origin, plot: bool, stages: Sequence[Stage]) -> str:
    filtered = len(shown) >= _FILTERED
    cards = element("ol", *(_card(here, origin) for here in shown), class_="cards")
    told = settings(origin) | _together(shown, origin)
    aside = element("aside", *_figure(origin, plot, bool(stages)), element("h2", "How they were written"), facts(told))
    return whole(
        f"Imaginary job postings: {origin.run}",
        "index",
        _masthead(len(shown)),
        element("div", element("main", *[_filter()] * filtered, cards), aside, class_="gallery"),
        *_learned(stages),
        foot(element("p", element("a", "All texts as sampled", href=TEXTS))),
        images="'self' file:" if plot else "'none'",
        script=FILTER if filtered else "",
    )


def _masthead(count: int) -> Html:
    jobs = "One job that does" if count == 1 else f"{count} jobs that do"
    return element(
        "header",
        element("p", "Imagined by a recurrent network", class_="kicker"),
        element("h1", f"{jobs} not exist"),
        element(
            "p",
            "Nobody is hiring. A network read job postings one character at a time until it could write its own. "
            "Titles, companies, duties and pay are made up; where a name is real, that is chance, memory or the "
            "prompt.",
        ),
        class_="masthead",
    )


def _filter() -> Html:
    field = element("input", type="search", id="words", autocomplete="off", placeholder="nurse chicago")
    label = element("label", "Only with the words", for_="words")
    return element("div", label, field, element("output", for_="words"), class_="filter", role="search", hidden="")


def _card(here: Shown, origin: Origin) -> Html:
    parts = [
        element("span", f"{here.number:02}", class_="number"),
        element("h2", element("a", here.posting.title, href=here.name)),
        place(here),
    ]
    if lead := first_sentence(here.posting.html):
        parts.append(element("p", lead, class_="lead"))
    notes = [f"temperature {origin.temperature:g}", copied(here), here.remark]
    parts.append(element("p", " · ".join(note for note in notes if note), class_="state"))
    return element("li", *parts, class_="card", data_words=_words(here))


def _words(here: Shown) -> str:
    """Every word of a posting once, to filter by."""
    head = (here.posting.title, here.posting.company, here.posting.location)
    words = " ".join([*head, *paragraphs(here.posting.html)]).lower().split()
    return " ".join(sorted({word.strip(".,;:!?()[]\"'“”‘’") for word in words} - {""}))


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


def _figure(origin: Origin, plot: bool, stages: bool) -> list[Html]:
    learned = [element("p", element("a", "Read how it learned to write", href="#learned"))] if stages else []
    if not plot:
        caption = "There is no loss plot: the run's log was not found."
        return [element("figure", element("figcaption", caption)), *learned]
    caption = f"Run {origin.run} while it learned. The loss is how much each next character surprises the network."
    image = element("img", src=PLOT, alt=f"Training and validation loss of run {origin.run} by epoch")
    return [element("figure", image, element("figcaption", caption)), *learned]


def _learned(stages: Sequence[Stage]) -> list[Html]:
    if not stages:
        return []
    told = "The same beginnings and the same dice, given to the network at different epochs of its training."
    return [
        element(
            "section",
            element("h2", "How it learned to write", id="learned"),
            element("p", told),
            element("div", *(_stage(stage) for stage in stages), class_="stages"),
            class_="learned",
            aria_labelledby="learned",
        )
    ]


def _stage(stage: Stage) -> Html:
    loss = element("span", f"validation loss {stage.val_loss:.4f}")
    heading = element("h3", f"Epoch {stage.epoch:.2f}, {stage.name}", loss)
    return element("div", heading, *(_excerpt(Shown.of(sample)) for sample in stage.samples), class_="stage")


def _excerpt(here: Shown) -> Html:
    """How a posting begins."""
    lines, left = [], _EXCERPT_LENGTH
    for text in paragraphs(here.posting.html):
        lines.append(element("p", shortened(text, left)))
        left -= len(text)
        if left < 40:
            break
    return element("article", element("h4", here.posting.title), place(here), *lines, class_="excerpt")


def first_sentence(blocks: str) -> str:
    """The first sentence of a posting's running text as plain text, cut at a word where it is long.

    `blocks` is bare markup. Where there is no sentence, the first words of all.
    """
    texts = paragraphs(re.sub(r"<h4>.*?</h4>", "", blocks))
    running = next((text for text in texts if len(text) > 60), " ".join(texts))
    sentence = re.match(r".{20,}?[.!?](?=\s|$)", running)
    return shortened(sentence[0] if sentence else running, _LEAD_LENGTH)
