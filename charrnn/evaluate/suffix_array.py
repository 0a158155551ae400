"""The suffix array of a corpus, built once and kept beside input.txt, to find what a text shares with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from pydivsufsort import divsufsort  # type: ignore[import-untyped]

from charrnn.data.corpus import open_corpus
from charrnn.data.vocab import Ids, Vocab
from scrape.common.console import say
from scrape.common.errors import InputError
from scrape.common.files import READ_ONLY, write_whole_with

_FORMAT = "dream-jobs suffixes 1"
MOST = 500_000_000  # characters that are indexed: building takes six bytes of memory for each
_HEADER = 128  # bytes
_STRIDE = 32  # characters compared at a time
_UNKNOWN = -1  # a character that the corpus does not have: equal to none of it

Array = npt.NDArray[np.int64]
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class SuffixArray:
    """The suffix array of a text, to find any run of characters by binary search.

    `suffixes` holds the positions of `ids` in the order of the suffixes that begin there.
    """

    ids: Ids
    vocab: Vocab
    suffixes: npt.NDArray[np.signedinteger]

    @classmethod
    def open(cls, path: Path, end: int | None = None, vocab: Vocab | None = None) -> SuffixArray:
        """Open the suffix array of the first `end` characters (default: all) of the input.txt at `path`.

        `vocab` is that of the network whose text it is, as in `open_corpus`.

        It is built on first use and kept beside the text, 4 bytes per character; when the text has changed, it is
        rebuilt. Building takes 6 bytes of memory per character, so of more than MOST only the first are indexed, which
        is said. Raises InputError where the text cannot be used. Where its folder cannot be written, the array stays in
        memory.
        """
        if path.name != "input.txt":
            raise InputError(f"{path} is not the input.txt of a dataset; name that")
        corpus = open_corpus(path.parent, vocab)
        end = len(corpus.ids) if end is None else end
        if not 0 < end <= len(corpus.ids):
            raise InputError(f"{path} has {len(corpus.ids):,} characters; the first {end:,} of it cannot be indexed")
        if end > MOST:
            say(f"copies are looked for in the first {MOST:,} of the {end:,} characters that it learned")
            end = MOST
        stored = path.with_name(f"input.{end}.suffixes")
        header = f"{_FORMAT} {corpus.sha256} {end}\n".encode().ljust(_HEADER)
        if not _holds(stored, header, end):
            made = _sort(corpus.ids[:end])
            try:
                _delete_stale(path, corpus.sha256)
                write_whole_with(stored, lambda file: _write(file, header, made))
            except OSError as error:
                if error.errno not in READ_ONLY:
                    raise
                return cls(corpus.ids[:end], corpus.vocab, made)  # and sort it again next time
        suffixes = np.memmap(stored, dtype=_type(end), mode="r", offset=_HEADER)
        return cls(corpus.ids[:end], corpus.vocab, suffixes)

    @classmethod
    def of(cls, text: str) -> SuffixArray:
        """Build the suffix array of a text in memory, which is not empty."""
        vocab = Vocab.of(text)
        ids = vocab.encode(text)
        return cls(ids, vocab, _sort(ids))

    def match_lengths(self, text: str) -> Array:
        """Return for each position of `text` the length of the longest run from there that the corpus has too.

        Shape (len(text),): the matching statistics of Chang and Lawler (1994). Found by one binary search for all
        positions together, which, as in Manber and Myers (1993, section 3), does not compare again what is known
        to agree with both ends of the interval.
        """
        ids = {char: index for index, char in enumerate(self.vocab.chars)}
        wanted = np.array([ids.get(char, _UNKNOWN) for char in text], dtype=np.int64)
        count = len(wanted)
        low, high = np.full(count, -1), np.full(count, len(self.suffixes))
        agreed_low, agreed_high = np.zeros(count, np.int64), np.zeros(count, np.int64)
        best = np.zeros(count, np.int64)
        while len(rows := np.flatnonzero(high - low > 1)):
            middle = (low[rows] + high[rows]) // 2
            starts = self.suffixes[middle].astype(np.int64)
            agreed = _agreement(wanted, rows, self.ids, starts, np.minimum(agreed_low[rows], agreed_high[rows]))
            best[rows] = np.maximum(best[rows], agreed)
            after = _comes_after(wanted, rows + agreed, self.ids, starts + agreed)
            low[rows[after]], agreed_low[rows[after]] = middle[after], agreed[after]
            high[rows[~after]], agreed_high[rows[~after]] = middle[~after], agreed[~after]
        return best


def spans(lengths: Array, least: int) -> Spans:
    """Return the spans [start, end) of a text that shared runs of `least` characters or more cover, by match lengths.

    Runs that overlap or touch make one span, also where they come from two places of the corpus.
    """
    found: list[tuple[int, int]] = []
    for start in np.flatnonzero(lengths >= least).tolist():
        end = start + int(lengths[start])
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return tuple(found)


def share(runs: Spans, length: int) -> float:
    """Return the part of a text of `length` characters that `runs` cover; 0 for an empty one."""
    return sum(end - start for start, end in runs) / length if length else 0.0


def _agreement(text: Array, at: Array, corpus: Ids, starts: Array, known: Array) -> Array:
    """Return how many characters agree from text[at] and corpus[starts] on; the first `known` are known to agree."""
    agreed = known.copy()
    rows = np.arange(len(at))
    ahead = np.arange(_STRIDE)
    while len(rows):
        here, there = at[rows] + agreed[rows], starts[rows] + agreed[rows]
        room = np.minimum(len(text) - here, len(corpus) - there)
        ours = text.take(here[:, None] + ahead, mode="clip")
        theirs = corpus.take(there[:, None] + ahead, mode="clip")
        same = (ours == theirs) & (ahead < room[:, None])
        run = np.where(same.all(axis=1), _STRIDE, same.argmin(axis=1))
        agreed[rows] += run
        rows = rows[run == _STRIDE]
    return agreed


def _comes_after(text: Array, at: Array, corpus: Ids, there: Array) -> npt.NDArray[np.bool_]:
    """Return whether text[at:] sorts after corpus[there:]; their first characters differ. An end sorts first."""
    inside = (at < len(text)) & (there < len(corpus))
    ours, theirs = text.take(at, mode="clip"), corpus.take(there, mode="clip").astype(np.int64)
    return np.where(inside, ours > theirs, at < len(text))


def _delete_stale(path: Path, sha256: str) -> None:
    """Delete the suffix arrays of earlier texts at `path`."""
    for earlier in path.parent.glob("input.*.suffixes"):
        with earlier.open("rb") as file:
            stale = sha256.encode() not in file.read(_HEADER)
        if stale:
            earlier.unlink()


def _sort(ids: Ids) -> npt.NDArray[np.signedinteger]:
    own = np.array(ids)  # the library takes no array that is mapped from the disk
    suffixes: npt.NDArray[np.signedinteger] = divsufsort(own)
    return suffixes.astype(_type(len(ids)), copy=False)


def _type(end: int) -> np.dtype[np.signedinteger]:
    return np.dtype("<i4" if end < 2**31 else "<i8")


def _write(file: BinaryIO, header: bytes, suffixes: npt.NDArray[np.signedinteger]) -> None:
    file.write(header)
    file.write(suffixes.data)


def _holds(stored: Path, header: bytes, end: int) -> bool:
    """Return whether `stored` is the whole suffix array that `header` describes."""
    try:
        with stored.open("rb") as file:
            return file.read(_HEADER) == header and stored.stat().st_size == _HEADER + end * _type(end).itemsize
    except FileNotFoundError:
        return False
