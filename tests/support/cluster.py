"""Tasks that kill their workers, and the engines that give them out."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from scrape.cluster.engine import Engine

T = TypeVar("T")


@dataclass(frozen=True)
class DeadlyEngine:
    """An engine on whose workers each task named in `deadly` kills its worker, as often as this says.

    A task is named by its key; every death leaves a file in `folder`.
    """

    engine: Engine
    folder: Path
    deadly: dict[str, int]

    def run(self, function: Callable[[T], None], tasks: Sequence[T]) -> Iterator[tuple[T, Exception | None]]:
        return self.engine.run(partial(work_or_die, function, self.folder, self.deadly), tasks)


def work_or_die(function: Callable[[Any], None], folder: Path, deadly: dict[str, int], task: Any) -> None:
    """Do a task, or end the process as the system does when memory runs out."""
    deaths = len(list(folder.glob(f"{task.key}-*")))
    if deaths < deadly.get(task.key, 0):
        (folder / f"{task.key}-{deaths}").touch()
        if hasattr(signal, "SIGKILL"):
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(1)
    function(task)
