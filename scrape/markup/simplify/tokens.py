"""HTML as a flat stream of tokens, by the rules that browsers follow.

The tokenizer is justhtml's, which follows the HTML standard (https://html.spec.whatwg.org/#tokenization), with the
rules for scripts and for CDATA in SVG. It builds no tree, so nothing depends on how deep elements nest: the time is
linear in the length of the input. Two inputs that version 3.16 does not bear are taken care of here.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

from justhtml.parser.stream import (
    _PLAINTEXT_TAGS,
    _RAWTEXT_TAGS,
    _RCDATA_TAGS,
    CommentEvent,
    DoctypeEvent,
    StreamEvent,
    _StreamNode,
    _StreamScanner,
)

_comment = re.compile(r"--(?:-?>|.*?(?:--!?>|\Z))", re.DOTALL)
_bare_tag = re.compile("([a-zA-Z][a-zA-Z0-9]*)>")
_text_and_tag = re.compile("([^<]*+)<(/?)([a-zA-Z][a-zA-Z0-9]*+)(>?)")
_OTHER_RULES = _RAWTEXT_TAGS | _RCDATA_TAGS | _PLAINTEXT_TAGS | {"svg", "math"}
_foreign_digit = re.compile(r"&#([0-9]*)(?=[^\x00-\x7f])")


def tokens(html: str) -> Iterator[StreamEvent]:
    """Return the texts and tags of `html` in order; no text makes it fail.

    `("text", text)`, with character references resolved, `("start", (name, attributes))`, `("end", name)`, and
    comments and the document type. Names are in lower case. The text of a script is one text.
    """
    if not html.isascii():
        # A reference such as `&#²` raises ValueError there: it takes every digit of Unicode for one of the number.
        html = _foreign_digit.sub(lambda found: f"{found[0]};" if found[1] else "&amp;#", html)
    return _Scanner(html).scan()


class _Scanner(_StreamScanner):
    """The scanner of justhtml with less to do, and with comments in linear time."""

    __slots__ = ()

    def scan(self) -> Generator[StreamEvent, None, None]:
        """Take texts and tags, of which most postings are made, in a short loop, and leave the rest to justhtml.

        The rest begins with the first comment, script or the like.
        """
        html, start, end = self._html, 0, len(self._html)
        event: StreamEvent
        while found := _text_and_tag.match(html, start):
            text, slash, name, closed = found.groups()
            name = name.lower()
            if name in _OTHER_RULES or (slash and not closed):
                break
            if closed:
                position, event = found.end(), ("end", name) if slash else ("start", (name, {}))
            elif tag := super()._parse_start_tag(found.start(3), end):
                name, attributes, _, position = tag
                event = ("start", (name, attributes))
            else:
                break
            if text:
                yield ("text", self._decoded(text) if "&" in text or "\r" in text else text)
            yield event
            start = position
        self._html = html[start:]
        yield from super().scan()

    def _decoded(self, text: str) -> str:
        parts: list[str] = []
        self._append_text(parts, text)
        return "".join(parts)

    def _parse_markup_declaration(
        self, pos: int, end: int
    ) -> tuple[bool, CommentEvent | DoctypeEvent | None, int, str | None]:
        """End a comment where it first ends, instead of looking for `--!>` in all the rest of the page."""
        comment = _comment.match(self._html, pos)
        if comment:
            return True, ("comment", ""), comment.end(), None
        return super()._parse_markup_declaration(pos, end)

    def _push_open_element(self, node: _StreamNode) -> None:
        """Remember only what is open in SVG and MathML: outside, a tag is read in the same way in every element."""
        if self._open_elements or node.namespace != "html":
            super()._push_open_element(node)

    def _parse_start_tag(self, pos: int, end: int) -> tuple[str, dict[str, str | None], bool, int] | None:
        """Take a tag without attributes, as most tags of a posting are, in one step."""
        tag = _bare_tag.match(self._html, pos)
        return (tag[1].lower(), {}, False, tag.end()) if tag else super()._parse_start_tag(pos, end)

    def _parse_end_tag(self, pos: int, end: int) -> tuple[str, int] | None:
        """Take an end tag as it is usually written in one step."""
        tag = _bare_tag.match(self._html, pos)
        return (tag[1].lower(), tag.end()) if tag else super()._parse_end_tag(pos, end)
