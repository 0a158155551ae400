"""Where a tag begins and ends, as https://html.spec.whatwg.org/#tokenization has it."""

from __future__ import annotations

import pytest

from scrape.markup.simplify.tokens import attributes_of, resolve, tokens

SPLITS = {
    "text": ("a", [("a", "", "")]),
    "tags": ("a<P>b</p >", [("a", "p", ""), ("b", "/p", " "), ("", "", "")]),
    "attributes": ("<p a='>' b=\">\" c=d>e", [("", "p", " a='>' b=\">\" c=d"), ("e", "", "")]),
    "quote in a name": ("<p a'>b", [("", "p", " a'"), ("b", "", "")]),
    "quote in a value": ("<p a=b'>c", [("", "p", " a=b'"), ("c", "", "")]),
    "equals sign first": ("<p ='>'>b", [("", "p", " ='"), ("'>b", "", "")]),
    "no value": ("<p a=>b", [("", "p", " a="), ("b", "", "")]),
    "slashes": ("<br/><p/a>b", [("", "br", "/"), ("", "p", "/a"), ("b", "", "")]),
    "unclosed": ("a<p b", [("a", "p", " b"), ("", "", "")]),
    "no tag": ("a < b <3 <", [("a < b <3 <", "", "")]),
    "comments": ("a<!-- > -->b<!-->c<!--->d<!-- --!>e", [*((x, "", "") for x in "abcde")]),
    "other declarations": ("a<!doctype html>b<?xml?>c</>d</ x>e", [*((x, "", "") for x in "abcde")]),
    "unclosed comment": ("a<!-- b", [("a", "", ""), ("", "", "")]),
    "script": ("a<script x='>'>'</p>'</SCRIPT>b", [("a", "", ""), ("", "/script", ""), ("b", "", "")]),
    "no script": ("<scripts>a", [("", "scripts", ""), ("a", "", "")]),
    "textarea": (
        "<textarea><b>&lt;</textarea>",
        [("", "", ""), ("", "textarea", ""), ("<b><", "", ""), ("", "/textarea", ""), ("", "", "")],
    ),
    "xmp": ("<xmp>&lt;</xmp>", [("", "", ""), ("", "xmp", ""), ("&lt;", "", ""), ("", "/xmp", ""), ("", "", "")]),
    "entities": ("&lt;p&gt;<p>", [("<p>", "p", ""), ("", "", "")]),
    "no space but these five": ("<p\u00a0a>b<p\va>c", [("", "p\u00a0a", ""), ("b", "p\x0ba", ""), ("c", "", "")]),
    "no letters but these": ("<ſcript>a", [("<ſcript>a", "", "")]),
}


@pytest.mark.parametrize(("html", "expected"), SPLITS.values(), ids=SPLITS)
def test_splits(html: str, expected: list[tuple[str, str, str]]) -> None:
    assert list(tokens(html)) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", {}),
        (" hidden", {"hidden": ""}),
        (" A = 'b&amp;c' d=\"'e'\" f=g/h i=", {"a": "b&c", "d": "'e'", "f": "g/h", "i": ""}),
        (" a=1 a=2", {"a": "1"}),
        (" class='hidden'/", {"class": "hidden"}),
        (" a='b", {"a": "b"}),
    ],
)
def test_attributes(written: str, expected: dict[str, str]) -> None:
    assert attributes_of(written) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("R&D &amp; &nbsp;&eacute", "R&D & \u00a0é"),
        ("&#65;&#x41;&#0065", "AAA"),
        ("&#xFFFFFFFFFF;", "\ufffd"),
        ("&#" + "9" * 5_000 + ";&amp;", "\ufffd&"),
    ],
)
def test_character_references(text: str, expected: str) -> None:
    assert resolve(text) == expected
