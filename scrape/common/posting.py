"""The records that pass between the stages: what was asked, what a page held, one posting.

The bounds of every field of a posting are stated here. `checked` applies them to a posting of a board, and
`from_fields` to one that was read from disk.
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

PERIODS = ("yearly", "monthly", "weekly", "daily", "hourly")
"""The periods that pay can be for, as in the JobSpy package."""
MAX_LENGTHS = {
    "board": 100,
    "key": 2_000,
    "url": 2_000,
    "title": 500,
    "company": 500,
    "location": 20_000,  # some postings name hundreds of places
    "date": 40,
    "employment_type": 200,
    "expires": 40,
    "html": 2_000_000,
}
"""The most characters that each text field of a posting may have."""
MAX_TAGS, MAX_TAG_LENGTH = 100, 200

_SAFE_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_LONE = re.compile("[\ud800-\udfff]")  # half a character, which JSON can spell and UTF-8 cannot hold


@dataclass(frozen=True, slots=True)
class Pay:
    """The pay of a posting: a range in one currency for one period.

    An end that is not stated is None; where one sum is stated, both ends are equal. `currency` is an ISO 4217 code, or
    empty where it is unknown. `period` is one of `PERIODS`.
    """

    minimum: float | None
    maximum: float | None
    currency: str
    period: str


@dataclass(frozen=True, slots=True)
class Posting:
    """One job posting, in the same shape whichever board it came from.

    `key` is the board's own id, or `key_of(url)` where the board has none. `html` is the posting's own
    element as the board gave it; after `simplify` it is bare markup (zero or more blocks). `date` is the
    day of publication as ISO 8601 (`2026-11-22`), or empty; `expires` is the day on which the posting ends.
    Text fields are plain text, not HTML.

    `pay` is what the board states in fields of its own; what the text states is read by `scrape.fields.pay`.
    `remote` is None where the board does not say. `tags` and `employment_type` are in the board's own words.
    `no_training` is True where the board permits reading but no training: the posting stays out of every corpus.
    """

    board: str
    key: str
    url: str
    title: str
    company: str = ""
    location: str = ""
    date: str = ""
    html: str = ""
    pay: Pay | None = None
    remote: bool | None = None
    tags: tuple[str, ...] = ()
    employment_type: str = ""
    expires: str = ""
    no_training: bool = False

    @property
    def name(self) -> str:
        """The stem of the posting's files: stable, unique within a dataset and safe on every file system."""
        key = self.key if _SAFE_KEY.fullmatch(self.key) else key_of(self.key)
        board = self.board if _SAFE_KEY.fullmatch(self.board) else key_of(self.board)
        return f"{board}-{key}"


@dataclass(frozen=True, slots=True)
class Query:
    """A query to one board. An empty field matches everything.

    `state` is a postal code or a name (`CA`, `California`), `country` an ISO 3166-1 code, or an area such as `europe`:
    `scrape.fields.match.place` makes the three from a line. `since` is an ISO date. `pages` are the
    URLs or paths that the user names: for the boards that have no list of their own.
    """

    title: str = ""
    city: str = ""
    state: str = ""
    company: str = ""
    since: str = ""
    pages: tuple[str, ...] = ()
    country: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """The contents of one response of a board: postings, and the URLs to request next.

    `unusable` has a line for each posting that could not be read. `guessed` has a line for each posting whose
    fields were told from a page that does not mark them.
    """

    postings: tuple[Posting, ...] = ()
    follow: tuple[str, ...] = ()
    unusable: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()


_FIELDS = dict.fromkeys(field.name for field in fields(Posting))
_OPTIONAL: dict[str, Any] = {
    "pay": None,
    "remote": None,
    "tags": [],
    "employment_type": "",
    "expires": "",
    "no_training": False,
}


def key_of(text: str) -> str:
    """Return a stable key for a posting whose board gives none: 16 hexadecimal digits of the SHA-256 of `text`."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def is_usable_url(url: str) -> bool:
    """Return whether a URL is within its bound and free of NULs and halves of surrogate pairs."""
    return len(url) <= MAX_LENGTHS["url"] and "\0" not in url and not _LONE.search(url)


def checked(posting: Posting) -> Posting:
    """Return a posting that came from outside, without NULs and halves of surrogate pairs in its texts.

    Raises ValueError, with the field and the bound, for a field that is too long, a URL with one of these, and
    pay that is no range of finite amounts.
    """
    _check(posting)
    clean: dict[str, Any] = {name: _clean(getattr(posting, name)) for name in MAX_LENGTHS if name != "key"}
    return replace(posting, **clean, tags=tuple(map(_clean, posting.tags)))


def to_fields(posting: Posting) -> dict[str, Any]:
    """Return a posting as values of JSON, `html` last. The fields after `html` are left out where they say nothing."""
    found = {name: getattr(posting, name) for name in _FIELDS}  # `asdict` takes ten times as long
    found |= {"tags": list(posting.tags), "pay": posting.pay and asdict(posting.pay)}
    html = found.pop("html")
    stated = {name: value for name, value in found.items() if name not in _OPTIONAL or value != _OPTIONAL[name]}
    return {**stated, "html": html}


def from_fields(found: Any) -> Posting:
    """Return the posting that `to_fields` wrote, now or in an earlier version. Raises ValueError, as `checked` does."""
    if not isinstance(found, dict) or not {"board", "key", "url", "title"} <= found.keys() <= _FIELDS.keys():
        raise ValueError("its fields are not those of a posting")
    given = dict(found)
    tags, pay = given.pop("tags", []), given.pop("pay", None)
    remote, no_training = given.pop("remote", None), given.pop("no_training", False)
    texts = isinstance(tags, list) and all(isinstance(text, str) for text in (*given.values(), *tags))
    if not texts or not isinstance(remote, bool | None) or not isinstance(no_training, bool):
        raise ValueError("a field is not of its type")
    try:
        made = None if pay is None else Pay(**pay)
    except TypeError as error:
        raise ValueError(f"its pay is none ({error})") from error
    posting = Posting(**given, tags=tuple(tags), pay=made, remote=remote, no_training=no_training)
    _check(posting)
    return posting


def _check(posting: Posting) -> None:
    for name, most in MAX_LENGTHS.items():
        if (length := len(getattr(posting, name))) > most:
            raise ValueError(f"its {name} has {length:,} characters, and at most {most:,} are read")
    if len(posting.tags) > MAX_TAGS or any(len(tag) > MAX_TAG_LENGTH for tag in posting.tags):
        raise ValueError(f"it has more than {MAX_TAGS} tags, or one of more than {MAX_TAG_LENGTH} characters")
    if not is_usable_url(posting.url):
        raise ValueError("its url has characters that no URL can have")
    if posting.pay:
        _check_pay(posting.pay)


def _check_pay(pay: Pay) -> None:
    ends = [end for end in (pay.minimum, pay.maximum) if end is not None]
    if not ends or not all(isinstance(end, int | float) and math.isfinite(end) and 0 <= end < 1e15 for end in ends):
        raise ValueError("its pay is no range of amounts")
    if ends != sorted(ends) or pay.period not in PERIODS or not re.fullmatch("(?:[A-Z]{3})?", str(pay.currency)):
        raise ValueError("its pay has its ends reversed, or a period or currency that is none")


def _clean(text: str) -> str:
    text = text.replace("\0", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
