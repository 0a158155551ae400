"""The visible lines of a page: HTML tokens in, a flat list of `TextLine`s out.

A line knows how it is set apart from the line before it, which list it is an item of, and its text as spans of one
style. Nesting is gone by then: an item of a list inside an item is a line of a deeper list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from justhtml.parser.stream import StreamEvent

from scrape.markup.simplify.inline import BOLD, EMPHASIS, Span, is_seam, merge_spans

LINE, BLOCK, ITEM = 1, 2, 3
"""How a line begins: after a line break inside a block, as a block of its own, or as a list item of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class HtmlList:
    """One list of the page: its tag, `ul` or `ol`, and its depth, from 1."""

    tag: str
    level: int


STRAY = HtmlList("ul", 1)
"""The list of all items that stand outside any list."""


@dataclass(slots=True)
class TextLine:
    """One line of visible text. `listing` is None outside lists; only there does `heading` count."""

    spans: list[Span]
    gap: int = BLOCK
    listing: HtmlList | None = None
    heading: bool = False


@dataclass(frozen=True, slots=True)
class _Context:
    """The rules for the text inside an element."""

    listing: HtmlList | None = None
    heading: bool = False
    hidden: bool = False
    newlines: bool = False
    """True where a line break in the source is one on the page."""


def _names(written: str) -> frozenset[str]:
    return frozenset(written.split())


_BOXES = _names(
    "html body address article aside blockquote caption center dialog details dl div fieldset figcaption figure footer"
    " form header hgroup legend main nav optgroup search section summary table tbody tfoot thead"
)
_HEADINGS = _names("h1 h2 h3 h4 h5 h6")
_LISTS = {"ul": "ul", "ol": "ol", "menu": "ul", "dir": "ul"}
_VERBATIM = _names("pre listing plaintext textarea xmp")
_CELLS = _names("td th")
_APART = _names("button input option select")
_STYLES = {"b": BOLD, "strong": BOLD, "em": EMPHASIS, "i": EMPHASIS}
_UNSEEN = _names("script style title noscript iframe noembed noframes template datalist")
_FOREIGN = _names("svg math")
_WHOLE = _names("html body")
_VOID = _names("area base br col embed hr img input link meta param source track wbr")
_ENDED_BY_NEXT = _names("li dt dd option tr td th")
_BREAKING = (_BOXES - _WHOLE) | _HEADINGS | set(_LISTS) | _CELLS | _names("p pre br hr li tr dt dd")

_hides = re.compile(r"(?:^|;)\s*display\s*:\s*none\b", re.IGNORECASE)
_blank_line = re.compile(r"(?<=\S)[^\S\n]*+\n[^\S\n]*+\n\s*+(?=\S)")


def read_lines(tokens: Iterable[StreamEvent]) -> list[TextLine]:
    """Return the visible lines of a page. Where no tag of it breaks a line, the line breaks of its source do."""
    tokens = iter(tokens)
    before: list[StreamEvent] = []  # all tokens up to the first that breaks a line
    breaks = False
    for token in tokens:
        before.append(token)
        if token[0] == "start" and token[1][0] in _BREAKING:
            breaks = True
            break
    reader = _Reader(newlines=not breaks)
    texts: list[str] = []  # a loose `<` begins another text
    for token in chain(before, tokens):
        if token[0] == "text":
            texts.append(token[1])
            continue
        if texts:
            reader.text("".join(texts))
            texts.clear()
        if token[0] == "start":
            reader.start(*token[1])
        elif token[0] == "end":
            reader.end(token[1])
    reader.text("".join(texts))
    return reader.finish()


