"""What is measured of texts, sampled or real: markup, heads, words, and what they have from the corpus."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import unescape
from statistics import median

from charrnn.evaluate.suffix_array import SuffixArray, spans
from scrape.markup import grammar

LENGTHS = (20, 50, 100, 200)  # characters: shared runs are counted from each of these on
GRAM = 4  # words of a gram that is distinct or not

_PERIOD, _TIMES = 20, 4  # words that repeat, at most, and how often in a row, at least

_head = re.compile(
    grammar.OPEN["html"] + "".join(f"{grammar.OPEN[tag]}[^<]+{grammar.CLOSE[tag]}" for tag in grammar.HEAD)
)
_tag = re.compile(r"<[^<>]*>")
_spoken = re.compile(r"\w")


@dataclass(frozen=True)
class Quality:
    """Shares of `texts` texts that have `characters` characters.

    `shared` gives by length the share of all characters that lie in runs of at least so many characters which the
    corpus has too; `longest_median` and `longest` are of each text's longest. `valid` and `full_head` are None
    where the texts are not postings.
    """

    texts: int
    characters: int
    valid: float | None
    full_head: float | None
    shared: dict[int, float]
    longest_median: float
    longest: int
    stuck: float


def measured(
    texts: Sequence[str], corpus: SuffixArray, postings: bool, tick: Callable[[], object] = lambda: None
) -> Quality:
    """The quality of at least one text against `corpus`. `tick` is called after each text."""
    covered = dict.fromkeys(LENGTHS, 0)
    longest = []
    for text in texts:
        lengths = corpus.match_lengths(text)
        for least in LENGTHS:
            covered[least] += sum(end - start for start, end in spans(lengths, least))
        longest.append(int(lengths.max(initial=0)))
        tick()
    characters = sum(map(len, texts))
    return Quality(
        texts=len(texts),
        characters=characters,
        valid=_share(texts, lambda text: grammar.find_error(text) is None) if postings else None,
        full_head=_share(texts, has_full_head) if postings else None,
        shared={least: count / max(characters, 1) for least, count in covered.items()},
        longest_median=median(longest),
        longest=max(longest),
        stuck=_share(texts, is_stuck),
    )


def has_full_head(text: str) -> bool:
    """Whether a posting names its title, its company and its place."""
    return bool(_head.match(text))


def is_stuck(text: str) -> bool:
    """Whether some run of at most 20 words stands at least four times in a row in a text."""
    spoken = words(text)
    for period in range(1, _PERIOD + 1):
        again = 0  # words that are the same as those a period before
        for before, word in zip(spoken, spoken[period:], strict=False):
            again = again + 1 if word == before else 0
            if again == period * (_TIMES - 1):
                return True
    return False


def distinct(texts: Sequence[str], most: int) -> float:
    """The share of different ones among the first `most` runs of four words in `texts`, which have as many.

    Distinct-n of Li et al. (2016), of words. It falls with the amount of text, so compare only equal amounts.
    """
    found = [gram for text in texts for gram in grams(text)][:most]
    return len(set(found)) / len(found) if found else 0.0


def grams(text: str) -> list[tuple[str, ...]]:
    """All runs of four words in a text, in order."""
    spoken = words(text)
    return list(zip(*(spoken[start:] for start in range(GRAM)), strict=False))


def words(text: str) -> list[str]:
    """The words that a reader sees: what stands between spaces and tags and has a letter or a digit in it."""
    return [word for word in unescape(_tag.sub(" ", text)).split() if _spoken.search(word)]


def _share(texts: Sequence[str], has: Callable[[str], bool]) -> float:
    return sum(map(has, texts)) / len(texts)
