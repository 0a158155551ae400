"""A table of hosts and of what their robots.txt files say against AI training, for an archive or a whole crawl."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from scrape.http.client import PRODUCT
from scrape.http.robots import Robots

_MOST_REDIRECTS = 5  # RFC 9309, section 2.3.1.2
_HELD = 1024  # hosts whose rules are in memory


class HostRules(NamedTuple):
    """The content of one answer to /robots.txt: the lines that decide on training, or the host that it redirects to."""

    host: str
    lines: str = ""
    redirect: str = ""


class RobotsTable:
    """The hosts whose robots.txt is known, and the lines of those that opt out, in the SQLite file at `path`.

    ":memory:" is a table of its own, which nobody else sees. To be used in the thread that opened it.
    """

    def __init__(self, path: Path | str = ":memory:") -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript("""
            CREATE TABLE IF NOT EXISTS hosts
                (host TEXT, lines TEXT, redirect TEXT, PRIMARY KEY (host, lines, redirect)) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS files (key TEXT PRIMARY KEY) WITHOUT ROWID;
        """)
        self.rules_of = lru_cache(_HELD)(self._rules_of)

    def has_file(self, key: str) -> bool:
        """Return whether the file of this key was added."""
        return bool(self._database.execute("SELECT 1 FROM files WHERE key = ?", (key,)).fetchone())

    def add(self, rules: Iterable[HostRules], key: str = "") -> None:
        """Add what robots.txt files say, all of it or nothing; `key` names the file that it comes from."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany("INSERT OR IGNORE INTO hosts VALUES (?, ?, ?)", rules)
            if key:
                self._database.execute("INSERT OR IGNORE INTO files VALUES (?)", (key,))
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
        self.rules_of.cache_clear()

    def fingerprint(self) -> str:
        """Return a checksum of the keys of all files, on which alone the contents depend."""
        keys = self._database.execute("SELECT key FROM files ORDER BY key")
        return hashlib.sha256("\n".join(key for (key,) in keys).encode()).hexdigest()

    def count(self) -> int:
        """Return the number of hosts that are known."""
        return int(self._database.execute("SELECT count(DISTINCT host) FROM hosts").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _rules_of(self, host: str) -> Sequence[Robots] | None:
        """Return the robots.txt files of a host that may opt out; None where none is known.

        A host may have several, of several times. What any of them says counts.
        """
        rules: list[Robots] = []
        known = False
        hosts, met = [host], {host}
        for _ in range(_MOST_REDIRECTS + 1):
            following: list[str] = []
            for each in hosts:
                for lines, redirect in self._database.execute(
                    "SELECT lines, redirect FROM hosts WHERE host = ? ORDER BY lines", (each,)
                ):
                    known = known or not redirect
                    rules += [Robots(lines, PRODUCT)] if lines else []
                    following += [redirect] if redirect and redirect not in met else []
            hosts = following
            met.update(following)
        return rules if known else None
