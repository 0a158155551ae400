"""The grammar, character by character: it lets every document through, and nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.sample.grammar_mask import GrammarMask, GrammarState
from scrape.common.errors import InputError
from scrape.markup import grammar as markup
from tests.support.files import json_lines

CHARS = "\n &'-./0123456789;<>abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\u00e9\u200b\t"
MASK = GrammarMask(CHARS)
SOUP = st.lists(
    st.sampled_from(
        [*markup.OPEN.values(), *markup.CLOSE.values(), "\n", "word", " ", "a & b", "&lt;", "x<y", "\u00e9"]
    )
)
DOCUMENTS = st.builds(lambda pieces: markup.repair("".join(pieces)), SOUP)


def walk(grammar: GrammarMask, budget: int, seed: int) -> str:
    """A text of uniformly random allowed characters."""
    draw = random.Random(seed)
    state, text = GrammarState(), ""
    while not state.may_end:
        allowed = grammar.allowed(state, budget - len(text)).nonzero()[0]
        index = int(draw.choice(allowed))
        state, text = grammar.push(state, index), text + grammar.chars[index]
    return text


@given(st.integers(0, 10**9), st.integers(0, 400))
@settings(max_examples=150)
def test_a_random_constrained_walk_parses_and_keeps_to_its_limit(seed: int, room: int) -> None:
    budget = int(MASK.shortest(GrammarState())) + room
    text = walk(MASK, budget, seed)
    assert markup.find_error(text) is None
    assert len(text) <= budget


@given(DOCUMENTS)
@settings(max_examples=150)
def test_every_document_may_be_written(text: str) -> None:
    assert markup.find_error(text) is None
    state = GrammarState()
    for position, char in enumerate(text):
        index = MASK.chars.index(char)
        assert MASK.allowed(state, len(text) - position)[index], text[: position + 1]
        state = MASK.push(state, index)
    assert state.may_end
    assert not MASK.allowed(state, 1000).any()


@given(DOCUMENTS, st.integers(0, 10**9))
@settings(max_examples=60)
def test_the_looked_up_moves_are_the_plain_ones(text: str, cut: int) -> None:
    state = MASK.read(text[: cut % (len(text) + 1)])
    for budget in (1, 12, 30, 1000):
        plain = [(there := state.push(char)) is not None and 1 + MASK.shortest(there) <= budget for char in MASK.chars]
        assert MASK.allowed(state, budget).tolist() == plain


@given(st.lists(DOCUMENTS, min_size=1, max_size=4))
@settings(max_examples=30)
def test_many_texts_are_followed_as_each_is_alone(texts: list[str]) -> None:
    grammar = GrammarMask(CHARS)
    shortest = min(map(len, texts))
    numbers = np.zeros(len(texts), dtype=np.int64)
    assert grammar.number(GrammarState()) == 0
    for ids in np.array([[CHARS.index(char) for char in text[:shortest]] for text in texts]).T:
        costs = grammar.shortest_after(numbers)
        assert np.isfinite(costs[np.arange(len(texts)), ids]).all()
        numbers = grammar.follow(numbers, ids)
    for number, text in zip(numbers, texts, strict=True):
        assert number == grammar.number(grammar.read(text[:shortest]))


def test_what_may_not_come_next_is_not_followed() -> None:
    start, wrong = np.array([MASK.number(GrammarState())]), np.array([CHARS.index("a")])
    with pytest.raises(ValueError, match="'a' may not come"):
        MASK.follow(start, wrong)


@given(DOCUMENTS, st.integers(0, 10**9))
@settings(max_examples=60)
def test_the_shortest_end_is_as_long_as_it_says_and_no_character_leads_to_a_shorter(text: str, cut: int) -> None:
    begun = text[: cut % (len(text) + 1)]
    state, written = MASK.read(begun), ""
    whole = MASK.shortest(state)
    while not state.may_end:
        costs = MASK.shortest_after(np.array([MASK.number(state)]))[0]
        assert costs.min() == MASK.shortest(state)
        index = int(costs.argmin())
        state, written = MASK.push(state, index), written + MASK.chars[index]
    assert len(written) == whole
    assert markup.find_error(begun + written) is None


def test_documents_are_judged_as_the_vectors_say(shared: Path) -> None:
    for case in json_lines(shared / "vectors/markup.jsonl"):
        grammar = GrammarMask("".join(sorted(set(case["text"]) | set(CHARS))))
        try:
            accepted = grammar.read(case["text"]).may_end
        except InputError:
            accepted = False
        assert accepted == case["valid"], case


def test_only_characters_that_a_document_may_hold_are_text() -> None:
    inside = MASK.read("<html>\n<h1>")
    allowed = {MASK.chars[index] for index in MASK.allowed(inside, 1000).nonzero()[0]}
    assert allowed == set(CHARS) - set("<>\n\t\u200b")


def test_tags_that_the_vocabulary_cannot_write_to_the_end_are_not_begun() -> None:
    no_four = GrammarMask(CHARS.replace("4", "").replace("p", ""))
    for seed in range(30):
        assert markup.find_error(walk(no_four, 300, seed)) is None
    state = no_four.read("<html>\n<h1>x</h1>\n<h3>x</h3>\n")
    begun = no_four.push(state, no_four.chars.index("<"))
    assert {no_four.chars[index] for index in no_four.allowed(begun, 1000).nonzero()[0]} == set("/uo")


@pytest.mark.parametrize("missing", ["<", "/", "1", "h", "\n"])
def test_a_vocabulary_without_markup_is_refused(missing: str) -> None:
    with pytest.raises(InputError, match="--raw"):
        GrammarMask(CHARS.replace(missing, ""))


@pytest.mark.parametrize(
    ("prompt", "position"),
    [("The meaning of life", 0), ("<html>\n<p>x", 8), ("<html>\n<h1>x  y", 13), ("<html>\n<h1>A & B", 14)],
)
def test_a_prompt_that_begins_no_posting_is_refused_where_it_goes_wrong(prompt: str, position: int) -> None:
    with pytest.raises(InputError, match=rf"{prompt[position]!r} at {position} "):
        MASK.read(prompt)
