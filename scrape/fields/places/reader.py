"""Reader of location lines: `San Francisco, CA; Remote - US` -> places.

A line is split into chunks (at `;`, `/`, `or` ...), a chunk into fields (at commas, brackets, dashes). What a field may
mean is looked up in the tables: a country, regions, cities, an area. Neighbouring fields then join to a place by the
first of a few rules that fits: `city, region, country`, `city, region`, and so on to a field that stands alone. Each
rule looks at three fields at most, so the time is proportional to the length of the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from scrape.fields.places.tables import KnownCity, Region, gazetteer, key

_BETWEEN_PLACES = re.compile(r"[;|/•·\n&+]|\s+(?:or|and|und|oder|et)\s+")
_BETWEEN_SCOPES = re.compile(r"[/&+]|\s+\w+\s+")  # `Remote - US or Canada`
_JOINED = re.compile(r"\s*&\s*|\s+and\s+", re.IGNORECASE)
_BETWEEN_FIELDS = re.compile(r"[,()\[\]{}:]|\s+[-–—]+\s+|[-–—]\s|\s[-–—]|(?:^|\s+)in\s+")
_CODES_FIRST = re.compile(r"([A-Z]{2,3})-(?:([A-Z]{2,3})-)?(\w.*)")
_REMOTE = re.compile(
    r"\b(?:(?:fully|global|100%)[ -]+)?"
    r"(?:remot(?:e(?:ly)?|o)|anywhere|virtual(?= *(?:$|[-–—,;/()]))|"
    r"work(?:ing)?[ -](?:from|at)[ -]home|wfh|distributed|world ?wide|"
    r"tele(?:commut|work)(?:e|ing)?|t[ée]l[ée]travail|home[ -]?(?:based|office))"
    r"(?:[ -](?:in(?: the world)?|within|from|friendly|first|only|ok|possible|eligible|global|jobs?|position|role))*\b",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"\b(?:greater|downtown|metro(?:politan|plex)?|area|region|(?:city|town|village|federal territory) of|utc|gmt|"
    r"hq|headquarters?|offices?|hybrid|on-?site|in-?office|in-?person|based|only|preferred|required|\w*\d\w*)\b",
    re.IGNORECASE,
)
_IN_NAMES = frozenset({"de", "del", "di", "da", "do", "la", "los", "las", "el", "am", "an", "on", "upon", "sur"})
_MARK = "\0"  # in the place of words for remote work
_KIND_OF_REGION = re.compile(
    r" (?:state|province|prefecture|oblast|voivodeship|governorate|canton|county)$|"
    r"^(?:state|province|provincia|comunidad|departamento|canton|county) (?:of|de|di) |^(?:county|co) "
)
_PART_OF_CITY = re.compile(r"^(?:central|inner|north|south|east|west) | (?:city|central|north|south|east|west)$")
_LOWER_CODE = re.compile(r"(?<=, )[a-z]{2}(?= *(?:[,;/|]|$))|^[a-z]{2,3}$")  # `Oslo, no`, `tx`
_PEELED = ("US", "CA", "GB", "AU", "IN")  # whose regions follow a city without a comma
_BEFORE_NAMES = frozenset(
    {"new", "old", "north", "south", "east", "west", "upper", "lower", "port", "fort", "lake", "mount"}
)
_LONGEST_NAME = 5  # words
_MAJOR = 1000  # thousands of people: a city whose name alone says where it is


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a posting. What the line neither says nor implies is empty.

    city      the city's key: its usual English name in lower case and without accents, such as `munich`; `name_of`
              gives it for people. A city that the tables do not have is kept as it is written.
    region    the second part of its ISO 3166-2 code: `CA` in the US, `ON` in Canada, `KA` in India, `BY` in Germany.
    country   the ISO 3166-1 code of two letters: `US`, `GB`, `IN`.
    area      an area larger than a country, by its name in `names.toml`: `europe`, `emea`, `latin-america`.
    remote    whether the work may be done from home. The other fields are then its scope: `Remote - US` is
              `Place(country="US", remote=True)`, and `Place(remote=True)` says nothing about where.
    """

    city: str = ""
    region: str = ""
    country: str = ""
    area: str = ""
    remote: bool = False


