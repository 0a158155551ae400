"""WARC files (ISO 28500, https://iipc.github.io/warc-specifications/): the pages that a crawler or an archive saved.

The package fastwarc finds the records; those of type `response` hold an HTTP message, which the standard library reads.

What a site says against AI training counts here as on the network: in the headers of an answer, and in the robots.txt
of its host, where the same file has one, or another file of the same crawl.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from http.client import HTTPException, HTTPResponse
from io import BufferedReader, BytesIO, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, NamedTuple, cast, get_args
from urllib.parse import urljoin, urlsplit

from fastwarc.warc import ArchiveIterator, WarcRecordType

from scrape.common.sizes import PAGE_BYTES
from scrape.crawl.robots_table import HostRules, RobotsTable
from scrape.fields.urls import host_of
from scrape.http.client import Response
from scrape.http.decompress import TooLarge, Torn, Unreadable, decompress
from scrape.http.robots import Robots, header_opt_out, opt_out_lines

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SUFFIXES = (".warc", ".warc.gz", ".warc.zst")
UnknownHosts = Literal["keep", "no-training", "leave-out"]
UNKNOWN_HOSTS: tuple[UnknownHosts, ...] = get_args(UnknownHosts)
UNKNOWN_HOST = "unknown host"
"""The opt-out of a page whose host's robots.txt is not known, where such pages are kept out of corpora."""

_HTML = ("text/html", "application/xhtml+xml")
_WANTED = WarcRecordType.response | WarcRecordType.resource
_ZST_DICTIONARY, _ZST_FRAME = b"\x5d\x2a\x4d\x18", b"\x28\xb5\x2f\xfd"  # how a dictionary and a frame begin
_ZST_CHUNK = 512  # bytes, which unpack to 16 MB at most: four bytes may stand for a block of 128 kB
_POSTING = b"jobposting"  # as JSON-LD, microdata and RDFa name it, in any case
_UNREADABLE = (HTTPException, ValueError, Torn, TooLarge, Unreadable)


@dataclass(frozen=True, slots=True)
class ArchiveReading:
    """The choice of what to take from archives.

    `rules_of` gives the robots.txt files of a host as far as another file has them (`RobotsTable.rules_of`), or None
    where it has none. Pages of hosts that are known neither there nor in the archive itself are taken as if the host
    said nothing (`keep`), marked as opted out (`no-training`), or left out (`leave-out`). With `only_postings`, pages
    that do not name the type JobPosting are left out.
    """

    rules_of: Callable[[str], Sequence[Robots] | None] = lambda host: None
    unknown_hosts: UnknownHosts = "keep"
    only_postings: bool = False


@dataclass(slots=True)
class ArchiveCounts:
    """Counts of what archives held; `pages` are those of HTML that were answered with status 200.

    `opted_out` counts pages by the line that forbids training. `unknown_hosts` counts pages whose host's robots.txt is
    not known, `left_out` those of them that were left out for it, and `no_posting` pages that name no JobPosting, of
    which nothing else is asked. `revisits` refer to an earlier record, `headless` ones lack the headers of HTTP, and
    `damaged` ones are cut off, damaged or too large.
    """

    pages: int = 0
    no_posting: int = 0
    opted_out: Counter[str] = field(default_factory=Counter)
    unknown_hosts: int = 0
    left_out: int = 0
    revisits: int = 0
    headless: int = 0
    damaged: int = 0

    def summary(self) -> str:
        """Return what is not zero as one line, without the pages; empty where nothing is worth a word."""
        lines = ", ".join(f"{line} {count:,}" for line, count in sorted(self.opted_out.items()))
        told = (
            (self.no_posting, "pages name no posting"),
            (self.opted_out.total(), f"pages opt out of training ({lines})"),
            (self.unknown_hosts, "pages are of hosts whose robots.txt is not known"),
            (self.left_out, "of these are left out"),
            (self.revisits, "records are revisits"),
            (self.headless, "records lack HTTP headers"),
            (self.damaged, "records are cut off, damaged or too large"),
        )
        return ", ".join(f"{count:,} {what}" for count, what in told if count)


def responses(
    path: Path, reading: ArchiveReading = ArchiveReading(), counts: ArchiveCounts | None = None
) -> Iterator[Response]:
    """Yield the pages of HTML in a WARC file that were answered with status 200; `opt_out` says what forbids training.

    `counts` goes up by what was found. Raises OSError where the file cannot be read.
    """
    counts = ArchiveCounts() if counts is None else counts
    own = RobotsTable()
    own.add(robots_files(path))  # a crawler may have asked for them after the pages
    for record in _records(path, counts):
        try:
            page = _page(record, counts)
        except _UNREADABLE:
            counts.damaged += 1
            continue
        if not page:
            continue
        counts.pages += 1
        if reading.only_postings and not _may_have_posting(page.body):
            counts.no_posting += 1
            continue
        host = host_of(page.url)
        found = [rules for rules in (own.rules_of(host), reading.rules_of(host)) if rules is not None]
        line = header_opt_out(page.headers)
        line = line or next(filter(None, (robots.opt_out(page.url) for rules in found for robots in rules)), "")
        if line:
            counts.opted_out[line] += 1
        if not found:
            counts.unknown_hosts += 1
            if reading.unknown_hosts == "leave-out":
                counts.left_out += 1
                continue
            line = line or (UNKNOWN_HOST if reading.unknown_hosts == "no-training" else "")
        yield replace(page, opt_out=line)


