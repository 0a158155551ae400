"""What of a page is visible, and where its lines break: HTML tokens in, a flat list of `Line`s out.

A line knows how it stands to the line before it, which list it is an item of, and its text as runs of one style.
Nesting is gone by then: an item of a list inside an item is a line of a deeper list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from scrape.markup.simplify.inline import BOLD, EMPHASIS, Run, is_seam, normal
from scrape.markup.simplify.tokens import Token, attributes_of

LINE, BLOCK, ITEM = 1, 2, 3
"""How a line begins: after a line break inside a block; as a block of its own; as a list item of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """One list of the page: its tag, `ul` or `ol`, and how deep it stands, from 1."""

    tag: str
    level: int


STRAY = Listing("ul", 1)
"""The list of the items that stand in no list."""


@dataclass(slots=True)
class Line:
    """One line of visible text. `listing` is None outside lists; only there does `heading` count."""

    runs: list[Run]
    gap: int = BLOCK
    listing: Listing | None = None
    heading: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """What holds for the text inside an element."""

    listing: Listing | None = None
    heading: bool = False
    hidden: bool = False
    newlines: bool = False
    """Whether a line break in the source is one on the page."""


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
_UNSEEN = _names("template datalist")
_WHOLE = _names("html body")
_VOID = _names("area base br col embed hr img input link meta param source track wbr")
_ENDED_BY_NEXT = _names("li dt dd option tr td th")
_BREAKING = (_BOXES - _WHOLE) | _HEADINGS | set(_LISTS) | _CELLS | _names("p pre br hr li tr dt dd")

_may_hide = re.compile("hidden|display", re.IGNORECASE)
_hides = re.compile(r"(?:^|;)\s*display\s*:\s*none\b", re.IGNORECASE)
_blank_line = re.compile(r"(?<=\S)[^\S\n]*+\n[^\S\n]*+\n\s*+(?=\S)")


def lines_of(tokens: Iterable[Token]) -> list[Line]:
    """The visible lines of a page. Where no tag of it breaks a line, the line breaks of its source do."""
    page = list(tokens)
    reader = _Reader(newlines=not any(tag in _BREAKING for _text, tag, _attributes in page))
    for text, tag, attributes in page:
        if text:
            reader.text(text)
        if tag[:1] == "/":
            reader.end(tag[1:])
        elif tag:
            reader.start(tag, attributes)
    return reader.finish()


