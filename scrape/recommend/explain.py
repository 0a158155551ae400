"""Which words decided: the terms of a document by how far they move its score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from scrape.recommend import rows
from scrape.recommend.classifier import Taste
from scrape.recommend.feature_store import piece_of
from scrape.recommend.features import Fields
from scrape.recommend.weigh import weigh


@dataclass(frozen=True, slots=True)
class Word:
    """A word, pair or fact, where it stands, and by how much it moves the score (above 0: towards yes)."""

    text: str
    field: str
    by: float

    def __str__(self) -> str:
        return self.text if self.field == "body" else f"{self.text} ({self.field})"


def deciding(fields: Fields, taste: Taste, count: int = 3) -> list[Word]:
    """The words that moved a document's score the most, each said once: not `data` and `data engineer`, too."""
    row = weigh(piece_of([("", fields)]), taste.scale.idf)
    moved = row.data * taste.line.coef[row.indices]
    names = rows.named(fields)
    found = (_word(names[int(column)], float(by)) for column, by in zip(row.indices, moved, strict=True) if by)
    return distinct(sorted(found, key=lambda word: (-abs(word.by), word.text)), count)


def speaking(documents: Iterable[Fields], taste: Taste, count: int = 10) -> tuple[list[Word], list[Word]]:
    """The words of these documents that speak most for yes, and those that speak most for no, in any posting."""
    names = {column: name for fields in documents for column, name in rows.named(fields).items()}
    idf = taste.scale.idf
    columns = np.array(sorted(names), np.int64)
    speak = taste.line.coef[columns] * idf[columns]
    words = [_word(names[int(column)], float(by)) for column, by in zip(columns, speak, strict=True) if by]
    words.sort(key=lambda word: (-word.by, word.text))
    return distinct([w for w in words if w.by > 0], count), distinct([w for w in reversed(words) if w.by < 0], count)


def distinct(words: Sequence[Word], count: int) -> list[Word]:
    """The first words of which none says nearly the same as one before it."""
    kept: list[Word] = []
    for word in words:
        if not any(_alike(word, before) for before in kept):
            kept.append(word)
        if len(kept) == count:
            break
    return kept


def _alike(one: Word, other: Word) -> bool:
    """Whether more than half of the shorter one is in the other."""
    own, others = set(one.text.split()), set(other.text.split())
    return 2 * len(own & others) > min(len(own), len(others))


def _word(name: tuple[str, str], by: float) -> Word:
    block, text = name
    return Word(text, block.split()[0], by)
