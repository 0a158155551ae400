"""What a location line names: cities, regions and countries, as a person reads it."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrape.fields import match, places
from scrape.fields.places import Place, read
from scrape.fields.places.tables import gazetteer, key

TABLE = Path(__file__).with_name("places.tsv")
NAMES = Path(places.__file__).with_name("names.toml")

Facts = tuple[set[str], set[str], set[str], bool]


def facts(line: str) -> Facts:
    """Return the countries, states of the US and cities that a line names, and whether it has remote work."""
    found = read(line)
    return (
        {place.country for place in found} - {""},
        {place.region for place in found if place.country == "US"} - {""},
        {place.city for place in found} - {""},
        any(place.remote for place in found),
    )


def expected(countries: str, states: str, cities: str, remote: bool) -> Facts:
    return ({*countries.split("|")} - {""}, {*states.split("|")} - {""}, {*cities.split("|")} - {""}, remote)


def test_lines_are_read_as_a_person_reads_them() -> None:
    rows = [line.split("\t") for line in TABLE.read_text("utf-8").splitlines()[1:]]
    wrong = [line for line, *judged, remote in rows if facts(line) != expected(*judged, remote == "remote")]
    assert len(rows) >= 200
    assert len(wrong) <= 0.02 * len(rows), wrong


def test_the_gold_lines_are_read(shared: Path) -> None:
    gold = runpy.run_path(str(shared / "specs/places_gold.py"))
    for name, least in [("G", 57), ("P", 28)]:
        wrong = [row[0] for row in gold[name] if facts(row[0]) != expected(*row[1:4], bool(row[4]))]
        assert len(gold[name]) - len(wrong) >= least, wrong


@pytest.mark.parametrize(
    ("line", "there"),
    [
        # An explicit state of the US wins over a foreign city or country of the same name.
        ("Dublin, OH", [Place("dublin", "OH", "US")]),
        ("Paris, TX", [Place("paris", "TX", "US")]),
        ("Panama City, FL", [Place("panama city", "FL", "US")]),
        ("London, KY", [Place("london", "KY", "US")]),
        ("Hamburg, NY", [Place("hamburg", "NY", "US")]),
        ("Lebanon, NH", [Place("lebanon", "NH", "US")]),
        ("Paris, Texas", [Place("paris", "TX", "US")]),
        ("Geneva, NE", [Place("geneva", "NE", "US")]),
        ("West Chicago, IL", [Place("west chicago", "IL", "US")]),
        # Two letters that are both: the city decides.
        ("Munich, DE", [Place("munich", "BY", "DE")]),
        ("Wilmington, DE", [Place("wilmington", "DE", "US")]),
        ("Bangalore, IN", [Place("bengaluru", "KA", "IN")]),
        ("Indianapolis, IN", [Place("indianapolis", "IN", "US")]),
        ("Vancouver, CA", [Place("vancouver", "BC", "CA")]),
        ("Tel Aviv, IL", [Place("tel aviv", "", "IL")]),
        ("Perth, WA", [Place("perth", "WA", "AU")]),
        ("Curitiba, PR", [Place("curitiba", "PR", "BR")]),
        ("austin, tx", [Place("austin", "TX", "US")]),
        ("CA", [Place("", "CA", "US")]),
        ("IN", [Place("", "", "IN")]),
        # A region or a country is no city, unless a city of that name lies there.
        ("Ontario", [Place("", "ON", "CA")]),
        ("Ontario, CA", [Place("ontario", "CA", "US")]),
        ("Québec", [Place("", "QC", "CA")]),
        ("Washington County, OR", [Place("washington county", "OR", "US")]),
        ("Kerala, IND", [Place("", "KL", "IN")]),
        ("Luxembourg", [Place("", "", "LU")]),
        ("New York", [Place("new york", "NY", "US")]),
        ("Berlin, Berlin, DEU", [Place("berlin", "BE", "DE")]),
        ("Louisiana, Sinaloa, MEX", [Place("louisiana", "SIN", "MX")]),
        # The order may be turned round.
        ("UK, London", [Place("london", "ENG", "GB")]),
        ("Portugal, Lisbon", [Place("lisbon", "", "PT")]),
        ("United States - California - Los Angeles", [Place("los angeles", "CA", "US")]),
        ("CA - San Francisco HQ", [Place("san francisco", "CA", "US")]),
        ("IN-Bangalore", [Place("bengaluru", "KA", "IN")]),
        # Several places without `;`.
        ("Hamburg, Berlin", [Place("hamburg", "HH", "DE"), Place("berlin", "BE", "DE")]),
        ("Barcelona, Madrid, Spain", [Place("barcelona", "", "ES"), Place("madrid", "", "ES")]),
        ("Kyiv or Lviv, Ukraine", [Place("kyiv", "", "UA"), Place("lviv", "", "UA")]),
        ("Bosnia and Herzegovina", [Place("", "", "BA")]),
        ("Trinidad & Tobago", [Place("", "", "TT")]),
        # Remote work and its scope.
        ("Remote", [Place(remote=True)]),
        ("Flexible / Remote", [Place(remote=True)]),
        ("Anywhere in the World", [Place(remote=True)]),
        ("Virtual", [Place(remote=True)]),
        ("Remote, Travel Required", [Place(remote=True)]),
        ("Remote: United States", [Place(country="US", remote=True)]),
        ("Remote - India", [Place(country="IN", remote=True)]),
        ("Remote; India", [Place(country="IN", remote=True)]),
        ("Remote (EMEA)", [Place(area="emea", remote=True)]),
        ("Remote - US or Canada", [Place(country="US", remote=True), Place(country="CA", remote=True)]),
        ("Remote; San Francisco, CA", [Place(remote=True), Place("san francisco", "CA", "US")]),
        ("Bonifacio Global City", [Place("bonifacio global city")]),
        # No place at all.
        ("", []),
        ("Hybrid", []),
        ("In-Office", []),
        ("Multiple Locations", []),
        # A part of a city, and a town that no table has.
        ("San Jose Holger Way", [Place("san jose", "CA", "US")]),
        ("Santiago de Compostela, Spain", [Place("santiago de compostela", "", "ES")]),
        ("India Hyderabad", [Place("hyderabad", "TS", "IN")]),
        ("US WI Beloit", [Place("beloit", "WI", "US")]),
        ("Oslo, no", [Place("oslo", "", "NO")]),
        ("Central London", [Place("london", "ENG", "GB")]),
        ("Bengaluru East, Karnataka, IND", [Place("bengaluru", "KA", "IN")]),
        ("Hürth, Nordrhein-Westfalen, DEU", [Place("hurth", "NW", "DE")]),
        ("Springville, Ohio", [Place("springville", "OH", "US")]),
        ("Port Washington, NY", [Place("port washington", "NY", "US")]),
    ],
)
def test_the_rules(line: str, there: list[Place]) -> None:
    assert list(read(line)) == there


def test_codes_of_us_offices() -> None:
    assert read("US-SEA, US-SF, US-NYC, US-Remote") == (
        Place("seattle", "WA", "US"),
        Place("san francisco", "CA", "US"),
        Place("new york", "NY", "US"),
        Place(country="US", remote=True),
    )
    assert read("UK-London") == read("London, UK")


@pytest.mark.parametrize(
    "names",
    [
        "Bengaluru|Bangalore|BENGALURU|Bengaluru, Karnataka|Bangalore, India|Bengaluru, KA, IN",
        "Munich|München|Muenchen|Munich, Germany|München, Bayern, DEU",
        "New York|NYC|New York City|New York, NY|New York, New York, USA|Greater New York City Area",
        "San Francisco|SF|San Francisco Bay Area|San Francisco CA 94105|US-CA-San Francisco",
        "Washington, DC|Washington D.C.|Washington, District of Columbia, USA|DC",
        "St. Louis, MO|Saint Louis, MO|St Louis|St. Louis, Missouri",
        "UK|GBR|United Kingdom|Great Britain|U.K.|GB",
        "India|IND|Indien",
        "Germany|DEU|Deutschland|Allemagne",
        "United States|USA|US|U.S.|U.S.A.|United States of America",
        "Czechia|Czech Republic|CZE",
        "Türkiye|Turkey|TUR",
    ],
)
def test_names_of_one_place(names: str) -> None:
    assert len({read(name) for name in names.split("|")}) == 1


def test_a_city_abroad_never_lies_in_the_us_and_its_country_has_a_name() -> None:
    assert [places.country_name(place.country) for place in read("London; Remote - Germany")] == [
        "United Kingdom",
        "Germany",
    ]


@pytest.mark.parametrize(
    "line",
    [
        *("CA " * 1200, "a, " * 1200, "US-" * 1200, "((" * 1200, "a and b " * 600, "Remote " * 1200, "x-" * 1200),
        *("New York " * 600, "Bosnia and " * 600, "- " * 1200, "United States of America " * 300),
    ],
)
def test_a_long_line_is_read_like_a_short_one(line: str) -> None:
    assert len(read(line)) <= 3


@given(
    st.text()
    | st.lists(st.sampled_from([*"ABC,;-/()", " ", "CA", "IN", "London", "US", "Remote", "and", "Texas"])).map("".join)
)
def test_any_line_can_be_read(location: str) -> None:
    for place in read(location):
        assert place != Place()
        assert not place.country or place.country in gazetteer().country_names
        assert not place.area or place.area in gazetteer().members
        assert place.city == key(place.city)


@pytest.mark.parametrize(
    ("asked", "inside", "outside"),
    [
        (
            "London",
            "Ealing, W5; Hackney; Camden; Canary Wharf; Romford; Sutton; Lambeth, SE1",
            "Camden, NJ",
        ),
        ("London, UK", "Ealing; Croydon; Greenwich; North West London; Kingston upon Thames", "Greenwich, CT; Slough"),
        ("England", "Ealing; Maidstone, Kent; Leeds", "Fife; Cardiff; Westminster, CO; Uxbridge, MA"),
        ("Scotland", "Fife; Glasgow", "Kent; Kensington, MD"),
        ("UK", "Romford; Ealing; Kent", "Camden, NJ; Richmond, VA"),
        ("Ealing", "Ealing; Ealing, London", "Croydon; London"),
        ("New York", "Brooklyn; Midtown, New York; Astoria", "Brooklyn, CT; Astoria, OR"),
        ("New York, NY", "Queens, NY; Midtown Manhattan", "Flushing, MI; Brooklyn, CT"),
        ("Chicago, IL", "Chicagoland; Chicago Loop", "Chicago Heights, IL"),
    ],
)
def test_parts_of_a_city_or_region_count_as_it_where_they_are_in_it(asked: str, inside: str, outside: str) -> None:
    where = match.place(asked)
    assert [line for line in inside.split("; ") if not match.in_place(line, *where)] == []
    assert [line for line in outside.split("; ") if match.in_place(line, *where)] == []


def test_the_tables_are_whole() -> None:
    tables = gazetteer()
    assert len(tables.country_names) >= 240 and len(tables.region_names) >= 2000 and len(tables.city_names) >= 4000
    for rows in tables.cities.values():
        assert all(row.country in tables.country_names for row in rows)
    for members in tables.members.values():
        assert members and members <= {*tables.country_names, "PR"}
    assert all(city in tables.city_names for city in tables.us_offices.values())
    assert all(city in tables.city_names for city in (*tables.whole.values(), *tables.boroughs.values()))
    assert {*tables.boroughs, *tables.within, *tables.within.values()} <= {*tables.region_names}
    assert dict(places.states())["district of columbia"] == "DC" and len(places.states()) == 52


def test_the_names_in_the_file_are_keys_and_lead_to_the_tables() -> None:
    names = tomllib.loads(NAMES.read_text("utf-8"))
    regions = [name for country in names["regions"].values() for more in country.values() for name in more]
    lists = [*names["countries"].values(), *names["cities"].values(), *names["parts"].values()]
    written = [*regions, *(name for more in lists for name in more), *names["cities"], *names["rather"]]
    assert [name for name in written if name != key(name)] == []
    assert [city for city in names["cities"] if city not in gazetteer().city_names] == []
    codes = {*map(tuple, gazetteer().region_names), ("US", "PR")}
    assert {(country, code) for country, regions in names["regions"].items() for code in regions} <= codes
    assert set(names["countries"]) <= set(gazetteer().country_names)


def test_the_tables_name_their_sources() -> None:
    for table in ("countries", "regions", "cities"):
        first = NAMES.with_name(f"{table}.tsv").read_text("utf-8").split("\n", 1)[0]
        assert re.match(r"# .*(GeoNames \(CC BY 4.0\)|Unicode CLDR)", first)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Seatle", "Seattle"),
        ("Londn", "London"),
        ("Munih", "Munich"),
        ("Californa", "California"),
        ("Grmany", "Germany"),
    ],
)
def test_a_name_that_is_not_known_is_close_to_one_that_is(written: str, meant: str) -> None:
    assert places.suggest(written) == meant


@pytest.mark.parametrize("name", ["Seattle", "TX", "UK", "Europe", "Brooklyn", "", "Xyzzyqk"])
def test_no_other_name_is_suggested(name: str) -> None:
    assert places.suggest(name) == ""


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        (("Seattle", "WA", "US"), "Seattle, WA"),
        (("Seattle", "washington", ""), "Seattle, WA"),
        (("Munich", "BY", "DE"), "Munich, Germany"),
        (("Toronto", "ON", "CA"), "Toronto, ON"),
        (("", "TX", "US"), "Texas"),
        (("", "", "IN"), "India"),
        (("", "", "US"), "United States"),
        (("Berlin", "", ""), "Berlin"),
    ],
)
def test_a_place_is_written_as_boards_write_it(asked: tuple[str, str, str], written: str) -> None:
    assert places.write(*asked) == written
