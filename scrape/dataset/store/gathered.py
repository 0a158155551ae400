"""A gathered dataset: the shards that `scrape gather` makes of web archives, read through their catalogue.

    data/<dataset>/shards/<key>.jsonl.zst    the postings of one input file; `scrape.dataset.shards` has the format
    data/<dataset>/shards/<key>.done.json    the mark of a shard, written last
    data/<dataset>/catalogue.sqlite          the place of every posting, made from the shards
    data/<dataset>/corpus/                   the corpus, a text for each shard
    data/<dataset>/removed.txt               as in a dataset of files

A posting is removed in three steps: `removed.txt` names it, its shard is written again without it, and the catalogue
follows. Where a run is killed in between, the next one that locks the dataset finishes the removal.
"""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

from scrape.common.errors import InputError
from scrape.common.files import write_whole
from scrape.common.posting import Posting
from scrape.dataset.shards import MARK_SUFFIX, SHARDS, SUFFIX, Row, read_frame, read_row, replace_rows
from scrape.dataset.store.base import SavedCopy, Store
from scrape.dataset.store.catalogue import Catalogue, Entry, list_shards
from scrape.dataset.store.files import FileStore
from scrape.fields.urls import canonical, is_web

_FRAMES = 8  # that are kept unpacked, some 200 KB each


