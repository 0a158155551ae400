"""The terminal: one posting at a time, one key at a time, and tables of results."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.segment import SegmentLines
from rich.style import Style
from rich.table import Table
from rich.text import Text

from scrape.common.console import stdout_is_terminal
from scrape.common.errors import InputError
from scrape.common.table import make_console
from scrape.markup.grammar import normalize, unescape
from scrape.markup.reader import tokens

ReadKey = Callable[[], str]
KEYS = "y yes   n no   s skip   b back   q quit"
MORE = "space more"

_STYLES = {"b": "bold", "em": "italic"}
_LINES_AROUND = 9  # head, rules and keys: what is left of the screen is for the text
_PLAIN_WIDTH = 120  # of tables that go into a file or a pipe
_MAX_KEY = 64  # bytes; an arrow key or a paste comes as several at once, and is one key without a meaning


@dataclass(frozen=True, slots=True)
class TerminalView:
    """A posting to be labeled. `blocks` is bare markup, all else plain text."""

    title: str
    facts: Sequence[str]
    link: str
    blocks: str


def console() -> Console:
    """Make a console on stdout, with a fixed width if that is no terminal."""
    return make_console(_PLAIN_WIDTH)


def show(to: Console, view: TerminalView, counts: str, part: int) -> None:
    """Fill the screen with a part of a posting; after the last part comes the first again."""
    height = max(5, to.size.height - _LINES_AROUND)
    lines = to.render_lines(Group(*body(view.blocks)), pad=False)
    parts = [lines[start : start + height] for start in range(0, len(lines), height)] or [[]]
    shown = part % len(parts)
    to.clear()
    to.rule(counts, style="dim")
    to.print(Text(view.title, "bold"))
    to.print(Text(" · ".join(fact for fact in view.facts if fact), "cyan"))
    to.print(link(view.link), style="dim")
    to.print()
    to.print(SegmentLines(parts[shown], new_lines=True))
    where = f"   {MORE} ({shown + 1} of {len(parts)})" if len(parts) > 1 else ""
    to.rule(style="dim")
    to.print(Text(KEYS + where), end="")
    to.file.flush()


def link(address: str) -> Text:
    """Return an address as a link that a terminal can follow."""
    return Text(address, Style(link=address) if address else "")


def printable(text: str) -> str:
    """Return a text as one line, without control characters."""
    return " ".join("".join(letter for letter in normalize(text) if letter.isprintable()).split())


# ---------------------------------------------------------------------- the text


def body(blocks: str, marks: re.Pattern[str] | None = None) -> list[RenderableType]:
    """Turn blocks of bare markup into paragraphs, headings and lists; what `marks` matches is shown in reverse."""
    writer = _BodyWriter(marks)
    for token in tokens(blocks):
        if not token.tag:
            writer.write(unescape(token.text))
        else:
            (writer.close if token.closes else writer.open)(token.tag)
    writer.end_line(0)
    return writer.shown


@dataclass(slots=True)
class _BodyWriter:
    """Collects what is shown. `lists` has the number of the next item of each open list, 0 in a `ul`."""

    marks: re.Pattern[str] | None = None
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
        if self.marks:
            self.text.highlight_regex(self.marks, "reverse")
        line: RenderableType = self.text
        if self.mark:
            line = Table.grid(padding=(0, 1))
            line.add_row(self.mark, self.text)
        self.shown.append(Padding(line, (0, 0, below, 2 * len(self.lists))))
        self.text, self.mark = Text(), ""


# ---------------------------------------------------------------------- tables


def table(columns: Sequence[str], rows: Sequence[Sequence[RenderableType]]) -> Table:
    """Make a plain table, all columns to the left."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def posting_cell(title: str, facts: Sequence[str], address: str) -> Text:
    """Return a posting as the text of a table cell: title, facts, link."""
    lines = [Text(title, "bold"), Text(" · ".join(fact for fact in facts if fact)), link(address)]
    return Text("\n").join(line for line in lines if line)


# ---------------------------------------------------------------------- keys


@contextmanager
def open_keyboard() -> Iterator[ReadKey]:
    """Yield a function that waits for a key and returns it; the terminal is restored when the block ends.

    Keys typed before the wait are discarded: they were no answer to what is on the screen now. An empty key means that
    the terminal has closed. Raises InputError if there is no terminal.
    """
    if not (sys.stdin.isatty() and stdout_is_terminal()):
        raise InputError("labeling needs a terminal; to read labels from a file, use --from-file")
    with _unbuffered() as read:
        yield read


if sys.platform == "win32":
    import msvcrt

    @contextmanager
    def _unbuffered() -> Iterator[ReadKey]:
        def read() -> str:
            while msvcrt.kbhit():
                msvcrt.getwch()
            key = msvcrt.getwch()
            if key == "\x03":
                raise KeyboardInterrupt
            return key

        yield read

else:
    import termios
    import tty

    @contextmanager
    def _unbuffered() -> Iterator[ReadKey]:
        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)

        def read() -> str:
            termios.tcflush(terminal, termios.TCIFLUSH)
            return os.read(terminal, _MAX_KEY).decode("utf-8", "replace")

        try:
            tty.setcbreak(terminal)
            yield read
        finally:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
