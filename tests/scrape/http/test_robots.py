"""robots.txt and the opt-outs from training, as text in and verdict out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrape.http import robots
from scrape.http.robots import Robots
from tests.support.files import json_lines

SITE = "https://jobs.example"


def read(text: str) -> Robots:
    return robots.from_response(200, text.encode(), "DreamJobs")


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/x", True),
        ("User-agent: *\nDisallow: /", "/x", False),
        ("User-agent: *\nDisallow:", "/x", True),
        ("User-agent: *\nDisallow: /jobs\nAllow: /jobs/open", "/jobs/open/1", True),  # the longest match wins
        ("User-agent: *\nAllow: /jobs/open\nDisallow: /jobs", "/jobs/shut", False),
        ("User-agent: *\nDisallow: /*.php$", "/a/b.php", False),
        ("User-agent: *\nDisallow: /*.php$", "/a/b.php?x=1", True),
        ("User-agent: *\nDisallow: /*?page=", "/jobs?page=2", False),
        ("User-agent: dreamjobs\nDisallow: /\nUser-agent: *\nAllow: /", "/x", False),  # our own name goes first
        ("User-agent: *\nDisallow: /\nUser-agent: DreamJobs\nAllow: /", "/x", True),
        ("User-agent: OtherBot\nDisallow: /", "/x", True),
        ("User-agent: DreamJobs/0.1 (any version)\nDisallow: /", "/x", False),
        ("User-agent: a\nUser-agent: *\nDisallow: /", "/x", False),
        ("User-agent: *\r\nDisallow: /a\r\n", "/a", False),
        ("\ufeffUser-agent: *\nDisallow: /a", "/a", False),
        ("user-agent:*\ndisallow:/a # not here", "/a", False),
        ("<!doctype html><title>Home</title><p>User-agents welcome</p>", "/x", True),
        ("User-agent: *\nDisallow: /%7Ejoe", "/~joe/", False),
    ],
)
def test_allows(text: str, path: str, allowed: bool) -> None:
    assert read(text).allows(SITE + path) is allowed


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        *[(200, False), (204, False), (301, True), (401, True), (403, True), (404, True), (410, True), (418, True)],
        *[(429, False), (500, False), (503, False), (599, False)],
    ],
)
def test_status_of_robots_txt(status: int, allowed: bool) -> None:
    found = robots.from_response(status, b"User-agent: *\nDisallow: /", "DreamJobs")
    assert found.allows(SITE + "/x") is allowed
    assert bool(found.closed) is (status == 429 or status >= 500)


def test_no_more_than_500_kib_is_read_and_no_half_rule() -> None:
    filler = b"#" * (robots.MOST_BYTES - 60) + b"\n"
    head = b"User-agent: *\nDisallow: /kept\n"
    half = b"Disallow: /private-and-then-some"
    body = filler + head + half + b"\nDisallow: /beyond\n"
    assert len(filler + head) < robots.MOST_BYTES < len(filler + head + half)
    found = robots.from_response(200, body, "DreamJobs")
    assert not found.allows(SITE + "/kept")
    assert found.allows(SITE + "/private-or-not") and found.allows(SITE + "/beyond")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("User-agent: *\nCrawl-delay: 5", 5.0),
        ("User-agent: *\nCrawl-delay: 0.5", 0.5),
        ("User-agent: DreamJobs\nCrawl-delay: 7\nUser-agent: *\nCrawl-delay: 1", 7.0),
        ("User-agent: *\nCrawl-delay: soon", 0.0),
        ("User-agent: *\nCrawl-delay: -3", 0.0),
        ("User-agent: *\nCrawl-delay: inf", 0.0),
        ("", 0.0),
    ],
)
def test_crawl_delay(text: str, seconds: float) -> None:
    assert read(text).crawl_delay == seconds


@pytest.mark.parametrize(
    ("text", "path", "name"),
    [
        ("User-agent: *\nContent-Signal: search=yes,ai-train=no\nAllow: /", "/x", "content-signal"),
        ("User-agent: *\ncontent-signal: search=yes, ai-train=no, use=reference", "/x", "content-signal"),
        ("User-agent: *\nContent-Signal: ai-train=yes", "/x", ""),
        ("User-agent: *\nContent-Signal: search=no, ai-input=no", "/x", ""),  # neither is what we do
        ("User-agent: *\nContent-Signal: /blog/ ai-train=no", "/blog/1", "content-signal"),
        ("User-agent: *\nContent-Signal: /blog/ ai-train=no", "/jobs/1", ""),
        ("User-agent: *\nContent-Usage: train-ai=n", "/x", "content-usage"),
        ("User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /open/ train-ai=y", "/open/1", ""),
        ("User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /open/ train-ai=y", "/shut/1", "content-usage"),
        ("User-agent: *\nContent-Usage: ai=n", "/x", "content-usage"),  # the word of an earlier draft
        ("User-agent: *\nContent-Usage: ai=n, train-ai=y", "/x", ""),  # the narrower word decides
        ("User-agent: *\nContent-Usage: bots=y, train-genai=n", "/x", "content-usage"),
        ("User-agent: *\nContent-Usage: train-ai=y\nContent-Usage: train-ai=n", "/x", "content-usage"),  # no wins
        ("User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: train-ai=y", "/x", "content-usage"),
        ("User-agent: *\nContent-Usage: /*.html$ train-ai=n", "/a.html", "content-usage"),
        ("User-agent: *\nContent-Usage: /*.html$ train-ai=n", "/a.json", ""),
        ("User-agent: OtherBot\nContent-Signal: ai-train=no\nAllow: /\n\nUser-agent: *\nAllow: /", "/x", ""),
        ("User-agent: DreamJobs\nAllow: /\n\nUser-agent: *\nContent-Signal: ai-train=no", "/x", ""),
        ("User-agent: DreamJobs\nContent-Signal: ai-train=no\n\nUser-agent: *\nAllow: /", "/x", "content-signal"),
        ("User-agent: a\nDisallow: /y\nUser-agent: *\nContent-Signal: ai-train=no", "/x", "content-signal"),
        ("Content-Signal: ai-train=no\n\nUser-agent: OtherBot\nDisallow: /", "/x", "content-signal"),  # of no group
        (
            "User-agent: *\nAllow: /\nSitemap: https://a.example/\nContent-Signal: ai-train=no",
            "/",
            "content-signal",
        ),
        ("# Content-Signal: ai-train=no\nUser-agent: *\nAllow: /", "/x", ""),
        ("User-agent: *\nContent-Signal: ai-train", "/x", ""),
        ("User-agent: *\nContent-Usage: train-ai=n;exp=1", "/x", "content-usage"),
        ("User-agent: *\nDisallow: /x", "/x", ""),
    ],
)
def test_opt_out(text: str, path: str, name: str) -> None:
    assert read(text).opt_out(SITE + path) == name


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"Content-Signal": "search=yes, ai-train=no"}, "content-signal"),
        ({"content-usage": "train-ai=n"}, "content-usage"),
        ({"CONTENT-USAGE": "search=y, train-ai=?0"}, "content-usage"),
        ({"Content-Usage": "train-ai=y", "Content-Signal": "ai-train=yes"}, ""),
        ({"Content-Usage": "search=n"}, ""),
        ({"X-Robots-Tag": "noindex, NoAI, noimageai"}, "x-robots-tag"),
        ({"X-Robots-Tag": "anybot: noai"}, "x-robots-tag"),
        ({"X-Robots-Tag": "noindex, noimageai"}, ""),
        ({"Content-Type": "text/html"}, ""),
        ({}, ""),
    ],
)
def test_header_opt_out(headers: dict[str, str], name: str) -> None:
    assert robots.header_opt_out(headers) == name


FIELDS = ["user-agent", "disallow", "allow", "content-signal", "content-usage", "crawl-delay", "sitemap"]
VALUE = st.sampled_from(["*", "DreamJobs", "/", "/a", "/a*b$", "ai-train=no", "/a train-ai=n", "train-ai=y", "5", ""])
LINES = st.lists(st.builds("{}: {}".format, st.sampled_from(FIELDS), VALUE) | st.text(max_size=30), max_size=12)


@given(LINES.map("\n".join), st.sampled_from(["/", "/a", "/axb", "/b?c"]))
def test_any_robots_txt_gives_a_verdict(text: str, path: str) -> None:
    found = read(text)
    assert found.allows(SITE + path) in (True, False)
    assert found.opt_out(SITE + path) in ("", "content-signal", "content-usage")
    assert found.crawl_delay >= 0


@given(LINES.map("\n".join))
def test_no_opt_out_without_a_no(text: str) -> None:
    if "ai" not in text:
        assert read(text).opt_out(SITE + "/a") == ""


# Rows on which protego departs from Google's parser: a rule of unknown name ends a run of agents (020), and addresses
# are compared in one and the same spelling of their escapes (064 to 067).
KNOWN = {f"google-{number:03}" for number in (20, 64, 66, 67)}


def test_rows_of_other_parsers(shared: Path) -> None:
    """68 of Google's 72 normative rows (protego by itself: 62), and all 376 rows of protego."""
    wrong = {
        row["id"]
        for row in json_lines(shared / "vectors/robots_cases.jsonl")
        if row["normative"] is not False
        and Robots(row["robotstxt"], row["agent"]).allows(row["url"]) is not row["allowed"]
    }
    assert wrong == KNOWN
