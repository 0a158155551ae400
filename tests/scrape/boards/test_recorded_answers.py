"""The boards on real answers and pages, where they stand beside the checkout."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from scrape.boards import general, json_ld
from scrape.boards.elements import head_elements
from scrape.boards.registry import BOARDS
from scrape.boards.sites import indeed
from scrape.common.errors import ChangedShape
from scrape.common.posting import Page, Posting
from scrape.markup.simplify import simplify
from tests.support.elements import assert_same_elements

API = {
    "arbeitnow_page1_2026.json": ("arbeitnow", "https://www.arbeitnow.com/api/job-board-api", 100),
    "greenhouse_generalassembly_jobs_with_content_2013.json": (
        "greenhouse",
        "https://boards-api.greenhouse.io/v1/boards/generalassembly/embed/jobs?content=true",
        2,
    ),
    "greenhouse_generalassembly_jobs_2013.json": (
        "greenhouse",
        "https://boards-api.greenhouse.io/v1/boards/generalassembly/embed/jobs?content=",
        2,
    ),
    "lever_leverdemo_postings_2015.json": ("lever", "https://api.lever.co/v0/postings/leverdemo?mode=json", 28),
    "lever_leverdemo_limit1_2015.json": ("lever", "https://api.lever.co/v0/postings/leverdemo?limit=1&mode=json", 1),
    "lever_leverdemo_one_posting_2015.json": (
        "lever",
        "https://api.lever.co/v0/postings/leverdemo/6d5cbe7f-e551-4ae1-b052-08a48f651993?mode=json",
        1,
    ),
    "lever_leverdemo_empty_2015.json": ("lever", "https://api.lever.co/v0/postings/leverdemo?mode=json", 0),
    "remoteok_api_2026-09_two-jobs.json": ("remoteok", "https://remoteok.com/api", 2),
}
INDEED = {
    "indeed_serp_2024_usa.html": (0, 15),
    "indeed_serp_2025_georgetown-ga.html": (1, 4),
    "indeed_serpfragment_2020_v1.html": (0, 11),
    "indeed_serpfragment_2020_v2.html": (0, 10),
}


def parse(board: str, path: Path, url: str = "") -> Page:
    return BOARDS[board].parse(path.read_text(encoding="utf-8", errors="replace"), url or str(path))


def built_in(shared: Path) -> Iterator[Path]:
    """The posting pages of builtin.com, which alone are named after their titles."""
    return (path for path in sorted((shared / "pages").glob("*.html")) if path.name[0].isupper())


@pytest.mark.parametrize("name", API)
def test_recorded_answers(shared: Path, name: str) -> None:
    board, url, count = API[name]
    page = parse(board, shared / "api" / name, url)
    assert len(page.postings) == len({posting.key for posting in page.postings}) == count
    for posting in page.postings:
        assert posting.title and posting.url.startswith("http") and re.fullmatch(r"\d{4}-\d\d-\d\d", posting.date)
        assert posting.company
    assert sum(bool(posting.location) for posting in page.postings) >= 0.8 * count


def test_the_next_page_of_a_recorded_answer_is_followed(shared: Path) -> None:
    name = "arbeitnow_page1_2026.json"
    (onward,) = parse("arbeitnow", shared / "api" / name, API[name][1]).follow
    assert onward == json.loads((shared / "api" / name).read_text(encoding="utf-8"))["links"]["next"]


def test_text_of_recorded_answers_is_posting_text(shared: Path) -> None:
    greenhouse = parse("greenhouse", shared / "api" / "greenhouse_generalassembly_jobs_with_content_2013.json", "u")
    assert all("<li>" in posting.html and "&lt;" not in posting.html for posting in greenhouse.postings)
    arbeitnow = parse("arbeitnow", shared / "api" / "arbeitnow_page1_2026.json", "u")
    assert not any(re.search(r"on Arbeitnow</\w>\s*$", posting.html) for posting in arbeitnow.postings)
    lever = parse(
        "lever", shared / "api" / "lever_leverdemo_postings_2015.json", "https://api.lever.co/v0/postings/leverdemo"
    )
    raw = json.loads((shared / "api" / "lever_leverdemo_postings_2015.json").read_text(encoding="utf-8"))
    items = sum(part["content"].count("<li>") for row in raw for part in row["lists"])
    assert sum(posting.html.count("<li>") for posting in lever.postings) >= items > 100


@pytest.mark.parametrize("board", ["jsonld", "saved"])
def test_posting_pages_hold_one_whole_posting(shared: Path, board: str) -> None:
    postings = [posting for path in built_in(shared) for posting in parse(board, path).postings]
    assert len(postings) == len(list(built_in(shared))) == len({posting.key for posting in postings}) == 40
    for posting in postings:
        assert posting.title and posting.company and posting.location and "<" in posting.html
        assert re.match(r"https://(www\.)?builtin\w*\.com/job/", posting.url) and posting.date.startswith("202")


@pytest.mark.parametrize("name", INDEED)
def test_saved_result_pages_of_indeed(shared: Path, name: str) -> None:
    page = parse("indeed", shared / "pages" / name)
    assert (len(page.postings), len(page.follow)) == INDEED[name]
    assert all(re.fullmatch(r"https://www\.indeed\.com/viewjob\?jk=[0-9a-f]{16}", link) for link in page.follow)
    assert not any(link in page.follow for link in (posting.url for posting in page.postings))


LISTS = "search|list|all|cards|serp_2024_usa|serpfragment|pythonorg"


def test_saved_pages_are_told_apart(shared: Path) -> None:
    """Of 61 pages, 46 show a posting, 10 are lists of results, and 5 are neither."""
    refused = {}
    for path in sorted((shared / "pages").glob("*.html")):
        try:
            assert parse("saved", path).postings
        except ChangedShape as error:
            assert str(path) in str(error)
            refused[path.name] = str(error)
    lists = {name for name, reason in refused.items() if "a list of results; save the posting pages" in reason}
    assert len(lists) == 10 and all(re.search(LISTS, name) for name in lists), lists
    neither = set(refused) - lists
    assert len(neither) == 5 and all(re.search("blocked|botwall|remoteok_front|glassdoor", name) for name in neither)


def test_the_general_reader_finds_what_structured_data_says(shared: Path) -> None:
    """Without their scripts, pages of one site give the same title, company and body as with them."""
    for path in sorted(built_in(shared))[::5]:
        body = path.read_text(encoding="utf-8")
        (wanted,) = parse("saved", path).postings
        found = general.read(re.sub(r"(?s)<script.*?</script>", "", body)).posting
        assert found and (found.title, found.company) == (wanted.title, wanted.company)
        lines = re.findall(r"<li>(.*?)</li>", simplify(wanted.html))
        assert sum(line in simplify(found.html) for line in lines) >= 0.9 * len(lines)


def test_bot_walls_hold_no_posting(shared: Path) -> None:
    for name in ("indeed_403_blocked_serp_2024.html", "wellfound_botwall_2025.html"):
        assert parse("jsonld", shared / "pages" / name) == Page()
        with pytest.raises(ChangedShape):
            indeed.parse((shared / "pages" / name).read_text(encoding="utf-8"), name)


def rows(shared: Path) -> tuple[Posting, ...]:
    with gzip.open(shared / "data" / "postings.jsonl.gz", "rt", encoding="utf-8") as file:
        return BOARDS["saved"].parse(file.read(), "postings.jsonl").postings


def test_all_rows_of_the_data_are_read(shared: Path) -> None:
    postings = rows(shared)
    assert len(postings) == len({posting.key for posting in postings}) == 1195
    assert Counter(posting.key.split(":")[0] for posting in postings)["builtin"] == 745
    assert all(posting.title and posting.html.strip() and posting.board == "saved" for posting in postings)
    assert all(re.fullmatch(r"(\d{4}-\d\d-\d\d)?", posting.date) for posting in postings)


def test_mojibake_of_the_data_is_gone(shared: Path) -> None:
    assert not [posting.key for posting in rows(shared) if re.search("â\x80|Â\xa0|Ã[\x80-\xbf]", posting.html)]


def test_head_elements_are_those_of_a_whole_soup(shared: Path) -> None:
    for path in sorted((shared / "pages").glob("*.html"))[::6]:
        assert_same_elements(path.read_text("utf-8", "replace"))


def test_json_ld_vectors(shared: Path) -> None:
    pages = sorted((shared / "vectors" / "jsonld").glob("*.html"))
    assert len(pages) >= 9
    for path in pages:
        elements = head_elements(path.read_text(encoding="utf-8"))
        wanted = json.loads(path.with_suffix(".jsonld").read_text(encoding="utf-8"))
        assert json_ld.documents(elements) == wanted, path.name
