"""The tables of places: countries, regions and cities by their names, loaded when the first location is read.

`countries.tsv`, `regions.tsv` and `cities.tsv` hold facts of GeoNames (CC BY 4.0) and of Unicode CLDR, and are made by
`scripts/make_places.py`; `names.toml` holds what postings write beside them.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

# Codes of regions that are read without their country, in the order of preference; elsewhere only names are.
_REGIONS_WITH_CODES = ("US", "CA", "AU", "IN", "BR", "DE", "GB")

_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_MARKS = re.compile(r"[.'’‘`´ʼʻ]")
_SPACES = re.compile(r"[\s\-–—_‐‑]+")
_SHORT = {"saint": "st", "sankt": "st", "ft": "fort", "mt": "mount"}
_LONG = tuple(f"{word} " for word in _SHORT)


class Region(NamedTuple):
    """A region by the codes of ISO 3166-1 and ISO 3166-2: `("US", "CA")`."""

    country: str
    code: str


class KnownCity(NamedTuple):
    """A city: the key of its usual name, country, region where the table has it, and population in thousands."""

    key: str
    country: str
    region: str
    thousands: int


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The tables. Names are keys as `key` makes them; codes are in upper case."""

    countries: Mapping[str, str]  # name -> code
    country_codes: Mapping[str, str]  # two or three letters -> code
    country_names: Mapping[str, str]  # code -> name
    regions: Mapping[str, tuple[Region, ...]]  # name -> regions
    region_codes: Mapping[str, tuple[Region, ...]]  # code -> regions
    region_names: Mapping[Region, str]
    cities: Mapping[str, tuple[KnownCity, ...]]  # name -> cities, the largest first
    city_names: Mapping[str, str]  # key -> name
    areas: Mapping[str, str]  # name -> area
    members: Mapping[str, frozenset[str]]  # area -> codes of its countries
    whole: Mapping[str, str]  # part of a city -> the city
    boroughs: Mapping[Region, str]  # region -> the city that it is a part of
    within: Mapping[Region, Region]  # region -> the region that it lies in
    country_rather_than_state: frozenset[str]
    city_states: frozenset[str]
    no_place: frozenset[str]
    us_offices: Mapping[str, str]  # SEA -> seattle


def key(name: str) -> str:
    """Return a name in the form that names are compared in: `Baden-Württemberg` is `baden wurttemberg`.

    Case, accents, full stops, apostrophes and hyphens do not count; `Saint` equals `St.`, and `Ft.` equals `Fort`.
    """
    name = name.casefold()
    if not name.isascii():
        letters = unicodedata.normalize("NFKD", name.translate(_LETTERS))
        name = "".join(letter for letter in letters if not unicodedata.combining(letter))
    if not name.replace(" ", "").isalnum() or "  " in name:
        name = _SPACES.sub(" ", _MARKS.sub("", name).replace("&", " and ")).strip()
    if name.startswith(_LONG):
        first, rest = name.split(" ", 1)
        return f"{_SHORT[first]} {rest}"
    return name


@cache
def gazetteer() -> Gazetteer:
    """Return the tables, which are read once."""
    names = tomllib.loads((resources.files(__package__) / "names.toml").read_text("utf-8"))
    countries = list(_rows("countries"))
    regions = [(Region(country, code), name) for country, code, name in _rows("regions")]
    cities, city_names = _cities(names)
    return Gazetteer(
        countries=_country_keys(countries, names["countries"]),
        country_codes={"UK": "GB", "PRI": "US"} | {code: row[0] for row in countries for code in row[:2]},
        country_names={row[0]: row[3] for row in countries},
        regions=_region_keys(regions, names["regions"]),
        region_codes=_region_codes(regions),
        region_names=dict(regions),
        cities=cities,
        city_names=city_names,
        areas={
            name: area for area, of in names["areas"].items() for name in [area.replace("-", " "), *of.get("names", ())]
        },
        members={
            area: frozenset(of.get("countries", ()))
            | {row[0] for row in countries if row[2] in of.get("continents", ())}
            for area, of in names["areas"].items()
        },
        whole={part: city for city, parts in names["parts"].items() for part in parts},
        boroughs=dict(_parts(names["boroughs"])),
        within={region: Region(region.country, code) for region, code in _parts(names["within"])},
        country_rather_than_state=frozenset(names["country_rather_than_state"]),
        city_states=frozenset(names["city_states"]),
        no_place=frozenset(names["no_place"]),
        us_offices=names["us_offices"],
    )


def _parts(wholes: Mapping[str, Mapping[str, Iterable[str]]]) -> Iterator[tuple[Region, str]]:
    """Yield each region that is a part of something larger, with that."""
    for country, of in wholes.items():
        yield from ((Region(country, code), whole) for whole, codes in of.items() for code in codes)


def _rows(table: str) -> Iterator[list[str]]:
    lines = (resources.files(__package__) / f"{table}.tsv").read_text("utf-8").split("\n")
    return (line.split("\t") for line in lines[1:] if line)


def _country_keys(rows: Iterable[list[str]], others: Mapping[str, Iterable[str]]) -> dict[str, str]:
    keys: dict[str, str] = {}
    for code, _, _, name, more in rows:
        keys |= dict.fromkeys([*more.split("|"), key(name)], code)
    keys.pop("", None)
    return keys | {name: code for code, names in others.items() for name in names}


def _region_keys(
    rows: Iterable[tuple[Region, str]], others: Mapping[str, Mapping[str, Iterable[str]]]
) -> dict[str, tuple[Region, ...]]:
    """Return the regions of each name, those of the US and Canada first."""
    found: dict[str, dict[Region, None]] = defaultdict(dict)
    for region, name in rows:
        found[key(name)][region] = None
    for country, names in others.items():
        for code, more in names.items():
            for name in more:
                found[name][Region(country, code)] = None
    return {name: tuple(sorted(regions, key=_preference)) for name, regions in found.items()}


def _region_codes(rows: Iterable[tuple[Region, str]]) -> dict[str, tuple[Region, ...]]:
    found: dict[str, list[Region]] = defaultdict(list)
    for region, _ in rows:
        if region.country in _REGIONS_WITH_CODES:
            found[region.code].append(region)
    found["PR"].append(Region("US", "PR"))
    return {code: tuple(sorted(regions, key=_preference)) for code, regions in found.items()}


def _preference(region: Region) -> int:
    return _REGIONS_WITH_CODES.index(region.country) if region.country in _REGIONS_WITH_CODES else 99


def _cities(names: Mapping[str, Any]) -> tuple[dict[str, tuple[KnownCity, ...]], dict[str, str]]:
    """Return the cities of each name, the largest first, and the name of each key."""
    found: dict[str, list[KnownCity]] = defaultdict(list)
    written: dict[str, str] = {}
    for name, country, region, thousands in _rows("cities"):
        city = key(name)
        written.setdefault(city, name)
        found[city].append(KnownCity(city, country, region, int(thousands)))
    for country, towns in names["towns"].items():
        for region, of in towns.items():
            for town in of:
                found[town].append(KnownCity(town, country, region, 0))
    for city, others in names["cities"].items():
        for other in others:
            found[other] = sorted([*found[other], *found[city]], key=lambda row: -row.thousands)
    for city, of in names["rather"].items():
        first = next(row for row in found[city] if [row.country, row.region] == of)
        found[city].remove(first)
        # As large as to leave no doubt: see `city_in` of the reader.
        found[city].insert(0, first._replace(thousands=3 * found[city][0].thousands))
    return {city: tuple(rows) for city, rows in found.items()}, written
