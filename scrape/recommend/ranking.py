"""Known postings in order: by a taste, or by how near they are to imaginary ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from scrape.recommend.classifier import Scores, Taste
from scrape.recommend.feature_store import Kept, Piece
from scrape.recommend.rows import COLUMNS
from scrape.recommend.weigh import LIKENESS, Rows, Vector, weigh


@dataclass(frozen=True, slots=True)
class Ranked:
    """A posting by name, and what it is ranked by: a probability, or a likeness from 0 to 1."""

    name: str
    by: float


def by_taste(kept: Kept, taste: Taste, leave_out: Collection[str], count: int) -> list[Ranked]:
    """The `count` postings that are most probably liked, but for those to leave out; best first."""
    idf = taste.scale.idf
    names: list[str] = []
    scores: list[Scores] = []
    for part in kept.pieces():
        names += part.names
        scores.append(taste.line.scores(weigh(part, idf)))
    if not names:
        return []
    whole = np.concatenate(scores)
    chances = taste.probabilities(whole)
    order = (int(place) for place in np.argsort(-whole, kind="stable"))
    kept_in = (place for place in order if names[place] not in leave_out)
    return [Ranked(names[place], float(chances[place])) for place, _ in zip(kept_in, range(count), strict=False)]


def nearest(kept: Kept, dreams: Piece, idf: Vector, count: int) -> list[list[Ranked]]:
    """For each dream the `count` postings whose rows point most nearly its way (cosine); nearest first."""
    asked = _unit(weigh(dreams, idf, LIKENESS))
    found: list[list[Ranked]] = [[] for _ in dreams.names]
    for part in kept.pieces():
        rows = _unit(weigh(part, idf, LIKENESS))
        for place, best in enumerate(found):
            likeness = np.clip(rows @ _dense(asked[[place]]), 0, 1)
            near = np.argsort(-likeness, kind="stable")[:count]
            best += [Ranked(part.names[int(row)], float(likeness[row])) for row in near]
            best.sort(key=lambda ranked: (-ranked.by, ranked.name))
            del best[count:]
    return found


def _unit(rows: Rows) -> Rows:
    """Rows of length one."""
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1), np.float32))
    rows.data /= np.repeat(np.where(lengths > 0, lengths, 1), np.diff(rows.indptr))
    return rows


def _dense(row: Rows) -> Vector:
    """(COLUMNS,)"""
    whole = np.zeros(COLUMNS, np.float32)
    whole[row.indices] = row.data
    return whole
