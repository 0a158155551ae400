"""Read the corpus: encode it once beside input.txt, split it at a posting, and read it as contiguous streams."""

from __future__ import annotations

import codecs
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import numpy.typing as npt

from charrnn.data import gathered
from charrnn.data.vocab import Ids, Vocab, codes_of
from scrape.common.console import progress, say
from scrape.common.errors import InputError
from scrape.common.files import READ_ONLY, write_whole, write_whole_with
from scrape.common.suggest import datasets_beside

POSTING_BEGIN, POSTING_END = "<html>\n", "</html>\n"
POSTINGS, TEXT, LINES = "postings", "text", "lines"
"""The forms of a text: postings, one running text, or a text in each line."""
MANIFEST = "manifest.json"
BY_LINE, BY_TEXT = "line", "text"
PADDING = -100  # a target that does not count: torch's own default
TRAIN_FRAC, VAL_FRAC = 0.95, 0.05  # the defaults of a run

BYTE_ORDER_MARK = "\ufeff"
_LEFT_OUT = frozenset({BYTE_ORDER_MARK, "\r"})
_CHUNK = 1 << 20
_IN_MEMORY = 100_000_000  # characters that another vocabulary numbers in memory
_NAMED = 12  # unknown characters that an error lists
_UNICODE = 0x110000
_GATHER = (
    "name a text of your own (python -m charrnn.train FILE), gather postings with scripts/scrape.sh, or run "
    "scripts/dream.sh"
)

Array = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Corpus:
    """An encoded text. `ids` is mapped from the disk, not loaded; `sha256` is that of input.txt.

    `declared` is the form that its manifest says, if any; `monospace` says that it is source code.
    """

    ids: Ids
    vocab: Vocab
    sha256: str
    declared: str = ""
    monospace: bool = False

    @property
    def form(self) -> str:
        """POSTINGS, TEXT or LINES: as declared, else by the beginning."""
        return self.declared or _form(self.ids, self.vocab)

    def with_vocab(self, vocab: Vocab) -> Corpus:
        """Return the same text in the ids of another vocabulary. Raises InputError where that lacks a character."""
        if vocab == self.vocab:
            return self
        return replace(self, ids=_renumbered(self.ids, vocab.encode(self.vocab.chars)), vocab=vocab)


def open_corpus(folder: Path, vocab: Vocab | None = None) -> Corpus:
    """Return the corpus in `folder`/input.txt, encoded beside it on first use, or when the text has changed.

    Byte order marks are left out, and each line ends with a newline alone, unless `vocab`, that of a network from the
    time before this rule, has a character of either. Memory stays flat whatever the size, except where the folder
    cannot be written. Raises InputError where the text is missing, empty or not UTF-8.
    """
    as_it_is = vocab is not None and not _LEFT_OUT.isdisjoint(vocab.chars)
    text = folder / "input.txt"
    if folder.is_file():
        raise InputError(
            f"{folder} is a file, and --data-dir names the folder that holds input.txt; train on the file with: "
            f"python -m charrnn.train {folder}"
        )
    if text.is_dir():
        raise InputError(f"{text} is a folder; it must be the text itself; {_GATHER}")
    parts = None if text.exists() else gathered.read(folder, read_manifest(folder))
    if parts:
        return _open_parts(text, parts)
    if not text.is_file():
        raise InputError(f"there is no {text}; {datasets_beside(folder, text.name)}{_GATHER}")
    stored = _stored(text, _stamp(text), as_it_is)
    if stored is None:
        try:
            _encode(text, as_it_is)
        except OSError as error:
            if error.errno not in READ_ONLY:
                raise
            say(f"nothing can be written into {folder}; its text is encoded in memory")
            return _with_form(_encode_in_memory(text, as_it_is), folder)
        stored = _stored(text, _stamp(text), as_it_is)
        if stored is None:
            raise InputError(f"{text} changed while it was read; wait until it is written, then run again")
    return _with_form(stored, folder)


def has_text(folder: Path) -> bool:
    """Return whether `open_corpus` finds a text in a folder: its input.txt, or the parts of a gathered dataset."""
    return (folder / "input.txt").is_file() or "shards" in read_manifest(folder)


