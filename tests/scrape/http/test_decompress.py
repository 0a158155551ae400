"""The Content-Encoding of a response, as servers write it."""

from __future__ import annotations

import gzip

import pytest

from scrape.http.decompress import Unreadable, decompress


@pytest.mark.parametrize("coding", ["", "identity", "none", "None", " NONE ", "utf-8", "identity, none", ","])
def test_what_names_no_coding_is_none(coding: str) -> None:
    assert decompress([b"plain"], coding, 100) == b"plain"


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", "gzip, identity", "none,gzip"])
def test_gzip_is_undone_once(coding: str) -> None:
    assert decompress([gzip.compress(b"plain")], coding, 100) == b"plain"


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "deflate", "zstd", "no"])
def test_another_coding_is_refused(coding: str) -> None:
    with pytest.raises(Unreadable):
        decompress([b"plain"], coding, 100)
