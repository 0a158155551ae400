"""Measure cases in turn, each round in a process of its own, and keep the best round of each.

Other programs can only slow a round down, so the best one is nearest to what the machine can do; and as the cases
take turns, a busy minute falls on all of them. Rates are compared only where they come from one such run.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from scrape.common import console
from scrape.common.files import write_whole


def best_rates(script: str, cases: Sequence[str], rounds: int, seconds: float) -> dict[str, float]:
    """Return the best of `rounds` for each case, as `script --case NAME --seconds S` prints it."""
    best = dict.fromkeys(cases, 0.0)
    bar: tqdm[None] = console.progress(total=rounds * len(cases), desc="measuring", unit=" rounds")
    with bar:
        for _ in range(rounds):
            for case in cases:
                best[case] = max(best[case], _in_a_process(script, case, seconds))
                bar.update()
    return best


def _in_a_process(script: str, case: str, seconds: float) -> float:
    command = [sys.executable, script, "--case", case, "--seconds", str(seconds)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def median_seconds(step: Callable[[], object], seconds: float, warm_up: int = 3) -> float:
    """Time one `step`: the median of as many as fit into `seconds`, after a warm-up."""
    for _ in range(warm_up):
        step()
    taken = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or not taken:
        begun = time.perf_counter()
        step()
        taken.append(time.perf_counter() - begun)
    return sorted(taken)[len(taken) // 2]


def machine() -> dict[str, Any]:
    """Return the processor's name, where the system tells it, and the number of cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"processor": _processor(), "cores": cores, "python": platform.python_version()}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    found = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "model name" not in found:
        return platform.machine()
    return f"{found['model name']} (family {found.get('cpu family')}, model {found.get('model')})"


def save(path: Path | None, report: dict[str, Any]) -> None:
    """Write what was measured, and on what, as JSON."""
    if path:
        write_whole(path, json.dumps({**machine(), **report}, indent=2) + "\n")
