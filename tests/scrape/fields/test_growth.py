"""No line of a stranger takes more than linear time, whatever is repeated in it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from scrape.fields import match, places
from scrape.fields.dates import day
from scrape.fields.pay import find_pay
from scrape.fields.urls import canonical
from tests.support.growth import assert_linear

READERS = {
    "place": places.read,
    "in place": lambda line: match.in_place(line, "Seattle", "WA"),
    "pay": find_pay,
    "date": day,
    "title": lambda line: match.has_title(line, "nurse"),
    "company": lambda line: match.of_company(line, "Acme"),
    "URL": lambda line: canonical("https://h.example/" + line),
    "host": lambda line: canonical(f"https://h.example{line}:443:80"),
}
PIECES = (
    " ",
    "\n",
    " \n",
    "-",
    " - ",
    "CA ",
    "CA, ",
    "/",
    "(",
    "$",
    "$1 ",
    "1,",
    "9",
    "or ",
    "remote ",
    "a.",
    "é",
    "\u0301",
)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("name", READERS)
def test_repetition_takes_linear_time(name: str, piece: str) -> None:
    reader: Callable[[str], object] = READERS[name]
    numbers = count()  # places are cached by line

    def work(size: int) -> None:
        reader(f"x{piece * (size // len(piece))}{next(numbers)}x")

    assert_linear(work, 5_000, slack=0.2)
