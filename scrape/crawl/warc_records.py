"""The records of a WARC file, by the package fastwarc; behind a damaged one, reading goes on where the next begins.

A record begins where a gzip member or a Zstandard frame does whose contents begin as one, or, in a file that is not
packed, where a line does.
"""

from __future__ import annotations

import re
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from fastwarc.warc import ArchiveIterator, WarcRecordType

from scrape.common.sizes import PAGE_BYTES
from scrape.http.decompress import GZIP, ZST_CHUNK

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_WANTED = WarcRecordType.response | WarcRecordType.resource
_ZST_DICTIONARY, _ZST_FRAME = b"\x5d\x2a\x4d\x18", b"\x28\xb5\x2f\xfd"  # how a dictionary and a frame begin
_RECORD = re.compile(rb"WARC/\d\.\d\r?\n[A-Za-z]")
_LONGEST_BEGIN = 12  # bytes of these
_SEARCHED = 1 << 16  # bytes at a time
_READ_AGAIN, _READ_AGAIN_AT_LEAST = 8, 16 << 20  # the most that is read again: times the size of a file, and bytes


class Record(NamedTuple):
    """A record: its type, its Content-Type in lower case, its address, and the first PAGE_BYTES + 1 bytes of it.

    `block` is empty for a record that was not wanted, and for one that is neither a response nor a resource.
    """

    type: WarcRecordType
    content_type: str
    url: str
    block: bytes


def records(path: Path, wanted: Callable[[Record], bool] = lambda record: True) -> Iterator[Record | None]:
    """Yield the records of a WARC file, with the blocks of those that are wanted, and None for each that is damaged.

    What is damaged and does not even begin as a record counts with what stands before it, as one. Raises OSError where
    the file cannot be read.
    """
    with path.open("rb") as file:
        archive = _archive(file, path)
        start: int | None = 0
        while start is not None:
            last = -1  # where the last record began
            try:
                for found in archive.read_from(start):
                    last = archive.place(found.stream_pos)
                    yield _read(found, wanted)
                return
            except (EOFError, ValueError):
                pass
            except OSError as error:
                if error.errno is not None:  # of the disk, and not of the contents
                    raise
            if last >= 0 or start == 0:  # else no record begins here either, and this was told of
                yield None
            start = archive.next_start(max(start, last))


def _read(found: Any, wanted: Callable[[Record], bool]) -> Record:
    """Return a record that fastwarc found. Raises EOFError where it is cut off, and ValueError for a bad length."""
    headers = found.headers
    length = int(headers.get("Content-Length") or "")
    url = (headers.get("WARC-Target-URI") or "").strip("<> ")
    record = Record(found.record_type, (headers.get("Content-Type") or "").lower(), url, b"")
    block = b""
    if record.type & _WANTED and wanted(record):
        block = found.reader.read(min(length, PAGE_BYTES + 1))
    if len(block) + found.reader.consume() < length:
        raise EOFError  # fastwarc says nothing of a record that is cut off
    return record._replace(block=block) if block else record


class _Archive:
    """An open WARC file that is not packed."""

    begin = b"WARC/"  # of what may be a record
    tried = _LONGEST_BEGIN  # bytes that tell whether it is one

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file = file
        self.left = _READ_AGAIN * size + _READ_AGAIN_AT_LEAST  # so that the time is linear, whatever is damaged

    def read_from(self, start: int) -> ArchiveIterator:
        """Return the records from that byte on, where one begins."""
        self.file.seek(start)
        return ArchiveIterator(self.file, parse_http=False)

    def place(self, position: int) -> int:
        """Return where in the file a record begins whose position is that by fastwarc."""
        return position

    def is_record(self, begin: bytes) -> bool:
        """Return whether a record begins with these bytes of the file."""
        return bool(_RECORD.match(begin))

    def next_start(self, after: int) -> int | None:
        """Return where the next record after that byte begins; None where there is none, or too much was read again."""
        self.left -= self.file.tell() - after
        at = after + 1
        while self.left >= 0:
            self.file.seek(at)
            searched = self.file.read(_SEARCHED)
            found = searched.find(self.begin)
            if found < 0:
                if len(searched) < _SEARCHED:
                    return None
                at += len(searched) - len(self.begin) + 1
                continue
            at += found
            self.file.seek(at)
            if self.is_record(self.file.read(self.tried)):
                return at
            self.left -= _SEARCHED + self.tried
            at += 1
        return None


