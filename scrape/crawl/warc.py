"""WARC files (ISO 28500, https://iipc.github.io/warc-specifications/): the pages that a crawler or an archive saved.

The package fastwarc finds the records; those of type `response` hold an HTTP message, which the standard library reads.

What a site says against AI training counts here as on the network: in the headers of an answer, and in the robots.txt
of its host, where the same file has one, or another file of the same crawl.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from http.client import HTTPException, HTTPResponse, IncompleteRead
from io import BytesIO
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import urljoin, urlsplit

from fastwarc.warc import WarcRecordType

from scrape.common.console import counted
from scrape.common.sizes import PAGE_BYTES
from scrape.crawl.robots_table import HostRules, RobotsTable
from scrape.crawl.warc_records import Record, records
from scrape.fields.urls import host_of
from scrape.http.client import Response
from scrape.http.decompress import TooLarge, Torn, Unreadable, decompress
from scrape.http.robots import Robots, header_opt_out, opt_out_lines

SUFFIXES = (".warc", ".warc.gz", ".warc.zst")
UnknownHosts = Literal["keep", "no-training", "leave-out"]
UNKNOWN_HOSTS: tuple[UnknownHosts, ...] = get_args(UnknownHosts)
UNKNOWN_HOST = "unknown host"
"""The opt-out of a page whose host's robots.txt is not known, where such pages are kept out of corpora."""

_HTML = ("text/html", "application/xhtml+xml")
_POSTING = b"jobposting"  # as JSON-LD, microdata and RDFa name it, in any case
_CHUNK = re.compile(rb"[0-9A-Fa-f]+[ \t]*(;[^\n]*)?\r?\n")  # how a body in chunks begins (RFC 9112, section 7.1)
_BEFORE_TEXT = b"\xef\xbb\xbf \t\r\n"
_IS_DAMAGED, _ARE_DAMAGED = (f"{verb} cut off, damaged or too large" for verb in ("is", "are"))
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
    """Counts of what archives held.

    `records` is the sum of `pages`, `others`, `revisits`, `headless` and `damaged`: pages are those of HTML that were
    answered with status 200, revisits refer to an earlier record, headless ones are answers without the headers of
    HTTP, and damaged ones are cut off, damaged or too large; where several in a row cannot even be told apart, they
    are one.

    `opted_out` counts pages by the line that forbids training. `unknown_hosts` counts pages whose host's robots.txt is
    not known, `left_out` those of them that were left out for it, and `no_posting` pages that name no JobPosting, of
    which nothing else is asked.
    """

    records: int = 0
    pages: int = 0
    others: int = 0
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
            (self.no_posting, "page names no posting", "pages name no posting"),
            (self.opted_out.total(), f"page opts out of training ({lines})", f"pages opt out of training ({lines})"),
            (
                self.unknown_hosts,
                "page is of a host whose robots.txt is not known",
                "pages are of hosts whose robots.txt is not known",
            ),
            (self.left_out, "of these is left out", "of these are left out"),
            (self.revisits, "record is a revisit", "records are revisits"),
            (self.headless, "record lacks HTTP headers", "records lack HTTP headers"),
            (self.damaged, f"record {_IS_DAMAGED}", f"records {_ARE_DAMAGED}"),
        )
        return ", ".join(counted(count, one, several) for count, one, several in told if count)

    def damage(self, path: Path, before: ArchiveCounts | None = None) -> str:
        """Return the sentence about the damaged records of a file, without what was counted before it."""
        found, records = self.damaged, self.records
        if before:
            found, records = found - before.damaged, records - before.records
        if found == records:
            return f"{path}: no record of a web archive in it can be read; is it a WARC file, and whole?"
        return f"{path}: {counted(found, f'of its records {_IS_DAMAGED}', f'of its records {_ARE_DAMAGED}')}"


