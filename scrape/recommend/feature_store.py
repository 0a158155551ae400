"""The rows of a dataset's postings, made once for each and kept in `features.sqlite`. Safe to delete.

A row is made again only where the document says something else: the times of its files tell what to look at, and a
digest of its text whether anything changed. Rows are read in pieces, so memory does not grow with the dataset.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scrape.common.console import progress, say
from scrape.common.errors import InputError
from scrape.dataset.store import Store
from scrape.fields.urls import canonical
from scrape.recommend import features, rows

FILE = "features.sqlite"
_FORMAT = 1  # rises when the table below changes
_TABLE = """
CREATE TABLE posting (
    name TEXT PRIMARY KEY, stamp TEXT, digest BLOB, address TEXT, columns BLOB, counts BLOB
) WITHOUT ROWID
"""
_PIECE = 4096  # postings; some 50 MB while they are weighed
_AT_A_TIME = 500  # names in one question
_WORTH_A_POOL = 400


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows end to end: those of posting i are `starts[i]:starts[i + 1]` of `columns` and `counts`."""

    names: list[str]
    starts: NDArray[np.int64]
    columns: NDArray[np.uint32]
    counts: NDArray[np.uint8]


class Kept:
    """The rows of one dataset, in step with its store when it was opened."""

    def __init__(self, index: sqlite3.Connection) -> None:
        self._index = index

    def __len__(self) -> int:
        return int(self._index.execute("SELECT COUNT(*) FROM posting").fetchone()[0])

    def addresses(self) -> dict[str, str]:
        """{name: canonical address} of every posting, by name."""
        return dict(self._index.execute("SELECT name, address FROM posting ORDER BY name"))

    def pieces(self, size: int = _PIECE) -> Iterator[Piece]:
        """All rows, by name."""
        found = self._index.execute("SELECT name, columns, counts FROM posting ORDER BY name")
        while part := found.fetchmany(size):
            yield piece(part)

    def some(self, names: Sequence[str]) -> Piece:
        """The rows of these postings, in this order. Raises KeyError for one that is not there."""
        found: dict[str, tuple[str, bytes, bytes]] = {}
        for start in range(0, len(names), _AT_A_TIME):
            asked = names[start : start + _AT_A_TIME]
            marks = ", ".join("?" * len(asked))
            query = f"SELECT name, columns, counts FROM posting WHERE name IN ({marks})"
            found |= {row[0]: row for row in self._index.execute(query, asked)}
        return piece([found[name] for name in names])


def piece(parts: Sequence[tuple[str, bytes, bytes]]) -> Piece:
    """Rows (name, columns, counts) as one piece."""
    lengths = [len(counts) for _, _, counts in parts]
    return Piece(
        names=[name for name, _, _ in parts],
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        columns=np.frombuffer(b"".join(columns for _, columns, _ in parts), np.uint32),
        counts=np.frombuffer(b"".join(counts for _, _, counts in parts), np.uint8),
    )


def piece_of(documents: Sequence[tuple[str, features.Fields]]) -> Piece:
    """Documents that are in no store, such as imaginary ones, as one piece."""
    made = [(name, rows.row(fields)) for name, fields in documents]
    return piece([(name, row.columns.tobytes(), row.counts.tobytes()) for name, row in made])


@contextmanager
def in_step(store: Store, cores: int | None = None) -> Iterator[Kept]:
    """The rows of a dataset, brought in step with its documents; a spoilt file is made anew. Raises InputError."""
    with closing(_sound(store.root / FILE)) as index:
        _update(index, store, cores or os.cpu_count() or 1)
        yield Kept(index)


def drop(root: Path, names: Collection[str]) -> None:
    """Take the rows of these postings out, so that what is forgotten leaves no trace."""
    if (root / FILE).exists():
        with closing(_sound(root / FILE)) as index:
            index.executemany("DELETE FROM posting WHERE name = ?", [(name,) for name in names])
            index.commit()


def _sound(path: Path) -> sqlite3.Connection:
    """The opened file; one that cannot be read is made anew. Raises InputError where it cannot be written."""
    try:
        return _opened(path)
    except sqlite3.OperationalError as error:
        raise InputError(f"{path} cannot be written: {error}") from error
    except sqlite3.DatabaseError:
        path.unlink()
        return _opened(path)


def _opened(path: Path) -> sqlite3.Connection:
    index = sqlite3.connect(path, timeout=30)
    try:
        index.execute("PRAGMA secure_delete = ON")
        made_by = _FORMAT * 1000 + rows.VERSION
        if index.execute("PRAGMA user_version").fetchone()[0] != made_by:
            index.execute("DROP TABLE IF EXISTS posting")
            index.execute(_TABLE)
            index.execute(f"PRAGMA user_version = {made_by}")
            index.commit()
    except BaseException:
        index.close()
        raise
    return index


def _update(index: sqlite3.Connection, store: Store, cores: int) -> None:
    there = store.stamps()
    seen = {name: (stamp, digest) for name, stamp, digest in index.execute("SELECT name, stamp, digest FROM posting")}
    index.executemany("DELETE FROM posting WHERE name = ?", [(name,) for name in seen.keys() - there.keys()])
    new = sorted(name for name, stamp in there.items() if seen.get(name, ("",))[0] != stamp)
    asked = [(name, seen[name][1] if name in seen else b"") for name in new]
    try:
        for made in progress(_each(store, asked, cores), total=len(new), desc="reading", unit=" postings"):
            if isinstance(made, str):
                say(f"left out: {made}")
            else:
                _save(index, made, there[made.name])
    finally:  # what was made before a Ctrl-C stands
        index.commit()


@dataclass(frozen=True, slots=True)
class _Made:
    """What became of one posting; `row` is None where its text is what it was."""

    name: str
    digest: bytes = b""
    address: str = ""
    row: rows.Row | None = None


def _save(index: sqlite3.Connection, made: _Made, stamp: str) -> None:
    if made.row is None:
        index.execute("UPDATE posting SET stamp = ? WHERE name = ?", (stamp, made.name))
    else:
        blobs = made.row.columns.tobytes(), made.row.counts.tobytes()
        index.execute(
            "INSERT OR REPLACE INTO posting VALUES (?, ?, ?, ?, ?, ?)",
            (made.name, stamp, made.digest, made.address, *blobs),
        )


def _each(store: Store, asked: Sequence[tuple[str, bytes]], cores: int) -> Iterator[_Made | str]:
    make = partial(_make, store.root)
    if cores == 1 or len(asked) < _WORTH_A_POOL:
        yield from map(make, asked)
        return
    with multiprocessing.get_context("spawn").Pool(cores, _leave_signals_to_parent) as pool:
        yield from pool.imap_unordered(make, asked, chunksize=64)


def _make(root: Path, asked: tuple[str, bytes]) -> _Made | str:
    """The row of a posting whose text had this digest, or why there can be none."""
    name, known = asked
    store = Store(root)
    try:
        address, text = canonical(store.head(name).url), store.document(name)
        digest = hashlib.sha256(f"{address}\n{text}".encode("utf-8", "surrogatepass")).digest()
        return _Made(name) if digest == known else _Made(name, digest, address, rows.row(features.read(text)))
    except (InputError, ValueError) as error:  # one spoilt file, or one that is being forgotten, stops nothing
        return f"{name}: {error}"


def _leave_signals_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
