"""The shards of a gathered dataset: thousands of postings in one packed file, read as a stream or one by one.

A shard holds the postings of one input file, `shards/<key>.jsonl.zst`, in the order of the SHA-256 of their names. It
is a chain of Zstandard frames, each of at most 50 postings and readable alone, so that one posting is found by the
place of its frame and its row in it. A row is one line of JSON: the fields of the posting, with its document of simple
markup in place of its html. A removed posting leaves the row `null`, so that the other rows keep their numbers, by
which the signatures beside the shard are found.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import zstandard

from scrape.common.errors import InputError
from scrape.common.files import write_whole_with
from scrape.common.posting import Posting, from_fields, to_fields

SHARDS = "shards"
"""The folder of the shards, in that of their dataset."""
SUFFIX = ".jsonl.zst"
MARK_SUFFIX = ".done.json"
"""The end of the name of a shard's mark, which is written after everything else of the shard."""
FRAME_ROWS = 50
FRAME_BYTES = 4 << 20
"""A frame ends after this many bytes of text, even with fewer postings, which bounds the memory of its readers."""

_MOST_BYTES = 64 << 20  # of an unpacked frame: the longest posting after FRAME_BYTES of others takes a quarter
_LEVEL = 3
_HEADER_BYTES = 18  # the most that the header of a frame has
_READ_BYTES = 1 << 18
_SPOOLS = 64  # temporary files of `in_order`
_RECORD = struct.Struct("<32s?I")  # in them: the sort key, whether training is forbidden, the size of the packed row
_LONE = re.compile("[\ud800-\udfff]")  # half a character, from broken JSON, which UTF-8 cannot encode
_REMOVED = b"null\n"


class Row(NamedTuple):
    """A posting without its html, and its document: simple markup, as in postings/ of a dataset of files."""

    head: Posting
    document: str


class RowPlace(NamedTuple):
    """The place of a posting in its shard: where its frame begins, the packed bytes of the frame, its row in it."""

    offset: int
    size: int
    row: int


class Written(NamedTuple):
    """The number of rows that a shard was written with, and the SHA-256 of the file."""

    rows: int
    sha256: str


