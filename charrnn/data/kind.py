"""What a text is: postings, one running text, or a text in each line; and how samples like it begin and end.

A checkpoint carries this, so that sampling needs nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from charrnn.data.corpus import LINES, POSTING_END, POSTINGS, TEXT, Array, Split, positions_after
from charrnn.data.vocab import Ids, Vocab
from scrape.markup import grammar

PARAGRAPH, LINE = "\n\n", "\n"

_OPENINGS = 48
_CONTEXT = 200  # characters before an opening
_SCANNED = 1 << 22  # characters of the training text that lengths are taken from: its end
_FAR = 4000  # characters, at most, between two ends on average, for a text to end at one
_EXCERPT = 700  # characters of a running text, from which on the next end of a paragraph ends a sample
_MORE = (300, 3000)  # characters, at least and at most, that a sample may go on until that end


@dataclass(frozen=True)
class TextKind:
    """The kind of a text, and how samples of it are written.

    A sample ends with `end`, if that comes after `soft_length` characters or more, and at `length` at the latest; a
    posting may also end sooner. Before a sample, the network reads one of `openings`: pieces of the held-out text, each
    up to where a paragraph or line begins. Without any it reads `end`. `monospace` says that the text is source code.
    """

    form: str = POSTINGS
    monospace: bool = False
    end: str = POSTING_END
    soft_length: int = 6400
    length: int = 8000
    openings: tuple[str, ...] = ()

    @property
    def is_postings(self) -> bool:
        return self.form == POSTINGS

    @property
    def noun(self) -> str:
        """The word for one sample."""
        return "posting" if self.is_postings else "text"


def guess(vocab: Vocab) -> TextKind:
    """Return the kind that a network was trained on, by its vocabulary: postings where it can write their markup."""
    marks = set("".join(grammar.OPEN.values()) + "".join(grammar.CLOSE.values()))
    if marks <= set(vocab.chars):
        return TextKind()
    return TextKind(TEXT, end=LINE if LINE in vocab.chars else "", soft_length=_EXCERPT, length=_EXCERPT + _MORE[0])


def kind_of(text: Split) -> TextKind:
    """Return the kind of a text: its form, and the lengths and beginnings found in it."""
    ids = text.train[-_SCANNED:]
    if text.form == POSTINGS:
        usual = _percentile(_gaps(text, POSTING_END, ids), 99)
        return TextKind(soft_length=usual, length=round(usual / 0.8)) if usual else TextKind()
    if text.form == LINES:
        usual = _percentile(_gaps(text, LINE, ids), 99)
        return TextKind(LINES, end=LINE, soft_length=0, length=max(2 * usual, 50), openings=_openings(text, LINE))
    marks = [mark for mark in (PARAGRAPH, LINE) if len(_gaps(text, mark, ids)) * _FAR >= len(ids)]
    end = marks[0] if marks else ""
    more = min(max(_percentile(_gaps(text, end, ids), 99), _MORE[0]), _MORE[1]) if end else _MORE[0]
    return TextKind(TEXT, text.monospace, end, _EXCERPT, _EXCERPT + more, _openings(text, end))


def _gaps(text: Split, mark: str, ids: Ids) -> Array:
    """Return the lengths from one `mark` in `ids` to the next."""
    return np.diff(positions_after(ids, mark, text.vocab), prepend=0)


def _percentile(lengths: Array, percent: float) -> int:
    return int(np.percentile(lengths, percent)) if len(lengths) else 0


def _openings(text: Split, mark: str) -> tuple[str, ...]:
    """Return pieces of the held-out text (of the training text, where that has none), each up to where a line begins.

    A line that begins with a space is none: it continues what is before.
    """
    for part in (text.validation, text.train[-_SCANNED:]):
        whole = text.vocab.decode(part[:_SCANNED])
        starts = [
            at + len(whole[at : at + _CONTEXT]) - len(whole[at : at + _CONTEXT].lstrip("\n"))
            for at in positions_after(part[:_SCANNED], mark, text.vocab).tolist()
            if mark
        ]
        good = [at for at in sorted(set(starts)) if at < len(whole) and not whole[at].isspace()]
        if good:
            some = [good[round(place)] for place in np.linspace(0, len(good) - 1, min(len(good), _OPENINGS))]
            return tuple(whole[max(0, at - _CONTEXT) : at] for at in some)
    return ()
