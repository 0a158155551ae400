"""Standard streams that can be written to whatever the shell made of them: closed, or in a narrow encoding."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

_STREAMS = ("stdin", "stdout", "stderr")  # their places are their file descriptors


def prepare_streams() -> None:
    """Open what the shell closed (`>&-`) on the null device, and let stdout and stderr escape what they cannot encode.

    A descriptor that stays closed would be given to the next file that is opened, which would then receive what
    libraries print. Calling this again changes nothing.
    """
    for descriptor, name in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            setattr(sys, name, _open_null(descriptor))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(OSError, ValueError):  # reconfiguring flushes; whoever writes next meets the error
                stream.reconfigure(errors="backslashreplace")


def discard_stdout() -> None:
    """Send what is still to be written to the null device: its reader has gone, or its disk is full.

    Python writes what is left at exit, and would complain once more.
    """
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _open_null(descriptor: int) -> io.TextIOWrapper:
    """Open the null device as a stream, at this descriptor if that is free, for this process and those it starts."""
    try:
        os.fstat(descriptor)
    except OSError:
        null = os.open(os.devnull, os.O_RDWR)
        if null == descriptor:
            os.set_inheritable(descriptor, True)
        else:
            os.dup2(null, descriptor)
            os.close(null)
        return open(descriptor, "w" if descriptor else "r", encoding="utf-8", closefd=False)
    return Path(os.devnull).open("w" if descriptor else "r", encoding="utf-8")
