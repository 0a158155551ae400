"""The query string of a page of the desk: what is listed and in which order. It is all that a saved search holds."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from urllib.parse import parse_qsl, urlencode

from scrape.common.errors import InputError
from scrape.dataset.index import Filters
from scrape.fields import match, pay
from scrape.recommend.labels import NO, SKIPPED, YES

BEST_FIRST, NEWEST, MATCH, PAY = "best", "new", "match", "pay"
ANY, UNLABELED = "any", "none"
LABELS = (ANY, UNLABELED, YES, NO, SKIPPED)
MAX_LENGTH = 300  # characters of a field

_NAMES = {"exclude": "not"}  # of parameters that cannot be names in Python


@dataclass(frozen=True, slots=True)
class DeskQuery:
    """The parameters as text. In `title`, `company`, `place`, `away` and `exclude`, a semicolon separates several."""

    q: str = ""
    title: str = ""
    company: str = ""
    place: str = ""
    away: str = ""
    remote: str = ""
    pay: str = ""
    unpaid: str = ""
    board: str = ""
    since: str = ""
    exclude: str = ""
    new: str = ""
    label: str = ""
    sort: str = ""
    page: str = ""
    typing: str = ""
    via: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> DeskQuery:
        """Read the parameters of a request; those that the desk does not know are left out."""
        found = {each.name: parameters.get(_NAMES.get(each.name, each.name), "").strip() for each in fields(cls)}
        return cls(**{name: value[:MAX_LENGTH] for name, value in found.items()})

    @classmethod
    def parse(cls, query: str) -> DeskQuery:
        """Read a query string."""
        return cls.read(dict(parse_qsl(query)))

    def write(self, **changes: str) -> str:
        """Return the query string with these changes, without what is empty. A change goes back to the first page."""
        changed = asdict(replace(self, page="", **changes)) if changes else asdict(self)
        changed["typing"] = ""
        return urlencode({_NAMES.get(name, name): value for name, value in changed.items() if value})

    def on_page(self, number: int) -> str:
        """Return the query string of another page of the same list."""
        return replace(self, page=str(number)).write()

    @property
    def order(self) -> str:
        """The order of the list: as asked for; else by words where there are any, else the best first."""
        return self.sort if self.sort in (BEST_FIRST, NEWEST, MATCH, PAY) else MATCH if self.q else BEST_FIRST

    @property
    def labeled(self) -> str:
        """The label of the postings that are listed: any, but only those without one where the best come first."""
        return self.label if self.label in LABELS else UNLABELED if self.order == BEST_FIRST else ANY

    @property
    def page_number(self) -> int:
        return max(1, int(self.page)) if self.page.isdecimal() and len(self.page) < 7 else 1

    @property
    def is_filtered(self) -> bool:
        """True where anything but the order and the label narrows the list."""
        return replace(self, label="", sort="", page="", typing="", via="") != DeskQuery()

    def unknown_places(self) -> list[str]:
        """Return a line for each place that is none, with one that it is like."""
        places = (*_several(self.place), *_several(self.away))
        return list(filter(None, (match.unknown_place(match.place_query(place, "")) for place in places)))

    def filters(self, answers: Mapping[str, str], seen_up_to: str) -> Filters:
        """Return the filters of the index, given the answer to each labeled posting. Raises InputError."""
        amount, currency = _least_pay(self.pay)
        labeled: frozenset[str] | None = None
        if self.labeled in (YES, NO, SKIPPED):
            labeled = frozenset(name for name, answer in answers.items() if answer == self.labeled)
        return Filters(
            words=self.q,
            typing=bool(self.typing),
            titles=_several(self.title),
            places=_several(self.place),
            not_places=_several(self.away),
            companies=_several(self.company),
            exclude=_several(self.exclude),
            remote={"yes": True, "no": False}.get(self.remote),
            min_pay=amount,
            currency=currency or "USD",
            keep_unpaid=bool(self.unpaid),
            boards=_several(self.board),
            since=match.since(self.since, date.today()),
            seen_after=seen_up_to if self.new else "",
            names=labeled,
            without=frozenset(answers) if self.labeled == UNLABELED else frozenset(),
        )


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _least_pay(text: str) -> tuple[float, str]:
    try:
        return pay.least_pay(text) if text else (0.0, "")
    except argparse.ArgumentTypeError as error:
        raise InputError(f"pay: {error}") from error
