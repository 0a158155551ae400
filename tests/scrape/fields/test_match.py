"""City, state, title, company and date mean the same on every board."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrape.common.errors import InputError
from scrape.common.posting import Posting, Query
from scrape.fields import match, places
from scrape.fields.match import PlaceQuery, has_title, in_place, is_since, matches, of_company
from scrape.fields.places import Place
from tests.support.files import json_lines

SAN_FRANCISCO = [
    "San Francisco, CA",
    "San Francisco",
    "san francisco, ca",
    "San francisco",
    "SF",
    "San Francisco Bay Area",
    "SF Bay Area",
    "Bay Area",
    "San Francisco, California, United States",
    "San Francisco, CA, USA",
    "San Francisco, CA 94105",
    "San Francisco CA 94105 USA",
    "San Francisco California",
    "US-CA-San Francisco",
    "CA - San Francisco",
    "United States - San Francisco",
    "San Francisco (HQ)",
    "San Francisco HQ, Seattle, Remote",
    "Hybrid - San Francisco, CA",
    "San Francisco, CA (Remote)",
    "Remote in San Francisco, CA",
    "New York, NY; San Francisco, CA",
    "New York or San Francisco",
    "New York / San Francisco / Remote",
    "New York, New York, USA; San Francisco, California, USA",
    "London, New York, San Francisco",
    "Seattle, WA | San Francisco, CA",
    "New York, San Francisco, Seattle",
    "Chicago, IL, San Francisco, CA",
]
NOT_SAN_FRANCISCO = [
    "",
    "San Francisco, Philippines",
    "San Francisco, Cebu, Philippines",
    "San Francisco, Córdoba, ARG",
    "South San Francisco, CA",
    "San Francisco, TX",
    "San Diego, CA",
    "California",
    "Remote",
    "Remote - US",
    "United States",
    "Toronto, ON, CA",
]


@pytest.mark.parametrize("location", SAN_FRANCISCO)
def test_these_are_in_san_francisco(location: str) -> None:
    assert in_place(location, "San Francisco", "CA")
    assert in_place(location, "SF", "California")
    assert in_place(location, "San Francisco")
    assert in_place(location, "", "CA")


@pytest.mark.parametrize("location", NOT_SAN_FRANCISCO)
def test_these_are_not(location: str) -> None:
    assert not in_place(location, "San Francisco", "CA")


@pytest.mark.parametrize(
    ("location", "city", "state", "inside"),
    [
        ("NYC", "New York", "NY", True),
        ("New York City", "New York", "NY", True),
        ("New York, New York, USA", "NYC", "", True),
        ("Queens, New York, USA", "New York", "NY", True),
        ("Brooklyn, NY", "New York", "NY", True),
        ("Greater New York City Area", "New York", "NY", True),
        ("Rochester, New York", "New York", "NY", False),
        ("Rochester, New York", "", "NY", True),
        ("Newark, NJ", "New York", "NY", False),
        ("Seattle, Washington, USA", "Seattle", "WA", True),
        ("Seattle, Washington, USA", "Washington", "DC", False),
        ("Washington, D.C.", "Washington", "DC", True),
        ("Washington DC", "Washington", "DC", True),
        ("Washington, District of Columbia, USA", "DC", "", True),
        ("Portland, OR or Seattle, WA", "Portland", "OR", True),
        ("Portland, ME", "Portland", "OR", False),
        ("Portland, OR", "Portland", "ME", False),
        ("Indiana, USA; New York, New York, USA", "", "IN", True),
        ("Kansas City area", "Kansas City", "MO", True),
        ("St. Louis, MO", "Saint Louis", "MO", True),
        ("LA", "Los Angeles", "CA", True),
        ("New Orleans, LA", "Los Angeles", "", False),
        ("New Orleans, LA", "", "Louisiana", True),
        ("Texas, USA; Florida, USA", "", "TX", True),
        ("Mexico", "", "NM", False),
        ("Berlin, DE", "", "DE", False),
        ("Tel Aviv, IL", "", "Illinois", False),
        ("Bengaluru, Karnataka, IN", "", "IN", False),
        ("Tbilisi, Georgia", "", "GA", False),
        ("Atlanta, Georgia", "", "GA", True),
        ("Vancouver, BC", "Vancouver", "WA", False),
        ("Paris, Île-de-France, FRA", "Paris", "TX", False),
        ("Paris, Île-de-France, FRA", "paris", "", True),
        ("Zürich, Switzerland", "Zurich", "", True),
        ("Munich, Bavaria, Germany", "Munich", "Bavaria", True),
        ("Munich, Germany", "Munich", "Germany", True),
        ("Munich, Germany", "Munich", "Austria", False),
        ("Chicago, IL", "", "US", True),
        ("Austin", "", "United States", True),
        ("London, England, GBR", "", "US", False),
    ],
)
def test_places(location: str, city: str, state: str, inside: bool) -> None:
    assert in_place(location, city, state) is inside


@pytest.mark.parametrize(
    ("location", "place", "inside"),
    [
        ("Bengaluru, Karnataka, IND", "India", True),
        ("Pune, India", "IND", True),
        ("Pune, India", "IN", True),
        ("Indianapolis, IN", "India", False),
        ("Leeds, England, GBR", "UK", True),
        ("York, United Kingdom", "GBR", True),
        ("Cardiff, Wales", "United Kingdom", True),
        ("Cardiff, Wales", "England", False),
        ("Berlin, Berlin, DEU", "Germany", True),
        ("Munich, Germany", "DEU", True),
        ("Munich, Germany", "Europe", True),
        ("Munich, Germany", "EU", True),
        ("London", "EU", False),
        ("Munich, Germany", "APAC", False),
        ("Bangalore", "Bengaluru", True),
        ("Bengaluru, Karnataka, IND", "Bangalore, India", True),
        ("München", "Munich", True),
        ("Munich, Bavaria, Germany", "München, DE", True),
        ("Dublin, OH", "Dublin, OH", True),
        ("Dublin, OH", "Ohio", True),
        ("Dublin, OH", "Dublin, Ireland", False),
        ("Dublin, OH", "Dublin", True),
        ("Dublin, Ireland", "Dublin, OH", False),
        ("Paris, TX", "France", False),
        ("London, KY", "Kentucky", True),
        ("Hamburg, NY", "Germany", False),
        ("Panama City, FL", "Florida", True),
        ("UK, London", "London, UK", True),
        ("Portugal, Lisbon", "Lisbon, Portugal", True),
        ("US-SEA, US-SF, US-NYC, US-Remote", "Seattle, WA", True),
        ("US-SEA, US-SF, US-NYC, US-Remote", "New York, NY", True),
        ("US-SEA, US-SF, US-NYC, US-Remote", "Chicago, IL", False),
        ("Brooklyn, NY", "New York, NY", True),
        ("Jersey City, NJ", "New York, NY", False),
        ("Arlington, VA", "Arlington, TX", False),
        ("Springfield", "Springfield, IL", True),
        ("Remote - US", "Remote, US", True),
        ("Remote, California", "Remote, US", True),
        ("Remote", "Remote, US", True),
        ("Remote - India", "Remote, US", False),
        ("Remote; India", "Remote, US", False),
        ("Remote; India", "India", True),
        ("Remote (EMEA)", "Remote, US", False),
        ("Remote (EMEA)", "Remote, Germany", True),
        ("Remote (North America)", "Remote, US", True),
        ("Remote - India", "Remote", True),
        ("Remote - Germany", "Germany", True),
        ("Remote (Europe)", "Germany", True),
        ("Remote", "Germany", False),
        ("Remote", "Seattle, WA", False),
        ("Europe", "Germany", False),
    ],
)
def test_a_posting_is_where_its_location_says(location: str, place: str, inside: bool) -> None:
    assert in_place(location, *match.place(place)) is inside


CITIES = ["San Francisco, CA", "Seattle, WA", "New York, NY", "Chicago, IL"]


@pytest.mark.parametrize("city", CITIES)
def test_a_posting_in_a_city_is_found_there_however_it_is_written(city: str) -> None:
    name, code = city.split(", ")
    state = places.state_name(code)
    written = [
        name,
        city,
        f"{name}, {state}",
        f"{name}, {state}, USA",
        f"{name}, {code}, US",
        f"{name} {code}",
        name.upper(),
    ]
    written += [f"{city} 60601", f"{code} - {name}", f"US-{code}-{name}", f"United States - {name}", f"USA, {city}"]
    written += [f"{city} (Remote)", f"Hybrid - {city}", f"{name} Office", f"London, UK; {city}", f"{city} or Remote"]
    for line in written:
        for asked in (city, name, f"{name}, {state}", f"{city}, USA", city.lower()):
            assert in_place(line, *match.place(asked)), (line, asked)
        assert in_place(line, *match.place(code)), line
        for other in {*CITIES} - {city}:
            assert not in_place(line, *match.place(other)), (line, other)


REMOTE = ["Remote", "Remote - US", "Remote- United States", "Remote (US)", "100% Remote", "Los Angeles or Remote"]


@pytest.mark.parametrize("location", [*REMOTE, "Remote, California", "Anywhere", "Worldwide"])
def test_remote_is_a_place(location: str) -> None:
    assert in_place(location, "Remote")
    assert in_place(location, "remote", "US")


def test_remote_abroad_is_not_remote_in_the_us_and_an_office_is_not_remote() -> None:
    assert in_place("Remote - UK", "Remote") and not in_place("Remote - UK", "Remote", "US")
    assert not in_place("Seattle, WA", "Remote")
    assert not in_place("Remoteville, TX", "Remote")


def test_no_place_asked_for_is_every_place() -> None:
    assert in_place("") and in_place("Nowhere")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("San Francisco, CA", ("San Francisco", "CA", "US")),
        ("Chicago, Illinois, USA", ("Chicago", "IL", "US")),
        ("Munich, Germany", ("Munich", "BY", "DE")),
        ("München", ("München", "", "")),
        ("UK, London", ("London", "ENG", "GB")),
        ("Seattle", ("Seattle", "", "")),
        ("New York", ("New York", "", "")),
        ("Texas", ("", "TX", "US")),
        ("CA", ("", "CA", "US")),
        ("India", ("", "", "IN")),
        ("IND", ("", "", "IN")),
        ("United Kingdom", ("", "", "GB")),
        ("Europe", ("", "", "europe")),
        ("remote", ("Remote", "", "")),
        ("Remote, US", ("Remote", "", "US")),
        ("Remote - Europe", ("Remote", "", "europe")),
    ],
)
def test_a_place_in_one_line(text: str, expected: tuple[str, str, str]) -> None:
    assert match.place(text) == expected


@pytest.mark.parametrize("text", ["", " , ", "a, b, c, d", "Hybrid", "Seattle, WA; Portland, OR"])
def test_no_place_at_all(text: str) -> None:
    with pytest.raises(InputError, match="is not one place"):
        match.place(text)


def test_a_place_that_is_not_known_is_named_with_one_that_is() -> None:
    with pytest.raises(InputError, match="did you mean 'Washington'"):
        match.place("Seattle, Wahsington")
    assert "did you mean 'Seattle'" in match.unknown_place(match.place("Seatle"))
    assert "did you mean 'Texas'" in match.unknown_place(match.place_query("", "Texsa"))
    for known in ("Seattle", "Remote", "Remote, US", "Bavaria", "Brooklyn, NY", "Anacortes, WA"):
        assert not match.unknown_place(match.place(known)), known


def test_a_city_and_a_state_are_the_same_as_a_place() -> None:
    assert (
        match.place_query("Seattle", "Washington") == match.place("Seattle, WA") == match.place_query("Seattle", "wa")
    )
    assert match.place_query("Munich", "Germany") == PlaceQuery("Munich", "", "DE")
    assert match.place_query("Munich", "Oberland") == PlaceQuery("Munich", "Oberland")
    assert match.place_query("", "TX") == match.place("Texas")
    assert match.place_query("", "") == PlaceQuery()


@given(st.text())
def test_any_line_can_be_read(location: str) -> None:
    assert all(isinstance(place, Place) for place in places.read(location))


@pytest.mark.parametrize(
    ("title", "wanted", "has"),
    [
        ("Senior Data Scientist", "data scientist", True),
        ("Scientist, Data", "data scientist", True),
        ("Data Scientists (m/f/d)", "Data Scientist", True),
        ("Nurse", "nurses", True),
        ("Data Engineer", "data scientist", False),
        ("Software Developer", "software engineer", True),
        ("Sr. Front-End Engineer", "senior frontend developer", True),
        ("Registered Nurse", "RN", True),
        ("Machine Learning Engineer", "ML engineer", True),
        ("C++ Developer", "C developer", False),
        ("C# Developer", "c#", True),
        ("Sales Associate", "sales", True),
        ("Secretaries", "secretary", True),
        ("Business Analyst", "bus", False),
        ("Élève", "eleve", True),
        ("Anything", "", True),
        ("Chauffeur", "chauf", False),
    ],
)
def test_titles(title: str, wanted: str, has: bool) -> None:
    assert has_title(title, wanted) is has


@pytest.mark.parametrize(
    ("company", "wanted", "is_it"),
    [
        ("Stripe, Inc.", "stripe", True),
        ("General Assembly", "generalassembly", True),
        ("Acme Robotics LLC", "acme robotics", True),
        ("Acme Robotics", "acme", True),
        ("Acme", "acme robotics", False),
        ("Pineapple", "apple", False),
        ("", "apple", False),
        ("The Company", "the company", True),
        ("anything", "", True),
    ],
)
def test_companies(company: str, wanted: str, is_it: bool) -> None:
    assert of_company(company, wanted) is is_it


def test_since_counts_days_and_wants_a_date() -> None:
    today = date(2026, 11, 22)
    assert match.since("7d", today) == "2026-11-15" == match.since("1w", today) == match.since("2026-11-15", today)
    assert match.since("", today) == ""
    for wrong in ("yesterday", "2026-13-01", "-3d"):
        with pytest.raises(InputError, match="is not a date"):
            match.since(wrong, today)
    assert is_since("2026-11-15", "2026-11-15") and not is_since("2026-11-14", "2026-11-15")
    assert is_since("", "") and not is_since("", "2026-11-15")


def test_every_field_of_a_query_counts() -> None:
    posting = Posting("b", "1", "", "Data Scientist", "Acme", "Boston, MA", "2026-11-15")
    asked = Query("data", "Boston", "MA", "acme", "2026-11-01")
    assert matches(posting, asked) and matches(posting, Query())
    for field, other in [("title", "nurse"), ("city", "Austin"), ("state", "TX"), ("company", "x"), ("since", "2027")]:
        values = {name: getattr(asked, name) for name in ("title", "city", "state", "company", "since")}
        assert not matches(posting, Query(**(values | {field: other}))), field


def test_the_places_of_real_postings_are_found(shared: Path) -> None:
    """Against what can be seen without a reader: the words and the country stand next to each other in the line."""
    locations = [row["location"] for row in json_lines(shared / "data/postings.jsonl.gz")]
    for city, state, words in [
        ("New York", "NY", "New York, New York, USA"),
        ("San Francisco", "CA", "San Francisco, California, USA"),
        ("Seattle", "WA", "Seattle, Washington, USA"),
        ("Chicago", "IL", "Chicago, Illinois, USA"),
    ]:
        sure = [line for line in locations if f"; {words}" in f"; {line}"]
        found = [line for line in locations if in_place(line, city, state)]
        assert sure and set(sure) <= set(found)
        assert all(city.split()[0].casefold() in line.casefold() or "Queens" in line for line in found)
    indian = [line for line in locations if line.endswith("IND") and ";" not in line]
    assert indian and not any(in_place(line, "", "US") for line in indian)


@pytest.mark.parametrize(
    "names",
    ["India|IND|IN", "Germany|DEU|Deutschland", "UK|GBR|United Kingdom", "Bangalore|Bengaluru", "Munich|München"],
)
def test_all_names_of_a_place_find_the_same_postings(shared: Path, names: str) -> None:
    locations = {row["location"] for row in json_lines(shared / "data/postings.jsonl.gz")}
    asked = [match.place(name) for name in names.split("|")]
    found = [{line for line in locations if in_place(line, *place)} for place in asked]
    assert found[0] and all(lines == found[0] for lines in found)
