"""WARC files (ISO 28500, https://iipc.github.io/warc-specifications/): the pages that a crawler or an archive saved.

A small reader is enough: of each record, the header lines, its length, and in records of type `response` an HTTP
message, which the standard library reads. A library such as warcio would do the same and write WARC files too.

What a site says against AI training counts here as on the network: in the headers of an answer, and in the robots.txt
of its host, where the same file has one.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from email.parser import BytesHeaderParser
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from scrape.common.sizes import PAGE_BYTES
from scrape.fields.urls import host_of
from scrape.http.client import PRODUCT, Response
from scrape.http.decompress import TooLarge, Torn, Unreadable, decompress
from scrape.http.robots import Robots, from_response, header_opt_out

SUFFIXES = (".warc", ".warc.gz", ".warc.zst")
_HTML = ("text/html", "application/xhtml+xml")
_LONGEST_HEADER = 64 * 1024
_CHUNK = 64 * 1024
_ZST_DICTIONARY, _ZST_FRAME = b"\x5d\x2a\x4d\x18", b"\x28\xb5\x2f\xfd"  # how a dictionary and a frame begin
_ZST_CHUNK = 512  # bytes, which unpack to 16 MB at most: four bytes may stand for a block of 128 kB
_OPT_OUT = re.compile(rb"content-(?:signal|usage)", re.IGNORECASE)


class Damaged(Exception):
    """Some records are cut off, damaged or too large. The message says how many."""


def responses(path: Path) -> Iterator[Response]:
    """Yield the pages of HTML in a WARC file that were answered with status 200; `opt_out` says what forbids training.

    Raises Damaged after the last one where records could not be read, and OSError.
    """
    opt_outs, unread = _opt_outs_of_hosts(path), 0
    with path.open("rb") as file:
        try:
            for header, block in _records(_stream(path, file)):
                try:
                    page = _page(header, block)
                    if page:
                        lines = [robots.opt_out(page.url) for robots in opt_outs.get(host_of(page.url), [])]
                        lines.append(header_opt_out(page.headers))
                        page = replace(page, opt_out=next(filter(None, lines), ""))
                except (HTTPException, ValueError, Torn, TooLarge, Unreadable):
                    unread += 1
                else:
                    if page:
                        yield page
        except (EOFError, ValueError, zlib.error):
            unread += 1  # what follows cannot be found any more
    if unread:
        raise Damaged(f"{unread:,} of its records are cut off, damaged or too large")


def _opt_outs_of_hosts(path: Path) -> dict[str, list[Robots]]:
    """Return the robots.txt files in a WARC file that may forbid training, by host.

    A crawler may have asked for them after the pages, so the whole file is read before its first page.
    """
    found: dict[str, list[Robots]] = {}
    with path.open("rb") as file, suppress(EOFError, ValueError, zlib.error):
        for header, block in _records(_stream(path, file)):
            url = _url(header)
            if not url.endswith("/robots.txt") or not _is_response(header):
                continue
            with suppress(HTTPException, ValueError, Torn, TooLarge, Unreadable):
                message, body = _message(block)
                if urlsplit(url).path == "/robots.txt" and message.status == 200 and _OPT_OUT.search(body):
                    found.setdefault(host_of(url), []).append(from_response(200, body, PRODUCT))
    return found


def _stream(path: Path, file: BinaryIO) -> _Stream:
    if path.name.lower().endswith(".zst"):
        return _Stream(unpack_zst(file))
    return _Stream(_unpacked(file) if path.name.lower().endswith(".gz") else iter(lambda: file.read(_CHUNK), b""))


def unpack_zst(file: BinaryIO) -> Iterator[bytes]:
    """Yield the contents of a file of Zstandard frames, after its dictionary if it begins with one.

    The form is that of https://iipc.github.io/warc-specifications/specifications/warc-zstd/. Raises Damaged where the
    package for it is missing, EOFError where the file is cut off, and ValueError where it is damaged.
    """
    try:
        import zstandard
    except ImportError as error:
        raise Damaged("it is packed by Zstandard; install the extra `archives`, or unpack it first") from error
    begin, dictionary = file.read(8), None
    try:
        if begin[:4] == _ZST_DICTIONARY:
            given = file.read(min(int.from_bytes(begin[4:], "little"), PAGE_BYTES))
            if given.startswith(_ZST_FRAME):
                given = zstandard.ZstdDecompressor().decompress(given, max_output_size=PAGE_BYTES)
            dictionary = zstandard.ZstdCompressionDict(given)
        else:
            file.seek(0)
        unpacker = zstandard.ZstdDecompressor(dictionary)
        frame = unpacker.decompressobj()
        while packed := file.read(_ZST_CHUNK):
            while packed:
                if frame.eof:
                    frame = unpacker.decompressobj()
                if chunk := frame.decompress(packed):  # an empty one would count as the end
                    yield chunk
                packed = frame.unused_data
        if not frame.eof:
            raise EOFError
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error


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
            if chunk := member.decompress(packed, _CHUNK):  # an empty one would count as the end
                yield chunk
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
    kind = header.get("content-type", "").lower()
    if header.get("warc-type") == "resource" and kind.startswith(_HTML):
        return _bounded(_url(header), {"content-type": kind}, block)
    if not _is_response(header):
        return None
    message, body = _message(block, _HTML)
    if message.status != 200 or not body:
        return None
    headers: dict[str, str] = {}
    for name, value in message.headers.items():  # a header may come several times, each with an opt-out
        headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else str(value)
    return _bounded(_url(header), headers, body)


def _url(header: Mapping[str, str]) -> str:
    return header.get("warc-target-uri", "").strip("<> ")


def _is_response(header: Mapping[str, str]) -> bool:
    kind = header.get("content-type", "").lower()
    return header.get("warc-type") == "response" and kind.startswith("application/http")


def _message(block: bytes, kinds: tuple[str, ...] = ("",)) -> tuple[HTTPResponse, bytes]:
    """Return the HTTP message in a block, and its body decompressed; without a body where it is of no such kind."""
    message = HTTPResponse(cast("object", _Socket(block)))  # type: ignore[arg-type]
    message.begin()
    if not str(message.headers.get("content-type", "")).lower().startswith(kinds):
        return message, b""
    return message, decompress([message.read()], str(message.headers.get("content-encoding", "")), PAGE_BYTES)


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
