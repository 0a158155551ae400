"""The records that pass between the stages: what was asked, what a page held, one posting."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_SAFE_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True, slots=True)
class Posting:
    """One job posting, in the same shape whichever board it came from.

    `key` is the board's own id, or `key_of(url)` where the board has none. `html` is the posting's own
    element as the board gave it; after `simplify` it is bare markup (zero or more blocks). `date` is the
    day of publication as ISO 8601 (`2026-11-22`), or empty. Text fields are plain text, not HTML.
    """

    board: str
    key: str
    url: str
    title: str
    company: str = ""
    location: str = ""
    date: str = ""
    html: str = ""

    @property
    def name(self) -> str:
        """The stem of the posting's files: stable, unique within a dataset and safe on every file system."""
        key = self.key if _SAFE_KEY.fullmatch(self.key) else key_of(self.key)
        board = self.board if _SAFE_KEY.fullmatch(self.board) else key_of(self.board)
        return f"{board}-{key}"


@dataclass(frozen=True, slots=True)
class Query:
    """A query to one board. An empty field matches everything.

    `state` is a postal code or a name (`CA`, `California`). `since` is an ISO date. `pages` are the
    URLs or paths that the user names: for the boards that have no list of their own.
    """

    title: str = ""
    city: str = ""
    state: str = ""
    company: str = ""
    since: str = ""
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """The contents of one response of a board: postings, and the URLs to request next."""

    postings: tuple[Posting, ...] = ()
    follow: tuple[str, ...] = ()


def key_of(text: str) -> str:
    """Return a stable key for a posting whose board gives none: 16 hexadecimal digits of the SHA-256 of `text`."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
