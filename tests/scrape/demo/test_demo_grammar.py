"""The phrase grammar behind the bundled postings, and its random numbers."""

from __future__ import annotations

from collections import Counter

import pytest

from scrape.demo.grammar import Writer, capital, parsed, tidy
from scrape.demo.seeded_random import SeededRandom


def _writer(lists: dict[str, tuple[str, ...]] | None = None, **facts: str) -> Writer:
    return Writer(SeededRandom("test"), lists or {}, facts)


def test_alternatives_nest_and_may_be_empty() -> None:
    seen = {_writer_phrase(seed, "a[b|c[d|]|]") for seed in range(200)}
    assert seen == {"ab", "acd", "ac", "a"}


def _writer_phrase(seed: int, template: str) -> str:
    return Writer(SeededRandom(str(seed)), {}, {}).phrase(template)


def test_numbers_keep_to_their_range_and_step() -> None:
    seen = {_writer_phrase(seed, "{950..1050/50} left") for seed in range(200)}
    assert seen == {"950 left", "1,000 left", "1,050 left"}


def test_a_fact_stands_for_itself_and_a_list_gives_an_entry() -> None:
    writer = _writer({"fruit": ("quince",)}, city="Boise")
    assert writer.phrase("{fruit} in {city}") == "quince in Boise"


def test_no_entry_comes_twice_before_all_have_come() -> None:
    writer = _writer({"letter": tuple("abcdef")})
    drawn = [writer.phrase("{letter}") for _ in range(12)]
    assert set(drawn[:6]) == set(drawn[6:]) == set("abcdef")
    assert len(_writer({"letter": tuple("abc")}).phrases("letter", 9)) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a/an oak and a/an elm", "an oak and an elm"),
        ("a/an user, a/an hour, a/an one-off", "a user, an hour, a one-off"),
        ("a/an unhurried union", "an unhurried union"),
        ("A/an RN with a/an MRI and a/an NICU", "An RN with an MRI and a NICU"),
        ("a/an 8 and a/an 80-seat room, a/an 40-seat one", "an 8 and an 80-seat room, a 40-seat one"),
        ("too  many   spaces .  and then", "too many spaces. And then"),
        ("a year with freight, .", "a year with freight."),
        ("ends in a comma, ", "ends in a comma"),
    ],
)
def test_tidy(text: str, expected: str) -> None:
    assert tidy(text) == expected


def test_a_capital_goes_to_the_first_letter_even_behind_a_mark() -> None:
    assert capital("*pay* is good") == "*Pay* is good"
    assert capital("80 seats") == "80 seats"


@pytest.mark.parametrize("template", ["[a|b", "a]b", "a|b", "{open", "shut}"])
def test_a_broken_template_is_refused(template: str) -> None:
    with pytest.raises(ValueError):
        parsed(template)


def test_a_list_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        _writer().phrase("{nothing}")


def test_dice_fall_the_same_for_a_seed_and_fairly() -> None:
    assert [SeededRandom("x").below(1000) for _ in range(3)] == [SeededRandom("x").below(1000) for _ in range(3)]
    rng = SeededRandom("fair")
    counts = Counter(rng.between(1, 6) for _ in range(6000))
    assert set(counts) == set(range(1, 7)) and min(counts.values()) > 850
    assert len(set(rng.sample("abcdef", 4))) == 4
    assert sorted(rng.sample("abc", 9)) == list("abc")
