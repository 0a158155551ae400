"""Sampled texts as pages: one for each posting, and the gallery that leads to them. Touches no file.

What a network wrote is hostile until escaped. A page is put together from `element`, which escapes every string it
is given; the one thing that goes in as it is, a posting's body, is bare markup, in which there is nothing but the
tags of `scrape.markup`, without attributes. The pages run no script and load nothing but the gallery's plot, and
their Content-Security-Policy holds them to it. The same samples give the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import log

from charrnn.generate import Sample
from charrnn.style import STYLE
from scrape import document, markup
from scrape.posting import Posting

INDEX, PLOT, TEXTS = "index.html", "loss.png", "postings.txt"
PAGE_NAME = re.compile(r"posting-\d{2,}\.html")
"""The names of posting pages, of this and of any earlier sampling."""

GENERATOR = "Dream Jobs"

_LEAD_LENGTH = 190  # characters of a card's first sentence


@dataclass(frozen=True, slots=True)
class Origin:
    """Where texts come from: what the pages tell of the network and of how it was sampled.

    `checkpoint` is a file name, `network` its shape in words, `val_loss` in nats per character, and `free` says that
    the grammar did not constrain it.
    """

    run: str
    checkpoint: str
    network: str
    epoch: float
    val_loss: float
    temperature: float
    seed: int
    length: int
    free: bool = False


@dataclass(frozen=True, slots=True)
class Html:
    """Text that is HTML already. Only `element` and `_body` make it."""

    text: str


def pages(samples: Sequence[Sample], origin: Origin, *, plot: bool) -> dict[str, str]:
    """The files of a gallery by their names: a page for each sample, then the raw texts, then the index.

    `plot` says whether a loss.png will lie beside them.
    """
    shown = [_Shown.of(sample, number, len(samples)) for number, sample in enumerate(samples, 1)]
    neighbours = zip([None, *shown], shown, [*shown[1:], None], strict=False)
    files = {here.name: _posting_page(here, before, after, origin) for before, here, after in neighbours}
    files[TEXTS] = "".join(sample.text if sample.text.endswith("\n") else sample.text + "\n" for sample in samples)
    files[INDEX] = _index_page(shown, origin, plot)
    return files


@dataclass(frozen=True, slots=True)
class _Shown:
    """A sample, and the posting to show of it. `fault` is what was wrong with its markup, if anything."""

    sample: Sample
    number: int
    count: int
    posting: Posting
    fault: str | None

    @classmethod
    def of(cls, sample: Sample, number: int, count: int) -> _Shown:
        fault = markup.problem(sample.text)
        posting = document.read(markup.mend(sample.text))  # which leaves a document as it is
        return cls(sample, number, count, posting, fault)

    @property
    def name(self) -> str:
        return f"posting-{self.number:02}.html"

    @property
    def remark(self) -> str:
        """What befell the text on its way to the page, or nothing."""
        befell = ["closed at the length limit"] * (not self.sample.ended) + ["markup mended"] * bool(self.fault)
        return ", ".join(befell)


def element(tag: str, *children: str | Html, **attributes: str) -> Html:
    """An HTML element; strings are escaped, in it and in its attributes. `class_` is class, `http_equiv` http-equiv."""
    opening = " ".join([tag, *(f'{_attribute(name)}="{html.escape(value)}"' for name, value in attributes.items())])
    if tag in ("img", "link", "meta"):
        return Html(f"<{opening}>")
    return Html(f"<{opening}>{_joined(children)}</{tag}>")


def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _joined(children: Sequence[str | Html]) -> str:
    return "".join(child.text if isinstance(child, Html) else html.escape(child, quote=False) for child in children)


def _body(posting: Posting) -> Html:
    """A posting's blocks, which `document.read` has found to be bare markup, with the headings of a page.

    Many boards mark a heading as a paragraph in bold, so one that is bold from end to end is shown as a heading.
    """
    titled = re.sub(r"<p><b>([^<>]*)</b></p>", r"<h2>\1</h2>", posting.html)
    return Html(titled.replace("<h4>", "<h2>").replace("</h4>", "</h2>"))


def _page(title: str, kind: str, *children: Html, images: str = "'none'") -> str:
    """A whole page. `images` is the policy's source for images."""
    style = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{style}'; img-src {images}; base-uri 'none'; form-action 'none'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("title", title),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="robots", content="noindex"),
        element("meta", name="generator", content=GENERATOR),
        element("meta", name="referrer", content="no-referrer"),
        Html(f"<style>{STYLE}</style>"),
    )
    lines: Iterator[str | Html] = chain.from_iterable((child, "\n") for child in children)
    whole = element("html", head, "\n", element("body", *lines, class_=kind), lang="en")
    return f"<!DOCTYPE html>\n{whole.text}\n"


def _posting_page(here: _Shown, before: _Shown | None, after: _Shown | None, origin: Origin) -> str:
    top = element(
        "nav",
        element("a", "← All postings", href=INDEX),
        element("span", f"{here.number} of {here.count}"),
        class_="top",
        aria_label="Gallery",
    )
    header = element("header", element("h1", here.posting.title), _place(here.posting))
    article = element("main", *_notices(here, origin), header, element("div", _body(here.posting), class_="body"))
    around = element(
        "nav", *_neighbour("previous", before), *_neighbour("next", after), class_="around", aria_label="Other postings"
    )
    title = f"{here.posting.title} (imagined)"
    return _page(title, "posting", top, article, around, _facts_of(here, origin), _raw_of(here), _foot())


