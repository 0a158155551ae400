"""What going on exactly needs beside the checkpoints: cv/<run>.resume, and the one before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from charrnn.model.checkpoint import deserialize, serialize
from scrape.common.console import say
from scrape.common.errors import InputError
from scrape.common.files import write_whole

FORMAT = "dream-jobs training state 2"


def save(path: Path, content: dict[str, Any]) -> None:
    """Write `content` whole. What was there stays as the one before, in case the disk damages this one."""
    sealed = serialize(content | {"format": FORMAT})
    if path.exists():
        path.replace(_before(path))
    write_whole(path, sealed)


def load(path: Path) -> dict[str, Any]:
    """The newest good state. Raises InputError where there is none, and says what is wrong with a damaged one."""
    found = [candidate for candidate in (path, _before(path)) if candidate.exists()]
    for candidate in found:
        try:
            return deserialize(candidate, FORMAT)
        except InputError as error:
            say(f"{error}")
    if found:
        raise InputError(
            f"no state of {path.stem} can be read; begin anew from a checkpoint with --init-from and --run"
        )
    raise InputError(f"there is nothing to resume in {path}; leave --resume out to begin the run")


def remove(path: Path) -> None:
    """Forget the run's state."""
    for file in (path, _before(path)):
        file.unlink(missing_ok=True)


def exists(path: Path) -> bool:
    """Whether there is a state, good or not."""
    return path.exists() or _before(path).exists()


def _before(path: Path) -> Path:
    return path.with_suffix(".resume.before")
