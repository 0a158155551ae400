"""The loop: what is asked, what is kept, how each board ends, and that none takes another down."""

from __future__ import annotations

import gzip
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

import scrape
from scrape import demo
from scrape.boards import registry
from scrape.boards.registry import BOARDS, Board
from scrape.boards.sites import usajobs
from scrape.common.errors import Blocked, BoardError, ChangedShape, InputError, Missing, Refused, Unreachable
from scrape.common.posting import Page, Pay, Posting, Query
from scrape.crawl import search
from scrape.crawl.crawler import BoardCrawl, Event, Getter, Outcome, Progress, Settings, crawl
from scrape.crawl.search import SearchRequest
from scrape.dataset import search_and_save
from scrape.dataset.simplify_all import Simplified
from scrape.fields.match import PlaceQuery
from scrape.fields.urls import host_of
from scrape.http.cache import HttpCache
from scrape.http.client import Fetcher, Response

SITE = "https://board.example"
EVERYTHING = (Query(),)


class Site:
    """Pages by path; a page is a tuple of postings' keys and of addresses to follow, or an error to raise."""

    def __init__(self, pages: Mapping[str, object]) -> None:
        self.pages = pages
        self.asked: Counter[str] = Counter()
        self.headers: list[Mapping[str, str]] = []

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response:
        self.asked[url] += 1
        self.headers.append(headers or {})
        page = self.pages[url]
        if isinstance(page, BoardError):
            raise page
        return Response(url, url, 200, {"content-type": "text/plain; charset=utf-8"}, str(page).encode())


class FakeBoard:
    """Reads a page of words: `#7` is posting 7, `http...` an address to follow, `!` a shape it does not know."""

    HOME = SITE

    def __init__(self, name: str = "fake", start: Sequence[str] = (f"{SITE}/list",)) -> None:
        self.NAME = name
        self._start = start

    def start(self, query: Query) -> Sequence[str]:
        return self._start

    def parse(self, body: str, url: str) -> Page:
        words = body.split()
        if "!" in words:
            raise ChangedShape(f"{url}: not what it was")
        if "?" in words:
            raise KeyError("jobs")
        postings = [
            Posting(self.NAME, word[1:], f"{SITE}/posting/{word[1:]}", f"Job {word[1:]}")
            for word in words
            if word.startswith("#")
        ]
        return Page(tuple(postings), tuple(word for word in words if word.startswith(("http", "/"))))


def board_crawl(
    pages: Mapping[str, object] | Getter,
    board: FakeBoard | None = None,
    queries: Sequence[Query] = EVERYTHING,
    *,
    limit: int | None = None,
    cache: HttpCache | None = None,
    now: Callable[[], float] = time.time,
    skip: Callable[[str], bool] = lambda address: False,
) -> BoardCrawl:
    site = Site({f"{SITE}{path}": page for path, page in pages.items()}) if isinstance(pages, Mapping) else pages
    settings = Settings(site, cache=cache, limit=limit, now=now, skip=skip)
    return BoardCrawl(cast(Board, board or FakeBoard()), queries, settings)


def run(*crawls: BoardCrawl) -> tuple[list[Posting], dict[str, Outcome]]:
    events: list[Event] = list(crawl(crawls))
    outcomes = {event.board: event for event in events if isinstance(event, Outcome)}
    assert len(outcomes) == len(crawls), "every board ends exactly once"
    return [event for event in events if isinstance(event, Posting)], outcomes


def keys(postings: Sequence[Posting]) -> list[str]:
    return [posting.key for posting in postings]


def asked(one: BoardCrawl) -> Counter[str]:
    return cast(Site, one.settings.fetcher).asked


# ---------------------------------------------------------------------- following


def test_links_are_followed_breadth_first_and_each_once() -> None:
    started = board_crawl(
        {
            "/list": f"#1 {SITE}/a {SITE}/b {SITE}/list",
            "/a": f"#2 {SITE}/c {SITE}/b#top",
            "/b": f"#3 {SITE}/a?utm_source=b",
            "/c": "#4",
        }
    )
    found, outcomes = run(started)
    assert keys(found) == ["1", "2", "3", "4"]
    assert outcomes["fake"] == Outcome("fake", "ok", requests=4, new=4)
    assert set(asked(started).values()) == {1}


def test_a_page_on_the_web_cannot_have_files_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.html"
    secret.write_text("#99")
    found, outcomes = run(board_crawl({"/list": f"#1 {secret}"}))
    assert keys(found) == ["1"] and outcomes["fake"].note == ""


