"""The invented employers: a name, an age, a size and the cities they are in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from scrape.demo import phrases
from scrape.demo.dice import Dice
from scrape.demo.grammar import Writer
from scrape.demo.phrases import City, Field

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
    """The employers of one field of work; no name comes twice in it."""
    dice = Dice(f"{seed}/companies/{field.name}")
    writer = Writer(dice, {**phrases.general()["formal"], **phrases.names(), **field.lists}, {})
    made: dict[str, Company] = {}
    while len(made) < PER_FIELD:
        name = writer.phrase("{firm}")
        made.setdefault(name, _company(name, field, writer, dice))
    return tuple(made.values())


def _company(name: str, field: Field, writer: Writer, dice: Dice) -> Company:
    return Company(
        name=name,
        kind=writer.phrase("{kind}"),
        founded=dice.between(int(field.lists["since"][0]), 2023),
        staff=dice.between(9, 240),
        cities=tuple(dice.some(_weighted_cities(), dice.pick((1, 1, 2, 3)))),
    )


@cache
def _weighted_cities() -> tuple[City, ...]:
    return tuple(city for city in phrases.cities() for _ in range(city.share))
