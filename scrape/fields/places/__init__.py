"""Places: what a location line names, as city, region and country codes.

    >>> places.read("Bengaluru, Karnataka, IND; Remote - US")
    (Place(city='bengaluru', region='KA', country='IN'), Place(country='US', remote=True))

A board gives its line as it stands: the fields of one place joined by `, `, places by `; `. It reads places itself
only where it has to know whether a text names any: `Hybrid` gives `()`, `Remote` gives `(Place(remote=True),)`. To
write what a query asks for in a board's own way, use `write`, `state_name` and `country_name`.

- An explicit US state wins over a foreign city of the same name: `Dublin, OH` is in the US, `Dublin` in Ireland.
- Two letters that are a state and a country are decided by the city: `Munich, DE`, `Wilmington, DE`; else the state.
- The name of a region or a country is no city, unless a city of that name lies there: `New York`, `Delhi`, `Berlin`.
- A city without more is the largest of its name, and in its country and region.
- A place that the tables do not have is a city as it is written, in the country that stands beside it.
- Remote work takes the scope that stands with it, or that of the line if this names no city: `Remote; India`.

`tables` holds the tables, `reader` the rules.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache

from scrape.fields.places.reader import Place, read
from scrape.fields.places.tables import Region, gazetteer, key

__all__ = [
    "Place",
    "area_members",
    "areas_with",
    "city_keys",
    "city_name",
    "country_code",
    "country_name",
    "is_within",
    "key",
    "read",
    "regions_named",
    "state_code",
    "state_name",
    "states",
    "suggest",
    "whole_city",
    "whole_region",
    "write",
]


def city_name(city: str) -> str:
    """Return the name that people know a city by, for its key or any of its names: `Munich` for `münchen`."""
    rows = gazetteer().cities.get(key(city), ())
    return gazetteer().city_names.get(rows[0].key, city) if rows else city


def city_keys(name: str) -> frozenset[str]:
    """Return the keys of all cities that a name may mean: that of Bengaluru for `Bangalore`."""
    rows = gazetteer().cities.get(key(name), ())
    return frozenset(row.key for row in rows) or frozenset([key(name)])


def country_code(words: str) -> str:
    """Return the code of a country, given as name or code: `GB` for `UK`, `GBR`, `United Kingdom`; else empty."""
    words = words.replace(".", "").strip()
    return gazetteer().countries.get(key(words), "") or gazetteer().country_codes.get(words.upper(), "")


def country_name(code: str) -> str:
    """Return the English name of a country; the code itself where it is none."""
    return gazetteer().country_names.get(code, code)


@cache
def states() -> Mapping[str, str]:
    """Return the postal codes of the states of the US (with DC and Puerto Rico) by their names in lower case."""
    regions = gazetteer().regions.items()
    return {name: region.code for name, found in regions for region in found[:1] if _is_english(name, region)}


def _is_english(name: str, region: Region) -> bool:
    written = "puerto rico" if region.code == "PR" else key(gazetteer().region_names.get(region, ""))
    return region.country == "US" and name == written


def state_code(state: str) -> str:
    """Return the postal code of a state of the US, given as code or name; empty for anything else."""
    name = key(state)
    return name.upper() if name.upper() in states().values() else states().get(name, "")


def state_name(code: str) -> str:
    """Return the name of a state of the US; the code itself where it is none."""
    return next((name.title().replace(" Of ", " of ") for name, other in states().items() if other == code), code)


def regions_named(name: str, country: str = "") -> tuple[Region, ...]:
    """Return the regions, as pairs of codes, that a name or code means: in a country where one is given.

    Without a country, a code is that of a state of the US or a province of Canada; a name may be that of several.
    """
    found = gazetteer().regions.get(key(name), ())
    codes = gazetteer().region_codes.get(name.strip().upper(), ())
    if country:
        return tuple(region for region in (*found, *codes) if region.country == country)
    return found or tuple(region for region in codes if region.country in ("US", "CA"))[:1]


def area_members(name: str) -> frozenset[str]:
    """Return the codes of the countries of an area such as `Europe`; none where it is no area."""
    area = gazetteer().areas.get(key(name), name)
    return gazetteer().members.get(area, frozenset())


def areas_with(countries: Iterable[str]) -> frozenset[str]:
    """Return the names of the areas, such as `emea`, to which one of these countries belongs."""
    wanted = frozenset(countries)
    return frozenset(area for area, members in gazetteer().members.items() if not wanted.isdisjoint(members))


def whole_city(place: Place) -> Place:
    """Return the city that a place is a part of, such as New York for `Brooklyn, NY` and London for `Ealing`; else it.

    A part counts only in the country and region of the whole, where it names these: `Brooklyn, CT` is itself.
    """
    tables = gazetteer()
    name = tables.whole.get(place.city) if place.city else tables.boroughs.get(Region(place.country, place.region))
    whole = next(iter(tables.cities.get(name or "", ())), None)
    if not whole or place.country not in ("", whole.country):
        return place
    if whole_region(place).code not in ("", whole.region):
        return place
    return replace(place, city=whole.key, region=whole.region, country=whole.country)


def whole_region(place: Place) -> Region:
    """Return the region that the region of a place lies in, such as England for `Kent`; else its own."""
    own = Region(place.country, place.region)
    return gazetteer().within.get(own, own)


def is_within(country: str, area: str) -> bool:
    """Return whether a country belongs to an area such as `emea`."""
    return country in gazetteer().members.get(area, ())


def write(city: str, state: str = "", country: str = "") -> str:
    """Return a place as boards write it: `San Francisco, CA`, `Munich, Germany`, `Texas`, `India`."""
    if city and state and country in ("", "US", "CA"):
        return f"{city}, {state_code(state) or state}"
    named = country_name(country) if country and country != "US" else state_name(state)
    return ", ".join(part for part in (city, named) if part) or country_name(country)


def suggest(name: str) -> str:
    """Return the known place whose name is closest to one that is not known; empty where none is close, or it is."""
    tables, wanted = gazetteer(), key(name)
    names = [*tables.cities, *tables.regions, *tables.countries]
    codes = {*tables.country_codes, *states().values()}
    if not wanted or wanted in {*names, *tables.areas, *tables.whole} or wanted.upper() in codes:
        return ""
    for close in difflib.get_close_matches(wanted, names, n=1, cutoff=0.8):
        return city_name(close) if close in tables.cities else close.title()
    return ""
