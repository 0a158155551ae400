"""A posting comes back from its file as it was, and no field of a stranger is longer or stranger than it may be."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrape.common.posting import MAX_LENGTHS, MAX_TAGS, Pay, Posting, checked, from_fields, to_fields

PLAIN = Posting("demo", "1", "https://x.example/1", "Baker", "Oven & Co", "Boston, MA", "2026-11-01", "<p>Bread</p>")
FULL = replace(
    PLAIN,
    pay=Pay(20.5, None, "USD", "hourly"),
    remote=False,
    tags=("bread", "night"),
    employment_type="Part-time",
    expires="2026-12-01",
    no_training=True,
)


@pytest.mark.parametrize(
    "posting", [PLAIN, FULL, replace(FULL, remote=True), replace(PLAIN, pay=Pay(1, 1, "", "yearly"))]
)
def test_a_posting_is_read_as_it_was_written(posting: Posting) -> None:
    assert from_fields(json.loads(json.dumps(to_fields(posting)))) == checked(posting) == posting
    assert list(to_fields(posting))[-1] == "html"


def test_a_file_of_an_earlier_version_is_what_a_posting_without_new_fields_gives() -> None:
    old = ["board", "key", "url", "title", "company", "location", "date", "html"]
    assert list(to_fields(PLAIN)) == old
    assert from_fields({name: getattr(PLAIN, name) for name in old[:4]}) == replace(
        PLAIN, company="", location="", date="", html=""
    )


def test_every_text_field_has_a_bound() -> None:
    assert set(MAX_LENGTHS) == {field.name for field in fields(Posting) if field.type == "str"}


@pytest.mark.parametrize("name", sorted(MAX_LENGTHS))
def test_a_field_may_be_as_long_as_its_bound_and_no_longer(name: str) -> None:
    values: dict[str, Any] = {name: "x" * MAX_LENGTHS[name]}
    assert checked(replace(PLAIN, **values)) == replace(PLAIN, **values)
    values[name] += "x"
    for refuse in (checked, lambda posting: from_fields(to_fields(posting))):
        with pytest.raises(ValueError, match=name):
            refuse(replace(PLAIN, **values))


@pytest.mark.parametrize(
    "bad",
    [
        {"tags": ("x",) * (MAX_TAGS + 1)},
        {"tags": ("x" * 1000,)},
        {"url": "https://a\0b/"},
        {"url": "https://a.example/\ud800"},
        {"pay": Pay(None, None, "USD", "yearly")},
        {"pay": Pay(2, 1, "USD", "yearly")},
        {"pay": Pay(math.inf, None, "USD", "yearly")},
        {"pay": Pay(math.nan, None, "USD", "yearly")},
        {"pay": Pay(1, 2, "dollars", "yearly")},
        {"pay": Pay(1, 2, "USD", "fortnightly")},
        {"pay": Pay(-1, 2, "USD", "yearly")},
    ],
)
def test_a_bad_field_is_refused(bad: dict[str, Any]) -> None:
    for refuse in (checked, lambda posting: from_fields(to_fields(posting))):
        with pytest.raises(ValueError):
            refuse(replace(PLAIN, **bad))


def test_nul_and_half_characters_leave_the_texts_of_a_board() -> None:
    torn = replace(PLAIN, title="Ba\0ker \ud83d", html="<p>\udc00\0</p>", tags=("a\0",))
    assert checked(torn) == replace(PLAIN, title="Baker ?", html="<p>?</p>", tags=("a",))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from([field.name for field in fields(Posting)]), JSON))
def test_foreign_values_are_a_posting_or_a_value_error(found: dict[str, Any]) -> None:
    for given_fields in (found, {"board": "b", "key": "k", "url": "", "title": "t"} | found):
        try:
            posting = from_fields(given_fields)
        except ValueError:
            continue
        assert from_fields(to_fields(posting)) == posting
