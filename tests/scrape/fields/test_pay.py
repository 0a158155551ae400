"""The pay that a posting states in its text."""

from __future__ import annotations

import pytest

from scrape.fields.pay import find_pay


@pytest.mark.parametrize(
    ("text", "shown", "yearly"),
    [
        ("pays $120,000 - $150,000 USD per year", "$120,000 - $150,000 USD per year", 150_000),
        ("Salary: $120k–$150k", "$120k–$150k", 150_000),
        ("$31.50 an hour", "$31.50 an hour", 65_520),
        ("£45,000 per annum", "£45,000 per annum", 45_000),
        ("€4,000 a month", "€4,000 a month", 48_000),
        ("a $250 prize, then $90,000", "$90,000", 90_000),
    ],
)
def test_pay_is_read_as_people_write_it(text: str, shown: str, yearly: float) -> None:
    pay = find_pay(text)
    assert pay is not None and (pay.text, pay.yearly) == (shown, pytest.approx(yearly))


@pytest.mark.parametrize(
    "text", ["", "$5 lunch", "$20,000 million in funds", "we raised $100M", "401k", "100,000 users"]
)
def test_other_sums_are_no_pay(text: str) -> None:
    assert find_pay(text) is None
