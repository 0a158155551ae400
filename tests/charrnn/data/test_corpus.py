from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.data import corpus as data
from charrnn.data.corpus import PADDING, Corpus, Streams, open_corpus, split
from charrnn.data.vocab import Vocab
from scrape.common.errors import InputError
from tests.support.tiny import corpus_folder, postings


def corpus_of(text: str) -> Corpus:
    vocab = Vocab.of(text)
    return Corpus(vocab.encode(text), vocab, "")


def test_the_corpus_is_the_file_to_the_byte(tmp_path: Path) -> None:
    text = "<html>\nta\tb\u00a0café \U0001f600 naïve\n\n</html>\n\u200b"
    corpus = open_corpus(corpus_folder(tmp_path, text))
    assert corpus.vocab.decode(corpus.ids) == text
    assert corpus.sha256 == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 1000])
def test_byte_order_marks_and_carriage_returns_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(data, "_CHUNK", chunk)
    text = "\ufeff<html>\r\ncafé\r\r\n\n</html>\r\n\ufeffb\r"
    corpus = open_corpus(corpus_folder(tmp_path, text))
    assert corpus.vocab.decode(corpus.ids) == "<html>\ncafé\n\n\n</html>\nb\n"
    assert corpus.sha256 == hashlib.sha256(text.encode()).hexdigest(), "still that of the file"
    assert not {"\r", "\ufeff"} & set(corpus.vocab.chars)


def test_a_network_that_learned_carriage_returns_reads_them_as_before(tmp_path: Path) -> None:
    text = "<html>\r\na</html>\r\n" * 3
    folder = corpus_folder(tmp_path, text)
    old = Vocab.of(text)
    for _ in range(2):  # in turns, over one encoded file
        assert old.decode(open_corpus(folder, old).with_vocab(old).ids) == text
        plain = open_corpus(folder)
        assert plain.vocab.decode(plain.ids) == text.replace("\r", "")
    written = (folder / "input.ids").stat().st_mtime_ns
    assert open_corpus(folder, plain.vocab).ids.tolist() == plain.ids.tolist()
    assert (folder / "input.ids").stat().st_mtime_ns == written


def test_an_older_note_of_a_plain_text_is_still_good(tmp_path: Path) -> None:
    folder = corpus_folder(tmp_path, "a\nb")
    open_corpus(folder)
    note = json.loads((folder / "input.ids.json").read_text())
    del note["as_it_is"]
    (folder / "input.ids.json").write_text(json.dumps(note))
    written = (folder / "input.ids").stat().st_mtime_ns
    assert len(open_corpus(folder).ids) == len(open_corpus(folder, Vocab("\r\nab")).ids) == 3
    assert (folder / "input.ids").stat().st_mtime_ns == written


def test_a_character_across_two_pieces_is_one_character(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "_CHUNK", 3)
    corpus = open_corpus(corpus_folder(tmp_path, "aé\U0001f600b" * 5))
    assert corpus.vocab.decode(corpus.ids) == "aé\U0001f600b" * 5


def test_the_corpus_is_encoded_once_and_again_when_it_changes(tmp_path: Path) -> None:
    folder = corpus_folder(tmp_path, "abc" * 10)
    first = open_corpus(folder)
    written = (folder / "input.ids").stat().st_mtime_ns
    assert open_corpus(folder).sha256 == first.sha256
    assert (folder / "input.ids").stat().st_mtime_ns == written
    (folder / "input.txt").write_text("xyz" * 10)
    os.utime(folder / "input.txt", ns=(1, 1))
    changed = open_corpus(folder)
    assert changed.vocab.decode(changed.ids) == "xyz" * 10


@pytest.mark.parametrize("note", ["", "{}", "[1]", '{"chars": "aa"}'])
def test_a_damaged_note_is_written_again(tmp_path: Path, note: str) -> None:
    folder = corpus_folder(tmp_path, "abc")
    open_corpus(folder)
    (folder / "input.ids.json").write_text(note)
    assert open_corpus(folder).vocab.chars == "abc"


def test_ids_cut_short_are_written_again(tmp_path: Path) -> None:
    folder = corpus_folder(tmp_path, "abcabc")
    open_corpus(folder)
    (folder / "input.ids").write_bytes(b"\0")
    assert len(open_corpus(folder).ids) == 6


def test_what_is_not_utf8_is_named_with_its_offset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "_CHUNK", 4)
    folder = corpus_folder(tmp_path, "")
    (folder / "input.txt").write_bytes("café au lait ".encode() + b"\xff!")
    with pytest.raises(InputError, match=r"input.txt is not UTF-8: byte 0xff at offset 14"):
        open_corpus(folder)
    (folder / "input.txt").write_bytes(b"cut \xc3")
    with pytest.raises(InputError, match=r"byte 0xc3 at offset 4"):
        open_corpus(folder)


