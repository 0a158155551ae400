"""Start a command whose modules may take seconds to load."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
from collections.abc import Iterator, Sequence
from types import FrameType

from scrape.common.streams import prepare_streams

_INTERRUPTED = 130


def launch(module: str, argv: Sequence[str] | None = None) -> int:
    """Import `module`, call its `main` with `argv`, and return the exit code.

    Ctrl-C during the import ends the process with exit code 130 and one line; nothing is open or half written by then.
    """
    prepare_streams()
    with quiet_interrupt():
        main = importlib.import_module(module).main
    return int(main(None if argv is None else list(argv)))


@contextlib.contextmanager
def quiet_interrupt() -> Iterator[None]:
    """End the process at once on Ctrl-C: a half-loaded extension module may swallow an exception."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        os.write(2, b"stopped: Ctrl-C\n")
        os._exit(_INTERRUPTED)

    try:
        before = signal.signal(signal.SIGINT, stop)
    except ValueError:  # not the main thread, so signals are not ours to handle
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
