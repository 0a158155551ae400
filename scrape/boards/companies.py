"""Public board names of well-known companies, for the boards that list one company at a time.

`companies.toml` has a table of names for each of these boards. A name goes stale when the company moves to another
board, which then answers 404 for that one URL; the others go on.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources


@cache
def known(board: str) -> Mapping[str, str]:
    """Return the companies of a board: their own names by their board names."""
    tables = tomllib.loads((resources.files("scrape.boards") / "companies.toml").read_text("utf-8"))
    return dict(tables[board])


def wanted(board: str, company: str) -> list[str]:
    """Return the board names to ask: the one for `company` (a board name or its own name), or all known ones."""
    if not company:
        return list(known(board))
    asked = company.casefold()
    found = [token for token, name in known(board).items() if asked in (token, name.casefold())]
    return found or [asked.replace(" ", "")]


def display(board: str, token: str) -> str:
    """Return the company's own spelling of its name; for an unknown board name, that name with a capital."""
    return known(board).get(token.casefold()) or token.replace("-", " ").strip().capitalize()
