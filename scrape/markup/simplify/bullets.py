"""Lists that somebody typed: lines that begin with a bullet character become items.

Two such lines in a row make a list; a single one may be a dash or a footnote and stays as it is. Another kind of
bullet begins a list inside the list, until the outer kind comes back. The marks are removed, the words stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from scrape.markup.simplify.blocks import ITEM, HtmlList, TextLine
from scrape.markup.simplify.inline import drop_characters, span_text

# Word writes bullets in symbol fonts: a private character from U+F000 to U+F0FF, or the letter at the same place.
_GLYPHS = "•·∙●○◦‣⁃▪▫■□◾◽▶▸►▹➢➤➔➜→⇒»›◆◇❖★☆✦✧✓✔✅☑❑❒❏" + "".join(map(chr, range(0xF000, 0xF100)))
_DASHES = "-–—−*"
_SIGNS = "+>~"  # before a number they mean something
_LETTERS = "o§Øü¨"
_MARKS = frozenset(_GLYPHS + _DASHES + _SIGNS + _LETTERS)
_SAME_KIND = {"·": "•", "∙": "•", "●": "•", "–": "-", "—": "-", "−": "-"}

_sure = rf"[{_GLYPHS}] ?|[{re.escape(_DASHES)}] "
_and_a_word = r"(?=.*\w)"
_item_mark = re.compile(rf"(?:{_sure})++{_and_a_word}")
_line_mark = re.compile(rf"(?:{_sure}|[{_SIGNS}] (?!\d)|[{_LETTERS}] |-(?=[^\W\d_]))++{_and_a_word}")


def itemize(lines: list[TextLine]) -> list[TextLine]:
    """Return `lines` with every run of bullet lines made into items, and no mark at the beginning of any item."""
    marks = [_mark_of(line) for line in lines]
    if not any(marks):
        return lines
    made: list[TextLine] = []
    for start, end in _stretches(lines, marks):
        if end - start > 1:
            made += _listed(lines[start:end], marks[start:end])
        else:
            made.append(_unmarked_item(lines[start]))
    return made


def _mark_of(line: TextLine) -> str:
    """Return the bullet that the line begins with and the space after it, or "" where there is none."""
    if line.spans[0][1][0] not in _MARKS or (line.heading and not line.listing):
        return ""
    found = _line_mark.match(span_text(line.spans))
    return found[0] if found else ""


def _stretches(lines: list[TextLine], marks: list[str]) -> Iterator[tuple[int, int]]:
    """Return (start, end) of each run of bullet lines in one place, and of each other line alone."""
    start = 0
    for at in range(1, len(lines) + 1):
        if at < len(lines) and marks[at - 1] and marks[at]:
            listing = lines[at].listing
            if lines[at - 1].listing is listing and (listing is None or lines[at].gap < ITEM):
                continue
        yield start, at
        start = at


def _listed(lines: list[TextLine], marks: list[str]) -> Iterator[TextLine]:
    """Return the bullet lines of one run as items, one list deeper for each new kind of bullet."""
    listings: dict[str, HtmlList] = {}  # by kind of bullet, outermost first
    around = lines[0].listing
    begins_item = lines[0].gap == ITEM  # of a list that is there already
    outermost = around if around and begins_item else HtmlList("ul", around.level + 1 if around else 1)
    for line, mark in zip(lines, marks, strict=True):
        kind = _SAME_KIND.get(mark[0], mark[0])
        if kind in listings:
            while next(reversed(listings)) != kind:
                listings.popitem()
        else:
            listings[kind] = HtmlList("ul", outermost.level + len(listings)) if listings else outermost
        yield TextLine(drop_characters(line.spans, len(mark)), ITEM, listings[kind])


def _unmarked_item(line: TextLine) -> TextLine:
    if line.listing is None or line.gap < ITEM or line.spans[0][1][0] not in _MARKS:
        return line
    found = _item_mark.match(span_text(line.spans))
    return replace(line, spans=drop_characters(line.spans, found.end())) if found else line
