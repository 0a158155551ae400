"""The bundled board over real loopback HTTP, and the board module that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from bs4 import BeautifulSoup
from protego import Protego

from scrape.boards.sites import demo
from scrape.common.errors import ChangedShape, InputError
from scrape.common.posting import Page, Posting, Query
from scrape.demo import JobOpening, Site, serve
from scrape.demo.catalog import Search
from scrape.demo.pages import PER_PAGE


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve() as running:
        yield running


@pytest.fixture(scope="module")
def web() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def _read(web: requests.Session, url: str) -> Page:
    answer = web.get(url, timeout=10)
    assert answer.status_code == 200
    return demo.parse(answer.text, url)


def _crawl(web: requests.Session, query: Query) -> tuple[list[Posting], list[str]]:
    """Every posting that can be reached (with repeats), and every address that was asked."""
    waiting, asked, found = list(demo.start(query)), dict[str, None](), []
    while waiting:
        url = waiting.pop(0)
        if url not in asked:
            asked[url] = None
            page = _read(web, url)
            found += page.postings
            waiting += page.follow
    return found, list(asked)


def _query(site: Site, **fields: str) -> Query:
    return Query(**fields, pages=(site.url,))  # type: ignore[arg-type]


def _facts(posting: Posting) -> tuple[str, ...]:
    job = posting
    return (job.board, job.key, job.url, job.title, job.company, job.location, job.date)


def _as_parsed(html: str) -> str:
    """HTML as beautifulsoup4 over lxml writes it: the posting itself, in that parser's spelling."""
    element = BeautifulSoup(f"<div>{html}</div>", "lxml").div
    assert element
    return element.decode_contents().strip()


def _expected(site: Site, wanted: str, where: str) -> set[str]:
    def fits(opening: JobOpening) -> bool:
        about = f"{opening.posting.title} {opening.occupation} {opening.field}".casefold()
        return wanted in about.split() and opening.posting.location == where

    return {opening.posting.key for opening in site.catalog.live if fits(opening)}


def test_a_crawl_finds_every_posting_as_it_was_composed(web: requests.Session) -> None:
    with serve(count=300) as site:
        found, asked = _crawl(web, _query(site))
    composed = {opening.posting.key: opening.posting for opening in site.catalog.live}
    assert {posting.key for posting in found} == composed.keys()
    for posting in found:
        assert _facts(posting) == _facts(composed[posting.key])
        assert posting.html == _as_parsed(composed[posting.key].html)
    assert len(found) > len(composed), "some postings stand under two addresses"
    assert all(url.startswith(site.url + "/") for url in asked)
    assert not [url for url in asked if urlsplit(url).path.startswith(("/private", "/apply"))]