def test_the_same_posting_twice_is_kept_once() -> None:
    found, outcomes = run(board_crawl({"/list": f"#1 #1 {SITE}/a", "/a": "#1 #2"}))
    assert keys(found) == ["1", "2"]
    assert (outcomes["fake"].new, outcomes["fake"].known) == (2, 2)


def test_a_bad_posting_or_link_is_one_failure_and_the_rest_goes_on() -> None:
    class Odd(FakeBoard):
        def parse(self, body: str, url: str) -> Page:
            page = super().parse(body, url)
            bad = [Posting(self.NAME, "long", "", "x" * 501), Posting(self.NAME, "pay", "", "y", pay=Pay(9, 1, "", ""))]
            links = ("https://a\0b/", f"https://a.example/{'x' * 2000}", *page.follow)
            return Page((*bad, *page.postings), links, unusable=(f"{url}: row 3 is no posting",))

    found, outcomes = run(board_crawl({"/list": f"#1 {SITE}/a", "/a": "#2"}, Odd()))
    assert keys(found) == ["1", "2"]
    outcome = outcomes["fake"]
    assert (outcome.status, outcome.new, outcome.unusable) == ("ok", 2, 6)
    assert outcome.note == f"{SITE}/list: a link that is no URL is left out: 'https://a\\x00b/' (and 9 more)"


def test_a_query_that_one_posting_breaks_finds_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(posting: Posting, queries: Sequence[Query]) -> bool:
        if posting.key == "2":
            raise RecursionError
        return True

    monkeypatch.setattr("scrape.crawl.crawler.matches_any", breaks)
    found, outcomes = run(board_crawl({"/list": "#1 #2 #3"}))
    assert keys(found) == ["1", "3"]
    assert outcomes["fake"].unusable == 1 and "fake-2 is left out: RecursionError" in outcomes["fake"].note


def test_the_limit_ends_a_board() -> None:
    started = board_crawl({"/list": f"#1 #2 #3 {SITE}/a", "/a": "#4"}, limit=2)
    found, _ = run(started)
    assert keys(found) == ["1", "2"]
    assert asked(started) == {f"{SITE}/list": 1}


class Trap:
    """A site whose every page links to two new ones, on `hosts` in turn."""

    def __init__(self, hosts: Sequence[str] = ("trap.example",), width: int = 2) -> None:
        self.asked = Counter[str]()
        self._hosts, self._width = hosts, width

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response:
        self.asked[host_of(url)] += 1
        number = int(url.rpartition("/")[2])
        links = [number * self._width + step for step in range(1, self._width + 1)]
        body = " ".join(f"https://{self._hosts[link % len(self._hosts)]}/{link}" for link in links)
        return Response(url, url, 200, {}, f"#{number} {body}".encode())


@pytest.mark.parametrize(
    ("width", "bounds", "asked_for", "note"),
    [
        (2, {"most_of_a_host": 10}, 10, "left out 11 URLs after 10 requests to trap.example (run the same"),
        (2, {"most_requests": 10}, 10, "left out 11 URLs after 10 requests (run the same search again to go on)"),
        (1, {"most_depth": 7}, 8, "left out 1 URL after 7 links in a row (ask for less, such as one --title)"),
    ],
)
def test_a_spider_trap_ends_at_a_bound_that_is_said(
    width: int, bounds: dict[str, int], asked_for: int, note: str
) -> None:
    trap = Trap(width=width)
    board = cast(Board, FakeBoard(start=["https://trap.example/0"]))
    found, outcomes = run(BoardCrawl(board, EVERYTHING, Settings(trap, **bounds)))  # type: ignore[arg-type]
    assert len(found) == trap.asked.total() == outcomes["fake"].requests == asked_for
    assert outcomes["fake"].status == "ok" and outcomes["fake"].note.startswith(note)


def test_a_bound_on_a_host_spares_the_others() -> None:
    trap = Trap(hosts=("a.example", "b.example", "c.example"), width=3)
    board = cast(Board, FakeBoard(start=["https://a.example/0"]))
    _, outcomes = run(BoardCrawl(board, EVERYTHING, Settings(trap, most_of_a_host=5, most_requests=100)))
    assert trap.asked == {"a.example": 5, "b.example": 5, "c.example": 5}
    assert all(f"5 requests to {host}" in outcomes["fake"].note for host in trap.asked)


