"""The opened index: counts, pages and facets of the saved postings, each by one query."""

from __future__ import annotations

import difflib
import json
import re
import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

from scrape.common.databases import DATABASE_ERRORS, is_damage
from scrape.common.posting import Pay
from scrape.dataset.index import build
from scrape.dataset.index.filters import Condition, Filters, condition_of
from scrape.dataset.index.text import encodable
from scrape.dataset.store import Store

_COLUMNS = (
    *("name", "board", "url", "title", "company", "location", "date", "first_seen"),
    *("min_amount", "max_amount", "currency", "interval", "salary_source", "pay_year"),
    *("is_remote", "remote_scope", "city", "region", "country", "places"),
)
_FIELDS = ", ".join(f"posting.{column}" for column in _COLUMNS)
_TYPES = (*[str] * 8, *[float | None] * 2, *[str] * 3, float | None, int | None, *[str] * 5)  # of _COLUMNS
_BEST = "bm25(words, 10, 5, 3, 1, 1)"  # a word in the title counts ten times as much as one in the text
_ORDERS = {
    "new": "posting.date DESC, posting.name",
    "pay": "posting.currency = ? DESC, posting.pay_year DESC NULLS LAST, posting.date DESC, posting.name",
}
_EXCERPTS = (
    "SELECT rowid, snippet({0}, 3, ?, ?, ' ... ', 24) FROM {0} "
    "WHERE {0} MATCH ? AND +rowid IN (SELECT value FROM json_each(?))"
)
_FACETS = {
    "country": "SELECT place.country, count(DISTINCT place.posting) FROM place {places} GROUP BY 1",
    "company": "SELECT posting.company, count(*) FROM posting {postings} GROUP BY 1",
    "board": "SELECT posting.board, count(*) FROM posting {postings} GROUP BY 1",
    "remote": "SELECT CASE posting.is_remote WHEN 1 THEN 'yes' WHEN 0 THEN 'no' ELSE 'unknown' END, count(*) "
    "FROM posting {postings} GROUP BY 1",
    "pay": "SELECT 'stated', count(*) FROM posting {postings} AND posting.interval <> ''",
}
_plain_word = re.compile(r"[^\W\d_]{3,40}")
_MOST_READ, _COMMON = 5000, 3  # postings

