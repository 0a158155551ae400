"""The labels of postings, `labels.db`: yes, no or skipped, each on the disk before the next posting is shown.

A label has the name and the URL of its posting, so that it still belongs to the posting when a copy from another
board, with the same URL, replaces it. It also has the time at which it was given, and how its posting came to be shown:
only postings drawn at random tell how good a ranking is.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scrape.common.databases import DATABASE_ERRORS, is_damage
from scrape.common.errors import InputError
from scrape.common.files import refuse_link
from scrape.fields.urls import canonical

FILE = "labels.db"
YES, NO, SKIPPED = "yes", "no", "skipped"

RANDOM, BEST, UNCERTAIN, SIMILAR, SEARCH, FROM_FILE = "random", "best", "uncertain", "similar", "search", "file"
"""How a posting came to be shown: at random, ranked first, least certain, similar to another, found, or listed."""

_VERSION = 2  # rises when the table below changes
_COLUMNS = "name, address, answer, at, chosen"
_TABLE = """
CREATE TABLE IF NOT EXISTS label (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE, address TEXT NOT NULL,
    answer TEXT NOT NULL CHECK (answer IN ('yes', 'no', 'skipped')),
    at TEXT NOT NULL DEFAULT '', chosen TEXT NOT NULL DEFAULT ''
)
"""
_FROM_VERSION_1 = (
    "ALTER TABLE label ADD COLUMN at TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE label ADD COLUMN chosen TEXT NOT NULL DEFAULT ''",
)


@dataclass(frozen=True, slots=True)
class Label:
    """The answer that a person gave for a posting. `address` is canonical, or empty.

    `at` is the time in UTC (ISO 8601, to the second), and `chosen` is how the posting came to be shown. Both are empty
    in labels of versions that did not note them.
    """

    name: str
    address: str
    answer: str
    at: str = ""
    chosen: str = ""


class Labels:
    """The opened labels of a dataset. Every change is on the disk when the call returns.

    All methods raise InputError if the file cannot be used; it is left as it is.
    """

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._database = database
        self._path = path

    def all(self) -> list[Label]:
        """Return all labels in the order in which they were given."""
        with _blaming(self._path):
            rows = self._database.execute(f"SELECT {_COLUMNS} FROM label ORDER BY number").fetchall()
        return [Label(*row) for row in rows]

    def put(self, *labels: Label) -> None:
        """Add labels, all or none; a new label replaces the old one of its posting and counts as the latest.

        A label without a time is given the present one.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        rows = [(label.name, canonical(label.address), label.answer, label.at or now, label.chosen) for label in labels]
        with _blaming(self._path), self._database:
            self._database.executemany(f"INSERT OR REPLACE INTO label ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)", rows)

    def take_back(self) -> Label | None:
        """Remove the latest label and return it, or None if there is none."""
        latest = f"SELECT number, {_COLUMNS} FROM label ORDER BY number DESC"
        with _blaming(self._path), self._database:
            row = self._database.execute(latest).fetchone()
            if row is None:
                return None
            self._database.execute("DELETE FROM label WHERE number = ?", row[:1])
            return Label(*row[1:])

    def drop(self, marks: Collection[str]) -> int:
        """Remove the labels of the postings with these names or canonical addresses; return their number."""
        gone = [
            (label.name,) for label in self.all() if label.name in marks or (label.address and label.address in marks)
        ]
        with _blaming(self._path), self._database:
            self._database.executemany("DELETE FROM label WHERE name = ?", gone)
        return len(gone)


@contextmanager
def open_labels(root: Path) -> Iterator[Labels]:
    """Open the labels of a dataset. Raises InputError if they cannot be read; the file is left as it is.

    A file that may not be written is opened for reading, and where there is none and none can be made, there are no
    labels: whoever only reads them needs no writable folder.
    """
    path = refuse_link(root / FILE)
    with _blaming(path):
        database = _connect(path)
    with closing(database):
        yield Labels(database, path)


@contextmanager
def _blaming(path: Path) -> Iterator[None]:
    """Turn an error of the database into an InputError that names its file."""
    try:
        yield
    except DATABASE_ERRORS as error:
        if is_damage(error):
            remedy = "repair it or move it aside: it holds your labels"
        else:
            remedy = "free it, or make it and its folder writable"
        raise InputError(f"{path} cannot be used ({error}); {remedy}") from error


def current_answers(labels: Collection[Label], addresses: Mapping[str, str]) -> dict[str, str]:
    """Return {name: answer} of the postings that are there, given {name: canonical address}.

    A label belongs to the posting with its name or, if that is gone, to the one with its address.
    """
    at = {address: name for name, address in addresses.items() if address}
    found = ((label.name if label.name in addresses else at.get(label.address), label.answer) for label in labels)
    return {name: answer for name, answer in found if name is not None}


def drop_labels(root: Path, marks: Collection[str]) -> int:
    """Remove the labels of the postings with these names or canonical addresses; return their number."""
    if not (root / FILE).exists():
        return 0
    with open_labels(root) as labels:
        return labels.drop(marks)


def _connect(path: Path) -> sqlite3.Connection:
    """Open the file, for reading alone where it may not be written. Raises sqlite3.Error and InputError."""
    database = sqlite3.connect(path, timeout=30)
    try:
        try:
            _prepare(database)
        except sqlite3.OperationalError as error:
            if is_damage(error) or os.access(path if path.exists() else path.parent, os.W_OK):
                raise
            database.close()
            database = _connect_to_read(path)
    except BaseException:
        database.close()
        raise
    return database


def _connect_to_read(path: Path) -> sqlite3.Connection:
    """Open a copy in memory of a file that may not be written; an empty one where there is no file."""
    copy = sqlite3.connect(":memory:")
    if path.exists():
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.backup(copy)
    _prepare(copy)
    copy.execute("PRAGMA query_only = ON")
    return copy


def _prepare(database: sqlite3.Connection) -> None:
    """Set the file up, or migrate it. Raises sqlite3.OperationalError for one that may only be read."""
    database.execute("PRAGMA secure_delete = ON")  # what is removed leaves no trace in the file
    database.execute("PRAGMA synchronous = FULL")
    database.execute("BEGIN IMMEDIATE")  # two processes may meet an old file at once
    with database:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version > _VERSION:
            raise InputError("the labels were written by a newer version of this program; update it")
        if version < _VERSION:
            for statement in _FROM_VERSION_1 if version == 1 else (_TABLE,):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {_VERSION}")
