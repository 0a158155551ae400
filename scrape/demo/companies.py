"""The invented employers: a name, an age, a size and the cities they are in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from scrape.demo import phrases
from scrape.demo.grammar import Writer
from scrape.demo.phrases import City, Field
from scrape.demo.seeded_random import SeededRandom

PER_FIELD = 36


@dataclass(frozen=True, slots=True)
class Company:
    """`kind` is what it is, in running text: `a neighborhood bistro`."""

    name: str
    kind: str
    founded: int
    staff: int
    cities: tuple[City, ...]


@cache
def companies(field: Field, seed: int) -> tuple[Company, ...]:
    """Return the employers of one field of work, all with different names."""
    rng = SeededRandom(f"{seed}/companies/{field.name}")
    writer = Writer(rng, {**phrases.general()["formal"], **phrases.names(), **field.lists}, {})
    weighted_cities = [city for city in phrases.cities() for _ in range(city.share)]
    made: dict[str, Company] = {}
    while len(made) < PER_FIELD:
        company = Company(
            name=writer.phrase("{firm}"),
            kind=writer.phrase("{kind}"),
            founded=rng.between(int(field.lists["since"][0]), 2023),
            staff=rng.between(9, 240),
            cities=tuple(rng.sample(weighted_cities, rng.choice((1, 1, 2, 3)))),
        )
        made.setdefault(company.name, company)
    return tuple(made.values())
