"""Parser of location lines: `San Francisco, CA; Remote - US` -> places with city, state and country.

Boards write places in a dozen ways, so this is a reader of habits, not a gazetteer. It knows the states of the US, the
names of many countries and the state of the largest cities, and takes any other word for a city. The names are in
`places.toml`, which is loaded when the first location is read.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources

_BETWEEN_PLACES = re.compile(r"[;|/•·\n&]|\s+(?:or|and)\s+")
_BETWEEN_FIELDS = re.compile(r"[,()\[\]:]|\s+[-–—]+\s+|[-–—]\s|\s[-–—]")
_CODES_FIRST = re.compile(r"(?:US|USA)-([A-Z]{2})-(.+)")
_REMOTE = re.compile(
    r"\b(?:(?:fully|global|100%)\s+)?"
    r"(?:remote(?:ly)?|anywhere|work from home|wfh|distributed|telecommute|world ?wide)"
    r"(?:[ -](?:in|within|from|friendly|first|only|ok|possible|eligible|global))*\b",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"\b(?:greater|downtown|metro(?:politan)?|area|region|city of|town of|village of|hq|headquarters?|offices?|"
    r"hybrid|on-?site|in-?office|in-?person|based|only|\d{5}(?:-\d{4})?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a posting. What the line does not say is empty; `country` is `US`, or `abroad` for all others."""

    city: str = ""
    state: str = ""
    country: str = ""
    remote: bool = False


@dataclass(frozen=True, slots=True)
class _Names:
    """The tables of `places.toml`."""

    united_states: frozenset[str]
    countries: frozenset[str]
    country_codes: frozenset[str]
    cities_abroad: frozenset[str]
    states: Mapping[str, str]  # name -> code
    city_states: Mapping[str, str]  # city -> code
    same_city: Mapping[str, str]  # other name -> name


@cache
def _names() -> _Names:
    read = tomllib.loads((resources.files("scrape.fields") / "places.toml").read_text("utf-8"))
    return _Names(
        united_states=frozenset(read["united_states"]),
        countries=frozenset(read["countries"]),
        country_codes=frozenset(read["country_codes"]),
        cities_abroad=frozenset(read["cities_abroad"]),
        states=read["states"],
        city_states={city: state for state, cities in read["cities"].items() for city in cities},
        same_city=read["same_city"],
    )


@lru_cache(maxsize=65536)
def read(location: str) -> tuple[Place, ...]:
    """Return the places that a location line names, in order."""
    return tuple(place for chunk in _BETWEEN_PLACES.split(_tidy(location)) for place in _places(chunk))


def city_name(city: str) -> str:
    """Return a city in the form that places are compared in: `NYC`, `New York City` and `Brooklyn` are `new york`."""
    bare = _key(_BESIDE.sub(" ", _tidy(city)))
    return _names().same_city.get(bare, bare)


def states() -> Mapping[str, str]:
    """Return the postal codes of the states of the US by their names in lower case."""
    return _names().states


def state_code(state: str) -> str:
    """Return the postal code of a state of the US, given as code or name; empty for anything else."""
    key = _key(_tidy(state))
    return key.upper() if key.upper() in states().values() else states().get(key, "")


def state_of(place: Place) -> str:
    """Return the state of a place in the US: the one it names, else that of a city which hardly needs it named."""
    return place.state or ("" if place.country == "abroad" else _names().city_states.get(place.city, ""))


def is_us(words: str) -> bool:
    """Return whether these words mean the United States."""
    return _key(_tidy(words)) in _names().united_states


def _places(chunk: str) -> list[Place]:
    """Return the places of a chunk without `;` or `or`: usually one, several where cities follow one another."""
    remote = _REMOTE.search(chunk) is not None
    found = [Place()]
    fields = _fields(_REMOTE.sub(" , ", chunk))
    for field in fields:
        joined = _join(found[-1], field)
        found[-1:] = [joined] if joined else [found[-1], _next(found[-1], field)]
    if fields and _is_abroad(
        fields[-1]
    ):  # `San Francisco, Cebu, Philippines`: the end of the line speaks for all of it
        found = [replace(place, country=place.country or ("" if place.state else "abroad")) for place in found]
    named = [replace(place, remote=remote) for place in found if place != Place()]
    return named or ([Place(remote=True)] if remote else [])


def _next(before: Place, field: str) -> Place:
    """Return the place that `field` begins. An unknown word after a city abroad is its region: `Pune, Maharashtra`."""
    place = _join(Place(), field) or Place()
    unknown = place.city and not place.country and place.city not in _names().city_states
    return replace(place, country="abroad") if unknown and before.country == "abroad" else place


def _join(place: Place, field: str) -> Place | None:
    """Return `place` with what `field` adds to it; None where the field begins another place."""
    if is_us(field):
        return None if place.country else replace(place, country="US")
    if _is_abroad(field):
        return None if place.country or place.state else replace(place, country="abroad")
    code, city = state_code(field), city_name(field)
    if code and _reads_as_state(place, code, city):
        if place.country == "abroad" or place.city in _names().cities_abroad:  # `Toronto, ON, CA`: a country after all
            return replace(place, country="abroad")
        if not place.state:
            return replace(place, state=code, city=place.city or ("washington" if code == "DC" else ""))
        return None
    if place.city or (place.state and _names().city_states.get(city) != place.state and not place.country):
        return None
    return replace(
        place, city=city, country="abroad" if city in _names().cities_abroad and not place.country else place.country
    )


def _reads_as_state(place: Place, code: str, city: str) -> bool:
    """Return whether a field that is the name of a state is meant as one: `New York` and `LA` are cities first."""
    if city not in _names().city_states and city != "washington":
        return True
    if not place.city or place.state or place.city in _names().cities_abroad:
        return False
    return _names().city_states.get(place.city, code) == code


def _is_abroad(field: str) -> bool:
    return field in _names().country_codes or _key(field) in _names().countries


def _fields(chunk: str) -> list[str]:
    """Return the parts of a chunk: `CA - San Francisco HQ` -> `CA`, `San Francisco`."""
    chunk = _CODES_FIRST.sub(r"\2, \1, US", chunk.strip())
    bare = (" ".join(_BESIDE.sub(" ", field).split()) for field in _BETWEEN_FIELDS.split(chunk))
    return [part.strip(" -–—") for field in bare if field.strip(" -–—") for part in _peel(field)]


def _peel(field: str) -> list[str]:
    """Return the parts of a field without commas: `San Francisco CA USA` -> `San Francisco`, `CA`, `USA`."""
    words = field.split()
    if state_code(field) or is_us(field) or _is_abroad(field) or city_name(field) in _names().city_states:
        return [field]
    for count in range(min(3, len(words) - 1), 0, -1):
        tail = " ".join(words[-count:])
        is_word = len(tail) > 3 or tail.isupper()
        if is_word and (state_code(tail) or is_us(tail) or _is_abroad(tail)):
            return [*_peel(" ".join(words[:-count])), tail]
    return [field]


def _tidy(words: str) -> str:
    """Return the words without full stops, so that `D.C.` and `St. Louis` equal `DC` and `St Louis`."""
    return words.replace(".", "")


def _key(words: str) -> str:
    """Return the words for comparison, without case, accents and extra spaces."""
    letters = unicodedata.normalize("NFKD", words.casefold())
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())
