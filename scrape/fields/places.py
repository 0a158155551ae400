"""What a location line of a posting says: `San Francisco, CA; Remote - US` -> places with city, state and country.

Boards write places in a dozen ways, so this is a reader of habits, not a gazetteer. It knows the states of the US, the
names of many countries and the state of the largest cities, and takes any other word for a city. Sources:
ISO 3166-1 (countries), USPS Publication 28 (states), the US Census Bureau's list of largest cities.
"""

# ruff: noqa: SIM905  (a table of 150 words is read more easily as words than as a list of strings)
from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache

STATES = dict(
    pair.split("=")
    for pair in (
        "alabama=AL|alaska=AK|arizona=AZ|arkansas=AR|california=CA|colorado=CO|connecticut=CT|delaware=DE|"
        "district of columbia=DC|florida=FL|georgia=GA|hawaii=HI|idaho=ID|illinois=IL|indiana=IN|iowa=IA|kansas=KS|"
        "kentucky=KY|louisiana=LA|maine=ME|maryland=MD|massachusetts=MA|michigan=MI|minnesota=MN|mississippi=MS|"
        "missouri=MO|montana=MT|nebraska=NE|nevada=NV|new hampshire=NH|new jersey=NJ|new mexico=NM|new york=NY|"
        "north carolina=NC|north dakota=ND|ohio=OH|oklahoma=OK|oregon=OR|pennsylvania=PA|puerto rico=PR|"
        "rhode island=RI|south carolina=SC|south dakota=SD|tennessee=TN|texas=TX|utah=UT|vermont=VT|virginia=VA|"
        "washington=WA|west virginia=WV|wisconsin=WI|wyoming=WY"
    ).split("|")
)
_CODES = frozenset(STATES.values())

# The cities that postings name without their state, and the state that is meant.
_CITY_STATES = {
    city: state
    for state, cities in {
        "AZ": "phoenix|tucson|mesa|scottsdale|tempe",
        "CA": "los angeles|san diego|san jose|san francisco|oakland|sacramento|fresno|long beach|irvine|berkeley|"
        "palo alto|mountain view|sunnyvale|santa clara|menlo park|san mateo|redwood city|santa monica|cupertino|"
        "south san francisco|pasadena|anaheim|emeryville|culver city|burbank|fremont",
        "CO": "denver|boulder|colorado springs",
        "CT": "hartford|stamford|new haven",
        "FL": "miami|tampa|orlando|jacksonville|fort lauderdale",
        "GA": "atlanta",
        "HI": "honolulu",
        "ID": "boise",
        "IL": "chicago|evanston|naperville",
        "IN": "indianapolis",
        "KY": "louisville|lexington",
        "LA": "new orleans|baton rouge",
        "MA": "boston|somerville|waltham",
        "MD": "baltimore|bethesda|silver spring",
        "MI": "detroit|ann arbor|grand rapids",
        "MN": "minneapolis|saint paul|st paul",
        "MO": "st louis|saint louis|kansas city",
        "NC": "charlotte|raleigh|durham|greensboro",
        "NE": "omaha",
        "NJ": "newark|jersey city|hoboken|princeton",
        "NM": "albuquerque",
        "NV": "las vegas|reno",
        "NY": "new york|buffalo|albany",
        "OH": "columbus|cleveland|cincinnati",
        "OK": "oklahoma city|tulsa",
        "OR": "portland|beaverton",
        "PA": "philadelphia|pittsburgh",
        "TN": "nashville|memphis|knoxville",
        "TX": "houston|dallas|austin|san antonio|fort worth|el paso|plano|frisco",
        "UT": "salt lake city|lehi|provo",
        "VA": "arlington|richmond|virginia beach|mclean|reston",
        "WA": "seattle|bellevue|redmond|kirkland|tacoma|spokane",
        "WI": "milwaukee|madison",
    }.items()
    for city in cities.split("|")
}

_SAME_CITY = {
    "sf": "san francisco",
    "san fran": "san francisco",
    "bay": "san francisco",  # "Bay Area", once "area" has gone
    "sf bay": "san francisco",
    "san francisco bay": "san francisco",
    "nyc": "new york",
    "ny city": "new york",
    "new york city": "new york",
    "manhattan": "new york",
    "brooklyn": "new york",
    "queens": "new york",
    "bronx": "new york",
    "the bronx": "new york",
    "staten island": "new york",
    "la": "los angeles",
    "dc": "washington",
    "chicagoland": "chicago",
    "philly": "philadelphia",
    "tampa bay": "tampa",
    "saint louis": "st louis",
    "saint paul": "st paul",
}

