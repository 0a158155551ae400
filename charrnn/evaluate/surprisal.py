"""Compute the surprisal of each character of a text to a network, and of its words, lines and sections."""

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
from scrape.markup import grammar, reader
from scrape.markup.ascii import ascii_equal

Floats = npt.NDArray[np.float64]

HEAD = "Head"

_WINDOW = 1000  # characters whose logits are in memory at once

_piece = re.compile(r"\n|</?[a-z0-9]+/?>|[^\S\n]+|[^\s<]+|<")


@dataclass(frozen=True)
class Reading:
    """A text and the surprisal of each character in bits; NaN where the network could not read one.

    `replaced` counts the unknown characters that were read as others, by the pair of both; `skipped` counts those
    that were not read at all.
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
        """The number of characters that were read."""
        return int(np.count_nonzero(~np.isnan(self.bits)))


@dataclass(frozen=True)
class Span:
    """A part of a reading: a word, a tag, spaces, a line or a section, its start and the bits of its characters."""

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
        """True if it has a letter or a digit and is not a tag."""
        return not self.text.startswith("<") and any(map(str.isalnum, unescape(self.text)))


def read(model: CharLSTM, vocab: Vocab, text: str, warm_up: str = WARM_UP) -> Reading:
    """Read a text, after the characters of `warm_up` that the network knows.

    An unknown character is read as its equivalent in ASCII, if the network knows that, and is skipped otherwise.
    Raises InputError where no character can be read.
    """
    known = set(vocab.chars)
    equals = (char if char in known else grammar.escape(ascii_equal(char)) for char in text)
    read_as = [equal if known.issuperset(equal) else "" for equal in equals]
    readable = "".join(read_as)
    if not readable:
        raise InputError(
            "the text has no character that the network knows, so there is nothing to score; score another"
        )
    before = "".join(char for char in warm_up if char in known) or vocab.chars[:1]
    nats = _nats(model, vocab.encode(before + readable).astype(np.int64))[len(before) - 1 :]
    lengths = np.array([len(equal) for equal in read_as])
    owner = np.repeat(np.arange(len(text)), lengths)
    bits = np.bincount(owner, weights=nats, minlength=len(text)) / math.log(2)
    bits[lengths == 0] = math.nan
    changed = [(char, equal) for char, equal in zip(text, read_as, strict=True) if char != equal]
    return Reading(
        text,
        bits,
        Counter((char, equal) for char, equal in changed if equal),
        Counter(char for char, equal in changed if not equal),
    )


def spans(reading: Reading) -> list[Span]:
    """Return the words, tags and spaces, which together are the text."""
    return [_cut(reading, found.start(), found.end()) for found in _piece.finditer(reading.text)]


def words(reading: Reading) -> list[Span]:
    """Return the different words, each where it took most bits, in descending order of bits."""
    different: dict[str, Span] = {}
    for span in sorted(spans(reading), key=lambda span: -span.total):
        if span.is_word:
            different.setdefault(span.text, span)
    return list(different.values())


def lines(reading: Reading) -> list[Span]:
    """Return the lines, each with the break that ends it."""
    return [_cut(reading, *found.span()) for found in re.finditer(r"[^\n]*\n|[^\n]+", reading.text)]


def sections(reading: Reading) -> list[tuple[str, Span]]:
    """Return a posting's parts from heading to heading, each with its heading on one line of plain text.

    The first part, before any heading, is called HEAD.
    """
    headings = [block for block in reader.blocks(reading.text) if block.is_heading]
    starts = [(0, HEAD)]
    starts += [(block.start - len(grammar.OPEN[block.tag]), " ".join(block.text.split())) for block in headings]
    ends = [start for start, _ in starts[1:]] + [len(reading.text)]
    return [(name, _cut(reading, start, end)) for (start, name), end in zip(starts, ends, strict=True)]


def _cut(reading: Reading, start: int, end: int) -> Span:
    return Span(reading.text[start:end], start, reading.bits[start:end])


@torch.inference_mode()
def _nats(model: CharLSTM, ids: npt.NDArray[np.int64]) -> Floats:
    """Return the surprisal of each character but the first in nats, shape (len(ids) - 1,)."""
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
