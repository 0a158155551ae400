"""The grammar: what is in the language, what is not, and that any text can be repaired into it."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrape.markup import grammar
from tests.support.files import json_lines
from tests.support.growth import assert_linear

HEAD = "<html>\n<h1>Cook</h1>\n"
GOOD = [
    "<html>\n<h1>Cook</h1>\n</html>\n",
    "<html>\n<h1>Cook</h1>\n<h2>Blue Door &amp; Sons</h2>\n<h3>Chicago, IL</h3>\n</html>\n",
    HEAD + "<p>Soup<br/>and <b>good <em>bread</em></b></p>\n<h4>Hours</h4>\n</html>\n",
    HEAD + "<ul>\n<li>a\n<ol>\n<li>b\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ol>\n</li>\n<li>d</li>\n</ul>\n</html>\n",
    HEAD + "<p><b>one</b> <b>two</b></p>\n</html>\n",
]
BAD = {
    "": "ends before",
    "<html>\n</html>\n": "<h1>",
    HEAD + "<h1>Again</h1>\n</html>\n": "line 3",
    HEAD + "<h2>a</h2>\n<h2>b</h2>\n</html>\n": "line 4",
    HEAD + "<p>a</p>\n": "ends before",
    HEAD + "<p> </p>\n</html>\n": "</p>",
    HEAD + "<p>a<br/></p>\n</html>\n": "</p>",
    HEAD + "<p><br/>a</p>\n</html>\n": "<br/>",
    HEAD + "<p>a<ul>\n<li>b</li>\n</ul>\n</p>\n</html>\n": "<ul>",
    HEAD + "<p>a\u00a0b</p>\n</html>\n": "U+00A0",
    HEAD + "<p>a\u202eb</p>\n</html>\n": "U+202E",
    HEAD + "<p>a &quot; b</p>\n</html>\n": "&",
    HEAD + "<ul>\n<li>a\n<ul>\n<li>b</li>\n</ul>\nc</li>\n</ul>\n</html>\n": "line 8",
    HEAD + "</html>\n\n": "line 4",
    HEAD + "</html>\n" + HEAD + "</html>\n": "outside",
}
FOUR_DEEP = HEAD + "<ul>\n<li>x\n" * 4 + "<ul>\n<li>x</li>\n</ul>\n" + "</li>\n</ul>\n" * 4 + "</html>\n"


@pytest.mark.parametrize("text", GOOD)
def test_documents_of_the_language_are_without_error_and_stay_as_they_are(text: str) -> None:
    assert grammar.find_error(text) is None
    assert grammar.repair(text) == text


@pytest.mark.parametrize(("text", "said"), BAD.items())
def test_a_text_outside_the_language_is_told_what_and_where(text: str, said: str) -> None:
    assert said in (grammar.find_error(text) or "no error")


def test_lists_go_three_deep_and_no_deeper() -> None:
    assert "<ul>" in (grammar.find_error(FOUR_DEEP) or "no error")


def test_the_public_documents_are_judged_rightly(shared: Path) -> None:
    rows = json_lines(shared / "vectors/markup.jsonl")
    assert [row for row in rows if (grammar.find_error(row["text"]) is None) != row["valid"]] == []
    assert len(rows) > 20


def walks() -> st.SearchStrategy[str]:
    """Documents made by asking the state, tag after tag, what may come next."""

    @st.composite
    def walk(draw: st.DrawFn) -> str:
        state, written = grammar.State(), []
        while not state.ended:
            closing = grammar.CLOSE[state.stack[-1]] if state.stack and state.may_close else ""
            choices = [*state.tags()]
            if state.takes_text and state.last != "#text":
                choices.append("words &amp; more")
            piece = closing if closing and len(written) > 60 else draw(st.sampled_from(choices))
            written.append(piece)
            if "<" not in piece:
                state = state.texted(blank=False)
            elif piece in grammar.CLOSE.values():
                state = state.closed()
            else:
                state = state.opened(piece.strip("\n</>"))
        return "".join(written)

    return walk()


@given(walks())
def test_whatever_the_state_allows_is_a_document(text: str) -> None:
    assert grammar.find_error(text) is None
    assert grammar.repair(text) == text


TAGS = [*grammar.OPEN.values(), *grammar.CLOSE.values(), "\n<ul>\n", "<br>", "<script>", "</H1>", "<p class='x'>"]
TEXTS = [" ", "\n", "a", "b c", "&amp;", "&", "<", ">", "é", "e\u0301", "\u0338", "\u200b", "\xa0"]
PIECES = st.sampled_from([*TAGS, *TEXTS])


@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join))
def test_any_text_can_be_repaired(text: str) -> None:
    repaired = grammar.repair(text)
    assert grammar.find_error(repaired) is None
    assert grammar.repair(repaired) == repaired


def test_repairing_closes_what_a_sample_left_open_and_keeps_its_words() -> None:
    assert grammar.repair(HEAD + "<p>Bake <b>bre") == HEAD + "<p>Bake <b>bre</b></p>\n</html>\n"
    assert grammar.repair(HEAD + "<ul>\n<li>a</li>\n<li>") == HEAD + "<ul>\n<li>a</li>\n</ul>\n</html>\n"
    assert grammar.repair(HEAD + "loose <script>x</script>") == (
        HEAD + "<p>loose &lt;script&gt;x&lt;/script&gt;</p>\n</html>\n"
    )
    assert grammar.repair("&#" + "9" * 5_000 + ";") == "<html>\n<h1>\ufffd</h1>\n</html>\n"
    assert grammar.repair("") == "<html>\n<h1>Untitled</h1>\n</html>\n"


@given(st.text())
def test_normalized_text_can_stand_in_a_document(text: str) -> None:
    shown = grammar.normalize(text)
    assert grammar.normalize(shown) == shown
    if shown.strip():
        assert grammar.find_error(HEAD + f"<p>{grammar.escape(shown)}</p>\n</html>\n") is None


def test_normalize_keeps_letters_and_drops_what_nobody_sees() -> None:
    assert grammar.normalize("cafe\u0301\u00a0\u2003naïve\u200b\x07\ufeff – ’s\r\n日本") == "café naïve – ’s 日本"


@pytest.mark.parametrize("text", ["نرم\u200cافزار", "क\u094d\u200dष", "ක\u0dca\u200dෂ"])
def test_normalize_keeps_joiners_where_the_script_needs_them(text: str) -> None:
    assert grammar.normalize(text) == text
    for stray in ("a\u200db", "\u200c" + "ا", "👨\u200d👩", "ا\u200c\u200d", " \u200c"):
        assert len(grammar.normalize(stray)) == len(stray) - 1
    assert grammar.find_error(HEAD + f"<p>{text}</p>\n</html>\n") is None


@given(st.text("e\u0301\u0323\u0344\u200b•", min_size=10))
def test_a_run_of_combining_marks_is_capped(text: str) -> None:
    shown = grammar.normalize(text + "\u0301\u0323" * 40)
    runs = "".join("m" if unicodedata.combining(part) else " " for part in unicodedata.normalize("NFD", shown)).split()
    assert max(map(len, runs)) <= grammar.MAX_MARKS + 1  # and one in a letter that holds its own
    assert grammar.normalize(shown) == shown
    few = "e" + "\u0323" * grammar.MAX_MARKS
    assert grammar.normalize(few) == unicodedata.normalize("NFC", few)


def meet(text: str) -> None:
    grammar.normalize(text)
    grammar.repair(text)
    grammar.find_error(HEAD + "<p>" + text)


@pytest.mark.parametrize(
    "piece",
    [
        *("e\u0301\u0323", "\u0301\u0323", "\u0344\u200b", "•\u0301", " ", " a", "\n", "/", "&", "&amp;", "&#1", "<"),
        *("<p>", "<p>a", "a</p>", "<b>a", "<ul>\n<li>a\n", "<li>a", "a<br/>", "<br/>", "<h1>a", "<x>", "a</li>", "\n<"),
    ],
)
def test_time_grows_with_the_length_of_the_text(piece: str) -> None:
    assert_linear(lambda count: meet(piece * count), 3_000)


def test_texts_between_tags_that_may_not_stand_are_joined_in_linear_time() -> None:
    body = grammar.repair(HEAD + "<p>" + "a &amp; </em>" * 20_000)
    assert body == HEAD + "<p>" + ("a &amp; " * 20_000) + "</p>\n</html>\n"