def test_a_board_may_have_a_lower_bound_of_its_own() -> None:
    board = FakeBoard(start=["https://trap.example/0"])
    board.MOST_REQUESTS = 3  # type: ignore[attr-defined]
    trap = Trap()
    _, outcomes = run(BoardCrawl(cast(Board, board), EVERYTHING, Settings(trap)))
    assert trap.asked.total() == 3 and "3 requests to trap.example" in outcomes["fake"].note


class Dated(FakeBoard):
    """A list, newest first: `#7:2026-11-01` is posting 7 of that day."""

    NEWEST_FIRST = True

    def parse(self, body: str, url: str) -> Page:
        page = super().parse(body, url)
        dated = [(posting, *posting.key.partition(":")[::2]) for posting in page.postings]
        return replace(page, postings=tuple(replace(posting, key=key, date=date) for posting, key, date in dated))


@pytest.mark.parametrize(
    ("since", "asked_for"), [("", 4), ("2026-11-05", 2), ("2026-11-04", 3), ("2026-10-01", 4), ("2027-01-01", 1)]
)
def test_a_list_newest_first_is_followed_as_far_as_it_is_new_enough(since: str, asked_for: int) -> None:
    pages = {
        "/list": f"#1:2026-11-06 #2:2026-11-05 {SITE}/2",
        "/2": f"#3:2026-11-04 {SITE}/3",
        "/3": f"#4: {SITE}/4" if since == "2026-10-01" else f"#4:2026-11-01 {SITE}/4",
        "/4": "#5:2026-10-31",
    }
    started = board_crawl(pages, Dated(), [Query(since=since)])
    run(started)
    assert asked(started).total() == asked_for


def test_a_board_that_permits_no_training_is_read_only_where_nothing_is_trained(tmp_path: Path) -> None:
    board = FakeBoard()
    board.NO_TRAINING = "it says so"  # type: ignore[attr-defined]
    site = Site({f"{SITE}/list": "#1"})
    found, outcomes = run(BoardCrawl(cast(Board, board), EVERYTHING, Settings(site)))
    assert (found, outcomes["fake"].status, site.asked.total()) == ([], "refused", 0)
    assert "it says so" in outcomes["fake"].note and "fetch-new --boards fake" in outcomes["fake"].note
    found, _ = run(BoardCrawl(cast(Board, board), EVERYTHING, Settings(site, for_training=False)))
    assert keys(found) == ["1"]


def test_postings_of_an_answer_that_opts_out_are_marked_and_the_answer_is_not_cached(tmp_path: Path) -> None:
    class OptsOut(Site):
        def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response:
            return replace(super().get(url, headers=headers), opt_out="content-signal")

    site, cache = OptsOut({f"{SITE}/list": "#1 #2"}), HttpCache(tmp_path)
    settings = Settings(site, cache=cache, for_training=False)
    found, _ = run(BoardCrawl(cast(Board, FakeBoard()), EVERYTHING, settings))
    assert [posting.no_training for posting in found] == [True, True]
    assert cache.find(f"{SITE}/list") is None


def test_after_a_bound_the_next_run_goes_on(tmp_path: Path) -> None:
    pages = {"/list": " ".join(f"{SITE}/{n}" for n in range(30)), **{f"/{n}": f"#{n}" for n in range(30)}}
    site = Site({f"{SITE}{path}": page for path, page in pages.items()})
    found = set[str]()
    for _ in range(4):
        settings = Settings(site, cache=HttpCache(tmp_path), most_of_a_host=10)
        found |= set(keys(run(BoardCrawl(cast(Board, FakeBoard()), EVERYTHING, settings))[0]))
    assert len(found) == 30 and set(site.asked.values()) == {1}


def test_a_fault_of_the_fetcher_ends_one_page() -> None:
    class Faulty(Site):
        def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response:
            if url.endswith("/a"):
                raise ValueError("nobody thought of this")
            return super().get(url, headers=headers)

    site = Faulty({f"{SITE}/list": f"#1 {SITE}/a {SITE}/b", f"{SITE}/b": "#2"})
    found, outcomes = run(board_crawl(site))
    assert keys(found) == ["1", "2"]
    assert outcomes["fake"].note == f"{SITE}/a: cannot be requested: ValueError: nobody thought of this"