class _Reader:
    """Reads one page. A break is only noted as `due`, and made when text comes: so no line is empty."""

    def __init__(self, newlines: bool) -> None:
        self.lines: list[Line] = []
        self.line = Line([])
        self.due = 0
        self.style = 0
        self.styled = {BOLD: 0, EMPHASIS: 0}  # how many elements of each style are open
        self.place = _Place(newlines=newlines)
        self.open: list[tuple[str, _Place]] = []  # the elements whose end matters, and the place around each
        self.count: dict[str, int] = {}  # how many of each name are in `open`
        self.row = -1  # how many lines came before this table row
        self.fresh_cell = False
        self.bold_over = False  # whether bold ended after the last text

    # -- text

    def text(self, text: str) -> None:
        if self.place.hidden:
            return
        if "\n" in text and self.place.newlines:
            self.verbatim(text)
        elif "\n" in text and not text.isspace() and _blank_line.search(text):
            self.paragraphs(text)
        else:
            self.words(text)

    def words(self, text: str) -> None:
        """Text that stays on one line."""
        if not text or text.isspace():
            if text and not self.due and self.line.runs:
                self.line.runs.append((self.style, " "))
            return
        if not self.due and self.line.runs and is_seam(self.line.runs[-1][1], text):
            self.mend_seam()
        if self.due:
            self.flush()
            self.line = Line([], self.due, self.place.listing, self.place.heading)
            self.due = 0
        self.line.runs.append((self.style, text))
        self.fresh_cell = self.bold_over = False

    def mend_seam(self) -> None:
        """Two words that only a tag keeps apart: put a space there, or a break between two bold ones, as headings."""
        if self.bold_over and self.style & BOLD:
            self.due = LINE
        else:
            self.line.runs.append((self.style, " "))

    def verbatim(self, text: str) -> None:
        """Text whose line breaks count."""
        first, *others = text.split("\n")
        self.words(first)
        for other in others:
            self.line_break("br")
            self.words(other)

    def paragraphs(self, text: str) -> None:
        """Text with a blank line between words: a paragraph that somebody meant, whatever HTML makes of it."""
        first, *others = _blank_line.split(text)
        self.words(first)
        for other in others:
            self.due = max(self.due, BLOCK)
            self.words(other)

    def flush(self) -> None:
        """Put the line away; one that shows nothing leaves its break behind."""
        self.line.runs = normal(self.line.runs)
        if self.line.runs:
            self.lines.append(self.line)
        else:
            self.due = BLOCK if self.due == self.line.gap == LINE else max(self.due, self.line.gap)

    def finish(self) -> list[Line]:
        self.flush()
        return self.lines

    # -- elements

    def start(self, name: str, attributes: str) -> None:
        if self.place.hidden:
            self.end_implied(name)
        if self.place.hidden:
            self.enter(name, self.place)
        elif attributes and _may_hide.search(attributes) and _is_hidden(name, attributes):
            self.enter(name, replace(self.place, hidden=True))
        elif act := _STARTS.get(name):
            act(self, name)

    def end(self, name: str) -> None:
        self.leave(name)
        if not self.place.hidden and (act := _ENDS.get(name)):
            act(self, name)

    def enter(self, name: str, place: _Place) -> None:
        if name not in _VOID:
            self.open.append((name, self.place))
            self.count[name] = self.count.get(name, 0) + 1
            self.place = place

    def leave(self, name: str) -> None:
        """Close the innermost open element of that name, and all in it; without one, nothing."""
        if not self.count.get(name):
            return
        closed = ""
        while closed != name:
            closed, self.place = self.open.pop()
            self.count[closed] -= 1

    def end_implied(self, name: str) -> None:
        """Close the hidden element that the start of `name` ends without a word, such as the item before an item."""
        innermost = self.open[-1][0]
        if (innermost == name and name in _ENDED_BY_NEXT) or (innermost == "p" and name in _BREAKING):
            self.leave(innermost)

    def block(self, _name: str = "") -> None:
        if not self.fresh_cell:
            self.due = max(self.due, BLOCK)

    def box(self, name: str) -> None:
        self.block()
        self.enter(name, self.place)

    def heading(self, _name: str) -> None:
        self.due = max(self.due, BLOCK)
        self.enter("heading", replace(self.place, heading=True))

    def end_heading(self, _name: str) -> None:
        self.leave("heading")
        self.due = max(self.due, BLOCK)

    def list(self, name: str) -> None:
        around = self.place.listing
        listing = Listing(_LISTS[name], around.level + 1 if around else 1)
        self.due = ITEM
        self.enter(name, replace(self.place, listing=listing))

    def item(self, _name: str) -> None:
        if self.open and self.open[-1][0] == "li":
            self.leave("li")
        self.enter("li", self.place if self.place.listing else replace(self.place, listing=STRAY))
        self.due = ITEM

    def end_item(self, _name: str) -> None:
        self.due = ITEM

    def line_break(self, _name: str) -> None:
        """A second break in a row begins a new block."""
        self.due = BLOCK if self.due == LINE else self.due or LINE

    def definition(self, _name: str) -> None:
        self.due = self.due or LINE

    def table_row(self, _name: str) -> None:
        self.flush()
        self.line = Line([])
        self.row = len(self.lines)
        self.due = max(self.due, BLOCK)

    def end_row(self, _name: str) -> None:
        self.row = -1
        self.due = max(self.due, BLOCK)

    def cell(self, name: str) -> None:
        """The cells of a row share a line, as long as none of them breaks it."""
        line = self.line
        same_line = len(self.lines) == self.row and line.listing is self.place.listing and not line.heading
        if not same_line:
            self.due = max(self.due, BLOCK)
        elif line.runs:
            self.due = 0
            self.words(" ")
        self.enter(name, self.place)
        self.fresh_cell = same_line

    def apart(self, _name: str) -> None:
        self.words(" ")

    def preformatted(self, name: str) -> None:
        self.block()
        self.enter(name, replace(self.place, newlines=True))

    def unseen(self, name: str) -> None:
        self.enter(name, replace(self.place, hidden=True))

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


def _is_hidden(name: str, written: str) -> bool:
    if name in _WHOLE:
        return False  # until its script has run: nobody publishes a page that shows nothing
    attributes = attributes_of(written)
    hidden = attributes.get("hidden", "until-found").lower() != "until-found"
    return hidden or bool(_hides.search(attributes.get("style", "")))
