"""Read what tests compare: folders byte for byte, and lines of JSON."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any


def tree(root: Path) -> dict[str, bytes]:
    """Return every file under `root` by its path from there."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def json_lines(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a JSON Lines file, gzipped or not."""
    written = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in written.splitlines()]