@dataclass(frozen=True, slots=True)
class _Field:
    """All that a field may mean."""

    key: str
    is_code: bool = False
    country: str = ""
    regions: tuple[Region, ...] = ()
    cities: tuple[KnownCity, ...] = ()
    area: str = ""

    @property
    def is_known(self) -> bool:
        return bool(self.country or self.regions or self.cities or self.area)

    @property
    def is_state_code(self) -> bool:
        return self.is_code and bool(self.regions) and self.regions[0].country in ("US", "CA")

    @property
    def may_be_city(self) -> bool:
        """True for the name of a city, and for a word that is not known."""
        return bool(self.cities) or not (self.is_code or self.is_known or len(self.key) < 3)

    def region_in(self, country: str) -> str:
        return next((region.code for region in self.regions if region.country == country), "")

    def city_in(self, country: str, region: str = "") -> KnownCity | None:
        """Return the largest city of this name there; the table does not have the region of every city.

        Its region is left open where the country has another one that is nearly as large.
        """
        inside = [
            city for city in self.cities if city.country == country and (not region or city.region in ("", region))
        ]
        if any(city.region != inside[0].region and city.thousands * 2 >= inside[0].thousands for city in inside[1:]):
            return inside[0]._replace(region="")
        return inside[0] if inside else None

    def surely_in(self, region: Region) -> bool:
        return any(city.country == region.country and city.region == region.code for city in self.cities)


_NOTHING = _Field("", is_code=True)
_Joined = tuple[Place, int]  # a place and the number of fields that it takes


@lru_cache(maxsize=65536)
def read(location: str) -> tuple[Place, ...]:
    """Return the places that a location line names, in order and each once; empty where it names none."""
    found = list[Place]()
    lines = (" ".join(line.split()) for line in location.replace(".", "").replace(_MARK, "").splitlines())
    line = "\n".join(filter(None, lines))  # runs of spaces would take quadratic time
    line = _LOWER_CODE.sub(lambda code: code[0].upper(), line)
    for mark, chunk in _chunks(line):
        places, last = _places(chunk), found[-1:]
        if _BETWEEN_SCOPES.fullmatch(mark) and last and last[0].remote and last[0] != Place(remote=True):
            together = not any(place.city for place in [*last, *places])
            places = [replace(place, remote=place.remote or together) for place in places]
        found.extend(places)
    scopes = [place for place in found if place != Place(remote=True)]
    if len(scopes) < len(found) and scopes and not any(place.city for place in scopes):
        found = [replace(place, remote=True) for place in scopes]  # `Remote; India`: the line is the scope
    return tuple(dict.fromkeys(found))


def _chunks(line: str) -> Iterator[tuple[str, str]]:
    """Yield the mark before each part of a line (`;`, `or` ...) and the part; `Bosnia and Herzegovina` stays whole."""
    start, last = 0, ""
    for mark in _BETWEEN_PLACES.finditer(line):
        if _JOINED.fullmatch(mark[0]):
            before = line[max(start, mark.start() - 40) : mark.start()].rsplit(",", 1)[-1]
            after = re.split("[,;|/&]", line[mark.end() : mark.end() + 40], maxsplit=1)[0]
            name = key(f"{before} and {after}")
            if name in gazetteer().countries or name in gazetteer().regions:
                continue
        yield last, line[start : mark.start()]
        start, last = mark.end(), mark[0]
    yield last, line[start:]


def _places(chunk: str) -> list[Place]:
    """Return the places of a chunk without `;` or `or`: usually one, several where cities follow one another."""
    fields, remote = _remote_fields(chunk)
    countries = {field.country for field in fields if not field.is_state_code} - {""}
    found, at = list[Place](), 0
    while at < len(fields):
        place, taken = _join(*fields[at : at + 3])
        if taken == 1 and len(countries) == 1 and (city := fields[at].city_in(min(countries))):
            place = Place(city.key, city.region, city.country)  # `Cambridge, Oxford, UK`
        if place != Place():
            found.append(replace(place, remote=True) if at in remote else place)
        at += taken
    countries = {place.country for place in found} - {""}
    if len(countries) == 1:  # `Hannover, Herne, Germany`: the country of the chunk is that of all its cities
        found = [place if place.country or place.area else replace(place, country=min(countries)) for place in found]
    return found or ([Place(remote=True)] if remote else [])