def _open_parts(text: Path, parts: gathered.GatheredText) -> Corpus:
    """Return the corpus of a gathered dataset, whose ids are joined in one file where `text` would have its own.

    So all of the text can be mapped at once: a byte or two on the disk for each character.
    """
    stamp = parts.stamp()
    stored = _stored(text, stamp, as_it_is=True)
    if stored is not None:
        return stored
    try:
        pieces = progress(parts.pieces(), desc="joining", unit=" pieces")
        write_whole_with(_ids_path(text), lambda file: file.writelines(piece.tobytes() for piece in pieces))
    except OSError as error:
        if error.errno not in READ_ONLY:
            raise
        say(f"nothing can be written into {text.parent}; its text is joined in memory")
        return Corpus(np.concatenate(list(parts.pieces())), parts.vocab, parts.sha256)
    length = _ids_path(text).stat().st_size // parts.vocab.dtype.itemsize
    note = {"sha256": parts.sha256, "length": length, "chars": parts.vocab.chars, "text": stamp, "as_it_is": True}
    write_whole(_note_path(text), json.dumps(note))
    stored = _stored(text, stamp, as_it_is=True)
    if stored is None:
        raise InputError(f"{text.parent} changed while it was read; wait until it is gathered, then run again")
    return stored


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a dataset; empty where there is none."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _with_form(corpus: Corpus, folder: Path) -> Corpus:
    """Return the corpus with the form that its manifest says, if it says one."""
    manifest = read_manifest(folder)
    if manifest.get("kind") != TEXT:
        return corpus
    form = LINES if manifest.get("by") == BY_LINE else TEXT
    return replace(corpus, declared=form, monospace=manifest.get("monospace") is True)


def _form(ids: Ids, vocab: Vocab) -> str:
    """Return the form of a text that declares none: postings if it begins with one."""
    return POSTINGS if vocab.decode(ids[: len(POSTING_BEGIN)]) == POSTING_BEGIN else TEXT


def unknown_characters(corpus: Corpus, vocab: Vocab) -> str:
    """Return the characters of a text that a vocabulary lacks, as a list to read; "" where it has all of them."""
    strange = sorted(set(corpus.vocab.chars) - set(vocab.chars))
    more = f" and {len(strange) - _NAMED} more" if len(strange) > _NAMED else ""
    return ", ".join(map(repr, strange[:_NAMED])) + more


@dataclass(frozen=True)
class Split:
    """The corpus in two or three parts. The rest after --train-frac and --val-frac is kept back as `test`."""

    train: Ids
    validation: Ids
    test: Ids
    vocab: Vocab
    sha256: str
    declared: str = ""
    monospace: bool = False

    @property
    def form(self) -> str:
        """POSTINGS, TEXT or LINES: as declared, else by the beginning."""
        return self.declared or _form(self.train, self.vocab)

    def judged_by_test(self) -> Split:
        """Return the split with the test part in the place of the validation part. Raises InputError without one."""
        if len(self.test) < 2:
            raise InputError(
                "this run kept no test part back: the fractions of its text to train on and to validate on must come "
                "to less than 1, as by --train-frac 0.8 --val-frac 0.1"
            )
        return replace(self, validation=self.test, test=self.test[:0])


def split(corpus: Corpus, train_frac: float, val_frac: float) -> Split:
    """Cut so that each part begins at a posting: the first boundary at or after each fraction, where there is one.

    A text that does not begin with a posting is cut at the end of a line.

    Raises InputError where a part would be too small to hold a single prediction.
    """
    ids, size = corpus.ids, len(corpus.ids)
    first = _boundary(corpus, train_frac)
    second = size if train_frac + val_frac > 1 - 1e-9 else _boundary(corpus, train_frac + val_frac)
    if min(first, second - first) < 2:
        raise InputError(
            f"a corpus of {size} characters is too small to train and validate on: by --train-frac {train_frac:g} and "
            f"--val-frac {val_frac:g}, {first} are to train on and {second - first} to validate; change these, or "
            "name a longer text"
        )
    parts = ids[:first], ids[first:second], ids[second:]
    return Split(*parts, corpus.vocab, corpus.sha256, corpus.declared, corpus.monospace)


