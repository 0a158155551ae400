"""The tables of the index, `index.sqlite`, and how they are brought up to date with the store.

The index is derived from the store alone: an old, damaged or missing one is built again. Each row has the stamp of its
posting, so that changes are found by listing the store; and where the times of the store have not changed since it was
last listed, it is not listed again. Many new postings are committed in parts, so that a killed run goes on.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

from scrape.common.console import progress, say
from scrape.common.databases import DATABASE_ERRORS, is_as_left, is_busy, is_damage, leave, quick_check
from scrape.common.errors import InputError
from scrape.common.files import refuse_link, write_whole
from scrape.common.pool import process_map
from scrape.common.posting import Posting
from scrape.dataset.index.text import encodable, searchable, special_words
from scrape.dataset.store import Store
from scrape.fields import match, places
from scrape.fields.pay import pay_of, yearly
from scrape.fields.places import Place
from scrape.fields.urls import canonical
from scrape.markup import document
from scrape.markup.reader import plain_text

FILE = "index.sqlite"
_VERSION = 8  # rises when the tables below change
_TABLES = """
CREATE TABLE posting (
    id INTEGER PRIMARY KEY, name TEXT UNIQUE, stamp TEXT, address TEXT,
    board TEXT, url TEXT, title TEXT, company TEXT, location TEXT, date TEXT, first_seen TEXT,
    min_amount REAL, max_amount REAL, currency TEXT, interval TEXT, salary_source TEXT, pay_year REAL,
    is_remote INTEGER, remote_scope TEXT, city TEXT, region TEXT, country TEXT, places TEXT,
    title_words TEXT, company_words TEXT, location_words TEXT
);
CREATE INDEX by_address ON posting (address);
CREATE INDEX by_date ON posting (date DESC, name);
CREATE INDEX by_words ON posting (title_words, company_words);
CREATE INDEX by_company ON posting (company);
CREATE INDEX by_board ON posting (board);
CREATE INDEX by_remote ON posting (is_remote);
CREATE TABLE place (
    posting INTEGER, city TEXT, region TEXT, country TEXT, area TEXT, remote INTEGER,
    whole_city TEXT, whole_region TEXT, whole_country TEXT, outer_region TEXT
);
CREATE INDEX place_of ON place (posting);
CREATE INDEX by_country ON place (country, posting);
CREATE INDEX by_city ON place (city, region, country, posting);
CREATE VIRTUAL TABLE words USING fts5 (
    title, company, location, body, special, tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE typing USING fts5 (
    title, company, location, body, special,
    content = 'words', tokenize = 'unicode61 remove_diacritics 2', prefix = '2'
)
"""
_INSERT_POSTING = f"INSERT INTO posting VALUES (NULL, {', '.join('?' * 25)})"
_INSERT_PLACE = f"INSERT INTO place VALUES ({', '.join('?' * 10)})"
_INSERT_TEXT = "INSERT INTO {} (rowid, title, company, location, body, special) VALUES (?, ?, ?, ?, ?, ?)"
_DELETE = (
    "INSERT INTO typing (typing, rowid, title, company, location, body, special) "
    "SELECT 'delete', rowid, title, company, location, body, special FROM words WHERE rowid = ?",
    "DELETE FROM words WHERE rowid = ?",
    "DELETE FROM place WHERE posting = ?",
    "DELETE FROM posting WHERE id = ?",
)
_WAIT = 30.0  # seconds for another process that is writing
_PART = 20_000  # postings that are committed together
_CACHE = -65_536  # kibibytes of pages: the rows of a large index are far apart
_TICK = 2_000_000_000  # nanoseconds; the coarsest times of file systems


def connect(store: Store) -> sqlite3.Connection:
    """Open the index of a dataset, up to date with the store; one in memory where no file can be written.

    Raises InputError where another process has been writing it for half a minute.
    """
    try:
        return _opened(store)
    except InputError as error:
        if is_busy(error.__cause__):
            raise
        say(f"{error}; searching without it")
        return _connected(store, None)


def refresh(store: Store) -> None:
    """Update the index from the store. Raises InputError where it cannot be written."""
    _opened(store).close()


def update(index: sqlite3.Connection, store: Store) -> None:
    """Bring an open index up to date, all or nothing. Raises InputError where it cannot be written."""
    path = index.execute("PRAGMA database_list").fetchone()[2]  # empty for one in memory
    try:
        _update(index, store, Path(path) if path else None)
    except (*DATABASE_ERRORS, OSError) as error:
        raise InputError(f"the index {path} cannot be brought up to date: {error}") from error


def _opened(store: Store) -> sqlite3.Connection:
    """Open the updated index; a damaged one is built again, once. Raises InputError where it cannot be written."""
    path = refuse_link(store.root / FILE)
    try:
        try:
            return _connected(store, path)
        except DATABASE_ERRORS as error:
            if not is_damage(error):
                raise
            path.unlink()
            return _connected(store, path)
    except (*DATABASE_ERRORS, OSError) as error:
        if is_busy(error):
            raise InputError(f"the index {path} is being built by another run; wait until it ends") from error
        raise InputError(f"the index {path} cannot be written: {error}") from error


def _connected(store: Store, path: Path | None) -> sqlite3.Connection:
    """Open the index at `path`, or one in memory, and update it from the store. One thread at a time may use it."""
    index = sqlite3.connect(path or ":memory:", timeout=_WAIT, isolation_level=None, check_same_thread=False)
    try:
        index.execute(f"PRAGMA cache_size = {_CACHE}")
        index.execute("PRAGMA secure_delete = ON")  # what is removed leaves no trace in the file
        if path and _version(index) not in (0, _VERSION):
            index.close()
            path.unlink()  # writing over the old tables, so that they leave no trace, would take longer than the rest
            return _connected(store, path)
        if path and not is_as_left(path):
            quick_check(index)
        _update(index, store, path)
    except BaseException:
        index.close()
        raise
    return index


def _update(index: sqlite3.Connection, store: Store, path: Path | None) -> None:
    """Update the index from the store; nothing is listed where the times of the store have not changed."""
    as_left = path is None or is_as_left(path)
    is_current = _version(index) == _VERSION
    listed = _listing(store)
    if path and as_left and is_current:
        if listed and listed == _noted_listing(store):
            return
        if _has_all(index, store):  # a dataset that may only be read comes to its end here
            _note_listing(store, listed)
            return
    index.execute("PRAGMA locking_mode = EXCLUSIVE")  # so that no other process writes between two parts
    try:
        index.execute("BEGIN IMMEDIATE")
        is_current = _version(index) == _VERSION  # another process may have been faster
        if not is_current:
            _make_tables(index)
        elif not as_left:  # the words lie in blobs, which nothing else checks
            for table in ("words", "typing"):
                index.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")
        _update_rows(index, store, path)
        index.execute("COMMIT")
    except BaseException:
        if index.in_transaction:  # an error of the disk may have ended it
            index.execute("ROLLBACK")
        raise
    finally:
        index.execute("PRAGMA locking_mode = NORMAL")
        with suppress(sqlite3.Error):
            _version(index)  # which lets go of the file
    if path:
        if not is_as_left(path):
            leave(path)
        _note_listing(store, listed)


def _version(index: sqlite3.Connection) -> int:
    return int(index.execute("PRAGMA user_version").fetchone()[0])


def _make_tables(index: sqlite3.Connection) -> None:
    for table in ("typing", "words", "posting", "place"):
        index.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in _TABLES.split(";"):
        index.execute(statement)
    index.execute(f"PRAGMA user_version = {_VERSION}")


def _listing(store: Store) -> str:
    """Return the times of the store as a text.

    It is empty where one has changed just now: another change could leave its time as it is.
    """
    times = store.times()
    return f"{[*times]}\n" if times and max(times) < time.time_ns() - _TICK else ""


def _listing_note(store: Store) -> Path:
    return store.root / f".{FILE}.listed"


def _note_listing(store: Store, listed: str) -> None:
    with suppress(OSError):  # without the note, the folders are listed the next time as well
        write_whole(_listing_note(store), listed)


def _noted_listing(store: Store) -> str:
    try:
        return _listing_note(store).read_text("ascii", "replace")
    except OSError:
        return ""


def _has_all(index: sqlite3.Connection, store: Store) -> bool:
    rows = index.execute("SELECT name, stamp FROM posting ORDER BY name")
    return all(one == other for one, other in zip_longest(rows, store.stamps()))


def _update_rows(index: sqlite3.Connection, store: Store, path: Path | None) -> None:
    gone, new = _changes(index, store)
    for row in gone:
        for statement in _DELETE:
            index.execute(statement, (row,))
    wanted = [(name, new[name]) for name in store.in_reading_order(new)]
    with process_map(partial(_read, store), wanted, ordered=True) as results:
        for number, made in enumerate(progress(results, total=len(wanted), desc="indexing", unit=" postings"), 1):
            if isinstance(made, str):
                say(f"not in the index: {made}")
                continue
            added = index.execute(_INSERT_POSTING, made.columns).lastrowid
            index.executemany(_INSERT_PLACE, [(added, *place) for place in made.places])
            for table in ("words", "typing"):
                index.execute(_INSERT_TEXT.format(table), [added, *made.words])
            if path and number % _PART == 0:
                index.execute("COMMIT")
                leave(path)
                index.execute("BEGIN IMMEDIATE")


def _changes(index: sqlite3.Connection, store: Store) -> tuple[list[int], dict[str, str]]:
    """Return the rows that are no longer true, and {name: stamp} of the postings that have none."""
    gone, new = [], {}
    rows = index.execute("SELECT name, stamp, id FROM posting ORDER BY name")
    there = store.stamps()
    row, found = next(rows, None), next(there, None)
    while row or found:
        if row and found and row[:2] == found:
            row, found = next(rows, None), next(there, None)
        elif found and (not row or found[0] < row[0]):
            new[found[0]] = found[1]
            found = next(there, None)
        else:
            assert row is not None
            gone.append(row[2])
            row = next(rows, None)
    return gone, new


@dataclass(frozen=True, slots=True)
class _Indexed:
    """The values of a posting in the tables of the index."""

    columns: list[Any]
    places: list[tuple[str | int, ...]]
    words: list[str]


def _read(store: Store, asked: tuple[str, str]) -> _Indexed | str:
    """Read a posting, by its name and stamp, for the index; a text says why it cannot be read."""
    try:
        return _indexed(store.head(asked[0]), store.document(asked[0]), asked[1])
    except InputError as error:  # one damaged file, or one that is being removed, does not end the search
        return str(error)


def _indexed(head: Posting, markup: str, stamp: str) -> _Indexed:
    text = plain_text(document.blocks_of(markup))  # the head has columns of its own
    facts = facts_of(head, text)
    texts = (head.board, head.url, head.title, head.company, head.location, head.date)
    columns = [
        head.name,
        stamp,
        *map(encodable, (canonical(head.url), *texts)),
        _utc(stamp),
        *(facts | {"places": json.dumps(facts["places"], ensure_ascii=False)}).values(),
        f" {' '.join(sorted(match.title_words(encodable(head.title))))} ",
        *(f" {match.company_words(encodable(text))} " for text in (head.company, head.location)),
    ]
    body = " ".join(text.split())
    words = [encodable(searchable(part)) for part in (head.title, head.company, head.location, body)]
    rows = [_place_row(place) for place in places.read(encodable(head.location))]
    return _Indexed(columns, rows, [*words, special_words("\n".join(words))])


def _utc(stamp: str) -> str:
    """Return the time with which a stamp begins as an ISO time of milliseconds in UTC."""
    nanoseconds = int(stamp.split()[0])
    return datetime.fromtimestamp(nanoseconds // 10**6 / 1000, UTC).isoformat(timespec="milliseconds")


def facts_of(head: Posting, text: str) -> dict[str, Any]:
    """Return what a posting with this plain text says of pay and places: the columns from `min_amount` to `places`.

    It is remote where its board or its location says so, and is not where one of these says where it is. City, region
    and country are those of its first place but `Remote` alone.
    """
    pay, source = pay_of(head, text)
    found = places.read(encodable(head.location))
    says_where = head.remote is not None or bool(found)
    first = next((place for place in found if place != Place(remote=True)), Place())
    scope = dict.fromkeys(place.country or place.area for place in found if place.remote)
    return {
        "min_amount": pay.minimum if pay else None,
        "max_amount": pay.maximum if pay else None,
        "currency": pay.currency if pay else "",
        "interval": pay.period if pay else "",
        "salary_source": source,
        "pay_year": yearly(pay) if pay else None,
        "is_remote": head.remote or any(place.remote for place in found) or (False if says_where else None),
        "remote_scope": ", ".join(filter(None, scope)),
        "city": city_name(first.city),
        "region": first.region,
        "country": first.country,
        "places": [place_line(place) for place in found],
    }


def city_name(city: str) -> str:
    """Return the name of a city for people: that of the tables, or its key with capitals where they do not have it."""
    name = places.city_name(city)
    return name.title() if name == city else name


def place_line(place: Place) -> str:
    """Return a place as `San Francisco, CA, US` or `Remote, US`."""
    parts = ("Remote" if place.remote else "", city_name(place.city), place.region, place.country or place.area)
    return ", ".join(filter(None, parts))


def _place_row(place: Place) -> tuple[str | int, ...]:
    """Return the columns of a place, with the city and the region that it is a part of: `match` compares both."""
    whole = places.whole_city(place)
    outer = places.whole_region(whole)
    own = (place.city, place.region, place.country, place.area, int(place.remote))
    return *own, whole.city, whole.region, whole.country, f"{outer.country}-{outer.code}"
