"""The process pool: all results, in order or as they come; killed or interrupted, it ends at once and in one line."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from operator import neg
from pathlib import Path

import pytest

from scrape.common import pool
from scrape.common.errors import WorkerKilled
from tests.support.paths import ROOT
from tests.support.processes import DEADLINE


def test_every_item_gives_one_result_in_order_where_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    items = list(range(1000))
    with pool.process_map(neg, items, cores=2, ordered=True) as results:
        assert list(results) == [-item for item in items]
    monkeypatch.setattr(pool, "WORTH_A_POOL", 10)
    with pool.process_map(neg, items[:100], cores=2) as results:
        assert sorted(results) == sorted(-item for item in items[:100])
    with pool.process_map(neg, []) as results:
        assert list(results) == []


def test_an_error_of_the_function_comes_back() -> None:
    with pytest.raises(ValueError, match="math domain"), pool.process_map(math.sqrt, [-1.0] * 500, cores=2) as results:
        list(results)


def test_leaving_early_ends_the_workers() -> None:
    started = time.monotonic()
    with pytest.raises(KeyError), pool.process_map(time.sleep, [1.0] * 1000, cores=2):
        raise KeyError
    assert time.monotonic() - started < DEADLINE / 2


def kill_self(item: int) -> int:
    if item == 450:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(DEADLINE)
    return item


def test_a_killed_worker_is_an_error_and_not_a_wait() -> None:
    with pytest.raises(WorkerKilled, match="run the same command again"):  # noqa: SIM117
        with pool.process_map(kill_self, list(range(500)), cores=2) as results:
            list(results)


COMMAND = """
import time
from pathlib import Path
from tests.scrape.common.test_pool import report
from scrape.common import pool
from scrape.common.console import run

def command():
    with pool.process_map(report, [{folder!r}] * 1000, cores=2) as results:
        return len(list(results))

if __name__ == "__main__":
    raise SystemExit(run(command))
"""


def report(folder: str) -> None:
    """Write down the number of this process, and take long."""
    (Path(folder) / f"{os.getpid()}.worker").touch()
    time.sleep(DEADLINE)


def alive(number: int) -> bool:
    try:
        return b"\0--multiprocessing-fork" in Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return False


def wait_until(holds: object) -> None:
    assert callable(holds)
    ends = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks into /proc")
@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (signal.SIGTERM, 143, "stopped: SIGTERM\n"),
        (signal.SIGINT, 130, "stopped: Ctrl-C\n"),
        (signal.SIGKILL, -signal.SIGKILL, None),  # Python's own resource tracker reports what was left
    ],
)
def test_a_signal_to_the_command_ends_its_workers_at_once(
    number: signal.Signals, code: int, said: str | None, tmp_path: Path
) -> None:
    script = tmp_path / "command.py"
    script.write_text(COMMAND.format(folder=str(tmp_path)))
    with subprocess.Popen(
        [sys.executable, str(script)],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        start_new_session=True,
    ) as process:
        wait_until(lambda: len(list(tmp_path.glob("*.worker"))) == 2 or process.poll() is not None)
        workers = [int(path.stem) for path in tmp_path.glob("*.worker")]
        assert len(workers) == 2 and all(map(alive, workers))
        asked = time.monotonic()
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does
        else:
            process.send_signal(number)
        _, err = process.communicate(timeout=DEADLINE)
        assert time.monotonic() - asked < DEADLINE / 6
    assert process.returncode == code
    assert said in (err, None)
    wait_until(lambda: not any(map(alive, workers)))
