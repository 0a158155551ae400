"""Encode characters as ids, by the vocabulary of a corpus and its model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from scrape.common.errors import InputError

Ids = npt.NDArray[np.unsignedinteger[Any]]

_CODE = np.dtype("<u4")  # one UTF-32 unit is one character


@dataclass(frozen=True)
class Vocab:
    """A vocabulary. `chars` holds every character once; the id of a character is its place in it."""

    chars: str

    def __post_init__(self) -> None:
        if not isinstance(self.chars, str) or len(set(self.chars)) != len(self.chars):
            raise ValueError("a vocabulary holds every character once")
        if any("\ud800" <= char <= "\udfff" for char in self.chars):
            raise ValueError("a vocabulary holds characters, not halves of them")

    @classmethod
    def of(cls, text: str) -> Vocab:
        """Return the vocabulary of `text`, by code point."""
        return cls("".join(sorted(set(text))))

    def __len__(self) -> int:
        return len(self.chars)

    @cached_property
    def dtype(self) -> np.dtype[np.unsignedinteger[Any]]:
        """The smallest unsigned type that holds every id: uint8 up to 256 characters."""
        return np.min_scalar_type(max(len(self.chars) - 1, 0))

    def encode(self, text: str) -> Ids:
        """Return the ids of `text`, shape (len(text),). Raises InputError naming the first unknown character."""
        codes = codes_of(text)
        known = self._known.take(codes, mode="clip")
        if not known.all():
            at = int(np.argmin(known))
            raise InputError(
                f"unknown character {text[at]!r} at {at}; the corpus of this model never used it: leave it out"
            )
        return self._ids.take(codes, mode="clip")

    def decode(self, ids: npt.ArrayLike) -> str:
        """Return the text of `ids`: the inverse of `encode`. Raises IndexError on an unknown id."""
        return self._codes[np.asarray(ids, dtype=np.int64)].tobytes().decode("utf-32-le")

    @cached_property
    def _codes(self) -> npt.NDArray[np.uint32]:
        return codes_of(self.chars)

    @cached_property
    def _known(self) -> npt.NDArray[np.bool_]:
        """Membership by code point. The last place is False, and all code points beyond are clipped to it."""
        known = np.zeros(int(self._codes.max(initial=0)) + 2, dtype=np.bool_)
        known[self._codes] = True
        return known

    @cached_property
    def _ids(self) -> Ids:
        ids = np.zeros(len(self._known), dtype=self.dtype)
        ids[self._codes] = np.arange(len(self.chars))
        return ids


def codes_of(text: str) -> npt.NDArray[np.uint32]:
    """Return the code points of `text`, shape (len(text),)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=_CODE)
