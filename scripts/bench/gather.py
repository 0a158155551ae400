"""Measure `scrape gather`: pages a second with one and two workers, memory of a worker, and how time grows.

    scripts/bench.sh gather [--pages 20000] [--counts 10000,100000] [--inputs FOLDER]

The pages are an invented web archive of eight files, the counts are postings in JSON lines, ten files each; both are
made by scripts/make_archive.py, in FOLDER where that is given, which is kept and used again. Every run is a command of
its own. The seconds of a stage come from the times of the files that it wrote. In brackets stands its processor time,
which is looked up five times a second, of the command and the processes that it started, so not of a Dask cluster; the
growth exponents are of this, since the clock tells of other work, too.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import rounds

from scrape.common import console
from scrape.common.arguments import names, positive_int

_FILES = 8  # of an archive
_LINE_FILES = 10
_EVERY = 0.2  # seconds between two looks at the memory
_STAGES = ("read", "survey", "write")


def main(argv: list[str] | None = None) -> int:
    parser = console.parser("gather.py", "Measure `scrape gather`.")
    parser.add_argument("--pages", type=positive_int, default=20_000, help="pages of the web archive (20,000)")
    parser.add_argument("--counts", type=names, default=["10000", "100000"], help="postings in JSON lines")
    parser.add_argument("--inputs", type=Path, help="a folder for the inputs, which is kept")
    parser.add_argument("--dask", action="store_true", help="also on a Dask cluster of two workers on this machine")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    options = parser.parse_args(argv)
    return console.run(lambda: bench(options), debug=options.debug)


def bench(options: Namespace) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.inputs or Path(scratch)
        archive = made(folder / f"pages-{options.pages}", ".warc.gz", _FILES, options.pages)
        figures: dict[str, Any] = {}
        engines = {"1 worker": ["--workers", "1"], "2 workers": ["--workers", "2"]}
        for name, arguments in engines.items():
            figures[name] = measured(archive, arguments, options.pages)
        if options.dask:
            figures["2 Dask workers"] = on_dask(archive, options.pages)
        for count in map(int, options.counts):
            lines = made(folder / f"postings-{count}", ".jsonl", _LINE_FILES, count)
            figures[f"{count:,} postings"] = measured(lines, ["--workers", "2"], count)
    print(json.dumps(rounds.machine()))
    print("\nSeconds, and of processor time.")
    print("\n| | seconds | a second | read | survey | write | MB a worker (PSS) | MB of the command |")
    print("|---|---|---|---|---|---|---|---|")
    for name, found in figures.items():
        stages = " | ".join(f"{found[stage]:,.1f} ({found[f'{stage}_processor']:,.1f})" for stage in _STAGES)
        memory = f"{found['worker_mb']:,.0f} | {found['driver_mb']:,.0f}"
        print(f"| {name} | {found['seconds']:,.1f} | {found['rate']:,.0f} | {stages} | {memory} |")
    counts = sorted(map(int, options.counts))
    for stage in _STAGES if len(counts) > 1 else ():
        least, most = (
            max(figures[f"{count:,} postings"][f"{stage}_processor"], _EVERY) for count in (counts[0], counts[-1])
        )
        print(f"growth exponent of {stage}: {math.log(most / least) / math.log(counts[-1] / counts[0]):.2f}")
    rounds.save(options.json, {"figures": figures})
    return console.OK


def made(folder: Path, suffix: str, files: int, count: int) -> Path:
    """Write the inputs if they are not there; return their folder."""
    for number in range(files):
        path = folder / f"{number}{suffix}"
        if not path.exists():
            share = count * (number + 1) // files - count * number // files
            command = [sys.executable, "scripts/make_archive.py", str(path), "--count", str(share)]
            subprocess.run([*command, "--seed", str(1000 * (number + 1))], check=True)
    return folder


def measured(inputs: Path, arguments: Sequence[str], count: int, workers: Sequence[int] = ()) -> dict[str, float]:
    """Gather into a new dataset; return seconds, rate, seconds of each stage, and the highest memory in megabytes."""
    root = Path(tempfile.mkdtemp(dir=inputs.parent))
    command = [
        sys.executable,
        "-m",
        "scrape",
        "gather",
        str(inputs),
        "--data-dir",
        str(root),
        "--unknown-hosts",
        "keep",
    ]
    command += arguments
    worker = driver = 0.0
    files = sum(path.is_file() for path in inputs.iterdir())
    used = dict.fromkeys(_STAGES, 0.0)
    begun = time.time()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            worker = max([worker, *map(pss, workers or children(process.pid))])
            driver = max(driver, pss(process.pid))
            used[stage_of(root, files)] = processor(process.pid)
            time.sleep(_EVERY)
    ended = time.time()
    if process.returncode:
        raise SystemExit(process.returncode)
    ends = [
        max(path.stat().st_mtime for path in root.glob("shards/*.done.json")),
        (root / "survey.npz").stat().st_mtime,
        (root / "manifest.json").stat().st_mtime,
    ]
    stages = dict(zip(_STAGES, (end - start for start, end in zip([begun, *ends], ends, strict=False)), strict=True))
    shutil.rmtree(root)
    seconds = ended - begun
    return {
        "seconds": seconds,
        "rate": count / stages["read"],
        **stages,
        "read_processor": used["read"],
        "survey_processor": max(used["survey"] - used["read"], 0.0),
        "write_processor": max(used["write"] - max(used["survey"], used["read"]), 0.0),
        "worker_mb": worker,
        "driver_mb": driver,
    }


def stage_of(root: Path, files: int) -> str:
    """Return the stage that a run is in, by the files that are there."""
    if (root / "survey.npz").exists():
        return "write"
    return "survey" if sum(1 for _ in root.glob("shards/*.done.json")) == files else "read"


def processor(pid: int) -> float:
    """Return the seconds of processor time of a process and its children, also of ended ones; 0 where /proc is not."""
    ticks = 0
    for each in [pid, *children(pid)]:
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11:15] if each == pid else fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def on_dask(inputs: Path, count: int) -> dict[str, float]:
    """Gather on two workers of a Dask cluster on this machine, started as a user starts them."""
    address = "tcp://127.0.0.1:18786"
    dask = [sys.executable, "-m", "dask"]
    commands = [
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "18786", "--no-dashboard", "--no-jupyter"],
        *([*dask, "worker", address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard"] for _ in range(2)),
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    running = [subprocess.Popen(each, stderr=subprocess.DEVNULL, env=environment) for each in commands]
    try:
        time.sleep(8)
        workers = [pid for each in running[1:] for pid in children(each.pid)]
        return measured(inputs, ["--scheduler", address], count, workers)
    finally:
        for each in reversed(running):
            each.terminate()
            each.wait()


def children(pid: int) -> list[int]:
    """Return the processes that a process has started, but for helpers of multiprocessing; none where /proc is not."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        started = [int(each) for task in found.parents[1].glob("*/children") for each in task.read_text().split()]
        return [each for each in started if b"resource_tracker" not in Path(f"/proc/{each}/cmdline").read_bytes()]
    except OSError:
        return []


def pss(pid: int) -> float:
    """Return the proportional set size of a process in megabytes; 0 where it has ended or /proc is not there."""
    try:
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0.0
    return int(found[1]) * 1024 / 1e6 if found else 0.0


if __name__ == "__main__":
    sys.exit(main())
