"""Render the comparison of two runs: their losses, and their texts side by side. Touches no file."""

from __future__ import annotations

from collections.abc import Sequence

from charrnn.pages.views import replace_invisible
from charrnn.runs.summary import RunSummary
from charrnn.sample.sampling import SamplingParams
from scrape.common.pages import kit

PLOT = "losses.svg"


def render_page(runs: Sequence[RunSummary], texts: Sequence[Sequence[str]], params: SamplingParams) -> str:
    """Render the page, which shows the picture PLOT beside it. `texts` are those of each run, in the same order."""
    shown = [
        (
            run,
            "" if run.minutes is None else f"{run.minutes:.1f} minutes",
            [replace_invisible(text) for text in written],
        )
        for run, written in zip(runs, texts, strict=True)
    ]
    return kit.render(
        __package__,
        "comparison.html",
        styles=["style.css", "comparison.css"],
        images="'self'",
        runs=list(shown),
        params=params,
        plot=PLOT,
    )
