"""Arrange a report in tables: each row has a name, a figure for each column, and a sentence that says what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import log
from typing import TypeVar

from charrnn.evaluate.metrics import GRAM, LENGTHS
from charrnn.evaluate.report import FREE, MASKED, REAL, Report

T = TypeVar("T")

_COLUMNS = {MASKED: "with the mask", FREE: "without", REAL: "held out"}
_OF_TEXT = {FREE: "sampled", REAL: "held out"}
_COPIED = {
    20: "some words, so stock phrases count",
    50: "about half a sentence",
    100: "about a sentence",
    200: "two sentences or more, which hardly anybody writes again by chance",
}


@dataclass(frozen=True)
class TableRow:
    """A row of a table: its name, its cells in the order of the columns, and what they mean in one sentence."""

    name: str
    cells: list[str]
    meaning: str


@dataclass(frozen=True)
class Table:
    """A table of a report. Without `columns`, it has one, without a name."""

    title: str
    columns: list[str]
    rows: list[TableRow]


def predictions(report: Report) -> Table:
    """Return the table of how well held-out text is predicted, by the network and by simpler models."""
    found = report.guesses
    rows = [
        TableRow(
            "the network",
            [f"{found.network:.3f}"],
            "The surprise at each letter, space or sign of a text that the network had never read: 1 bit is one coin "
            f"toss, so the one that came had a typical chance of {2**-found.network:.0%}; fewer bits are better.",
        )
    ]
    rows += [
        TableRow(
            f"{order}-grams (modified Kneser-Ney)",
            [f"{bits:.3f}"],
            f"The same for a table that counts what followed each {order - 1} letters in the training text, or fewer "
            "where it never saw those.",
        )
        for order, bits in found.ngram.items()
    ]
    rows.append(
        TableRow(
            "xz -9",
            [f"{found.xz:.3f}"],
            "By how much a file of the training text, compressed with xz, grows for each letter of the held-out text.",
        )
    )
    part = "of the test part" if report.by_test else "held out"
    return Table(f"Bits per character of the {found.characters:,} characters {part}", [], rows)


def texts(report: Report) -> Table:
    """Return the table of sampled texts beside held-out ones."""
    params = report.params
    columns = _COLUMNS if MASKED in report.texts else _OF_TEXT
    return Table(
        f"Texts (temperature {params.temperature:g}, seed {params.seed}, at most {params.length:,} characters)",
        [name for kind, name in columns.items() if kind in report.texts],
        list(_text_rows(report, [kind for kind in columns if kind in report.texts])),
    )


def _text_rows(report: Report, kinds: list[str]) -> Iterator[TableRow]:
    """Yield the rows on texts, with a cell for each kind, empty where it has no such figure."""

    def row(name: str, figures: Mapping[str, T], show: Callable[[T], str], meaning: str) -> TableRow:
        return TableRow(name, [show(figures[kind]) if kind in figures else "" for kind in kinds], meaning)

    found, sampling = report.texts, report.sampling
    yield row("texts", found, lambda one: f"{one.texts:,}", "How many were measured.")
    yield row("characters", found, lambda one: f"{one.characters:,}", "How long they are together.")
    ended = "The share that the network ended by itself; the others were so long that they were closed or cut."
    yield row("ended by the network", sampling, lambda one: _percent(one.ended), ended)
    if MASKED in kinds:
        valid = "The share in which every heading, paragraph and list is opened and closed in its place."
        yield row("valid markup", found, lambda one: _percent(one.valid), valid)
        head = "The share that begins with these three lines, as most real postings do."
        yield row("with title, company and place", found, lambda one: _percent(one.full_head), head)
    for least in LENGTHS:
        name = f"copied in runs of {least}+ characters"
        meaning = f"The share of letters in pieces of {least} or more that the training text has too: {_COPIED[least]}."
        yield row(name, found, lambda one, least=least: _percent(one.shared[least]), meaning)  # type: ignore[misc]
    half = "Half of the texts have a longer piece in common with the training text, half a shorter one."
    yield row("longest copied run: median", found, lambda one: f"{one.longest_median:,.0f}", half)
    most = "The longest piece that any of them has in common with the training text."
    yield row("longest copied run: maximum", found, lambda one: f"{one.longest:,}", most)
    name = f"distinct-{GRAM} (of {report.grams:,} word {GRAM}-grams)"
    varied = f"How many of the groups of {GRAM} words in a row are different: the fewer, the more the texts are alike."
    yield row(name, report.distinct, _percent, varied)
    loop = "The share that repeats up to 20 words at least four times in a row."
    yield row("stuck in a loop", found, lambda one: _percent(one.stuck), loop)
    speed = f"How fast the network wrote, {report.count:,} texts side by side, on this machine."
    yield row("characters/s", sampling, lambda one: f"{one.written / one.seconds:,.0f}", speed)


def notes(report: Report) -> Iterator[str]:
    """Yield what there is to say of the whole report: on the text, and on what of it was read."""
    if not report.trained_on_it:
        yield "The checkpoint was not trained on this text."
    found = report.guesses
    if found.learned_from < found.trained:
        yield f"n-grams and xz were fitted on the last {found.learned_from:,} of {found.trained:,} characters."
    if found.predicted < found.characters:
        yield f"Predicted were the first {found.predicted:,} of {found.characters:,} held-out characters."


def describe_mask(report: Report) -> str:
    """Return a sentence on what the mask changed; nothing where no text was sampled with it."""
    if MASKED not in report.sampling:
        return ""
    mask = report.sampling[MASKED]
    share, cost = 1000 * mask.changed / mask.written, mask.cost / mask.written
    return (
        f"The mask changed {mask.changed:,} of {mask.written:,} characters ({share:.2f} in 1,000), at a cost of "
        f"{cost:.5f} nats ({cost / log(2):.5f} bits) per character."
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"
