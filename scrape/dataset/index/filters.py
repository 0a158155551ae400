"""Filters of postings, as conditions of SQL that mean what `scrape.fields.match` means."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from scrape.common.errors import InputError
from scrape.dataset.index import words
from scrape.dataset.index.words import WordQuery
from scrape.fields import match, places
from scrape.fields.match import WantedPlace

_MOST_JOINED = 300  # conditions: SQLite takes expressions that are 1,000 deep


@dataclass(frozen=True, slots=True)
class Filters:
    """The saved postings that are asked for; what is empty asks for all.

    words       as `scrape.dataset.index.words` describes them; with `typing`, the last one is the beginning of a word
    titles, places, companies, boards    one of these; the first three mean what they mean in a search of the boards
    not_places  none of these; a posting that is there as well as elsewhere is left out
    exclude     words and phrases that may not occur anywhere in the posting
    remote      True: remote work; False: what says where it is, and is not remote
    min_pay     the least for a year of full-time work, in `currency`; where `keep_unpaid`, or no pay is stated
    since       published on this ISO date or later
    seen_after  saved after this time, as in `SearchHit.first_seen`
    names, without    only postings of these names, and none of those
    """

    words: str = ""
    typing: bool = False
    titles: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    not_places: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    remote: bool | None = None
    min_pay: float = 0.0
    currency: str = "USD"
    keep_unpaid: bool = False
    boards: tuple[str, ...] = ()
    since: str = ""
    seen_after: str = ""
    names: frozenset[str] | None = None
    without: frozenset[str] = frozenset()

    def word_query(self) -> WordQuery:
        """Return what the words ask for. Raises InputError where they hold none."""
        return words.parse(self.words, typing=self.typing, exclude=self.exclude)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of SQL on a row of `posting`, and the values of its question marks."""

    sql: str
    values: tuple[str | float, ...] = ()


def condition_of(filters: Filters) -> Condition:
    """Return the condition that a posting must meet. Raises InputError for words or places that cannot be read."""
    return _all([*_word_conditions(filters.word_query()), *_conditions(filters)])


def _word_conditions(asked: WordQuery) -> Iterator[Condition]:
    for table, expression in (("words", asked.words), ("typing", asked.typing)):
        if expression:
            yield _matching(table, expression)
    for table in ("words", "typing"):
        if refused := [f"({expression})" for other, expression in asked.without if other == table]:
            yield _not(_matching(table, " OR ".join(refused)))


def _conditions(filters: Filters) -> Iterator[Condition]:
    """Yield the conditions of everything but words."""
    if filters.titles:
        yield _any(_has_title(title) for title in filters.titles)
    if wanted := [_place(text) for text in filters.places if text.strip()]:
        yield _any(map(in_place, wanted))
    if unwanted := [_place(text) for text in filters.not_places if text.strip()]:
        yield _not(_any(map(in_place, unwanted)))
    if filters.companies:
        yield _any(map(_of_company, filters.companies))
    if filters.remote is not None:
        yield Condition("posting.is_remote = ?", (int(filters.remote),))
    if filters.min_pay:
        unpaid = " OR posting.interval = ''" if filters.keep_unpaid else ""
        paid = f"(posting.currency = ? AND posting.pay_year >= ?{unpaid})"
        yield Condition(paid, (filters.currency, filters.min_pay))
    if filters.boards:
        yield _is_one_of("posting.board", filters.boards)
    if filters.since:
        yield Condition("substr(posting.date, 1, 10) >= ?", (filters.since,))
    if filters.seen_after:
        yield Condition("posting.first_seen > ?", (filters.seen_after,))
    if filters.names is not None:
        yield _is_one_of("posting.name", filters.names)
    if filters.without:
        yield _not(_is_one_of("posting.name", filters.without))


def _has_title(wanted: str) -> Condition:
    """Return the condition that `match.has_title` tests."""
    words = sorted(match.title_words(wanted))
    _require_words(wanted, words)
    return _named(_all(Condition("instr(named.title_words, ?)", (f" {word} ",)) for word in words))