class GatheredStore(Store):
    """A gathered dataset. Safe to read from several threads; a process that gets one by pickling opens it itself."""

    def __init__(self, root: Path, *, is_current: bool = False) -> None:
        super().__init__(root)
        self.shards = root / SHARDS
        self._catalogue = Catalogue(root, is_current=is_current)
        self._frames: OrderedDict[tuple[str, int], list[bytes]] = OrderedDict()
        self._last: tuple[str, Row] | None = None
        self._reading = threading.RLock()

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return _reopened, (self.root,)

    @property
    def corpus(self) -> Path:
        return self.root / "corpus"

    @property
    def how_to_compile(self) -> str:
        return f"run `{self.command('scrape gather')}` to write it again"

    @property
    def how_to_find_again(self) -> str:
        return "gather its input file again"

    def how_to_fill(self) -> str:
        return f"run `{self.command('scrape gather')}` with web archives first"

    def as_files(self, otherwise: str) -> FileStore:
        raise InputError(f"{self.root} is a gathered dataset, which only `scrape gather` writes; {otherwise}")

    # ------------------------------------------------------------------ reading

    def names(self) -> list[str]:
        return self._catalogue.names()

    def count(self) -> int:
        return self._catalogue.count()

    def posting(self, name: str) -> Posting:
        row = self._row(name)
        return replace(row.head, html=row.document)

    def head(self, name: str) -> Posting:
        return self._row(name).head

    def document(self, name: str) -> str:
        return self._row(name).document

    def in_reading_order(self, names: Collection[str]) -> Sequence[str]:
        return self._catalogue.in_order(names)

    def times(self) -> tuple[int, ...]:
        return tuple(time for shard in list_shards(self.root) for time in (shard.time, shard.saved_at))

    def stamps(self) -> Iterator[tuple[str, str]]:
        self._catalogue.refresh()
        yield from self._catalogue.stamps()

    def newest(self) -> float | None:
        return max((shard.saved_at / 1e9 for shard in list_shards(self.root)), default=None)

    def without_document(self) -> int:
        return 0

    # ------------------------------------------------------------------ writing

    def strike_removed(self) -> int:
        """Take postings that `removed.txt` names out of their shards; return how many there were.

        The store must be locked. Call it when shards have been written: an input file may hold a removed posting.
        """
        with self._guard:
            marks = self.removed_marks()
            if not marks:
                return 0
            self._catalogue.refresh()
            return self._write(self._catalogue.copies(marks), None)

    def restore(self, *names_or_urls: str) -> bool:
        """As for files; the marks of shards that have lost a posting ask that their input files be read again."""
        with self._guard:
            if any(map(self.is_removed, names_or_urls)):
                for key in self._catalogue.with_removed():
                    _ask_again(self.shards / f"{key}{MARK_SUFFIX}")
            return super().restore(*names_or_urls)

    def copy(self, name: str) -> SavedCopy:
        row, head = self.posting(name), self.head(name)
        entries = self._catalogue.copies({name, canonical(head.url)})
        rows = tuple((entry.key, entry.number, self._read(entry)) for entry in entries)
        return SavedCopy(row, self.document(name), rows)

    def put_back(self, copy: SavedCopy) -> None:
        super().restore(copy.posting.name, copy.posting.url)
        by_key: dict[str, dict[int, Row | None]] = defaultdict(dict)
        for key, number, row in copy.rows:
            by_key[key][number] = row
        for key, rows in by_key.items():
            replace_rows(self._path(key), rows)
        self._changed()

    # ------------------------------------------------------------------ inside

    def _is_empty(self) -> bool:
        return self._catalogue.is_empty()

    def _folders(self) -> Sequence[Path]:
        return (self.shards,)

    def _begin_writing(self) -> None:
        super()._begin_writing()
        self.strike_removed()

    def _matching(self, name_or_url: str) -> list[Posting]:
        if is_web(name_or_url):
            entries = self._catalogue.at(canonical(name_or_url))
        else:
            entries = [entry] if (entry := self._catalogue.entry(name_or_url)) else []
        return [self._read(entry).head for entry in entries]

    def _delete_removed(self, heads: Sequence[Posting]) -> None:
        marks = {mark for head in heads for mark in (head.name, canonical(head.url))}
        self._write(self._catalogue.copies(marks), None)

    def _write(self, entries: Sequence[Entry], row: Row | None) -> int:
        """Write this row in all these places; return how many changed."""
        by_key: dict[str, dict[int, Row | None]] = defaultdict(dict)
        for entry in entries:
            by_key[entry.key][entry.number] = row
        changed = 0
        for key, rows in by_key.items():
            for derived in self.shards.glob(f"{key}.*"):  # what gather notes of each posting beside its shard
                if not derived.name.endswith((SUFFIX, MARK_SUFFIX)):
                    derived.unlink(missing_ok=True)
            changed += replace_rows(self._path(key), rows)
        if changed:
            self._changed()
        return changed

    def _changed(self) -> None:
        with self._reading:
            self._frames.clear()
            self._last = None
            self._catalogue.refresh()

    def _path(self, key: str) -> Path:
        return self.shards / f"{key}{SUFFIX}"

    def _row(self, name: str) -> Row:
        """Return a listed posting. Where its shard has changed meanwhile, it is looked up again, once."""
        with self._reading:
            if self._last and self._last[0] == name:
                return self._last[1]
            entry = self._catalogue.entry(name)
            row = None
            if entry:
                with suppress(InputError):
                    row = self._read(entry)
            if row is None or row.head.name != name:
                self._changed()
                entry = self._catalogue.entry(name)
                if entry is None:
                    raise InputError(f"there is no posting {name} in {self.root}; it may have been removed just now")
                row = self._read(entry)
            self._last = name, row
            return row

    def _read(self, entry: Entry) -> Row:
        """Read the row at a place. Raises InputError where it is damaged or another posting's."""
        path, (offset, size, number) = self._path(entry.key), entry.place
        with self._reading:
            lines = self._frames.get((entry.key, offset))
            if lines is None:
                lines = self._frames[entry.key, offset] = read_frame(path, offset, size)
                if len(self._frames) > _FRAMES:
                    self._frames.popitem(last=False)
        row = read_row(path, lines, number)
        if row is None or row.head.name != entry.name:
            raise InputError(f"{path} has changed since it was catalogued; run the same command again")
        return row


def _ask_again(path: Path) -> None:
    """Take out of a mark which program made it, so that gather reads its input file again; the time stays."""
    try:
        found, times = json.loads(path.read_bytes()), path.stat()
    except (FileNotFoundError, ValueError):  # gather takes a damaged mark for none
        return
    write_whole(path, json.dumps(found | {"made_by": ""}, ensure_ascii=False, indent=1) + "\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@cache
def _reopened(root: Path) -> GatheredStore:
    """Open a dataset in a worker of a pool, once: its catalogue was brought up to date by the parent."""
    return GatheredStore(root, is_current=True)
