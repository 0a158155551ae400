"""How surprising each character of a text is to a network, and what that says of its words, lines and sections."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from html import unescape

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from charrnn.data.vocab import Vocab
from charrnn.model.lstm import CharLSTM
from charrnn.sample.generate import WARM_UP
from scrape.common.errors import InputError
from scrape.markup import grammar
from scrape.markup.ascii import ascii_equal

Floats = npt.NDArray[np.float64]

HEAD = "Head"

_WINDOW = 1000  # characters whose logits are in memory at once

_piece = re.compile(r"\n|</?[a-z0-9]+/?>|[^\S\n]+|[^\s<]+|<")
TAG = re.compile(r"<[^<>]*>")
_heading = re.compile(r"<h4>(.*?)</h4>|<p><b>([^<>]*)</b></p>")


@dataclass(frozen=True)
class Reading:
    """A text and how many bits the network needed for each character; NaN where it could not read one.

    `replaced` counts the characters that it does not know and read as something else, by what they are and what it
    read; `skipped` counts those that it did not read at all.
    """

    text: str
    bits: Floats
    replaced: Counter[tuple[str, str]]
    skipped: Counter[str]

    @property
    def total(self) -> float:
        """Bits of all characters that were read."""
        return float(np.nansum(self.bits))

    @property
    def mean(self) -> float:
        """Bits per character that was read."""
        return float(np.nanmean(self.bits))

    @property
    def read(self) -> int:
        """How many characters were read."""
        return int(np.count_nonzero(~np.isnan(self.bits)))


@dataclass(frozen=True)
class Piece:
    """A part of a reading: a word, a tag, spaces, a line or a section, where it starts and what it took."""

    text: str
    start: int
    bits: Floats

    @property
    def total(self) -> float:
        """Bits of its characters that were read."""
        return float(np.nansum(self.bits))

    @property
    def mean(self) -> float:
        """Bits per character that was read; 0 where none was."""
        return self.total / max(int(np.count_nonzero(~np.isnan(self.bits))), 1)

    @property
    def is_word(self) -> bool:
        """Whether it is neither a tag nor all signs."""
        return not self.text.startswith("<") and any(map(str.isalnum, unescape(self.text)))


def read(model: CharLSTM, vocab: Vocab, text: str, warm_up: str = WARM_UP) -> Reading:
    """The reading of a text; what stands in `warm_up` is read before it, as far as the network knows its characters.

    A character that the network does not know is read as its equal in ASCII, if it knows that, and is skipped
    otherwise. Raises InputError where there is nothing that it can read.
    """
    known = set(vocab.chars)
    asked = [_readable(char, known) for char in text]
    spoken = "".join(asked)
    if not spoken:
        raise InputError("the text has no character that the network knows, so there is nothing to score")
    before = "".join(char for char in warm_up if char in known) or vocab.chars[:1]
    nats = _nats(model, vocab.encode(before + spoken).astype(np.int64))[len(before) - 1 :]
    lengths = np.array([len(said) for said in asked])
    owner = np.repeat(np.arange(len(text)), lengths)
    bits = np.bincount(owner, weights=nats, minlength=len(text)) / math.log(2)
    bits[lengths == 0] = math.nan
    strange = [(char, said) for char, said in zip(text, asked, strict=True) if char != said]
    return Reading(
        text,
        bits,
        Counter((char, said) for char, said in strange if said),
        Counter(char for char, said in strange if not said),
    )


def pieces(reading: Reading) -> list[Piece]:
    """Words, tags and spaces, which together are the text."""
    return [_cut(reading, found.start(), found.end()) for found in _piece.finditer(reading.text)]


def words(reading: Reading) -> list[Piece]:
    """The different words, each where it took most bits, and those that took most first."""
    different: dict[str, Piece] = {}
    for piece in sorted(pieces(reading), key=lambda piece: -piece.total):
        if piece.is_word:
            different.setdefault(piece.text, piece)
    return list(different.values())


def lines(reading: Reading) -> list[Piece]:
    """The lines, each with the break that ends it."""
    return [_cut(reading, *found.span()) for found in re.finditer(r"[^\n]*\n|[^\n]+", reading.text)]


def sections(reading: Reading) -> list[tuple[str, Piece]]:
    """A posting's parts from heading to heading, by name; the first, before any heading, is the HEAD."""
    starts = [(0, HEAD)] + [(found.start(), found[1] or found[2]) for found in _heading.finditer(reading.text)]
    ends = [start for start, _ in starts[1:]] + [len(reading.text)]
    return [(name, _cut(reading, start, end)) for (start, name), end in zip(starts, ends, strict=True)]


def _cut(reading: Reading, start: int, end: int) -> Piece:
    return Piece(reading.text[start:end], start, reading.bits[start:end])


def _readable(char: str, known: set[str]) -> str:
    if char in known:
        return char
    equal = grammar.escape(ascii_equal(char))
    return equal if known.issuperset(equal) else ""


@torch.inference_mode()
def _nats(model: CharLSTM, ids: npt.NDArray[np.int64]) -> Floats:
    """The surprise of each character but the first, shape (len(ids) - 1,)."""
    model.eval()
    state = model.initial_state(1)
    line = torch.from_numpy(ids).to(state[0].device)
    found: list[Tensor] = []
    for start in range(0, len(ids) - 1, _WINDOW):
        targets = line[start + 1 : start + 1 + _WINDOW]
        logits, state = model(line[None, start : start + len(targets)], state)
        found.append(functional.cross_entropy(logits[0].float(), targets, reduction="none").cpu())
    made: Floats = torch.cat(found).double().numpy()
    if not np.isfinite(made).all():
        raise InputError("the model's output is not a number: its training diverged; take an earlier checkpoint")
    return made