def _of_company(wanted: str) -> Condition:
    """Return the condition that `match.of_company` tests."""
    asked = match.company_words(wanted)
    _require_words(wanted, asked)
    if not asked:
        return Condition("TRUE")
    both = "(instr(named.company_words, ?) OR replace(named.company_words, ' ', '') = ?)"
    return _named(Condition(both, (f" {asked} ", asked.replace(" ", ""))))


def _require_words(text: str, words: Collection[str]) -> None:
    """Raise InputError for a text of signs alone, which would ask for everything; an empty one does."""
    if text.strip() and not words:
        raise InputError(f"{text!r} holds no word to look for")


def _named(condition: Condition) -> Condition:
    """Return a condition on the words of titles and companies: an index has these alone, so all are looked through."""
    return Condition(f"posting.id IN (SELECT id FROM posting AS named WHERE {condition.sql})", condition.values)


def _place(text: str) -> WantedPlace:
    return match.wanted_place(*match.place_query(text, ""))


def in_place(wanted: WantedPlace) -> Condition:
    """Return the condition that `match.in_place` tests: one of the places of the posting is the one asked for."""
    named = []
    if wanted.remote:
        named.append(Condition("place.remote"))
    if wanted.cities:
        named.append(_any(_is_one_of(column, wanted.cities) for column in ("place.city", "place.whole_city")))
    if wanted.anywhere:
        return _has_place(named)
    inside = _has_place([*named, _any(_scopes(wanted))])
    if not wanted.words:
        return inside
    is_named = Condition("instr(posting.location_words, ?)", (f" {match.company_words(wanted.words)} ",))
    return _any([inside, _all([_has_place(named), is_named])])


def _scopes(wanted: WantedPlace) -> Iterator[Condition]:
    """Yield the conditions of which a place must meet one, to be in the region or country that is asked for."""
    tells_little = bool(wanted.remote or wanted.cities)  # what it does not say may be what is asked for
    countries = {country for country, _ in wanted.regions} or wanted.countries
    somewhere = _is_one_of("place.whole_country", countries)
    unsaid = Condition("place.whole_country = ''")
    is_open = _any([Condition("place.area = ''"), _is_one_of("place.area", places.areas_with(countries))])
    if wanted.regions:
        codes = [f"{country}-{region}" for country, region in wanted.regions]
        own = _is_one_of("place.country || '-' || place.region", codes)
        within = _any([own, _is_one_of("place.outer_region", codes)])
        yield _all([Condition("place.whole_region <> ''"), within])
        if tells_little:
            yield _all([Condition("place.whole_region = ''"), _any([somewhere, _all([unsaid, is_open])])])
        return
    yield somewhere
    yield _all([unsaid, is_open, *([] if tells_little else [Condition("(place.remote AND place.area <> '')")])])


def _has_place(conditions: Iterable[Condition]) -> Condition:
    """Return the condition that a posting has a place that meets all of these."""
    each = _all(conditions)
    return Condition(f"posting.id IN (SELECT place.posting FROM place WHERE {each.sql})", each.values)


def _matching(table: str, expression: str) -> Condition:
    return Condition(f"posting.id IN (SELECT rowid FROM {table} WHERE {table} MATCH ?)", (expression,))


def _is_one_of(column: str, values: Collection[str]) -> Condition:
    return Condition(f"{column} IN (SELECT value FROM json_each(?))", (json.dumps(sorted(values)),))


def _all(conditions: Iterable[Condition]) -> Condition:
    return _joined(" AND ", conditions, "TRUE")


def _any(conditions: Iterable[Condition]) -> Condition:
    return _joined(" OR ", conditions, "FALSE")


def _not(condition: Condition) -> Condition:
    return Condition(f"NOT ({condition.sql})", condition.values)


def _joined(operator: str, conditions: Iterable[Condition], none: str) -> Condition:
    found = list(conditions)
    if len(found) > _MOST_JOINED:
        raise InputError(f"{len(found):,} words or values at once are too many; ask for at most {_MOST_JOINED}")
    if not found:
        return Condition(none)
    values = tuple(value for each in found for value in each.values)
    return Condition(f"({operator.join(each.sql for each in found)})", values)
