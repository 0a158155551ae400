"""Guess which of the names that there are somebody meant by one that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like `name`, whatever their case; None where none is like it."""
    by_lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the beginning of a hint, such as "did you mean 'demo'? "; empty where no known name is like `name`."""
    found = closest(name, known)
    return f"did you mean {found!r}? " if found else ""


def datasets_beside(folder: Path, *contents: str) -> str:
    """Return the beginning of a hint that names the datasets in the folder of `folder`; empty where there is none.

    A dataset is a folder that has one of `contents`, names of files or folders.
    """
    known = sorted({path.parent.name for content in contents for path in folder.parent.glob(f"*/{content}")})
    if not known:
        return ""
    return f"{did_you_mean(folder.name, known)}the datasets in {folder.parent} are: {', '.join(known)}; "