def responses(
    path: Path, reading: ArchiveReading = ArchiveReading(), counts: ArchiveCounts | None = None
) -> Iterator[Response]:
    """Yield the pages of HTML in a WARC file that were answered with status 200; `opt_out` says what forbids training.

    `counts` goes up by what was found. Raises OSError where the file cannot be read.
    """
    counts = ArchiveCounts() if counts is None else counts
    own = RobotsTable()
    own.add(robots_files(path))  # a crawler may have asked for them after the pages
    for record in records(path):
        counts.records += 1
        page = _page(record, counts)
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
    for record in records(path, _is_robots):
        if record is None:
            counts.damaged += 1
        if not record or not record.block:
            continue
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


def _is_robots(record: Record) -> bool:
    if not record.url.endswith("/robots.txt") or not _is_message(record):
        return False
    return urlsplit(record.url).path == "/robots.txt"


def _may_have_posting(body: bytes) -> bool:
    return b"JobPosting" in body or _POSTING in body.lower() or b"\0" in body  # UTF-16 has other bytes


def _page(record: Record | None, counts: ArchiveCounts) -> Response | None:
    """Return the page of a record; None where it holds none, and then count it."""
    page = None
    if record is None:
        counts.damaged += 1
    elif record.type == WarcRecordType.revisit:
        counts.revisits += 1
    elif record.type == WarcRecordType.response and not (_is_message(record) and record.block.startswith(b"HTTP/")):
        counts.headless += 1
    else:
        try:
            page = _answer(record) if record.type == WarcRecordType.response else _resource(record)
            counts.others += page is None
        except _UNREADABLE:
            counts.damaged += 1
    return page


def _is_message(record: Record) -> bool:
    return record.type == WarcRecordType.response and record.content_type.startswith("application/http")


def _resource(record: Record) -> Response | None:
    """Return the page that a record holds without the headers of HTTP. Raises TooLarge."""
    is_html = record.type == WarcRecordType.resource and record.content_type.startswith(_HTML)
    return (
        _bounded(record.url, {"content-type": record.content_type}, record.block) if is_html and record.block else None
    )


def _answer(record: Record) -> Response | None:
    """Return the page of an HTTP message. Raises what reading one raises."""
    message, body = _message(record.block, _HTML)
    if message.status != 200 or not body:
        return None
    if len(record.block) > PAGE_BYTES:  # of which the rest was not read
        raise TooLarge
    headers: dict[str, str] = {}
    for name, value in message.headers.items():  # a header may come several times, each with an opt-out
        headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else str(value)
    return _bounded(record.url, headers, body)


def _message(block: bytes, kinds: tuple[str, ...] = ("",)) -> tuple[HTTPResponse, bytes]:
    """Return the HTTP message in a block, and its body decompressed; without a body where it is of no such kind.

    Some crawlers store a body as it is when unpacked, under the headers of the packed one (Common Crawl before August
    2018). So a body is what stands in the block, not what a Content-Length tells, and is unpacked where it is packed.
    """
    if block.startswith((b"HTTP/2 ", b"HTTP/3 ")):  # with the headers of a text protocol all the same
        block = b"HTTP/1.1" + block[6:]
    file = BytesIO(block)
    message = HTTPResponse(cast("object", _Socket(file)))  # type: ignore[arg-type]
    message.begin()
    if not str(message.headers.get("content-type", "")).lower().startswith(kinds):
        return message, b""
    stored = block[file.tell() :]
    length = message.length or 0
    if len(stored) < length:
        raise IncompleteRead(stored, length - len(stored))
    body = message.read() if message.chunked and _CHUNK.match(stored) else stored
    coding = str(message.headers.get("content-encoding", ""))
    begin = body.lstrip(_BEFORE_TEXT)[:2]
    if begin.startswith(b"<") or (begin.isascii() and "gzip" in coding.lower()):  # the second byte of gzip is not ASCII
        coding = ""
    return message, decompress([body], coding, PAGE_BYTES)


def _bounded(url: str, headers: dict[str, str], body: bytes) -> Response:
    if len(body) > PAGE_BYTES:
        raise TooLarge
    return Response(url, url, 200, headers, body)


class _Socket:
    """An HTTP message in memory, as `HTTPResponse` reads it."""

    def __init__(self, file: BytesIO) -> None:
        self.file = file

    def makefile(self, _mode: str) -> BytesIO:
        return self.file
