"""Read bare markup: its tags and texts with their places, its blocks, and the plain text of it.

Everything here takes any text, so that it also serves for what a network wrote without the grammar, and takes time
linear in the length of the text. What is no tag of the form `<name>`, `</name>` or `<name/>` is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from scrape.markup.grammar import BLOCKS, BREAK, HEAD, unescape

_LINES = "|".join((*HEAD, "p", "h4", "li"))
_LINE_TAGS = "|".join((*HEAD, *BLOCKS, "li", "html"))
_token = re.compile(r"<(?P<slash>/?)(?P<tag>[a-z][a-z0-9]*)/?>|[^<]+|<")
_block_tag = re.compile(f"\n?</?(?:{_LINE_TAGS})>\n?|<{BREAK}/>")
_other_tag = re.compile(r"</?[a-z][a-z0-9]*/?>")
_block = re.compile(
    rf"<(?P<tag>{'|'.join((*HEAD, 'p', 'h4', 'li'))})>(?P<inline>(?:[^<]++|<(?!/?(?:{_LINE_TAGS})>))*+)"
)
_bold_line = re.compile("<b>[^<]*</b>")


class Token(NamedTuple):
    """A tag or a text of a document.

    `text` is as written and stands at `start`. `tag` is the name of the element that it opens or, where `closes`,
    ends; it is empty for a text.
    """

    text: str
    start: int
    tag: str = ""
    closes: bool = False

    @property
    def end(self) -> int:
        """Position after its last character."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Block:
    """A line of the head, a paragraph, a heading or an item, without the list that an item may hold.

    `inline` is its content as bare markup, which stands at `start`; `tag` is `h1`, `h2`, `h3`, `p`, `h4` or `li`.
    """

    tag: str
    inline: str
    start: int

    @property
    def text(self) -> str:
        """Its plain text; a broken line is several lines."""
        return plain_text(self.inline)

    @property
    def is_heading(self) -> bool:
        """True for a heading, and for a paragraph that is bold from end to end, as many boards write one."""
        return self.tag == "h4" or (self.tag == "p" and bool(_bold_line.fullmatch(self.inline)))


def tokens(markup: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """Return the tags and texts of `markup[start:end]` in order; written one after the other, they are that text.

    Positions are those in `markup`. The line break after a tag belongs to the text that follows.
    """
    for found in _token.finditer(markup, start, len(markup) if end is None else end):
        yield Token(found[0], found.start(), found["tag"] or "", bool(found["slash"]))


def blocks(markup: str) -> Iterator[Block]:
    """Return the lines of the head, paragraphs, headings and items of `markup` in order, those without text too."""
    for found in _block.finditer(markup):
        yield Block(found["tag"], found["inline"].removesuffix("\n"), found.start("inline"))


def plain_text(markup: str) -> str:
    """Return the text of bare markup, character references resolved: each block and each broken line is one line.

    Empty lines are left out, and there is no line break at either end.
    """
    lines = _other_tag.sub("", _block_tag.sub("\n", markup))
    return unescape("\n".join(filter(None, lines.split("\n"))))
