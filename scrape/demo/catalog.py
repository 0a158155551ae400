"""The postings of the bundled board and its search."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlencode

from scrape.demo.generate import COUNT, SEED, JobOpening, openings
from scrape.fields.places import states

EXPIRED = 6
_FEATURED_EVERY = 15


@dataclass(frozen=True, slots=True)
class Search:
    """One question to the board; an empty field asks for everything. `start` counts results, from 0."""

    what: str = ""
    where: str = ""
    company: str = ""
    since: str = ""
    start: int = 0

    @classmethod
    def read(cls, query: str) -> Search:
        """Return a search from the query string of an address; what cannot be read counts as not given."""
        given = {name: values[0].strip() for name, values in parse_qs(query).items()}
        start = given.get("start", "0")
        return cls(
            what=given.get("what", ""),
            where=given.get("where", ""),
            company=given.get("company", ""),
            since=given.get("since", ""),
            start=int(start) if re.fullmatch(r"[0-9]{1,6}", start) else 0,
        )

    def at(self, start: int) -> str:
        """Return the query string of the same search from another start on."""
        fields = replace(self, start=start)
        names = ("what", "where", "company", "since", "start")
        return urlencode({name: getattr(fields, name) for name in names if getattr(fields, name)})


class Catalog:
    """All openings of the board, newest first. The expired ones are still listed, as on real boards."""

    def __init__(self, seed: int = SEED, count: int = COUNT) -> None:
        made = openings(seed, count + EXPIRED)
        self.live, self.expired = made[:count], made[count:]
        self._by_key = {opening.posting.key: opening for opening in made}
        self._gone = {opening.posting.key for opening in self.expired}
        self._listed = sorted(made, key=lambda opening: (opening.posting.date, opening.posting.key), reverse=True)

    def get(self, key: str) -> JobOpening | None:
        return self._by_key.get(key)

    def is_expired(self, opening: JobOpening) -> bool:
        return opening.posting.key in self._gone

    def is_featured(self, opening: JobOpening) -> bool:
        """Return whether the lists show this one twice."""
        return int(opening.posting.key) % _FEATURED_EVERY == 0

    def find(self, search: Search) -> list[JobOpening]:
        return [opening for opening in self._listed if _matches(opening, search)]

    def related(self, opening: JobOpening) -> list[JobOpening]:
        """Return up to four openings of the same field."""
        return [other for other in self.live if other.field == opening.field and other is not opening][:4]


def slug(text: str) -> str:
    """Return the words of `text` for an address: small ASCII letters and digits, joined by hyphens."""
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))


def _matches(opening: JobOpening, search: Search) -> bool:
    posting = opening.posting
    about = f"{posting.title} {opening.occupation} {opening.field}"
    return (
        _words(search.what) <= _words(about)
        and _is_at(posting.location, search.where)
        and _words(search.company) <= _words(posting.company)
        and search.since <= posting.date
    )


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def _is_at(location: str, where: str) -> bool:
    """Return whether `where` means this place: `Chicago`, `IL`, `Illinois`, `Chicago, IL` or `Chicago, Illinois`."""
    city, state = location.split(", ")
    name = next(name for name, code in states().items() if code == state)
    names = {city, state, name, location, f"{city}, {name}"}
    return not where or " ".join(where.casefold().split()) in {name.casefold() for name in names}
