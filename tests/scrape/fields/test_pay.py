"""Pay is read as people and boards write it; sums that are no pay are none."""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrape.common.posting import Pay, Posting, checked
from scrape.fields.pay import currency, find_pay, least_pay, pay_of, read_pay, show, yearly
from tests.support.growth import assert_linear


def usd(minimum: float | None, maximum: float | None, period: str = "yearly") -> Pay:
    return Pay(minimum, maximum, "USD", period)


@pytest.mark.parametrize(
    ("text", "shown", "pay"),
    [
        ("pays $120,000 - $150,000 USD per year", "$120,000 - $150,000 USD per year", usd(120_000, 150_000)),
        ("Salary: $120k–$150k", "$120k–$150k", usd(120_000, 150_000)),
        ("Salary: $120-150K", "$120-150K", usd(120_000, 150_000)),
        ("Pay Range$186,065—$218,900 USD", "$186,065—$218,900 USD", usd(186_065, 218_900)),
        ("$31.50 an hour", "$31.50 an hour", usd(31.5, 31.5, "hourly")),
        ("From $30/hr to $70/hr, by seniority", "$30/hr to $70/hr", usd(30, 70, "hourly")),
        ("Hourly rate is $40-$100 (by experience)", "$40-$100", usd(40, 100, "hourly")),
        ("£45,000 per annum", "£45,000 per annum", Pay(45_000, 45_000, "GBP", "yearly")),
        ("£45,000 p.a. plus bonus", "£45,000 p.a.", Pay(45_000, 45_000, "GBP", "yearly")),
        ("€4,000 a month", "€4,000 a month", Pay(4_000, 4_000, "EUR", "monthly")),
        ("60.000 € - 75.000 € brutto", "60.000 € - 75.000 €", Pay(60_000, 75_000, "EUR", "yearly")),
        ("CHF 120'000 - 140'000", "CHF 120'000 - 140'000", Pay(120_000, 140_000, "CHF", "yearly")),
        ("45 000 - 52 000 SEK/month", "45 000 - 52 000 SEK/month", Pay(45_000, 52_000, "SEK", "monthly")),
        ("2\xa0500 € per month", "2 500 € per month", Pay(2_500, 2_500, "EUR", "monthly")),
        ("call 415 555 0134, $20 an hour", "$20 an hour", usd(20, 20, "hourly")),
        ("CA$90,000 to CA$110,000", "CA$90,000 to CA$110,000", Pay(90_000, 110_000, "CAD", "yearly")),
        ("Canada (CAD): $103,700 – $140,300", "(CAD): $103,700 – $140,300", Pay(103_700, 140_300, "CAD", "yearly")),
        ("$90,000 CAD", "$90,000 CAD", Pay(90_000, 90_000, "CAD", "yearly")),
        ("a $250 prize, then $90,000", "$90,000", usd(90_000, 90_000)),
        ("up to $70,000 and stock", "$70,000", usd(None, 70_000)),
        ("starting at $110k annually", "$110k annually", usd(110_000, None)),
        ("Posted salary $45,000 minimum", "$45,000", usd(45_000, None)),
        ("$150k base + a $20k sign-on bonus", "$150k", usd(150_000, 150_000)),
        ("The range is 152,000 USD - 241,500 USD here", "152,000 USD - 241,500 USD", usd(152_000, 241_500)),
        ("range for this role is USD 154,445 - USD 185,334", "USD 154,445 - USD 185,334", usd(154_445, 185_334)),
        ("for this role is 2,500 - 3,333 USD per month", "2,500 - 3,333 USD per month", usd(2_500, 3_333, "monthly")),
        ("range is 175,000 to 260,000 USD annually", "175,000 to 260,000 USD annually", usd(175_000, 260_000)),
        ("Pay: INR 4,050,000 - 5,670,000", "INR 4,050,000 - 5,670,000", Pay(4_050_000, 5_670_000, "INR", "yearly")),
        ("INR 7,50,000 a year", "INR 7,50,000 a year", Pay(750_000, 750_000, "INR", "yearly")),
        ("role is ₹25 Lakhs + Bonus", "₹25 Lakhs", Pay(2_500_000, 2_500_000, "INR", "yearly")),
        ("compensation: INR 5LPA along", "INR 5LPA", Pay(500_000, 500_000, "INR", "yearly")),
        ("12-15 LPA", "12-15 LPA", Pay(1_200_000, 1_500_000, "INR", "yearly")),
        ("₹1.2 crore", "₹1.2 crore", Pay(12_000_000, 12_000_000, "INR", "yearly")),
    ],
)
def test_pay_is_read_as_people_write_it(text: str, shown: str, pay: Pay) -> None:
    stated = find_pay(text)
    assert stated is not None and (stated.text, stated.pay) == (shown, pay)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$5 lunch",
        "$20,000 million in funds",
        "we raised $100M",
        "$100mm of work",
        "401k",
        "401k, $20",
        "100,000 users",
        "a £15k car allowance",
        "$20,000 annual bonus",
        "a $15,000 sign-on bonus",
        "a stipend of $18,000",
        "bonus of up to $30,000",
        "revenue of $500,000",
        "Health insurance with a total sum insured is INR 7,50,000",
        "insurance for employee, spouse and up to 2 kids of INR 400,000 per annum",
        "a $50,000-lifetime maximum benefit",
        "many spend $500K+/year with us",
        "₹60k",
        "$" + "9" * 400,
        "$" + "9" * 400 + " a year",
        "version 2.0 USD",
    ],
)
def test_other_sums_are_no_pay(text: str) -> None:
    assert find_pay(text) is None


