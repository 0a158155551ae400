"""The guides of both packages name folders and functions that exist."""

from __future__ import annotations

import importlib
import re

import pytest

from tests.support.paths import ROOT

GUIDES = {package: (ROOT / package / "README.md").read_text("utf-8") for package in ("scrape", "charrnn")}
MOST_FUNCTIONS = 50  # of both walks together, from a URL to a page of the gallery


def walk(package: str) -> list[str]:
    """The dotted names in the section `A walk through the code`."""
    section = GUIDES[package].split("\n## A walk through the code\n")[1].split("\n## ")[0]
    return re.findall(r"`(\w+(?:\.\w+)+)`", section.replace("`input.txt`", ""))


def exists(package: str, name: str) -> bool:
    """Whether `name` is a module of the package and, in it, a function, a class or a method."""
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join([package, *parts[:length]]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part, None)  # type: ignore[assignment]
        return callable(found)
    return False


@pytest.mark.parametrize("package", GUIDES)
def test_every_function_of_the_walk_exists(package: str) -> None:
    assert [name for name in walk(package) if not exists(package, name)] == []


def test_the_walk_is_short_and_never_goes_back() -> None:
    names = [f"{package}.{name}" for package in GUIDES for name in walk(package)]
    assert len(names) == len(set(names)) <= MOST_FUNCTIONS


@pytest.mark.parametrize("package", GUIDES)
def test_the_table_has_every_folder_and_module(package: str) -> None:
    section = GUIDES[package].split("\n## The folders\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`[\w/.`, ]+`) \|", section, re.MULTILINE)
    named = {name.rstrip("/") for row in rows for name in re.findall(r"`([\w./]+)`", row)}
    inside = (ROOT / package).iterdir()
    assert named == {path.name for path in inside if path.name[0] != "_" and (path.is_dir() or path.suffix == ".py")}
