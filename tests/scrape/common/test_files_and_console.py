"""Whole files or none; and how commands end."""

from __future__ import annotations

import errno
import io
from pathlib import Path
from typing import BinaryIO

import pytest

from scrape.common import console
from scrape.common.errors import Blocked, InputError
from scrape.common.files import require_place, write_whole, write_whole_with


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
