"""Search in one's own postings: a full-text index in `index.sqlite`, brought in step with the store at every use.

The index is made of the store and of nothing else: an old, spoilt or missing one is made anew. Each row remembers the
times of its posting's two files, so that what changed since is found by looking at the folders alone.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

from scrape.common.console import progress, say
from scrape.common.errors import InputError
from scrape.common.posting import Posting
from scrape.dataset.store import Store
from scrape.fields import match

FILE = "index.sqlite"
_VERSION = 1  # rises when the tables below change
_TABLES = """
CREATE TABLE posting (
    id INTEGER PRIMARY KEY, name TEXT UNIQUE, stamp TEXT,
    board TEXT, url TEXT, title TEXT, company TEXT, location TEXT, date TEXT
);
CREATE VIRTUAL TABLE words USING fts5 (
    title, company, location, body, tokenize = 'porter unicode61 remove_diacritics 2'
);
"""
_FIELDS = "name, board, url, title, company, location, date"
_BY_WORDS = f"""
SELECT id, {", ".join(f"posting.{field.strip()}" for field in _FIELDS.split(","))}
FROM words JOIN posting ON posting.id = words.rowid
WHERE words MATCH ? ORDER BY bm25(words, 10, 5, 3, 1), name
"""  # a word in the title says ten times as much as one in the text
_BY_DATE = f"SELECT id, {_FIELDS} FROM posting ORDER BY date DESC, name"
# Asked for one posting at a time: above, it would be made of every posting that has the words.
_EXCERPT = "SELECT snippet(words, 3, '', '', ' ... ', 24) FROM words WHERE words MATCH ? AND rowid = ?"
_TERM = re.compile(r'"([^"]*)"|([^\s"]+)')
_HEAD_OR_TAG = re.compile(r"<(h[123])>.*?</\1>|</?[a-z0-9]+/?>")  # the head has columns of its own


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A posting that was found. `excerpt` is the stretch of its text that has the words."""

    name: str
    board: str
    url: str
    title: str
    company: str
    location: str
    date: str
    excerpt: str = ""


def find(store: Store, words: str = "", *, place: str = "", company: str = "", since: str = "") -> Iterator[SearchHit]:
    """The postings with all these words, best first; without words all, newest first.

    Words are found in any inflection (`manage` finds `managing`); "words in quotes" stand together; `data*` is a
    beginning. Place, company and since mean what they mean in a search. Raises InputError.
    """
    city, state = match.place(place) if place else ("", "")
    asked = _expression(words)
    with closing(_to_read(store)) as index:
        rows = index.execute(_BY_WORDS, (asked,)) if asked else index.execute(_BY_DATE)
        for row, *fields in rows:
            hit = SearchHit(*fields)
            if (
                match.in_place(hit.location, city, state)
                and match.of_company(hit.company, company)
                and match.is_since(hit.date, since)
            ):
                yield replace(hit, excerpt=index.execute(_EXCERPT, (asked, row)).fetchone()[0]) if asked else hit


def refresh(store: Store) -> None:
    """Bring the index in step with the store."""
    _in_step(store).close()


def _expression(words: str) -> str:
    """The words in the language of FTS5, where nothing a person types is taken for an operator."""
    terms = []
    for quoted, plain in _TERM.findall(words):
        star = "*" if plain.endswith("*") else ""
        if re.search(r"\w", quoted or plain):
            terms.append(f'"{quoted or plain.rstrip("*")}"{star}')
    if words.strip() and not terms:
        raise InputError(f"{words!r} holds no word to look for")
    return " ".join(terms)


def _to_read(store: Store) -> sqlite3.Connection:
    """The index to look something up in: where it cannot be saved, one that lives as long as the command."""
    try:
        return _in_step(store)
    except InputError as error:
        say(str(error))
        return _opened(store, ":memory:")


def _in_step(store: Store) -> sqlite3.Connection:
    """The opened index, equal to the store. One that cannot be read is made anew. Raises InputError."""
    path = store.root / FILE
    try:
        return _opened(store, path)
    except sqlite3.OperationalError as error:
        raise InputError(f"the index {path} cannot be written: {error}") from error
    except sqlite3.DatabaseError:
        path.unlink()
        return _opened(store, path)


def _opened(store: Store, path: Path | str) -> sqlite3.Connection:
    index = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        index.execute("PRAGMA secure_delete = ON")  # what is removed leaves no trace in the file
        index.execute("BEGIN IMMEDIATE")
        if index.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            _make(index)
        _update(index, store)
        index.execute("COMMIT")
    except BaseException:
        index.close()  # takes back what was begun
        raise
    return index


def _make(index: sqlite3.Connection) -> None:
    for table in ("posting", "words"):
        index.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in _TABLES.split(";"):
        index.execute(statement)
    index.execute(f"PRAGMA user_version = {_VERSION}")


def _update(index: sqlite3.Connection, store: Store) -> None:
    there = store.stamps()
    rows = {name: (row, stamp) for row, name, stamp in index.execute("SELECT id, name, stamp FROM posting")}
    for name, (row, stamp) in rows.items():
        if there.get(name) != stamp:
            index.execute("DELETE FROM posting WHERE id = ?", (row,))
            index.execute("DELETE FROM words WHERE rowid = ?", (row,))
    new = sorted(name for name, stamp in there.items() if rows.get(name, (0, ""))[1] != stamp)
    for name in progress(new, desc="indexing", unit=" postings"):
        try:
            head, document = store.head(name), store.document(name)
        except InputError as error:  # one spoilt file, or one that is being removed, does not end the search
            say(f"not in the index: {error}")
            continue
        _insert(index, head, name, there[name], document)


def _insert(index: sqlite3.Connection, head: Posting, name: str, stamp: str, document: str) -> None:
    fields = (name, stamp, head.board, head.url, head.title, head.company, head.location, head.date)
    row = index.execute(
        f"INSERT INTO posting (name, stamp, board, url, title, company, location, date) VALUES ({_marks(8)})",
        [_whole(field) for field in fields],
    ).lastrowid
    body = " ".join(unescape(_HEAD_OR_TAG.sub(" ", document)).split())
    words = [_whole(text) for text in (head.title, head.company, head.location, body)]
    index.execute(f"INSERT INTO words (rowid, title, company, location, body) VALUES ({_marks(5)})", [row, *words])


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _whole(text: str) -> str:
    """Half characters, which SQLite has no room for, as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
