"""The reader of bare markup: tags and texts with their places, blocks, and plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrape.markup import reader
from scrape.markup.reader import Token
from tests.support.growth import assert_linear

DOCUMENT = """\
<html>
<h1>Cook &amp; Baker</h1>
<h2>Blue Door</h2>
<p><b>Your role</b></p>
<p>Soup<br/>and <b>g<em>oo</em>d</b> bread</p>
<h4>Hours</h4>
<ul>
<li>Early
<ol>
<li>Monday</li>
</ol>
</li>
<li>Late</li>
</ul>
</html>
"""


def test_blocks_are_read_in_order_with_their_places() -> None:
    blocks = list(reader.blocks(DOCUMENT))
    assert [(block.tag, block.text) for block in blocks] == [
        ("h1", "Cook & Baker"),
        ("h2", "Blue Door"),
        ("p", "Your role"),
        ("p", "Soup\nand good bread"),
        ("h4", "Hours"),
        ("li", "Early"),
        ("li", "Monday"),
        ("li", "Late"),
    ]
    assert all(DOCUMENT.startswith(block.inline, block.start) for block in blocks)


def test_a_heading_is_an_h4_or_a_paragraph_that_is_bold_from_end_to_end() -> None:
    assert [block.text for block in reader.blocks(DOCUMENT) if block.is_heading] == ["Your role", "Hours"]
    assert not any(block.is_heading for block in reader.blocks("<p><b>a</b> b</p>\n<li><b>c</b></li>\n"))


def test_plain_text_has_a_line_for_each_block_and_each_broken_line() -> None:
    assert reader.plain_text(DOCUMENT) == (
        "Cook & Baker\nBlue Door\nYour role\nSoup\nand good bread\nHours\nEarly\nMonday\nLate"
    )
    assert reader.plain_text("<p>1 &lt; 2 &amp;amp; 3</p>\n") == "1 < 2 &amp; 3"


def test_tokens_name_their_element_and_say_whether_they_end_it() -> None:
    assert list(reader.tokens("<p>a<br/></p>\n")) == [
        Token("<p>", 0, "p"),
        Token("a", 3),
        Token("<br/>", 4, "br"),
        Token("</p>", 9, "p", True),
        Token("\n", 13),
    ]
    assert list(reader.tokens("<p>a</p>", 3, 5)) == [Token("a", 3), Token("<", 4)]


pieces = st.sampled_from(("<p>", "</p>\n", "<b>", "</b>", "<br/>", "<li>", "a", "\n", "<", ">", "<x y>", "</", "&amp;"))


@given(st.lists(pieces, max_size=30).map("".join) | st.text())
def test_tokens_are_the_text_and_stand_where_they_say(text: str) -> None:
    found = list(reader.tokens(text))
    assert "".join(token.text for token in found) == text
    assert all(text[token.start : token.end] == token.text for token in found)
    assert all(text.startswith(block.inline, block.start) for block in reader.blocks(text))
    reader.plain_text(text)


def read_in_every_way(text: str) -> None:
    list(reader.tokens(text))
    list(reader.blocks(text))
    reader.plain_text(text)


@pytest.mark.parametrize("piece", ["<", "<p>", "<p", "<br/>", "</b", "\n", "<p>a", "<li><b>", "&amp;", "&#1"])
def test_reading_takes_time_in_proportion_to_the_text(piece: str) -> None:
    assert_linear(lambda count: read_in_every_way(piece * count), 10_000)
