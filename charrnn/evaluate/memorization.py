"""Measure how much of a text stands word for word in the training text, for samples and for held-out texts alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from charrnn.data.corpus import LINES, POSTING_END, POSTINGS, Split
from charrnn.evaluate.suffix_array import Spans, SuffixArray, share, spans
from charrnn.model.checkpoint import Checkpoint
from charrnn.runs import training_text
from scrape.common.errors import InputError
from scrape.markup import document

COPIED = 50  # characters: a shared run of this length or more counts as copied

_MOST_HELD_OUT = 500  # held-out texts that are looked at
_MOST_READ = 20_000_000  # held-out characters among which these are
_COMPARED = 20  # held-out texts that a gallery compares with


@dataclass(frozen=True, slots=True)
class Overlap:
    """The overlap of a text with a corpus.

    `longest` is the length of the longest run of characters that both have, `runs` are the spans [start, end) of
    the text that are covered by shared runs of COPIED characters or more, and `share` is their part of it.
    """

    longest: int
    share: float
    runs: Spans


@dataclass(frozen=True, slots=True)
class OverlapSummary:
    """The overlap of `count` texts with the training text: their mean `share` and their `longest` run."""

    count: int
    share: float
    longest: int

    @classmethod
    def of(cls, overlaps: Sequence[Overlap]) -> OverlapSummary:
        """Summarize at least one overlap."""
        mean = sum(overlap.share for overlap in overlaps) / len(overlaps)
        return cls(len(overlaps), mean, max(overlap.longest for overlap in overlaps))

    def __str__(self) -> str:
        return f"{self.share:.0%} on average, at most {self.longest} characters in a row"


def find_overlap(text: str, corpus: SuffixArray) -> Overlap:
    """Return the overlap of `text` with `corpus`. A posting of 4,000 characters takes a tenth of a second."""
    lengths = corpus.match_lengths(text)
    runs = spans(lengths, COPIED)
    return Overlap(int(lengths.max(initial=0)), share(runs, len(text)), runs)


def held_out(text: Split, length: int) -> list[str]:
    """Return the postings or separate lines of the validation part; of one text, pieces of `length` characters.

    Of more than 500, every n-th, spread evenly; of more than 20 million characters, the first are looked at.
    """
    whole = text.vocab.decode(text.validation[:_MOST_READ])
    if text.form == POSTINGS:
        found = [posting for posting in document.split([whole]) if posting.endswith(POSTING_END)]
    elif text.form == LINES:
        found = [line for line in whole.splitlines(keepends=True) if line.strip()]
        if len(text.validation) > _MOST_READ and not whole.endswith("\n"):
            found.pop()
    else:
        found = [whole[start : start + length] for start in range(0, len(whole), length)]
    return found[:: max(1, -(-len(found) // _MOST_HELD_OUT))]


@dataclass(frozen=True)
class TrainingIndex:
    """The text that a checkpoint was trained on, and the suffix array of its training part."""

    source: training_text.TrainingText
    suffixes: SuffixArray

    @classmethod
    def find(cls, loaded: Checkpoint, path: Path, folder: Path | None) -> TrainingIndex | None:
        """Find the text of the checkpoint in `path`: in `folder`, or anywhere in data/; None where it is not there.

        Raises InputError where `folder` is named and does not hold it.
        """
        try:
            source = training_text.find(loaded, path, folder)
        except InputError:
            if folder:
                raise
            return None
        if not source.is_original:
            raise InputError(
                f"{source.named} is not the text that {path.name} was trained on; "
                "name the folder of that text with --data-dir, or leave the option out"
            )
        return cls(source, SuffixArray.open(source.path, source.train_size, source.text.vocab))

    def overlap(self, text: str) -> Overlap:
        """Return the overlap of a text with the training part."""
        return find_overlap(text, self.suffixes)

    def held_out_overlap(self, length: int) -> OverlapSummary | None:
        """Summarize the overlap of 20 held-out texts with the training part; None where nothing was held out.

        Of texts longer than `length`, that many characters are compared.
        """
        texts = held_out(self.source.text, length)
        some = [text[:length] for text in texts[:: max(1, len(texts) // _COMPARED)][:_COMPARED]]
        return OverlapSummary.of([self.overlap(text) for text in some]) if some else None
