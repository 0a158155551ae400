"""One writer at a time: a file lock that the operating system releases when its holder dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from scrape.common.errors import InputError
from scrape.common.files import refuse_link


@contextmanager
def exclusive(path: Path, otherwise: str) -> Iterator[None]:
    """Hold the lock file `path` until the block ends. Raises InputError(`otherwise`) where another holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(refuse_link(path))
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise InputError(otherwise) from error
    try:
        yield
    finally:
        lock.release()
