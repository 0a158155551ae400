"""What reads text of strangers in charrnn takes time in proportion to it."""

from __future__ import annotations

import contextlib
from collections import Counter

import numpy as np
import pytest

from charrnn.evaluate import surprisal
from charrnn.evaluate.surprisal import Reading
from charrnn.pages import surprisal as surprisal_page
from charrnn.pages.views import mark_runs, plain_line, replace_invisible
from charrnn.sample import prompts
from charrnn.sample.grammar_mask import GrammarMask
from scrape.common.errors import InputError
from tests.support.growth import assert_linear

ALPHABET = "\n &-/0123456789;<>abcdefghijklmnopqrstuvwxyz"
PIECES = ("<h4>a</h4>\n", "word ", "<", "\n", "&amp;", "\u0301", "<p>", "é ", "a")


@pytest.mark.parametrize("piece", ["<p>ab &amp; c</p>\n", "<ul>\n<li>a</li>\n</ul>\n", "<p>a<br/>b</p>\n"])
def test_a_prompt_is_read_by_the_mask_in_linear_time(piece: str) -> None:
    mask = GrammarMask(ALPHABET)
    assert_linear(lambda count: mask.read("<html>\n<h1>a</h1>\n" + piece * count), 300)


@pytest.mark.parametrize("piece", PIECES)
def test_a_prompt_is_checked_in_linear_time(piece: str) -> None:
    def check(count: int) -> None:
        for look in (prompts.check_prime, prompts.check_head):
            with contextlib.suppress(InputError):
                look("the prompt", piece * count, frozenset("abc"))

    assert_linear(check, 2_000)


@pytest.mark.parametrize("piece", PIECES)
def test_a_scored_text_is_divided_and_shown_in_linear_time(piece: str) -> None:
    def show(count: int) -> None:
        text = piece * count
        bits = np.ones(len(text))
        found = Reading(text, bits, Counter({("é", "e"): count}), Counter())
        surprisal.words(found), surprisal.sections(found), surprisal.lines(found)
        surprisal_page.render_page(found, "a text", "a network")

    assert_linear(show, 300)


@pytest.mark.parametrize("piece", PIECES)
def test_a_text_is_marked_in_linear_time(piece: str) -> None:
    def show(count: int) -> None:
        text = piece * count
        mark_runs(text, [(start, start + 1) for start in range(0, len(text), 4)])
        plain_line(text), replace_invisible(text)

    assert_linear(show, 1_000)