def test_what_was_not_asked_for_is_counted_and_does_not_count_against_the_limit() -> None:
    found, outcomes = run(board_crawl({"/list": "#1 #2 #3"}, queries=[Query(title="3"), Query(title="job 2")], limit=2))
    assert keys(found) == ["2", "3"]
    assert outcomes["fake"] == Outcome("fake", "ok", requests=1, new=2, filtered=1)


def test_addresses_to_skip_are_not_asked() -> None:
    started = board_crawl({"/list": f"#1 {SITE}/a", "/a": "#2"}, skip=lambda address: address.endswith("/a"))
    assert keys(run(started)[0]) == ["1"]
    assert f"{SITE}/a" not in asked(started)


def test_headers_of_a_board_go_with_each_request() -> None:
    board = FakeBoard()
    board.headers = lambda: {"Authorization-Key": "k"}  # type: ignore[attr-defined]
    started = board_crawl({"/list": "#1"}, board)
    run(started)
    assert cast(Site, started.settings.fetcher).headers == [{"Authorization-Key": "k"}]


# ---------------------------------------------------------------------- how a board ends


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("#1", "ok"),
        ("nothing", "empty"),
        (Blocked("403"), "blocked"),
        (Refused("robots.txt"), "refused"),
        ("!", "changed shape"),
        ("?", "error"),
        (Unreachable("no answer"), "error"),
        (Missing("404"), "error"),
        (BoardError("status 302"), "error"),
    ],
)
def test_each_way_to_end(page: object, status: str) -> None:
    found, outcomes = run(board_crawl({"/list": page}))
    outcome = outcomes["fake"]
    assert outcome.status == status
    assert outcome.failed == (status not in ("ok", "empty")) == bool(outcome.note)
    assert bool(found) == (status == "ok")
    assert outcome.unreachable == isinstance(page, Unreachable)


def test_a_fault_in_parse_is_told_in_its_words() -> None:
    _, outcomes = run(board_crawl({"/list": "?"}))
    assert f"{SITE}/list" in outcomes["fake"].note and "KeyError: 'jobs'" in outcomes["fake"].note


def test_a_board_that_fails_takes_none_down() -> None:
    class Broken(Site):
        def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response:
            raise RuntimeError("a fault of ours")

    found, outcomes = run(
        board_crawl(Broken({}), FakeBoard("broken")),
        board_crawl({"/list": Blocked("403")}, FakeBoard("blocked")),
        board_crawl({"/list": "#1"}, FakeBoard("good")),
    )
    assert [posting.board for posting in found] == ["good"]
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "broken": "error",
        "blocked": "blocked",
        "good": "ok",
    }
    assert "a fault of ours" in outcomes["broken"].note


def test_a_start_that_is_refused_ends_the_board_alone() -> None:
    class Closed(FakeBoard):
        def start(self, query: Query) -> Sequence[str]:
            raise Refused("this board forbids it")

    _, outcomes = run(board_crawl({}, Closed("closed")), board_crawl({"/list": "#1"}))
    assert outcomes["closed"].status == "refused" and outcomes["fake"].status == "ok"


def test_one_bad_page_does_not_end_a_board() -> None:
    bad = {"/b": "!", "/c": "?", "/d": Missing("404 d"), "/e": Refused("robots"), "/f": BoardError("302")}
    links = " ".join(f"{SITE}{path}" for path in [*bad, "/g"])
    found, outcomes = run(board_crawl({"/list": f"#1 {links}", **bad, "/g": "#2"}))
    assert keys(found) == ["1", "2"]
    assert outcomes["fake"].status == "ok"
    assert outcomes["fake"].note == f"{SITE}/b: not what it was (and 3 more); {SITE}/d is gone (status 404)"


def test_a_block_ends_its_site_and_no_other() -> None:
    pages = {
        f"{SITE}/list": f"#1 {SITE}/a {SITE}/b https://other.example/c",
        f"{SITE}/a": Blocked("403 a"),
        f"{SITE}/b": "#2",
        "https://other.example/c": "#3",
    }
    site = Site(pages)
    found, outcomes = run(board_crawl(site))
    assert keys(found) == ["1", "3"]
    assert outcomes["fake"].status == "blocked"
    assert outcomes["fake"].note == "403 a; left out 1 URL after board.example was given up"
    assert f"{SITE}/b" not in site.asked


