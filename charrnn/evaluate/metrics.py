"""Metrics of texts, sampled or real: validity, complete heads, repetition, diversity and memorization."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import unescape
from statistics import median

from charrnn.evaluate.suffix_array import SuffixArray, spans
from scrape.markup import grammar

LENGTHS = (20, 50, 100, 200)  # characters: least lengths of a shared run
GRAM = 4  # words of a gram that is distinct or not

_PERIOD, _TIMES = 20, 4  # most words in a repeated run, and least repetitions in a row

_head = re.compile(
    grammar.OPEN["html"] + "".join(f"{grammar.OPEN[tag]}[^<]+{grammar.CLOSE[tag]}" for tag in grammar.HEAD)
)
_tag = re.compile(r"<[^<>]*>")
_word_character = re.compile(r"\w")


@dataclass(frozen=True)
class TextMetrics:
    """Metrics of `texts` texts of `characters` characters in all; `valid`, `full_head` and `stuck` are shares of texts.

    `shared` maps a length to the share of all characters in runs of at least that length that the corpus has too;
    `longest_median` and `longest` are of the longest run of each text. `valid` and `full_head` are None where the texts
    are not postings.
    """

    texts: int
    characters: int
    valid: float | None
    full_head: float | None
    shared: dict[int, float]
    longest_median: float
    longest: int
    stuck: float


def measure(
    texts: Sequence[str], corpus: SuffixArray, postings: bool, on_text: Callable[[], object] = lambda: None
) -> TextMetrics:
    """Measure at least one text against `corpus`. `on_text` is called after each text."""
    covered = dict.fromkeys(LENGTHS, 0)
    longest = []
    for text in texts:
        lengths = corpus.match_lengths(text)
        for least in LENGTHS:
            covered[least] += sum(end - start for start, end in spans(lengths, least))
        longest.append(int(lengths.max(initial=0)))
        on_text()
    characters = sum(map(len, texts))
    return TextMetrics(
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
    """Return whether a posting names its title, its company and its place."""
    return bool(_head.match(text))


def is_stuck(text: str) -> bool:
    """Return whether a run of at most 20 words is repeated at least four times in a row."""
    found = words(text)
    for period in range(1, _PERIOD + 1):
        again = 0  # words that are the same as those a period before
        for before, word in zip(found, found[period:], strict=False):
            again = again + 1 if word == before else 0
            if again == period * (_TIMES - 1):
                return True
    return False


def distinct(texts: Sequence[str], most: int) -> float:
    """Return the share of distinct runs of four words among the first `most` in `texts`, which have at least as many.

    Distinct-n of Li et al. (2016), of words. It falls with the amount of text, so compare only equal amounts.
    """
    found = [gram for text in texts for gram in grams(text)][:most]
    return len(set(found)) / len(found) if found else 0.0


def grams(text: str) -> list[tuple[str, ...]]:
    """Return all runs of four words in a text, in order."""
    found = words(text)
    return list(zip(*(found[start:] for start in range(GRAM)), strict=False))


def words(text: str) -> list[str]:
    """Return the words that a reader sees: runs without spaces and tags that have a letter or a digit."""
    return [word for word in unescape(_tag.sub(" ", text)).split() if _word_character.search(word)]


def _share(texts: Sequence[str], has: Callable[[str], bool]) -> float:
    return sum(map(has, texts)) / len(texts)
