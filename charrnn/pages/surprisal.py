"""Render a page that tints each character of a text by its surprisal to a network. Touches no file.

The text may come from anywhere: the template escapes it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from itertools import groupby

from charrnn.evaluate import surprisal
from charrnn.evaluate.surprisal import Reading, Span
from charrnn.pages.facts import chance
from charrnn.pages.views import replace_invisible
from scrape.common.pages import kit
from scrape.markup import grammar

LEVELS = (1.0, 3.0, 6.0, 9.0)
"""Bits from which a character gets the next tint. One bit is a choice between two likely characters."""

_KEY = {
    "s0": "less than 1 bit: expected, a chance above 50%",
    "s1": "1 to 3 bits: one of a few likely ones",
    "s2": "3 to 6 bits: a chance of 1 in 8 or less",
    "s3": "6 to 9 bits: 1 in 64 or less",
    "s4": "9 bits or more: 1 in 512 or less",
}
_WORDS = 12  # words that the page lists
_SURPRISING = 6.0  # bits from which on a word is underlined, and the next stop of the Tab key
_MOST_BITS = 39  # of which odds are said in numbers: 550 billion
_UNREAD = "u"
_UNREAD_CHARACTERS = 20  # that are named; a text in another script has hundreds


@dataclass(frozen=True, slots=True)
class TintedSpan:
    """A piece of a line: its `kind` ("tag", "word" or ""), its text in parts of one level each, and what to tell of it.

    `anchor` names the place in addresses; `is_surprising` says that the word took many bits.
    """

    kind: str
    tints: list[tuple[str, str]]
    anchor: str
    hint: str
    is_surprising: bool


def render_page(reading: Reading, name: str, network: str) -> str:
    """Render the page of a reading. `name` is the title of the text, and `network` describes what read it."""
    words = [
        (_anchor(word.start), replace_invisible(unescape(word.text)), f"{word.total:.1f}", describe_odds(word.total))
        for word in surprisal.words(reading)[:_WORDS]
    ]
    sections = [(heading, f"{part.mean:.2f}", f"{len(part.text):,}") for heading, part in surprisal.sections(reading)]
    return kit.render(
        __package__,
        "surprisal.html",
        styles=["surprisal.css"],
        reading=reading,
        chance=chance(reading.mean * math.log(2)),
        has_marks=reading.text.startswith(grammar.OPEN["html"]),
        name=name,
        network=network,
        key=_KEY.items(),
        lines=[(line.mean, _spans(reading, line)) for line in surprisal.lines(reading)],
        words=words,
        sections=sections,
        unknown=describe_unknown(reading),
    )


def level(bits: float) -> str:
    """Return the class of a character that took so many bits: s0 to s4, or u of one that the network could not read."""
    return _UNREAD if math.isnan(bits) else f"s{bisect_right(LEVELS, bits)}"


def describe_odds(bits: float) -> str:
    """Return the chance of what took so many bits, as people say it: "76%", "1 in 630", "1 in 2.1 million"."""
    if bits < math.log2(10):
        return f"{2**-bits:.0%}"
    if bits > _MOST_BITS:
        return "less than 1 in a trillion"
    odds = float(f"{2**bits:.2g}")
    sizes = ((1e9, " billion"), (1e6, " million"), (1, ""))
    size, name = next((size, name) for size, name in sizes if odds >= size)
    return f"1 in {odds / size:,g}{name}"


def describe_unknown(reading: Reading) -> str:
    """Say how the characters that the network does not know were read; an empty string where it knows all."""

    def name(char: str) -> str:
        return f"{char if char.isprintable() else ''} U+{ord(char):04X}".strip()

    replaced = [f"{name(char)} read as {said!r} ({count})" for (char, said), count in reading.replaced.most_common()]
    skipped = [
        f"{name(char)} not read, outlined in the text ({count})"
        for char, count in reading.skipped.most_common(_UNREAD_CHARACTERS)
    ]
    others = reading.skipped.most_common()[_UNREAD_CHARACTERS:]
    rest = [f"{len(others):,} others not read either ({sum(count for _, count in others):,})"] if others else []
    return "; ".join(replaced + skipped + rest)


def _spans(reading: Reading, line: Span) -> Iterator[TintedSpan]:
    for piece in surprisal.spans(Reading(line.text, line.bits, reading.replaced, reading.skipped)):
        kind = "tag" if piece.text.startswith("<") else "word" if piece.is_word else ""
        levels = zip(map(level, piece.bits.tolist()), piece.text.rstrip("\n"), strict=False)
        runs = [(tint, "".join(char for _, char in run)) for tint, run in groupby(levels, key=lambda pair: pair[0])]
        yield TintedSpan(
            kind,
            [(tint, "\t".join(map(replace_invisible, text.split("\t")))) for tint, text in runs],
            _anchor(line.start + piece.start),
            f"{piece.total:.1f} bits: a chance of {describe_odds(piece.total)}",
            piece.total >= _SURPRISING,
        )


def _anchor(start: int) -> str:
    """Return the name of the place in the text, in addresses."""
    return f"w{start}"
