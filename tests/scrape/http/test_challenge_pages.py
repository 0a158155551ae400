"""Challenge pages: pages that stand where the content should be. Samples are written here in the shape of real ones."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from scrape.common.errors import Blocked
from scrape.http import challenge_pages
from scrape.http.client import Fetcher
from tests.support.faults import Clock, FaultServer, answer

WALLS = {
    "Cloudflare": [
        "<!DOCTYPE html><html lang=en><head><title>Just a moment...</title></head><body>wait</body></html>",
        "<html><body><script>(function(){window._cf_chl_opt = {cType: 'managed'};}())</script></body></html>",
        "<html><head><title>Attention Required! | Cloudflare</title></head></html>",
        '<html><body><div id="cf-error-details" class="wrapper"><h1>Sorry</h1></div></body></html>',
    ],
    "DataDome": [
        "<html><head><title>jobs.example</title></head><body><script>var dd={'rt':'c'}</script>"
        '<script data-cfasync="false" src="https://ct.captcha-delivery.com/c.js"></script></body></html>',
        '<html><iframe src="https://geo.captcha-delivery.com/captcha/?initialCid=x" title="DataDome CAPTCHA"></iframe>',
    ],
    "HUMAN (PerimeterX)": [
        "<html><head><title>Access to this page has been denied.</title></head></html>",
        '<html><body><div id="px-captcha"></div></body></html>',
    ],
    "Imperva": [
        '<html><iframe src="/_Incapsula_Resource?CWUDNSAI=9&incident_id=1-2">Request unsuccessful.</iframe></html>',
        "<html><head><title>Pardon Our Interruption</title></head></html>",
    ],
    "Akamai": ['<html><body><div id="sec-if-cpt-container"></div></body></html>'],
    "AWS WAF": ["<html><head><script>window.gokuProps = {key: 'x'};</script></head></html>"],
    "Indeed": ["\ufeff\n<html><head><title> Additional Verification Required </title></head></html>"],
    "Anubis": ['<!doctype html><html><script id="anubis_challenge" type="application/json">{}</script></html>'],
    "a bot check": ["<html><title>Access Denied</title><p>You don't have permission</p></html>"],
}

GOOD = [
    # A guarded site loads scripts of the same makers on its good pages.
    '<html><title>Jobs</title><script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script></html>',
    '<html><script src="https://js.datadome.co/tags.js"></script><script src="/recaptcha/api.js"></script></html>',
    # Postings about the trade itself.
    "<html><title>Engineer, Bot Detection - DataDome</title><p>Just a moment... Access Denied? CAPTCHA!</p>",
    "<html><title>Security Check Officer - Airport</title><p>Attention Required! Robot Check, Human Verification.</p>",
    "<html><p>&lt;title&gt;Just a moment...&lt;/title&gt; means geo.captcha-delivery.com, px-captcha and gokuProps</p>",
    '{"html": "<title>Just a moment...</title><div id=\\"px-captcha\\">"}',
    "",
    "<html>" + "<p>job</p>" * 10_000 + "<title>Just a moment...</title>",
]


@pytest.mark.parametrize(("maker", "page"), [(maker, page) for maker, pages in WALLS.items() for page in pages])
def test_challenge_pages_are_seen(maker: str, page: str) -> None:
    assert challenge_pages.maker_of({"Content-Type": "text/html"}, page.encode()) == maker


@pytest.mark.parametrize("page", GOOD)
def test_good_pages_are_no_challenge_pages(page: str) -> None:
    assert (
        challenge_pages.maker_of({"Server": "cloudflare", "CF-Ray": "x", "X-DataDome": "protected"}, page.encode())
        == ""
    )


@pytest.mark.parametrize(
    ("headers", "maker"),
    [
        ({"CF-Mitigated": "challenge"}, "Cloudflare"),
        ({"x-amzn-waf-action": "captcha"}, "AWS WAF"),
        ({"X-Vercel-Mitigated": "Challenge"}, "Vercel"),
        ({"cf-mitigated": "none"}, ""),
    ],
)
def test_challenge_pages_that_say_so_in_a_header(headers: dict[str, str], maker: str) -> None:
    assert challenge_pages.maker_of(headers, b"") == maker


def test_a_hostile_page_is_looked_through_quickly() -> None:
    start = time.process_time()
    for piece in (
        b" ",
        b"<title",
        b"<title>",
        b"\n<title> x",
        b'src="/_Incapsula_Resource?',
        b"gokuProps ",
        b'content="1;',
    ):
        challenge_pages.maker_of({}, b"<title>" + piece * 65_536)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("status", [200, 202, 403, 404, 405, 429, 503])
def test_a_challenge_page_is_blocked_whatever_its_status_and_is_not_run_into_twice(
    server: FaultServer, status: int
) -> None:
    server.routes["/jobs"] = answer(WALLS["Cloudflare"][0], status=status)
    clock = Clock()
    fetcher = Fetcher(allow_loopback={server.host}, clock=clock, sleep=clock.sleep)
    with pytest.raises(
        Blocked, match=rf"{server.url('/jobs')} answers {status} with a challenge page \(Cloudflare\); .*saved"
    ):
        fetcher.get(server.url("/jobs"))
    assert server.paths() == ["/jobs"] and clock.slept == []


def test_real_pages(shared: Path) -> None:
    """Of the recorded pages and API answers, exactly the three challenge pages are found."""
    files = sorted(path for folder in ("pages", "api") for path in (shared / folder).iterdir())
    found = {path.name: challenge_pages.maker_of({}, path.read_bytes()) for path in files}
    assert {name: maker for name, maker in found.items() if maker} == {
        "indeed_403_blocked_robots_2024.html": "Cloudflare",
        "indeed_403_blocked_serp_2024.html": "Cloudflare",
        "wellfound_botwall_2025.html": "DataDome",
    }
