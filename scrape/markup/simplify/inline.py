"""The text of one line in its styles: bold, emphasis, both or neither."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from scrape.markup.grammar import CLOSE, OPEN, escape, normalize

BOLD, EMPHASIS = 1, 2

Run = tuple[int, str]
"""A stretch of plain text in one style: 0, BOLD, EMPHASIS or BOLD | EMPHASIS."""

_SENTENCE_ENDS = tuple(".:;!?)")


def normal(runs: list[Run]) -> list[Run]:
    """The same text in as few runs as can be, tidy, and with no space at either edge of the line.

    A space between two styles belongs to neither, so that `<b>a </b>b` and `<b>a</b> b` are the same.
    """
    tidied = _merged(runs)
    if len(tidied) > 1:
        return _merged(_spaced(tidied))
    return [(style, text) for style, spaced in tidied if (text := spaced.strip(" "))]


def _merged(runs: list[Run]) -> list[Run]:
    """Neighbours of one style as one, tidy; what shows nothing is gone."""
    if len(runs) == 1:
        joined: Iterable[Run] = runs
    else:
        joined = ((style, "".join([text for _style, text in group])) for style, group in groupby(runs, itemgetter(0)))
    return [(style, shown) for style, text in joined if (shown := normalize(text))]


def _spaced(runs: list[Run]) -> list[Run]:
    """Runs without space at their edges, and every space between two of them a run of its own."""
    apart: list[Run] = []
    space = False
    for style, text in runs:
        core = text.strip(" ")
        if not core:
            space = True
            continue
        if apart:
            before, last = apart[-1]
            if space or text[0] == " " or is_seam(last, core):
                apart.append((style if style == before else style & before & BOLD, " "))
        apart.append((style, core))
        space = text[-1] == " "
    return apart


def is_seam(before: str, after: str) -> bool:
    """Whether two texts with nothing but a tag between them are two words, as in `<b>Summary</b>We are`.

    The page sets them apart by a style sheet, which nobody reads here. A small letter or the end of a sentence
    before a capital is taken for such a place: 1,195 real postings have 97 of them, and one halved a word.
    """
    return after[:1].isupper() and (before[-1:].islower() or before[-1:] in _SENTENCE_ENDS)


def plain(runs: list[Run]) -> str:
    """The text without its styles."""
    return "".join([text for _style, text in runs])


def without(runs: list[Run], count: int) -> list[Run]:
    """The runs less their first `count` characters."""
    for index, (style, text) in enumerate(runs):
        if count < len(text):
            return [(style, text[count:]), *runs[index + 1 :]]
        count -= len(text)
    return []


def written(runs: list[Run]) -> str:
    """The runs as bare markup: text, `b` and `em`. Neighbours that are bold share one `b`."""
    if len(runs) == 1 and not runs[0][0]:
        return escape(runs[0][1])  # the usual line
    parts: list[str] = []
    for bold, group in groupby(runs, lambda run: run[0] & BOLD):
        texts = [_emphasised(text) if style & EMPHASIS else escape(text) for style, text in group]
        parts += [OPEN["b"], *texts, CLOSE["b"]] if bold else texts
    return "".join(parts)


def _emphasised(text: str) -> str:
    return OPEN["em"] + escape(text) + CLOSE["em"]
