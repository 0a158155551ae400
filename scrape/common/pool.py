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
from multiprocessing.process import BaseProcess
from typing import TypeVar

from scrape.common.errors import WorkerKilled

T = TypeVar("T")
R = TypeVar("R")

WORTH_A_POOL = 400
"""Items below which starting the other processes takes longer than the work, at milliseconds an item."""
_CHUNK = 32  # items that a worker is given at a time
_MOST_WORKERS = 61  # what Windows can wait for
_POLL = 0.5  # seconds; a wait without an end would make Ctrl-C wait as well on Windows


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


class IsolatedPool:
    """Processes that each are a pool of their own, so that the death of one concerns the item that it was working on.

    Leaving the block ends them, at once where it is left by an exception.
    """

    def __init__(self, workers: int) -> None:
        self._executors = [_one_worker() for _ in range(max(1, min(workers, _MOST_WORKERS)))]
        self._others: set[BaseProcess] = set()

    def __enter__(self) -> IsolatedPool:
        self._others = set(multiprocessing.active_children())
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            for worker in set(multiprocessing.active_children()) - self._others:
                worker.kill()
        for executor in self._executors:
            executor.shutdown(cancel_futures=True)

    def map(
        self, function: Callable[[T], None], items: Sequence[T], attempts: int = 3
    ) -> Iterator[tuple[T, Exception | None]]:
        """Yield every item, as it is done, with the exception that `function(item)` raised, or None.

        An item whose worker dies is given to another one; when `attempts` workers have died of it, its exception is
        WorkerKilled. `function` and items must be picklable.
        """
        waiting = deque((item, 1) for item in items)
        running: dict[Future[None], tuple[T, int, int]] = {}
        idle = list(range(len(self._executors)))
        while waiting or running:
            while waiting and idle:
                item, attempt = waiting.popleft()
                place = idle.pop()
                with _signals_held():
                    running[self._executors[place].submit(function, item)] = item, attempt, place
            for done in wait(running, timeout=_POLL, return_when=FIRST_COMPLETED).done:
                item, attempt, place = running.pop(done)
                idle.append(place)
                error = done.exception()
                if isinstance(error, BrokenProcessPool):
                    self._executors[place].shutdown()
                    self._executors[place] = _one_worker()
                    if attempt < attempts:
                        waiting.append((item, attempt + 1))
                        continue
                    error = WorkerKilled(f"{attempts} workers were killed over it, probably because memory ran out")
                elif error is not None and not isinstance(error, Exception):
                    raise error
                yield item, error


def _one_worker() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_begin_worker)


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
