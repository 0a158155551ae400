"""The labels of postings, `labels.db`: yes, no or skipped, each on the disk before the next posting is shown.

A label has the name and the URL of its posting, so that it still belongs to the posting when a copy from another
board, with the same URL, replaces it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from scrape.common.databases import DATABASE_ERRORS, is_damage
from scrape.common.errors import InputError
from scrape.common.files import refuse_link
from scrape.fields.urls import canonical

FILE = "labels.db"
YES, NO, SKIPPED = "yes", "no", "skipped"

_VERSION = 1  # rises when the table below changes
_TABLE = """
CREATE TABLE IF NOT EXISTS label (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE, address TEXT NOT NULL,
    answer TEXT NOT NULL CHECK (answer IN ('yes', 'no', 'skipped'))
)
"""


@dataclass(frozen=True, slots=True)
class Label:
    """The answer that a person gave for a posting. `address` is canonical, or empty."""

    name: str
    address: str
    answer: str


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
            rows = self._database.execute("SELECT name, address, answer FROM label ORDER BY number").fetchall()
        return [Label(*row) for row in rows]

    def put(self, *labels: Label) -> None:
        """Add labels, all or none; a new label replaces the old one of its posting and counts as the latest."""
        rows = [(label.name, canonical(label.address), label.answer) for label in labels]
        with _blaming(self._path), self._database:
            self._database.executemany("INSERT OR REPLACE INTO label (name, address, answer) VALUES (?, ?, ?)", rows)

    def take_back(self) -> Label | None:
        """Remove the latest label and return it, or None if there is none."""
        latest = "SELECT number, name, address, answer FROM label ORDER BY number DESC"
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
            database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro" if path.exists() else ":memory:", uri=True)
            if not path.exists():
                _prepare(database)
    except BaseException:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection) -> None:
    """Set the file up, and write to it, so that one that may only be read is known now."""
    database.execute("PRAGMA secure_delete = ON")  # what is removed leaves no trace in the file
    database.execute("PRAGMA synchronous = FULL")
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > _VERSION:
        raise InputError("the labels were written by a newer version of this program; update it")
    with database:
        database.execute(_TABLE)
        database.execute(f"PRAGMA user_version = {_VERSION}")