_US = frozenset("us|usa|united states|united states of america|america|the us|the usa|the united states".split("|"))
# Countries and larger regions as postings name them. Codes that are those of US states too (CA, IN, DE, IL, ...) are
# left out: only a city that is known to lie abroad tells which is meant.
_ABROAD_NAMES = frozenset(
    "afghanistan|albania|algeria|argentina|armenia|australia|austria|azerbaijan|bahrain|bangladesh|belarus|belgium|"
    "bolivia|bosnia|herzegovina|brazil|brasil|bulgaria|cambodia|cameroon|canada|chile|china|colombia|costa rica|"
    "croatia|cyprus|czech republic|czechia|denmark|dominican republic|ecuador|egypt|el salvador|england|estonia|"
    "ethiopia|finland|france|germany|deutschland|ghana|great britain|greece|guatemala|honduras|hungary|"
    "iceland|india|indonesia|iran|iraq|ireland|israel|italy|jamaica|japan|jordan|kazakhstan|kenya|korea|south korea|"
    "kuwait|latvia|lebanon|lithuania|luxembourg|malaysia|malta|mexico|moldova|mongolia|montenegro|morocco|"
    "nepal|netherlands|the netherlands|new zealand|nicaragua|nigeria|north macedonia|northern ireland|norway|oman|"
    "pakistan|panama|paraguay|peru|philippines|the philippines|poland|portugal|qatar|romania|russia|rwanda|"
    "saudi arabia|scotland|senegal|serbia|slovakia|slovenia|south africa|spain|sri lanka|sweden|switzerland|"
    "taiwan|tanzania|thailand|tunisia|turkey|turkiye|uganda|ukraine|united arab emirates|united kingdom|uruguay|"
    "uzbekistan|venezuela|vietnam|wales|zambia|zimbabwe|europe|european union|emea|apac|latam|asia|africa|oceania|"
    "latin america|south america|central america|middle east|uk|"
    "alberta|british columbia|manitoba|ontario|quebec|saskatchewan|nova scotia|new brunswick".split("|")
)
_ABROAD_CODES = frozenset(
    "EU UK GB AU AT BE BG BR CH CL CN CZ DK EE EG ES FI FR GR HR HU IE IT JP KR LT LV MX MY NL NO NZ PH PK PL PT RO RS "
    "RU SE SI SK TH TR TW UA UY VN ZA AB BC MB NB NS ON QC UAE "
    "ALB ARE ARG ARM AUS AUT AZE BEL BGD BGR BHR BIH BLR BOL BRA CAN CHE CHL CHN COL CRI CYP CZE DEU DNK DOM DZA ECU "
    "EGY ESP EST FIN FRA GBR GEO GHA GRC GTM HKG HND HRV HUN IDN IND IRL IRN IRQ ISL ISR ITA JAM JOR JPN KAZ KEN KHM "
    "KOR KWT LBN LKA LTU LUX LVA MAR MDA MEX MKD MLT MNE MNG MYS NGA NIC NLD NOR NPL NZL OMN PAK PAN PER PHL POL PRT "
    "PRY QAT ROU RUS RWA SAU SEN SGP SLV SRB SVK SVN SWE THA TUN TUR TWN TZA UGA UKR URY UZB VEN VNM ZAF ZMB "
    "ZWE".split()
)
_CITIES_ABROAD = frozenset(
    "berlin|munich|munchen|hamburg|frankfurt|cologne|koln|stuttgart|dusseldorf|leipzig|tel aviv|haifa|jerusalem|"
    "herzliya|bangalore|bengaluru|mumbai|delhi|new delhi|hyderabad|chennai|pune|gurgaon|gurugram|noida|kolkata|"
    "ahmedabad|toronto|montreal|ottawa|calgary|edmonton|winnipeg|bogota|medellin|cali|buenos aires|casablanca|rabat|"
    "tbilisi|tirana|podgorica|panama city|kigali|singapore|hong kong|london|paris|amsterdam|dublin|madrid|barcelona|"
    "lisbon|tokyo|sydney|zurich".split("|")
)

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