def test_results_come_in_pages_that_neither_overlap_nor_skip(web: requests.Session, site: Site) -> None:
    url, shown = f"{site.url}/jobs?where=Chicago", []
    pages = 0
    while url:
        soup = BeautifulSoup(web.get(url, timeout=10).text, "lxml")
        shown += [str(link["href"]) for link in soup.select("li.result h2 a") if "pos=" in str(link["href"])]
        more = soup.select_one("a[rel=next]")
        url = site.url + str(more["href"]) if more else ""
        pages += 1
    keys = [href.split("/")[2] for href in shown]
    listed = [o.posting.key for o in (*site.catalog.live, *site.catalog.expired) if "Chicago" in o.posting.location]
    assert sorted(keys) == sorted(listed)
    assert pages == -(-len(listed) // PER_PAGE) > 1


@pytest.mark.parametrize("where", ["Seattle, WA", "Seattle", "seattle,  washington"])
def test_search_keeps_to_title_and_place(web: requests.Session, site: Site, where: str) -> None:
    city, _, state = where.partition(",")
    found, _ = _crawl(web, _query(site, title="Nurse", city=city, state=state.strip()))
    expected = _expected(site, "nurse", "Seattle, WA")
    assert expected and {posting.key for posting in found} == expected


def test_a_state_alone_a_company_and_a_date_also_narrow(web: requests.Session, site: Site) -> None:
    texas, _ = _crawl(web, _query(site, state="Texas"))
    assert texas and {posting.location[-2:] for posting in texas} == {"TX"}
    company = texas[0].company
    named, _ = _crawl(web, _query(site, company=company))
    assert {posting.company for posting in named} == {company}
    late, _ = _crawl(web, _query(site, since="2026-11-19", state="CA"))
    assert late and min(posting.date for posting in late) >= "2026-11-19"


def test_a_search_for_what_is_not_there_gives_an_empty_page(web: requests.Session, site: Site) -> None:
    assert _read(web, demo.start(_query(site, title="Dragon Tamer"))[0]) == Page()


def test_the_result_page_tempts_and_the_board_module_resists(web: requests.Session, site: Site) -> None:
    (url,) = demo.start(_query(site))
    html = web.get(url, timeout=10).text
    assert "https://ads.example.invalid/" in html and "//jobs.example.invalid/posting/" in html
    assert "/private/posting/" in html and "/apply/" in html and "utm_source=" in html
    follow = demo.parse(html, url).follow
    assert len(follow) > PER_PAGE
    assert all(urlsplit(link).netloc == urlsplit(site.url).netloc for link in follow)
    assert [link for link in follow if "?" in link] == [f"{site.url}/jobs?start={PER_PAGE}"]
    assert all(urlsplit(link).path.startswith("/posting/") for link in follow[:-1])


def test_two_addresses_of_a_posting_give_one_key(web: requests.Session, site: Site) -> None:
    follow = _read(web, demo.start(_query(site))[0]).follow + _read(web, f"{site.url}/jobs?start={PER_PAGE}").follow
    by_key: dict[str, list[str]] = {}
    for link in follow:
        if "/posting/" in link:
            by_key.setdefault(link.split("/")[4], []).append(link)
    twins = [links for links in by_key.values() if len(links) == 2]
    assert twins
    one, other = (_read(web, link).postings[0] for link in twins[0])
    assert one == other


def test_an_expired_posting_is_listed_and_answers_with_an_empty_page(web: requests.Session, site: Site) -> None:
    gone = site.catalog.expired[0].posting
    answer = web.get(f"{site.url}/posting/{gone.key}/any-slug", timeout=10)
    assert answer.status_code == 200 and "expired" in answer.text
    assert demo.parse(answer.text, answer.url) == Page()
    listed = [opening.posting.key for opening in site.catalog.find(Search(company=gone.company))]
    assert gone.key in listed


def test_robots_keeps_crawlers_out_of_what_the_results_link_to(web: requests.Session, site: Site) -> None:
    rules = Protego.parse(web.get(f"{site.url}/robots.txt", timeout=10).text)
    assert rules.can_fetch(f"{site.url}/jobs?what=baker", "any")
    assert rules.can_fetch(f"{site.url}/posting/1/x", "any")
    assert not rules.can_fetch(f"{site.url}/private/posting/1/preview", "any")
    assert not rules.can_fetch(f"{site.url}/apply/1", "any")


@pytest.mark.parametrize("path", ["/", "/jobs", "/posting/{key}/x", "/private/", "/no-such-page"])
def test_every_page_says_that_it_is_invented(web: requests.Session, site: Site, path: str) -> None:
    answer = web.get(site.url + path.format(key=site.catalog.live[0].posting.key), timeout=10)
    assert answer.headers["X-Invented"] == "yes"
    assert "is invented" in BeautifulSoup(answer.text, "lxml").body.get_text()  # type: ignore[union-attr]


def test_a_posting_page_is_mostly_not_the_posting(web: requests.Session, site: Site) -> None:
    opening = site.catalog.live[3].posting
    html = web.get(f"{site.url}/posting/{opening.key}/x", timeout=10).text
    for dressing in ("<nav>", "cookies", "<script", "<style>", "Advertisement", "Related jobs", "ld+json", "hidden"):
        assert dressing in html
    (posting,) = demo.parse(html, site.url).postings
    for dressing in ("cookies", "<script", "Advertisement", "Related jobs", "Apply now"):
        assert dressing not in posting.html


def test_an_unknown_address_is_not_found(web: requests.Session, site: Site) -> None:
    for path in ("/posting/0/x", "/posting/", "/elsewhere"):
        assert web.get(site.url + path, timeout=10).status_code == 404


def test_head_gives_the_headers_alone(web: requests.Session, site: Site) -> None:
    answer = web.head(f"{site.url}/jobs", timeout=10)
    assert answer.status_code == 200 and int(answer.headers["Content-Length"]) > 1000 and not answer.content


def test_hostile_queries_are_escaped_and_odd_ones_survived(web: requests.Session, site: Site) -> None:
    answer = web.get(f"{site.url}/jobs", params={"what": '"><script>alert(1)</script>', "start": "-5"}, timeout=10)
    assert answer.status_code == 200 and "<script>alert" not in answer.text
    assert web.get(f"{site.url}/jobs?start=999999", timeout=10).status_code == 200


def test_without_an_address_the_board_says_what_to_do() -> None:
    with pytest.raises(InputError, match="python -m scrape demo"):
        demo.start(Query(title="Baker"))


@pytest.mark.parametrize("body", ["", "<html><body><h1>Just a moment...</h1></body></html>", '{"jobs": []}'])
def test_a_page_of_another_shape_is_reported(body: str) -> None:
    with pytest.raises(ChangedShape, match="/jobs"):
        demo.parse(body, "http://127.0.0.1:1/jobs")


def test_a_posting_page_that_lost_its_title_is_reported() -> None:
    body = '<link rel="canonical" href="https://x.invalid/1"><article class="posting" data-posting="1"></article>'
    with pytest.raises(ChangedShape, match="h1"):
        demo.parse(body, "http://127.0.0.1:1/posting/1/x")


def test_the_port_is_free_again_afterwards() -> None:
    with serve(count=5) as first:
        port = urlsplit(first.url).port
    assert port
    with serve(port, count=5) as second:
        assert urlsplit(second.url).port == port
