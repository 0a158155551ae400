"""A dataset on disk, of either kind: postings as files that searches save one by one, or as shards of web archives.

`Store` is what both can do, and all that commands know of a dataset. `FileStore` keeps a file for each posting,
`GatheredStore` reads what `scrape gather` made.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from scrape.common.errors import InputError
from scrape.dataset.shards import SHARDS
from scrape.dataset.store.base import CONTENTS, DATA, INPUT, REMOVED, SavedCopy, Store
from scrape.dataset.store.files import FileStore, encode
from scrape.dataset.store.gathered import GatheredStore

__all__ = [
    "DATA",
    "DEFAULT_DATASET",
    "INPUT",
    "REMOVED",
    "FileStore",
    "GatheredStore",
    "SavedCopy",
    "Store",
    "encode",
    "gathered_store",
    "named_store",
    "open_store",
    "stores_in",
]

DEFAULT_DATASET = "DREAM_JOBS_DATASET"
"""The environment variable that names the default dataset."""


def open_store(root: Path) -> Store:
    """Return the dataset in a folder, of the kind that it has; one of files where there is nothing yet."""
    return GatheredStore(root) if (root / SHARDS).is_dir() else FileStore(root)


def named_store(dataset: str = "", data_dir: str = "", boards: Sequence[str] | None = None) -> Store:
    """Return the dataset that a command is about: a folder, a name under data/, or by default `jobs`.

    The environment variable `DREAM_JOBS_DATASET` names another default; a search of the demo board alone has one of its
    own, `demo`. Raises InputError for a name that leads out of the data folder.
    """
    if data_dir:
        return open_store(Path(data_dir))
    default = "demo" if boards is not None and list(boards) == ["demo"] else os.environ.get(DEFAULT_DATASET) or "jobs"
    dataset = dataset or default
    if Path(dataset).name != dataset or dataset == "..":
        raise InputError(f"{dataset!r} is not the name of a folder under data/; for a path there is --data-dir")
    return open_store(DATA / dataset)


def gathered_store(store: Store) -> GatheredStore:
    """Return a dataset as one that `scrape gather` fills. Raises InputError where searches have filled it."""
    if isinstance(store, FileStore) and store.count():
        raise InputError(f"{store.root} has postings that searches saved; name another dataset with --dataset")
    return GatheredStore(store.root)


def stores_in(folder: Path) -> list[Store]:
    """Return the datasets in a folder, by name."""
    return [
        open_store(root) for root in sorted({path.parent for each in CONTENTS for path in folder.glob(f"*/{each}")})
    ]
