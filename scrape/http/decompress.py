"""Decompression of a body piece by piece, so that a decompression bomb stops at the size limit."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

GZIP = b"\x1f\x8b"  # how every gzip file begins (RFC 1952, section 2.3.1)
_NO_CODINGS = ("", "identity", "none", "utf-8")  # the last two are what careless servers write
_PIECE = 64 * 1024  # bytes that one step of the decompression may yield


class Torn(Exception):
    """The body is cut off or damaged. A retry may help."""


class TooLarge(Exception):
    """The decompressed body is larger than the limit."""


class Unreadable(Exception):
    """The body has a Content-Encoding that was not requested."""


def decompress(chunks: Iterable[bytes], coding: str, cap: int, *, cut: bool = False) -> bytes:
    """Return the whole body of a response with Content-Encoding `coding`, decompressed, of at most `cap` bytes.

    At most `cap` compressed bytes are read as well. With `cut`, a body that is too large gives its first
    `cap` + 1 bytes instead of an error. Raises Torn, TooLarge or Unreadable.
    """
    body = bytearray()
    for piece in _pieces(_bounded(chunks, cap, cut=cut), coding):
        body += piece
        if len(body) > cap:
            if cut:
                return bytes(body[: cap + 1])
            raise TooLarge
    return bytes(body)


def _bounded(chunks: Iterable[bytes], cap: int, *, cut: bool) -> Iterator[bytes]:
    """Yield the chunks while they fit the cap: packed bytes that unpack to nothing must end too."""
    taken = 0
    for chunk in chunks:
        yield chunk
        taken += len(chunk)
        if taken > cap and not cut:
            raise TooLarge


def _pieces(chunks: Iterable[bytes], coding: str) -> Iterable[bytes]:
    match [name for part in coding.split(",") if (name := part.strip().lower()) not in _NO_CODINGS]:
        case []:
            return chunks
        case ["gzip" | "x-gzip"]:
            return _gunzip(chunks)
        case others:
            raise Unreadable(", ".join(others))


def _gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the members of a gzip stream (RFC 1952). What follows them is padding. No bytes are an empty body."""
    member = zlib.decompressobj(wbits=31)
    begun = False
    for chunk in chunks:
        rest = chunk
        while rest:
            if member.eof:
                if not rest.startswith(b"\x1f"):
                    break
                member = zlib.decompressobj(wbits=31)
            begun = True
            yield _step(member, rest)
            rest = member.unconsumed_tail or member.unused_data
    while begun and not member.eof:  # zlib may hold back output although it has taken all input
        piece = _step(member, b"")
        if not piece:
            raise Torn("the gzip stream is cut off")
        yield piece


def _step(member: zlib._Decompress, packed: bytes) -> bytes:
    try:
        return member.decompress(packed, _PIECE)
    except zlib.error:
        raise Torn("the gzip stream is damaged") from None
