"""One run of the desk over a dataset: what its pages show, and what a person does there. Knows nothing of HTTP."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from scrape.common.errors import InputError
from scrape.dataset.index import FILE as INDEX
from scrape.dataset.index import Filters, SearchHit, open_index
from scrape.dataset.store import SavedCopy, Store
from scrape.desk.notebook import Notebook, SavedSearch
from scrape.desk.query import BEST_FIRST, UNLABELED, DeskQuery
from scrape.recommend import labels as label_file
from scrape.recommend.labeling import shuffled
from scrape.recommend.labels import NO, SKIPPED, YES, Label, current_answers, open_labels
from scrape.recommend.live import LiveClassifier
from scrape.recommend.removal import remove

PER_PAGE = 30
ONE_IN = 10  # labels: of so many, one is of a posting drawn at random
MARKS = ("\x02", "\x03")  # around the words found in an excerpt: no posting has these characters
_UNDOABLE = 100  # actions
_PART = 500  # postings of an export that are in memory together
_PAUSE = 5.0  # seconds between two looks for postings that a search has added


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list. `ranked` is True where the order is by chance, `drawn` the name of a random posting."""

    hits: Sequence[SearchHit]
    total: int
    page: int
    ranked: bool = False
    drawn: str = ""

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))


@dataclass(frozen=True, slots=True)
class Action:
    """An action that can be undone: a label, with the one before it, or a removal, with what was removed."""

    name: str
    title: str
    did: str
    before: Label | None = None
    removed: SavedCopy | None = None