def _remote_fields(chunk: str) -> tuple[list[_Field], Container[int]]:
    """Return the fields of a chunk, and the numbers of those at which a place of remote work may begin.

    These are all fields, unless a word such as `remote` stands beside a later field alone: `US-SF, US-NYC, US-Remote`.
    """
    fields, remote = list[_Field](), set[int]()
    everywhere = False
    for text in _BETWEEN_FIELDS.split(_REMOTE.sub(_MARK, chunk)):
        own = [field for part in text.split(_MARK) for field in _fields(part)]
        if _MARK in text:
            everywhere = everywhere or not own or not fields
            remote.update(range(len(fields), len(fields) + len(own)))
        fields.extend(own)
    return fields, range(len(fields) + 1) if everywhere else remote


def _join(a: _Field, b: _Field = _NOTHING, c: _Field = _NOTHING) -> _Joined:
    """Return the place that begins with field `a`."""
    for rule in _RULES:
        if found := rule(a, b, c):
            return found
    return _alone(a), 1


def _city_region_country(a: _Field, b: _Field, c: _Field) -> _Joined | None:
    """Join `Pune, Maharashtra, IND`, `Toronto, ON, CA`, `Dydnia, Podkarpackie, POL`."""
    country, region = c.country, b.region_in(c.country)
    if not country or a.country or (a.is_code and not a.cities):
        return None
    if not (c.is_code and len(c.key) == 3):  # with such a code, the fields are always these three
        other = b.is_code and not (a.city_in(b.country) or any(a.surely_in(region) for region in b.regions))
        if not (a.may_be_city or a.key == b.key) or (not region and b.is_known and not other):
            return None
        if b.cities and b.key != a.key and not c.is_code and not _is_within(a, b, Region(country, region)):
            return None
    city = a.city_in(country, region)
    return Place(city.key if city else a.key, region, country), 3


def _is_within(a: _Field, b: _Field, region: Region) -> bool:
    """Return whether `a` is a city in region `b`, not another city in a list: `London, Delhi, India`."""
    inside, capital = a.city_in(*region), b.city_in(region.country)
    if inside and not inside.region and capital:  # `Getafe, Madrid, Spain`, but `Barcelona, Madrid, Spain`
        return inside.thousands * 3 < capital.thousands
    return inside is not None or not a.cities


def _city_region(a: _Field, b: _Field, c: _Field) -> _Joined | None:
    """Join `Tampa, FL`, `Dublin, OH`, `Atlanta, Georgia`, `London, ON`; in `Munich, DE` the code is a country."""
    if not b.regions or a.area or (a.is_code and not a.cities):
        return None
    sure = next((region for region in b.regions if a.surely_in(region)), None)
    if sure is None and (b.is_code or not b.cities or _is_rather_region(b)):  # `São Paulo, SP`
        sure = next((region for region in b.regions if a.city_in(*region)), None)
    if sure and (b.is_code or not b.city_in(*sure) or a.key == b.key or not c.country):
        return Place(_city_key(a, sure), sure.code, sure.country), 2
    if b.regions[0] in a.regions:  # `Ontario, ON`
        return Place("", b.regions[0].code, b.regions[0].country), 2
    if a.region_in(b.country) or not (a.may_be_city or (b.is_code and not a.region_in(b.regions[0].country))):
        return None
    if b.is_code:
        if city := a.city_in(b.country):
            return Place(city.key, city.region, city.country), 2
        region = b.regions[0]
        return (Place(a.key, region.code, region.country), 2) if region.country in ("US", "CA", "AU") else None
    if b.country or a.region_in(b.regions[0].country) or (a.cities and b.cities and not _is_rather_region(b)):
        return None
    return Place(_city_key(a, b.regions[0]), b.regions[0].code, b.regions[0].country), 2


