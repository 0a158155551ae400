"""Remove postings from everything that is derived from them, except the corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scrape.common.posting import Posting
from scrape.dataset import index, last_find
from scrape.dataset.store import Store
from scrape.fields.urls import canonical, is_web
from scrape.http.cache import HttpCache
from scrape.recommend.labels import drop_labels


@dataclass(frozen=True, slots=True)
class Removed:
    """The outcome: the postings that were removed, without html, and the number of labels and of saved responses."""

    heads: Sequence[Posting]
    labels: int
    responses: int


def remove(store: Store, *names_or_urls: str) -> Removed:
    """Remove postings for good, by name or address. Raises InputError for an unknown name, and during a search."""
    with store.locked():
        heads = [head for each in names_or_urls for head in store.remove(each)]
        marks = {mark for head in heads for mark in (head.name, head.url)} | set(names_or_urls)
        labels = drop_labels(store.root, {canonical(mark) for mark in marks})
        if (store.root / "features.sqlite").exists():
            from scrape.recommend import feature_store  # only here: it loads NumPy

            feature_store.drop(store.root, [head.name for head in heads])
        responses = HttpCache(store.answers).drop_mentions({mark for mark in marks if is_web(mark)})
        if (store.root / index.FILE).exists():
            index.refresh(store)
        last_find.drop(store, {head.name for head in heads})
    return Removed(heads, labels, responses)
