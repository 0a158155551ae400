"""A search that is killed, at any instant and any number of times, ends where an undisturbed one ends."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from scrape import demo
from scrape.dataset.corpus.compile import MANIFEST
from scrape.dataset.store import INPUT
from tests.support.files import tree
from tests.support.paths import ROOT
from tests.support.postings import SITE_POSTINGS
from tests.support.processes import DEADLINE

pytestmark = pytest.mark.slow


def start(site: demo.Site, root: Path) -> subprocess.Popen[str]:
    command = ["search", "--boards", "demo", "--pages", site.url, "--data-dir", str(root)]
    return subprocess.Popen(
        [sys.executable, "-m", "scrape", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def finish(site: demo.Site, root: Path) -> str:
    with start(site, root) as process:
        out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, err
    return out


def kill_when(reached: Callable[[], bool], delay: float, site: demo.Site, root: Path) -> bool:
    """Kill a search when it has come so far; False where it had ended before."""
    with start(site, root) as process:
        ends = time.monotonic() + DEADLINE
        while process.poll() is None and not reached():
            assert time.monotonic() < ends
            time.sleep(0.001)
        time.sleep(delay)
        killed = process.poll() is None
        process.kill()
    return killed


def left(root: Path) -> dict[str, bytes]:
    """All that a search leaves but the kept answers, which say when they came."""
    return {name: data for name, data in tree(root).items() if not name.startswith("answers/")}


def count(folder: Path, suffix: str) -> int:
    return sum(name.suffix == suffix for name in folder.iterdir()) if folder.is_dir() else 0


def test_killed_at_any_instant_and_run_again_it_ends_the_same(tmp_path: Path, site: demo.Site) -> None:
    finish(site, tmp_path / "whole")
    whole, undisturbed = left(tmp_path / "whole"), Counter(site.requests)
    assert set(undisturbed.values()) == {1}, "no address is asked for twice"
    assert f"raw/{next(iter((tmp_path / 'whole' / 'raw').iterdir())).name}" in whole
    assert {INPUT, MANIFEST} <= set(whole) and len(whole) > 2 * SITE_POSTINGS

    site.requests.clear()
    root = tmp_path / "killed"
    dice = random.Random(7)
    instants: list[Callable[[], bool]] = [
        lambda: (root / ".lock").exists(),
        lambda: len(site.requests) >= 3,
        lambda: count(root / "raw", ".json") >= dice.randrange(5, 20),
        lambda: count(root / "raw", ".json") >= dice.randrange(30, SITE_POSTINGS - 5),
        lambda: count(root / "postings", ".html") >= 1,
        lambda: count(root / "postings", ".html") >= dice.randrange(20, SITE_POSTINGS),
        lambda: (root / INPUT).exists(),
    ]
    kills = sum(kill_when(reached, dice.uniform(0, 0.02), site, root) for reached in instants)
    assert kills >= 5, "most of the kills must have hit"
    finish(site, root)

    assert left(root) == whole
    asked = Counter(site.requests)
    extra = sum(asked.values()) - sum(undisturbed.values())
    robots = asked.pop("/robots.txt")
    assert set(asked) == set(undisturbed) - {"/robots.txt"}
    assert robots <= 1 + kills
    assert sum(asked.values()) - len(asked) <= kills, f"one request more for each of {kills} kills, not {extra}"


def test_a_rerun_asks_for_nothing_and_changes_nothing(tmp_path: Path, site: demo.Site) -> None:
    root = tmp_path / "data"
    finish(site, root)
    files = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in root.rglob("*") if path.is_file()}
    site.requests.clear()
    _, status, asked, kept, *_ = finish(site, root).splitlines()[1].split()
    assert (status, asked, kept) == ("ok", "0", "0")
    assert site.requests == []
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in files} == files
    assert {path for path in root.rglob("*") if path.is_file()} == set(files)


def test_ctrl_c_ends_with_130_and_the_next_run_goes_on(tmp_path: Path, site: demo.Site) -> None:
    with start(site, tmp_path) as process:
        ends = time.monotonic() + DEADLINE
        while count(tmp_path / "raw", ".json") < 10:
            assert process.poll() is None and time.monotonic() < ends
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out, err) == (130, "", "stopped: Ctrl-C\n")
    before = len(site.requests)
    kept = int(finish(site, tmp_path).splitlines()[1].split()[3])
    assert 0 < kept <= SITE_POSTINGS - 10, "some were kept by the first run"
    assert count(tmp_path / "raw", ".json") == SITE_POSTINGS
    assert len(set(site.requests[before:]) & set(site.requests[:before])) <= 2, "robots.txt, and what was on its way"
