"""Equal pages have equal addresses, and different pages do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrape.fields.urls import canonical, host_of, is_web

PAGE = "https://jobs.example.com/posting/7"


@pytest.mark.parametrize(
    "other",
    [
        "HTTPS://Jobs.Example.COM/posting/7",
        "https://jobs.example.com:443/posting/7",
        "https://jobs.example.com/posting/7/",
        "https://jobs.example.com/posting/7#apply",
        "https://jobs.example.com/posting/7?utm_source=x&utm_medium=y",
        "https://jobs.example.com/posting/7?ref=home&gclid=1a&from=serp&fbclid=z",
        "https://user:word@jobs.example.com./posting/7",
        "  https://jobs.example.com/posting/7\n",
    ],
)
def test_what_does_not_change_the_page_does_not_change_its_address(other: str) -> None:
    assert canonical(other) == PAGE


@pytest.mark.parametrize(
    "other",
    [
        "http://jobs.example.com/posting/7",
        "https://jobs.example.com/posting/8",
        "https://jobs.example.com:8443/posting/7",
        "https://jobs.example.com/posting/7?id=3",
        "https://jobs.example.com/posting/7?from=20",
        "https://jobs.example.com/Posting/7",
        "https://jobs.example.com/posting/7#/apply",
    ],
)
def test_another_page_has_another_address(other: str) -> None:
    assert canonical(other) != PAGE


def test_parameters_keep_order_and_value() -> None:
    assert canonical("https://a.example/?b=2&utm_x=1&a=1&c=") == "https://a.example?b=2&a=1&c="


@given(st.text() | st.text().map("https://".__add__))
def test_canonical_never_raises_and_is_its_own_canonical(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once


def test_paths_are_no_web_addresses() -> None:
    assert is_web("HTTP://a.example") and not is_web("pages/http://x") and not is_web("/tmp/x.html")
    assert host_of("https://A.example:443/x") == "a.example" and host_of("a/b.html") == ""
