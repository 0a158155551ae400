"""Imagined postings beside the real ones that are nearest to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from scrape.dataset.index import Filters
from scrape.desk.cards import PostingCard, cards, show_blocks
from scrape.desk.session import DeskSession
from scrape.markup import document
from scrape.recommend.features import read_fields
from scrape.recommend.samples import newest_gallery, read_samples

CLOSE = 0.25
"""The similarity from which a real posting is called near; of texts about other things, 0.10 to 0.14 was seen."""
_MOST, _NEAREST, _NEAREST_OF_ONE = 12, 3, 10  # imagined postings; real ones for each


@dataclass(frozen=True, slots=True)
class Dream:
    """An imagined posting by its number in the gallery, and the real ones nearest to it, none if nothing is close."""

    number: int
    title: str
    company: str
    place: str
    blocks: Markup
    near: Sequence[PostingCard]


def read(desk: DeskSession, only: int | None = None) -> tuple[str, list[Dream]]:
    """Return the path of the newest gallery and its postings, or only one of them; an empty path if there is none.

    Raises InputError where the gallery cannot be read.
    """
    path = newest_gallery()
    if path is None:
        return "", []
    texts = read_samples(path)
    numbers = range(len(texts))[:_MOST] if only is None else range(len(texts))[only - 1 : only] if only else range(0)
    count = _NEAREST if only is None else _NEAREST_OF_ONE
    found = desk.live.similar_to([read_fields(texts[number]) for number in numbers], count)
    near = [{each.name: each.by for each in ranked if each.by >= CLOSE} for ranked in found]
    return str(path), [
        _dream(desk, number + 1, texts[number], each) for number, each in zip(numbers, near, strict=True)
    ]


def _dream(desk: DeskSession, number: int, text: str, likeness: dict[str, float]) -> Dream:
    posting = document.read(text)
    hits = desk.index.rows(Filters(names=frozenset(likeness))) if likeness else []
    hits.sort(key=lambda hit: -likeness[hit.name])
    near = cards(desk, hits, likeness=likeness)
    return Dream(number, posting.title, posting.company, posting.location, show_blocks(text), near)
