"""Matching of postings with queries, in the same way on every board.

title    every word of the query is a word of the title, in any order. Case, accents and plurals do not count, and a few
         words mean the same: engineer, developer and programmer; sr and senior; front end and frontend; ...
place    the city is one that the location names, by any of its usual names (`SF`, `NYC`, `San Francisco Bay Area`).
         Where the location names a state or country too, it must be the one that is asked for. A posting without a
         location is in no city. Remote postings are in no city either unless they name it: ask for the place
         `Remote` to have them.
company  the words of the query stand together in the company's name; `Inc.` and the like do not count.
since    the posting's date is that day or later; a posting without a date is not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

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


def matches(posting: Posting, query: Query) -> bool:
    """Return whether a posting is what the query asks for. An empty field of the query asks for everything."""
    return (
        has_title(posting.title, query.title)
        and in_place(posting.location, query.city, query.state)
        and of_company(posting.company, query.company)
        and is_since(posting.date, query.since)
    )


def matches_any(posting: Posting, queries: Iterable[Query]) -> bool:
    """Return whether a posting is what one of the queries asks for."""
    return any(matches(posting, query) for query in queries)


def has_title(title: str, wanted: str) -> bool:
    """Return whether every word of `wanted` is in `title`."""
    return _words(wanted) <= _words(title)


def in_place(location: str, city: str = "", state: str = "") -> bool:
    """Return whether a location line names this city (`Remote` is one, too), in this state where one is given."""
    if not city and not state:
        return True
    named = places.read(location)
    if city.strip().casefold() == REMOTE.casefold():
        return any(place.remote and (not state or _may_be_in(place, state, location)) for place in named)
    if not city:
        return any(_is_in(place, state, location) for place in named)
    name = places.city_name(city)
    return any(place.city == name and (not state or _may_be_in(place, state, location)) for place in named)


def of_company(company: str, wanted: str) -> bool:
    """Return whether `company` is the company called `wanted`, or one whose name holds that name."""
    name, asked = _company_words(company), _company_words(wanted)
    return not asked or f" {asked} " in f" {name} " or asked.replace(" ", "") == name.replace(" ", "")


def is_since(day: str, since: str) -> bool:
    """Return whether an ISO date is `since` or later; False without a date."""
    return not since or day[:10] >= since


def place(text: str) -> tuple[str, str]:
    """Return city and state of a place such as `San Francisco, CA`; `California` is a state, `New York` a city.

    Raises InputError where there is more than a city and a state, or nothing.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) == 3 and places.is_us(parts[2]):
        parts.pop()
    if not 1 <= len(parts) <= 2:
        raise InputError(f'{text!r} is not a place; write "San Francisco, CA", "Seattle", "Texas" or "Remote"')
    if len(parts) == 1 and places.read(parts[0])[:1] and not places.read(parts[0])[0].city:
        return (REMOTE, "") if places.read(parts[0])[0].remote else ("", parts[0])
    return parts[0], parts[1] if len(parts) == 2 else ""


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


def _is_in(place: places.Place, state: str, location: str) -> bool:
    """Return whether a place is in a state, which its city may say for it."""
    if places.is_us(state):
        return place.country == "US" or bool(places.state_of(place))
    code = places.state_code(state)
    return places.state_of(place) == code if code else _names(location, state)


def _may_be_in(place: places.Place, state: str, location: str) -> bool:
    """Return whether a place with the right city can be in a state: it says so, or says nothing."""
    if not places.state_code(state) and not places.is_us(state):
        return _names(location, state) or not (place.state or place.country)
    if place.country == "abroad":
        return False
    return not place.state or places.is_us(state) or place.state == places.state_code(state)


def _names(location: str, region: str) -> bool:
    """Return whether a location has the words of a region that is no state of the US, such as `Bavaria`."""
    return f" {_company_words(region)} " in f" {_company_words(location)} "


@lru_cache(maxsize=65536)
def _words(title: str) -> frozenset[str]:
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
def _company_words(name: str) -> str:
    words = re.findall(r"\w+", _fold(name))
    return " ".join(word for word in words if word not in _LEGAL) or " ".join(words)


def _fold(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