@pytest.mark.parametrize(("page", "tries"), [("!", 5), (Unreachable("down"), 2), (Missing("gone"), 20)])
def test_failures_in_a_row_end_a_site(page: object, tries: int) -> None:
    paths = [f"/{number}" for number in range(20)]
    started = board_crawl({"/list": " ".join(f"{SITE}{path}" for path in paths), **dict.fromkeys(paths, page)})
    _, outcomes = run(started)
    assert asked(started).total() == 1 + tries
    assert outcomes["fake"].failed == (tries < 20)


def test_hosts_are_read_side_by_side_and_each_one_page_at_a_time() -> None:
    hosts = [f"https://{name}.example" for name in "abc"]
    together = threading.Barrier(len(hosts), timeout=10)
    lock, busy = threading.Lock(), Counter[str]()

    class Slow(Site):
        def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response:
            host = url.rpartition("/")[0]
            with lock:
                busy[host] += 1
                assert busy[host] == 1
            together.wait()  # breaks where the hosts are not read at the same time
            with lock:
                busy[host] -= 1
            return super().get(url, headers=headers)

    links = [f"{host}/{page}" for host in hosts for page in range(5)]
    site = Slow({link: f"#{number}" for number, link in enumerate(links)})
    found, outcomes = run(board_crawl(site, FakeBoard(start=links)))
    assert sorted(map(int, keys(found))) == list(range(15))
    assert outcomes["fake"] == Outcome("fake", "ok", requests=15, new=15)


def test_a_company_that_a_board_has_not_is_no_error() -> None:
    class ByCompany(FakeBoard):
        BY_COMPANY = True

    gone = {"/list": Missing("404")}
    for board, query, status in (
        (ByCompany(), Query(company="Oven & Co"), "empty"),
        (ByCompany(), Query(), "error"),
        (FakeBoard(), Query(company="Oven & Co"), "error"),
    ):
        _, outcomes = run(board_crawl(gone, board, [query]))
        assert outcomes["fake"].status == status and "is gone" in outcomes["fake"].note
    _, outcomes = run(board_crawl({"/list": Blocked("403")}, ByCompany(), [Query(company="Oven & Co")]))
    assert outcomes["fake"].status == "blocked"


_ANSWERS = {  # of a company with one posting
    "greenhouse": '{"jobs": [{"id": 1, "title": "Baker"}]}',
    "lever": '[{"id": "1", "text": "Baker"}]',
    "ashby": '{"jobs": [{"id": "1", "title": "Baker"}]}',
    "recruitee": '{"offers": [{"id": 1, "title": "Baker"}]}',
}


@pytest.mark.parametrize("board", _ANSWERS)
def test_dead_company_names_do_not_end_a_board(board: str) -> None:
    *dead, alive = BOARDS[board].start(Query())
    body = _ANSWERS[board]

    class Mostly404(Site):
        def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response:
            if url != alive:
                raise Missing("404")
            return Response(url, url, 200, {}, body.encode())

    found, outcomes = run(BoardCrawl(BOARDS[board], EVERYTHING, Settings(Mostly404({}))))
    assert found and outcomes[board].status == "ok" and outcomes[board].requests == len(dead) + 1


def test_a_good_page_wipes_the_slate() -> None:
    paths = [f"/{number}" for number in range(12)]
    pages = {path: f"#{number}" if number % 3 == 2 else "!" for number, path in enumerate(paths)}
    _, outcomes = run(board_crawl({"/list": " ".join(f"{SITE}{path}" for path in paths), **pages}))
    assert outcomes["fake"].status == "ok" and outcomes["fake"].new == 4


def test_bad_files_do_not_keep_the_good_ones_from_being_read(tmp_path: Path) -> None:
    files = [tmp_path / f"{number:02}.html" for number in range(12)]
    for number, file in enumerate(files):
        file.write_text("#1" if number == 11 else "!")
    found, outcomes = run(board_crawl({}, FakeBoard(start=[str(file) for file in files])))
    assert keys(found) == ["1"] and outcomes["fake"].status == "ok"
    assert "and 10 more" in outcomes["fake"].note
    assert [line.split(":")[0] for line in outcomes["fake"].unread] == [str(file) for file in files[:11]]


