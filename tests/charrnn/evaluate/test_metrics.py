"""What is measured of texts is what a reader would count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.evaluate.metrics import distinct, grams, has_full_head, is_stuck, measure, words
from charrnn.evaluate.suffix_array import SuffixArray
from scrape.markup import document
from tests.support import tiny

POSTING = "<html>\n<h1>Cook</h1>\n<h2>R&amp;D</h2>\n<h3>Kent, WA</h3>\n<p>We <b>bake</b>.</p>\n</html>\n"


def test_words_are_what_a_reader_sees() -> None:
    assert words(POSTING) == ["Cook", "R&D", "Kent,", "WA", "We", "bake"]


@pytest.mark.parametrize("missing", ["<h2>R&amp;D</h2>\n", "<h3>Kent, WA</h3>\n"])
def test_a_full_head_has_all_three_lines(missing: str) -> None:
    assert has_full_head(POSTING)
    assert not has_full_head(POSTING.replace(missing, ""))


@given(block=st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=20), times=st.integers(4, 6))
def test_a_block_that_repeats_four_times_is_stuck(block: list[str], times: int) -> None:
    assert is_stuck(" ".join(["x", "y", *block * times, "z"]))


def test_three_times_or_a_longer_block_is_not_stuck() -> None:
    block = [f"w{number}" for number in range(21)]
    assert not is_stuck(" ".join(block[:20] * 3))
    assert is_stuck(" ".join(block[:20] * 4))
    assert not is_stuck(" ".join(block * 4))
    assert not is_stuck("- - - - - - - -")
    assert not is_stuck("")


@given(st.lists(st.sampled_from("ab"), max_size=40))
def test_stuck_is_what_a_plain_search_finds(spoken: list[str]) -> None:
    found = any(
        spoken[at : at + 4 * period] == spoken[at : at + period] * 4
        for period in range(1, 21)
        for at in range(len(spoken) - 4 * period + 1)
    )
    assert is_stuck(" ".join(spoken)) == found


def test_distinct_counts_only_as_many_grams_as_are_asked_for() -> None:
    assert grams("a b c d e") == [("a", "b", "c", "d"), ("b", "c", "d", "e")]
    assert distinct(["a b c d", "a b c d", "w x y z"], 2) == 0.5
    assert distinct(["a b c d", "a b c d", "w x y z"], 3) == pytest.approx(2 / 3)
    assert distinct(["a b"], 3) == 0


def test_a_text_from_the_corpus_is_all_shared_and_a_strange_one_not_at_all() -> None:
    corpus = tiny.postings(20)
    index = SuffixArray.of(corpus)
    (first, *_) = document.split([corpus])
    own = measure([first], index, postings=True)
    assert own.longest == own.longest_median == len(first)
    assert own.shared == {20: 1.0, 50: 1.0, 100: 1.0, 200: 0.0 if len(first) < 200 else 1.0}
    assert (own.valid, own.full_head, own.stuck) == (1.0, 0.0, 0.0)
    both = measure([first, "ΑΒΓ" * len(first)], index, postings=True)
    assert both.shared[50] == pytest.approx(1 / 4)
    assert (both.texts, both.valid, both.longest) == (2, 0.5, len(first))


def test_of_other_texts_no_markup_is_asked() -> None:
    found = measure(["one two"], SuffixArray.of("one two three"), postings=False)
    assert (found.valid, found.full_head) == (None, None)
