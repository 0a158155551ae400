"""Work on all cores: a pool of processes that ends when its command does.

Workers ignore Ctrl-C, which a terminal sends to every process of a command: the parent decides, and kills them at once
when it is interrupted or fails. They are spawned, never forked, on every system: a fork would copy locks that other
threads hold.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from scrape.common.errors import WorkerKilled

T = TypeVar("T")
R = TypeVar("R")

WORTH_A_POOL = 400
"""Items below which starting the other processes takes longer than the work, at milliseconds an item."""
_CHUNK = 32  # items that a worker is given at a time
_MOST_WORKERS = 61  # what Windows can wait for


@contextmanager
def process_map(
    function: Callable[[T], R], items: Sequence[T], *, cores: int | None = None, ordered: bool = False
) -> Iterator[Iterator[R]]:
    """Give an iterator over `function(item)` of every item, computed on all cores (or on `cores` of them).

    Results come as they are ready or, with `ordered`, in the order of the items. Below WORTH_A_POOL items, or with one
    core, everything runs in this process. `function`, items and results must be picklable. Items are handed out as
    results are taken, so memory does not grow with their number. Leaving the block early ends the workers at once.

    Raises WorkerKilled where the system ended a worker, and what `function` raises.
    """
    workers = min(cores or os.cpu_count() or 1, _MOST_WORKERS)
    if workers == 1 or len(items) < WORTH_A_POOL:
        yield map(function, items)
        return
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin_worker)
    try:
        yield _results(executor, function, items, 2 * workers, ordered)
    except BaseException as error:
        for worker in set(multiprocessing.active_children()) - others:
            worker.kill()
        if isinstance(error, BrokenProcessPool):
            raise WorkerKilled(
                "a worker process was killed, probably because memory ran out; what was finished is kept: "
                "free some memory and run the same command again"
            ) from error
        raise
    finally:
        executor.shutdown(cancel_futures=True)


def _results(
    executor: ProcessPoolExecutor, function: Callable[[T], R], items: Sequence[T], ahead: int, ordered: bool
) -> Iterator[R]:
    """Hand out chunks, at most `ahead` at a time, and give their results."""
    running: deque[Future[list[R]]] = deque()
    start = 0
    while running or start < len(items):
        while len(running) < ahead and start < len(items):
            with _signals_held():
                running.append(executor.submit(_apply, function, items[start : start + _CHUNK]))
            start += _CHUNK
        done = running[0] if ordered else wait(running, return_when=FIRST_COMPLETED).done.pop()
        running.remove(done)
        yield from done.result()


def _apply(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [function(item) for item in items]


@contextmanager
def _signals_held() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until a worker has started, which inherits that they wait for it, too.

    Otherwise a worker that is still importing would end with a traceback of its own. Windows has no such mask.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_worker() -> None:
    """Leave Ctrl-C to the parent, and end when the parent has ended, even where it was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
