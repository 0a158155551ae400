"""The text of one line as spans: bold, emphasis, both or neither."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

from scrape.markup.grammar import CLOSE, OPEN, escape, normalize

BOLD, EMPHASIS = 1, 2

Span = tuple[int, str]
"""Plain text in one style: 0, BOLD, EMPHASIS or BOLD | EMPHASIS."""

_SENTENCE_ENDS = tuple(".:;!?)")


def merge_spans(spans: list[Span]) -> list[Span]:
    """Return the same text, normalized, in as few spans as possible and with no space at either edge of the line.

    A space between two styles belongs to neither, so that `<b>a </b>b` and `<b>a</b> b` are the same.
    """
    if len(spans) > 1:
        spans = _join_neighbours(spans)
        if len(spans) > 1:
            return _join_neighbours(_separate_spaces(spans))
    if not spans:
        return spans
    style, text = spans[0]
    shown = normalize(text).strip(" ")
    return [(style, shown)] if shown else []


def _join_neighbours(spans: list[Span]) -> list[Span]:
    """Return neighbours of one style as one span, normalized; a span that shows nothing is left out."""
    joined = ((style, "".join([text for _style, text in group])) for style, group in groupby(spans, itemgetter(0)))
    return [(style, shown) for style, text in joined if (shown := normalize(text))]


def _separate_spaces(spans: list[Span]) -> list[Span]:
    """Return spans without space at their edges, and every space between two of them as a span of its own."""
    apart: list[Span] = []
    space = False
    for style, text in spans:
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
    """Return whether two texts with nothing but a tag between them are two words, as in `<b>Summary</b>We are`.

    A style sheet sets them apart on the page, but style sheets are not read here. A small letter or the end of a
    sentence before a capital counts as such a place: 1,195 real postings have 97 of them, and one halved a word.
    """
    return after[:1].isupper() and (before[-1:].islower() or before[-1:] in _SENTENCE_ENDS)


def span_text(spans: list[Span]) -> str:
    """Return the text without its styles."""
    return "".join([text for _style, text in spans])


def drop_characters(spans: list[Span], count: int) -> list[Span]:
    """Return the spans without their first `count` characters."""
    for index, (style, text) in enumerate(spans):
        if count < len(text):
            return [(style, text[count:]), *spans[index + 1 :]]
        count -= len(text)
    return []


def render(spans: list[Span]) -> str:
    """Return the spans as bare markup: text, `b` and `em`. Neighbours that are bold share one `b`."""
    if len(spans) == 1 and not spans[0][0]:
        return escape(spans[0][1])  # the usual line
    parts: list[str] = []
    for bold, group in groupby(spans, lambda span: span[0] & BOLD):
        texts = [OPEN["em"] + escape(text) + CLOSE["em"] if style & EMPHASIS else escape(text) for style, text in group]
        parts += [OPEN["b"], *texts, CLOSE["b"]] if bold else texts
    return "".join(parts)