def test_an_empty_a_missing_and_a_misnamed_corpus_say_what_to_do(tmp_path: Path) -> None:
    folder = corpus_folder(tmp_path, "")
    with pytest.raises(InputError, match=r"is empty; name a text of your own"):
        open_corpus(folder)
    with pytest.raises(InputError, match=r"there is no .*input.txt; the datasets in .*; name a text of your own"):
        open_corpus(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"is a file, and --data-dir names the folder"):
        open_corpus(folder / "input.txt")


@pytest.mark.parametrize("fraction", [0.001, 0.3, 0.5, 0.95, 0.999])
def test_every_part_begins_at_a_posting(fraction: float) -> None:
    text = postings()
    corpus = corpus_of(text)
    made = split(corpus, fraction, 1 - fraction)
    train, validation = corpus.vocab.decode(made.train), corpus.vocab.decode(made.validation)
    assert train + validation == text
    assert validation.startswith("<html>\n")
    assert abs(len(train) - fraction * len(text)) <= 2 * len(text) / 40


def test_what_the_fractions_leave_over_is_held_back() -> None:
    text = postings()
    corpus = corpus_of(text)
    made = split(corpus, 0.5, 0.25)
    parts = [corpus.vocab.decode(part) for part in (made.train, made.validation, made.test)]
    assert "".join(parts) == text
    assert all(part.startswith("<html>\n") and part.endswith("</html>\n") for part in parts)
    assert len(parts[2]) == pytest.approx(len(text) / 4, rel=0.1)


def test_a_boundary_is_found_across_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = split(corpus_of(postings()), 0.5, 0.5)
    monkeypatch.setattr(data, "_CHUNK", 5)
    assert len(split(corpus_of(postings()), 0.5, 0.5).train) == len(whole.train)


def test_a_text_that_is_no_postings_is_cut_at_the_end_of_a_line() -> None:
    text = "one line\n</html>\nand " * 40
    corpus = corpus_of(text)
    made = split(corpus, 0.5, 0.5)
    train = corpus.vocab.decode(made.train)
    assert train.endswith("\n")
    assert 0 <= len(train) - len(text) / 2 < len("</html>\nand one line\n")


def test_a_text_without_lines_is_cut_at_the_fraction() -> None:
    assert len(split(corpus_of("abcde" * 20), 0.9, 0.1).train) == 90


def test_a_text_too_small_to_cut_is_refused() -> None:
    with pytest.raises(InputError, match=r"a corpus of 3 characters is too small"):
        split(corpus_of("abc"), 0.5, 0.5)


@given(st.integers(2, 400), st.integers(1, 12), st.integers(1, 20), st.integers(0, 10**6))
def test_a_pass_takes_every_character_once_as_input_and_once_as_target(
    size: int, batch: int, seq_length: int, offset: int
) -> None:
    streams = Streams(np.arange(size, dtype=np.uint16), batch, seq_length, offset)
    windows = [streams.window(number) for number in range(len(streams))]
    targets = np.concatenate([targets.ravel() for _, targets in windows])
    assert sorted(targets[targets != PADDING]) == list(range(size))
    inputs = np.concatenate([inputs[targets != PADDING] for inputs, targets in windows])
    assert sorted(inputs) == list(range(size))


@given(st.integers(2, 400), st.integers(1, 12), st.integers(1, 20))
def test_streams_are_contiguous_and_windows_nearly_equal(size: int, batch: int, seq_length: int) -> None:
    streams = Streams(np.arange(size, dtype=np.uint16), batch, seq_length)
    windows = [streams.window(number) for number in range(len(streams))]
    joined = np.concatenate([inputs for inputs, _ in windows], axis=1)
    assert (np.diff(joined, axis=1) % size == 1).all()
    lengths = [inputs.shape[1] for inputs, _ in windows]
    assert max(lengths) <= seq_length and max(lengths) - min(lengths) <= 1
    for inputs, targets in windows:
        kept = targets != PADDING
        assert (targets[kept] == (inputs[kept] + 1) % size).all()


def test_a_text_too_small_for_a_batch_gets_fewer_streams() -> None:
    assert Streams(np.zeros(99, dtype=np.uint8), 50, 10).batch_size == 9
    assert Streams(np.zeros(5, dtype=np.uint8), 50, 10).batch_size == 1


def test_another_alphabet_spells_the_same_text() -> None:
    corpus = corpus_of("cab")
    other = corpus.with_vocab(Vocab("xcba"))
    assert other.vocab.decode(other.ids) == "cab"
    with pytest.raises(InputError, match=r"unknown character 'c'"):
        corpus.with_vocab(Vocab("ab"))
