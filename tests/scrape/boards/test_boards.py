"""Every board, over pairs of an answer and its postings: `tests/boards/<board>/<case>.*` and `<case>.expected.json`.

An expected file names in `source` the document or the recorded answer that the answer's shape comes from. All texts
in them are invented.
"""

from __future__ import annotations

import ast
import json
import re
import string
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrape.boards import companies, extract, json_ld, registry, schema_org
from scrape.boards.registry import BOARDS, DEFAULT
from scrape.boards.sites import careeronestop, hackernews, indeed, remoteok, usajobs, weworkremotely
from scrape.common.errors import ChangedShape, InputError, Refused
from scrape.common.posting import Page, Posting, Query, to_fields
from scrape.fields.dates import day
from scrape.fields.match import matches
from scrape.http.robots import Robots
from tests.support.paths import ROOT

FOLDER = Path(__file__).parent / "fixtures"
CASES = sorted(FOLDER.glob("*/*.expected.json"))
ON_DISK = ("saved", "indeed")
OURS = sorted(set(BOARDS) - {"demo"})


@pytest.fixture(autouse=True)
def key_of_careeronestop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the key without which it has no URL."""
    monkeypatch.setenv(careeronestop.USER, "user")
    monkeypatch.setenv(careeronestop.TOKEN, "token")


QUERY = Query(title="data scientist", city="San Francisco", state="CA", pages=("https://jobs.example/sitemap.xml",))


def read_case(expected: Path) -> tuple[str, str, dict[str, Any]]:
    """The board's name, the answer and what is expected of it."""
    stem = expected.name.removesuffix(".expected.json")
    (given_answer,) = (path for path in expected.parent.glob(f"{stem}.*") if path != expected)
    wanted = json.loads(expected.read_text(encoding="utf-8"))
    return expected.parent.name, given_answer.read_text(encoding="utf-8"), wanted


def answers() -> list[tuple[str, str, str]]:
    return [(board, body, wanted["url"]) for board, body, wanted in map(read_case, CASES)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name.split('.')[0]}")
def test_an_answer_gives_its_postings(case: Path) -> None:
    board, body, wanted = read_case(case)
    page = BOARDS[board].parse(body, wanted["url"])
    assert wanted["source"].strip()
    assert [to_fields(posting) for posting in page.postings] == [{"board": board, **row} for row in wanted["postings"]]
    assert list(page.follow) == wanted["follow"]
    assert len(page.unusable) == wanted.get("unusable", 0)


@pytest.mark.parametrize("board", OURS)
def test_every_board_has_an_answer_with_something_in_it(board: str) -> None:
    pages = [BOARDS[name].parse(body, url) for name, body, url in answers() if name == board]
    assert any(page.postings for page in pages)


@pytest.mark.parametrize("board", OURS)
def test_postings_are_complete_and_plain(board: str) -> None:
    for name, body, url in answers():
        for posting in BOARDS[name].parse(body, url).postings if name == board else ():
            heads = (posting.title, posting.company, posting.location)
            assert posting.key and posting.title and posting.html
            assert all(head == " ".join(head.split()) and "<" not in head for head in heads)
            assert posting.date == "" or len(posting.date) == 10
            assert posting.url.startswith(("http://", "https://")) or board in ON_DISK
            assert posting.board == board == BOARDS[board].NAME


@pytest.mark.parametrize("board", sorted(set(OURS) - set(ON_DISK)))
def test_start_gives_addresses_of_the_web(board: str) -> None:
    for query in (QUERY, Query(company="Vault-Tec", pages=QUERY.pages), Query(pages=QUERY.pages)):
        addresses = list(BOARDS[board].start(query))
        assert addresses and len(set(addresses)) == len(addresses)
        assert all(
            urlsplit(address).scheme in ("http", "https") and urlsplit(address).hostname for address in addresses
        )


