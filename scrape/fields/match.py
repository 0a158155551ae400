"""Matching of postings with queries, in the same way on every board.

title    every word of the query is a word of the title, in any order. Case, accents and plurals do not count, and a few
         words mean the same: engineer, developer and programmer; sr and senior; front end and frontend; ...
place    the city is one that the location names, by any of its usual names (`SF`, `NYC`, `San Francisco Bay Area`);
         Brooklyn is in New York, Ealing in London. A state, region or country that is asked for must be the one that
         the location names or that its city or region lies in: `UK`, `GBR` and `United Kingdom` are the same, `Europe`
         is each of its countries. A posting without a location is in no place. Remote postings are in no city unless
         they name it: ask for the place `Remote` to have them, and for `Remote, US` to leave out those that are remote
         in other countries only.
company  the words of the query stand together in the company's name; `Inc.` and the like do not count.
since    the posting's date is that day or later; a posting without a date is not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from scrape.common.errors import InputError
from scrape.common.posting import Posting, Query
from scrape.fields import places

REMOTE = "Remote"

_SAME_PHRASE = (
    (re.compile(r"\bfront[ -]end\b"), "frontend"),
    (re.compile(r"\bback[ -]end\b"), "backend"),
    (re.compile(r"\bfull[ -]stack\b"), "fullstack"),
    (re.compile(r"\bmachine learning\b"), "ml"),
    (re.compile(r"\bartificial intelligence\b"), "ai"),
    (re.compile(r"\bhuman resources?\b"), "hr"),
    (re.compile(r"\bvice president\b"), "vp"),
    (re.compile(r"\bregistered nurse\b"), "rn"),
    (re.compile(r"\bquality assurance\b"), "qa"),
    (re.compile(r"\buser experience\b"), "ux"),
)
_SAME_WORD = {
    "developer": "engineer",
    "programmer": "engineer",
    "sr": "senior",
    "jr": "junior",
    "mgr": "manager",
    "admin": "administrator",
    "asst": "assistant",
}
_WORD = re.compile(r"\w+(?:[+#]+)?")
_LEGAL = frozenset({"inc", "llc", "ltd", "limited", "corp", "co", "company", "gmbh", "plc", "ag", "bv", "the"})
_AGO = re.compile(r"(\d{1,4})\s*([dw])", re.IGNORECASE)


class PlaceQuery(NamedTuple):
    """A place that is asked for; what is empty may be anything.

    city     a city in the user's words, or `Remote`
    state    a state of the US by its code, another region by its code (with its country) or its name
    country  the ISO 3166-1 code of a country, or the name of an area such as `europe`
    """

    city: str = ""
    state: str = ""
    country: str = ""


def matches(posting: Posting, query: Query) -> bool:
    """Return whether a posting is what the query asks for. An empty field of the query asks for everything."""
    return (
        has_title(posting.title, query.title)
        and in_place(posting.location, query.city, query.state, query.country)
        and of_company(posting.company, query.company)
        and is_since(posting.date, query.since)
    )


def matches_any(posting: Posting, queries: Iterable[Query]) -> bool:
    """Return whether a posting is what one of the queries asks for."""
    return any(matches(posting, query) for query in queries)


def has_title(title: str, wanted: str) -> bool:
    """Return whether every word of `wanted` is in `title`."""
    return title_words(wanted) <= title_words(title)


def in_place(location: str, city: str = "", state: str = "", country: str = "") -> bool:
    """Return whether a location line names this city (`Remote` is one, too), in this state and country where given.

    `state` and `country` are codes or names, and each may be either: `in_place(location, "Munich", "Germany")`.
    """
    if not city and not state and not country:
        return True
    wanted = wanted_place(city, state, country)
    return any(_is_wanted(place, wanted, location) for place in places.read(location))


def is_remote(city: str) -> bool:
    """Return whether the city of a query means remote work."""
    return city.strip().casefold() == REMOTE.casefold()


def country_of(query: Query) -> str:
    """Return the code of the country that a query asks for, or the name of an area; empty where it can be any."""
    if query.country or places.state_code(query.state):
        return query.country or "US"
    named = () if is_remote(query.city) or query.state else places.read(query.city)
    return named[0].country if len(named) == 1 else ""


def may_be_in_us(query: Query) -> bool:
    """Return whether what a query asks for can be in the United States."""
    country = country_of(query)
    return country in ("", "US") or "US" in places.area_members(country)


def of_company(company: str, wanted: str) -> bool:
    """Return whether `company` is the company called `wanted`, or one whose name holds that name."""
    name, asked = company_words(company), company_words(wanted)
    return not asked or f" {asked} " in f" {name} " or asked.replace(" ", "") == name.replace(" ", "")


def is_since(day: str, since: str) -> bool:
    """Return whether an ISO date is `since` or later; False without a date."""
    return not since or day[:10] >= since


def place(text: str) -> PlaceQuery:
    """Return what a place asks for: `San Francisco, CA`, `Munich, Germany`, `Texas`, `India`, `Europe`, `Remote, US`.

    A city alone is asked for wherever it is. Raises InputError where the text names no place, or several.
    """
    named = places.read(text)
    if len(named) != 1:
        parts = [part.strip() for part in text.split(",")]
        guesses = [f"{part!r}: did you mean {guess!r}?" for part in parts if (guess := places.suggest(part))]
        advice = "; ".join(guesses) or 'write "San Francisco, CA", "Munich, Germany", "Texas", "India" or "Remote"'
        raise InputError(f"{text!r} is not one place; {advice}")
    (found,) = named
    if found.remote and not found.city:
        return PlaceQuery(REMOTE, found.region, found.country or found.area)
    if not found.city:
        return PlaceQuery("", found.region, found.country or found.area)
    parts = [part.strip() for part in text.split(",") if part.strip()]
    written = next((part for part in parts if found.city in places.city_keys(part)), places.city_name(found.city))
    if len(parts) == 1 and found.city in places.city_keys(text):
        return PlaceQuery(written)
    return PlaceQuery(written, found.region, found.country)


def place_query(city: str, state: str) -> PlaceQuery:
    """Return what a city and a state ask for; a city without a state is read as a place, such as `Munich, Germany`.

    Raises InputError.
    """
    if not state:
        return place(city) if city else PlaceQuery()
    regions = places.regions_named(state)
    country = regions[0].country if len(regions) == 1 else "" if regions else places.country_code(state)
    return PlaceQuery(city, regions[0].code if country and regions else "" if country else state, country)


def unknown_place(asked: PlaceQuery) -> str:
    """Return a line that names a city or state which is not known, and one that is, for the user; empty if none is."""
    for part in (asked.city, "" if asked.country else asked.state):
        if part != REMOTE and (guess := places.suggest(part)):
            return f"no place called {part!r} is known; did you mean {guess!r}?"
    return ""


def since(text: str, today: date) -> str:
    """Return `2026-11-01`, `7d` or `2w` (before `today`) as an ISO date; empty for empty. Raises InputError."""
    if not text:
        return ""
    if ago := _AGO.fullmatch(text.strip()):
        return (today - timedelta(days=int(ago[1]) * (7 if ago[2].lower() == "w" else 1))).isoformat()
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise InputError(f"{text!r} is not a date; write 2026-11-01, 7d (days ago) or 2w (weeks ago)") from None


@dataclass(frozen=True, slots=True)
class WantedPlace:
    """A place that is asked for, in the terms of the tables; `words` are those of a region that they do not have."""

    remote: bool
    cities: frozenset[str]
    regions: tuple[tuple[str, str], ...]
    countries: frozenset[str]
    words: str

    @property
    def anywhere(self) -> bool:
        """True where the country and the region may be any."""
        return not (self.regions or self.countries or self.words)


@lru_cache(maxsize=1024)
def wanted_place(city: str, state: str, country: str) -> WantedPlace:
    """Return what a city, a state and a country ask for, each a code or a name."""
    remote = city.strip().casefold() == REMOTE.casefold()
    code = places.country_code(country)
    countries = frozenset([code]) if code else places.area_members(country)
    regions = places.regions_named(state, code)
    if state and not regions:  # a country or an area in its place
        code = places.country_code(state)
        countries = frozenset([code]) if code else places.area_members(state) or countries
    words = "" if not state or regions or code or places.area_members(state) else state
    return WantedPlace(remote, frozenset() if remote or not city else places.city_keys(city), regions, countries, words)


def _is_wanted(place: places.Place, wanted: WantedPlace, location: str) -> bool:
    if wanted.remote and not place.remote:
        return False
    own_region, whole = (place.country, place.region), places.whole_city(place)
    if wanted.cities and not {place.city, whole.city} & wanted.cities:
        return False
    if wanted.anywhere:
        return True
    tells_little = bool(wanted.remote or wanted.cities)  # what it does not say may be what is asked for
    if wanted.words and _names(location, wanted.words):
        return True
    place = whole
    if wanted.regions and place.region:
        return not {own_region, places.whole_region(place)}.isdisjoint(wanted.regions)
    if wanted.regions:
        countries = {country for country, _ in wanted.regions}
        return tells_little and (place.country in countries or _is_open(place, countries))
    if place.country:
        return place.country in wanted.countries
    return (tells_little or (place.remote and place.area != "")) and _is_open(place, wanted.countries)


def _is_open(place: places.Place, countries: Set[str]) -> bool:
    """Return whether a place names no country, but could be in one of these."""
    if place.country:
        return False
    return not place.area or any(places.is_within(country, place.area) for country in countries)


def _names(location: str, region: str) -> bool:
    """Return whether a location has the words of a region that is no state of the US, such as `Bavaria`."""
    return f" {company_words(region)} " in f" {company_words(location)} "


@lru_cache(maxsize=65536)
def title_words(title: str) -> frozenset[str]:
    """Return the words of a title as they are compared: without case, accents and plurals, one for all that mean it."""
    text = _fold(title)
    for phrase, short in _SAME_PHRASE:
        text = phrase.sub(short, text)
    return frozenset(_SAME_WORD.get(word, word) for word in map(_singular, _WORD.findall(text)))


def _singular(word: str) -> str:
    """Return the singular: `Nurse` for `Nurses`; `business` and `status` stay as they are."""
    if len(word) > 3 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


@lru_cache(maxsize=65536)
def company_words(name: str) -> str:
    """Return the words of a company's name as they are compared, with one space between, and without `Inc.`."""
    words = re.findall(r"\w+", _fold(name))
    return " ".join(word for word in words if word not in _LEGAL) or " ".join(words)


def _fold(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
