"""A page that tints each character of a text by how surprising it was to a network. Touches no file.

The text is anybody's, so it goes through `page.element`, which escapes it, and the page holds nothing else.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from html import unescape
from itertools import groupby

from charrnn.evaluate import surprisal
from charrnn.evaluate.surprisal import Piece, Reading
from charrnn.pages.kit import Html, element, whole
from charrnn.pages.views import visible

LEVELS = (1.0, 3.0, 6.0, 9.0)
"""Bits from which a character gets the next tint. One bit is a choice between two likely characters."""

_SAID = ("less than 1 bit: expected", "1 to 3", "3 to 6", "6 to 9", "9 or more: unheard of")
_TOP = 12  # words that the page lists
_UNREAD = "u"

_STYLE = """
body.score { max-width: 58rem; }
.score header { padding: clamp(1.6rem, 4vw, 2.6rem) 0 1.2rem; }
.score header h1 { font-size: clamp(1.7rem, 5vw, 2.5rem); letter-spacing: -.015em; }
.score header .sum { font-size: 1.15rem; margin: .9rem 0 0; }
.score h2 { font: 600 1.05rem/1.4 var(--sans); margin: 2.2rem 0 .7rem; }
.score table { border-collapse: collapse; width: 100%; font: .9rem/1.45 var(--sans); }
.score caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
.score th, .score td {
  text-align: left; padding: .32rem .8rem .32rem 0; border-top: 1px solid var(--rule); vertical-align: top;
  font-weight: 400; overflow-wrap: anywhere;
}
.score thead th { border-top: 0; color: var(--soft); }
.score .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; width: 1%; }
.key { display: flex; flex-wrap: wrap; gap: .35rem .8rem; list-style: none; margin: 0; padding: 0; }
.key { font: .86rem/1.6 var(--sans); }
.text { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--ink); }
.text li { display: grid; grid-template-columns: 3.4rem minmax(0, 1fr); gap: .9rem; padding: .22rem 0; }
.text li > :first-child { font: .78rem/1.9 var(--sans); color: var(--soft); text-align: right; }
.text li > :first-child { font-variant-numeric: tabular-nums; }
.text .line { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.75; }
.text .tag { font: .78em var(--mono); color: var(--soft); }
.text .tag i:not(.s0) { color: var(--ink); }
.text i, .key i { font-style: normal; border-radius: 2px; }
i.s1 { background: #f7eccb; } i.s2 { background: #f6d796; } i.s3 { background: #f0b36c; }
i.s4 { background: #e8905a; text-decoration: underline; text-decoration-thickness: 2px; text-underline-offset: .18em; }
i.u { outline: 1px dashed var(--soft); color: var(--soft); }
@media (prefers-color-scheme: dark) {
  i.s1 { background: #322c1c; } i.s2 { background: #4b3a17; }
  i.s3 { background: #694512; } i.s4 { background: #84430f; }
}
@media (max-width: 30rem) { .text li { grid-template-columns: 2.2rem minmax(0, 1fr); gap: .6rem; } }
@media print { i { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def page(reading: Reading, name: str, network: str) -> str:
    """The page of a reading. `name` says whose text it is, and `network` what read it."""
    return whole(
        f"How surprising is {name}?",
        "score",
        _header(reading, name, network),
        element("main", *_key(), *_text(reading), *_words(reading), *_sections(reading), *_unknown(reading)),
        element(
            "footer",
            element("p", "Made by Dream Jobs. The text is as it was given; the tint is a network's."),
            class_="foot",
        ),
        style=_STYLE,
    )


def level(bits: float) -> str:
    """The class of a character that took so many bits: s0 to s4, or u of one that the network could not read."""
    return _UNREAD if math.isnan(bits) else f"s{bisect_right(LEVELS, bits)}"


def _header(reading: Reading, name: str, network: str) -> Html:
    summed = (
        f"{reading.mean:.2f} bits per character: {reading.total:,.0f} bits for {reading.read:,} characters, where "
        f"plain text takes 8 for each."
    )
    return element(
        "header",
        element("p", "What is boilerplate here, and what is its own", class_="kicker"),
        element("h1", name),
        element("p", summed, class_="sum"),
        element("p", f"Read by {network}, which guessed each character by those before it.", class_="place"),
    )


def _key() -> list[Html]:
    tints = (element("li", _tint("sample", f"s{step}"), f" {said}") for step, said in enumerate(_SAID))
    return [element("h2", "Bits for a character"), element("ul", *tints, class_="key")]


def _words(reading: Reading) -> list[Html]:
    rows = (
        (visible(unescape(word.text)), f"{word.total:.1f}", str(_line(reading, word)))
        for word in surprisal.words(reading)[:_TOP]
    )
    return [element("h2", "The most surprising words"), _table(("word", "bits", "line"), rows)]


def _sections(reading: Reading) -> list[Html]:
    found = surprisal.sections(reading)
    if len(found) < 2:
        return []
    rows = ((plain(name), f"{part.mean:.2f}", f"{len(part.text):,}") for name, part in found)
    return [element("h2", "Section by section"), _table(("section", "bits per character", "characters"), rows)]


def _unknown(reading: Reading) -> list[Html]:
    told = unknown(reading)
    return [element("h2", "Characters that the network does not know"), element("p", told)] if told else []


def unknown(reading: Reading) -> str:
    """What became of the characters that the network does not know; nothing where it knows all."""
    replaced = [f"{_shown(char)} read as {said!r} ({count})" for (char, said), count in reading.replaced.most_common()]
    skipped = [
        f"{_shown(char)} not read, outlined in the text ({count})" for char, count in reading.skipped.most_common()
    ]
    return "; ".join(replaced + skipped)


def plain(name: str) -> str:
    """The heading of a section as a reader sees it."""
    return unescape("".join(piece for piece in surprisal.TAG.split(name)))


def _shown(char: str) -> str:
    return f"{char if char.isprintable() else ''} U+{ord(char):04X}".strip()


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Html:
    top = element("tr", *(element("th", name, scope="col", **_numeric(at)) for at, name in enumerate(head)))
    body = (
        element("tr", element("th", first, scope="row"), *(element("td", cell, class_="n") for cell in rest))
        for first, *rest in rows
    )
    return element("table", element("thead", top), element("tbody", *body))


def _numeric(column: int) -> dict[str, str]:
    return {"class_": "n"} if column else {}


def _line(reading: Reading, piece: Piece) -> int:
    return reading.text.count("\n", 0, piece.start) + 1


def _text(reading: Reading) -> list[Html]:
    rows = (
        element(
            "li", element("span", f"{line.mean:.1f}", title="bits per character of this line"), _tinted(reading, line)
        )
        for line in surprisal.lines(reading)
    )
    hint = "Before each line stand its bits per character; a pointer at rest on a word shows the word's bits."
    return [element("h2", "The text"), element("p", hint, class_="place"), element("ol", *rows, class_="text")]


def _tinted(reading: Reading, line: Piece) -> Html:
    made = []
    for piece in surprisal.pieces(Reading(line.text, line.bits, reading.replaced, reading.skipped)):
        tints = [_tint("".join(char for char, _ in run), step) for step, run in _runs(piece)]
        if piece.text.startswith("<"):
            made.append(element("span", *tints, class_="tag"))
        elif piece.is_word:
            made.append(element("span", *tints, title=f"{piece.total:.1f} bits"))
        else:
            made += tints
    return element("span", *made, class_="line")


def _runs(piece: Piece) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    pairs = zip(piece.text.rstrip("\n"), piece.bits.tolist(), strict=False)
    for step, run in groupby(pairs, key=lambda pair: level(pair[1])):
        yield step, list(run)


def _tint(text: str, step: str) -> Html:
    return element("i", "\t".join(map(visible, text.split("\t"))), class_=step)
