"""What the terminal shows: one posting to be judged, and tables of results."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import unescape

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.segment import SegmentLines
from rich.style import Style
from rich.table import Table
from rich.text import Text

from scrape.markup.grammar import normalize

Read = Callable[[], str]
KEYS = "y yes   n no   s skip   b back   q quit"
MORE = "space more"

_TAG = re.compile(r"<(/?)([a-z0-9]+)/?>\n?")
_STYLES = {"b": "bold", "em": "italic"}
_LINES_AROUND = 9  # head, rules and keys: what is left of the screen is for the text
_PLAIN_WIDTH = 120  # of tables that go into a file or a pipe


@dataclass(frozen=True, slots=True)
class Card:
    """A posting to be judged. `blocks` is bare markup, all else plain text."""

    title: str
    facts: Sequence[str]
    link: str
    blocks: str


def console() -> Console:
    """A console on stdout, of a fixed width where that is no terminal."""
    made = Console(highlight=False, markup=False, emoji=False)
    return made if made.is_terminal else Console(highlight=False, markup=False, emoji=False, width=_PLAIN_WIDTH)


def show(to: Console, card: Card, counts: str, part: int) -> bool:
    """Fill the screen with a part of a posting; whether there are more parts. Raises IndexError past the last."""
    height = max(5, to.size.height - _LINES_AROUND)
    lines = to.render_lines(Group(*body(card.blocks)), pad=False)
    parts = [lines[start : start + height] for start in range(0, len(lines), height)] or [[]]
    shown, more = parts[part % len(parts)], len(parts) > 1
    to.clear()
    to.rule(counts, style="dim")
    to.print(Text(card.title, "bold"))
    to.print(Text(" · ".join(fact for fact in card.facts if fact), "cyan"))
    to.print(link(card.link), style="dim")
    to.print()
    to.print(SegmentLines(shown, new_lines=True))
    where = f"   {MORE} ({part % len(parts) + 1} of {len(parts)})" if more else ""
    to.rule(style="dim")
    to.print(Text(KEYS + where), end="")
    to.file.flush()
    return more


def link(address: str) -> Text:
    """An address as a link that a terminal can follow."""
    return Text(address, Style(link=address) if address else "")


def printable(text: str) -> str:
    """One line without anything that a terminal would obey."""
    return " ".join("".join(letter for letter in normalize(text) if letter.isprintable()).split())


# ---------------------------------------------------------------------- the text


def body(blocks: str) -> list[RenderableType]:
    """Blocks of bare markup as paragraphs, headings and lists."""
    writer = _Writer()
    rest = 0
    for tag in _TAG.finditer(blocks):
        writer.write(unescape(blocks[rest : tag.start()]))
        (writer.close if tag[1] else writer.open)(tag[2])
        rest = tag.end()
    writer.end_line(0)
    return writer.shown


@dataclass(slots=True)
class _Writer:
    """Bare markup on its way to the screen. `lists` has for each open list the number of its next item, 0 in a `ul`."""

    shown: list[RenderableType] = field(default_factory=list)
    text: Text = field(default_factory=Text)
    lists: list[int] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    mark: str = ""

    def write(self, text: str) -> None:
        self.text.append(text.replace("\n", ""), " ".join(self.styles))

    def open(self, tag: str) -> None:
        if tag in ("ul", "ol"):
            self.end_line(0)
            self.lists.append(int(tag == "ol"))
        elif tag == "li":
            self.mark = f"{self.lists[-1]}." if self.lists[-1] else "•"
            self.lists[-1] += bool(self.lists[-1])
        elif tag == "br":
            self.text.append("\n")
        elif tag == "h4":
            self.styles.append("bold")
        elif tag in _STYLES:
            self.styles.append(_STYLES[tag])

    def close(self, tag: str) -> None:
        if tag in ("ul", "ol"):
            self.lists.pop()
            if not self.lists:
                self.shown.append(Text())
        elif tag in _STYLES:
            self.styles.pop()
        else:
            self.end_line(int(tag == "p"))
            if tag == "h4":
                self.styles.pop()

    def end_line(self, below: int) -> None:
        if not self.text:
            return
        line: RenderableType = self.text
        if self.mark:
            line = Table.grid(padding=(0, 1))
            line.add_row(self.mark, self.text)
        self.shown.append(Padding(line, (0, 0, below, 2 * len(self.lists))))
        self.text, self.mark = Text(), ""


# ---------------------------------------------------------------------- tables


def table(columns: Sequence[str], rows: Sequence[Sequence[RenderableType]]) -> Table:
    """A plain table; numbers to the right are the caller's business."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def posting(title: str, facts: Sequence[str], address: str) -> Text:
    """A posting in a cell: title, what is known of it, link."""
    lines = [Text(title, "bold"), Text(" · ".join(fact for fact in facts if fact)), link(address)]
    return Text("\n").join(line for line in lines if line)