def test_every_page_that_is_not_read_and_every_guess_is_listed(tmp_path: Path) -> None:
    text = "<p>The tower needs a keeper who does not mind the wind. Experience with lamps is a requirement.</p>" * 3
    pages = {
        "a.html": f"<h1>Keeper</h1><p>Employer: Skerry</p><p>Location: Bath</p><div>{text}</div>",
        "b.html": "<p itemscope itemtype=JobPosting><b itemprop=title>Cook</b><i itemprop=description>x</i>",
        "c.html": "<title>Just a moment...</title>",
        "d.html": "<p>Nothing",
        "e.jsonl": '{"title": "Clerk", "html": "<p>x</p>"}\n{',
        "f.warc": "no archive",
    }
    for name, page in pages.items():
        (tmp_path / name).write_text(page)
    query = Query(pages=(str(tmp_path),))
    found, outcomes = run(BoardCrawl(BOARDS["saved"], [query], Settings(Site({}))))
    assert [posting.title for posting in found] == ["Keeper", "Cook", "Clerk"]
    outcome = outcomes["saved"]
    assert outcome.guessed == (f"{tmp_path / 'a.html'}: Keeper; Skerry; Bath",) and "1 guessed" in outcome.note
    reasons = [
        "Cloudflare keeps robots out",
        "no posting recognised",
        "line 2 is not a JSON object",
        "no record of a web archive in it can be read",
    ]
    assert len(outcome.unread) == len(reasons)
    for line, name, reason in zip(outcome.unread, ("c.html", "d.html", "e.jsonl", "f.warc"), reasons, strict=True):
        assert line.startswith(f"{tmp_path / name}: ") and reason in line


def test_a_board_of_saved_pages_is_not_asked_over_the_network(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"#1 {SITE}/next")
    board = FakeBoard(start=[str(page)])
    board.REFUSED = "the board forbids it"  # type: ignore[attr-defined]
    started = board_crawl({}, board)
    found, outcomes = run(started)
    assert keys(found) == ["1"] and outcomes["fake"].status == "ok"
    assert "the board forbids it" in outcomes["fake"].note
    assert not asked(started)


# ---------------------------------------------------------------------- asking again


DAY = 24 * 3600.0
PAGES = {"/list": f"#1 #2 {SITE}/posting/3 {SITE}/gone", "/posting/3": "#3", "/gone": Missing("gone")}


def test_a_rerun_asks_for_nothing_twice(tmp_path: Path) -> None:
    first = board_crawl(PAGES, cache=HttpCache(tmp_path), now=lambda: 0.0)
    second = board_crawl(PAGES, cache=HttpCache(tmp_path), now=lambda: DAY - 1)
    found, outcomes = run(first)
    again, repeated = run(second)
    assert found == again and outcomes["fake"].requests == 3 and repeated["fake"].requests == 0
    assert repeated["fake"].status == "ok" and repeated["fake"].note == outcomes["fake"].note


def test_a_list_goes_stale_and_a_posting_does_not(tmp_path: Path) -> None:
    run(board_crawl(PAGES, cache=HttpCache(tmp_path), now=lambda: 0.0))
    later = board_crawl(PAGES, cache=HttpCache(tmp_path), now=lambda: DAY + 1)
    assert keys(run(later)[0]) == ["1", "2", "3"]
    assert set(asked(later)) == {f"{SITE}/list", f"{SITE}/gone"}


def test_the_last_page_of_a_list_is_a_list_though_it_holds_one_posting(tmp_path: Path) -> None:
    pages = {"/list": f"#1 #2 {SITE}/list?page=2", "/list?page=2": "#3"}
    run(board_crawl(pages, cache=HttpCache(tmp_path), now=lambda: 0.0))
    later = board_crawl(pages, cache=HttpCache(tmp_path), now=lambda: DAY + 1)
    run(later)
    assert set(asked(later)) == {f"{SITE}/list", f"{SITE}/list?page=2"}


def test_a_list_that_was_followed_to_goes_stale(tmp_path: Path) -> None:
    pages = {"/list": f"{SITE}/company/a {SITE}/company/b", "/company/a": "#1 #2", "/company/b": "nothing yet"}
    run(board_crawl(pages, cache=HttpCache(tmp_path), now=lambda: 0.0))
    later = board_crawl(pages, cache=HttpCache(tmp_path), now=lambda: DAY + 1)
    run(later)
    assert len(asked(later)) == 3


def test_with_a_clock_that_was_set_back_a_list_is_asked_again(tmp_path: Path) -> None:
    pages = {"/list": f"{SITE}/1 {SITE}/2", "/1": "#1", "/2": "#2"}
    run(board_crawl(pages, cache=HttpCache(tmp_path), now=lambda: 1e9))
    back = board_crawl(pages, cache=HttpCache(tmp_path), now=lambda: 0.0)
    run(back)
    assert asked(back) == {f"{SITE}/list": 1}, "and no posting's own page"


