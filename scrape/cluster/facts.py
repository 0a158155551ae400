"""Facts of each posting of a shard that the survey needs, in one file beside it that is mapped into memory.

    shards/<key>.facts    a line of JSON, then four sections: signatures, records, names, characters beyond ASCII

The facts are a function of the shard alone. They hold its size, which a removal changes, and are then made again.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from scrape.common.files import write_whole_with
from scrape.dataset.corpus.near_duplicates import SIGNATURE_WORDS, Signatures, shingles, signature
from scrape.dataset.corpus.pii import scrub
from scrape.dataset.shards import Row, RowPlace, read_shard, sha256_of
from scrape.fields.urls import canonical
from scrape.markup import grammar

SUFFIX = ".facts"
REMOVED, NO_TRAINING, WITHOUT_BODY = 1, 2, 4
"""Flags of a posting."""

_ALIGN = 64  # bytes; sections begin there
_RECORD = np.dtype([
    ("name", "S16"), ("address", "S16"), ("offset", "<u8"), ("size", "<u4"), ("row", "<u4"),
    ("characters", "<u4"), ("rare", "<u4"), ("name_bytes", "<u2"), ("flags", "u1"), ("unused", "u1"),
])  # fmt: skip
_beyond_ascii = re.compile(r"[^\x00-\x7f]+")
_RARE = np.dtype([("code", "<u4"), ("count", "<u4")])


def mark_digest(mark: str) -> bytes:
    """Return 16 bytes that stand for a name or a canonical address; empty for an empty text."""
    return hashlib.sha256(mark.encode("utf-8", "surrogatepass")).digest()[:16] if mark else b""


@dataclass(frozen=True)
class ShardFacts:
    """The facts of one shard of `rows` rows, whose bytes are `size` and whose SHA-256 is `sha256`."""

    path: Path
    rows: int
    names_size: int
    rare_size: int
    size: int
    sha256: str
    start: int

    @property
    def signatures(self) -> Signatures:
        """The signatures of the scrubbed documents, (rows, SIGNATURE_WORDS); zeros where there is none to compare.

        They are mapped anew each time, so that no more memory counts as used than what the caller holds.
        """
        return self._section(0, np.dtype("<u4"), self.rows * SIGNATURE_WORDS).reshape(-1, SIGNATURE_WORDS)

    @cached_property
    def records(self) -> NDArray[Any]:
        """A record for each row: digests of name and address, its place in the shard, counts and flags."""
        return self._section(1, _RECORD, self.rows)

    @cached_property
    def rare(self) -> NDArray[Any]:
        """The characters beyond ASCII of each scrubbed document: code point and count, `rare` of a record many."""
        return self._section(3, _RARE, self.rare_size)

    def place(self, row: int) -> RowPlace:
        """Return where a row stands in the shard."""
        record = self.records[row]
        return RowPlace(int(record["offset"]), int(record["size"]), int(record["row"]))

    def names(self, rows: NDArray[np.intp]) -> list[str]:
        """Return the names of rows."""
        ends = np.cumsum(self.records["name_bytes"], dtype=np.int64)
        text = self._section(2, np.dtype("u1"), self.names_size)
        lengths = self.records["name_bytes"]
        return [bytes(text[ends[row] - lengths[row] : ends[row]]).decode("utf-8") for row in rows.tolist()]

    def _section(self, number: int, kind: np.dtype[Any], length: int) -> NDArray[Any]:
        sizes = (self.rows * SIGNATURE_WORDS * 4, self.rows * _RECORD.itemsize, self.names_size, 0)
        offset = self.start + sum(map(_padded, sizes[:number]))
        if not length:
            return np.zeros(0, kind)
        return np.memmap(self.path, kind, "r", offset, (length,))


def read_facts(shard: Path) -> ShardFacts | None:
    """Return the facts beside a shard; None where they are missing, damaged, or of a shard of another size."""
    path = _beside(shard)
    try:
        with path.open("rb") as file:
            line = file.readline()
            found = ShardFacts(path, start=_padded(len(line)), **json.loads(line))
        return found if found.size == shard.stat().st_size else None
    except (OSError, ValueError, TypeError):
        return None


def derive_facts(shard: Path) -> ShardFacts:
    """Write the facts of a shard and return them; memory holds one frame of it at a time. Raises InputError."""
    with ExitStack() as stack:
        sections = [stack.enter_context(TemporaryFile()) for _ in range(4)]
        rows = 0
        for parts in map(_encode, read_shard(shard)):
            rows += 1
            for section, part in zip(sections, parts, strict=True):
                section.write(part)
        found = {
            "rows": rows,
            "names_size": sections[2].tell(),
            "rare_size": sections[3].tell() // _RARE.itemsize,
            "size": shard.stat().st_size,
            "sha256": sha256_of(shard),
        }
        line = (json.dumps(found) + "\n").encode()

        def write(file: BinaryIO) -> None:
            file.write(line + bytes(_padded(len(line)) - len(line)))
            for section in sections:
                size = section.tell()
                section.seek(0)
                shutil.copyfileobj(section, file)
                file.write(bytes(_padded(size) - size))

        write_whole_with(_beside(shard), write)
    return ShardFacts(_beside(shard), start=_padded(len(line)), **found)  # type: ignore[arg-type]


def rare_counts(facts: ShardFacts, rows: NDArray[np.bool_]) -> Counter[str]:
    """Return how often each character beyond ASCII occurs in the scrubbed documents of the rows that are True."""
    entries = facts.rare[np.repeat(rows, facts.records["rare"])]
    codes, inverse = np.unique(entries["code"], return_inverse=True)
    counts = np.bincount(inverse, entries["count"], len(codes)).astype(np.int64)
    return Counter(dict(zip(map(chr, codes.tolist()), counts.tolist(), strict=True)))


def _beside(shard: Path) -> Path:
    return shard.with_name(shard.name.partition(".")[0] + SUFFIX)


def _padded(size: int) -> int:
    return -(-size // _ALIGN) * _ALIGN


def _encode(found: tuple[RowPlace, Row | None]) -> tuple[bytes, bytes, bytes, bytes]:
    """Return the parts of a row in the four sections."""
    place, row = found
    record = np.zeros(1, _RECORD)
    record["offset"], record["size"], record["row"] = place
    if row is None:
        record["flags"] = REMOVED
        return bytes(SIGNATURE_WORDS * 4), record.tobytes(), b"", b""
    name, rare, marks = row.head.name, b"", bytes(SIGNATURE_WORDS * 4)
    record["name"], record["address"] = mark_digest(name), mark_digest(canonical(row.head.url))
    record["name_bytes"] = len(name.encode())
    flags = NO_TRAINING if row.head.no_training else 0
    if not flags:
        text = scrub(row.document).text
        if any(grammar.OPEN[tag] in text for tag in grammar.BLOCKS):
            marks = signature(shingles(text)).astype("<u4").tobytes()
            counts = Counter("".join(_beyond_ascii.findall(text)))
            rare = np.array([(ord(char), count) for char, count in sorted(counts.items())], _RARE).tobytes()
            record["characters"], record["rare"] = len(text), len(counts)
        else:
            flags = WITHOUT_BODY
    record["flags"] = flags
    return marks, record.tobytes(), name.encode(), rare
