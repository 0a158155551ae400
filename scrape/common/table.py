"""Tables and listings on stdout: coloured and fitted in a terminal, plain and never cut in a file or a pipe."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.style import Style
from rich.table import Table
from rich.text import Text


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], styles: Mapping[str, str] = {}) -> None:
    """Print rows under their columns: numbers to the right, text to the left. `styles` maps a cell's text to its style.

    Characters that would move the cursor or change colours are left out of the cells.
    """
    terminal = Console(file=sys.stdout, highlight=False)
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
    print("\n".join(line.rstrip() for line in capture.get().splitlines()))


def print_entries(entries: Sequence[Sequence[str]]) -> None:
    """Print entries of several lines: the first is the heading, the others are indented; empty lines are left out."""
    terminal = Console(file=sys.stdout, highlight=False)
    for heading, *details in entries:
        lines = [printable(line) for line in details if line]
        if terminal.is_terminal:
            terminal.print(Text(printable(heading), "bold"))
            for line in lines:
                style = Style(color="blue", link=line) if line.startswith(("http://", "https://")) else Style()
                terminal.print(Padding(Text(line, style), (0, 0, 0, 4)))
        else:
            print("\n    ".join([printable(heading), *lines]))


def printable(text: str) -> str:
    """Return one line of the text without characters that a terminal would obey."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
