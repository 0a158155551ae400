"""Where a tag begins and ends, as https://html.spec.whatwg.org/#tokenization has it."""

from __future__ import annotations

import pytest

from scrape.markup.simplify.tokens import tokens
from tests.support.growth import assert_linear


def read(html: str) -> tuple[str, ...]:
    """The texts and tags of `html`, without attributes; neighbouring texts are one."""
    found: list[str] = []
    in_text = False
    for kind, data in tokens(html):
        if kind == "text" and in_text:
            found[-1] += str(data)
        elif kind == "text":
            found.append(str(data))
        elif kind == "start":
            found.append(f"<{data[0]}>")
        elif kind == "end":
            found.append(f"</{data}>")
        in_text = kind == "text"
    return tuple(found)


SPLITS = {
    "text": ("a", ("a",)),
    "tags": ("a<P>b</p >", ("a", "<p>", "b", "</p>")),
    "attributes": ("<p a='>' b=\">\" c=d>e", ("<p>", "e")),
    "quote in a name": ("<p a'>b", ("<p>", "b")),
    "quote in a value": ("<p a=b'>c", ("<p>", "c")),
    "equals sign first": ("<p ='>'>b", ("<p>", "'>b")),
    "no value": ("<p a=>b", ("<p>", "b")),
    "slashes": ("<br/><p/a>b", ("<br>", "<p>", "b")),
    "unclosed": ("a<p b", ("a",)),
    "no tag": ("a < b <3 <", ("a < b <3 <",)),
    "comments": ("a<!-- > -->b<!-->c<!--->d<!-- --!>e", tuple("abcde")),
    "other declarations": ("a<!doctype html>b<?xml?>c</ x>e", tuple("abce")),
    "unclosed comment": ("a<!-- b", ("a",)),
    "script": ("a<script x='>'>'</p>'</SCRIPT>b", ("a", "<script>", "'</p>'", "</script>", "b")),
    "script in a comment in a script": (
        "<script><!-- '<script>x</script>' //--></script>b",
        ("<script>", "<!-- '<script>x</script>' //-->", "</script>", "b"),
    ),
    "no script": ("<scripts>a", ("<scripts>", "a")),
    "textarea": ("<textarea><b>&lt;</textarea>", ("<textarea>", "<b><", "</textarea>")),
    "xmp": ("<xmp>&lt;</xmp>", ("<xmp>", "&lt;", "</xmp>")),
    "entities": ("&lt;p&gt;<p>", ("<p>", "<p>")),
    "character data": ("<svg><![CDATA[<b>]]></svg><![CDATA[c]]>d", ("<svg>", "<b>", "</svg>", "d")),
    "no space but these five": ("<p\u00a0a>b<p\va>c", ("<p\u00a0a>", "b", "<p\x0ba>", "c")),
    "no letters but these": ("<ſcript>a", ("<ſcript>a",)),
}


@pytest.mark.parametrize(("html", "expected"), SPLITS.values(), ids=SPLITS)
def test_splits(html: str, expected: tuple[str, ...]) -> None:
    assert read(html) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", {}),
        (" hidden", {"hidden": ""}),
        (" A = 'b&amp;c' d=\"'e'\" f=g/h i=", {"a": "b&c", "d": "'e'", "f": "g/h", "i": ""}),
        (" a=1 a=2", {"a": "1"}),
        (" class='hidden'/", {"class": "hidden"}),
        (" href='?a&#²'", {"href": "?a&#²"}),
    ],
)
def test_attributes(written: str, expected: dict[str, str]) -> None:
    assert list(tokens(f"<p{written}>")) == [("start", ("p", expected))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("R&D &amp; &nbsp;&eacute", "R&D & \u00a0é"),
        ("&#65;&#x41;&#0065", "AAA"),
        ("&#xFFFFFFFFFF;", "\ufffd"),
        ("&#" + "9" * 5_000 + ";&amp;", "\ufffd&"),
        ("&#² &#65² &#٣", "&#² A² &#٣"),
    ],
)
def test_character_references(text: str, expected: str) -> None:
    assert read(text) == (expected,)


@pytest.mark.parametrize(
    "piece",
    [
        *("<", "<p>", "<p", "</p ", "<p a='", '</p "', "<p a=b ", "&", "&a", "&#", "&#²"),
        *("<!-- -->", "<!-- --!>", "<!--", "<!", "<title>", "<textarea></textarea"),
        *("<script>", "<script><!--", "<script>-->", "</script"),
        *("<svg>", "<svg><![CDATA[", "<svg><![CDATA[ ]]>", "</b></svg>", "<math><mi>", "<svg><title>"),
    ],
)
def test_time_grows_with_the_length_of_the_page(piece: str) -> None:
    assert_linear(lambda count: list(tokens(piece * count)), 5_000)
