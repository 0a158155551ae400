"""The catalogue of a gathered dataset, `catalogue.sqlite`: the place of every posting. Safe to delete.

It is derived from the shards alone. A shard has been read when its time and that of its mark are noted; one whose times
differ is read again. Of several postings with one name or one address, the first by (key of the shard, row) is listed;
the others are kept here, so that one of them takes its place when it goes.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Collection, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from scrape.common.console import progress, say
from scrape.common.databases import DATABASE_ERRORS, is_as_left, is_busy, is_damage, leave, quick_check
from scrape.common.errors import InputError
from scrape.common.files import refuse_link
from scrape.dataset.shards import MARK_SUFFIX, SHARDS, SUFFIX, RowPlace, read_lines, row_of
from scrape.fields.urls import canonical

FILE = "catalogue.sqlite"
_VERSION = 2  # rises when the tables below change
_TABLES = """
CREATE TABLE shard (id INTEGER PRIMARY KEY, stamp TEXT, removed INTEGER);
CREATE TABLE entry (
    shard INTEGER, number INTEGER, name TEXT, address TEXT, offset INTEGER, size INTEGER, row INTEGER,
    stamp TEXT, listed INTEGER, PRIMARY KEY (shard, number)
) WITHOUT ROWID;
CREATE INDEX by_name ON entry (name, listed, stamp);
CREATE INDEX by_address ON entry (address)
"""
_INSERT = "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)"
_FIRST = """
NOT EXISTS (
    SELECT 1 FROM entry AS other
    WHERE other.name = entry.name AND (other.shard, other.number) < (entry.shard, entry.number)
) AND (address = '' OR NOT EXISTS (
    SELECT 1 FROM entry AS other
    WHERE other.address = entry.address AND (other.shard, other.number) < (entry.shard, entry.number)
))
"""
_TOUCHED = "name IN (SELECT text FROM touched) OR (address <> '' AND address IN (SELECT text FROM touched))"
_CACHE = -65_536  # kibibytes of pages
_KEY = re.compile("[0-9a-f]{16}")
_KEYS = 1 << 63  # SQLite has signed numbers; shifted by this, they sort as keys do


class Entry(NamedTuple):
    """The place of one posting: the key of its shard, its number there, and its frame."""

    name: str
    address: str
    key: str
    number: int
    place: RowPlace


class Shard(NamedTuple):
    """A shard that has its mark, with the times in nanoseconds of both files."""

    key: str
    path: Path
    time: int
    saved_at: int

    @property
    def stamp(self) -> str:
        return f"{self.time} {self.saved_at}"


def list_shards(root: Path) -> list[Shard]:
    """Return the shards of a dataset that are whole, by key; one without its mark is being made."""
    folder, found = root / SHARDS, []
    for mark in sorted(folder.glob(f"*{MARK_SUFFIX}")):
        key = mark.name.removesuffix(MARK_SUFFIX)
        path = folder / f"{key}{SUFFIX}"
        try:
            if _KEY.fullmatch(key):
                found.append(Shard(key, path, path.stat().st_mtime_ns, mark.stat().st_mtime_ns))
        except FileNotFoundError:
            continue
    return found


class Catalogue:
    """The opened catalogue. Its methods may be called from several threads, one at a time.

    Opening it reads nothing; it is brought up to date by `refresh`, and by the first question.
    """

    def __init__(self, root: Path, *, is_current: bool = False) -> None:
        self._root = root
        self._guard = threading.RLock()
        self._opened: sqlite3.Connection | None = None
        self._is_current = is_current  # what opened it vouches for the file

    def refresh(self) -> None:
        """Read the shards that changed. Raises InputError for a damaged one, and where the catalogue is in use."""
        with self._guard:
            self._is_current = False
            self._rows("SELECT 1")

    def count(self) -> int:
        """Return the number of listed postings."""
        return int(self._rows("SELECT count(*) FROM entry WHERE listed")[0][0])

    def is_empty(self) -> bool:
        """Return True where no posting is listed."""
        return not self._rows("SELECT 1 FROM entry WHERE listed LIMIT 1")

    def names(self) -> list[str]:
        """Return the names of the listed postings, sorted."""
        return [name for (name,) in self._rows("SELECT name FROM entry WHERE listed ORDER BY name")]

    def stamps(self, size: int = 10_000) -> Iterator[tuple[str, str]]:
        """Yield (name, stamp) of the listed postings, by name, `size` of them in memory at a time."""
        part, last = [("", "")], ""
        while part:
            query = "SELECT name, stamp FROM entry WHERE name > ? AND listed ORDER BY name LIMIT ?"
            part = self._rows(query, last, size)
            yield from part
            last = part[-1][0] if part else last

    def entry(self, name: str) -> Entry | None:
        """Return the place of a listed posting; None where there is none."""
        found = self._entries("name = ? AND listed", name)
        return found[0] if found else None

    def at(self, address: str) -> list[Entry]:
        """Return the listed postings with this canonical address."""
        return self._entries("address = ? AND listed", address) if address else []

    def copies(self, marks: Collection[str]) -> list[Entry]:
        """Return all postings that have one of these names or canonical addresses, also those that are not listed."""
        return [entry for mark in marks if mark for entry in self._entries("name = ?1 OR address = ?1", mark)]

    def with_removed(self) -> list[str]:
        """Return the keys of shards of which postings were removed."""
        found = self._rows("SELECT id FROM shard WHERE removed > 0 ORDER BY id")
        return [f"{number + _KEYS:016x}" for (number,) in found]

    def in_order(self, names: Collection[str]) -> list[str]:
        """Return those of the names that are listed, in the order of the shards."""
        query = "name IN (SELECT value FROM json_each(?)) AND listed ORDER BY shard, number"
        return [name for (name,) in self._rows(f"SELECT name FROM entry WHERE {query}", json.dumps(list(names)))]

    def close(self) -> None:
        """Close the file; the next question opens it again."""
        with self._guard:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _entries(self, condition: str, value: str) -> list[Entry]:
        query = f"SELECT name, address, shard, number, offset, size, row FROM entry WHERE {condition}"
        return [
            Entry(name, address, f"{shard + _KEYS:016x}", number, RowPlace(*place))
            for name, address, shard, number, *place in self._rows(query, value)
        ]

    def _rows(self, query: str, *values: str | int) -> list[Any]:
        """Return the rows of a query. A damaged file is made again, once; where none can be written, in memory."""
        path = self._root / FILE
        with self._guard:
            try:
                try:
                    return self._connection(refuse_link(path)).execute(query, values).fetchall()
                except DATABASE_ERRORS as error:
                    if not is_damage(error):
                        raise
                    self.close()
                    path.unlink(missing_ok=True)
                    self._is_current = False
                    return self._connection(path).execute(query, values).fetchall()
            except (*DATABASE_ERRORS, OSError) as error:
                if is_busy(error):
                    raise InputError(f"the catalogue {path} is in use; wait until the other run ends") from error
                say(f"the catalogue {path} cannot be written: {error}; working without it")
                self.close()
                self._opened = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
                self._is_current = False
                return self._connection(path).execute(query, values).fetchall()

    def _connection(self, path: Path) -> sqlite3.Connection:
        """Return the open file, with every shard as it is now."""
        if self._opened is None:
            self._opened = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._opened.execute(f"PRAGMA cache_size = {_CACHE}")
            self._opened.execute("PRAGMA secure_delete = ON")
            if not self._is_current and not is_as_left(path):
                quick_check(self._opened)
        if not self._is_current:
            if _update(self._opened, self._root) and self._opened.execute("PRAGMA database_list").fetchone()[2]:
                leave(path)
            self._is_current = True
        return self._opened


def _update(catalogue: sqlite3.Connection, root: Path) -> bool:
    """Read the shards that changed, all or nothing; return whether anything was written."""
    shards = {int(shard.key, 16) - _KEYS: shard for shard in list_shards(root)}
    is_new = int(catalogue.execute("PRAGMA user_version").fetchone()[0]) != _VERSION
    known = {} if is_new else dict(catalogue.execute("SELECT id, stamp FROM shard"))
    if not is_new and known == {number: shard.stamp for number, shard in shards.items()}:
        return False
    catalogue.execute("BEGIN IMMEDIATE")
    try:
        if is_new:
            for table in ("entry", "shard"):
                catalogue.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in _TABLES.split(";"):
                catalogue.execute(statement)
            catalogue.execute(f"PRAGMA user_version = {_VERSION}")
        known = dict(catalogue.execute("SELECT id, stamp FROM shard"))  # another process may have been faster
        gone = known.keys() - shards.keys()
        changed = sorted(number for number, shard in shards.items() if known.get(number) != shard.stamp)
        catalogue.execute("CREATE TEMP TABLE IF NOT EXISTS touched (text TEXT PRIMARY KEY) WITHOUT ROWID")
        catalogue.execute("DELETE FROM touched")
        for number in sorted({*gone, *changed} & known.keys()):
            _touch(catalogue, number)
            catalogue.execute("DELETE FROM entry WHERE shard = ?", (number,))
            catalogue.execute("DELETE FROM shard WHERE id = ?", (number,))
        for number in progress(changed, desc="cataloguing", unit=" shards"):
            try:
                _insert(catalogue, shards[number], number)
            except InputError as error:  # one damaged shard does not hide the others
                say(f"left out: {error}")
                catalogue.execute("DELETE FROM entry WHERE shard = ?", (number,))
                continue
            if known:
                _touch(catalogue, number)
        condition = _TOUCHED if known else "TRUE"
        catalogue.execute(f"UPDATE entry SET listed = ({_FIRST}) WHERE ({condition}) AND listed <> ({_FIRST})")
        catalogue.execute("DELETE FROM touched")
        catalogue.execute("COMMIT")
    except BaseException:
        if catalogue.in_transaction:
            catalogue.execute("ROLLBACK")
        raise
    return True


def _touch(catalogue: sqlite3.Connection, number: int) -> None:
    """Note the names and addresses of a shard, whose other copies may be listed from now on or no longer."""
    for column in ("name", "address"):
        catalogue.execute(f"INSERT OR IGNORE INTO touched SELECT {column} FROM entry WHERE shard = ?", (number,))


def _insert(catalogue: sqlite3.Connection, shard: Shard, number: int) -> None:
    """Read a shard, and count its removed postings. Raises InputError where it is damaged."""
    removed = 0

    def entries() -> Iterator[tuple[object, ...]]:
        nonlocal removed
        for position, (place, line) in enumerate(read_lines(shard.path)):
            if row := row_of(shard.path, line):
                stamp = f"{shard.saved_at} {blake2b(line, digest_size=8).hexdigest()}"
                yield number, position, row.head.name, canonical(row.head.url), *place, stamp
            else:
                removed += 1

    catalogue.executemany(_INSERT, entries())
    catalogue.execute("INSERT INTO shard VALUES (?, ?, ?)", (number, shard.stamp, removed))
