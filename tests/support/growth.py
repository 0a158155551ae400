"""Growth: four times the input takes about four times as long."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

TRIES = 3


def assert_linear(work: Callable[[int], object], size: int, slack: float = 0.1) -> None:
    """Assert that `work(4 * size)` takes less than ten times as long as `work(size)`, and `slack` seconds more.

    Quadratic work takes sixteen times as long. Processor time is measured without the garbage collector, which looks
    through whatever the tests before left, and each size is run up to three times, since a busy machine slows one down.
    """
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        short = min(_seconds(work, size) for _ in range(TRIES))
        long = float("inf")
        for _ in range(TRIES):
            long = min(long, _seconds(work, 4 * size))
            if long < 10 * short + slack:
                return
        raise AssertionError(f"{size:,} took {short:.3f} s and {4 * size:,} took {long:.3f} s")
    finally:
        if collecting:
            gc.enable()


def _seconds(work: Callable[[int], object], size: int) -> float:
    start = time.process_time()
    work(size)
    return time.process_time() - start