class _Reader:
    """Reads one page. A break is only noted as `due`, and made when text comes: so no line is empty."""

    def __init__(self, newlines: bool) -> None:
        self.lines: list[TextLine] = []
        self.line = TextLine([])
        self.due = 0
        self.style = 0
        self.styled = {BOLD: 0, EMPHASIS: 0}  # how many elements of each style are open
        self.context = _Context(newlines=newlines)
        self.open: list[tuple[str, _Context]] = []  # the elements whose end matters, and the context around each
        self.count: dict[str, int] = {}  # how many of each name are in `open`
        self.row = -1  # how many lines came before this table row
        self.fresh_cell = False
        self.bold_over = False  # whether bold ended after the last text

    # -- text

    def text(self, text: str) -> None:
        if self.context.hidden:
            return
        if "\n" in text and self.context.newlines:
            self.verbatim(text)
        elif "\n" in text and not text.isspace() and _blank_line.search(text):
            self.paragraphs(text)
        else:
            self.words(text)

    def words(self, text: str) -> None:
        """Add text that stays on one line."""
        spans = self.line.spans
        if not text or text.isspace():
            if text and spans and not self.due:
                spans.append((self.style, " "))
            return
        if spans and not self.due and is_seam(spans[-1][1], text):
            # Two words that only a tag keeps apart: a space, or a line break between two bold ones, as of headings.
            if self.bold_over and self.style & BOLD:
                self.due = LINE
            else:
                spans.append((self.style, " "))
        if self.due:
            self.flush()
            spans = []
            self.line = TextLine(spans, self.due, self.context.listing, self.context.heading)
            self.due = 0
        spans.append((self.style, text))
        self.fresh_cell = self.bold_over = False

    def verbatim(self, text: str) -> None:
        """Add text whose line breaks count."""
        first, *others = text.split("\n")
        self.words(first)
        for other in others:
            self.line_break("br")
            self.words(other)

    def paragraphs(self, text: str) -> None:
        """Add text with blank lines between words: the author meant paragraphs, though HTML does not."""
        first, *others = _blank_line.split(text)
        self.words(first)
        for other in others:
            self.due = max(self.due, BLOCK)
            self.words(other)

    def flush(self) -> None:
        """Finish the line; one that shows nothing passes its break on to the next."""
        self.line.spans = merge_spans(self.line.spans)
        if self.line.spans:
            self.lines.append(self.line)
        else:
            self.due = BLOCK if self.due == self.line.gap == LINE else max(self.due, self.line.gap)

    def finish(self) -> list[TextLine]:
        self.flush()
        return self.lines

    # -- elements

    def start(self, name: str, attributes: Mapping[str, str | None]) -> None:
        if self.context.hidden:
            self.end_implied(name)
        if self.context.hidden:
            self.enter(name, self.context)
        elif attributes and ("hidden" in attributes or "style" in attributes) and _is_hidden(name, attributes):
            self.enter(name, replace(self.context, hidden=True))
        elif act := _STARTS.get(name):
            act(self, name)

    def end(self, name: str) -> None:
        if self.count.get(name):
            self.leave(name)
        if not self.context.hidden and (act := _ENDS.get(name)):
            act(self, name)

    def enter(self, name: str, context: _Context) -> None:
        if name not in _VOID:
            self.open.append((name, self.context))
            self.count[name] = self.count.get(name, 0) + 1
            self.context = context

    def leave(self, name: str) -> None:
        """Close the innermost open element of that name, which must be open, and everything in it."""
        closed = ""
        while closed != name:
            closed, self.context = self.open.pop()
            self.count[closed] -= 1

    def end_implied(self, name: str) -> None:
        """Close the hidden element that the start of `name` ends by itself, such as the item before an item."""
        innermost = self.open[-1][0]
        if (innermost == name and name in _ENDED_BY_NEXT) or (innermost == "p" and name in _BREAKING):
            self.leave(innermost)

    def inline(self, name: str) -> None:
        self.enter(name, self.context)

    def block(self, _name: str = "") -> None:
        if not self.fresh_cell:
            self.due = max(self.due, BLOCK)

    def box(self, name: str) -> None:
        self.block()
        self.enter(name, self.context)

    def heading(self, _name: str) -> None:
        self.due = max(self.due, BLOCK)
        self.enter("heading", replace(self.context, heading=True))

    def end_heading(self, _name: str) -> None:
        if self.count.get("heading"):
            self.leave("heading")
        self.due = max(self.due, BLOCK)

    def list(self, name: str) -> None:
        around = self.context.listing
        listing = HtmlList(_LISTS[name], around.level + 1 if around else 1)
        self.due = ITEM
        self.enter(name, replace(self.context, listing=listing))

    def item(self, _name: str) -> None:
        if self.open and self.open[-1][0] == "li":
            self.leave("li")
        self.enter("li", self.context if self.context.listing else replace(self.context, listing=STRAY))
        self.due = ITEM

    def end_item(self, _name: str) -> None:
        self.due = ITEM

    def line_break(self, _name: str) -> None:
        """Break the line; a second break in a row begins a new block."""
        self.due = BLOCK if self.due == LINE else self.due or LINE

    def definition(self, _name: str) -> None:
        self.due = self.due or LINE

    def table_row(self, _name: str) -> None:
        self.flush()
        self.line = TextLine([])
        self.row = len(self.lines)
        self.due = max(self.due, BLOCK)

    def end_row(self, _name: str) -> None:
        self.row = -1
        self.due = max(self.due, BLOCK)

    def cell(self, name: str) -> None:
        """Begin a cell: the cells of a row share a line, as long as none of them breaks it."""
        line = self.line
        same_line = len(self.lines) == self.row and line.listing is self.context.listing and not line.heading
        if not same_line:
            self.due = max(self.due, BLOCK)
        elif line.spans:
            self.due = 0
            self.words(" ")
        self.enter(name, self.context)
        self.fresh_cell = same_line

    def apart(self, _name: str) -> None:
        self.words(" ")

    def preformatted(self, name: str) -> None:
        self.block()
        self.enter(name, replace(self.context, newlines=True))

    def unseen(self, name: str) -> None:
        self.enter(name, replace(self.context, hidden=True))

    def style_on(self, name: str) -> None:
        style = _STYLES[name]
        self.styled[style] += 1
        self.style |= style

    def style_off(self, name: str) -> None:
        style = _STYLES[name]
        self.styled[style] = max(0, self.styled[style] - 1)
        if not self.styled[style]:
            self.style &= ~style
            self.bold_over |= style == BOLD


