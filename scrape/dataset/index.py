"""Search the saved postings: a full-text index in `index.sqlite`, updated from the store before each use.

The index is derived from the store alone: an old, damaged or missing one is built again. Each row has the times of its
posting's two files, so that changes are found by listing the folders.
"""

from __future__ import annotations

import difflib
import re
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

from scrape.common.console import progress, say
from scrape.common.databases import DATABASE_ERRORS, is_as_left, is_damage, leave, quick_check
from scrape.common.errors import InputError
from scrape.common.files import refuse_link
from scrape.common.posting import Pay, Posting
from scrape.dataset.store import Store
from scrape.fields import match
from scrape.fields.pay import pay_of
from scrape.markup.grammar import JOINERS, normalize
from scrape.markup.reader import plain_text

FILE = "index.sqlite"
_VERSION = 4  # rises when the tables below change
_TABLES = """
CREATE TABLE posting (
    id INTEGER PRIMARY KEY, name TEXT UNIQUE, stamp TEXT,
    board TEXT, url TEXT, title TEXT, company TEXT, location TEXT, date TEXT,
    min_amount REAL, max_amount REAL, currency TEXT, interval TEXT, salary_source TEXT
);
CREATE VIRTUAL TABLE words USING fts5 (
    title, company, location, body, special, tokenize = 'porter unicode61 remove_diacritics 2'
);
"""
_FIELDS = "name, board, url, title, company, location, date, min_amount, max_amount, currency, interval, salary_source"
_BY_WORDS = f"""
SELECT id, {", ".join(f"posting.{field.strip()}" for field in _FIELDS.split(","))}
FROM words JOIN posting ON posting.id = words.rowid
WHERE words MATCH ? ORDER BY bm25(words, 10, 5, 3, 1, 1), name
"""  # a word in the title counts ten times as much as one in the text
_BY_DATE = f"SELECT id, {_FIELDS} FROM posting ORDER BY date DESC, name"
# For one posting at a time: in the query above, it would be computed for every posting that has the words.
_EXCERPT = "SELECT snippet(words, 3, '', '', ' ... ', 24) FROM words WHERE words MATCH ? AND rowid = ?"
_INSERT_POSTING = """
INSERT INTO posting (
    name, stamp, board, url, title, company, location, date, min_amount, max_amount, currency, interval, salary_source
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_INSERT_WORDS = "INSERT INTO words (rowid, title, company, location, body, special) VALUES (?, ?, ?, ?, ?, ?)"
_TYPES = (*[str] * 7, *[float | None] * 2, *[str] * 3)  # of _FIELDS
_TERM = re.compile(r'"([^"]*)"|([^\s"]+)')
# Chinese characters and Japanese kana, which are written without spaces: each is a word of its own.
_CJ = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAS_CJ = re.compile(f"[{_CJ}]")
_CJ_WORDS = re.compile(f"[{_CJ}]|[^\\W{_CJ}]+")
_SPECIAL = re.compile(  # tried once at each word, so the time is linear
    rf"(?<!\w)[^\W{_CJ}]*+[{_CJ}]\w*|(?P<signs>(?<!\w)[^\W{_CJ}]++(?:\+\+|\#)(?!\w))|(?P<dotted>\.[^\W\d_]\w*)"
)
_SIGNS = str.maketrans({"+": "plus", "#": "sharp", ".": "dot"})
_plain_word = re.compile(r"[^\W\d_]{3,40}")
_MOST_READ, _COMMON = 5000, 3  # postings
_joiner = re.compile(f"[{JOINERS}]")
_HEAD_OR_TAG = re.compile(r"<(h[123])>.*?</\1>|</?[a-z0-9]+/?>")  # the head has columns of its own


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A posting that was found. `excerpt` is the part of its text that has the words.

    The five columns of pay are named as in the JobSpy package: `interval` is the period, such as `yearly`, and
    `salary_source` is `board`, or `text` where only the text of the posting states pay. Without pay, all are empty.
    """

    name: str
    board: str
    url: str
    title: str
    company: str
    location: str
    date: str
    min_amount: float | None = None
    max_amount: float | None = None
    currency: str = ""
    interval: str = ""
    salary_source: str = ""
    excerpt: str = ""

    @property
    def pay(self) -> Pay | None:
        """The pay, if there is any."""
        return Pay(self.min_amount, self.max_amount, self.currency, self.interval) if self.interval else None