ALL = Filters()
Facets = dict[str, list[tuple[str, int]]]


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A posting that was found. `excerpt` is the part of its text that has the words.

    The columns of pay are named as in the JobSpy package: `interval` is the period, such as `yearly`, and
    `salary_source` is `board`, or `text` where only the text of the posting states pay. Without pay, all are empty.
    `pay_year` is the upper end for a year of full-time work. `city`, `region` and `country` are those of its first
    place, and `places` has all, such as `San Francisco, CA, US`. `is_remote` is None where nothing tells, and
    `remote_scope` has the codes of the countries where remote work may be done. `first_seen` is when it was saved, as
    an ISO time in UTC.
    """

    name: str
    board: str
    url: str
    title: str
    company: str
    location: str
    date: str
    first_seen: str
    min_amount: float | None = None
    max_amount: float | None = None
    currency: str = ""
    interval: str = ""
    salary_source: str = ""
    pay_year: float | None = None
    is_remote: bool | None = None
    remote_scope: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    places: tuple[str, ...] = ()
    excerpt: str = ""

    @property
    def pay(self) -> Pay | None:
        """The pay, if there is any."""
        return Pay(self.min_amount, self.max_amount, self.currency, self.interval) if self.interval else None


class PostingIndex:
    """The index of a dataset, opened by `open_index`. Its methods may be called from several threads, one at a time.

    It shows the store as it was when it was opened, or at the last `refresh`. Methods that take filters raise
    InputError where these cannot be read.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.RLock()
        self._index = build.connect(store)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._index.close()

    def refresh(self) -> None:
        """Take in what changed in the store: its folders are listed, which takes a second for 50,000 postings."""
        with self._lock:
            build.update(self._index, self._store)

    def count(self, filters: Filters = ALL) -> int:
        """Return the number of postings that are asked for."""
        wanted = condition_of(filters)
        return int(self._rows(f"SELECT count(*) FROM posting WHERE {wanted.sql}", wanted.values)[0][0])

    def rows(
        self,
        filters: Filters = ALL,
        sort: str = "match",
        limit: int | None = None,
        offset: int = 0,
        marks: tuple[str, str] = ("", ""),
    ) -> list[SearchHit]:
        """Return the postings that are asked for, those from `offset` on, at most `limit`.

        `sort` is `new`; `pay`, the best paid in the currency of the filters first; or `match`, the best first where
        words are asked for, else `new`. Where only the beginning of a word is asked for, postings with it in the title
        come first, then the newest. `marks` are put before and after each word that was found in the excerpt.
        """
        found = self._ordered(f"posting.id, {_FIELDS}", filters, sort, -1 if limit is None else limit, offset)
        excerpts = self._excerpts([row[0] for row in found], filters, marks)
        return [replace(_hit(row), excerpt=excerpts.get(row[0], "")) for row in found]

    def names(self, filters: Filters = ALL, sort: str = "match") -> list[str]:
        """Return the names of all postings that are asked for, in the order of `rows`."""
        return [name for (name,) in self._ordered("posting.name", filters, sort)]

    def newest(self) -> str:
        """Return when the newest posting was saved, as in `SearchHit.first_seen`; empty where there is none."""
        return str(self._rows("SELECT coalesce(max(first_seen), '') FROM posting", ())[0][0])

    def row(self, name: str) -> SearchHit | None:
        """Return the posting of this name, or None."""
        found = self._rows(f"SELECT posting.id, {_FIELDS} FROM posting WHERE name = ?", (name,))
        return _hit(found[0]) if found else None

    def facets(self, filters: Filters = ALL, most: int = 20) -> Facets:
        """Return how many of the postings that are asked for there are by country, company, board, and so on.

        Each facet has at most `most` values, the most frequent first; a value that is not known is not counted but
        for `remote`, which has `yes`, `no` and `unknown`. `pay` has the number of those that state pay.
        """
        wanted = condition_of(filters)
        narrow = wanted.sql != "TRUE"
        postings = "WHERE posting.id IN found" if narrow else "WHERE TRUE"
        places = "WHERE place.posting IN found" if narrow else "WHERE TRUE"
        queries = [
            f"SELECT '{name}', * FROM ({query.format(postings=postings, places=places)} ORDER BY 2 DESC, 1 LIMIT ?)"
            for name, query in _FACETS.items()
        ]
        begin = f"WITH found AS MATERIALIZED (SELECT posting.id FROM posting WHERE {wanted.sql}) " if narrow else ""
        values = (wanted.values if narrow else ()) + (most + 1,) * len(queries)
        found: Facets = {name: [] for name in _FACETS}
        for facet, value, count in self._rows(begin + " UNION ALL ".join(queries), values):
            if value and len(found[facet]) < most:
                found[facet].append((value, count))
        return found

    def currencies(self, filters: Filters) -> dict[str, int]:
        """Return how many of the postings that are asked for state pay in each currency, whatever their pay."""
        wanted = condition_of(replace(filters, min_pay=0.0))
        return dict(
            self._rows(
                f"SELECT posting.currency, count(*) FROM posting WHERE {wanted.sql} AND posting.interval <> '' "
                "GROUP BY 1 ORDER BY 2 DESC, 1",
                wanted.values,
            )
        )

    def addresses(self, marks: Collection[str] | None = None) -> dict[str, str]:
        """Return {name: canonical URL} of all postings, by name, or of those with one of these names or URLs."""
        if marks is None:
            return dict(self._rows("SELECT name, address FROM posting ORDER BY name", ()))
        asked = json.dumps(sorted(marks))
        one = "IN (SELECT value FROM json_each(?))"
        query = f"SELECT name, address FROM posting WHERE name {one} OR (address <> '' AND address {one}) ORDER BY name"
        return dict(self._rows(query, (asked, asked)))

    def similar_words(self, words: str) -> dict[str, str]:
        """Return the words of a query that no posting has, each with the word of at least three postings most like it.

        Only the first thousands of postings are looked through.
        """
        counts: Counter[str] = Counter()
        for texts in self._rows("SELECT title, company, body FROM words LIMIT ?", (_MOST_READ,)):
            counts.update({word.lower() for text in texts for word in _plain_word.findall(text)})
        known = [word for word, count in counts.items() if count >= _COMMON]
        asked = {word.lower() for word in _plain_word.findall(words)} - counts.keys()
        near = {word: difflib.get_close_matches(word, known, n=1, cutoff=0.8) for word in sorted(asked)}
        return {word: found[0] for word, found in near.items() if found}

    def _ordered(
        self, columns: str, filters: Filters, sort: str, limit: int = -1, offset: int = 0
    ) -> list[tuple[Any, ...]]:
        """Return columns of the postings that are asked for, sorted as `rows` says; all of them without a limit."""
        source, wanted = "posting", condition_of(filters)
        asked = filters.word_query()
        order = Condition(_ORDERS[sort], (filters.currency,)) if sort == "pay" else Condition(_ORDERS["new"])
        if sort == "match" and asked.words:
            source, order = "words JOIN posting ON posting.id = words.rowid", Condition(f"{_BEST}, posting.name")
            wanted = Condition(f"words MATCH ? AND {wanted.sql}", (asked.words, *wanted.values))
        elif sort == "match" and asked.typing:
            in_title = "posting.id IN (SELECT rowid FROM typing WHERE typing MATCH ?) DESC"
            order = Condition(f"{in_title}, {order.sql}", (f"title : ({asked.typing})", *order.values))
        return self._rows(
            f"SELECT {columns} FROM {source} WHERE {wanted.sql} ORDER BY {order.sql} LIMIT ? OFFSET ?",
            (*wanted.values, *order.values, min(limit, sys.maxsize), min(offset, sys.maxsize)),
        )

    def _excerpts(self, ids: Sequence[int], filters: Filters, marks: tuple[str, str]) -> dict[int, str]:
        """Return the excerpts of these rows that have the words."""
        asked = filters.word_query()
        table, expression = ("words", asked.words) if asked.words else ("typing", asked.typing)
        if not expression or not ids:
            return {}
        found = self._rows(_EXCERPTS.format(table), (*marks, expression, json.dumps(ids)))
        return {row: text.strip() for row, text in found}

    def _rows(self, query: str, values: Sequence[str | float]) -> list[tuple[Any, ...]]:
        """Return the rows of a query. Damage that only reading meets is cured by building the index again, once."""
        given = [encodable(value) if isinstance(value, str) else value for value in values]
        with self._lock:
            try:
                return _checked(self._index.execute(query, given).fetchall())
            except DATABASE_ERRORS as error:
                if not is_damage(error):
                    raise
                self._index.close()
                (self._store.root / build.FILE).unlink(missing_ok=True)
                self._index = build.connect(self._store)
                return _checked(self._index.execute(query, given).fetchall())


def open_index(store: Store) -> PostingIndex:
    """Open the index of a dataset, brought up to date with the store; in memory where no file can be written."""
    return PostingIndex(store)


def _checked(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return the rows. Raises sqlite3.DatabaseError where one of a posting has a value that is none of its column."""
    for row in rows:
        if len(row) == len(_TYPES) + 1:
            try:
                is_whole = all(map(isinstance, row[1:], _TYPES)) and isinstance(json.loads(row[-1]), list)
            except ValueError:
                is_whole = False
            if not is_whole:
                raise sqlite3.DatabaseError(f"row {row[0]} is damaged")
    return rows


def _hit(row: tuple[Any, ...]) -> SearchHit:
    values = dict(zip(_COLUMNS, row[1:], strict=True))
    is_remote, places = values.pop("is_remote"), tuple(json.loads(values.pop("places")))
    return SearchHit(**values, is_remote=None if is_remote is None else bool(is_remote), places=places)
