"""Collect what there is to show of one posting, as a job board would, and of how it was written."""

from __future__ import annotations

from math import log

from charrnn.evaluate.memorization import COPIED
from charrnn.pages.views import PostingView, Provenance, replace_invisible
from charrnn.sample.generate import Sample
from scrape.markup.grammar import HEAD

INDEX = "index.html"


def sheet(view: PostingView, source: Provenance, headings: str) -> dict[str, object]:
    """Return what there is to show of a posting, by name; `headings` is the element of those in its body."""
    title, company, location = map(view.head_line, HEAD)
    return {
        "view": view,
        "title": title,
        "company": company,
        "location": location,
        "body": view.blocks(headings),
        "error": replace_invisible(view.error or ""),
        "run_length": COPIED,
        "facts": describe_source(source) | _describe_sample(view, source),
        "sampled": replace_invisible(view.sample.text),
    }


def describe_source(source: Provenance) -> dict[str, str]:
    """Return the facts that all postings of a gallery share, by their names."""
    bits = source.val_loss / log(2)
    facts = {
        "Run": source.run,
        "Checkpoint": source.checkpoint,
        "Network": f"{source.network}; {source.weights:,} weights",
        "Epoch": f"{source.epoch:.2f}",
        "Validation loss": f"{source.val_loss:.4f} nats ({bits:.3f} bits) per character",
        "Temperature": f"{source.temperature:g}",
        "Truncation": source.truncation,
        "Seed": str(source.seed),
        "Length limit": f"{source.length:,} characters",
        "Markup": "unconstrained" if source.raw else "constrained to the grammar of postings",
    }
    if not source.kind.is_postings:
        del facts["Markup"]
    return {name: fact for name, fact in facts.items() if fact}


def _describe_sample(view: PostingView, source: Provenance) -> dict[str, str]:
    sample = view.sample
    if source.raw:
        grammar = "not enforced; the text is " + ("not well formed" if view.error else "well formed")
    elif not sample.masked:
        grammar = "never had to correct the network"
    else:
        corrected = "1 character" if sample.masked == 1 else f"{sample.masked:,} characters"
        grammar = f"corrected {corrected}, at a cost of {sample.cost:.2f} nats"
    closed = "closed after a whole block, because it was long" if sample.closed else "cut at the length limit"
    return {
        "Grammar": grammar,
        "Surprisal": f"{describe_surprisal(sample)}, at temperature 1 without the grammar",
        "End": "ended by the network" if sample.ended else closed,
        "Row": str(sample.row),
        "Prompt": replace_invisible(sample.prompt),
    }


def describe_surprisal(sample: Sample) -> str:
    """Return the mean surprisal of what the network wrote of a sample, to itself."""
    nats = -sample.logprob / max(len(sample.text) - len(sample.prompt), 1)
    return f"{nats:.3f} nats ({nats / log(2):.3f} bits) per character"
