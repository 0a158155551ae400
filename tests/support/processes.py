"""What tests of processes share."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

DEADLINE = 600
"""Seconds after which a process hangs for sure. A busy machine may take a hundred times as long as an idle one."""

# A server that has loaded torch once and forks each process in milliseconds. Windows has none, and loads it each time.
_context = multiprocessing.get_context(
    "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
)
if "forkserver" in multiprocessing.get_all_start_methods():
    _context.set_forkserver_preload(["charrnn.train.command"])


class CommandProcess:
    """A command in a process of its own: `main(arguments)` with its output in files in `folder`."""

    def __init__(
        self,
        main: Callable[[list[str]], int],
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        folder.mkdir()
        self._files = folder / "out", folder / "err"
        self._process = _context.Process(
            target=_run, args=(main, list(arguments), self._files, dict(environment)), daemon=True
        )
        self._process.start()

    @property
    def running(self) -> bool:
        return self._process.is_alive()

    def send_signal(self, number: signal.Signals) -> None:
        assert self._process.pid
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    def ended(self) -> tuple[int, str, str]:
        """Wait for the end; return the exit code (-n after signal n), stdout and stderr."""
        self._process.join(DEADLINE)
        assert self._process.exitcode is not None, "it hangs"
        out, err = (file.read_text("utf-8") for file in self._files)
        return self._process.exitcode, out, err


def _run(
    main: Callable[[list[str]], int], arguments: list[str], files: tuple[Path, Path], environment: dict[str, str]
) -> None:
    os.environ.update(environment)
    for number, file in zip((1, 2), files, strict=True):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    raise SystemExit(main(arguments))
