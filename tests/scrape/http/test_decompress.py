"""The Content-Encoding of a response, as servers write it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard

from scrape.http.decompress import TooLarge, Torn, Unreadable, decompress


def deflate_alone(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": deflate_alone,
    "br": lambda body: brotli.compress(body, quality=4),  # the best is slow
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("coding", ["", "identity", "none", "None", " NONE ", "utf-8", "identity, none", ","])
def test_what_names_no_coding_is_none(coding: str) -> None:
    assert decompress([b"plain"], coding, 100) == b"plain"


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", "gzip, identity", "none,gzip"])
def test_gzip_is_undone_once(coding: str) -> None:
    assert decompress([gzip.compress(b"plain")], coding, 100) == b"plain"


@pytest.mark.parametrize("coding", ["compress", "gzip, gzip", "br, gzip", "no"])
def test_another_coding_is_refused(coding: str) -> None:
    with pytest.raises(Unreadable):
        decompress([b"plain"], coding, 100)


@pytest.mark.parametrize("coding", PACKERS)
@pytest.mark.parametrize("size", [1, 7, 700, 1 << 20])
def test_a_packed_body_comes_whole_in_chunks_of_any_size(coding: str, size: int) -> None:
    body = b"".join(b"<p>%d words of a posting</p>" % number for number in range(5000))
    packed = PACKERS[coding](body)
    chunks = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert decompress([b"", *chunks, b""], coding, len(body)) == body
    assert decompress([], coding, 100) == decompress([b""], coding, 100) == b""


@pytest.mark.parametrize("coding", PACKERS)
def test_a_body_that_is_cut_off_or_damaged_is_torn(coding: str) -> None:
    packed = PACKERS[coding](b"".join(b"<p>%d words</p>" % number for number in range(100)))
    for part in (packed[:-1], packed[: len(packed) // 2], packed[:3]):
        with pytest.raises(Torn):
            decompress([part], coding, 10_000)
    with pytest.raises(Torn):
        decompress([packed[:10] + b"\xff" * 40], coding, 10_000)


@pytest.mark.parametrize("coding", PACKERS)
def test_what_unpacks_without_end_stops_at_the_cap(coding: str) -> None:
    packed = PACKERS[coding](bytes(50 << 20))
    with pytest.raises(TooLarge):
        decompress([packed], coding, 1 << 20)
    assert decompress([packed], coding, 1 << 20, cut=True) == bytes((1 << 20) + 1)
