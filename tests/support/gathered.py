"""Gathered datasets for tests and benchmarks, written with the shard writer alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from scrape.common.files import write_whole
from scrape.common.posting import Posting
from scrape.dataset.shards import MARK_SUFFIX, SHARDS, SUFFIX, Row, in_order, write_shard
from scrape.dataset.store import FileStore, GatheredStore, Store
from scrape.markup import document
from tests.support.postings import keep

KINDS = ("files", "gathered")


def put_shard(root: Path, key: str, postings: Iterable[Posting]) -> Path:
    """Write a shard of postings, whose html is bare markup, and its mark; return the shard's path."""
    path = root / SHARDS / f"{key}{SUFFIX}"
    rows = (Row(replace(each, html=""), document.write(each)) for each in postings)
    written = write_shard(path, in_order(rows))
    mark = {"made_by": "a test", "postings": written.rows, "sha256": written.sha256}
    write_whole(root / SHARDS / f"{key}{MARK_SUFFIX}", json.dumps(mark) + "\n")
    return path


def keep_gathered(root: Path, *postings: Posting, shards: int = 1) -> GatheredStore:
    """Put postings into a gathered dataset of this many shards, every nth into the nth."""
    for number in range(shards):
        put_shard(root, f"{number:016x}", postings[number::shards])
    return GatheredStore(root)


def keep_as(kind: str, root: Path, *postings: Posting) -> Store:
    """Put postings into a dataset of one of KINDS."""
    return keep(FileStore(root), *postings) if kind == "files" else keep_gathered(root, *postings, shards=2)


def keep_more(store: Store, *postings: Posting) -> None:
    """Put more postings into a dataset of either kind, those of a gathered one as a shard of its own."""
    if isinstance(store, FileStore):
        keep(store, *postings)
    else:
        put_shard(store.root, f"{2**64 - 1:x}", postings)
