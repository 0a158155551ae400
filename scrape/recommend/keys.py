"""One key at a time from the terminal, without Enter."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scrape.common.errors import InputError

ENDED = ""
"""What a read gives where the terminal has gone."""

_MOST = 64  # bytes; an arrow key or a paste comes as several at once, and is one key that means nothing


@contextmanager
def keys() -> Iterator[Callable[[], str]]:
    """A function that waits for a key and gives it; the terminal is as before when the block ends.

    What was typed before the wait is thrown away: it was no answer to what is on the screen now. Raises
    InputError where there is no terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError("labelling one by one needs a terminal; for labels in a file there is --from-file")
    with _unbuffered() as read:
        yield read


if sys.platform == "win32":
    import msvcrt

    @contextmanager
    def _unbuffered() -> Iterator[Callable[[], str]]:
        def read() -> str:
            while msvcrt.kbhit():
                msvcrt.getwch()
            key = msvcrt.getwch()
            if key == "\x03":
                raise KeyboardInterrupt
            return key

        yield read

else:
    import termios
    import tty

    @contextmanager
    def _unbuffered() -> Iterator[Callable[[], str]]:
        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)

        def read() -> str:
            termios.tcflush(terminal, termios.TCIFLUSH)
            return os.read(terminal, _MOST).decode("utf-8", "replace")

        try:
            tty.setcbreak(terminal)
            yield read
        finally:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