class _GzipArchive(_Archive):
    """An open WARC file of gzip members."""

    begin = b"\x1f\x8b\x08"
    tried = 1 << 10

    def is_record(self, begin: bytes) -> bool:
        """Return whether a member whose contents begin as a record begins with these bytes."""
        try:
            return super().is_record(zlib.decompressobj(wbits=31).decompress(begin, _LONGEST_BEGIN))
        except zlib.error:
            return False


class _ZstArchive(_Archive):
    """An open WARC file of Zstandard frames, which may share a dictionary."""

    begin = _ZST_FRAME
    tried = 1 << 18  # the first block of a frame has 128 kB at most

    def __init__(self, file: BinaryIO, size: int) -> None:
        super().__init__(file, size)
        self.unpacker: Any = None
        self.frames: deque[tuple[int, int]] = deque()  # where each begins in the contents, and in the file

    def read_from(self, start: int) -> ArchiveIterator:
        """Return the records from that byte on, where a frame begins. Raises ValueError for a damaged dictionary."""
        self.file.seek(start)
        if not self.unpacker:
            self.unpacker = _zst_unpacker(self.file)
        self.frames.clear()
        # Not buffered: a buffer would lose what comes before an error.
        return ArchiveIterator(_Unpacked(_unpack_frames(self.file, self.unpacker, self.frames)), parse_http=False)

    def place(self, position: int) -> int:
        """Return where in the file the frame of a record begins; positions must not decrease."""
        while len(self.frames) > 1 and self.frames[1][0] <= position:
            self.frames.popleft()
        return self.frames[0][1]

    def is_record(self, begin: bytes) -> bool:
        """Return whether a frame whose contents begin as a record begins with these bytes."""
        import zstandard

        if not self.unpacker:
            return False
        frame = self.unpacker.decompressobj()
        for at in range(0, len(begin), ZST_CHUNK):
            try:
                if contents := frame.decompress(begin[at : at + ZST_CHUNK]):
                    return super().is_record(contents)
            except zstandard.ZstdError:
                return False
            if frame.eof:
                return False
        return False


def _archive(file: BufferedReader, path: Path) -> _Archive:
    size = path.stat().st_size
    if path.name.lower().endswith(".zst"):
        return _ZstArchive(file, size)
    return (_GzipArchive if file.peek(2)[:2] == GZIP else _Archive)(file, size)


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


def unpack_zst(file: BinaryIO) -> Iterator[bytes]:
    """Yield the contents of a file of Zstandard frames, after its dictionary if it begins with one.

    The form is that of https://iipc.github.io/warc-specifications/specifications/warc-zstd/. Raises EOFError
    where the file is cut off, and ValueError where it is damaged.
    """
    yield from _unpack_frames(file, _zst_unpacker(file), deque(maxlen=1))


def _zst_unpacker(file: BinaryIO) -> Any:
    """Return what unpacks the frames of a file, and read the dictionary that it begins with, if it does."""
    import zstandard  # slow to load

    begin = file.read(8)
    if begin[:4] != _ZST_DICTIONARY:
        file.seek(0)
        return zstandard.ZstdDecompressor()
    given = file.read(min(int.from_bytes(begin[4:], "little"), PAGE_BYTES))
    try:
        if given.startswith(_ZST_FRAME):
            given = zstandard.ZstdDecompressor().decompress(given, max_output_size=PAGE_BYTES)
        return zstandard.ZstdDecompressor(zstandard.ZstdCompressionDict(given))
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error


def _unpack_frames(file: BinaryIO, unpacker: Any, frames: deque[tuple[int, int]]) -> Iterator[bytes]:
    """Yield the contents of frames, and append to `frames` where each begins: in the contents, and in the file."""
    import zstandard

    unpacked, at = 0, file.tell()
    frame = unpacker.decompressobj()
    frames.append((unpacked, at))
    try:
        while packed := file.read(ZST_CHUNK):
            at += len(packed)
            while packed:
                if frame.eof:
                    frame = unpacker.decompressobj()
                    frames.append((unpacked, at - len(packed)))
                if chunk := frame.decompress(packed):  # an empty one would count as the end
                    unpacked += len(chunk)
                    yield chunk
                packed = frame.unused_data
        if not frame.eof:
            raise EOFError
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error