class DeskSession:
    """The state of the desk. Methods may be called from several threads. `ended` is set when the reader closes it."""

    def __init__(self, store: Store, *, read_only: bool = False) -> None:
        self.store = store
        self.read_only = read_only
        self.ended = threading.Event()
        self.index = open_index(store)
        self._is_on_disk = (store.root / INDEX).exists()
        self.notebook = Notebook(store.root)
        self._guard = threading.RLock()
        self._done: deque[Action] = deque(maxlen=_UNDOABLE)
        self._times, self._looked = self.store.times(), time.monotonic()
        self._shuffled = shuffled(self.index.names())
        self._seen_up_to = ""
        self._labels: list[Label] = []
        self._labels_at = (0, 0)
        self.answers: dict[str, str] = {}
        self.live = LiveClassifier(store)
        self.labels()
        self.live.load()

    def close(self) -> None:
        """Write the classifier, and close all files."""
        if not self.read_only:
            self.live.save()
        self.live.close()
        self.index.close()

    # ------------------------------------------------------------------ what there is

    def catch_up(self) -> None:
        """Take in the postings that a search has added meanwhile; between two looks there is a pause."""
        with self._guard:
            if time.monotonic() - self._looked < _PAUSE or self.store.times() == self._times:
                return
            self._look()

    def _look(self) -> None:
        self._times, self._looked = self.store.times(), time.monotonic()
        if self._is_on_disk and not (self.store.root / INDEX).exists():  # deleted; requests may still read the old one
            self.index = open_index(self.store)
        self.index.refresh()
        self._shuffled = shuffled(self.index.names())
        self._labels_at = (0, 0)
        self.labels()
        self.live.load()

    def labels(self) -> list[Label]:
        """Return all labels, also those that were given in a terminal meanwhile."""
        with self._guard:
            path = self.store.root / label_file.FILE
            stamp = (path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else (0, 0)
            if stamp == (0, 0) or stamp != self._labels_at:
                found: list[Label] = []
                if path.exists():
                    with open_labels(self.store.root) as opened:
                        found = opened.all()
                self._labels, self._labels_at = found, stamp
                marks = {mark for label in found for mark in (label.name, label.address) if mark}
                self.answers = current_answers(found, self.index.addresses(marks))
                self.live.learn(self._labels)
            return self._labels

    def has(self, name: str) -> bool:
        """Return whether the index has a posting of this name."""
        return self.index.row(name) is not None

    @property
    def size(self) -> int:
        return len(self._shuffled)

    def counts(self) -> dict[str, int]:
        """Return how many labels of each kind the postings that are there have."""
        given = list(self.answers.values())
        return {kind: given.count(kind) for kind in (YES, NO, SKIPPED)}

    # ------------------------------------------------------------------ the list

    def listing(self, query: DeskQuery) -> Listing:
        """Return a page of what a query asks for. Raises InputError where it cannot be read."""
        self.labels()
        filters = query.filters(self.answers, self.seen_up_to())
        page = query.page_number
        if query.order != BEST_FIRST:
            total = self.index.count(filters)
            page = min(page, max(1, -(-total // PER_PAGE)))
            hits = self.index.rows(filters, query.order, PER_PAGE, PER_PAGE * (page - 1), marks=MARKS)
            return Listing(hits, total, page)
        names = self._best_first(query, filters)
        page = min(page, max(1, -(-len(names) // PER_PAGE)))
        shown = names[PER_PAGE * (page - 1) : PER_PAGE * page]
        hits = self._rows(shown, filters, MARKS)
        drawn = names[0] if page == 1 and names and names[0] == self._drawn(query) else ""
        return Listing(hits, len(names), page, self.live.ranking is not None, drawn)

    def order(self, query: DeskQuery) -> list[str]:
        """Return the names of everything that a query asks for, in its order."""
        filters = query.filters(self.answers, self.seen_up_to())
        return self._best_first(query, filters) if query.order == BEST_FIRST else self.index.names(filters, query.order)

    def hits(self, query: DeskQuery) -> Iterator[SearchHit]:
        """Return everything that a query asks for, in its order. Raises InputError where it cannot be read."""
        filters = query.filters(self.answers, self.seen_up_to())
        if query.order != BEST_FIRST:
            return iter(self.index.rows(filters, query.order))
        names = self._best_first(query, filters)
        parts = (names[start : start + _PART] for start in range(0, len(names), _PART))
        return (hit for part in parts for hit in self._rows(part, filters))

    def _rows(self, names: Sequence[str], filters: Filters, marks: tuple[str, str] = ("", "")) -> list[SearchHit]:
        """Return postings by name, in this order, with the excerpts that the filters ask for."""
        found = {hit.name: hit for hit in self.index.rows(replace(filters, names=frozenset(names)), marks=marks)}
        return [found[name] for name in names if name in found]

    def _best_first(self, query: DeskQuery, filters: Filters) -> list[str]:
        """Return names, the best first; while there is no ranking, in the order of the search or at random."""
        ranking = self.live.ranking
        wanted = self.index.names(filters) if query.is_filtered or filters.names is not None else self._unlabeled(query)
        if ranking is None:
            return wanted
        names, drawn = ranking.sort(wanted), self._drawn(query)
        return [drawn, *(name for name in names if name != drawn)] if drawn else names

    def _unlabeled(self, query: DeskQuery) -> list[str]:
        """Return all postings in an order that looks random, those with a label only where the query takes them."""
        if query.labeled == UNLABELED:
            return [name for name in self._shuffled if name not in self.answers]
        return self._shuffled

    def _drawn(self, query: DeskQuery) -> str:
        """Return the posting drawn at random that is next, one in ONE_IN, or an empty string.

        A search draws none: what it finds says little of all postings.
        """
        if query.is_filtered or query.labeled != UNLABELED or len(self.answers) % ONE_IN != ONE_IN - 1:
            return ""
        return self._next_at_random()

    def _next_at_random(self) -> str:
        return next((name for name in self._shuffled if name not in self.answers), "")

    def chosen(self, query: DeskQuery, name: str) -> str:
        """Return how a posting that is shown came to be chosen, in the words of `labels.db`.

        Of a list in random order only the first was drawn: any other one was picked by the reader.
        """
        if query.via == label_file.SIMILAR:
            return label_file.SIMILAR
        if query.order != BEST_FIRST:
            return label_file.SEARCH
        if self.live.ranking is None:
            at_random = not query.is_filtered and name == self._next_at_random()
            return label_file.RANDOM if at_random else label_file.SEARCH
        return label_file.RANDOM if name == self._drawn(query) else label_file.BEST

    def after(self, name: str, before: Sequence[str], query: DeskQuery) -> str | None:
        """Return the posting to read after one was labeled: the best one, or the next one in the order before."""
        if query.order == BEST_FIRST:
            return next((each for each in self.order(query) if each not in self.answers), None)
        start = before.index(name) + 1 if name in before else 0
        following = [*before[start:], *before[:start]]
        return next((each for each in following if each not in self.answers and self.has(each)), None)

    # ------------------------------------------------------------------ actions

    @property
    def last(self) -> Action | None:
        """The action that `undo` would undo."""
        return self._done[-1] if self._done else None

    def label(self, name: str, answer: str, chosen: str) -> None:
        """Put a label on a posting, or take it away where `answer` is empty. It is on the disk when this returns.

        A label that is changed keeps how its posting came to be chosen: `chosen` is of new ones.
        """
        with self._guard:
            before = self._label_of(name)
            with open_labels(self.store.root) as opened:
                if answer:
                    opened.put(Label(name, self._address(name), answer, chosen=before.chosen if before else chosen))
                else:
                    opened.drop({name, self._address(name)} - {""})
            self._done.append(Action(name, self._title(name), answer or "no label", before))
            self.labels()

    def remove(self, name: str) -> None:
        """Remove a posting for good. Raises InputError while a search is writing to the dataset."""
        with self._guard:
            copy, before = self.store.copy(name), self._label_of(name)
            remove(self.store, name)
            self._done.append(Action(name, copy.posting.title, "removed", before, copy))
            self._look()

    def undo(self) -> str | None:
        """Undo the last action and return the name of its posting; None if there is nothing to undo."""
        with self._guard:
            if not self._done:
                return None
            action = self._done[-1]
            if action.removed is not None:
                self._put_back(action.removed)
            with open_labels(self.store.root) as opened:
                if action.before is not None:
                    opened.put(action.before)
                elif action.removed is None:
                    opened.drop({action.name, self._address(action.name)} - {""})
            self._done.pop()
            self.labels()
            return action.name if self.has(action.name) else None

    def _put_back(self, copy: SavedCopy) -> None:
        with self.store.locked():
            self.store.put_back(copy)
        self._look()

    def _label_of(self, name: str) -> Label | None:
        """Return the label that a posting has by its name or, of a copy from another board, by its address."""
        address = self._address(name)
        return next(
            (each for each in self.labels() if each.name == name or (address and each.address == address)), None
        )

    def _address(self, name: str) -> str:
        """Return the canonical address of a posting; empty where it has none or is not there."""
        return self.index.addresses({name}).get(name, "")

    def _title(self, name: str) -> str:
        hit = self.index.row(name)
        return hit.title if hit else name

    # ------------------------------------------------------------------ notes

    def seen_up_to(self) -> str:
        """Return the time up to which postings were seen; where no note can be made, none is new."""
        if not self._seen_up_to:
            self._seen_up_to = newest = self.index.newest()
            with suppress(InputError):
                if self._has_notes:
                    self._seen_up_to = self.notebook.seen_up_to(newest)
        return self._seen_up_to

    @property
    def _has_notes(self) -> bool:
        """False where there are none and none may be made."""
        return not self.read_only or self.notebook.exists

    def mark_seen(self) -> None:
        """Note that all postings that are there now have been seen."""
        self.notebook.mark_seen(self.index.newest())
        self._seen_up_to = self.index.newest()

    def new_since(self) -> tuple[int, str]:
        """Return the number of postings that are new, and since when."""
        since = self.seen_up_to()
        return self.index.count(Filters(seen_after=since)), since

    def searches(self) -> list[tuple[SavedSearch, int]]:
        """Return each saved search with the number of new postings that it finds."""
        with suppress(InputError):
            if self._has_notes:
                return [(search, self._new_in(search)) for search in self.notebook.searches()]
        return []

    def _new_in(self, search: SavedSearch) -> int:
        with suppress(InputError):  # a place or a word that an earlier version could read
            query = DeskQuery.parse(search.query)
            return self.index.count(replace(query.filters(self.answers, ""), seen_after=search.seen_up_to))
        return 0