def input_key(path: Path) -> str:
    """Return the key of an input file, 16 hexadecimal digits, whatever its name and folder.

    It is the start of the SHA-256 of all its content, which is read for it each time: less than a second for
    100 MB, whose postings take a minute. Raises OSError.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def order(name: str) -> bytes:
    """Return the sort key of a posting in its shard: the SHA-256 of its name, so that no board or host comes first."""
    return hashlib.sha256(name.encode()).digest()


def in_order(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows in the order of a shard; of several with one name the first, which forbids training if any does.

    They wait packed in temporary files, by the first bits of their sort keys. Memory holds the places of those in one
    of the files, so ten million rows take about 30 MB. Raises OSError.
    """
    packer = zstandard.ZstdCompressor(1)
    with ExitStack() as stack:
        spools = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(_SPOOLS)]
        for row in rows:
            key, packed = order(row.head.name), packer.compress(_encode(row))
            spools[key[0] * _SPOOLS // 256].write(_RECORD.pack(key, row.head.no_training, len(packed)) + packed)
        for spool in spools:
            yield from _sorted(spool)


def _sorted(spool: BinaryIO) -> Iterator[Row]:
    """Yield the rows of a temporary file by their sort keys."""
    unpacker = zstandard.ZstdDecompressor()
    places: dict[bytes, tuple[int, int]] = {}
    forbidden = set()
    spool.seek(0)
    while begin := spool.read(_RECORD.size):
        key, no_training, size = _RECORD.unpack(begin)
        places.setdefault(key, (spool.tell(), size))
        if no_training:
            forbidden.add(key)
        spool.seek(size, 1)
    for key in sorted(places):
        start, size = places[key]
        spool.seek(start)
        row = _decode(json.loads(unpacker.decompress(spool.read(size))))
        yield row._replace(head=replace(row.head, no_training=True)) if key in forbidden else row


def write_shard(path: Path, rows: Iterable[Row]) -> Written:
    """Write a shard, whole or not at all, one frame in memory at a time.

    Raises ValueError where the rows are not in the order of `in_order`, and OSError.
    """
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        last = b""
        for row in rows:
            key = order(row.head.name)
            if key <= last:
                raise ValueError(f"{row.head.name} is not in the order of a shard")
            last, count = key, count + 1
            yield _encode(row)

    return Written(0, _write_frames(path, _frames(lines())))._replace(rows=count)


def read_shard(path: Path) -> Iterator[tuple[RowPlace, Row | None]]:
    """Yield the rows of a shard with their places, None for a removed posting, one frame in memory at a time.

    Raises InputError where the file is missing or damaged.
    """
    for place, line in read_lines(path):
        yield place, row_of(path, line)


def read_frame(path: Path, offset: int, size: int) -> list[bytes]:
    """Return the lines of the frame at a place of a shard, for `read_row`. Raises InputError, as `read_shard` does."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            packed = file.read(size)
            if len(packed) < size:
                raise _damaged(path, "it is cut off")
            return _next_frame(path, packed, file)[1].splitlines()
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error


def read_row(path: Path, lines: list[bytes], row: int) -> Row | None:
    """Return one row of a frame of the shard `path`; None for a removed posting. Raises InputError."""
    if row >= len(lines):
        raise _damaged(path, "a frame is too short")
    return row_of(path, lines[row])


def read_lines(path: Path) -> Iterator[tuple[RowPlace, bytes]]:
    """Yield the lines of a shard as `read_shard` yields rows, for `row_of`. Raises InputError."""
    for offset, packed, lines in _read_frames(path):
        for number, line in enumerate(lines):
            yield RowPlace(offset, len(packed), number), line


def row_of(path: Path, line: bytes) -> Row | None:
    """Return the row that a line of the shard `path` says; None for a removed posting. Raises InputError."""
    try:
        fields = json.loads(line)
        return None if fields is None else _decode(fields)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error


def replace_rows(path: Path, rows: Mapping[int, Row | None]) -> int:
    """Write a shard again with these rows, by their numbers; None removes a posting. Return how many have changed.

    Frames in which nothing changes are copied as they are; where nothing changes at all, nothing is written. Raises
    InputError where the shard is missing or damaged.
    """
    lines = {number: _REMOVED if row is None else _encode(row) for number, row in rows.items()}
    changed = sum(lines.get(number, line + b"\n") != line + b"\n" for number, (_, line) in enumerate(read_lines(path)))

    def frames() -> Iterator[bytes]:
        start = 0
        for _, packed, old in _read_frames(path):
            new = [lines.get(start + number, line + b"\n") for number, line in enumerate(old)]
            yield packed if lines.keys().isdisjoint(range(start, start + len(old))) else _pack(b"".join(new))
            start += len(old)

    if changed:
        _write_frames(path, frames())
    return changed


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _encode(row: Row) -> bytes:
    text = json.dumps({**to_fields(row.head), "html": "", "document": row.document}, ensure_ascii=False) + "\n"
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _LONE.sub(lambda half: f"\\u{ord(half[0]):04x}", text).encode()


def _decode(fields: Any) -> Row:
    """Raise ValueError for fields that are not those of a row."""
    if not isinstance(fields, dict) or not isinstance(fields.get("document"), str):
        raise ValueError("a row has no document")
    document = fields.pop("document")
    return Row(from_fields(fields), document)


def _frames(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield packed frames of lines."""
    held: list[bytes] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if len(held) == FRAME_ROWS or size >= FRAME_BYTES:
            yield _pack(b"".join(held))
            held.clear()
            size = 0
    if held:
        yield _pack(b"".join(held))


def _pack(text: bytes) -> bytes:
    return zstandard.ZstdCompressor(_LEVEL, write_checksum=True).compress(text)


def _write_frames(path: Path, frames: Iterator[bytes]) -> str:
    """Write a whole file of frames; return its SHA-256."""
    digest = hashlib.sha256()

    def write(file: BinaryIO) -> None:
        for frame in frames:
            digest.update(frame)
            file.write(frame)

    write_whole_with(path, write)
    return digest.hexdigest()


def _read_frames(path: Path) -> Iterator[tuple[int, bytes, list[bytes]]]:
    """Yield of each frame its offset, its packed bytes and its lines."""
    offset, held = 0, b""
    try:
        with path.open("rb") as file:
            while held := held or file.read(_READ_BYTES):
                packed, text, held = _next_frame(path, held, file)
                yield offset, packed, text.splitlines()
                offset += len(packed)
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error


def _next_frame(path: Path, held: bytes, file: BinaryIO) -> tuple[bytes, bytes, bytes]:
    """Return the frame that begins with `held` and goes on in the file: packed, unpacked, and what follows it."""
    held += file.read(max(_HEADER_BYTES - len(held), 0))
    _check_size(path, held)
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    given, parts = [held], []
    try:
        parts.append(unpacker.decompress(held))
        while not unpacker.eof:
            if not (chunk := file.read(_READ_BYTES)):
                raise _damaged(path, "it is cut off")
            given.append(chunk)
            parts.append(unpacker.decompress(chunk))
    except zstandard.ZstdError as error:
        raise _damaged(path, str(error)) from error
    rest, packed = unpacker.unused_data, b"".join(given)
    return packed[: len(packed) - len(rest)], b"".join(parts), rest


def _check_size(path: Path, begin: bytes) -> None:
    """Refuse a frame that would unpack to more than a frame can have."""
    try:
        size = zstandard.get_frame_parameters(begin).content_size
    except zstandard.ZstdError as error:
        raise _damaged(path, str(error)) from error
    if size > _MOST_BYTES:  # as it also is where the frame does not state it
        raise _damaged(path, "a frame is too large")


def _damaged(path: Path, why: str) -> InputError:
    return InputError(f"{path} cannot be read ({why}); delete it and run `scrape gather` with its input file again")