@lru_cache(maxsize=65536)
def read(location: str) -> tuple[Place, ...]:
    """The places that a location line names, in order."""
    return tuple(place for chunk in _BETWEEN_PLACES.split(_tidy(location)) for place in _places(chunk))


def city_name(city: str) -> str:
    """A city in the form that places are compared in: `NYC`, `New York City` and `Brooklyn` are `new york`."""
    bare = _key(_BESIDE.sub(" ", _tidy(city)))
    return _SAME_CITY.get(bare, bare)


def state_code(state: str) -> str:
    """The postal code of a state of the US, given as code or name; empty for anything else."""
    key = _key(_tidy(state))
    return key.upper() if key.upper() in _CODES else STATES.get(key, "")


def state_of(place: Place) -> str:
    """The state of a place in the US: the one it names, else that of a city which hardly needs it named."""
    return place.state or ("" if place.country == "abroad" else _CITY_STATES.get(place.city, ""))


def is_us(words: str) -> bool:
    """Whether these words mean the United States."""
    return _key(_tidy(words)) in _US


def _places(chunk: str) -> list[Place]:
    """The places of a chunk that has no `;` or `or` in it: usually one, several where cities follow one another."""
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
    """The place that `field` begins. An unknown word after a city abroad is its region: `Pune, Maharashtra, IN`."""
    place = _join(Place(), field) or Place()
    unknown = place.city and not place.country and place.city not in _CITY_STATES
    return replace(place, country="abroad") if unknown and before.country == "abroad" else place


def _join(place: Place, field: str) -> Place | None:
    """`place` with what `field` adds to it; None where the field begins another place."""
    if is_us(field):
        return None if place.country else replace(place, country="US")
    if _is_abroad(field):
        return None if place.country or place.state else replace(place, country="abroad")
    code, city = state_code(field), city_name(field)
    if code and _reads_as_state(place, code, city):
        if place.country == "abroad" or place.city in _CITIES_ABROAD:  # `Toronto, ON, CA`: a country after all
            return replace(place, country="abroad")
        if not place.state:
            return replace(place, state=code, city=place.city or ("washington" if code == "DC" else ""))
        return None
    if place.city or (place.state and _CITY_STATES.get(city) != place.state and not place.country):
        return None
    return replace(
        place, city=city, country="abroad" if city in _CITIES_ABROAD and not place.country else place.country
    )


def _reads_as_state(place: Place, code: str, city: str) -> bool:
    """Whether a field that is the name of a state is meant as one: `New York` and `LA` are cities first."""
    if city not in _CITY_STATES and city != "washington":
        return True
    if not place.city or place.state or place.city in _CITIES_ABROAD:
        return False
    return _CITY_STATES.get(place.city, code) == code


def _is_abroad(field: str) -> bool:
    return field in _ABROAD_CODES or _key(field) in _ABROAD_NAMES


def _fields(chunk: str) -> list[str]:
    """The parts of a chunk: `CA - San Francisco HQ` -> `CA`, `San Francisco`."""
    chunk = _CODES_FIRST.sub(r"\2, \1, US", chunk.strip())
    bare = (" ".join(_BESIDE.sub(" ", field).split()) for field in _BETWEEN_FIELDS.split(chunk))
    return [part.strip(" -–—") for field in bare if field.strip(" -–—") for part in _peel(field)]


def _peel(field: str) -> list[str]:
    """`San Francisco CA USA` -> `San Francisco`, `CA`, `USA`: what ends a field without a comma before it."""
    words = field.split()
    if state_code(field) or is_us(field) or _is_abroad(field) or city_name(field) in _CITY_STATES:
        return [field]
    for count in range(min(3, len(words) - 1), 0, -1):
        tail = " ".join(words[-count:])
        is_word = len(tail) > 3 or tail.isupper()
        if is_word and (state_code(tail) or is_us(tail) or _is_abroad(tail)):
            return [*_peel(" ".join(words[:-count])), tail]
    return [field]


def _tidy(words: str) -> str:
    """Without full stops, so that `Washington, D.C.` and `St. Louis` read like the rest."""
    return words.replace(".", "")


def _key(words: str) -> str:
    """Case, accents and spacing gone, for comparing."""
    letters = unicodedata.normalize("NFKD", words.casefold())
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())
