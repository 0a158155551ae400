"""Lines as blocks of bare markup."""

from __future__ import annotations

from scrape.markup.grammar import BREAK, CLOSE, MAX_DEPTH, OPEN
from scrape.markup.simplify.blocks import BLOCK, ITEM, HtmlList, TextLine
from scrape.markup.simplify.inline import render


def write_blocks(lines: list[TextLine]) -> str:
    """Return the lines as paragraphs, headings and lists at most `MAX_DEPTH` deep."""
    writer = _BlockWriter()
    for line in lines:
        if line.listing:
            writer.item_line(line, line.listing)
        else:
            writer.block_line(line)
    return writer.end()


class _BlockWriter:
    """Write lines as blocks: open and close lists and paragraphs as the lines ask."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.block = ""  # the open p or h4
        self.lists: list[HtmlList] = []  # whose items are open, outermost first
        self.tags: list[str] = []  # of the same lists, as they were opened

    def block_line(self, line: TextLine) -> None:
        tag = "h4" if line.heading else "p"
        if line.gap < BLOCK and self.block == tag:
            self.out.append(OPEN[BREAK])
        else:
            self.close_all()
            self.out.append(OPEN[tag])
            self.block = tag
        self.out.append(render(line.spans))

    def item_line(self, line: TextLine, listing: HtmlList) -> None:
        if line.gap < ITEM and self.lists and self.lists[-1] is listing:
            self.out.append(OPEN[BREAK])
        else:
            self.close_block()
            self.make_room(listing)
            self.out.append(OPEN["li"])
        self.out.append(render(line.spans))

    def make_room(self, listing: HtmlList) -> None:
        """Close and open lists so that an item of `listing` may begin."""
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

    def open_list(self, listing: HtmlList) -> None:
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
