"""The notes of the desk in `desk.db`: saved searches, and up to where postings were seen.

Labels are not here but in `labels.db`, and everything else is in the address of a page.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from scrape.common.databases import DATABASE_ERRORS, is_damage
from scrape.common.errors import InputError
from scrape.common.files import refuse_link

FILE = "desk.db"
MAX_SEARCHES, MAX_NAME, MAX_QUERY = 100, 60, 2_000

_TABLES = """
CREATE TABLE IF NOT EXISTS search (name TEXT PRIMARY KEY, query TEXT NOT NULL, seen_up_to TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS visit (id INTEGER PRIMARY KEY CHECK (id = 1), seen_up_to TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search by name: the query string of its page, and the `first_seen` of the newest posting seen in it."""

    name: str
    query: str
    seen_up_to: str


class Notebook:
    """The notes of one dataset. Every change is on the disk when the call returns.

    All methods raise InputError where the file cannot be used.
    """

    def __init__(self, root: Path) -> None:
        self._path = refuse_link(root / FILE)

    @property
    def exists(self) -> bool:
        """True where something was noted before."""
        return self._path.exists()

    def seen_up_to(self, newest: str) -> str:
        """Return the `first_seen` of the newest posting that was seen; on the first visit it is `newest`."""
        with self._database() as database:
            database.execute("INSERT OR IGNORE INTO visit VALUES (1, ?)", (newest,))
            return str(database.execute("SELECT seen_up_to FROM visit").fetchone()[0])

    def mark_seen(self, newest: str) -> None:
        """Note that all postings up to the `first_seen` `newest` have been seen, in saved searches as well."""
        with self._database() as database:
            database.execute("INSERT OR REPLACE INTO visit VALUES (1, ?)", (newest,))
            database.execute("UPDATE search SET seen_up_to = ?", (newest,))

    def searches(self) -> list[SavedSearch]:
        """Return all saved searches, by name."""
        with self._database() as database:
            rows = database.execute(
                "SELECT name, query, seen_up_to FROM search ORDER BY name COLLATE NOCASE"
            ).fetchall()
        return [SavedSearch(*row) for row in rows]

    def save(self, name: str, query: str, newest: str) -> None:
        """Save a search, in place of one with the same name. Raises InputError for a name or query that is too long."""
        name = " ".join(name.split())
        if not name or len(name) > MAX_NAME or len(query) > MAX_QUERY:
            raise InputError(
                f"a search needs a name of 1 to {MAX_NAME} characters, and a query of at most {MAX_QUERY:,}"
            )
        if len({search.name for search in self.searches()} | {name}) > MAX_SEARCHES:
            raise InputError(f"at most {MAX_SEARCHES} searches are saved; delete one first")
        with self._database() as database:
            database.execute("INSERT OR REPLACE INTO search VALUES (?, ?, ?)", (name, query, newest))

    def delete(self, name: str) -> None:
        """Delete a saved search, if it is there."""
        with self._database() as database:
            database.execute("DELETE FROM search WHERE name = ?", (name,))

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=30)) as database, database:
                database.executescript(_TABLES)
                yield database
        except DATABASE_ERRORS as error:
            remedy = "move it aside: it holds your searches" if is_damage(error) else "free it, or make it writable"
            raise InputError(f"{self._path} cannot be used ({error}); {remedy}") from error
