"""Tables and listings on stdout: coloured and fitted in a terminal, plain and never cut in a file or a pipe."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from scrape.common.console import print_result, safe_for_terminal


def make_console(plain_width: int | None = None) -> Console:
    """Make a console on stdout that interprets no markup of the text, and prints it safe for a terminal.

    `plain_width` is the width where stdout is no terminal.
    """
    made = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    if plain_width and not made.is_terminal:
        made = Console(file=sys.stdout, highlight=False, markup=False, emoji=False, width=plain_width)
    made.push_render_hook(_SafeHook())
    return made


class _SafeHook(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Safe(renderable) for renderable in renderables]


class _Safe:
    """A renderable whose text is safe for a terminal; control codes of rich itself stay."""

    def __init__(self, inner: ConsoleRenderable) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._inner, options):
            if segment.control:
                yield segment
                continue
            style = segment.style
            if style and style.link and safe_for_terminal(style.link) != style.link:
                style = style.update_link(None)
            yield Segment(safe_for_terminal(segment.text), style)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], styles: Mapping[str, str] = {}) -> None:
    """Print rows under their columns: numbers to the right, text to the left. `styles` maps a cell's text to its style.

    Characters that would move the cursor or change colours are shown as escapes.
    """
    terminal = make_console()
    fits = terminal.is_terminal
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for place, column in enumerate(columns):
        number = bool(rows) and all(isinstance(row[place], int) for row in rows)
        table.add_column(column, justify="right" if number else "left", overflow="fold", no_wrap=not fits)
    for row in rows:
        cells = [f"{value:,}" if isinstance(value, int) else printable(str(value)) for value in row]
        table.add_row(*(Text(cell, styles.get(cell, "")) for cell in cells))
    if fits:
        terminal.print(table)
        return
    plain = Console(width=1_000_000, color_system=None, force_terminal=False)
    with plain.capture() as capture:
        plain.print(table)
    print_result("\n".join(line.rstrip() for line in capture.get().splitlines()))


def print_entries(entries: Sequence[Sequence[str | Text]]) -> None:
    """Print entries of several lines: the first is the heading, the others are indented; empty lines are left out.

    A text of rich is shown in its styles.
    """
    terminal = make_console()
    for heading, *details in entries:
        lines = [heading, *(line for line in details if line)]
        if not terminal.is_terminal:
            print_result("\n    ".join(printable(str(line)) for line in lines))
            continue
        terminal.print(Text(printable(str(heading)), "bold"))
        for line in lines[1:]:
            terminal.print(Padding(line if isinstance(line, Text) else _linked(printable(line)), (0, 0, 0, 4)))


def _linked(line: str) -> Text:
    """Return a line as rich shows it: an address as a link."""
    is_web = line.startswith(("http://", "https://"))
    return Text(line, Style(color="blue", link=line) if is_web else Style())


def printable(text: str) -> str:
    """Return the text as one line, safe for a terminal."""
    return safe_for_terminal(" ".join(text.split()))
