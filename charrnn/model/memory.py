"""Turn the errors of too little memory, numpy's and torch's on every device, into one line with a way out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from scrape.common.errors import InputError

_NO_MEMORY = re.compile("DefaultCPUAllocator|out of memory", re.IGNORECASE)  # in torch's RuntimeError, by device
_SIZE = re.compile(r"allocate ([\d.]+ \w+)", re.IGNORECASE)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an exception says that memory could not be allocated."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and bool(_NO_MEMORY.search(str(error))))


@contextmanager
def explain_memory(advice: str) -> Iterator[None]:
    """Raise InputError with the size that could not be allocated and `advice` where the block runs out of memory."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        size = _SIZE.search(str(error))
        asked = f": {size[1]} could not be allocated" if size else ""
        raise InputError(f"too little memory{asked}; {advice}") from error
