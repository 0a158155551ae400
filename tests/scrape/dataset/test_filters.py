"""The filters of the index mean in SQL what `scrape.fields.match` means in Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scrape.common.errors import InputError
from scrape.common.posting import Pay
from scrape.dataset.index import Filters, PostingIndex, open_index
from scrape.dataset.store import FileStore, Store
from scrape.fields import match
from tests.support.postings import keep, posting

TABLE = Path(__file__).parents[1] / "fields" / "places.tsv"
LINES = [
    *(line.split("\t")[0] for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#")),
    *("", "Remote", "Remote - US", "Remote - India", "Remote - EMEA", "Remote; India", "Remote (Bavaria)", "Anywhere"),
    *("Brooklyn, NY", "Brooklyn, CT", "Ealing", "Kent, UK", "Ealing, Kent", "Bavaria", "Bavaria, Germany", "Munich"),
    *("Dublin", "Dublin, OH", "New York", "New York, NY", "London", "London, ON", "Georgia", "Tbilisi, Georgia"),
    *("Europe", "Berlin or Remote in Europe", "San Francisco, CA; Remote", "Singapore", "Somewhere, Elsewhere", "UK"),
]
PLACES = [
    *("San Francisco, CA", "SF", "CA", "California", "Texas", "US", "USA", "India", "IND", "UK", "England", "Germany"),
    *("Europe", "EMEA", "Latin America", "Munich", "Munich, Germany", "München", "Bavaria", "Remote", "Remote, US"),
    *("Remote, Texas", "Remote, India", "Remote, Europe", "New York", "New York, NY", "Brooklyn", "London", "Kent"),
    *("London, UK", "London, Ontario", "Dublin", "Dublin, OH", "Georgia", "Singapore", "Bengaluru", "Ontario", "Paris"),
    *("Hyderabad, India", "Somewhere", "Toronto, ON", "Seattle, WA", "Washington", "Madrid, Spain", "Karnataka"),
]
TITLES = [
    "Senior Front-End Engineer",
    "sr frontend developers",
    "Nurses (RN)",
    "Registered nurse",
    "C++ Programmer",
    "",
]
COMPANIES = ["Oven & Co", "Oven Inc.", "The Open Oven", "OpenOven", "Crumb", "", "Company", "Ögonblick AB"]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostingIndex]:
    """Postings in all places, with titles and companies in turn; their number is their key."""
    made = [
        posting(
            number,
            TITLES[number % len(TITLES)] or "x",
            company=COMPANIES[number % len(COMPANIES)],
            location=line,
            html="<p>Bread.</p>\n" if number % 3 else f"<p>Pays ${40 + number},000.</p>\n",
        )
        for number, line in enumerate(LINES)
    ]
    store = keep(FileStore(tmp_path_factory.mktemp("filters")), *made)
    with open_index(store) as opened:
        yield opened


def lines(index: PostingIndex, **filters: object) -> set[str]:
    return {hit.location for hit in index.rows(Filters(**filters))}  # type: ignore[arg-type]


@pytest.mark.parametrize("place", PLACES)
def test_a_place_is_that_of_match(index: PostingIndex, place: str) -> None:
    wanted = match.place_query(place, "")
    expected = {line for line in LINES if match.in_place(line, *wanted)}
    assert lines(index, places=(place,)) == expected
    assert lines(index, not_places=(place,)) == set(LINES) - expected


def test_regions_that_no_table_has_are_looked_for_in_the_line(index: PostingIndex) -> None:
    from scrape.dataset.index import filters

    for state, city in (("Elsewhere", ""), ("Elsewhere", "Somewhere"), ("Nowhere", "Remote"), ("Elsewhere", "Remote")):
        wanted = match.place_query(city, state)
        condition = filters.in_place(match.wanted_place(*wanted))
        rows = index._rows(f"SELECT location FROM posting WHERE {condition.sql}", condition.values)
        assert {row[0] for row in rows} == {line for line in LINES if match.in_place(line, *wanted)}


@pytest.mark.parametrize("title", ["engineer", "front end", "programmer senior", "nurse", "RN", "c++", "cook", ""])
def test_a_title_is_that_of_match(index: PostingIndex, title: str) -> None:
    found = {hit.title for hit in index.rows(Filters(titles=(title,)))}
    assert found == {each or "x" for each in TITLES if match.has_title(each or "x", title)}


@pytest.mark.parametrize("company", ["oven", "Oven Co.", "open oven", "openoven", "the", "company", "ogonblick", "ven"])
def test_a_company_is_that_of_match(index: PostingIndex, company: str) -> None:
    found = {hit.company for hit in index.rows(Filters(companies=(company,)))}
    assert found == {each for each in COMPANIES if match.of_company(each, company)}


def test_a_place_that_is_none_is_refused(index: PostingIndex) -> None:
    with pytest.raises(InputError, match="is not one place"):
        index.count(Filters(places=("a, b, c, d",)))


def test_pay_is_compared_in_one_currency(store: Store) -> None:
    pays = [Pay(50_000, 90_000, "USD", "yearly"), Pay(30, None, "USD", "hourly"), Pay(80_000, None, "GBP", "yearly")]
    keep(store, *(replace(posting(number), pay=pay) for number, pay in enumerate([*pays, None])))
    with open_index(store) as opened:

        def keys(sort: str = "match", **filters: object) -> str:
            hits = opened.rows(Filters(**filters), sort=sort)  # type: ignore[arg-type]
            return "".join(hit.name.removeprefix("demo-") for hit in hits)

        assert keys(min_pay=62_400.0) == "01" and keys(min_pay=62_401.0) == "0"
        assert keys(min_pay=62_401.0, keep_unpaid=True) == "03"
        assert keys(min_pay=1.0, currency="GBP") == "2"
        assert keys("pay") == "0123" and keys("pay", currency="GBP") == "2013"
        assert opened.currencies(Filters(min_pay=90_000.0)) == {"USD": 2, "GBP": 1}


def test_rows_say_where_they_are_and_whether_they_are_remote(index: PostingIndex) -> None:
    by_line = {hit.location: hit for hit in index.rows()}
    facts = {
        line: (hit.is_remote, hit.remote_scope, hit.city, hit.region, hit.country) for line, hit in by_line.items()
    }
    assert facts["San Francisco, CA; Remote"] == (True, "", "San Francisco", "CA", "US")
    assert facts["Remote - EMEA"] == (True, "emea", "", "", "")
    assert facts["Dublin, OH"] == (False, "", "Dublin", "OH", "US")
    assert facts[""] == (None, "", "", "", "")
    assert by_line["San Francisco, CA; Remote"].places == ("San Francisco, CA, US", "Remote")


def test_facets_count_what_is_found(index: PostingIndex) -> None:
    asked = Filters(places=("US",))
    facets, hits = index.facets(asked), index.rows(asked)
    for facet in ("company", "board"):
        values = [getattr(hit, facet) for hit in hits]
        assert dict(facets[facet]) == {value: values.count(value) for value in set(values) - {""}}
    assert dict(facets["country"])["US"] == len(hits) == index.count(asked)
    assert facets["pay"] == [("stated", sum(hit.pay is not None for hit in hits))]
    remote = [hit.is_remote for hit in hits]
    assert dict(facets["remote"]) == {"yes": remote.count(True), "no": remote.count(False)}
    assert len(index.facets(most=3)["country"]) == 3


def test_pages_are_parts_of_all_rows(index: PostingIndex) -> None:
    for asked in (Filters(), Filters("bread"), Filters("bre*")):
        whole = index.rows(asked)
        parts = [hit for start in range(0, len(whole), 7) for hit in index.rows(asked, limit=7, offset=start)]
        assert parts == whole and len(whole) == index.count(asked)


def test_words_are_marked_and_a_last_word_is_a_beginning(index: PostingIndex) -> None:
    (hit, *_) = index.rows(Filters("bre", typing=True), marks=("[", "]"))
    assert hit.excerpt == "[Bread]."
    assert index.count(Filters("bre ", typing=True)) == 0 < index.count(Filters("bre", typing=True))
    assert index.row(hit.name) == replace(hit, excerpt="") and index.row("none") is None


def test_what_was_saved_later_is_new(store: Store) -> None:
    keep(store, posting(1))
    with open_index(store) as opened:
        (first,) = opened.rows()
        keep(store, posting(2))
        assert opened.count() == 1
        opened.refresh()
        assert [hit.name for hit in opened.rows(Filters(seen_after=first.first_seen))] == ["demo-2"]
