"""A posting as text: written, read back, begun and split."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrape.common.posting import Posting
from scrape.markup import grammar
from scrape.markup.document import prompt_prefix, read, split, write
from tests.support.growth import assert_linear
from tests.support.postings import posting

BODY = "<p>We bake.</p>\n<ul>\n<li>Early</li>\n</ul>\n"


def baker(title: str = "Baker", company: str = "", location: str = "", html: str = BODY) -> Posting:
    return posting(1, title, html, company=company, location=location)


line = st.text().map(lambda text: grammar.normalize(text).strip())


@given(line, line, line)
def test_what_is_written_is_a_document_and_reads_back(title: str, company: str, location: str) -> None:
    text = write(baker(title, company, location))
    assert grammar.find_error(text) is None
    back = read(text)
    assert (back.title, back.company, back.location, back.html) == (title or "Untitled", company, location, BODY)


@given(line.filter(bool), line, line)
def test_a_prompt_is_the_beginning_of_what_training_saw(title: str, company: str, location: str) -> None:
    text = write(baker(title, company, location))
    for head in (
        prompt_prefix(),
        prompt_prefix(title),
        prompt_prefix(title, company),
        prompt_prefix(title, company, location),
    ):
        assert text.startswith(head)


def test_only_bare_markup_is_written_and_only_documents_are_read() -> None:
    with pytest.raises(ValueError, match="demo-1 is not bare markup: line 3"):
        write(baker(html="<div>x</div>"))
    with pytest.raises(ValueError, match="line 1"):
        read("no document")


@given(st.lists(st.integers(1, 40)))
def test_documents_are_split_at_their_ends_however_the_text_arrives(cuts: list[int]) -> None:
    documents = [write(baker("Baker & Cook", location=place)) for place in ("Chicago, IL", "", "Seattle, WA")]
    text = "".join(documents) + "<html>\n<h1>Unfin"
    chunks, start = [], 0
    for cut in cuts:
        chunks.append(text[start : start + cut])
        start += cut
    assert list(split([*chunks, text[start:]])) == [*documents, "<html>\n<h1>Unfin"]


def test_splitting_a_text_without_ends_takes_time_in_proportion_to_it() -> None:
    assert_linear(lambda count: list(split(["no end "] * count)), 5_000)
