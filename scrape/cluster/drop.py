"""Take the shards of inputs out of a gathered dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from scrape.cluster.read import Mark
from scrape.common.errors import InputError
from scrape.dataset.shards import MARK_SUFFIX, SHARDS, input_key

_NAMED = 5  # inputs that an error lists


def named_shards(root: Path, marks: Mapping[str, Mark], named: Iterable[str]) -> list[str]:
    """Return the keys of shards, sorted: each is named by its key, by the name of its input, or by that file itself.

    Raises InputError for a name that no shard has, or several.
    """
    found = set()
    for name in named:
        keys = [name] if name in marks else [key for key, mark in marks.items() if mark.input == Path(name).name]
        if not keys and Path(name).is_file():
            keys = [key for key in (_key(Path(name)),) if key in marks]
        if not keys:
            known = sorted({mark.input for mark in marks.values()})
            more = f" and {len(known) - _NAMED:,} more" if len(known) > _NAMED else ""
            raise InputError(
                f"no input of {root} is {name}; nothing was dropped. It has {', '.join(known[:_NAMED]) or 'none'}{more}"
            )
        if len(keys) > 1:
            listed = ", ".join(keys[:_NAMED]) + (f" and {len(keys) - _NAMED:,} more" if len(keys) > _NAMED else "")
            raise InputError(
                f"{len(keys):,} inputs of {root} have the name {Path(name).name}; nothing was dropped. Name one by its "
                f"key: {listed}"
            )
        found.add(keys[0])
    return sorted(found)


def drop_shards(root: Path, keys: Iterable[str]) -> None:
    """Delete shards; without its mark, which goes first, a shard does not count."""
    for key in keys:
        _mark_path(root, key).unlink(missing_ok=True)
    delete_unmarked(root)


def delete_unmarked(root: Path) -> None:
    """Delete what a killed run left of shards that it was writing or dropping."""
    for path in (root / SHARDS).glob("[!.]*.*"):
        key = path.name.partition(".")[0]
        if not _mark_path(root, key).exists():
            path.unlink(missing_ok=True)


def _mark_path(root: Path, key: str) -> Path:
    return root / SHARDS / f"{key}{MARK_SUFFIX}"


def _key(path: Path) -> str:
    try:
        return input_key(path)
    except OSError as unread:
        raise InputError(f"{path} cannot be read ({unread.strerror or unread})") from unread