class Streams:
    """A text as `batch_size` contiguous streams, which are read in parallel, window by window.

    The text is read as a ring that starts at `offset`: one pass takes every character once as input and once as
    target. Windows are nearly equal in length, `seq_length` at most, so that no pass ends in a tiny batch. A text
    too small for one batch gets fewer streams. The caller zeroes the hidden state before window 0.
    """

    def __init__(self, ids: Ids, batch_size: int, seq_length: int, offset: int = 0) -> None:
        self.ids = np.asarray(ids)
        self.offset = offset
        self.batch_size = max(1, min(batch_size, len(ids) // seq_length))
        stream = np.arange(self.batch_size + 1) * len(ids)
        self._edges = stream // self.batch_size
        longest = int(np.diff(self._edges).max())
        count = -(-longest // seq_length)
        self._windows = np.arange(count + 1) * longest // count

    def __len__(self) -> int:
        """Return the number of windows in one pass."""
        return len(self._windows) - 1

    def window(self, number: int) -> tuple[Array, Array]:
        """Return inputs and targets of one window, each (batch_size, time); targets past a stream's end are PADDING."""
        begin, end = self._windows[number], self._windows[number + 1]
        at = self._edges[:-1, None] + np.arange(begin, end + 1)[None, :]
        taken = self.ids[(at + self.offset) % len(self.ids)].astype(np.int64)
        targets = np.where(at[:, :-1] < self._edges[1:, None], taken[:, 1:], PADDING)
        return taken[:, :-1], targets


def _boundary(corpus: Corpus, fraction: float) -> int:
    """Return the first end of a posting after `fraction` of the text, else the last one before, else the fraction."""
    size = len(corpus.ids)
    target = min(max(round(size * fraction), 1), size - 1)
    end = POSTING_END if corpus.form == POSTINGS else "\n"
    if not set(end) <= set(corpus.vocab.chars):
        return target
    mark = corpus.vocab.encode(end)
    for at in range(target, size, _CHUNK):
        after = _marks(corpus.ids[at : at + _CHUNK + len(mark)], mark)
        if len(after) and at + int(after[0]) < size:
            return at + int(after[0])
        if len(after):
            break  # the text's own end
    before = _marks(corpus.ids[max(0, target - _CHUNK) : target], mark)
    return max(0, target - _CHUNK) + int(before[-1]) if len(before) else target


def positions_after(ids: Ids, mark: str, vocab: Vocab) -> npt.NDArray[np.int64]:
    """Return the positions just after each occurrence of `mark` in `ids`; none where the vocabulary cannot write it."""
    if not mark or not set(mark) <= set(vocab.chars):
        return np.zeros(0, dtype=np.int64)
    encoded = vocab.encode(mark)
    # In pieces: all windows at once would take many times the memory of the ids.
    pieces = (_marks(ids[at : at + _CHUNK + len(mark) - 1], encoded) + at for at in range(0, len(ids), _CHUNK))
    return np.concatenate([np.zeros(0, dtype=np.int64), *pieces])


def _marks(ids: Ids, mark: Ids) -> npt.NDArray[np.int64]:
    """Return the positions just after each occurrence of `mark`."""
    if len(ids) < len(mark):
        return np.zeros(0, dtype=np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(ids, len(mark))
    return np.flatnonzero((windows == mark).all(axis=1)) + len(mark)


def _stored(text: Path, stamp: list[Any], as_it_is: bool) -> Corpus | None:
    """Return the corpus that an earlier run encoded beside `text`, or None if it is absent or has another stamp.

    Of a text with nothing to leave out, the note says that it is encoded as it is.
    """
    try:
        note = json.loads(_note_path(text).read_text(encoding="utf-8"))
        vocab = Vocab(note["chars"])
        if note.get("as_it_is", True) != as_it_is and (as_it_is or not _LEFT_OUT.isdisjoint(vocab.chars)):
            return None
        size = _ids_path(text).stat().st_size
        if note["text"] != stamp or not size or size != note["length"] * vocab.dtype.itemsize:
            return None
        ids = np.memmap(_ids_path(text), dtype=vocab.dtype, mode="r")
        sha256 = note["sha256"]
        if not isinstance(sha256, str) or max(int(piece.max()) for piece in _pieces(ids)) >= len(vocab):
            return None
    except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return Corpus(ids, vocab, sha256)


def _renumbered(ids: Ids, numbers: Ids) -> Ids:
    """Return `numbers[ids]`. A long text is mapped from a nameless file, beside its own where that can be written."""
    if len(ids) <= _IN_MEMORY:
        return numbers[ids]
    with ExitStack() as stack:
        beside = Path(ids.filename).parent if isinstance(ids, np.memmap) and ids.filename else None
        try:
            file = stack.enter_context(TemporaryFile(dir=beside))
        except OSError as error:
            if error.errno not in READ_ONLY:
                raise
            file = stack.enter_context(TemporaryFile())
        for piece in progress(_pieces(ids), total=-(-len(ids) // _CHUNK), desc="renumbering", unit=" pieces"):
            file.write(numbers[piece].tobytes())
        file.flush()
        return np.memmap(file, dtype=numbers.dtype, mode="r")


def _pieces(ids: Ids) -> Iterator[Ids]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]


def _encode(text: Path, as_it_is: bool) -> None:
    """Write the ids of `text`, and a note with its vocabulary and checksum. Two passes: vocabulary, then ids."""
    stamp = _stamp(text)
    vocab, sha256, as_it_is = _survey(text, as_it_is)
    pieces = _ids(text, vocab, as_it_is)
    write_whole_with(_ids_path(text), lambda file: file.writelines(piece.tobytes() for piece in pieces))
    length = _ids_path(text).stat().st_size // vocab.dtype.itemsize
    note = {"sha256": sha256, "length": length, "chars": vocab.chars, "text": stamp, "as_it_is": as_it_is}
    write_whole(_note_path(text), json.dumps(note))


def _encode_in_memory(text: Path, as_it_is: bool) -> Corpus:
    vocab, sha256, as_it_is = _survey(text, as_it_is)
    return Corpus(np.concatenate(list(_ids(text, vocab, as_it_is))), vocab, sha256)


def _survey(text: Path, as_it_is: bool) -> tuple[Vocab, str, bool]:
    """Return the vocabulary of `text`, its checksum, and whether nothing is to be left out."""
    seen = np.zeros(_UNICODE, dtype=np.bool_)
    digest = hashlib.sha256()
    for piece in _decoded(text, digest):
        seen[codes_of(piece)] = True
    left_out = [ord(char) for char in _LEFT_OUT]
    as_it_is = as_it_is or not seen[left_out].any()
    if not as_it_is:
        seen[ord("\n")] |= seen[ord("\r")]
        seen[left_out] = False
    if not seen.any():
        raise InputError(f"{text} is empty; {_GATHER}")
    return Vocab("".join(map(chr, np.flatnonzero(seen)))), digest.hexdigest(), as_it_is


def _ids(text: Path, vocab: Vocab, as_it_is: bool) -> Iterator[Ids]:
    yield from map(vocab.encode, _decoded(text) if as_it_is else _normalized(_decoded(text)))


def _normalized(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the text without byte order marks, each line ended by a newline alone."""
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    for piece in pieces:
        yield newlines.decode(piece.replace(BYTE_ORDER_MARK, ""))
    yield newlines.decode("", final=True)


def _decoded(text: Path, digest: hashlib._Hash | None = None) -> Iterator[str]:
    """Yield the text piece by piece, with its newlines as they are. Raises InputError at what is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = 0
    with text.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            pending = len(decoder.getstate()[0])
            try:
                yield decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                wrong = f"byte 0x{error.object[error.start]:02x} at offset {read - pending + error.start}"
                raise InputError(f"{text} is not UTF-8: {wrong}; convert it to UTF-8") from error
            if not chunk:
                return
            if digest is not None:
                digest.update(chunk)
            read += len(chunk)


def _stamp(text: Path) -> list[int]:
    """Return size and time of the file, which change when the text does."""
    stat = text.stat()
    return [stat.st_size, stat.st_mtime_ns]


def _ids_path(text: Path) -> Path:
    return text.with_name("input.ids")


def _note_path(text: Path) -> Path:
    return text.with_name("input.ids.json")