def test_a_cached_answer_that_swells_is_asked_for_again(tmp_path: Path) -> None:
    first = board_crawl({"/list": "#1"}, cache=HttpCache(tmp_path))
    run(first)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(gzip.compress(bytes(1 << 20)) * 66)
    again = board_crawl({"/list": "#1"}, cache=HttpCache(tmp_path))
    assert keys(run(again)[0]) == ["1"] and again.requests == 1


def test_what_was_refused_is_asked_again(tmp_path: Path) -> None:
    for error in (Blocked("403"), Refused("robots"), Unreachable("down")):
        cache = HttpCache(tmp_path / type(error).__name__)
        run(board_crawl({"/list": error}, cache=cache))
        assert keys(run(board_crawl({"/list": "#1"}, cache=cache))[0]) == ["1"]


# ---------------------------------------------------------------------- side by side, as it arrives


def test_boards_run_side_by_side() -> None:
    """Each waits for the other: one after the other they would never end."""
    both = threading.Barrier(2, timeout=20)

    class Waiting(Site):
        def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response:
            both.wait()
            return super().get(url, headers=headers)

    pages = {f"{SITE}/list": "#1"}
    found, _ = run(board_crawl(Waiting(pages), FakeBoard("one")), board_crawl(Waiting(pages), FakeBoard("two")))
    assert sorted(posting.board for posting in found) == ["one", "two"]


def test_postings_come_while_the_board_is_still_being_asked() -> None:
    may_go_on = threading.Event()

    class Slow(Site):
        def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response:
            if url.endswith("/a"):
                assert may_go_on.wait(20)
            return super().get(url, headers=headers)

    events = crawl([board_crawl(Slow({f"{SITE}/list": f"#1 {SITE}/a", f"{SITE}/a": "#2"}))])
    first = next(events)
    assert isinstance(first, Posting) and first.key == "1"
    may_go_on.set()
    assert [event.key for event in events if isinstance(event, Posting)] == ["2"]


def test_closing_stops_the_boards() -> None:
    pages = {f"{SITE}/{number}": f"#{number} {SITE}/{number + 1}" for number in range(100_000)}
    site = Site(pages)
    events = crawl([board_crawl(site, FakeBoard(start=[f"{SITE}/0"]))])
    next(events)
    events.close()  # type: ignore[attr-defined]
    for thread in threading.enumerate():
        if thread.name == "fake":
            thread.join(20)
            assert not thread.is_alive()
    assert site.asked.total() < 1000


def test_progress_tells_pages_done_and_waiting() -> None:
    events = crawl([board_crawl({"/list": f"{SITE}/a {SITE}/b", "/a": "", "/b": ""})])
    assert [(event.done, event.waiting) for event in events if isinstance(event, Progress)] == [(1, 2), (2, 1), (3, 0)]


# ---------------------------------------------------------------------- search


@pytest.fixture
def boards(monkeypatch: pytest.MonkeyPatch) -> dict[str, FakeBoard]:
    made = {name: FakeBoard(name, [f"{SITE}/{name}"]) for name in ("one", "two")}
    monkeypatch.setattr(registry, "DEFAULT", tuple(made))
    for name, board in made.items():
        monkeypatch.setitem(BOARDS, name, cast(Board, board))
    return made


def test_search_gives_postings_of_all_boards(boards: dict[str, FakeBoard]) -> None:
    site = Site({f"{SITE}/one": "#1", f"{SITE}/two": "#2"})
    assert sorted(keys(list(scrape.search(title="job", fetcher=site)))) == ["1", "2"]
    assert keys(list(scrape.search(title="job", boards=["two"], fetcher=site))) == ["2"]


def test_search_warns_of_a_board_that_failed_and_raises_where_nothing_came(boards: dict[str, FakeBoard]) -> None:
    site = Site({f"{SITE}/one": "#1", f"{SITE}/two": Blocked("403 from two")})
    with pytest.warns(UserWarning, match="two: blocked: 403 from two"):
        assert keys(list(scrape.search(fetcher=site))) == ["1"]
    with pytest.raises(BoardError, match="403 from two"):
        list(scrape.search(boards=["two"], fetcher=site))


def test_search_refuses_bad_input_before_it_asks() -> None:
    site = Site({})
    for wrong in ({"boards": ["nowhere"]}, {"since": "yesterday"}, {"boards": ["saved"]}, {"pages": ["no/such/file"]}):
        with pytest.raises(InputError):
            scrape.search(fetcher=site, **wrong)  # type: ignore[arg-type]
    assert not site.asked


