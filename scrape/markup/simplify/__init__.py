"""Any HTML to bare markup: all its visible words, its paragraphs, headings, lists, bold and emphasis, and no more.

    html -> tokens -> lines -> items -> blocks

`tokens` finds the tags as a browser does. `lines` walks over them once and keeps what is visible, as a flat list of
lines that know their list and its depth, the text of each as `runs` of one style. `bullets` makes items of lines that
begin with a typed bullet. This module writes the lines down in the language of `scrape.markup`. Nothing is recursive
and every step is linear, so no input is too deep or too long; every step is also total, so no input is wrong.

What is visible: all text but the content of script, style, title, noscript, template and the like, comments, the
values of form fields, and elements with `hidden` or an inline `display: none`. Style sheets are not read.

Simplifying bare markup again changes nothing, because each step leaves it alone: its tags mean themselves, its lines
are already tidy, no bullet lines are left together, and no list is deeper than may be.
"""

from __future__ import annotations

from scrape.markup.grammar import BREAK, CLOSE, MAX_DEPTH, OPEN
from scrape.markup.simplify.blocks import BLOCK, ITEM, Line, Listing, lines_of
from scrape.markup.simplify.bullets import itemize
from scrape.markup.simplify.inline import written
from scrape.markup.simplify.tokens import tokens


def simplify(html: str) -> str:
    """The visible content of `html`, a whole page or a fragment, as bare markup blocks; empty where it shows nothing.

    Pure, total (no text makes it fail) and idempotent. Headings become `h4`. Lists deeper than `MAX_DEPTH` continue
    in the deepest one allowed; text in a list but in no item becomes an item, and so does what follows a list
    inside an item, as that has no other place. The cells of a table row, as long as they are one line each, are one
    paragraph.
    """
    return _written(itemize(lines_of(tokens(html))))


def _written(lines: list[Line]) -> str:
    writer = _Writer()
    for line in lines:
        if line.listing:
            writer.item_line(line, line.listing)
        else:
            writer.block_line(line)
    return writer.end()


class _Writer:
    """Writes lines as blocks: opens and closes lists and paragraphs as the lines ask."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.block = ""  # the open p or h4
        self.lists: list[Listing] = []  # whose items are open, outermost first
        self.tags: list[str] = []  # of the same lists, as they were opened

    def block_line(self, line: Line) -> None:
        tag = "h4" if line.heading else "p"
        if line.gap < BLOCK and self.block == tag:
            self.out.append(OPEN[BREAK])
        else:
            self.close_all()
            self.out.append(OPEN[tag])
            self.block = tag
        self.out.append(written(line.runs))

    def item_line(self, line: Line, listing: Listing) -> None:
        if line.gap < ITEM and self.lists and self.lists[-1] is listing:
            self.out.append(OPEN[BREAK])
        else:
            self.close_block()
            self.make_room(listing)
            self.out.append(OPEN["li"])
        self.out.append(written(line.runs))

    def make_room(self, listing: Listing) -> None:
        """Close and open what it takes for an item of `listing` to begin."""
        while len(self.lists) > 1 and self.lists[-2].level >= listing.level:
            self.close_list()
        if not self.lists:
            self.open_list(listing)
        elif listing.level > self.lists[-1].level and len(self.lists) < MAX_DEPTH:
            self.out.append("\n")
            self.open_list(listing)
        elif len(self.lists) == 1 and listing.level == self.lists[0].level and listing is not self.lists[0]:
            self.close_list()
            self.open_list(listing)
        else:
            self.out.append(CLOSE["li"])
            self.lists[-1] = listing

    def open_list(self, listing: Listing) -> None:
        self.out.append(OPEN[listing.tag])
        self.lists.append(listing)
        self.tags.append(listing.tag)

    def close_list(self) -> None:
        self.out += CLOSE["li"], CLOSE[self.tags.pop()]
        self.lists.pop()

    def close_block(self) -> None:
        if self.block:
            self.out.append(CLOSE[self.block])
            self.block = ""

    def close_all(self) -> None:
        self.close_block()
        while self.lists:
            self.close_list()

    def end(self) -> str:
        self.close_all()
        return "".join(self.out)
