"""Save and load the train state, from which a run resumes exactly: cv/<run>.resume, and the one before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from charrnn.model.archive import deserialize, serialize
from scrape.common.console import say
from scrape.common.errors import InputError
from scrape.common.files import write_whole

FORMAT = "dream-jobs training state 2"


def save(path: Path, content: dict[str, Any]) -> None:
    """Write `content` whole. The earlier file stays beside it, in case the disk damages this one."""
    sealed = serialize(content | {"format": FORMAT})
    if path.exists():
        path.replace(_before(path))
    write_whole(path, sealed)


def load(path: Path) -> dict[str, Any]:
    """Return the newest good state, and report a damaged one on stderr. Raises InputError where none is good."""
    found = [candidate for candidate in (path, _before(path)) if candidate.exists()]
    for candidate in found:
        try:
            return _upgrade(deserialize(candidate, FORMAT))
        except InputError as error:
            say(f"{error}")
    if found:
        raise InputError(
            f"no state of {path.stem} can be read; start another run from a checkpoint with --init-from and --run"
        )
    raise InputError(f"there is nothing to resume in {path}; leave --resume out to start the run")


def remove(path: Path) -> None:
    """Delete the run's state."""
    for file in (path, _before(path)):
        file.unlink(missing_ok=True)


def exists(path: Path) -> bool:
    """Return whether there is a state, good or not."""
    return path.exists() or _before(path).exists()


def _upgrade(content: dict[str, Any]) -> dict[str, Any]:
    """Return a state in today's form. Version 0.1.0 had the configuration in two parts: a plan, and its recipe."""
    if "plan" in content:
        plan = content.pop("plan")
        recipe = plan.pop("recipe")
        content["config"] = {"recipe": recipe.pop("name"), **recipe, **plan}
    return content


def _before(path: Path) -> Path:
    return path.with_suffix(".resume.before")
