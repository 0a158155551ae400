"""A posting as training text: one document of bare markup, written, read back, begun and split from its like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scrape.common.posting import Posting
from scrape.markup import grammar
from scrape.markup.grammar import CLOSE, END, OPEN, unescape

_head = re.compile("".join(f"(?:{OPEN[tag]}(.*?){CLOSE[tag]})?" for tag in grammar.HEAD))


def prompt_prefix(title: str = "", company: str = "", location: str = "") -> str:
    """The first characters of every document with this head, for a sampler to go on from.

    The head has a fixed order, so the text ends at the first thing that is not given: with a title alone, after
    the line of the title, and with no title it is the start that all documents share (a company or a place
    without a title cannot be a prefix; they are then left out).
    """
    return OPEN["html"] + _head_lines(title, company, location)


def write(posting: Posting) -> str:
    """The document of a posting whose `html` is bare markup. Raises ValueError where it is not.

    A posting without a title is called "Untitled": the language wants a title.
    """
    text = (
        OPEN["html"]
        + _head_lines(posting.title, posting.company, posting.location, untitled="Untitled")
        + posting.html
        + END
    )
    if wrong := grammar.find_error(text):
        raise ValueError(f"posting {posting.name} is not bare markup: {wrong}")
    return text


def read(text: str) -> Posting:
    """The posting in one document: title, company, location, and its blocks as `html`.

    Board, key and address are not in a document and stay empty. Raises ValueError where the text is not one.
    """
    if wrong := grammar.find_error(text):
        raise ValueError(wrong)
    start = len(OPEN["html"])
    head = _head.match(text, start)
    assert head is not None
    title, company, location = (unescape(line or "") for line in head.groups())
    return Posting("", "", "", title, company, location, html=text[head.end() : -len(END)])


def split(chunks: Iterable[str]) -> Iterator[str]:
    """The documents in a text that comes in chunks of any size; a last one without an end is given as it is."""
    rest = ""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(END)
        yield from (text + END for text in whole)
    if rest:
        yield rest


def _head_lines(title: str, company: str, location: str, untitled: str = "") -> str:
    lines = [line(grammar.HEAD[0], title) or line(grammar.HEAD[0], untitled)]
    if lines[0]:
        lines += [line(grammar.HEAD[1], company), line(grammar.HEAD[2], location)]
    return "".join(lines)


def line(tag: str, text: str) -> str:
    """The line of the head that holds plain `text`, such as `<h1>Cook</h1>` and a line break; "" for a blank one."""
    shown = grammar.escape(grammar.normalize(text).strip())
    return OPEN[tag] + shown + CLOSE[tag] if shown else ""
