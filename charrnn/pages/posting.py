"""The page of one posting: what one would apply to, were it not imagined. Touches no file."""

from __future__ import annotations

from math import log

from charrnn.evaluate.memorization import COPIED
from charrnn.pages.kit import Html, element, facts, foot, walled, whole
from charrnn.pages.views import Origin, Shown, visible
from scrape.markup.grammar import HEAD

INDEX = "index.html"


def posting_page(here: Shown, before: Shown | None, after: Shown | None, origin: Origin) -> str:
    """The page of `here`, with links to its neighbours and to the gallery. The same samples give the same bytes."""
    top = element(
        "nav",
        element("a", "← All postings", href=INDEX),
        element("span", f"{here.number} of {here.count}"),
        class_="top",
        aria_label="Gallery",
    )
    article = element(
        "main",
        _imagined(origin),
        *_mended(here),
        *_switch(here),
        _header(here),
        element("div", here.body, class_="body"),
        element("p", "Applications are closed, and were never open.", class_="apply"),
    )
    around = element(
        "nav", *_neighbour("previous", before), *_neighbour("next", after), class_="around", aria_label="Other postings"
    )
    about = element(
        "section", _overlap(here, origin), _written(here, origin), _as_sampled(here), aria_label="About this text"
    )
    return whole(f"{here.posting.title} (imagined)", "posting", top, article, around, about, foot())


def settings(origin: Origin) -> dict[str, str]:
    """What the texts of a gallery have in common."""
    bits = origin.val_loss / log(2)
    told = {
        "Run": origin.run,
        "Checkpoint": origin.checkpoint,
        "Network": origin.network,
        "Epoch": f"{origin.epoch:.2f}",
        "Validation loss": f"{origin.val_loss:.4f} nats ({bits:.3f} bits) per character",
        "Temperature": f"{origin.temperature:g}",
        "Choice": origin.choice,
        "Seed": str(origin.seed),
        "Length limit": f"{origin.length:,} characters",
        "Markup": "left to the network" if origin.raw else "held to the grammar of postings",
    }
    return {term: text for term, text in told.items() if text}


def place(here: Shown) -> Html:
    """Company and location in a line."""
    company = [element("b", here.posting.company)] if here.posting.company else []
    between = [" · "] if here.posting.company and here.posting.location else []
    return element("p", *company, *between, here.posting.location, class_="place")


def copied(here: Shown) -> str:
    """In a few words how much of a text stands in the training text; nothing where that was not measured."""
    if here.overlap is None:
        return ""
    share = f"{here.overlap.share:.0%}" if here.overlap.runs else "nothing"
    return f"{share} copied, at most {here.overlap.longest} characters in a row"


def _imagined(origin: Origin) -> Html:
    written = (
        f"Run {origin.run}, epoch {origin.epoch:.2f}, validation loss {origin.val_loss:.4f}, "
        f"temperature {origin.temperature:g}, seed {origin.seed}"
    )
    return _notice("Imagined by a recurrent network.", " This job does not exist. Nobody is hiring.", written)


def _mended(here: Shown) -> list[Html]:
    if not here.fault:
        return []
    what = (
        f" What the network wrote is not well formed ({visible(here.fault)}). Tags were closed or left out to show "
        "it; the text as sampled is below."
    )
    return [_notice("The markup was mended.", what)]


def _notice(loud: str, text: str, small: str = "") -> Html:
    more = [element("span", small)] if small else []
    return element("p", element("b", loud), text, *more, class_="notice", role="note")


def _switch(here: Shown) -> list[Html]:
    """A box to tick that marks what is copied. It stands before what it marks, so style alone can do it."""
    if here.overlap is None or not here.overlap.runs:
        return []
    return [
        element("input", type="checkbox", id="copied", class_="switch"),
        element("label", f"Mark the {here.overlap.share:.0%} that is copied", for_="copied"),
    ]


def _header(here: Shown) -> Html:
    title, company, location = (here.line(tag) for tag in HEAD)
    above = [element("p", company, class_="company")] if company else []
    below = [element("p", location, class_="location")] if location else []
    return element("header", *above, element("h1", title or walled("")), *below)


def _overlap(here: Shown, origin: Origin) -> Html:
    if here.overlap is None:
        text = "What of it is copied was not measured: the text that the network learned from was not at hand."
    else:
        text = (
            f"The longest run that this posting shares with the training text has {here.overlap.longest} characters. "
            f"In shared runs of {COPIED} or more lies {here.overlap.share:.0%} of it."
        )
    if here.overlap and (held_out := origin.held_out):
        text += (
            f" Postings repeat each other as well: in {held_out.count} of the corpus that it has not read, that is "
            f"{held_out.share:.0%} on average, and the longest run has {held_out.longest} characters."
        )
    return element("details", element("summary", "What is copied"), element("p", text))


def _written(here: Shown, origin: Origin) -> Html:
    told = settings(origin) | {
        "Grammar": _grammar(here, origin),
        "Likelihood": _likelihood(here),
        "End": "the network ended it" if here.sample.ended else "reached the length limit",
        "Row": str(here.sample.row),
        "Prompt": visible(here.sample.prompt),
    }
    return element("details", element("summary", "How it was written"), facts(told))


def _grammar(here: Shown, origin: Origin) -> str:
    """Whether the text is well formed by the network's own doing."""
    if origin.raw:
        return "not enforced; what the network wrote is " + ("not well formed" if here.fault else "well formed")
    if not here.sample.masked:
        return "never had to step in: well formed by the network alone"
    times = "once" if here.sample.masked == 1 else f"{here.sample.masked} times"
    return f"stepped in {times}, or the markup would be broken; it cost {here.sample.cost:.2f} nats of likelihood"


def _likelihood(here: Shown) -> str:
    """Of what the network wrote, per character."""
    written = len(here.sample.text) - len(here.sample.prompt)
    nats = -here.sample.logprob / max(written, 1)
    return f"{nats:.3f} nats ({nats / log(2):.3f} bits) per character, by the network as it learned"


def _as_sampled(here: Shown) -> Html:
    parts = [element("summary", "The text as sampled"), element("pre", visible(here.sample.text))]
    return element("details", *parts, open="") if here.fault else element("details", *parts)


def _neighbour(way: str, there: Shown | None) -> list[Html]:
    if there is None:
        return []
    return [
        element("a", element("span", way.capitalize()), there.posting.title, href=there.name, rel=way[:4], class_=way)
    ]
