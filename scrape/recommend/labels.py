"""The labels of postings, `labels.db`: yes, no or skipped, each on the disk before the next posting is shown.

A label has the name and the URL of its posting, so that it still belongs to the posting when a copy from another
board, with the same URL, replaces it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from scrape.common.errors import InputError
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
    """The opened labels of a dataset. Every change is on the disk when the call returns."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def all(self) -> list[Label]:
        """Return all labels in the order in which they were given."""
        rows = self._database.execute("SELECT name, address, answer FROM label ORDER BY number")
        return [Label(*row) for row in rows]

    def put(self, *labels: Label) -> None:
        """Add labels, all or none; a new label replaces the old one of its posting and counts as the latest."""
        with self._database:
            rows = [(label.name, canonical(label.address), label.answer) for label in labels]
            self._database.executemany("INSERT OR REPLACE INTO label (name, address, answer) VALUES (?, ?, ?)", rows)

    def take_back(self) -> Label | None:
        """Remove the latest label and return it, or None if there is none."""
        with self._database:
            row = self._database.execute(
                "SELECT number, name, address, answer FROM label ORDER BY number DESC"
            ).fetchone()
            if row is None:
                return None
            self._database.execute("DELETE FROM label WHERE number = ?", row[:1])
            return Label(*row[1:])

    def drop(self, marks: Collection[str]) -> int:
        """Remove the labels of the postings with these names or canonical addresses; return their number."""
        gone = [
            (label.name,) for label in self.all() if label.name in marks or (label.address and label.address in marks)
        ]
        with self._database:
            self._database.executemany("DELETE FROM label WHERE name = ?", gone)
        return len(gone)


@contextmanager
def open_labels(root: Path) -> Iterator[Labels]:
    """Open the labels of a dataset. Raises InputError if they cannot be read; the file is left as it is."""
    path = root / FILE
    try:
        with closing(sqlite3.connect(path, timeout=30)) as database:
            database.execute("PRAGMA secure_delete = ON")  # what is removed leaves no trace in the file
            database.execute("PRAGMA synchronous = FULL")
            if database.execute("PRAGMA user_version").fetchone()[0] > _VERSION:
                raise InputError("the labels were written by a newer version of this program; update it")
            with database:
                database.execute(_TABLE)
                database.execute(f"PRAGMA user_version = {_VERSION}")
            yield Labels(database)
    except sqlite3.DatabaseError as error:
        raise InputError(
            f"{path} cannot be used ({error}); repair it or move it aside: it holds your labels"
        ) from error


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