def test_every_title_meets_every_place_and_company() -> None:
    wish = SearchRequest(("a", "b"), (PlaceQuery("Boston", "MA"), PlaceQuery("", "TX")), ("x", "y"), "2026-11-01")
    assert len(set(search.queries(wish))) == 8
    assert search.queries(SearchRequest()) == [Query()]


def test_a_board_that_needs_a_key_is_asked_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(usajobs.KEY, raising=False)
    assert registry.default() == registry.DEFAULT
    monkeypatch.setenv(usajobs.KEY, "key")
    monkeypatch.setenv(usajobs.EMAIL, "me@example.org")
    assert registry.default() == (*registry.DEFAULT, "usajobs")


def test_a_key_is_sent_without_the_line_break_of_its_file_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(usajobs.KEY, " s3cret\r\n")
    monkeypatch.setenv(usajobs.EMAIL, "me@example.org\n")
    assert usajobs.headers() == {"Authorization-Key": "s3cret", "User-Agent": "me@example.org"}
    monkeypatch.setenv(usajobs.KEY, "s3\ncret")
    with pytest.raises(InputError, match="USAJOBS_API_KEY holds a character") as caught:
        usajobs.headers()
    assert "cret" not in str(caught.value)


def test_without_a_board_named_those_are_asked_that_need_nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(usajobs.KEY, raising=False)
    started = search.board_crawls(SearchRequest(), Settings(Site({})))
    assert [one.board.NAME for one in started] == list(registry.DEFAULT)
    assert all(one.outcome().status == "empty" for one in started), "no start that is refused"


def test_pages_go_to_the_boards_that_read_them(tmp_path: Path) -> None:
    page = tmp_path / "a.jsonl"
    page.write_text("")
    crawls = search.board_crawls(SearchRequest(pages=(str(page), "https://x.example/job")), Settings(Site({})))
    assert [started.board.NAME for started in crawls] == ["saved", "jsonld"]


def test_saved_postings_run_through_the_same_door(tmp_path: Path) -> None:
    lines = ['{"id": "7", "title": "Baker", "html": "<p>Bread</p>", "url": "https://x.example/7", "location": "NYC"}']
    (tmp_path / "postings.jsonl").write_text("\n".join(lines))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = list(scrape.search("New York", "NY", pages=[str(tmp_path)]))
    assert [(posting.board, posting.key, posting.title) for posting in found] == [("saved", "7", "Baker")]


def test_the_bundled_board_over_http() -> None:
    with demo.serve(count=45) as site:
        fetcher = Fetcher(allow_loopback={site.url.removeprefix("http://")})
        found = list(scrape.search(boards=["demo"], pages=[site.url], fetcher=fetcher))
        assert len(found) == len({posting.key for posting in found}) == 45
        pages = [path for path in site.requests if path != "/robots.txt"]
        assert len(pages) == len(set(pages))
        assert not [path for path in pages if path.startswith(("/private", "/apply"))]
        place = found[0].location
        city, state = place.split(", ")
        here = list(scrape.search(city, state, boards=["demo"], pages=[site.url], fetcher=fetcher))
    assert here and {posting.location for posting in here} == {place}


def test_the_bundled_board_is_started_where_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    serve = demo.serve
    monkeypatch.setattr(demo, "serve", lambda: serve(count=12))
    found = list(scrape.search(boards=["demo"], limit=5))
    assert len(found) == 5 and {posting.board for posting in found} == {"demo"}
    with pytest.raises(InputError):
        scrape.search(boards=["demo", "nowhere"])


def test_every_failure_is_kept_and_those_that_the_note_leaves_out_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = {f"/{letter}": "!" if letter in "ab" else Missing(f"{SITE}/{letter} is gone") for letter in "abcd"}
    links = " ".join(SITE + path for path in pages)
    outcome = run(board_crawl({"/list": f"#1 {links}", **pages}))[1]["fake"]
    assert [reason.split(" ")[0].strip(":") for reason in outcome.failures] == [SITE + path for path in pages]
    search_and_save.report(search_and_save.SearchOutcome(tmp_path, (outcome,), Simplified(0, 0), None))
    said = capsys.readouterr().err
    assert f"failed: {SITE}/b" in said and f"failed: {SITE}/a" not in said and f"{SITE}/a" in outcome.note
