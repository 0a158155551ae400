from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.data.vocab import Vocab
from scrape.common.errors import InputError


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_decode_is_the_inverse_of_encode(text: str) -> None:
    vocab = Vocab.of(text)
    assert vocab.decode(vocab.encode(text)) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_alphabet_has_every_character_once_by_code_point(text: str) -> None:
    assert Vocab.of(text).chars == "".join(sorted(set(text)))


def test_the_id_of_a_character_is_its_place() -> None:
    assert Vocab("zaé").encode("éaz").tolist() == [2, 1, 0]
    assert len(Vocab("zaé")) == 3


def test_256_characters_fit_a_byte_and_257_do_not() -> None:
    alphabet = "".join(map(chr, range(1000, 1257)))
    assert Vocab(alphabet[:256]).encode(alphabet[:256]).dtype == np.uint8
    assert Vocab(alphabet).encode(alphabet).tolist() == list(range(257))


@pytest.mark.parametrize("text", ["job é", "job \U0001f600", "job \udcff"])
def test_an_unknown_character_is_named_with_its_place(text: str) -> None:
    with pytest.raises(InputError, match=r"unknown character .* at 4; "):
        Vocab.of("job ").encode(text)


def test_a_character_below_all_of_ours_is_unknown_too() -> None:
    with pytest.raises(InputError, match=r"unknown character '\\n' at 1"):
        Vocab("ab").encode("a\nb")


def test_an_id_beyond_the_alphabet_is_refused() -> None:
    with pytest.raises(IndexError):
        Vocab("ab").decode([2])


def test_a_character_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="once"):
        Vocab("aba")