def find(store: Store, words: str = "", *, place: str = "", company: str = "", since: str = "") -> Iterator[SearchHit]:
    """Yield the postings with all these words, best first; without words all postings, newest first.

    Words are found in any inflection (`manage` finds `managing`); "words in quotes" must be adjacent; `data*` is a
    prefix. Place, company and since mean the same as in a search of the boards. Where the index cannot be saved, it is
    built in memory. Raises InputError.
    """
    where = match.place_query(place, "")
    asked = _fts5_query(words)

    def passes(hit: SearchHit) -> bool:
        return (
            match.in_place(hit.location, *where)
            and match.of_company(hit.company, company)
            and match.is_since(hit.date, since)
        )

    given: set[str] = set()
    for again in (False, True):
        try:
            with closing(_open_or_in_memory(store)) as index:
                for hit in _hits(index, asked, passes):
                    if hit.name not in given:
                        given.add(hit.name)
                        yield hit
            return
        except DATABASE_ERRORS as error:  # damage that only reading meets
            if again or not is_damage(error):
                raise
            (store.root / FILE).unlink()


def similar_words(store: Store, words: str) -> dict[str, str]:
    """Return the words of a query that no posting has, each with the word of at least three postings most like it.

    Only the first thousands of postings are looked through.
    """
    counts: Counter[str] = Counter()
    with closing(_open_or_in_memory(store)) as index:
        for texts in index.execute("SELECT title, company, body FROM words LIMIT ?", (_MOST_READ,)):
            counts.update({word.lower() for text in texts for word in _plain_word.findall(text)})
    known = [word for word, count in counts.items() if count >= _COMMON]
    asked = {word.lower() for word in _plain_word.findall(words)} - counts.keys()
    near = {word: difflib.get_close_matches(word, known, n=1, cutoff=0.8) for word in sorted(asked)}
    return {word: found[0] for word, found in near.items() if found}


def refresh(store: Store) -> None:
    """Update the index from the store. Raises InputError where it cannot be written."""
    _open(store).close()


def _hits(index: sqlite3.Connection, asked: str, passes: Callable[[SearchHit], bool]) -> Iterator[SearchHit]:
    rows = index.execute(_BY_WORDS, (asked,)) if asked else index.execute(_BY_DATE)
    for row, *columns in rows:
        if not all(isinstance(column, types) for column, types in zip(columns, _TYPES, strict=True)):
            raise sqlite3.DatabaseError(f"row {row} is damaged")
        if passes(hit := SearchHit(*columns)):
            yield replace(hit, excerpt=index.execute(_EXCERPT, (asked, row)).fetchone()[0]) if asked else hit


def _fts5_query(words: str) -> str:
    """Return the words as a query of FTS5, in which nothing a person types acts as an operator."""
    terms = []
    for quoted, plain in _TERM.findall(unicodedata.normalize("NFKC", _searchable(words))):
        star = "*" if plain.endswith("*") else ""
        term = quoted or plain.rstrip("*")
        special = list(_SPECIAL.finditer(term)) if (not quoted and _SPECIAL.match(term)) or _HAS_CJ.search(term) else []
        terms += [f'special : "{_special_word(found)}"{star}' for found in special]
        if re.search(r"\w", rest := _SPECIAL.sub(" ", term) if special else term):
            terms.append(f'"{rest}"{star}')
    if words.strip() and not terms:
        raise InputError(f"{words!r} holds no word to look for")
    return " AND ".join(terms)


