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
from charrnn.pages.views import replace_invisible
from scrape.common.pages import kit

LEVELS = (1.0, 3.0, 6.0, 9.0)
"""Bits from which a character gets the next tint. One bit is a choice between two likely characters."""

_KEY = {
    "s0": "less than 1 bit: expected",
    "s1": "1 to 3",
    "s2": "3 to 6",
    "s3": "6 to 9",
    "s4": "9 or more: very unlikely",
}
_WORDS = 12  # words that the page lists
_UNREAD = "u"


@dataclass(frozen=True, slots=True)
class TintedSpan:
    """A piece of a line: its `kind` ("tag", "word" or ""), its bits, and its text in parts of one level each."""

    kind: str
    bits: float
    tints: list[tuple[str, str]]


def render_page(reading: Reading, name: str, network: str) -> str:
    """Render the page of a reading. `name` is the title of the text, and `network` describes what read it."""
    words = [
        (replace_invisible(unescape(word.text)), f"{word.total:.1f}", reading.text.count("\n", 0, word.start) + 1)
        for word in surprisal.words(reading)[:_WORDS]
    ]
    sections = [(heading, f"{part.mean:.2f}", f"{len(part.text):,}") for heading, part in surprisal.sections(reading)]
    return kit.render(
        __package__,
        "surprisal.html",
        styles=["surprisal.css"],
        reading=reading,
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


def describe_unknown(reading: Reading) -> str:
    """Say how the characters that the network does not know were read; an empty string where it knows all."""

    def name(char: str) -> str:
        return f"{char if char.isprintable() else ''} U+{ord(char):04X}".strip()

    replaced = [f"{name(char)} read as {said!r} ({count})" for (char, said), count in reading.replaced.most_common()]
    skipped = [
        f"{name(char)} not read, outlined in the text ({count})" for char, count in reading.skipped.most_common()
    ]
    return "; ".join(replaced + skipped)


def _spans(reading: Reading, line: Span) -> Iterator[TintedSpan]:
    for piece in surprisal.spans(Reading(line.text, line.bits, reading.replaced, reading.skipped)):
        kind = "tag" if piece.text.startswith("<") else "word" if piece.is_word else ""
        levels = zip(map(level, piece.bits.tolist()), piece.text.rstrip("\n"), strict=False)
        runs = [(tint, "".join(char for _, char in run)) for tint, run in groupby(levels, key=lambda pair: pair[0])]
        yield TintedSpan(
            kind, piece.total, [(tint, "\t".join(map(replace_invisible, text.split("\t")))) for tint, text in runs]
        )