_Act = Callable[[_Reader, str], None]
_STARTS: dict[str, _Act] = {
    **dict.fromkeys(_BOXES, _Reader.box),
    **dict.fromkeys(_HEADINGS, _Reader.heading),
    **dict.fromkeys(_LISTS, _Reader.list),
    **dict.fromkeys(_CELLS, _Reader.cell),
    **dict.fromkeys(_VERBATIM, _Reader.preformatted),
    **dict.fromkeys(_UNSEEN, _Reader.unseen),
    **dict.fromkeys(_APART, _Reader.apart),
    **dict.fromkeys(_FOREIGN, _Reader.inline),
    **dict.fromkeys(_STYLES, _Reader.style_on),
    **dict.fromkeys(("p", "hr", "dt"), _Reader.block),
    "li": _Reader.item,
    "tr": _Reader.table_row,
    "dd": _Reader.definition,
    "br": _Reader.line_break,
}
_ENDS: dict[str, _Act] = {
    **dict.fromkeys(_BOXES | _VERBATIM | {"p"}, _Reader.block),
    **dict.fromkeys(_HEADINGS, _Reader.end_heading),
    **dict.fromkeys((*_LISTS, "li"), _Reader.end_item),
    **dict.fromkeys(_APART, _Reader.apart),
    **dict.fromkeys(_STYLES, _Reader.style_off),
    **dict.fromkeys(("dt", "dd"), _Reader.definition),
    **dict.fromkeys(("tr", "table"), _Reader.end_row),
    "br": _Reader.line_break,
}


def _is_hidden(name: str, attributes: Mapping[str, str | None]) -> bool:
    if name in _WHOLE:
        return False  # until its script has run: nobody publishes a page that shows nothing
    hidden = (attributes.get("hidden", "until-found") or "").lower() != "until-found"
    return hidden or bool(_hides.search(attributes.get("style") or ""))