@pytest.mark.parametrize(
    ("text", "location", "currency"),
    [
        ("$90,000", "", "USD"),
        ("$90,000", "Austin, TX", "USD"),
        ("$90,000", "Toronto, ON, Canada", "CAD"),
        ("$90,000", "Remote - Australia", "AUD"),
        ("$90,000", "Toronto, Canada; New York, NY", "USD"),
        ("$90,000", "Berlin, Germany", "USD"),
        ("$90,000 USD", "Toronto, ON, Canada", "USD"),
        ("US$90,000", "Toronto, ON, Canada", "USD"),
    ],
)
def test_a_bare_dollar_is_that_of_the_country(text: str, location: str, currency: str) -> None:
    stated = find_pay(text, location)
    assert stated is not None and stated.pay.currency == currency


@pytest.mark.parametrize(
    ("values", "pay"),
    [
        ((120000, 150000, "USD", "YEAR"), usd(120_000, 150_000)),
        ((150000, 120000, "usd", "1 YEAR"), usd(120_000, 150_000)),
        (("99200.0", "128956.0", "USD", "PA"), usd(99_200, 128_956)),
        (("28.50", "35", "USD", "PH"), usd(28.5, 35, "hourly")),
        (("$28.50", None, "$", "per-hour-wage"), usd(28.5, None, "hourly")),
        ((None, 90000, "USD", "annual"), usd(None, 90_000)),
        ((0, 90000, "USD", None), usd(None, 90_000)),
        (("120k", "150k", "EUR", "per-year-salary"), Pay(120_000, 150_000, "EUR", "yearly")),
        ((5000, 5000, "XYZ", "month"), Pay(5_000, 5_000, "XYZ", "monthly")),
        ((75.0, 95.0, "USD", "year"), None),
        ((3, 3, "USD", "YEAR"), None),
        ((None, None, "USD", "yearly"), None),
        ((0, 0, "USD", "yearly"), None),
        ((2000, 3000, "USD", "bi-weekly-salary"), None),
        ((2000, 3000, "USD", "2 WEEK"), None),
        ((2000, 3000, "USD", "one-time"), None),
        ((90000, 95000, "USD", "WC"), None),
        (("9" * 400, "9" * 400, "USD", "YEAR"), None),
        ((10**400, 10**400, "USD", "YEAR"), None),
        ((math.inf, math.nan, "USD", "YEAR"), None),
        ((True, {}, [], 7), None),
    ],
)
def test_pay_of_a_board_is_held_to_what_a_person_can_earn(values: tuple[Any, ...], pay: Pay | None) -> None:
    assert read_pay(*values) == pay


