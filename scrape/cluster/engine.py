"""Engines run tasks: in this process, in processes of this machine, or on the workers of a Dask cluster.

A task is a function of one value that returns nothing: what it makes is on disk when it ends. So nothing is lost with a
worker, and a task that runs twice changes nothing.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from scrape.common.console import say
from scrape.common.errors import InputError, WorkerKilled
from scrape.common.pool import IsolatedPool

T = TypeVar("T")

ANSWER_SECONDS = 10
"""Seconds that a scheduler is waited for."""

SILENT_SECONDS = 60.0
"""Seconds without an ended task, after which the workers are counted."""


class Engine(Protocol):
    """The part of an engine that the stages use."""

    def run(self, function: Callable[[T], None], tasks: Sequence[T]) -> Iterator[tuple[T, Exception | None]]:
        """Call `function(task)` for every task and yield each as it ends, with the exception that it raised, or None.

        WorkerKilled stands for a task that several workers died of. Closing the iterator stops what is not done.
        """
        ...


class InProcess:
    """One task after the other in this process."""

    def run(self, function: Callable[[T], None], tasks: Sequence[T]) -> Iterator[tuple[T, Exception | None]]:
        """Call the function for one task after the other; see `Engine.run`."""
        for task in tasks:
            try:
                function(task)
            except Exception as error:
                yield task, error
            else:
                yield task, None


class ProcessPool:
    """Tasks in processes of this machine."""

    def __init__(self, pool: IsolatedPool) -> None:
        self.pool = pool

    def run(self, function: Callable[[T], None], tasks: Sequence[T]) -> Iterator[tuple[T, Exception | None]]:
        """Call the function in the processes; see `Engine.run`."""
        return self.pool.map(function, tasks)


class DaskCluster:
    """Tasks on the workers of a Dask cluster. Only `map` and `as_completed` of its client are used."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def run(self, function: Callable[[T], None], tasks: Sequence[T]) -> Iterator[tuple[T, Exception | None]]:
        """Call the function on the workers; see `Engine.run`. Raises WorkerKilled where the scheduler has gone.

        Dask also suspects a task that only waited on a worker that died. So those that it gives up come again, alone.
        """
        suspects: list[T] = []
        for task, error in self._map(function, tasks):
            if isinstance(error, WorkerKilled):
                suspects.append(task)
            else:
                yield task, error
        for suspect in suspects:
            yield from self._map(function, [suspect])

    def _map(self, function: Callable[[T], None], tasks: Sequence[T]) -> Iterator[tuple[T, Exception | None]]:
        from distributed import KilledWorker

        if not tasks:
            return
        futures = self.client.map(function, list(tasks), pure=False)
        task_of = {future.key: task for future, task in zip(futures, tasks, strict=True)}
        try:
            for future in self._ended(futures):
                if future.status not in ("finished", "error"):
                    raise WorkerKilled(
                        f"the scheduler at {self.client.scheduler.address} has gone; what was finished is kept: "
                        "start it and run the same command again"
                    )
                error = future.exception() if future.status == "error" else None
                if isinstance(error, KilledWorker):
                    error = WorkerKilled("several workers were killed over it, probably because memory ran out")
                elif isinstance(error, ImportError):
                    raise InputError(
                        f"a worker lacks a module of this program ({error}); install the same version there"
                    )
                yield task_of[future.key], error
        finally:
            self.client.cancel(futures)

    def _ended(self, futures: Sequence[Any]) -> Iterator[Any]:
        """Yield each future as it ends. Says so where that takes long because there are no workers."""
        from distributed import as_completed

        left = set(futures)
        while left:
            try:
                ended = as_completed(left, loop=self.client.loop, timeout=SILENT_SECONDS)  # type: ignore[no-untyped-call]
                for future in ended:
                    left.discard(future)
                    yield future
            except TimeoutError:
                if not self.client.scheduler_info()["workers"]:
                    address = self.client.scheduler.address
                    say(f"the scheduler at {address} has no workers; waiting for one (`dask worker {address}`)")


@contextmanager
def dask_cluster(address: str) -> Iterator[DaskCluster]:
    """Connect to the scheduler at `address`, such as `tcp://host:8786`, until the block ends.

    Raises InputError where the package is missing or no scheduler answers.
    """
    try:
        from distributed import Client
        from distributed.comm.addressing import get_address_host_port, normalize_address
    except ImportError as error:
        raise InputError(
            'a scheduler needs the extra `cluster`: python -m pip install -c constraints.txt -e ".[cluster]"'
        ) from error
    for name in ("distributed", "distributed.client", "tornado"):  # what they log is said in one line here
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other versions of its parts; ours are compared by every task
        try:
            get_address_host_port(normalize_address(address))  # a client of a bad address prints a traceback at exit
            client = Client(address, timeout=ANSWER_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(
                f"no scheduler answers at {address} ({reason}); start one with `dask scheduler`, workers with "
                f"`dask worker {address}`, and give its address"
            ) from error
    try:
        if not client.scheduler_info()["workers"]:
            say(f"the scheduler at {address} has no workers yet; waiting for the first (`dask worker {address}`)")
        yield DaskCluster(client)
    finally:
        client.close(timeout=ANSWER_SECONDS)  # type: ignore[no-untyped-call]


@contextmanager
def open_engine(scheduler: str = "", workers: int | None = None) -> Iterator[Engine]:
    """Give the engine for the options of a command: a Dask cluster by address, else processes; one is this process."""
    if scheduler:
        with dask_cluster(scheduler) as cluster:
            yield cluster
        return
    count = workers or os.cpu_count() or 1
    if count == 1:
        yield InProcess()
        return
    with IsolatedPool(count) as pool:
        yield ProcessPool(pool)
