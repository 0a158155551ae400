"""The feature store: the features of a dataset's postings, kept in `features.sqlite`. Safe to delete.

The features of a posting are computed once and again only when its document says something else: the times of its files
tell what to look at, and a digest of its text tells whether anything changed. They are read in batches, so memory does
not grow with the dataset.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import zlib
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scrape.common.console import progress, say
from scrape.common.databases import DATABASE_ERRORS, is_damage, quick_check
from scrape.common.errors import InputError
from scrape.common.files import refuse_link
from scrape.common.pool import process_map
from scrape.dataset.store import Store
from scrape.fields.urls import canonical
from scrape.recommend import features
from scrape.recommend.features import FeatureCounts, Fields

FILE = "features.sqlite"
_FORMAT = 2  # rises when the table below changes
_TABLE = """
CREATE TABLE posting (
    name TEXT PRIMARY KEY, stamp TEXT, digest BLOB, address TEXT, columns BLOB, counts BLOB, checksum INTEGER
) WITHOUT ROWID
"""
_BATCH = 4096  # postings; some 50 MB while TF-IDF is computed
_NAMES_PER_QUERY = 500


@dataclass(frozen=True, slots=True)
class FeatureBatch:
    """Feature counts end to end: those of posting i are `starts[i]:starts[i + 1]` of `columns` and `counts`."""

    names: list[str]
    starts: NDArray[np.int64]
    columns: NDArray[np.uint32]
    counts: NDArray[np.uint8]


class FeatureStore:
    """The features of one dataset, up to date with its documents when the store was opened."""

    def __init__(self, index: sqlite3.Connection, path: Path) -> None:
        self._index = index
        self._path = path

    def __len__(self) -> int:
        return int(self._index.execute("SELECT COUNT(*) FROM posting").fetchone()[0])

    def addresses(self) -> dict[str, str]:
        """Return {name: canonical address} of every posting, by name."""
        return dict(self._index.execute("SELECT name, address FROM posting ORDER BY name"))

    def batches(self, size: int = _BATCH) -> Iterator[FeatureBatch]:
        """Yield the features of all postings, by name. Raises InputError for a damaged row."""
        found = self._index.execute("SELECT name, columns, counts, checksum FROM posting ORDER BY name")
        while part := found.fetchmany(size):
            yield _batch(self._verified(part))

    def batch(self, names: Sequence[str]) -> FeatureBatch:
        """Return the features of these postings, in this order.

        Raises KeyError for one that is not there, and InputError for a damaged row.
        """
        found: dict[str, tuple[str, bytes, bytes]] = {}
        for start in range(0, len(names), _NAMES_PER_QUERY):
            asked = names[start : start + _NAMES_PER_QUERY]
            marks = ", ".join("?" * len(asked))
            query = f"SELECT name, columns, counts, checksum FROM posting WHERE name IN ({marks})"
            found |= {row[0]: row for row in self._verified(self._index.execute(query, asked).fetchall())}
        return _batch([found[name] for name in names])

    def _verified(self, rows: Sequence[tuple[str, bytes, bytes, int]]) -> list[tuple[str, bytes, bytes]]:
        """Return the rows without their checksums. Raises InputError, and deletes the file, where one is wrong."""
        for name, columns, counts, checksum in rows:
            blobs = isinstance(name, str) and isinstance(columns, bytes) and isinstance(counts, bytes)
            if not blobs or zlib.crc32(columns + counts) != checksum:
                self._path.unlink(missing_ok=True)
                raise InputError(f"{self._path} was damaged at {name} and is deleted; run the same command again")
        return [row[:3] for row in rows]


def batch_of(documents: Sequence[tuple[str, Fields]]) -> FeatureBatch:
    """Compute the features of (name, document) pairs that are in no store, such as generated postings."""
    counted = [(name, features.count_features(fields)) for name, fields in documents]
    return _batch([(name, each.columns.tobytes(), each.counts.tobytes()) for name, each in counted])


def _batch(rows: Sequence[tuple[str, bytes, bytes]]) -> FeatureBatch:
    lengths = [len(counts) for _, _, counts in rows]
    return FeatureBatch(
        names=[name for name, _, _ in rows],
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        columns=np.frombuffer(b"".join(columns for _, columns, _ in rows), np.uint32),
        counts=np.frombuffer(b"".join(counts for _, _, counts in rows), np.uint8),
    )


@contextmanager
def open_features(
    store: Store, cores: int | None = None, stop: threading.Event | None = None
) -> Iterator[FeatureStore]:
    """Open the features of a dataset and bring them up to date.

    A damaged file is made anew, once; where no file can be written, the features are computed in memory. Raises
    WorkerKilled, and CancelledError once another thread has set `stop`; what was computed is kept.
    """
    path = store.root / FILE
    try:
        index = _open(path)
    except InputError as error:
        say(f"{error}; computing the features in memory")
        index = _connect(":memory:")
    try:
        try:
            _update(index, store, cores, stop)
        except DATABASE_ERRORS as error:  # damage that only reading meets
            if not is_damage(error):
                raise
            index.close()
            path.unlink()
            index = _open(path)
            _update(index, store, cores, stop)
        yield FeatureStore(index, path)
    finally:
        index.close()


def drop(root: Path, names: Collection[str]) -> None:
    """Remove the features of these postings, without a trace in the file."""
    if (root / FILE).exists():
        with closing(_open(root / FILE)) as index:
            index.executemany("DELETE FROM posting WHERE name = ?", [(name,) for name in names])
            index.commit()


def _open(path: Path) -> sqlite3.Connection:
    """Open the file; a damaged one is made anew, once. Raises InputError if it cannot be written."""
    refuse_link(path)
    try:
        try:
            return _connect(path)
        except DATABASE_ERRORS as error:
            if not is_damage(error):
                raise
            path.unlink()
            return _connect(path)
    except (*DATABASE_ERRORS, OSError) as error:
        raise InputError(f"{path} cannot be written: {error}") from error


def _connect(path: Path | str) -> sqlite3.Connection:
    index = sqlite3.connect(path, timeout=30, check_same_thread=False)  # whoever has threads lets one in at a time
    try:
        index.execute("PRAGMA secure_delete = ON")
        quick_check(index)
        version = _FORMAT * 1000 + features.VERSION
        if index.execute("PRAGMA user_version").fetchone()[0] != version:
            index.execute("DROP TABLE IF EXISTS posting")
            index.execute(_TABLE)
            index.execute(f"PRAGMA user_version = {version}")
            index.commit()
        with index:
            index.execute("UPDATE posting SET name = name WHERE 0")  # fails here where the file may only be read
    except BaseException:
        index.close()
        raise
    return index


def _update(index: sqlite3.Connection, store: Store, cores: int | None, stop: threading.Event | None) -> None:
    there = dict(store.stamps())
    seen = {name: (stamp, digest) for name, stamp, digest in index.execute("SELECT name, stamp, digest FROM posting")}
    index.executemany("DELETE FROM posting WHERE name = ?", [(name,) for name in seen.keys() - there.keys()])
    changed = store.in_reading_order([name for name, stamp in there.items() if seen.get(name, ("",))[0] != stamp])
    asked = [(name, seen[name][1] if name in seen else b"") for name in changed]
    try:
        with process_map(partial(_compute, store), asked, cores=cores) as results:
            for number, made in enumerate(progress(results, total=len(changed), desc="reading", unit=" postings")):
                if number % _BATCH == 0:
                    index.commit()  # a million postings take a long time, after which a kill must not lose all
                if stop and stop.is_set():
                    raise CancelledError
                if isinstance(made, str):
                    say(f"left out: {made}")
                elif made.features is None:
                    index.execute("UPDATE posting SET stamp = ? WHERE name = ?", (there[made.name], made.name))
                else:
                    blobs = made.features.columns.tobytes(), made.features.counts.tobytes()
                    row = (made.name, there[made.name], made.digest, made.address, *blobs, zlib.crc32(b"".join(blobs)))
                    index.execute("INSERT OR REPLACE INTO posting VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    finally:  # keep what was computed before a Ctrl-C, or before a worker was killed
        index.commit()


@dataclass(frozen=True, slots=True)
class _Computed:
    """The outcome for one posting; `features` is None if its text has not changed."""

    name: str
    digest: bytes = b""
    address: str = ""
    features: FeatureCounts | None = None


def _compute(store: Store, asked: tuple[str, bytes]) -> _Computed | str:
    """Compute the features of a posting unless its text has this digest; a text says why there are none."""
    name, known = asked
    try:
        head, text = store.head(name), store.document(name)
        address = canonical(head.url)
        digest = hashlib.sha256(f"{address}\n{head.pay}\n{text}".encode("utf-8", "surrogatepass")).digest()
        if digest == known:
            return _Computed(name)
        return _Computed(name, digest, address, features.count_features(features.read_fields(text, head.pay)))
    except (InputError, ValueError) as error:  # a damaged file, or one that is being removed, stops nothing
        return f"{name}: {error}"
