"""Commands whose standard streams are closed or in a narrow encoding: no fault, no traceback, no file overwritten."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scrape.__main__ import main
from tests.support.paths import ROOT
from tests.support.processes import DEADLINE

ROW = {
    "id": "1",
    "title": "Köchin – 料理",
    "html": "<p>Soup and 料理 for the house.</p>",
    "location": "Seattle, WA",
}
COMMANDS = {
    "find": ["scrape", "find", "--dataset", "o"],
    "find --csv": ["scrape", "find", "--dataset", "o", "--csv"],
    "find --json": ["scrape", "find", "--dataset", "o", "--json"],
    "simplify": ["scrape", "simplify", "--dataset", "o", "--all"],
    "remove": ["scrape", "remove", "--dataset", "o", "--even-if-unknown", "https://a.example/x"],
    "a wrong option": ["scrape", "find", "--nonsense"],
    "--help": ["scrape", "--help"],
    "the list of verbs": ["scrape.cli.dream_jobs"],
    "a wrong verb": ["scrape.cli.dream_jobs", "fnid"],
    "plot": ["charrnn.plot", "nowhere"],
}
CODES = {"a wrong option": 2, "a wrong verb": 2, "plot": 2}


@pytest.fixture
def home(home: Path) -> Path:
    Path("page.jsonl").write_text(json.dumps(ROW), "utf-8")
    assert main(["search", "--dataset", "o", "--pages", "page.jsonl"]) == 0
    return home


def run(words: list[str], shell: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a module with `shell` after it, such as `>&-`."""
    command = ["sh", "-c", f'exec "$@" {shell}', "sh", sys.executable, "-m", *words]
    settings = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(command, capture_output=True, env=settings, check=False, timeout=DEADLINE)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("name", "closed"),
    [(name, closed) for name in ("find", "the list of verbs") for closed in ("<&-", ">&-", "2>&-")]
    + [(name, "<&- >&- 2>&-") for name in COMMANDS],
)
def test_closed_streams_are_no_fault(home: Path, name: str, closed: str) -> None:
    done = run(COMMANDS[name], closed)
    assert done.returncode == CODES.get(name, 0), done
    assert b"Traceback" not in done.stderr and b"fault" not in done.stderr and b"Exception" not in done.stderr
    assert b"error:" not in done.stdout, "what belongs to a closed stderr goes nowhere"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("name", ["find", "find --csv", "find --json", "remove"])
def test_a_narrow_encoding_is_written_with_escapes(home: Path, name: str, encoding: str) -> None:
    done = run(COMMANDS[name], PYTHONIOENCODING=encoding)
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done
    if name == "find --json":
        assert json.loads(done.stdout)[0]["title"] == ROW["title"]
    elif name != "remove":
        assert "– 料理".encode(encoding, "backslashreplace") in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_under_stdout_is_one_line(home: Path) -> None:
    done = run(COMMANDS["find"], ">/dev/full")
    assert done.returncode == 1 and done.stderr.count(b"\n") == 1 and b"the disk is full" in done.stderr
