"""Decompression of a body piece by piece, so that a decompression bomb stops at the size limit."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

GZIP = b"\x1f\x8b"  # how every gzip file begins (RFC 1952, section 2.3.1)
_NO_CODINGS = ("", "identity", "none", "utf-8")  # the last two are what careless servers write
ZST_CHUNK = 512  # bytes of Zstandard, which unpack to 16 MB at most: four bytes may stand for a block of 128 kB
_ZST_WINDOW = 8 << 20  # bytes
_PIECE = 64 * 1024  # bytes that one step of the decompression may yield


class Torn(Exception):
    """The body is cut off or damaged. A retry may help."""


class TooLarge(Exception):
    """The decompressed body is larger than the limit."""


class Unreadable(Exception):
    """The body has a Content-Encoding that is not known here."""


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
        case ["deflate"]:  # this and the next two are not requested, but archives hold what browsers asked for
            return _inflate(chunks)
        case ["br"]:
            return _unbrotli(chunks)
        case ["zstd"]:
            return _unzstd(chunks)
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


def _inflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what a zlib stream holds (RFC 1950), or one of deflate alone, which careless servers send (RFC 1951)."""
    stream: zlib._Decompress | None = None
    for chunk in filter(None, chunks):
        stream = stream or zlib.decompressobj(wbits=15 if chunk[0] & 15 == 8 else -15)
        rest = chunk
        while rest:
            yield _step(stream, rest)
            rest = stream.unconsumed_tail
    while stream and not stream.eof:
        piece = _step(stream, b"")
        if not piece:
            raise Torn("the deflate stream is cut off")
        yield piece


def _unbrotli(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what a Brotli stream holds (RFC 7932)."""
    import brotli  # type: ignore[import-untyped]

    stream = brotli.Decompressor()
    begun = False
    try:
        for chunk in filter(None, chunks):
            begun = True
            yield stream.process(chunk, output_buffer_limit=_PIECE)
            while not stream.can_accept_more_data():
                yield stream.process(b"", output_buffer_limit=_PIECE)
        while begun and not stream.is_finished():  # as for gzip
            piece = stream.process(b"", output_buffer_limit=_PIECE)
            if not piece:
                raise Torn("the Brotli stream is cut off")
            yield piece
    except brotli.error:
        raise Torn("the Brotli stream is damaged") from None


def _unzstd(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what Zstandard frames hold, with a window as large as RFC 9659 allows on the web."""
    import zstandard

    unpacker = zstandard.ZstdDecompressor(max_window_size=_ZST_WINDOW)
    frame = unpacker.decompressobj()
    begun = False
    try:
        for chunk in chunks:
            for at in range(0, len(chunk), ZST_CHUNK):
                rest = chunk[at : at + ZST_CHUNK]
                while rest:
                    if frame.eof:
                        frame = unpacker.decompressobj()
                    begun = True
                    yield frame.decompress(rest)
                    rest = frame.unused_data
    except zstandard.ZstdError:
        raise Torn("the Zstandard stream is damaged") from None
    if begun and not frame.eof:
        raise Torn("the Zstandard stream is cut off")


def _step(member: zlib._Decompress, packed: bytes) -> bytes:
    try:
        return member.decompress(packed, _PIECE)
    except zlib.error:
        raise Torn("the packed stream is damaged") from None
