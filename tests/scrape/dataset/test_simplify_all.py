"""Documents are made of what changed, the same on one core and on many."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scrape.common import pool
from scrape.common.posting import Posting
from scrape.dataset.simplify_all import Simplified, simplify_store
from scrape.dataset.store import FileStore, Store, encode
from tests.support.paths import ROOT
from tests.support.processes import DEADLINE


def filled(root: Path, count: int) -> Store:
    store = FileStore(root)
    for number in range(count):
        html = f"<div>Work <b>well</b>, number {number}.<ul><li>bread<li>butter</ul><script>x()</script></div>"
        store.add(Posting("b", str(number), "", f"Baker {number}", html=html))
    return store


def documents(store: Store) -> dict[str, str]:
    return {name: store.document(name) for name in store.document_names()}


def test_a_document_is_the_bare_posting(tmp_path: Path) -> None:
    store = filled(tmp_path, 1)
    assert simplify_store(store) == Simplified(1, 1)
    assert store.document("b-0") == (
        "<html>\n<h1>Baker 0</h1>\n<p>Work <b>well</b>, number 0.</p>\n"
        "<ul>\n<li>bread</li>\n<li>butter</li>\n</ul>\n</html>\n"
    )
    assert simplify_store(store) == Simplified(0, 0)


def test_many_cores_make_what_one_core_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = filled(tmp_path / "one", 70), filled(tmp_path / "two", 70)
    monkeypatch.setattr(pool, "WORTH_A_POOL", 10)
    assert simplify_store(one, cores=1) == simplify_store(two, cores=2) == Simplified(70, 70)
    assert documents(one) == documents(two) and len(documents(one)) == 70


def test_a_document_without_its_posting_goes(tmp_path: Path) -> None:
    store = filled(tmp_path, 2)
    simplify_store(store)
    store.raw_path("b-0").unlink()
    assert simplify_store(store) == Simplified(0, 0)
    assert store.document_names() == ["b-1"]


def test_an_unusable_posting_is_reported_every_time_and_stops_no_other(tmp_path: Path) -> None:
    store = filled(tmp_path, 3)
    store.raw_path("b-1").write_text("{}")
    for simplified in (2, 0):
        done = simplify_store(store)
        assert len(done.unusable) == 1 and done.unusable[0].startswith("b-1: ")
        assert done.simplified == simplified
    assert store.document_names() == ["b-0", "b-2"]


def workers_of(number: int) -> list[int]:
    """The worker processes of a command."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == number and b"--multiprocessing-fork" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core has no other processes")
def test_a_killed_worker_ends_the_command_in_one_line_and_the_next_run_goes_on(tmp_path: Path) -> None:
    store, count = FileStore(tmp_path), 450
    store.raw.mkdir()
    html = "".join(f"<div>Paragraph {number} of <b>many</b>.</div>" for number in range(60))
    for number in range(count):
        raw = encode(Posting("b", str(number), "", f"Baker {number}", html=html))
        store.raw_path(f"b-{number}").write_text(raw)
    command = [sys.executable, "-m", "scrape", "simplify", "--data-dir", str(tmp_path)]
    journal = store.postings / ".made-by.journal"
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not journal.exists() or len(journal.read_text().splitlines()) < 50:
            assert process.poll() is None
            time.sleep(0.001)
        os.kill(workers_of(process.pid)[0], signal.SIGKILL)
        out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out, err.count("\n")) == (1, "", 1) and err.startswith(
        "error: a worker process was killed"
    )
    done = len(journal.read_text().splitlines()) - 1
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert again.stdout.startswith(f"{count - done:,} postings simplified") and 50 <= done < count
    assert len(store.document_names()) == count and not journal.exists()


def test_a_run_over_all_postings_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    store = filled(tmp_path, 3)
    simplify_store(store)
    mark = store.postings / ".made-by"
    (store.postings / ".made-by.journal").write_text(f"{mark.read_text()}b-0\nb-1\nb-")
    mark.write_text("another version")
    assert simplify_store(store) == Simplified(1, 0)
    (store.postings / ".made-by.journal").write_text("another version\nb-0\nb-1\n")
    assert simplify_store(store, everything=True) == Simplified(3, 0)
    assert simplify_store(store) == Simplified(0, 0)
