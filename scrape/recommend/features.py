"""What a document says, field by field: the words and word pairs of its title, company, place, pay and body."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from scrape.fields import places
from scrape.fields.pay import Pay, find_pay
from scrape.markup import document

FIELDS = ("title", "company", "place", "pay", "body")

_WORD = re.compile(r"[^\W_]+[+#]*|\n")
_BLOCK = re.compile(r"</?(?:p|h4|ul|ol|li)>|<br/>")
_INLINE = re.compile(r"</?(?:b|em)>")
_THRESHOLDS = (50, 75, 100, 125, 150, 200, 250, 300)  # thousands a year


@dataclass(frozen=True, slots=True)
class Fields:
    """One document, read: plain text, in whose body each block is a line, and the pay that it states."""

    title: str
    company: str
    place: str
    pay: Pay | None
    body: str


def read(text: str) -> Fields:
    """The fields of a document of bare markup. Raises ValueError where it is not one."""
    posting = document.read(text)
    body = plain(posting.html)
    return Fields(posting.title, posting.company, posting.location, find_pay(f"{posting.title}\n{body}"), body)


def plain(blocks: str) -> str:
    """Bare markup as plain text, each block and each broken line a line of its own."""
    return unescape(_INLINE.sub("", _BLOCK.sub("\n", blocks)))


def words(text: str) -> list[str]:
    """The words of a text in lower case, and a line break wherever one stands: no pair reaches across it."""
    return _WORD.findall(text.casefold())


def facts(fields: Fields) -> dict[str, list[str]]:
    """What a field means beyond its words: the places that a location names, and how much is paid."""
    found = places.read(fields.place)
    where = dict.fromkeys(fact for place in found for fact in _place_facts(place))
    return {
        "company": [" ".join(fields.company.casefold().split())] if fields.company else [],
        "place": list(where) or ([] if fields.place.strip() else ["no place"]),
        "pay": list(_pay_facts(fields.pay)),
    }


def _place_facts(place: places.Place) -> Iterator[str]:
    state = places.state_of(place)
    if place.remote:
        yield "remote work"
    if place.country == "US" or state:
        yield "in the US"
    elif place.country:
        yield "abroad"
    if state:
        yield f"state {state}"


def _pay_facts(pay: Pay | None) -> Iterator[str]:
    if pay is None:
        yield "no pay stated"
        return
    yield "pay stated"
    yield f"pay in {pay.currency}"
    yield from (f"pay over {at}k" for at in _THRESHOLDS if pay.yearly >= at * 1000)
