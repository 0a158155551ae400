"""Whole files or none; and how commands end."""

from __future__ import annotations

import errno
import io
import json
from pathlib import Path
from typing import BinaryIO

import pytest

from scrape.common import console
from scrape.common.errors import Blocked, InputError
from scrape.common.files import read_text, require_place, write_whole, write_whole_with


def test_a_file_is_replaced_whole_or_stays(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.txt"
    write_whole(path, "old\r\né")
    assert path.read_bytes() == "old\r\né".encode()

    def fail_half_way(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space") as raised:
        write_whole_with(path, fail_half_way)
    assert raised.value.filename == str(path)
    assert path.read_bytes() == "old\r\né".encode()
    assert [child.name for child in path.parent.iterdir()] == ["file.txt"]


def test_what_is_in_the_way_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path, words in (("file/x", "file is a file"), ("file/sub/x", "file is a file"), (".", "is a folder")):
        with pytest.raises(InputError, match=f"{words}; name .* with --out"):
            require_place(tmp_path / path, "--out")
    for path in ("file", "new", "new/sub/x"):
        assert require_place(tmp_path / path, "--out") == tmp_path / path


def test_a_text_is_read_without_its_mark_and_with_plain_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xef\xbb\xbfcaf\xc3\xa9\r\n\r\nx\n")
    assert read_text(path, "name another") == "café\n\nx\n"


def test_a_text_that_cannot_be_read_is_one_line_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no .*text\.txt; name another"):
        read_text(tmp_path / "text.txt", "name another")
    with pytest.raises(InputError, match="is a folder; name another"):
        read_text(tmp_path, "name another")
    (tmp_path / "text.txt").write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match="is not UTF-8 at byte 3; save it as UTF-8"):
        read_text(tmp_path / "text.txt", "name another")


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (InputError("no corpus in data/x; run scripts/scrape.sh first"), 2, "error: no corpus in data/x; run"),
        (KeyboardInterrupt(), 130, "stopped: Ctrl-C"),
        (console.Terminated(), 143, "stopped: SIGTERM"),
        (OSError(errno.ENOSPC, "No space left on device", "cv/a.pt"), 1, "the disk is full: cv/a.pt"),
        (Blocked("https://a.example: 403"), 1, "403"),
        (ZeroDivisionError("division by zero"), 1, "--debug"),
    ],
)
def test_whatever_ends_a_command_is_one_line_and_a_code(
    raised: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def command() -> int:
        raise raised

    assert console.run(command) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1

    assert console.run(command, debug=True) == code
    assert "Traceback" in capsys.readouterr().err


def test_progress_is_silent_where_stderr_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    assert list(console.progress([1, 2, 3], desc="counting")) == [1, 2, 3]
    assert stream.getvalue() == ""


ACTING = {
    "\x1b[31m": r"\x1b[31m",
    "a\x07\x08\r": r"a\x07\x08\r",
    "\x7f\x9b2J": r"\x7f\x9b2J",
    "x\u202ey\u2066z\u061c": r"x\u202ey\u2066z\u061c",
    "\u200b\ufeff\u2028\U000e0041": r"\u200b\ufeff\u2028\U000e0041",
    "\ud800": r"\ud800",
}


@pytest.mark.parametrize(("text", "shown"), ACTING.items(), ids=ACTING.values())
def test_what_would_act_on_a_terminal_is_shown(text: str, shown: str) -> None:
    assert console.safe_for_terminal(text) == shown


@pytest.mark.parametrize("text", ["a\tb\nc", "Zoë – 日本 עברית [b]", "\u200c\u200d", "\U0001f468\u200d\U0001f469"])
def test_what_scripts_need_stays(text: str) -> None:
    assert console.safe_for_terminal(text) == text


def test_a_note_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    console.say("a posting says\r\nerror: forged\x1b[1A")
    assert capsys.readouterr().err == "a posting says error: forged\\x1b[1A\n"


def test_an_exact_text_is_exact_in_a_pipe_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    console.print_exact("\x1b[2J\n")
    assert capsys.readouterr().out == "\x1b[2J\n"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    console.print_exact("\x1b[2J\n")
    assert capsys.readouterr().out == "\\x1b[2J\n"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8", "utf-16"])
def test_json_is_json_in_every_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "é – 日本 \U0001f600 \x1b \x7f \x9b \u202e \ud800 \U000e0041"
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding))
    assert console.run(lambda: console.print_json([text]) or 0) == 0
    plain = written.getvalue().decode(encoding)
    assert json.loads(plain) == [text]
    assert ("é" in plain) == (encoding in ("utf-8", "utf-16"))
    assert not {"\x1b", "\x7f", "\x9b", "\u202e", "\ud800", "\U000e0041"} & set(plain)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_narrow_stdout_gets_escapes(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding))
    assert console.run(lambda: console.print_result("Köche – 日本") or 0) == 0
    assert "日本".encode("ascii", "backslashreplace") in written.getvalue()