def _special_words(text: str) -> str:
    """Return the words of a text that the tokenizer would miss: `C++`, `C#`, `.NET`, and Chinese and Japanese ones."""
    found = map(_special_word, _SPECIAL.finditer(unicodedata.normalize("NFKC", text)))
    return " 0 ".join(dict.fromkeys(found))  # the 0 keeps words apart that are not neighbours


def _special_word(found: re.Match[str]) -> str:
    if found["signs"] or found["dotted"]:
        return found[0].translate(_SIGNS)
    return " ".join(_CJ_WORDS.findall(found[0]))


def _open_or_in_memory(store: Store) -> sqlite3.Connection:
    try:
        return _open(store)
    except InputError as error:
        say(f"{error}; searching without it")
        return _update(store, ":memory:")


def _open(store: Store) -> sqlite3.Connection:
    """Open the updated index; a damaged one is built again, once. Raises InputError where it cannot be written."""
    path = refuse_link(store.root / FILE)
    try:
        try:
            return _update(store, path)
        except DATABASE_ERRORS as error:
            if not is_damage(error):
                raise
            path.unlink()
            return _update(store, path)
    except (*DATABASE_ERRORS, OSError) as error:
        raise InputError(f"the index {path} cannot be written: {error}") from error


def _update(store: Store, path: Path | str) -> sqlite3.Connection:
    """Open the index at `path` and update it from the store, all or nothing."""
    index = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        index.execute("PRAGMA secure_delete = ON")  # what is removed leaves no trace in the file
        as_left = not isinstance(path, Path) or is_as_left(path)
        if not as_left:
            quick_check(index)
        index.execute("BEGIN IMMEDIATE")
        if index.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            for table in ("posting", "words"):
                index.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in _TABLES.split(";"):
                index.execute(statement)
            index.execute(f"PRAGMA user_version = {_VERSION}")
        elif not as_left:  # the words lie in blobs, which nothing else checks
            index.execute("INSERT INTO words (words) VALUES ('integrity-check')")
        _update_rows(index, store)
        index.execute("COMMIT")
        if isinstance(path, Path) and not is_as_left(path):
            leave(path)
    except BaseException:
        index.close()  # rolls back
        raise
    return index


def _update_rows(index: sqlite3.Connection, store: Store) -> None:
    stamps = store.stamps()
    rows = {name: (row, stamp) for row, name, stamp in index.execute("SELECT id, name, stamp FROM posting")}
    for name, (row, stamp) in rows.items():
        if stamps.get(name) != stamp:
            index.execute("DELETE FROM posting WHERE id = ?", (row,))
            index.execute("DELETE FROM words WHERE rowid = ?", (row,))
    new = sorted(name for name, stamp in stamps.items() if rows.get(name, (0, ""))[1] != stamp)
    for name in progress(new, desc="indexing", unit=" postings"):
        try:
            head, document = store.head(name), store.document(name)
        except InputError as error:  # one damaged file, or one that is being removed, does not end the search
            say(f"not in the index: {error}")
            continue
        text = (head.board, head.url, head.title, head.company, head.location, head.date)
        columns = [name, stamps[name], *map(_encodable, text), *_pay_columns(head, document)]
        row = index.execute(_INSERT_POSTING, columns).lastrowid
        body = " ".join(unescape(_HEAD_OR_TAG.sub(" ", document)).split())
        words = [_encodable(_searchable(text)) for text in (head.title, head.company, head.location, body)]
        index.execute(_INSERT_WORDS, [row, *words, _special_words("\n".join(words))])


def _pay_columns(head: Posting, text: str) -> tuple[float | None, float | None, str, str, str]:
    """Return the last five columns of a posting with this document."""
    pay, source = pay_of(head, plain_text(text))
    return (pay.minimum, pay.maximum, pay.currency, pay.period, source) if pay else (None, None, "", "", "")


def _searchable(text: str) -> str:
    """Return the text as words are compared: normalized, and without joiners, which some people type and others not."""
    return _joiner.sub("", normalize(text))


def _encodable(text: str) -> str:
    """Return the text with half characters, which SQLite cannot store, as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
