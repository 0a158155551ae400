"""Render the page of an evaluation: its tables, and what each figure means. Touches no file."""

from __future__ import annotations

from pathlib import Path

from charrnn.evaluate import tables
from charrnn.evaluate.report import Report
from charrnn.pages.views import replace_invisible
from scrape.common.pages import kit


def render_page(report: Report) -> str:
    """Render the page of a report."""
    path = Path(report.checkpoint)
    return kit.render(
        __package__,
        "evaluation.html",
        styles=["evaluation.css"],
        report=report,
        run=replace_invisible(path.parent.name or path.stem),
        checkpoint=replace_invisible(path.name),
        corpus=replace_invisible(report.corpus),
        predictions=tables.predictions(report),
        texts=tables.texts(report),
        notes=list(tables.notes(report)),
        mask=tables.describe_mask(report),
    )
