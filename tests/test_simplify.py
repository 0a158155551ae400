"""The simplifier keeps every visible word and the structure, in the language of bare markup."""

from __future__ import annotations

import pytest

from scrape.markup import problem
from scrape.simplify import simplify


def document(blocks: str) -> str:
    return f"<html>\n<h1>x</h1>\n{blocks}</html>\n"


CASES = {
    "break": ("<p>a<br>b</p>", "<p>a<br/>b</p>\n"),
    "two breaks": ("<p>a<br><br>b</p>", "<p>a</p>\n<p>b</p>\n"),
    "nested list": ("<ul><li>a<ul><li>b</ul></ul>", "<ul>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>\n"),
    "styles": ("<strong>Hi <i>you</i> </strong>there", "<p><b>Hi <em>you</em></b> there</p>\n"),
}


@pytest.mark.parametrize(("html", "expected"), CASES.values(), ids=CASES)
def test_simplifies(html: str, expected: str) -> None:
    assert simplify(html) == expected
    assert simplify(expected) == expected
    assert problem(document(expected)) is None
