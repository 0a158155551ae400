"""The page of one posting: what one would apply to, were it not imagined. Touches no file."""

from __future__ import annotations

from math import log

from charrnn.evaluate.memorization import COPIED
from charrnn.pages.views import Origin, Shown, visible
from scrape.common.pages import kit
from scrape.markup.grammar import HEAD

INDEX = "index.html"


def posting_page(here: Shown, before: Shown | None, after: Shown | None, origin: Origin) -> str:
    """The page of `here`, with links to its neighbours and to the gallery. The same samples give the same bytes."""
    title, company, location = (here.line(tag) for tag in HEAD)
    return kit.render(
        __package__,
        "posting.html",
        styles=["style.css"],
        here=here,
        before=before,
        after=after,
        origin=origin,
        index=INDEX,
        title=title,
        company=company,
        location=location,
        fault=visible(here.fault or ""),
        copied_from=COPIED,
        written=settings(origin) | _written(here, origin),
        source=visible(here.sample.text),
    )


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


def _written(here: Shown, origin: Origin) -> dict[str, str]:
    """What one text has for itself. Its likelihood is per character that the network wrote."""
    sample = here.sample
    if origin.raw:
        grammar = "not enforced; what the network wrote is " + ("not well formed" if here.fault else "well formed")
    elif not sample.masked:
        grammar = "never had to step in: well formed by the network alone"
    else:
        times = "once" if sample.masked == 1 else f"{sample.masked} times"
        grammar = f"stepped in {times}, or the markup would be broken; it cost {sample.cost:.2f} nats of likelihood"
    nats = -sample.logprob / max(len(sample.text) - len(sample.prompt), 1)
    return {
        "Grammar": grammar,
        "Likelihood": f"{nats:.3f} nats ({nats / log(2):.3f} bits) per character, by the network as it learned",
        "End": "the network ended it" if sample.ended else "reached the length limit",
        "Row": str(sample.row),
        "Prompt": visible(sample.prompt),
    }
