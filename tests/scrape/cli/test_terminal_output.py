"""Text of strangers in a terminal: what would act on it is shown, in every command, on both streams."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scrape.__main__ import main
from scrape.dataset.store import FileStore, Store, encode

ROW = {
    "id": "esc",
    "title": "Nurse \x1b]0;PWNED\x07\x1b[31mRED\x1b[2J\x9b31m [red]x[/red] [/]",
    "company": "Evil\u202eoc",
    "location": "Seattle, WA \x1b[8m",
    "url": "https://h.example/\x1b]8;;http://evil/\x07x",
    "html": "<p>Care for people</p>",
}
OURS = re.compile(r"\x1b\[[\d;]*m|\x1b\]8;[^\x1b\x07]*\x1b\\|\r(?=\w+:)")  # colours, links, progress bars
ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")
COMMANDS = [
    *(["find"], ["find", "nurse"], ["find", "--csv"], ["find", "--json"], ["find", "--columns", "title,job_url"]),
    *(["show", "saved-esc"], ["simplify", "--all"], ["compile"]),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(params=[io.StringIO, Terminal])
def streams(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[str, str]]:
    """Replace stdout and stderr, by pipes or by a terminal; return what came out, without codes of our own."""

    def start() -> tuple[str, str]:
        written = tuple(OURS.sub("", stream.getvalue()) for stream in current)
        current[:] = [request.param(), request.param()]
        monkeypatch.setattr("sys.stdout", current[0])
        monkeypatch.setattr("sys.stderr", current[1])
        return written

    current = [io.StringIO(), io.StringIO()]
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "70")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return start


@pytest.fixture
def hostile(home: Path) -> Store:
    Path("page.jsonl").write_text(json.dumps(ROW), "utf-8")
    assert main(["search", "--dataset", "h", "--pages", "page.jsonl"]) == 0
    store = FileStore(Path("data/h"))
    name = store.names()[0]
    shared = replace(store.posting(name), title=ROW["title"], url=ROW["url"], location=ROW["location"])
    store.raw_path(name).write_text(encode(shared), "utf-8")  # by another program: nothing was cleaned at our door
    return store


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_lets_text_act_on_a_terminal(
    hostile: Store, streams: Callable[[], tuple[str, str]], command: list[str]
) -> None:
    streams()
    main([command[0], "--dataset", "h", *command[1:]])
    out, err = streams()
    assert out and not ACTS.search(out) and not ACTS.search(err)


def test_removing_and_searching_say_what_it_was_without_obeying(
    hostile: Store, streams: Callable[[], tuple[str, str]]
) -> None:
    streams()
    assert main(["remove", "--dataset", "h", *hostile.names()]) == 0
    out, err = streams()
    assert "removed: saved-esc  Nurse" in out and "[red]x[/red] [/]" in out and not ACTS.search(out + err)
    Path("bad\x1b[31m.jsonl").write_text('{"title": "\x1b[2J"}', "utf-8")
    main(["search", "--dataset", "h", "--pages", "bad\x1b[31m.jsonl"])
    out, err = streams()
    assert "\\x1b" in out and not ACTS.search(out + err)


def test_json_still_holds_the_exact_text(hostile: Store, streams: Callable[[], tuple[str, str]]) -> None:
    streams()
    assert main(["find", "--dataset", "h", "--json"]) == 0
    found = json.loads(streams()[0])[0]
    assert found["job_url"] == hostile.head(hostile.names()[0]).url
