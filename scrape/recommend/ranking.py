"""Rank postings, by a classifier or by similarity to others, and name the terms that decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics.pairwise import cosine_similarity  # type: ignore[import-untyped]

from scrape.recommend.classifier import Classifier
from scrape.recommend.feature_store import FeatureBatch, FeatureStore, batch_of
from scrape.recommend.features import Fields, feature_names
from scrape.recommend.tfidf import SIMILARITY_WEIGHTS, Vector, weigh


@dataclass(frozen=True, slots=True)
class Ranked:
    """A posting by name, and what it is ranked by: a probability, or a similarity from 0 to 1."""

    name: str
    by: float


@dataclass(frozen=True, slots=True)
class Contribution:
    """A term, its field, and how much it moves the score (above 0: towards yes)."""

    term: str
    field: str
    by: float

    def __str__(self) -> str:
        return self.term if self.field == "body" else f"{self.term} ({self.field})"


def rank(store: FeatureStore, classifier: Classifier, leave_out: Collection[str], count: int) -> list[Ranked]:
    """Return the `count` postings with the highest probability of a yes, without those to leave out; best first."""
    names: list[str] = []
    scores = [np.zeros(0)]
    for batch in store.batches():
        names += batch.names
        scores.append(classifier.scores(batch))
    whole = np.concatenate(scores)
    order = [int(place) for place in np.argsort(-whole, kind="stable") if names[place] not in leave_out][:count]
    chances = classifier.probabilities(whole[order])
    return [Ranked(names[place], float(chance)) for place, chance in zip(order, chances, strict=True)]


def most_similar(store: FeatureStore, others: FeatureBatch, idf: Vector, count: int) -> list[list[Ranked]]:
    """Return for each of `others` the `count` postings with the highest cosine similarity; most similar first."""
    asked = weigh(others, idf, SIMILARITY_WEIGHTS)
    found: list[list[Ranked]] = [[] for _ in others.names]
    for batch in store.batches():
        similarity = np.clip(cosine_similarity(asked, weigh(batch, idf, SIMILARITY_WEIGHTS)), 0, 1)
        for best, row in zip(found, similarity, strict=True):
            best += [Ranked(batch.names[place], float(row[place])) for place in np.argsort(-row, kind="stable")[:count]]
            best.sort(key=lambda ranked: (-ranked.by, ranked.name))
            del best[count:]
    return found


def explain(fields: Fields, classifier: Classifier, count: int = 3) -> list[Contribution]:
    """Return the terms that moved a document's score the most: not `data` beside `data engineer`."""
    row = weigh(batch_of([("", fields)]), classifier.frequency.idf)
    moved = row.data * classifier.model.coef[row.indices]
    found = contributions(feature_names(fields), row.indices, moved)
    return distinct(sorted(found, key=lambda each: (-abs(each.by), each.term)), count)


def strongest_terms(
    documents: Iterable[Fields], classifier: Classifier, count: int = 10
) -> tuple[list[Contribution], list[Contribution]]:
    """Return the terms of these documents that speak most for a yes in any posting, and most for a no."""
    names = {column: name for fields in documents for column, name in feature_names(fields).items()}
    columns = np.array(sorted(names), np.int64)
    moves = classifier.model.coef[columns] * classifier.frequency.idf[columns]
    found = sorted(contributions(names, columns, moves), key=lambda each: (-each.by, each.term))
    speak_for, against = [each for each in found if each.by > 0], [each for each in found if each.by < 0]
    return distinct(speak_for, count), distinct(against[::-1], count)


def distinct(found: Sequence[Contribution], count: int) -> list[Contribution]:
    """Return the first terms, but none that shares more than half of its words with one before it."""
    kept: list[Contribution] = []
    words: list[set[str]] = []
    for each in found:
        own = set(each.term.split())
        if all(2 * len(own & others) <= min(len(own), len(others)) for others in words):
            kept.append(each)
            words.append(own)
        if len(kept) == count:
            break
    return kept


def show_chance(chance: float) -> str:
    """Format a probability, never as 0 or 100 %: few labels do not justify that."""
    return "< 1 %" if chance < 0.01 else "> 99 %" if chance > 0.99 else f"{chance * 100:.0f} %"


def contributions(
    names: Mapping[int, tuple[str, str]], columns: NDArray[np.int64], moves: NDArray[np.float32]
) -> list[Contribution]:
    """Return the contribution of each column that moves a score at all and has a name, a (block, term)."""
    named = [
        (names[int(column)], float(by))
        for column, by in zip(columns, moves, strict=True)
        if by and int(column) in names
    ]
    return [Contribution(term, block.split()[0], by) for (block, term), by in named]
