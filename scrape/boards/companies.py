"""Public board names of well-known companies, for the boards that list one company at a time.

`companies.toml` has a table of names for each of these boards. A name goes stale when the company moves to another
board, which then answers 404 for that one URL; the others go on.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from scrape.common.errors import InputError

_HOST_PART = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@cache
def known(board: str) -> Mapping[str, str]:
    """Return the companies of a board: their own names by their board names."""
    tables = tomllib.loads((resources.files("scrape.boards") / "companies.toml").read_text("utf-8"))
    return dict(tables.get(board, {}))


def listed(table: str, company: str = "") -> list[str]:
    """Return the known board names of a company, given as a board name or its own name; all known ones without it."""
    asked = company.strip().casefold()
    return [token for token, name in known(table).items() if not asked or asked in (token, name.casefold())]


def wanted(board: str, company: str) -> list[str]:
    """Return the board names to ask: the one for `company` (a board name or its own name), or all known ones."""
    found = listed(board, company)
    return found if found or not company.strip() else [company.strip().casefold().replace(" ", "")]


def hosts(board: str, company: str, domain: str) -> list[str]:
    """Return the board names to ask where they are hosts of `domain`. Raises InputError for one that cannot be."""
    for name in (names := wanted(board, company)):
        if not _HOST_PART.fullmatch(name):
            raise InputError(f"{name!r} cannot be a company's site on {board}; name it as in https://NAME.{domain}")
    return names


def display(board: str, token: str, *tables: str) -> str:
    """Return the company's own spelling of its name; for an unknown board name, that name with a capital.

    `tables` are further tables of companies to look in.
    """
    names = (known(table).get(token.casefold(), "") for table in (board, *tables))
    return next(filter(None, names), "") or token.replace("-", " ").strip().capitalize()
