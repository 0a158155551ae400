"""Every public function that takes a text of strangers is in the table of the growth test."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from importlib import import_module

from tests.scrape.test_growth import PARSERS

MODULES = (
    *("scrape.fields.urls", "scrape.fields.dates", "scrape.fields.pay", "scrape.fields.places", "scrape.fields.match"),
    *("scrape.markup.ascii", "scrape.markup.document", "scrape.markup.grammar", "scrape.markup.mhtml"),
    *("scrape.markup.reader", "scrape.markup.simplify", "scrape.boards.extract", "scrape.boards.general"),
    *("scrape.boards.json_ld", "scrape.boards.layouts", "scrape.boards.microdata", "scrape.boards.page_reader"),
    *("scrape.boards.schema_org", "scrape.http.charset", "scrape.http.challenge_pages", "scrape.http.robots"),
    *("scrape.dataset.corpus.pii", "scrape.dataset.corpus.near_duplicates"),
)
OUR_TEXT = {  # of the person who runs the command, a code, or one character
    *(
        "pay.currency",
        "pay.least_pay",
        "match.place",
        "match.place_query",
        "match.since",
        "match.wanted_place",
        "places.area_members",
        "places.country_name",
    ),
    *("places.is_within", "places.state_name", "places.suggest", "places.write"),
    *("ascii.ascii_equal", "document.prompt_prefix", "document.read"),  # read: find_error, and a pattern anchored
}


def test_every_public_function_that_takes_a_text_is_in_the_table() -> None:
    takes_text = {
        f"{module.rpartition('.')[2]}.{name}"
        for module in MODULES
        for name, function in public_functions(module)
        if next(iter(inspect.signature(function).parameters.values())).annotation in ("str", "bytes")
    }
    tested = {name.partition(" ")[0] for name in PARSERS}
    assert takes_text - tested - OUR_TEXT == set(), "add them to PARSERS in tests/scrape/test_growth.py, or here"


def public_functions(module: str) -> Iterable[tuple[str, Callable[..., object]]]:
    for name, value in vars(import_module(module)).items():
        function = inspect.unwrap(value) if callable(value) else value
        ours = inspect.isfunction(function) and function.__module__.startswith(module)
        if ours and not name.startswith("_") and inspect.signature(function).parameters:
            yield name, function