@pytest.mark.parametrize(
    "board, query, wanted",
    [
        ("themuse", QUERY, {"page": ["0"], "location": ["San Francisco, CA"]}),
        ("themuse", Query(city="Seattle", state="washington"), {"page": ["0"], "location": ["Seattle, WA"]}),
        ("themuse", Query(city="Munich", state="BY", country="DE"), {"page": ["0"], "location": ["Munich, Germany"]}),
        ("usajobs", QUERY, {"PositionTitle": ["data scientist"], "LocationName": ["San Francisco, California"]}),
        ("themuse", Query(city="Remote"), {"location": ["Flexible / Remote"]}),
        ("usajobs", Query(city="remote"), {"RemoteIndicator": ["True"]}),
        ("jobicy", QUERY, {"count": ["100"], "geo": ["usa"]}),
        ("jobicy", Query(city="Remote"), {"count": ["100"], "geo": ["usa"]}),
        ("himalayas", QUERY, {"q": ["data scientist"], "country": ["US"], "sort": ["recent"]}),
        ("himalayas", Query(title="cook"), {"q": ["cook"], "sort": ["recent"]}),
        ("himalayas", Query(), {"limit": ["20"]}),
    ],
)
def test_start_asks_the_board_what_the_board_can_answer(board: str, query: Query, wanted: dict[str, list[str]]) -> None:
    (address,) = BOARDS[board].start(query)
    assert wanted.items() <= parse_qs(urlsplit(address).query).items()


def test_no_page_of_a_search_is_asked_of_himalayas_by_number() -> None:
    rules = Robots((FOLDER / "himalayas" / "robots.txt").read_text("utf-8"), "DreamJobs")
    answer = json.dumps({"jobs": [{"guid": "1", "title": "Cook"}], "nextCursor": "abc"})
    for query in (QUERY, Query(title="cook"), Query()):
        (first,) = BOARDS["himalayas"].start(query)
        (second,) = BOARDS["himalayas"].parse(answer, first).follow
        assert parse_qs(urlsplit(second).query)["cursor"] == ["abc"]
        assert rules.allows(first) and rules.allows(second) and "page=" not in first + second
    assert not BOARDS["himalayas"].parse(answer.replace('"abc"', "null"), first).follow


@pytest.mark.parametrize(
    "query, country",
    [
        (Query(city="Seattle", state="WA"), "US"),
        (Query(city="Chicago"), "US"),
        (Query(city="London"), "GB"),
        (Query(city="Munich", country="DE"), "DE"),
        (Query(city="Remote", country="US"), "US"),
        (Query(country="europe"), ""),
        (Query(city="Remote"), ""),
        (Query(), ""),
    ],
)
def test_remote_boards_are_asked_for_the_country_of_the_place(query: Query, country: str) -> None:
    (address,) = BOARDS["himalayas"].start(query)
    assert parse_qs(urlsplit(address).query).get("country", [""]) == [country]
    everywhere = country not in ("", "US") or query.country == "europe"
    assert ("geo=usa" in BOARDS["jobicy"].start(query)[0]) != everywhere


@pytest.mark.parametrize(
    "board, company, address",
    [
        ("greenhouse", "gitlab", "https://boards-api.greenhouse.io/v1/boards/gitlab/jobs?content=true"),
        ("greenhouse", "Cockroach Labs", "https://boards-api.greenhouse.io/v1/boards/cockroachlabs/jobs?content=true"),
        ("greenhouse", "a/b?c", "https://boards-api.greenhouse.io/v1/boards/a%2Fb%3Fc/jobs?content=true"),
        ("lever", "Sword Health", "https://api.lever.co/v0/postings/swordhealth?mode=json"),
        ("lever", "TomTom", "https://api.eu.lever.co/v0/postings/tomtom?mode=json"),
        ("ashby", "OpenAI", "https://api.ashbyhq.com/posting-api/job-board/openai?includeCompensation=true"),
        ("pinpoint", "saltbridge", "https://saltbridge.pinpointhq.com/postings.json"),
        ("rippling", "tidewater", "https://ats.rippling.com/api/v2/board/tidewater/jobs?page=0"),
        ("bamboohr", "combfield", "https://combfield.bamboohr.com/careers/list"),
        ("recruitee", "gracht", "https://gracht.recruitee.com/api/offers/"),
    ],
)
def test_a_company_is_asked_alone(board: str, company: str, address: str) -> None:
    assert list(BOARDS[board].start(Query(company=company))) == [address]


def test_a_company_that_is_not_known_is_asked_for_wherever_it_may_be() -> None:
    assert [urlsplit(url).hostname for url in BOARDS["lever"].start(Query(company="Nobody"))] == [
        "api.lever.co",
        "api.eu.lever.co",
    ]
    asked = BOARDS["ashby"].start(Query(company="Nobody At Home"))
    assert [urlsplit(url).path.rsplit("/", 1)[-1] for url in asked] == ["nobodyathome", "Nobody%20At%20Home"]


BY_COMPANY = sorted(name for name, board in BOARDS.items() if registry.by_company(board))


