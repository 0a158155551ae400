"""WARC files (ISO 28500, https://iipc.github.io/warc-specifications/): the pages that a crawler or an archive saved.

A small reader is enough: of each record, the header lines, its length, and in records of type `response` an HTTP
message, which the standard library reads. A library such as warcio would do the same and write WARC files too.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from email.parser import BytesHeaderParser
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

from scrape.common.sizes import PAGE_BYTES
from scrape.http.client import Response
from scrape.http.decompress import TooLarge, Torn, Unreadable, decompress

SUFFIXES = (".warc", ".warc.gz")
_HTML = ("text/html", "application/xhtml+xml")
_LONGEST_HEADER = 64 * 1024
_CHUNK = 64 * 1024


class Damaged(Exception):
    """Some records are cut off, damaged or too large. The message says how many."""


def responses(path: Path) -> Iterator[Response]:
    """Yield the pages of HTML in a WARC file that were answered with status 200.

    Raises Damaged after the last one where records could not be read, and OSError.
    """
    unread = 0
    with path.open("rb") as file:
        stream = _Stream(_unpacked(file) if path.name.lower().endswith(".gz") else iter(lambda: file.read(_CHUNK), b""))
        try:
            for header, block in _records(stream):
                try:
                    page = _page(header, block)
                except (HTTPException, ValueError, Torn, TooLarge, Unreadable):
                    unread += 1
                else:
                    if page:
                        yield page
        except (EOFError, ValueError, zlib.error):
            unread += 1  # what follows cannot be found any more
    if unread:
        raise Damaged(f"{unread:,} of its records are cut off, damaged or too large")


class _Stream:
    """Bytes that come in chunks, by lines and by length."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks, self.held = chunks, b""

    def line(self) -> bytes:
        """Return the next line with its end; empty at the end of the file."""
        while b"\n" not in self.held and len(self.held) <= _LONGEST_HEADER and (chunk := next(self.chunks, b"")):
            self.held += chunk
        line, end, rest = self.held.partition(b"\n")
        self.held = rest
        return line + end

    def take(self, length: int, keep: int) -> bytes:
        """Return the next `length` bytes, of which only the first `keep` are kept. Raises EOFError where they end."""
        kept = bytearray()
        while length:
            chunk = self.held or next(self.chunks, b"")
            if not chunk:
                raise EOFError
            part, self.held = chunk[:length], chunk[length:]
            length -= len(part)
            kept += part[: max(keep - len(kept), 0)]
        return bytes(kept)


def _unpacked(file: BinaryIO) -> Iterator[bytes]:
    """Yield the contents of a file of gzip members. Raises EOFError or zlib.error where it is cut off or damaged."""
    member = zlib.decompressobj(wbits=31)
    while packed := file.read(_CHUNK):
        while packed:
            if member.eof:
                member = zlib.decompressobj(wbits=31)
            yield member.decompress(packed, _CHUNK)
            packed = member.unconsumed_tail or member.unused_data
    if not member.eof:
        raise EOFError


def _records(stream: _Stream) -> Iterator[tuple[dict[str, str], bytes]]:
    """Yield the headers and the block of each record. Raises ValueError where no record begins."""
    while line := stream.line():
        if not line.strip():
            continue
        if not line.startswith(b"WARC/"):
            raise ValueError
        lines = bytearray()
        while (line := stream.line()).strip():
            lines += line
            if len(lines) > _LONGEST_HEADER:
                raise ValueError
        header = {name.lower(): str(value) for name, value in BytesHeaderParser().parsebytes(bytes(lines)).items()}
        wanted = header.get("warc-type") in ("response", "resource")
        length = int(header["content-length"]) if header.get("content-length", "").strip().isdecimal() else -1
        if length < 0:
            raise ValueError
        yield header, stream.take(length, PAGE_BYTES + 1 if wanted else 0)


def _page(header: dict[str, str], block: bytes) -> Response | None:
    """Return the page of a record; None where it holds none. Raises what reading an HTTP message raises."""
    url = header.get("warc-target-uri", "").strip("<> ")
    kind = header.get("content-type", "").lower()
    if header.get("warc-type") == "resource" and kind.startswith(_HTML):
        return _bounded(url, {"content-type": kind}, block)
    if header.get("warc-type") != "response" or not kind.startswith("application/http"):
        return None
    message = HTTPResponse(cast("object", _Socket(block)))  # type: ignore[arg-type]
    message.begin()
    if message.status != 200 or not str(message.headers.get("content-type", "")).lower().startswith(_HTML):
        return None
    body = decompress([message.read()], str(message.headers.get("content-encoding", "")), PAGE_BYTES)
    return _bounded(url, {name.lower(): str(value) for name, value in message.headers.items()}, body)


def _bounded(url: str, headers: dict[str, str], body: bytes) -> Response:
    if len(body) > PAGE_BYTES:
        raise TooLarge
    return Response(url, url, 200, headers, body)


class _Socket:
    """An HTTP message in memory, as `HTTPResponse` reads it."""

    def __init__(self, message: bytes) -> None:
        self.message = message

    def makefile(self, _mode: str) -> BytesIO:
        return BytesIO(self.message)
