"""Tables and listings: coloured and fitted in a terminal, plain and whole in a pipe."""

from __future__ import annotations

import io
import re

import pytest
from rich.style import Style
from rich.text import Text

from scrape.common.table import make_console, print_entries, print_table

NOTE = "a note that is wider than any terminal " * 9


class Terminal(io.StringIO):
    """A terminal to write to."""

    def isatty(self) -> bool:
        return True


def in_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Put a terminal of 60 columns in the place of stdout; not in a fixture, after which pytest sets stdout again."""
    made = Terminal()
    monkeypatch.setattr("sys.stdout", made)
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "60"}.items():
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return made


def plain_lines(terminal: Terminal) -> list[str]:
    return re.sub(r"\x1b(\[[\d;]*m|\]8;.*?\x1b\\)", "", terminal.getvalue()).splitlines()


def test_a_piped_table_is_neither_cut_nor_coloured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    print_table(["board", "new", "note"], [["a", 1234, NOTE + "\x1b[2J"], ["[b]", 5, ""]])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["board    new  note", f"a      1,234  {NOTE}\\x1b[2J", "[b]        5"]


def test_a_piped_listing_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    print_entries([("One", "", NOTE), ("Two", "https://x.example")])
    assert capsys.readouterr().out == f"One\n    {NOTE.strip()}\nTwo\n    https://x.example\n"


def test_in_a_terminal_both_are_coloured_and_as_wide_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = in_terminal(monkeypatch)
    print_table(["board", "note"], [["a", NOTE], ["ok", "short"]], {"ok": "green"})
    print_entries([("One", NOTE, "https://x.example/" + "y" * 80)])
    lines = plain_lines(terminal)
    assert max(map(len, lines)) <= 60 and "".join(lines).count("wider") == 2 * NOTE.count("wider")
    assert "\x1b[32mok" in terminal.getvalue() and "https://x.example/yyy" in terminal.getvalue()


def test_a_terminal_is_given_no_codes_but_those_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = in_terminal(monkeypatch)
    console = make_console()
    console.print(Text("[red]a[/red]\x1b[2J\u202e", Style(link="https://x.example/\x1b]0;y\x07")))
    console.print("[bold]b[/bold]\x9b2J")
    assert "".join(plain_lines(terminal)) == r"[red]a[/red]\x1b[2J\u202e[bold]b[/bold]\x9b2J"
    assert not set("\x07\x9b\u202e") & set(terminal.getvalue()) and "x.example" not in terminal.getvalue()