def _city_country(a: _Field, b: _Field, _: _Field) -> _Joined | None:
    """Join `Berlin, Germany`, `San José, Costa Rica`; also `Kerala, IND`, which is no city."""
    country = b.country
    if not country or a.area:
        return None
    if a.key == b.key and country in gazetteer().city_states:
        return Place(a.key, "", country), 2
    city, region = a.city_in(country), a.region_in(country)
    if region and not (city and city.region in ("", region)):
        return Place("", region, country), 2
    if city:
        return Place(city.key, city.region, country), 2
    if not a.may_be_city or a.country or a.regions or (not b.is_code and _size(a) >= _MAJOR):
        return None
    return Place(a.key, "", country), 2


def _region_first(a: _Field, b: _Field, c: _Field) -> _Joined | None:
    """Join `CA - San Francisco`, `Karnataka, Bangalore`."""
    if a.cities and not a.is_code and not _is_rather_region(a):
        return None
    region = next((region for region in a.regions if b.surely_in(region)), None)
    if a.is_state_code and b.key and not b.is_known and not b.is_code and not c.regions:
        region = a.regions[0]  # `CA - Westlake Village`
    if not region or (c.regions and any(b.surely_in(other) for other in c.regions)):
        return None
    return Place(_city_key(b, region), region.code, region.country), 3 if c.country == region.country else 2


def _country_first(a: _Field, b: _Field, c: _Field) -> _Joined | None:
    """Join `UK, London`, `USA - Seattle, WA`, `India, Karnataka, Bengaluru`."""
    country = a.country
    if not country:
        return None
    region, city = b.region_in(country), b.city_in(country)
    if region and (inner := c.city_in(country, region)):
        return Place(inner.key, region, country), 3
    if region and b.is_code and c.may_be_city and not (c.country or c.regions):
        return Place(c.key, region, country), 3
    if not b.is_known and b.may_be_city and (region := c.region_in(country)):
        return Place(b.key, region, country), 3
    if c.country and c.country != country and (city is None or b.city_in(c.country)):
        return None
    if city and (region := c.region_in(country)) and b.city_in(country, region):
        return Place(city.key, region, country), 3
    if city:
        return Place(city.key, city.region, country), 2
    if region:
        return Place("", region, country), 2
    if b.key and b.may_be_city and not b.is_known and not c.regions:
        return Place(b.key, "", country), 2
    return None


_Rule = Callable[[_Field, _Field, _Field], _Joined | None]
_RULES: Sequence[_Rule] = (_city_region_country, _city_region, _city_country, _region_first, _country_first)


def _alone(a: _Field) -> Place:
    """Return what a field means on its own: `Berlin`, `Texas`, `India`, `CA`, `EMEA`."""
    largest = a.city_in(a.cities[0].country) if a.cities else None
    if a.is_code and largest:  # `LA`, `SF`
        return Place(largest.key, largest.region, largest.country)
    if a.is_state_code:
        if a.country and a.key.upper() in gazetteer().country_rather_than_state:
            return Place(country=a.country)
        return Place("", a.regions[0].code, a.regions[0].country)
    if a.country and not (a.regions and a.regions[0].country == "US"):  # `Georgia`
        city = a.city_in(a.country) if a.country in gazetteer().city_states and not a.is_code else None
        return Place(city.key if city else "", "", a.country)
    if a.area:
        return Place(area=a.area)
    if largest and not (a.regions and _is_rather_region(a)):
        return Place(largest.key, largest.region, largest.country)
    if a.regions:
        return Place("", a.regions[0].code, a.regions[0].country)
    return Place(a.key if a.may_be_city else "")


def _is_rather_region(a: _Field) -> bool:
    """Return whether no city of this name lies in a region of this name: `Ontario` is a province, `New York` a city."""
    if a.cities[0].country == "US" and _size(a) >= 500:  # `Washington`
        return False
    return not any(a.city_in(*region) for region in a.regions)


def _city_key(a: _Field, region: Region) -> str:
    city = a.city_in(*region)
    return city.key if city else a.key


def _size(a: _Field) -> int:
    return a.cities[0].thousands if a.cities else 0


