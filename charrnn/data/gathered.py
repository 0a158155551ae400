"""The text of a gathered dataset: the parts that `python -m scrape gather` wrote into corpus/, one after the other.

The manifest names the parts in their order, with the checksum of each, and all characters.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.data.vocab import Ids, Vocab
from scrape.common.errors import InputError

PARTS = "corpus"
"""The folder of the parts, in that of the dataset."""

_CHUNK = 1 << 20  # bytes
_GATHER_AGAIN = "run the same `python -m scrape gather` again"


@dataclass(frozen=True)
class TextPart:
    """One part: its file, its length in bytes, and its checksum."""

    text: Path
    bytes: int
    sha256: str


@dataclass(frozen=True)
class GatheredText:
    """The parts of a gathered dataset in their order; `sha256` is the manifest's, over the sums of the parts."""

    parts: tuple[TextPart, ...]
    vocab: Vocab
    sha256: str

    def stamp(self) -> list[Any]:
        """Return what changes when the text does: the checksum, and the size and time of each part.

        Raises InputError where a part is missing, or not of the size that the manifest says.
        """
        stamp: list[Any] = [self.sha256]
        for part in self.parts:
            stat = part.text.stat() if part.text.is_file() else None
            if stat is None or stat.st_size != part.bytes:
                found = f"has {stat.st_size:,} bytes instead of {part.bytes:,}" if stat else "is missing"
                raise InputError(f"{part.text} {found}; {_GATHER_AGAIN}")
            stamp += [stat.st_size, stat.st_mtime_ns]
        return stamp

    def pieces(self) -> Iterator[Ids]:
        """Yield the ids of the text, a piece in memory at a time. Raises InputError where a part is not as gathered."""
        for part in self.parts:
            changed = f"{part.text} has changed since it was written; delete it and {_GATHER_AGAIN}"
            decoder, digest = codecs.getincrementaldecoder("utf-8")(), hashlib.sha256()
            with part.text.open("rb") as file:
                try:
                    while chunk := file.read(_CHUNK):
                        digest.update(chunk)
                        yield self.vocab.encode(decoder.decode(chunk))
                except (UnicodeDecodeError, InputError) as error:
                    raise InputError(changed) from error
            if digest.hexdigest() != part.sha256:
                raise InputError(changed)


def read(folder: Path, manifest: dict[str, Any]) -> GatheredText | None:
    """Return the text of a gathered dataset by its manifest; None for a folder of another kind. Raises InputError."""
    if "shards" not in manifest:
        if (folder / PARTS).is_dir():
            raise InputError(f"{folder / 'manifest.json'} is missing or cannot be read; {_GATHER_AGAIN}")
        return None
    try:
        parts = tuple(
            TextPart(folder / PARTS / Path(f"{shard['key']}.txt").name, int(shard["bytes"]), str(shard["sha256"]))
            for shard in manifest["shards"]
        )
        found = GatheredText(parts, Vocab(manifest["chars"]), str(manifest["sha256"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder / 'manifest.json'} is damaged ({error!r}); {_GATHER_AGAIN}") from error
    sums = "".join(f"{part.sha256}\n" for part in parts)
    if hashlib.sha256(sums.encode()).hexdigest() != found.sha256:
        raise InputError(f"{folder / 'manifest.json'} is damaged: its checksums do not agree; {_GATHER_AGAIN}")
    if not any(part.bytes for part in parts):
        raise InputError(f"{folder} has no text to learn; gather postings that may be trained on")
    return found
