"""The text of a gathered dataset: the parts that `python -m scrape gather` wrote into corpus/, one after the other.

A part is KEY.txt with, where `gather` came so far, its ids KEY.ids, one number of fixed size for each character. The
manifest names the parts in their order, and all characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.data.vocab import Ids, Vocab
from scrape.common.errors import InputError

_CHUNK = 1 << 20  # characters


@dataclass(frozen=True)
class TextPart:
    """One part: its file without a suffix, its length in characters and in bytes of UTF-8."""

    path: Path
    characters: int
    bytes: int

    @property
    def text(self) -> Path:
        return self.path.with_suffix(".txt")

    @property
    def ids(self) -> Path:
        return self.path.with_suffix(".ids")


@dataclass(frozen=True)
class GatheredText:
    """The parts of a gathered dataset in their order; `sha256` is the manifest's, over the sums of the parts."""

    parts: tuple[TextPart, ...]
    vocab: Vocab
    sha256: str

    @property
    def length(self) -> int:
        """Number of characters."""
        return sum(part.characters for part in self.parts)

    def check(self) -> None:
        """Raise InputError where a part is missing, or not of the size that the manifest says."""
        for part in self.parts:
            size = part.text.stat().st_size if part.text.is_file() else None
            if size != part.bytes:
                found = "is missing" if size is None else f"has {size:,} bytes instead of {part.bytes:,}"
                raise InputError(f"{part.text} {found}, which the dataset was gathered with; gather it again")

    def pieces(self) -> Iterator[Ids]:
        """Yield the ids of the text, a piece in memory at a time. Raises InputError where the manifest is not right."""
        for part in self.parts:
            length = 0
            for piece in self._ids(part):
                if len(piece) and int(piece.max()) >= len(self.vocab):
                    raise InputError(f"{part.ids} is damaged; delete it and run again")
                length += len(piece)
                yield piece
            if length != part.characters:
                raise InputError(f"{part.text} has other characters than the manifest says; gather the dataset again")

    def _ids(self, part: TextPart) -> Iterator[Ids]:
        """Yield the stored ids of a part, or those of its text where they are not there, or cut short."""
        size = part.characters * self.vocab.dtype.itemsize
        if part.ids.is_file() and part.ids.stat().st_size == size:
            stored = np.memmap(part.ids, dtype=self.vocab.dtype, mode="r") if size else np.zeros(0, self.vocab.dtype)
            yield from (stored[at : at + _CHUNK] for at in range(0, len(stored), _CHUNK))
            return
        try:
            with part.text.open(encoding="utf-8", newline="") as text:
                while piece := text.read(_CHUNK):
                    yield self.vocab.encode(piece)
        except (UnicodeDecodeError, ValueError) as error:
            raise InputError(f"{part.text} is damaged ({error}); gather the dataset again") from error


def read(folder: Path, manifest: dict[str, Any]) -> GatheredText | None:
    """Return the text of a gathered dataset by its manifest; None where that names no parts. Raises InputError."""
    if "shards" not in manifest:
        return None
    try:
        parts = tuple(
            TextPart(folder / "corpus" / Path(str(shard["key"])).name, int(shard["characters"]), int(shard["bytes"]))
            for shard in manifest["shards"]
        )
        found = GatheredText(parts, Vocab(manifest["chars"]), str(manifest["sha256"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder / 'manifest.json'} is damaged ({error!r}); gather the dataset again") from error
    if not found.length:
        raise InputError(f"{folder} has no text to learn; gather postings that may be trained on")
    return found
