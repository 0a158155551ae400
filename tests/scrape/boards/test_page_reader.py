"""Saved pages of any site: what each is, and the fields of the postings."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from scrape.boards import general, microdata, page_reader
from scrape.boards.elements import head_elements
from scrape.boards.json_ld import documents
from scrape.common.errors import ChangedShape
from scrape.common.posting import Page, Pay, Posting
from scrape.markup.simplify import simplify
from tests.support.elements import assert_same_elements
from tests.support.growth import assert_linear

FOLDER = Path(__file__).parent / "pages"
KEEPER = ("Lighthouse Keeper", "Skerry Lights", "Portland, Maine", "")
DATED = (*KEEPER[:3], "2026-11-02")
GUESSED = {
    "german": ("Leuchtturmwärter (m/w/d)", "Schärenlicht GmbH", "Kiel", "2026-11-02"),
    "greenhouse": KEEPER,
    "labelled_table": DATED,
    "lever": KEEPER,
    "linkedin": (*KEEPER[:2], "Portland, Maine, United States", ""),
    "plain_lines": DATED,
    "practice_site": DATED,
    "workday": (KEEPER[0], "", *KEEPER[2:]),
}
STRUCTURED = ("microdata", "rdfa")
LISTS = ("list_cards", "list_snippets", "list_structured", "list_table")
REASONS = {"article": "does not read as a posting", "empty": "too little text"}


def read(name: str) -> Page:
    return page_reader.read((FOLDER / f"{name}.html").read_text("utf-8"), f"{name}.html", "saved")


def fields(posting: Posting) -> tuple[str, str, str, str]:
    return posting.title, posting.company, posting.location, posting.date


def test_every_page_of_the_folder_has_its_right_value() -> None:
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted([*GUESSED, *STRUCTURED, *LISTS, *REASONS])


@pytest.mark.parametrize("name", GUESSED)
def test_a_page_without_structured_data_is_read_and_marked_as_guessed(name: str) -> None:
    page = read(name)
    assert page.guessed and [fields(posting) for posting in page.postings] == [GUESSED[name]]
    (posting,) = page.postings
    body = simplify(posting.html)
    assert ("Nebelhorn" if name == "german" else "The lighthouse at Skerry Point needs a keeper") in body
    assert not re.search("Cookie|Afghanistan|Horn Tuner|Powered by|<h1>|Similar|Home Page|Invented", body)


@pytest.mark.parametrize("name", ["german", "greenhouse", "lever", "linkedin", "workday"])
def test_lists_of_a_body_are_kept(name: str) -> None:
    (posting,) = read(name).postings
    assert simplify(posting.html).count("<li>") == {"german": 2, "lever": 3}.get(name, 5)


@pytest.mark.parametrize("name", STRUCTURED)
def test_microdata_and_rdfa_are_read(name: str) -> None:
    page = read(name)
    assert not page.guessed
    assert [fields(posting) for posting in page.postings] == [(*KEEPER[:2], "Portland, ME", "2026-11-02")]
    assert simplify(page.postings[0].html).count("<li>") == 5


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_results_says_what_to_save(name: str) -> None:
    with pytest.raises(ChangedShape, match=rf"^{name}\.html: a list of results; save the posting pages that it links"):
        read(name)


@pytest.mark.parametrize("name", REASONS)
def test_a_page_without_a_posting_says_why(name: str) -> None:
    with pytest.raises(ChangedShape, match=rf"^{name}\.html: no posting recognised, as .*{REASONS[name]}"):
        read(name)


JOB = '<script type="application/ld+json">{"@type": "JobPosting", "title": "Cook"}</script>'


@pytest.mark.parametrize(
    ("body", "postings"),
    [
        (f"<!-- {JOB} --><p>x</p>", 0),
        (f"<!-- {JOB} {JOB}", 0),
        (f"<p>x</p>{JOB.replace('/ld', '&#47;ld')}", 1),
        (f'<div title="a > b {JOB[:8]}">x</div>{JOB}', 1),
        (JOB.replace("<script", '<script data-x="a>b"'), 1),
        (JOB.removesuffix("</script>"), 1),
        (f"<script>let a = 1;{JOB}", 0),
        (f"<noscript>{JOB}</noscript>", 1),
        (f"<html><head>{JOB}</head><body>{JOB}</body></html>{JOB}", 3),
        ("<div>" * 300 + JOB + "</div>" * 300 + JOB, 2),
        (f"<?xml version='1.0'?><html><link rel='alternate canonical' href=/a>{JOB}", 1),
        ("", 0),
        (f"<a href='x'b=\"c>d\"e=`f>g`><LINK REL=a rel=b/><meta x y = 1 =z=2 >{JOB}", 1),
        (f"<meta content='&amp;a&copy=1&copy;&#x2B; &b' property=&quot;og:url><link href=\"a\r\nb\">{JOB}", 1),
        (f"<script><!--<script>{JOB}--></script>{JOB}", 1),
        (f"<script><!-->a</script>{JOB}", 1),
        (f"<textarea>{JOB}</textareas></textarea ><title>{JOB}</title><style><!--</style>{JOB}", 1),
        (f"<xmp>{JOB}</xmp><iframe>{JOB}</iframe><noframes>{JOB}</noframes><svg>{JOB}</svg>", 1),
        (f"<!--><!---><!-- --!>{JOB}<![CDATA[{JOB}]]></ {JOB}<?php {JOB} < {JOB}", 2),
        (f'{JOB}<a href="{JOB}', 1),
        (f"{JOB}<plaintext>{JOB}", 1),
        ("<script type=application/ld+json>a\0\rb\r\n</script><linker><meta-x></script/>", 0),
    ],
)
def test_structured_data_is_found_without_a_soup(body: str, postings: int) -> None:
    assert_same_elements(body)
    assert len(documents(head_elements(body))) == postings


def test_properties_with_several_values_and_items_in_items() -> None:
    (item,) = microdata.items(
        '<div itemscope itemid="#j" itemtype="https://schema.org/JobPosting"><i itemprop="title name">Cook</i>'
        '<div itemprop="jobLocation" itemscope><meta itemprop=name content="Bath"></div>'
        "<b itemprop=jobLocation>Bangor</b><b itemprop=jobLocation>Bar Harbor</b>"
        '<a itemprop="url" href="/1">x</a><p>and</p></div>'
    )
    assert item["title"] == item["name"] == "Cook" and item["url"] == "/1" and item["@id"] == "#j"
    assert item["jobLocation"] == [{"@type": [], "name": "Bath"}, "Bangor", "Bar Harbor"]


@pytest.mark.parametrize(
    ("written", "wanted"), [("10/09/2018", ""), ("31/08/2018", "2018-08-31"), ("9/9/2018", "2018-09-09")]
)
def test_a_day_that_may_be_a_month_is_not_guessed(written: str, wanted: str) -> None:
    body = (FOLDER / "practice_site.html").read_text("utf-8").replace("2026-11-02", written)
    guess = general.read(body)
    assert guess.posting and guess.posting.date == wanted


PIECES = (
    "<div>", "<p>light", "<div class=company>", "<li><a href=x>light</a> house", "<h1>Keeper of lights",
    "<table><tr><td>", "<p itemprop=description>", "<div itemscope itemprop=description>", "<b>Location:</b>",
    "<script>x</script>light", "<div class='location'>in ", "<title>a - b | ",
    "<meta property='og:title' content='a at b'>",
)  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("reader", [microdata.items, general.read])
def test_no_page_takes_more_than_linear_time(reader: Callable[[str], object], piece: str) -> None:
    def work(size: int) -> None:
        reader(
            "<div itemscope itemtype=JobPosting>"
            + piece * (size // len(piece))
            + "<p>"
            + "The tower needs light. " * 20
        )

    assert_linear(work, 10_000)


def test_a_site_named_for_jobs_is_no_list_and_labelled_pay_is_kept() -> None:
    body = (
        "<title>Keeper - Lights | Harbour Jobs</title><h1>Keeper of Lights</h1><dl><dt>Location</dt><dd>London</dd>"
        "<dt>Salary</dt><dd>Up to £22.80 per hour</dd></dl><p>" + "The lighthouse needs a keeper. " * 10 + "</p>"
    )
    (posting,) = page_reader.read(body, "keeper.html", "saved").postings
    assert posting.location == "London" and posting.pay == Pay(None, 22.8, "GBP", "hourly")
