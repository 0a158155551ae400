"""The bundled postings: how many, how varied, how even, and that they are nobody's."""

from __future__ import annotations

import hashlib
import lzma
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence

import pytest

from scrape.demo import COUNT, JobOpening, openings, phrases, postings
from scrape.markup.simplify import simplify

POST_OF_2015 = {"San Francisco, CA", "Seattle, WA", "New York, NY", "Chicago, IL"}


@pytest.fixture(scope="module")
def bundled() -> tuple[JobOpening, ...]:
    return openings()


@pytest.fixture(scope="module")
def texts(bundled: Sequence[JobOpening]) -> list[str]:
    """Every posting as bare markup, head included, much as the corpus will hold it."""
    return [_bare(opening) for opening in bundled]


def _bare(opening: JobOpening) -> str:
    job = opening.posting
    head = f"<h1>{job.title}</h1>\n<h2>{job.company}</h2>\n<h3>{job.location}</h3>\n"
    return f"<html>\n{head}{simplify(job.html)}\n</html>\n"


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", re.sub(r"<[^>]*>", " ", text).casefold())


def _share(bundled: Sequence[JobOpening], pattern: str) -> float:
    return sum(bool(re.search(pattern, opening.posting.html)) for opening in bundled) / len(bundled)


def test_another_process_with_another_hash_seed_makes_the_same_postings() -> None:
    code = (
        "from scrape.demo import postings; import hashlib; print(hashlib.sha256(repr(postings()).encode()).hexdigest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == hashlib.sha256(repr(postings()).encode()).hexdigest()


def test_fewer_postings_are_the_first_of_more() -> None:
    assert postings(count=30) == postings()[:30]


def test_another_seed_makes_other_postings() -> None:
    ours, theirs = postings(count=20), postings(seed=7, count=20)
    assert not {posting.html for posting in ours} & {posting.html for posting in theirs}
    assert not {posting.key for posting in ours} & {posting.key for posting in theirs}


def test_there_are_enough_and_no_two_are_alike(bundled: Sequence[JobOpening], texts: list[str]) -> None:
    assert len(bundled) == COUNT >= 1100
    assert len({opening.posting.key for opening in bundled}) == COUNT
    assert len({" ".join(_words(text)) for text in texts}) == COUNT


def test_they_come_to_about_four_megabytes_of_markup_in_realistic_lengths(texts: list[str]) -> None:
    lengths = sorted(map(len, texts))
    assert 3_900_000 < sum(lengths) < 4_600_000
    assert lengths[0] > 1_200
    assert lengths[len(lengths) // 20] < 2_700 and lengths[-len(lengths) // 20] > 4_800


def test_they_cover_many_occupations_fields_cities_and_companies(bundled: Sequence[JobOpening]) -> None:
    assert len({opening.occupation for opening in bundled}) >= 80
    assert len({opening.field for opening in bundled}) >= 16
    assert len({opening.posting.title for opening in bundled}) >= 400
    assert len({opening.posting.company for opening in bundled}) >= 300


def test_the_cities_of_the_post_come_often_and_a_dozen_others_too(bundled: Sequence[JobOpening]) -> None:
    cities = Counter(opening.posting.location for opening in bundled)
    assert all(re.fullmatch(r"[A-Z][A-Za-z .]+, [A-Z]{2}", city) for city in cities)
    assert len(cities.keys() - POST_OF_2015) >= 12
    assert all(cities[city] >= 80 for city in POST_OF_2015)


def test_the_body_speaks_of_the_posting_s_own_company_and_of_no_other_city(bundled: Sequence[JobOpening]) -> None:
    cities = {city.name for city in phrases.cities()}
    companies = places = 0
    for opening in bundled:
        job, text = opening.posting, opening.posting.html.replace("’", "'").replace("&amp;", "&")
        city = job.location.split(", ")[0]
        assert not [other for other in cities - {city} if f"in {other}" in text], (job.key, city)
        companies += job.company in text
        places += city in text
    assert companies > 0.85 * len(bundled) and places > 0.75 * len(bundled)


def test_what_remains_after_xz_is_far_from_a_filled_in_form(texts: list[str]) -> None:
    whole = "".join(texts)
    packed = lzma.compress(whole.encode(), preset=9 | lzma.PRESET_EXTREME)  # never larger than what `xz -9` leaves
    assert 8 * len(packed) / len(whole) >= 0.35


def test_no_run_of_eight_words_is_in_more_than_a_twentieth_of_them(texts: list[str]) -> None:
    runs: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        words = _words(text)
        runs.update(set(zip(*(words[start:] for start in range(8)), strict=False)))
    run, count = runs.most_common(1)[0]
    assert count <= 0.05 * len(texts), " ".join(run)


@pytest.mark.parametrize(
    ("pattern", "low", "high"),
    [
        ("<li", 0.6, 0.9),
        ("<li[^>]*>[^<]*\n<[uo]l", 0.03, 0.3),
        ("<ol", 0.15, 0.6),
        ("<h[234]", 0.4, 0.8),
        ("<table", 0.02, 0.2),
        ("•", 0.1, 0.4),
        (r"\$[0-9]", 0.8, 1.0),
        ("style=", 0.2, 0.8),
        ("<strong>", 0.2, 0.8),
        ("<em>|<i>", 0.05, 0.5),
        ("’", 0.1, 0.5),
    ],
)
def test_their_structure_varies(bundled: Sequence[JobOpening], pattern: str, low: float, high: float) -> None:
    assert low <= _share(bundled, pattern) <= high


def test_some_say_nothing_of_pay_and_some_have_neither_lists_nor_headings(bundled: Sequence[JobOpening]) -> None:
    bare = [o for o in bundled if not re.search(r"<li|<h[234]|•|<strong>|<b>[^<$]*:?</b>", o.posting.html)]
    assert len(bare) >= 30
    unpaid = [o for o in bundled if f"{o.high:,}" not in o.posting.html]
    assert len(unpaid) >= 30


def test_the_pay_on_record_is_a_range_and_is_the_one_in_the_text(bundled: Sequence[JobOpening]) -> None:
    for opening in bundled:
        assert 10 <= opening.low < opening.high if opening.unit == "hour" else 30_000 <= opening.low < opening.high
    priced = [o for o in bundled if f"${o.low:,}" in o.posting.html and f"{o.high:,}" in o.posting.html]
    assert len(priced) > 0.8 * len(bundled)


def test_dates_are_iso_and_recent_to_the_day_on_which_the_board_stands_still(bundled: Sequence[JobOpening]) -> None:
    dates = {opening.posting.date for opening in bundled}
    assert all("2026-10-01" <= date <= "2026-11-20" and re.fullmatch(r"\d{4}-\d\d-\d\d", date) for date in dates)
    assert len(dates) > 30


def test_nobody_can_be_mailed_or_called(bundled: Sequence[JobOpening]) -> None:
    whole = "\n".join(opening.posting.html for opening in bundled)
    assert not re.search(r"\w@\w", whole)
    assert not re.search(r"https?:|www\.|\.com\b", whole)
    assert not re.search(r"\(?\b\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b", whole)


def test_every_character_that_is_not_ascii_comes_often(texts: list[str]) -> None:
    unusual = Counter(letter for text in texts for letter in text if ord(letter) > 126)
    assert unusual and min(unusual.values()) >= 100, unusual


@pytest.mark.parametrize(
    "slip",
    [
        r"[{}\[\]|*]|a/an|\b_|_\b",
        r"\b(a|an|the|of|to|with|for|and|our|we) \1\b",
        r"\b[Aa] (?:[aei]\w+)",
        r"\b[Aa]n (?!hour|honest|heir)[bcdfgjklmnpqrstvwyz][a-z]",
        r" [,.;:]|,[.;]|\.\.",
        r"[.!?] [a-z]",
        r"\b\d*[123]th\b(?<!11th)(?<!12th)(?<!13th)",
    ],
)
def test_no_seam_of_the_grammar_shows(texts: list[str], slip: str) -> None:
    found = [text[max(0, m.start() - 40) : m.end() + 20] for text in texts for m in re.finditer(slip, text)]
    assert not [seen for seen in found if not re.search(r"\b[Aa] (?:eu|one|un[ai])", seen)], found[:5]


def test_every_entry_of_every_list_can_be_written() -> None:
    """No template names a list or a fact that does not exist, whichever voice, field and occupation speak."""
    from scrape.demo.grammar import Choice, Slot, Template, parsed

    def slots(template: Template) -> set[str]:
        found: set[str] = set()
        for part in template:
            if isinstance(part, Slot):
                found.add(part.name)
            elif isinstance(part, Choice):
                found |= {name for option in part.options for name in slots(option)}
        return found

    facts = {"company", "kind", "founded", "staff", "city", "state", "title", "job", "pay", "hood"}
    for voice in phrases.general().values():
        for field in phrases.fields():
            for occupation in field.occupations:
                lists = {**voice, **phrases.names(), **field.lists, **occupation.lists}
                known = facts | lists.keys()
                for entries in lists.values():
                    for entry in entries:
                        assert slots(parsed(entry)) <= known, (field.name, occupation.name, entry)