@lru_cache(maxsize=65536)
def _fields(text: str) -> tuple[_Field, ...]:
    """Return the fields of a text without commas: `US-CA-San Francisco`, `San Francisco HQ`, `Washington DC`."""
    text, codes = text.strip(), tuple[str, ...]()
    if (match := _CODES_FIRST.fullmatch(text)) and match[1] in gazetteer().country_codes:
        text, codes = match[3], tuple(code for code in (match[2], match[1]) if code)
        if gazetteer().country_codes[match[1]] == "US":
            text = gazetteer().us_offices.get(text, text)
    parts = [text]
    if not _field(text).is_known:  # `Greater Noida` is
        parts = _words_apart(" ".join(_BESIDE.sub(" ", text).split()).strip(" -–—'\"*!?#"))
    fields = map(_field, [*parts, *codes])
    return tuple(field for field in fields if field.key and field != _NOTHING)


def _words_apart(text: str) -> list[str]:
    """Return the parts of a text without marks between them: `San Francisco CA USA` -> `San Francisco`, `CA`, `USA`."""
    words, tails = text.split(), list[str]()
    while len(words) > 1 and not (len(words) <= _LONGEST_NAME and _field(" ".join(words)).is_known):
        for count in range(min(_LONGEST_NAME - 1, len(words) - 1), 0, -1):
            tail = _field(" ".join(words[-count:]))
            if tail.country or any(region.country in _PEELED for region in tail.regions):
                break
        else:
            break
        if len(words) - count == 1 and words[0].casefold() in _BEFORE_NAMES:  # `Port Washington`, `New England`
            break
        tails.append(" ".join(words[-count:]))
        words = words[:-count]
    return [*(_heads(words) if len(words) <= _LONGEST_NAME + 2 else []), " ".join(words), *reversed(tails)]


def _heads(words: list[str]) -> list[str]:
    """Take the country and region before a city off `words`: `New Zealand Auckland`, `US WI Beloit`, `CA Fresno`."""
    for count in range(1, 0 if _field(" ".join(words)).is_known else min(3, len(words))):
        head, second, rest = (_field(" ".join(part)) for part in (words[:count], words[count:2], words[count:]))
        is_clear = head.is_state_code or (head.is_code and len(head.key) == 3 and head.country)
        if second.is_code and second.region_in(head.country) and len(words) > 2:
            taken = [words.pop(0), words.pop(0)]
        elif (
            rest.city_in(head.country)
            or any(rest.surely_in(region) for region in head.regions)
            or (is_clear and words[1][1:].islower())
        ):
            taken = [" ".join(words[:count])]
            del words[:count]
        else:
            continue
        return taken
    return []


@lru_cache(maxsize=65536)
def _field(text: str) -> _Field:
    """Look up all that a field may mean."""
    tables, name = gazetteer(), key(text)
    if not name or name in tables.no_place:
        return _NOTHING
    area, country, cities = tables.areas.get(name, ""), tables.countries.get(name, ""), tables.cities.get(name, ())
    if not (len(text) <= 3 and text.isupper() and text.isascii()):
        regions = tables.regions.get(name) or tables.regions.get(_KIND_OF_REGION.sub("", name), ())
        if "county" in name:  # `Washington County, OR` is not the state
            regions = tuple(region for region in regions if region.country != "US")
        if not (country or regions or cities or area):  # `Central London`; in the US, `West Chicago` is another city
            rest = tables.cities.get(_PART_OF_CITY.sub("", name), ())
            cities = tuple(city for city in rest[:1] if city.country != "US") or _before_address(name.split())
        return _Field(name, False, country, regions, cities, area)
    country, regions = tables.country_codes.get(text, country), tables.region_codes.get(text, ())
    return _Field(name, True, country, regions, cities if regions or not country else (), area)


def _before_address(words: list[str]) -> tuple[KnownCity, ...]:
    """Return the large city that several words more follow: `San Jose Holger Way`, not `Santiago de Compostela`."""
    for count in range(min(3, len(words) - 2), 0, -1):
        name = " ".join(words[:count])
        cities = gazetteer().cities.get(name, ())[:1] if len(name) > 3 and words[count] not in _IN_NAMES else ()
        if cities and cities[0].thousands * 2 >= _MAJOR:
            return cities
    return ()
