"""Growth: four times the input takes about four times as long."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

TRIES = 3

Work = Callable[[int], object]


def assert_linear(work: Work, size: int, slack: float = 0.1) -> None:
    """Assert that `work(4 * size)` takes less than ten times as long as `work(size)`, and `slack` seconds more.

    Quadratic work takes sixteen times as long. Processor time is measured without the garbage collector, which looks
    through whatever the tests before left, and each size is run up to three times, since a busy machine slows one down.
    """
    with _without_collector():
        _assert_linear("", work, size, slack)


def assert_each_linear(works: Mapping[str, Work], size: int, slack: float = 0.1) -> None:
    """Assert the same of every work, by name."""
    with _without_collector():
        for name, work in works.items():
            _assert_linear(f"{name}: ", work, size, slack)
            gc.collect()


@contextmanager
def _without_collector() -> Iterator[None]:
    collecting = gc.isenabled()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if collecting:
            gc.enable()


def _assert_linear(name: str, work: Work, size: int, slack: float) -> None:
    short = long = float("inf")
    for _ in range(TRIES):
        short, long = min(short, _seconds(work, size)), min(long, _seconds(work, 4 * size))
        if long < 10 * short + slack:
            return
    raise AssertionError(f"{name}{size:,} took {short:.3f} s and {4 * size:,} took {long:.3f} s")


def _seconds(work: Work, size: int) -> float:
    start = time.process_time()
    work(size)
    return time.process_time() - start
