"""The suffix array finds what a plain search finds, and a stored one is never that of another text."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.data.corpus import open_corpus
from charrnn.evaluate import suffix_array
from charrnn.evaluate.memorization import COPIED, Overlap, find_overlap
from charrnn.evaluate.suffix_array import SuffixArray, share, spans
from scrape.common.errors import InputError
from tests.support import tiny

few = st.text(alphabet="ab ", min_size=1, max_size=200)
any_text = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


def longest_from(text: str, start: int, corpus: str) -> int:
    length = 0
    while start + length < len(text) and text[start : start + length + 1] in corpus:
        length += 1
    return length


@given(corpus=few | any_text, text=few | any_text)
def test_matches_are_what_a_plain_search_finds(corpus: str, text: str) -> None:
    expected = [longest_from(text, start, corpus) for start in range(len(text))]
    assert SuffixArray.of(corpus).match_lengths(text).tolist() == expected


@given(corpus=st.text(alphabet="ab", min_size=1, max_size=400), data=st.data())
def test_what_was_cut_from_the_corpus_is_found_whole(corpus: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(corpus) - 1))
    cut = corpus[start : data.draw(st.integers(start, len(corpus)))]
    found = find_overlap("é" + cut + "é", SuffixArray.of(corpus))
    assert found.longest == len(cut)
    assert found.runs == (((1, 1 + len(cut)),) if len(cut) >= COPIED else ())
    assert found.share == (len(cut) / (len(cut) + 2) if len(cut) >= COPIED else 0)


@given(lengths=st.lists(st.integers(0, 9), max_size=40), least=st.integers(1, 9))
def test_spans_are_apart_and_cover_what_the_runs_cover(lengths: list[int], least: int) -> None:
    runs = [range(at, at + length) for at, length in enumerate(lengths) if length >= least]
    made = spans(np.array(lengths, dtype=np.int64), least)
    assert {at for start, end in made for at in range(start, end)} == {at for run in runs for at in run}
    assert all(before[1] < after[0] for before, after in pairwise(made))


def test_two_sources_side_by_side_make_one_span() -> None:
    left, right = "a" * COPIED, "b" * COPIED
    found = find_overlap(left + right, SuffixArray.of(f"{left}.{right}"))
    assert (found.longest, found.share, found.runs) == (COPIED, 1.0, ((0, 2 * COPIED),))


def test_a_run_one_short_of_the_mark_is_not_copied() -> None:
    run = "".join(map(chr, range(0x100, 0x100 + COPIED)))
    assert find_overlap(run[1:], SuffixArray.of(run)).runs == ()
    assert find_overlap(run, SuffixArray.of(run)).runs == ((0, COPIED),)


def test_nothing_is_shared_by_an_empty_text() -> None:
    assert find_overlap("", SuffixArray.of("abc")) == Overlap(0, 0.0, ())
    assert share((), 0) == 0


@pytest.mark.parametrize("alphabet", [200, 300], ids=["a byte for a character", "two bytes"])
def test_an_opened_index_finds_what_one_in_memory_does(tmp_path: Path, alphabet: int) -> None:
    text = tiny.postings(5) + "".join(map(chr, range(0x100, 0x100 + alphabet)))
    path = tiny.corpus_folder(tmp_path, text) / "input.txt"
    asked = text[100:300] + "?" + text[50:80]
    for _time in ("built", "kept"):
        assert (
            SuffixArray.open(path).match_lengths(asked).tolist() == SuffixArray.of(text).match_lengths(asked).tolist()
        )


def test_an_index_of_the_beginning_knows_nothing_of_the_rest(tmp_path: Path) -> None:
    text = tiny.postings(2) + "unheard of"
    path = tiny.corpus_folder(tmp_path, text) / "input.txt"
    end = len(text) - len("unheard of")
    assert find_overlap("unheard of", SuffixArray.open(path)).longest == 10
    assert find_overlap("unheard of", SuffixArray.open(path, end)).longest < 10
    assert find_overlap(text[:end], SuffixArray.open(path, end)).longest == end


def built(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the texts that are sorted from now on."""
    sizes: list[int] = []
    sort = suffix_array._sort

    def noted(ids: suffix_array.Ids) -> object:
        sizes.append(len(ids))
        return sort(ids)

    monkeypatch.setattr(suffix_array, "_sort", noted)
    return sizes


def test_a_kept_index_is_built_once_for_each_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tiny.corpus_folder(tmp_path) / "input.txt"
    sizes = built(monkeypatch)
    for end in (300, 200, 300, 200):
        SuffixArray.open(path, end)
    assert sizes == [300, 200]


def test_a_changed_text_is_indexed_anew_and_the_old_index_goes(tmp_path: Path) -> None:
    path = tiny.corpus_folder(tmp_path, "the old text, and more of it") / "input.txt"
    SuffixArray.open(path)
    SuffixArray.open(path, 10)
    path.write_text("the new text, and less of it")
    os.utime(path, ns=(1, 1))
    assert find_overlap("the new", SuffixArray.open(path)).longest == 7
    assert len(list(path.parent.glob("*.suffixes"))) == 1


@pytest.mark.parametrize("harm", ["cut", "other", "empty"])
def test_a_damaged_index_is_built_anew(tmp_path: Path, harm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tiny.corpus_folder(tmp_path) / "input.txt"
    SuffixArray.open(path)
    (stored,) = path.parent.glob("*.suffixes")
    whole = stored.read_bytes()
    stored.write_bytes({"cut": whole[:-4], "other": b"x" + whole[1:], "empty": b""}[harm])
    sizes = built(monkeypatch)
    SuffixArray.open(path)
    assert sizes == [len(open_corpus(path.parent).ids)]
    assert stored.read_bytes() == whole


@pytest.mark.parametrize("end", [0, -1, 10**6])
def test_a_part_that_there_is_not_is_refused(tmp_path: Path, end: int) -> None:
    with pytest.raises(InputError, match="cannot be indexed"):
        SuffixArray.open(tiny.corpus_folder(tmp_path) / "input.txt", end)


def test_another_file_than_a_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"input\.txt"):
        SuffixArray.open(tmp_path / "other.txt")