def _notices(here: _Shown, origin: Origin) -> list[Html]:
    written = (
        f"Run {origin.run}, epoch {origin.epoch:.2f}, validation loss {origin.val_loss:.4f}, "
        f"temperature {origin.temperature:g}, seed {origin.seed}"
    )
    imagined = element(
        "p",
        element("b", "This job does not exist."),
        " A neural network imagined this posting, character by character. Nobody is hiring.",
        element("span", written),
        class_="notice",
        role="note",
    )
    if not here.fault:
        return [imagined]
    mended = element(
        "p",
        element("b", "The markup was mended."),
        f" What the network wrote is not well formed ({_visible(here.fault)}). Tags were closed or left out to show "
        "it; the text as sampled is below.",
        class_="notice",
        role="note",
    )
    return [imagined, mended]


def _place(posting: Posting) -> Html:
    company = [element("b", posting.company)] if posting.company else []
    between = [" · "] if posting.company and posting.location else []
    return element("p", *company, *between, posting.location, class_="place")


def _neighbour(way: str, there: _Shown | None) -> list[Html]:
    if there is None:
        return []
    return [
        element("a", element("span", way.capitalize()), there.posting.title, href=there.name, rel=way[:4], class_=way)
    ]


def _facts_of(here: _Shown, origin: Origin) -> Html:
    ended = "the network ended it" if here.sample.ended else "reached the length limit"
    facts = {"Row": str(here.sample.row), "Prompt": _visible(here.sample.prompt), "End": ended}
    return element("details", element("summary", "How it was written"), _facts(_settings(origin) | facts))


def _raw_of(here: _Shown) -> Html:
    shown = [element("summary", "The text as sampled"), element("pre", _visible(here.sample.text))]
    return element("details", *shown, open="") if here.fault else element("details", *shown)


def _settings(origin: Origin) -> dict[str, str]:
    bits = origin.val_loss / log(2)
    return {
        "Run": origin.run,
        "Checkpoint": origin.checkpoint,
        "Network": origin.network,
        "Epoch": f"{origin.epoch:.2f}",
        "Validation loss": f"{origin.val_loss:.4f} nats ({bits:.3f} bits) per character",
        "Temperature": f"{origin.temperature:g}",
        "Seed": str(origin.seed),
        "Length limit": f"{origin.length:,} characters",
        "Markup": "left to the network" if origin.free else "held to the grammar of postings",
    }


def _facts(facts: dict[str, str]) -> Html:
    return element(
        "dl", *chain.from_iterable((element("dt", k), element("dd", v)) for k, v in facts.items()), class_="facts"
    )


def _index_page(shown: Sequence[_Shown], origin: Origin, plot: bool) -> str:
    gallery = element(
        "div",
        element("main", element("ol", *(_card(here) for here in shown), class_="cards")),
        element("aside", *_figure(origin, plot), element("h2", "How they were written"), _facts(_settings(origin))),
        class_="gallery",
    )
    title = f"Imaginary job postings: {origin.run}"
    return _page(
        title, "index", _masthead(len(shown)), gallery, _foot(TEXTS), images="'self' file:" if plot else "'none'"
    )


def _masthead(count: int) -> Html:
    jobs = "One job that does" if count == 1 else f"{count} jobs that do"
    return element(
        "header",
        element("p", "Imagined by a neural network", class_="kicker"),
        element("h1", f"{jobs} not exist"),
        element(
            "p",
            "Nobody is hiring. A recurrent network read job postings one character at a time until it could write "
            "its own. Titles, companies, duties and pay are made up; where a name is real, that is chance, memory or "
            "the prompt.",
        ),
        class_="masthead",
    )


def _card(here: _Shown) -> Html:
    parts = [
        element("span", f"{here.number:02}", class_="number"),
        element("h2", element("a", here.posting.title, href=here.name)),
        _place(here.posting),
    ]
    if lead := first_sentence(here.posting.html):
        parts.append(element("p", lead, class_="lead"))
    if here.remark:
        parts.append(element("p", here.remark, class_="state"))
    return element("li", *parts, class_="card")


def _figure(origin: Origin, plot: bool) -> list[Html]:
    if not plot:
        return [element("figure", element("figcaption", "There is no loss plot: the run's log was not found."))]
    caption = f"Run {origin.run} while it learned. The loss is how much each next character surprises the network."
    image = element("img", src=PLOT, alt=f"Training and validation loss of run {origin.run} by epoch")
    return [element("figure", image, element("figcaption", caption))]


def _foot(texts: str = "") -> Html:
    raw = [element("p", element("a", "All texts as sampled", href=texts))] if texts else []
    return element(
        "footer",
        *raw,
        element(
            "p",
            "Made by Dream Jobs. These pages are fiction: do not apply, and do not take them for the words of any "
            "employer that they name.",
        ),
        class_="foot",
    )


def first_sentence(blocks: str) -> str:
    """The first sentence of a posting's running text as plain text, cut at a word where it is long.

    `blocks` is bare markup. Where there is no sentence, the first words of all.
    """
    texts = [_plain(block) for block in re.findall(r"<(?:p|li)>(.*?)</(?:p|li)>", blocks, re.DOTALL)]
    running = next((text for text in texts if len(text) > 60), " ".join(texts))
    sentence = re.match(r".{20,}?[.!?](?=\s|$)", running)
    return _shortened(sentence[0] if sentence else running)


def _plain(block: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^<>]*>", "", block.replace("<br/>", " "))).split())


def _shortened(text: str) -> str:
    return text if len(text) <= _LEAD_LENGTH else text[:_LEAD_LENGTH].rsplit(" ", 1)[0] + " …"


def _visible(text: str) -> str:
    """`text` for a person to read: what would be invisible, or reorder the rest, becomes U+FFFD."""
    return "".join(char if char == "\n" or markup.tidy(char) == char else "\ufffd" for char in text)