@pytest.mark.parametrize("board", BY_COMPANY)
def test_without_a_company_the_bundled_ones_are_asked(board: str) -> None:
    known = {**companies.known(board), **(companies.known("lever_eu") if board == "lever" else {})}
    assert len(BOARDS[board].start(Query())) == len(registry.probe(BOARDS[board])) == len(known) > 0
    assert all(token == token.casefold().strip() and name == name.strip() != "" for token, name in known.items())


def test_the_bundled_companies_are_many_and_the_guide_says_how_many() -> None:
    guide = (ROOT / "scrape" / "README.md").read_text("utf-8")
    for board, before in {"greenhouse": 56, "lever": 26, "ashby": 31}.items():
        count = len(BOARDS[board].start(Query()))
        assert count >= 4 * before
        assert re.search(rf"^\| `{board}` \|.*{count} companies are bundled", guide, re.MULTILINE)


@pytest.mark.parametrize("board", ["recruitee", "pinpoint", "bamboohr"])
def test_a_company_cannot_change_the_host_of_its_site(board: str) -> None:
    for company in ("evil.example/", "a b@c", "-", "x" * 70):
        with pytest.raises(InputError):
            BOARDS[board].start(Query(company=company))


@pytest.mark.parametrize("board", ["jsonld", "saved"])
def test_a_board_without_a_list_of_its_own_asks_for_one(board: str) -> None:
    with pytest.raises(InputError):
        BOARDS[board].start(Query())


def test_saved_pages_are_not_asked_of_the_network() -> None:
    assert list(BOARDS["saved"].start(Query(pages=("a.html", "b.jsonl.gz")))) == ["a.html", "b.jsonl.gz"]
    with pytest.raises(InputError, match="jsonld"):
        BOARDS["saved"].start(Query(pages=("a.html", "https://jobs.example/1")))


def test_indeed_is_read_from_disk_and_refused_on_the_network() -> None:
    assert list(indeed.start(Query(pages=("results.html",)))) == ["results.html"]
    for pages in ((), ("https://www.indeed.com/jobs?q=a",), ("results.html", "http://indeed.com/viewjob?jk=1")):
        with pytest.raises(Refused):
            indeed.start(Query(pages=pages))
    assert registry.refused(BOARDS["indeed"]) and not registry.refused(BOARDS["remoteok"])


def test_usajobs_takes_its_key_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(usajobs.KEY, "k")
    monkeypatch.setenv(usajobs.EMAIL, "a@example.com")
    assert registry.headers(BOARDS["usajobs"]) == {"Authorization-Key": "k", "User-Agent": "a@example.com"}
    monkeypatch.delenv(usajobs.KEY)
    with pytest.raises(InputError, match=usajobs.KEY):
        registry.headers(BOARDS["usajobs"])
    assert registry.headers(BOARDS["remoteok"]) == {}


def test_careeronestop_takes_its_key_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    board = BOARDS["careeronestop"]
    (address,) = board.start(Query(title="line cook", city="Seattle", state="WA"))
    assert "/user/line%20cook/Seattle%2C%20WA/25/" in address and "token" not in address
    assert "/user/0/US/0/" in board.start(Query(city="Remote"))[0]
    assert registry.headers(board)["Authorization"] == "Bearer token"
    for name in (careeronestop.USER, careeronestop.TOKEN):
        with monkeypatch.context() as without:
            without.delenv(name)
            with pytest.raises(InputError, match=name):
                registry.headers(board)
            assert board.NAME not in registry.default()


def test_the_default_boards_are_open() -> None:
    for name in DEFAULT:
        board = registry.named(name)
        assert registry.home(board).startswith("https://")
        assert not (registry.refused(board) or registry.unverified(board) or registry.headers(board))
        assert not registry.no_training(board)


def test_an_unknown_board_is_named_with_those_there_are() -> None:
    with pytest.raises(InputError, match="greenhouse"):
        registry.named("monster")


# What no board may fall over. ChangedShape or an empty page, never anything else.