def robots_files(path: Path, counts: ArchiveCounts | None = None) -> Iterator[HostRules]:
    """Yield what the robots.txt files in a WARC file say of training; `counts` goes up by the damaged records.

    An answer of status 429 or of 5xx says nothing, so that its host remains unknown. Raises OSError where the file
    cannot be read.
    """
    counts = ArchiveCounts() if counts is None else counts
    for record in _records(path, counts, _is_robots):
        try:
            message, body = _message(record.block)
        except _UNREADABLE:
            counts.damaged += 1
            continue
        host = host_of(record.url)
        if 300 <= message.status < 400:
            target = urljoin(record.url, str(message.headers.get("location", "")))
            if urlsplit(target).path == "/robots.txt":
                yield HostRules(host, redirect=host_of(target))
        elif message.status != 429 and message.status < 500:
            yield HostRules(host, opt_out_lines(body) if message.status < 300 else "")


class _Record(NamedTuple):
    type: WarcRecordType
    content_type: str
    url: str
    block: bytes


def _is_robots(record: _Record) -> bool:
    if not record.url.endswith("/robots.txt") or not _is_response(record):
        return False
    return urlsplit(record.url).path == "/robots.txt"


def _records(
    path: Path, counts: ArchiveCounts, wanted: Callable[[_Record], bool] = lambda record: True
) -> Iterator[_Record]:
    """Yield the responses and resources that are wanted, with their blocks, of which PAGE_BYTES + 1 bytes are kept.

    What follows a damaged record cannot be found any more. Raises OSError where the file cannot be read.
    """
    with path.open("rb") as file:
        try:
            stream = BufferedReader(_Unpacked(unpack_zst(file))) if path.name.lower().endswith(".zst") else file
            for found in ArchiveIterator(stream, parse_http=False):
                headers = found.headers
                length = int(headers.get("Content-Length") or "")
                url = (headers.get("WARC-Target-URI") or "").strip("<> ")
                record = _Record(found.record_type, (headers.get("Content-Type") or "").lower(), url, b"")
                counts.revisits += record.type == WarcRecordType.revisit
                block = b""
                if record.type & _WANTED and wanted(record):
                    block = found.reader.read(min(length, PAGE_BYTES + 1))
                if len(block) + found.reader.consume() < length:
                    raise EOFError  # fastwarc says nothing of a record that is cut off
                if block:
                    yield record._replace(block=block)
        except (EOFError, ValueError):
            counts.damaged += 1
        except OSError as error:
            if error.errno is not None:  # of the disk, and not of the contents
                raise
            counts.damaged += 1


class _Unpacked(RawIOBase):
    """The contents of a file that come in chunks, as a file; fastwarc does not take each kind of dictionary."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._held, self._at = chunks, b"", 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        held = self._held or next(self._chunks, b"")
        part, self._held = held[: len(view)], held[len(view) :]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def tell(self) -> int:
        return self._at


def _may_have_posting(body: bytes) -> bool:
    return b"JobPosting" in body or _POSTING in body.lower() or b"\0" in body  # UTF-16 has other bytes


def _page(record: _Record, counts: ArchiveCounts) -> Response | None:
    """Return the page of a record; None where it holds none. Raises what reading an HTTP message raises."""
    if record.type == WarcRecordType.resource:
        is_html = record.content_type.startswith(_HTML)
        return _bounded(record.url, {"content-type": record.content_type}, record.block) if is_html else None
    if not _is_response(record):
        return None
    if not record.block.startswith(b"HTTP/"):
        counts.headless += 1
        return None
    message, body = _message(record.block, _HTML)
    if message.status != 200 or not body:
        return None
    headers: dict[str, str] = {}
    for name, value in message.headers.items():  # a header may come several times, each with an opt-out
        headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else str(value)
    return _bounded(record.url, headers, body)


def _is_response(record: _Record) -> bool:
    return record.type == WarcRecordType.response and record.content_type.startswith("application/http")


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


def unpack_zst(file: BinaryIO) -> Iterator[bytes]:
    """Yield the contents of a file of Zstandard frames, after its dictionary if it begins with one.

    The form is that of https://iipc.github.io/warc-specifications/specifications/warc-zstd/. Raises EOFError
    where the file is cut off, and ValueError where it is damaged.
    """
    import zstandard  # slow to load

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
