"""The labels that a person gave postings, `labels.jsonl`: JSON lines with the name or address of a posting."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from scrape.address import canonical
from scrape.disk import write_whole

FILE = "labels.jsonl"


def drop_labels(root: Path, marks: Collection[str]) -> int:
    """Take out the labels of the postings with these names or canonical addresses; how many there were."""
    path = root / FILE
    if not path.exists():
        return 0
    lines = path.read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not _is_of(line, marks)]
    if len(kept) < len(lines):
        write_whole(path, "".join(kept))
    return len(lines) - len(kept)


def _is_of(line: str, marks: Collection[str]) -> bool:
    try:
        label = json.loads(line)
    except ValueError:
        return False  # not ours to judge
    return isinstance(label, dict) and any(canonical(str(label.get(key, ""))) in marks for key in ("name", "url"))
