"""What holds for the simplifier on any input: strict, idempotent, total, nothing lost, and never slow."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrape.markup.grammar import find_error
from scrape.markup.simplify import simplify
from tests.support.postings import one_document

BOXES = ("p", "div", "section", "td", "th", "tr", "table", "dl", "dt", "dd", "h1", "h3", "pre", "blockquote")
INLINE = ("b", "strong", "i", "em", "span", "a", "u", "font", "x-y", "button", "option")
LISTS = ("ul", "ol", "menu", "li")
RAW = ("script", "style", "title", "textarea", "template", "noscript", "svg", "math", "foreignObject")
SPACES = (" ", "  ", "\n", "\n\n", "\t", "\xa0", "\u2003", "&nbsp;", "\u200b")
BULLETS = ("•", "·", "-", "*", "–", "o ", "§ ", "Ø ", "\uf0b7", "&bull;", "&gt; ", "✓", "**", "--")
ODDITIES = (
    *(
        "&amp;",
        "&lt;",
        "&lt",
        "&#8226;",
        "&#0;",
        "&#xd800;",
        "&#²",
        "&#1²",
        "&bogus;",
        "&",
        "<",
        ">",
        '"',
        "'",
        "=",
        "/",
    ),
    *(
        "\u0301",
        "\x00",
        "\ud800",
        "\ufffe",
        "\ufe0f",
        "<3",
        "< p>",
        "</",
        "<!",
        "<!-- c -->",
        "<!--",
        "<![CDATA[",
        "]]>",
        "&lt;b&gt;",
    ),
)
ATTRIBUTES = ("", "", "", " class='hidden'", " a=b", ' x=">"', "/", " hidden", " style='display:none'")


def tags(*names: str, attributes: tuple[str, ...] = ("",)) -> st.SearchStrategy[str]:
    return st.builds("<{}{}{}>".format, st.sampled_from(("", "/")), st.sampled_from(names), st.sampled_from(attributes))


words = st.sampled_from(("alpha", "Beta", "gamma", "x1", "Zürich", "e\u0301", "5"))
bullet_lines = st.builds(
    "<{0}>{1}{2}{3}".format,
    st.sampled_from(("p", "br", "li")),
    st.sampled_from(BULLETS),
    st.sampled_from(SPACES),
    words,
)
anything = st.lists(
    tags(*BOXES, *INLINE, *LISTS, *RAW, "br", "hr", attributes=ATTRIBUTES)
    | st.sampled_from(SPACES + BULLETS + ODDITIES)
    | words
    | bullet_lines,
    max_size=30,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(anything | st.text())
def test_any_input_gives_bare_markup_that_stays_as_it_is(html: str) -> None:
    blocks = simplify(html)
    assert find_error(one_document(blocks)) is None
    assert simplify(blocks) == blocks
    assert not re.search(r"<(?:p|h4|li|br/)> | (?:</(?:p|h4|li)>|<br/>)|  ", blocks), "a space at the edge of a line"


visible = st.lists(
    tags(*BOXES, *INLINE, *LISTS, "br", "hr") | st.sampled_from(SPACES) | st.from_regex(r"[a-z]{2,6}", fullmatch=True),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(visible)
def test_every_visible_letter_is_kept_in_its_place(pieces: list[str]) -> None:
    written = "".join(piece for piece in pieces if piece.isalpha())
    shown = re.sub(r"<[^>]*>|\s", "", simplify("".join(pieces)))
    assert shown == written


# Bare markup itself, as random as the grammar allows, and the same dressed as the web dresses it.

text = st.lists(
    st.sampled_from(("we", "offer", "R&amp;D", "&lt;5", "café", "work.", "pay:", "7")), min_size=1, max_size=4
).map(" ".join)
emphasis = text.map("<em>{}</em>".format)
bold = st.builds("<b>{}</b>".format, text | emphasis | st.builds("{} {}".format, text, emphasis))
line = st.builds("{} {} {}".format, text, bold | emphasis, text) | text | bold
inline = st.lists(line, min_size=1, max_size=3).map("<br/>".join)
blocks_of_text = st.builds("<{0}>{1}</{0}>\n".format, st.sampled_from(("p", "h4")), inline)


def lists(depth: int) -> st.SearchStrategy[str]:
    inner = st.just("") if depth == 3 else st.just("") | lists(depth + 1).map("\n{}".format)
    items = st.lists(st.builds("<li>{}{}</li>\n".format, inline, inner), min_size=1, max_size=3).map("".join)
    return st.builds("<{0}>\n{1}</{0}>\n".format, st.sampled_from(("ul", "ol")), items)


bare = st.lists(blocks_of_text | lists(1), max_size=4).map("".join)
DRESS = {
    "<p>": ("<p>", "<P class='a > b'>", "<div><p>", "<p>\n  "),
    "</p>": ("</p>", "</P\n>", "<br></p></div>"),
    "<b>": ("<b>", "<strong>", '<b style="color: red">', "<b><span>"),
    "</b>": ("</b>", "</strong>", "</span></b>"),
    "<em>": ("<em>", "<i>", "<EM id=x>"),
    "</em>": ("</em>", "</i>"),
    "<br/>": ("<br>", "<BR >", " <br />\n"),
    "<li>": ("<li>", "<li class=x>", "<li><p>", "<li>\t<div>"),
    "<h4>": ("<h1>", "<h2 id='a'>", "<h6><span>"),
    "</h4>": ("</h2>", "</h4>"),
    "\n": ("\n", "", "<!-- x -->", "\r\n  ", "<script>'<p>no</p>'</script>"),
    " ": (" ", "\n", "&nbsp;", " <span> </span>", "&#32;\t"),
}


def dressed(document: str, choose: st.DataObject) -> str:
    """The same content with other tags, attributes, white space, comments and wrappers."""

    def dress(found: re.Match[str]) -> str:
        return choose.draw(st.sampled_from(DRESS[found[0]]))

    return re.sub("|".join(DRESS), dress, document)


@settings(max_examples=100, deadline=None)
@given(bare)
def test_bare_markup_means_itself(blocks: str) -> None:
    assert find_error(one_document(blocks)) is None
    assert simplify(blocks) == blocks


@settings(max_examples=80, deadline=None)
@given(bare, st.data())
def test_dress_does_not_matter(blocks: str, choose: st.DataObject) -> None:
    assert simplify(dressed(blocks, choose)) == blocks


TIMES = 100_000
BOMBS = {
    "deep boxes": "<div>" * TIMES + "word" + "</div>" * TIMES,
    "deep bold": "<b>" * TIMES + "word" + "</b>" * TIMES,
    "deep lists": "<ul><li>" * TIMES + "word",
    "deep tables": "<table><tr><td>" * TIMES + "word",
    "ends of nothing": "<div>" * TIMES + "word" + "</p></span>" * TIMES,
    "deep and hidden": "<div hidden>" + "<b>" * TIMES + "</i>" * TIMES + "</div>word",
    "attributes": "<p " + " ".join(f"a{i}='{i}'" for i in range(200_000)) + ">word</p>",
    "attributes of one name": "<p" + " hidden=until-found" * 200_000 + ">word</p>",
    "cells": "<table><tr>" + "<td><p></p></td>" * TIMES + "<td>word",
    "unclosed tag": "word<p " + "a='1' " * TIMES,
    "comments": "<!-- x -->" * TIMES + "word" + "<!-- x --!>" * TIMES,
    "unclosed comments": "word" + "<!--" * 1_000_000,
    "unclosed quotes": "word" + "<a x='<a x=\"" * TIMES,
    "loose signs": "<p>word</p>" + "<" * 5_000_000,
    "breaks": "<br>" * TIMES + "word" + "<br>" * TIMES,
    "digits": "<p>word</p>&#" + "1" * 1_000_000,
    "marks": "<p>" + "• " * 1_000_000 + "word",
    "newlines": "<p>" + "\n" * 2_000_000 + "word" + "\n " * 1_000_000,
    "accents": "word e" + "\u0301" * 1_000_000,
}


@pytest.mark.parametrize("html", BOMBS.values(), ids=BOMBS)
def test_no_input_takes_long_or_loses_its_word(html: str) -> None:
    start = time.process_time()
    blocks = simplify(html)
    assert "word" in blocks
    assert time.process_time() - start < 30, "far beyond what is linear"


def test_a_text_of_20_megabytes_is_kept() -> None:
    assert simplify("<p>" + "word " * 4_000_000 + "</p>") == "<p>" + "word " * 3_999_999 + "word</p>\n"


def test_deep_elements_keep_every_text() -> None:
    blocks = simplify("<ul><li>a<div><b>b" * 50_000)
    assert blocks.count("a") == blocks.count("b</b>") == 50_000