def bad_answers(body: str) -> list[str]:
    """Answers that are not what a board sends, or are it in part."""
    wrong = [
        "",
        " \n",
        "{}",
        "[]",
        "null",
        "0",
        '"text"',
        "<html></html>",
        "<rss/>",
        "Too many requests",
        "http://x",
        "[" * 9000,
    ]
    shapes = [
        f'{{"{name}": {filling}}}' for name in KEYS for filling in ("null", "5", "{}", "[null]", "[[]]", "[{}]", '"x"')
    ]
    return [*wrong, *shapes, "[5]", "[{}]", '[{"id": 1}]', *(body[: len(body) * part // 7] for part in range(1, 7))]


KEYS = (
    "items",
    "result",
    "Jobs",
    "jobs",
    "data",
    "results",
    "offers",
    "hits",
    "children",
    "SearchResult",
    "links",
    "@graph",
)


@pytest.mark.parametrize("board", OURS)
def test_a_wrong_answer_is_a_changed_shape_or_nothing(board: str) -> None:
    own = next(body for name, body, _ in answers() if name == board)
    for body in bad_answers(own):
        for url in ("https://boards.example/v1/boards/x/jobs?page=0&Page=1", "https://boards.example", "a path.html"):
            parse_safely(board, body, url)


def parse_safely(board: str, body: str, url: str) -> Page:
    try:
        return BOARDS[board].parse(body, url)
    except ChangedShape as error:
        assert str(error).startswith(url) and "\n" not in str(error)
        return Page()


@pytest.mark.parametrize(
    "board",
    sorted({"remoteok", "arbeitnow", "themuse", "usajobs", "careeronestop"} | {*BY_COMPANY}),
)
def test_a_page_that_is_not_the_answer_is_never_taken_for_an_empty_board(board: str) -> None:
    for body in ("", "{}", "<html></html>", '{"error": "gone"}', "null"):
        with pytest.raises(ChangedShape):
            BOARDS[board].parse(body, "https://boards.example/a")


def mutations(value: Any) -> list[Any]:
    """`value` with each of its parts in turn replaced by something of another type."""
    found: list[Any] = [None, 5, "x", [], {}, True, float("nan"), [None], {"x": None}]
    if isinstance(value, dict):
        found += [{**value, key: changed} for key in value for changed in mutations(value[key])]
    if isinstance(value, list):
        found += [[*value[:i], changed, *value[i + 1 :]] for i in range(len(value)) for changed in mutations(value[i])]
    return found


@pytest.mark.parametrize(
    "case", [path for path in CASES if path.with_name(path.name.replace(".expected", "")).exists()]
)
def test_no_part_of_an_answer_is_trusted_to_be_of_its_type(case: Path) -> None:
    board, body, wanted = read_case(case)
    for changed in mutations(json.loads(body)):
        parse_safely(board, json.dumps(changed), wanted["url"])


@pytest.mark.parametrize("board", OURS)
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_text_breaks_a_board(board: str, data: st.DataObject) -> None:
    own = next(body for name, body, _ in answers() if name == board)
    at = data.draw(st.integers(0, len(own)))
    inserted = data.draw(st.text(alphabet=st.one_of(st.characters(), st.sampled_from('<>&"{}[],:/')), max_size=30))
    parse_safely(board, own[:at] + inserted + own[at:], "https://boards.example/v1/boards/x/jobs")


def test_a_logo_and_a_closing_line_are_no_part_of_a_posting() -> None:
    body = "<p>Soup.</p><p>To apply yourself is good.</p>"
    closing = '<p><strong>To apply:</strong> <a href="https://weworkremotely.com/remote-jobs/x">here</a></p>'
    assert weworkremotely.clean(f'<img src="https://x.example/l.gif" />{body}{closing}\n') == body
    assert weworkremotely.clean(f"{closing}{body}") == f"{closing}{body}"


@pytest.mark.parametrize(
    "piece",
    [
        '\\"',
        '"\\',
        "\n ",
        "/*",
        "<!--",
        ",   ",
        "<p",
        "&lt;",
        "[",
        "<br>",
        "é",
        "https://a.b ",
        "<p><strong>To apply",
        "A is hiring a B in C ",
    ],
)
def test_no_answer_takes_long(piece: str) -> None:
    """The bound is far above what a linear reader needs and far below what a quadratic one does."""
    much = piece * (60_000 // len(piece))
    script = f'<script type="application/ld+json">{much}</script>'
    rows = json.dumps([{"id": "1", "title": much, "position": much, "html": much, "description": much, "date": much}])
    begin = time.process_time()
    thread = json.dumps({"children": [{"id": 1, "text": much}, {"id": 2, "text": f"A | Berlin | Onsite<p>{much}"}]})
    for board in ("jsonld", "saved", "remoteok", "weworkremotely", "hackernews"):
        for body in (much, script, rows, thread):
            parse_safely(board, body, "https://a.example/1")
    assert time.process_time() - begin < 15


def test_half_a_surrogate_pair_does_not_reach_a_posting() -> None:
    body = '[{"id": "1", "position": "A \\ud800 B", "description": "<p>\\udfff</p>", "url": "https://x.example/1"}]'
    (posting,) = remoteok.parse(body, "u").postings
    json.dumps(to_fields(posting), ensure_ascii=False).encode("utf-8")


ROWS_AT = {
    "arbeitnow/page1": ("data",),
    "ashby/jobs": ("jobs",),
    "greenhouse/jobs": ("jobs",),
    "himalayas/search": ("jobs",),
    "jobicy/jobs": ("jobs",),
    "lever/postings": (),
    "pinpoint/postings": ("data",),
    "recruitee/offers": ("offers",),
    "remoteok/place": (),
    "themuse/page0": ("results",),
    "usajobs/search": ("SearchResult", "SearchResultItems"),
}


@pytest.mark.parametrize("case", ROWS_AT)
def test_one_posting_that_cannot_be_read_is_counted_and_stops_no_other(case: str) -> None:
    board, body, wanted = read_case(FOLDER / f"{case}.expected.json")
    whole = BOARDS[board].parse(body, wanted["url"])
    answer = json.loads(body)
    rows = answer
    for step in ROWS_AT[case]:
        rows = rows[step]
    rows[:0] = [None, 7, {"id": "odd"}]
    page = BOARDS[board].parse(json.dumps(answer), wanted["url"])
    assert page.postings == whole.postings
    assert len(page.unusable) == len(whole.unusable) + 3 and all(wanted["url"] in line for line in page.unusable)


def test_a_fault_in_reading_one_posting_is_counted() -> None:
    def read(row: extract.Row) -> Posting:
        return Posting("x", str(row["id"]), "", str(row["title"]))

    page = extract.postings([{"id": 1, "title": "a"}, {"id": 2}, {"id": 3, "title": "c"}], "u", read, "next")
    assert [posting.key for posting in page.postings] == ["1", "3"] and page.follow == ("next",)
    assert len(page.unusable) == 1 and page.unusable[0].startswith("u: posting 2") and "KeyError" in page.unusable[0]
    with pytest.raises(ChangedShape):
        extract.postings([{"id": 2}], "u", read)
    assert extract.postings([], "u", read, "next") == Page()


def test_a_number_of_thousands_of_digits_ends_no_other_posting() -> None:
    row = '{"id": "%d", "position": "Cook", "url": "https://x.example/%d", "salary_min": %s}'
    body = f"[{row % (1, 1, '9' * 5000)}, {row % (2, 2, '90000')}]"
    assert [posting.pay and posting.pay.minimum for posting in remoteok.parse(body, "u").postings] == [None, 90_000]


# Facts that bite.


def test_mojibake_is_repaired_only_where_all_of_it_decodes() -> None:
    assert remoteok.repair("donâ\x80\x99t, Â£5, cafÃ©") == "don’t, £5, café"
    for right in ("café naïve", "£5 a day", "MANHÃ\xa0é", "’quoted’ and ë", "plain"):
        assert remoteok.repair(right) == right


@given(st.text())
def test_mojibake_of_any_text_is_undone(text: str) -> None:
    text = text.encode("utf-8", "ignore").decode("utf-8")
    assert remoteok.repair(text.encode("utf-8").decode("latin-1")) == text


def test_the_line_with_the_readers_address_is_dropped() -> None:
    line = "Please mention the word **{}** and tag RMTAuMC4wLjE= when applying to show you read the job post completely"
    for end in (
        "",
        " (#RMTAuMC4wLjE=). This is a beta feature to avoid spam applicants.",
        " (#x). See they're human.</p>",
    ):
        cleaned = remoteok.clean(f"<p>Work.</p>{line.format('HONEY')}{end}")
        assert "Work." in cleaned and "RMTAu" not in cleaned and "mention" not in cleaned


def test_a_legal_notice_is_no_posting_and_a_list_of_nothing_but_it_is_empty() -> None:
    assert remoteok.parse('[{"legal": "link back"}]', "u") == Page()


@pytest.mark.parametrize(
    "name, metadata, offices, wanted",
    [
        ("Hybrid", ["Austin, US", "San Francisco, US"], ["Lisbon, Portugal"], "Austin, US; San Francisco, US"),
        ("In-Office", [], ["Lisbon, Portugal", "Bogus"], "Lisbon, Portugal; Bogus"),
        ("Distributed", ["Chicago, US"], [], "Remote; Chicago, US"),
        ("Remote", [], ["Seattle, WA"], "Remote"),
        ("Seattle, WA", ["Austin, US"], ["Lisbon, Portugal"], "Seattle, WA"),
        ("Hybrid", [], [], "Hybrid"),
        ("US-SF", [], [], "US-SF"),
    ],
)
def test_a_greenhouse_posting_has_its_place_from_the_first_field_that_names_one(
    name: str, metadata: list[str], offices: list[str], wanted: str
) -> None:
    row = {
        "id": 1,
        "title": "T",
        "location": {"name": name},
        "metadata": [{"name": "Job Posting Location", "value": metadata}, {"name": "Level", "value": "Oslo, Norway"}],
        "offices": [{"name": office, "location": None} for office in offices],
    }
    (posting,) = BOARDS["greenhouse"].parse(json.dumps({"jobs": [row]}), "https://x.example/v1/boards/x/jobs").postings
    assert posting.location == wanted


@pytest.mark.parametrize(
    "city, state", [("Seattle", "WA"), ("San Francisco", "CA"), ("New York", "NY"), ("Remote", "")]
)
def test_the_places_of_a_posting_with_codes_are_found(city: str, state: str) -> None:
    _, body, wanted = read_case(FOLDER / "greenhouse" / "us_codes.expected.json")
    (posting,) = BOARDS["greenhouse"].parse(body, wanted["url"]).postings
    assert matches(posting, Query(city=city, state=state))


@pytest.mark.parametrize(
    "case, city, state, found",
    [
        ("greenhouse/arrangement", "San Francisco", "CA", True),
        ("greenhouse/arrangement", "Seattle", "WA", False),
        ("lever/all_locations", "San Francisco", "CA", True),
        ("ashby/hybrid", "San Francisco", "CA", True),
        ("ashby/hybrid", "Remote", "", False),
        ("recruitee/remote_job", "Chicago", "IL", True),
        ("recruitee/remote_job", "Seattle", "WA", True),
        ("hackernews/headlines", "Chicago", "IL", True),
        ("hackernews/headlines", "Seattle", "WA", True),
        ("hackernews/headlines", "New York", "NY", True),
    ],
)
def test_postings_are_found_where_they_are(case: str, city: str, state: str, found: bool) -> None:
    board, body, wanted = read_case(FOLDER / f"{case}.expected.json")
    page = BOARDS[board].parse(body, wanted["url"])
    assert any(matches(posting, Query(city=city, state=state)) for posting in page.postings) == found


@pytest.mark.parametrize(
    "fields, location, remote",
    [
        ({"workplaceType": "Remote", "isRemote": False}, "Remote; Oslo, Norway", True),
        ({"workplaceType": "Hybrid", "isRemote": True}, "Oslo, Norway", False),
        ({"workplaceType": None, "isRemote": True}, "Remote; Oslo, Norway", True),
        ({"isRemote": False}, "Oslo, Norway", False),
        ({}, "Oslo, Norway", None),
    ],
)
def test_an_ashby_posting_is_remote_where_its_workplace_says_so(
    fields: dict[str, Any], location: str, remote: bool | None
) -> None:
    row = {"id": "1", "title": "T", "location": "Oslo, Norway", **fields}
    (posting,) = BOARDS["ashby"].parse(json.dumps({"jobs": [row]}), "https://x.example/job-board/A%20Co").postings
    assert (posting.location, posting.remote, posting.company) == (location, remote, "A co")


@pytest.mark.parametrize("written", (FOLDER.parent / "headlines.tsv").read_text("utf-8").splitlines())
def test_headlines_of_hacker_news(written: str) -> None:
    """A table of headline, company, role and location, in the forms that are found in the threads."""
    headline, company, role, location = written.split("\t")
    found = hackernews.read_headline(headline)
    assert found and (found.company, found.role, found.location) == (company, role, location)


@pytest.mark.parametrize(
    "line",
    [
        "Boston, MA",
        "Kelp",
        "We are hiring, mail us.",
        "Does anyone know why | is so popular? No posting here.",
        "I - for one - welcome our new overlords",
        "https://kelp.example",
        "| | |",
        "",
    ],
)
def test_a_line_that_is_no_headline(line: str) -> None:
    assert hackernews.read_headline(line) is None


@pytest.mark.parametrize(
    "text, title",
    [
        ("Kelp | Berlin | Onsite<p>Roles:<p>- Diver<p>- Senior Tide Engineer", "Senior Tide Engineer"),
        ("Kelp | Berlin | Full-time<p>We look for a Marine Cook Manager to join us.", "Marine Cook Manager"),
        ("Kelp | Berlin | Onsite<p>We like kelp.", hackernews.SEVERAL),
        ("Kelp | Berlin | Onsite | Sweeper<p>We like kelp.", "Sweeper"),
        ('<a href="https://kelp.example">https://kelp.example</a><p>Kelp | Diving Lead | Berlin', "Diving Lead"),
    ],
)
def test_a_role_that_the_headline_lacks_is_taken_from_the_text(text: str, title: str) -> None:
    body = json.dumps({"children": [{"id": 1, "text": text, "created_at": "2026-10-01T00:00:00Z"}]})
    (posting,) = hackernews.parse(body, "u").postings
    assert (posting.company, posting.title) == ("Kelp", title)


def test_a_sitemap_may_be_spelled_with_a_prefix_and_hold_images() -> None:
    body = """<s:urlset xmlns:s="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="urn:image"><s:url>
        <s:loc>https://a.example/1</s:loc><image:image><image:loc>https://a.example/1.png</image:loc></image:image>
        </s:url></s:urlset>"""
    assert BOARDS["jsonld"].parse(body, "https://a.example/sitemap.xml").follow == ("https://a.example/1",)


def test_entities_of_a_feed_are_not_expanded_without_bound() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">'
        for a, b in zip(string.ascii_lowercase[:9], string.ascii_lowercase[1:10], strict=True)
    )
    feed = f'<?xml version="1.0"?>{bomb}]><rss><channel><item><title>&j;</title><link>https://a.example/1</link></item></channel></rss>'
    page = parse_safely("weworkremotely", feed, "https://a.example/feed")
    assert all(len(posting.title) < 10**7 for posting in page.postings)


def test_json_ld_keys_do_not_depend_on_the_order_of_a_page() -> None:
    jobs = [{"@type": "JobPosting", "title": title, "description": f"<p>{title}</p>"} for title in ("Baker", "Miller")]
    first, second = (
        schema_org.read(ld(order), "https://a.example/", "jsonld").postings for order in (jobs, jobs[::-1])
    )
    assert {posting.key for posting in first} == {posting.key for posting in second}
    assert len({posting.key for posting in first}) == 2


def test_a_canonical_address_of_another_host_is_not_believed() -> None:
    page = '<link rel="canonical" href="https://other.example/1">' + ld(
        {"@type": "JobPosting", "title": "T", "description": "d"}
    )
    (posting,) = schema_org.read(page, "https://a.example/1", "jsonld").postings
    assert posting.url == "https://a.example/1"


@pytest.mark.parametrize(
    "place, wanted",
    [
        ("Lyon", "Lyon"),
        ({"name": "HQ"}, "HQ"),
        ({"address": {"addressLocality": "Boise", "addressRegion": "ID"}}, "Boise, ID"),
        ([{"address": "A"}, {"address": [{"addressCountry": "FR"}]}, None, 7], "A; FR"),
        ({"address": {"@id": "#hq"}}, "Rome"),
        (None, ""),
    ],
)
def test_places_of_json_ld(place: object, wanted: str) -> None:
    job = {"@type": "JobPosting", "title": "T", "description": "d", "jobLocation": place}
    hq = {"@id": "#hq", "@type": "PostalAddress", "addressLocality": "Rome"}
    (posting,) = schema_org.read(ld([job, hq]), "", "jsonld").postings
    assert posting.location == wanted


def ld(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


@pytest.mark.parametrize(
    "moment, wanted",
    [
        ("2026-02-17", "2026-02-17"),
        ("2026-02-17T10:34:20+00:00", "2026-02-17"),
        ("2026-07-30 19:46:15 UTC", "2026-07-30"),
        ("Fri, 07 Aug 2026 09:59:18 +0000", "2026-08-07"),
        (1779021029, "2026-05-17"),
        ("1779021029", "2026-05-17"),
        (1790000000000, "2026-09-21"),
        ("2026-13-45", ""),
        ("yesterday", ""),
        ("", ""),
        (None, ""),
        (True, ""),
        (float("nan"), ""),
        (10**30, ""),
        ("9" * 5000, ""),
        ([], ""),
        ("20261101", "2026-11-01"),
        (20261101, "2026-11-01"),
        ("2026-11-1", "2026-11-01"),
        ("11/01/2026", "2026-11-01"),
        ("13/11/2026", "2026-11-13"),
        ("1.11.2026", "2026-11-01"),
        ("Nov 1, 2026", "2026-11-01"),
        ("Sunday, 1st November 2026", "2026-11-01"),
        (["2026-11-01", "2026-11-02"], "2026-11-01"),
        ([None, {}, "2026-11-02"], "2026-11-02"),
        ("0001-01-01T00:00:00", ""),
        ("1970-01-01", ""),
        (0, ""),
        ("20261399", ""),
    ],
)
def test_days(moment: object, wanted: str) -> None:
    assert day(moment) == wanted


@pytest.mark.parametrize(
    "written, wanted",
    [
        ("<p>a</p>", "<p>a</p>"),
        ("&lt;p&gt;a &amp;amp; b&lt;/p&gt;", "<p>a &amp; b</p>"),
        ("&amp;lt;p&amp;gt;a&amp;lt;/p&amp;gt;", "<p>a</p>"),
        ("a < b & c\r\n\r\nd\ne", "<p>a &lt; b &amp; c</p><p>d<br>e</p>"),
        ("R&amp;D", "<p>R&amp;D</p>"),
        ("", ""),
    ],
)
def test_a_description_becomes_html(written: str, wanted: str) -> None:
    assert extract.as_html(written) == wanted


@pytest.mark.parametrize(
    "source",
    [
        "{ not json at all",
        "{hello JobPosting world}",
        'function f() { return {"@type": "JobPosting", "title": "T", "description": "d"} }',
        '{"@type": "JobPosting", "title": title, "description": text}',
        '{"@type": "JobPosting", "title": "T" + name, "description": "d"}',
        '{"@type": "JobPosting", "title": "T", "description": "<p>cut o',
        "{'@type': 'JobPosting', 'title': 'T', 'description': 'it''s longer than what can be read of it'}",
        '{"a":' * 200 + "1" + "}" * 199 + ",}",
        "[" * 100_000 + "]" * 100_000,
        '{"a": "' + "x" * 70_000 + '" "b": 1}',
    ],
)
def test_what_cannot_be_repaired_without_guessing_is_left_out(source: str) -> None:
    assert not [node for document in json_ld.parse(source) for node in json_ld.nodes(document) if "title" in node]


def test_a_page_of_broken_scripts_is_not_repaired_without_end() -> None:
    broken = '<script type="application/ld+json">' + '{"a" "b" ' * 2000 + "}</script>"
    begin = time.process_time()
    assert schema_org.read(broken * 100, "https://a.example/", "jsonld") == Page()
    assert time.process_time() - begin < 15


def test_a_saved_row_that_is_no_posting_is_left_out_and_named() -> None:
    good = '{"title": "T", "html": "<p>h</p>"}'
    for bad in ("{", '{"title": "T"}', "7", "[" * 100_000):
        page = BOARDS["saved"].parse(f"{good}\n{bad}\n{good}", "rows.jsonl")
        assert len(page.postings) == 2 and len(page.unusable) == 1 and "rows.jsonl: line 2 is not a" in page.unusable[0]
        with pytest.raises(ChangedShape, match=r"rows\.jsonl: (?:line|row) 1 is not a"):
            BOARDS["saved"].parse(f"{{{bad}\n{bad}", "rows.jsonl")


def test_a_saved_page_of_results_is_not_taken_for_a_posting() -> None:
    results = (FOLDER / "indeed" / "results_2020.html").read_text(encoding="utf-8")
    with pytest.raises(ChangedShape, match="results"):
        BOARDS["saved"].parse(results, "results.html")
    links = "".join(f'<a href="/{i}">Job number {i} in town</a>' for i in range(40))
    with pytest.raises(ChangedShape):
        BOARDS["saved"].parse(f"<main><h1>Jobs</h1>{links}</main>", "list.html")


# The house.


def test_boards_touch_neither_network_nor_clock() -> None:
    """A board's imports are parsers, text and our own records; those that need a key read the environment."""
    allowed = {
        "__future__",
        "bs4",
        "collections",
        "contextlib",
        "dataclasses",
        "datetime",
        "email",
        "functools",
        "html",
        "json",
        "re",
        "scrape",
    }
    allowed |= {"types", "typing", "urllib"}
    for module in (Path(registry.__file__).parent / "sites").glob("*.py"):
        names = {
            name.split(".")[0]
            for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
            for name in imported(node)
        }
        assert names <= allowed | ({"os"} if module.stem in registry.NEED_A_KEY else set()), module.name


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def test_every_board_says_in_one_line_whose_terms_it_keeps() -> None:
    for name in OURS:
        documentation = (BOARDS[name].__doc__ or "").strip()
        assert documentation.splitlines()[0].endswith("."), name


def test_a_posting_keeps_its_name_on_disk_apart() -> None:
    postings = [posting for name, body, url in answers() for posting in BOARDS[name].parse(body, url).postings]
    names = {posting.name for posting in postings}
    assert len(names) == len(postings) and all(isinstance(posting, Posting) for posting in postings)
