"""A posting as training text: write a document of bare markup, read one, begin one, and split a text into them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scrape.common.posting import Posting
from scrape.markup import grammar
from scrape.markup.grammar import CLOSE, END, OPEN, unescape

_head = re.compile("".join(f"(?:{OPEN[tag]}(.*?){CLOSE[tag]})?" for tag in grammar.HEAD))


def prompt_prefix(title: str = "", company: str = "", location: str = "") -> str:
    """Return the first characters of every document with this head, for a sampler to continue.

    The head has a fixed order, so a company or a place can follow only a title: without one they are left out, and
    the prefix is the start that all documents share.
    """
    return OPEN["html"] + _head_lines(title, company, location)


def write(posting: Posting) -> str:
    """Return the document of a posting whose `html` is bare markup. Raises ValueError where it is not.

    A posting without a title is called "Untitled": a document must have a title.
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
    """Return the posting in one document: title, company, location, and its blocks as `html`.

    Board, key and address are not in a document and stay empty. Raises ValueError where the text is not one.
    """
    if wrong := grammar.find_error(text):
        raise ValueError(wrong)
    start = len(OPEN["html"])
    head = _head.match(text, start)
    assert head is not None
    title, company, location = (unescape(line or "") for line in head.groups())
    return Posting("", "", "", title, company, location, html=text[head.end() : -len(END)])


def blocks_of(text: str) -> str:
    """Return a document without its head: its blocks, as bare markup. It is not checked; `read` does that."""
    head = _head.match(text, len(OPEN["html"]))
    return text[head.end() if head else 0 :].removesuffix(END)


def split(chunks: Iterable[str]) -> Iterator[str]:
    """Return the documents in a text that comes in chunks of any size; a last one without an end comes as it is."""
    held: list[str] = []  # the parts of a document that has not ended yet
    tail = ""  # its last characters, which may begin an END
    for chunk in chunks:
        *whole, rest = (tail + chunk).split(END)
        for text in whole:
            yield "".join([*held, text, END])
            held.clear()
        cut = max(len(rest) - len(END) + 1, 0)
        held.append(rest[:cut])
        tail = rest[cut:]
    if last := "".join([*held, tail]):
        yield last


def _head_lines(title: str, company: str, location: str, untitled: str = "") -> str:
    lines = [line(grammar.HEAD[0], title) or line(grammar.HEAD[0], untitled)]
    if lines[0]:
        lines += [line(grammar.HEAD[1], company), line(grammar.HEAD[2], location)]
    return "".join(lines)


def line(tag: str, text: str) -> str:
    """Return the line of the head that holds plain `text`: `<h1>Cook</h1>` and a line break, or "" for a blank text."""
    shown = grammar.escape(grammar.normalize(text).strip())
    return OPEN[tag] + shown + CLOSE[tag] if shown else ""
