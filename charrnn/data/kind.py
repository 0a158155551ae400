"""The kind of a text: postings, one running text, or a text in each line; and how samples like it begin and end.

A checkpoint carries this, so that sampling needs nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

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
_MOST_LENGTH = 1 << 24  # characters of a sample, unless --length says more
_MORE = (300, 3000)  # characters, at least and at most, that a sample may go on until that end


@dataclass(frozen=True)
class TextKind:
    """The kind of a text, and how samples of it are written.

    A text ends with the first `end` from `soft_length` characters on, and at `length` at the latest. A posting ends
    with any `end`; from `soft_length` on it is closed after the block that is being written. Before a text, the network
    reads one of `openings`: pieces of the held-out text, each up to where a paragraph or line begins. `monospace` says
    that the text is source code.
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

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], vocab: Vocab) -> TextKind:
        """Return the kind that `asdict` made plain. Raises TypeError or ValueError where it is not one for `vocab`."""
        made = cls(**{**plain, "openings": tuple(plain["openings"])})
        texts = (made.end, *made.openings)
        numbers = (made.soft_length, made.length)
        if (
            made.form not in (POSTINGS, TEXT, LINES)
            or not all(isinstance(text, str) and set(text) <= set(vocab.chars) for text in texts)
            or not (made.is_postings or (all(made.openings) and made.openings))
            or any(type(number) is not int for number in numbers)
            or not 1 <= made.soft_length <= made.length <= _MOST_LENGTH
            or type(made.monospace) is not bool
        ):
            raise ValueError("it does not say of which kind its text was")
        return made

    def soft(self, length: int) -> int:
        """Return the soft length that goes with a limit of `length`."""
        return max(1, min(self.soft_length, round(length * self.soft_length / self.length)))

    @property
    def noun(self) -> str:
        """The word for one sample."""
        return "posting" if self.is_postings else "text"


def guess(vocab: Vocab) -> TextKind:
    """Return the kind that a network was trained on, by its vocabulary: postings where it can write their markup."""
    marks = set("".join(grammar.OPEN.values()) + "".join(grammar.CLOSE.values()))
    if marks <= set(vocab.chars):
        return TextKind()
    line = LINE if LINE in vocab.chars else ""
    return TextKind(TEXT, False, line, _EXCERPT, _EXCERPT + _MORE[0], (line or vocab.chars[:1],))


def kind_of(text: Split) -> TextKind:
    """Return the kind of a text: its form, and the lengths and beginnings found in it."""
    ids = text.train[-_SCANNED:]
    if text.form == POSTINGS:
        usual = _percentile(_gaps(text, POSTING_END, ids), 99)
        usual = min(usual, _MOST_LENGTH // 2)
        return TextKind(soft_length=usual, length=round(usual / 0.8)) if usual else TextKind()
    if text.form == LINES:
        usual = _percentile(_gaps(text, LINE, ids), 99)
        return TextKind(
            LINES, end=LINE, soft_length=1, length=min(max(2 * usual, 50), _MOST_LENGTH), openings=_openings(text, LINE)
        )
    marks = [mark for mark in (PARAGRAPH, LINE) if len(_gaps(text, mark, ids)) * _FAR >= len(ids)]
    end = marks[0] if marks else ""
    more = min(max(_percentile(_gaps(text, end, ids), 99), _MORE[0]), _MORE[1]) if end else _MORE[0]
    return TextKind(TEXT, text.monospace, end, _EXCERPT, _EXCERPT + more, _openings(text, end))


def _gaps(text: Split, mark: str, ids: Ids) -> Array:
    """Return the lengths from one `mark` in `ids` to the next."""
    return np.diff(positions_after(ids, mark, text.vocab), prepend=0)


def _percentile(lengths: Array, percent: float) -> int:
    return int(np.percentile(lengths, percent)) if len(lengths) else 0


def _openings(text: Split, end: str) -> tuple[str, ...]:
    """Return pieces of the held-out text (of the training text, where that has none), each up to where a line begins.

    A line that begins with a space is none: it continues what is before. In a text without lines, they are sentences,
    or else words.
    """
    for part in (text.validation[:_SCANNED], text.train[-_SCANNED:]):
        whole = text.vocab.decode(part)
        for mark in filter(None, dict.fromkeys((end, LINE, ". ", " "))):
            after = positions_after(part, mark, text.vocab).tolist()
            good = sorted({at for at in map(partial(_skip_newlines, whole), after) if whole[at : at + 1].strip()})
            if good:
                some = [good[round(place)] for place in np.linspace(0, len(good) - 1, min(len(good), _OPENINGS))]
                return tuple(whole[max(0, at - _CONTEXT) : at] for at in some)
    return (text.vocab.decode(text.validation[:_CONTEXT]),)


def _skip_newlines(text: str, at: int) -> int:
    """Return the position of the first character from `at` on that is no newline."""
    while text[at : at + 1] == "\n":
        at += 1
    return at
