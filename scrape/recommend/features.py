"""The features of a posting: words, word pairs and facts of each field, counted and hashed into columns.

There is no vocabulary: a term's column is its hash, so a posting's features never change when others come, and those of
any two datasets are comparable. A column is `block * 2**BITS + hash`; a block is what TF-IDF normalizes together.
`feature_names` hashes the terms of a document again to find those behind its columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrape.common.posting import Pay
from scrape.fields import places
from scrape.fields.pay import find_pay, yearly
from scrape.markup import document
from scrape.markup.reader import plain_text

BLOCKS = ("title", "title pairs", "company", "place", "place facts", "pay", "body", "body pairs")
BITS = 20
COLUMNS = len(BLOCKS) << BITS
VERSION = 4  # rises when the same document would have other features

_MAX_COUNT = 255  # a count is one byte
_WORD = re.compile(r"[^\W_]+[+#]*")
_THRESHOLDS = (50, 75, 100, 125, 150, 200, 250, 300)  # thousands a year


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one document as plain text, each block of the body on its own line, and its pay."""

    title: str
    company: str
    place: str
    pay: Pay | None
    body: str


@dataclass(frozen=True, slots=True)
class FeatureCounts:
    """The columns of a posting (uint32, ascending) and the count of each (uint8, at most 255)."""

    columns: NDArray[np.uint32]
    counts: NDArray[np.uint8]


def read_fields(text: str, pay: Pay | None = None) -> Fields:
    """Read the fields of a document of bare markup. Raises ValueError if it is not one.

    `pay` is that which the board states, if it does; else the text is searched for it.
    """
    posting = document.read(text)
    body = plain_text(posting.html)
    if pay is None and (stated := find_pay(f"{posting.title}\n{body}", posting.location)):
        pay = stated.pay
    return Fields(posting.title, posting.company, posting.location, pay, body)


def count_features(fields: Fields) -> FeatureCounts:
    """Hash the terms of a document into columns and count them."""
    hashed = _hasher().transform(terms(fields))
    block = np.repeat(np.arange(len(BLOCKS)), np.diff(hashed.indptr))
    columns = (block << BITS) + hashed.indices
    return FeatureCounts(columns.astype(np.uint32), np.minimum(hashed.data, _MAX_COUNT).astype(np.uint8))


def feature_names(fields: Fields) -> dict[int, tuple[str, str]]:
    """Return {column: (block, term)} for each column of a document."""
    each = [(number, term) for number, block in enumerate(terms(fields)) for term in block]
    hashed = _hasher().transform([[term] for _, term in each]).indices
    return {
        (number << BITS) + int(column): (BLOCKS[number], term)
        for (number, term), column in zip(each, hashed, strict=True)
    }


def terms(fields: Fields) -> list[list[str]]:
    """List the terms of each block, in the order of BLOCKS."""
    title, body = _lines(fields.title), _lines(fields.body)
    company = [" ".join(fields.company.casefold().split())] if fields.company else []
    return [
        _words(title),
        _pairs(title),
        [*_words(_lines(fields.company)), *company],
        _words(_lines(fields.place)),
        place_facts(fields.place),
        pay_facts(fields.pay),
        _words(body),
        _pairs(body),
    ]


def place_facts(text: str) -> list[str]:
    """List what a location implies, such as `remote work`, `in Germany` and, in the US, `state TX`."""
    if not text.strip():
        return ["no place"]
    facts: dict[str, None] = {}
    for place in places.read(text):
        if place.remote:
            facts["remote work"] = None
        if place.country == "US":
            facts["in the US"] = None
        elif place.country:
            facts[f"in {places.country_name(place.country)}"] = None
        if place.country == "US" and place.region:
            facts[f"state {place.region}"] = None
    return list(facts)


def pay_facts(pay: Pay | None) -> list[str]:
    """List what a pay implies, such as `pay in USD` and `pay over 100k`; amounts in other currencies name theirs."""
    if pay is None:
        return ["no pay stated"]
    unit = "" if pay.currency == "USD" else f" {pay.currency}"
    over = [f"pay over {at}k{unit}" for at in _THRESHOLDS if yearly(pay) >= at * 1000]
    return ["pay stated", f"pay in {pay.currency}", *over]


def _lines(text: str) -> list[list[str]]:
    """Return the words of each line, in lower case."""
    return [_WORD.findall(line) for line in text.casefold().split("\n")]


def _words(lines: list[list[str]]) -> list[str]:
    return [word for line in lines for word in line]


def _pairs(lines: list[list[str]]) -> list[str]:
    """Return the words that stand beside each other in one line."""
    return [f"{first} {second}" for line in lines for first, second in pairwise(line)]


@cache
def _hasher() -> Any:
    # Imported here so that datasets can be managed without the extra `recommend`.
    from sklearn.feature_extraction import FeatureHasher  # type: ignore[import-untyped]

    return FeatureHasher(1 << BITS, input_type="string", dtype=np.float32, alternate_sign=False)
