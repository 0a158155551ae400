"""The phrase material, as data.

`general.toml` holds lists for everybody and for each voice, `places.toml` the cities, `names.toml` what company names
are made of, and `fields/*.toml` one field of work each, with its occupations. A list is written as one string: an entry
a line, or, on a single line, entries between semicolons. Entries are templates of `scrape.demo.grammar`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

Lists = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Occupation:
    """An occupation, named by `titles[0]`. Pay is in dollars per `unit` (hour or year), before the city's `cost`."""

    titles: tuple[str, ...]
    low: int
    high: int
    unit: str
    lists: Lists

    @property
    def name(self) -> str:
        return self.titles[0]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    name: str
    lists: Lists
    occupations: tuple[Occupation, ...]


@dataclass(frozen=True, slots=True, eq=False)
class City:
    """A city. `share` weighs how often it is chosen; `cost` multiplies the pay."""

    name: str
    state: str
    share: int
    cost: float
    lists: Lists

    @property
    def location(self) -> str:
        return f"{self.name}, {self.state}"


@cache
def general() -> dict[str, Lists]:
    """Return the general lists by voice: the entries under `shared`, then the voice's own."""
    read = {name: _lists(table) for name, table in _toml("general.toml").items()}
    shared = read.pop("shared")
    return {
        voice: {name: shared.get(name, ()) + own.get(name, ()) for name in sorted({*shared, *own})}
        for voice, own in read.items()
    }


@cache
def names() -> Lists:
    """Return the lists that company names are made of."""
    return _lists(_toml("names.toml"))


@cache
def fields() -> tuple[Field, ...]:
    folder = resources.files(__name__) / "fields"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    tables = [_toml(f"fields/{name}") for name in names]
    return tuple(
        Field(table["name"], _lists(table["lists"]), tuple(map(_occupation, table["occupation"]))) for table in tables
    )


@cache
def cities() -> tuple[City, ...]:
    return tuple(
        City(row["name"], row["state"], row["share"], row["cost"], {"hood": _entries(row["hood"])})
        for row in _toml("places.toml")["city"]
    )


def _toml(path: str) -> dict[str, Any]:
    return tomllib.loads((resources.files(__name__) / path).read_text("utf-8"))


def _occupation(row: dict[str, str]) -> Occupation:
    pay, unit = row["pay"].split()
    low, high = (int(figure) for figure in pay.split("-"))
    lists = {name: _entries(text) for name, text in row.items() if name not in ("titles", "pay")}
    return Occupation(_entries(row["titles"]), low, high, unit, lists)


def _lists(table: Mapping[str, str]) -> Lists:
    return {name: _entries(text) for name, text in table.items()}


def _entries(text: str) -> tuple[str, ...]:
    parts = text.splitlines() if "\n" in text else text.split(";")
    return tuple(part.strip() for part in parts if part.strip())