ANY = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)


@given(ANY, ANY, ANY | st.sampled_from(["USD", "EUR"]), ANY | st.sampled_from(["YEAR", "hourly"]))
def test_whatever_a_board_gives_is_pay_within_its_bounds_or_none(low: Any, high: Any, currency: Any, each: Any) -> None:
    if pay := read_pay(low, high, currency, each):
        checked(Posting("b", "k", "", "t", pay=pay))
        assert yearly(pay) > 0 and show(pay)


@given(st.text(alphabet="$€£₹ 0123456789,.-kKLPA/yrUSDINRto()'", max_size=80))
def test_whatever_a_text_holds_is_pay_within_its_bounds_or_none(text: str) -> None:
    if stated := find_pay(text):
        checked(Posting("b", "k", "", "t", pay=stated.pay))


def test_the_fields_of_a_board_go_before_the_text() -> None:
    posting = Posting("b", "k", "", "t")
    assert pay_of(replace(posting, pay=usd(1, 2)), "$90,000") == (usd(1, 2), "board")
    assert pay_of(posting, "$90,000") == (usd(90_000, 90_000), "text")
    assert pay_of(posting, "nothing") == (None, "")


@pytest.mark.parametrize(
    ("pay", "shown", "a_year"),
    [
        (usd(120_000, 150_000), "120,000 - 150,000 USD yearly", 150_000),
        (usd(31.5, 31.5, "hourly"), "31.50 USD hourly", 65_520),
        (usd(None, 5_000, "monthly"), "up to 5,000 USD monthly", 60_000),
        (usd(1_000, None, "weekly"), "from 1,000 USD weekly", 52_000),
    ],
)
def test_pay_is_shown_and_compared_by_the_year(pay: Pay, shown: str, a_year: float) -> None:
    assert (show(pay), yearly(pay)) == (shown, pytest.approx(a_year))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("£24.50 - £31.00 p/h", "24.50 - 31 GBP hourly"),
        ("£19 - £21ph (weekends £26ph)", "19 - 21 GBP hourly"),
        ("£2,500 pcm", "2,500 GBP monthly"),
        ("£500pw or £500 p/w", "500 GBP weekly"),
        ("$30.25 to $41.87 Hourly", "30.25 - 41.87 USD hourly"),
        ("$45 Per Hour", "45 USD hourly"),
        ("A $10,000 sign-on bonus! $95,000 yearly", "95,000 USD yearly"),
    ],
)
def test_short_and_capital_words_for_periods(text: str, shown: str) -> None:
    found = find_pay(text)
    assert found and show(found.pay) == shown


def test_an_amount_on_the_command_line_is_one_of_a_year() -> None:
    written = ("120000", "120,000", "120k", "10k/month", "45/hour")
    assert [least_pay(text)[0] for text in written] == [120_000, 120_000, 120_000, 120_000, 93_600]
    for text in ("", "much", "-1", "0", "5/fortnight", "£", "£40k or more"):
        with pytest.raises(argparse.ArgumentTypeError, match="write 120000"):
            least_pay(text)


def test_an_amount_on_the_command_line_may_name_its_currency() -> None:
    written = ("£30k", "30k GBP", "30,000 £", "GBP 30000", "C$45/hour", "$1", "1")
    assert [least_pay(text)[1] for text in written] == ["GBP", "GBP", "GBP", "GBP", "CAD", "USD", ""]
    assert [currency(text) for text in ("gbp", "£", " EUR ")] == ["GBP", "GBP", "EUR"]
    for text in ("", "EURO", "pounds"):
        with pytest.raises(argparse.ArgumentTypeError, match="write its code"):
            currency(text)


@pytest.mark.parametrize(
    "part", ["$1 ", "$1 a-", "$1 a ", "$120,000", "$1'000", "USD ", "1.000", "1 to ", "a/a ", "( ", "bonus "]
)
def test_the_time_to_look_for_pay_grows_with_the_text(part: str) -> None:
    assert_linear(lambda count: find_pay(part * count), 200)
