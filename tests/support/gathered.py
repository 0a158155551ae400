"""Gathered datasets for tests and benchmarks, written with the shard writer alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from scrape.common.files import write_whole
from scrape.common.posting import Posting
from scrape.dataset.shards import MARK_SUFFIX, SHARDS, SUFFIX, Row, in_order, write_shard
from scrape.markup import document


def put_shard(root: Path, key: str, postings: Iterable[Posting]) -> Path:
    """Write a shard of postings, whose html is bare markup, and its mark; return the shard's path."""
    path = root / SHARDS / f"{key}{SUFFIX}"
    rows = (Row(replace(each, html=""), document.write(each)) for each in postings)
    written = write_shard(path, in_order(rows))
    mark = {"postings": written.rows, "sha256": written.sha256}
    write_whole(root / SHARDS / f"{key}{MARK_SUFFIX}", json.dumps(mark) + "\n")
    return path
