"""A dataset of files: postings as the boards gave them, the documents made of them, and what must not come back.

    data/<dataset>/raw/<name>.json        one posting as its board gave it
    data/<dataset>/postings/<name>.html   the same posting, simplified: one document
    data/<dataset>/removed.txt            names and addresses of postings that must not come back
    data/<dataset>/.lock                  held by the command that is writing here

A posting is added once and never rewritten, so a rerun changes nothing where its input did not change. Only the mark
`no_training` is added later, where a board has come to forbid training.
Of two postings with the same canonical address, the one whose name sorts first is kept, in whatever order
they arrive. Nothing here depends on the time or on the order of arrival.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from scrape.common.errors import InputError
from scrape.common.files import write_whole
from scrape.common.posting import Posting, from_fields, to_fields
from scrape.dataset.store.base import DATA, INPUT, SEARCH_AGAIN, SavedCopy, Store, open_file, read_file
from scrape.fields.urls import canonical, is_web

_HTML_LINE = ' "html": '
_LONE = re.compile("[\ud800-\udfff]")  # half a character, from broken JSON, which UTF-8 cannot encode


class FileStore(Store):
    """A dataset of files, which searches fill. `add` and `put_document` need `locked()`."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.raw = root / "raw"
        self.postings = root / "postings"
        self._known: dict[str, str] | None = None  # canonical address -> name

    def __reduce__(self) -> tuple[type[FileStore], tuple[Path]]:
        return FileStore, (self.root,)

    @property
    def corpus(self) -> Path:
        return self.root / INPUT

    @property
    def how_to_compile(self) -> str:
        return f"run `{self.command('scrape compile')}` to compile it again"

    @property
    def how_to_find_again(self) -> str:
        return "search again"

    def how_to_fill(self) -> str:
        if self.root == DATA / "jobs":
            return f"run scripts/scrape.sh first (or `{self.command('scrape search')}`)"
        boards = " --boards demo" if self.root == DATA / "demo" else ""
        return f"run `{self.command('scrape search' + boards)}` first"

    def as_files(self, otherwise: str) -> FileStore:
        return self

    # ------------------------------------------------------------------ reading

    def names(self) -> list[str]:
        return sorted(_stems(self.raw, ".json"))

    def document_names(self) -> list[str]:
        """Return the names of all postings that have a document, sorted."""
        return sorted(_stems(self.postings, ".html"))

    def posting(self, name: str) -> Posting:
        path = self.raw_path(name)
        return _posting(read_file(path), path)

    def head(self, name: str) -> Posting:
        path = self.raw_path(name)
        with open_file(path) as lines:
            head = list(itertools.takewhile(lambda line: not line.startswith(_HTML_LINE), lines))
        return _posting("".join([*head, _HTML_LINE, '""\n}']), path)

    def document(self, name: str) -> str:
        return read_file(self.document_path(name), f"delete it and run `{self.command('scrape simplify')}`")

    def count(self) -> int:
        return sum(1 for _ in _stems(self.raw, ".json"))

    def in_reading_order(self, names: Collection[str]) -> Sequence[str]:
        return sorted(names)

    def times(self) -> tuple[int, ...]:
        return tuple(folder.stat().st_mtime_ns for folder in (self.raw, self.postings) if folder.is_dir())

    def stamps(self) -> Iterator[tuple[str, str]]:
        made = dict(_times(self.postings, ".html"))
        yield from sorted((name, f"{time} {made[name]}") for name, time in _times(self.raw, ".json") if name in made)

    def newest(self) -> float | None:
        return max((time / 1e9 for _, time in _times(self.raw, ".json")), default=None)

    def without_document(self) -> int:
        return len(set(_stems(self.raw, ".json")) - set(_stems(self.postings, ".html")))

    def raw_path(self, name: str) -> Path:
        """Return the path of the posting as its board gave it."""
        return self.raw / f"{name}.json"

    def document_path(self, name: str) -> Path:
        """Return the path of the posting's document."""
        return self.postings / f"{name}.html"

    def add(self, posting: Posting) -> bool:
        """Save a posting and return True; False where it is known or was removed. Safe to call from several threads."""
        with self._guard:
            if not self.removed_marks().isdisjoint({posting.name, canonical(posting.url)}):
                return False
            known, address = self._addresses(), canonical(posting.url)
            other = known.get(address) if address else None
            same = posting.name if self.raw_path(posting.name).exists() else other
            if same is not None and same <= posting.name:
                if posting.no_training:
                    self._forbid_training(same)
                return False
            if other is not None and self.head(other).no_training:
                posting = replace(posting, no_training=True)
            write_whole(self.raw_path(posting.name), encode(posting))
            if other is not None:
                self._delete(other)
            if address:
                known[address] = posting.name
            return other is None

    def put_document(self, name: str, text: str) -> bool:
        """Write the document of a posting and return True; False where the file has this text already.

        An equal document that is older than its posting only gets a new time, so that `stale_documents` leaves it out.
        """
        path = self.document_path(name)
        try:
            if path.read_bytes() == text.encode("utf-8"):
                if path.stat().st_mtime_ns < self.raw_path(name).stat().st_mtime_ns:
                    os.utime(path)
                return False
        except FileNotFoundError:
            pass
        write_whole(path, text)
        return True

    def stale_documents(self) -> list[str]:
        """Return the names of postings whose document is missing or older than they are, sorted."""
        made = dict(_times(self.postings, ".html"))
        return sorted(name for name, time in _times(self.raw, ".json") if made.get(name, -1) < time)

    def drop_orphans(self) -> list[str]:
        """Delete documents without a posting, which a killed run can leave, and return their names."""
        orphans = sorted(set(_stems(self.postings, ".html")) - set(_stems(self.raw, ".json")))
        for name in orphans:
            self.document_path(name).unlink(missing_ok=True)
        return orphans

    def copy(self, name: str) -> SavedCopy:
        posting, document = self.posting(name), self.document(name)
        return SavedCopy(posting, document, saved_at=self.raw_path(name).stat().st_mtime_ns)

    def put_back(self, copy: SavedCopy) -> None:
        self.restore(copy.posting.name, copy.posting.url)
        self.add(copy.posting)
        os.utime(self.raw_path(copy.posting.name), ns=(copy.saved_at, copy.saved_at))
        self.put_document(copy.posting.name, copy.document)

    # ------------------------------------------------------------------ inside

    def _is_empty(self) -> bool:
        return not any(_stems(self.raw, ".json"))

    def _folders(self) -> Sequence[Path]:
        return self.raw, self.postings

    def _begin_writing(self) -> None:
        super()._begin_writing()
        self._known = None

    def _delete_removed(self, heads: Sequence[Posting]) -> None:
        self._known = None
        for head in heads:
            self._delete(head.name)

    def _addresses(self) -> dict[str, str]:
        """Return {canonical address: name} of all postings."""
        if self._known is None:
            self._known = {}
            for head in self._heads():
                name, address = head.name, canonical(head.url)
                first = self._known.setdefault(address, name)
                if address and first != name:  # a run was killed between saving one and removing the other
                    self._delete(name)
        return self._known

    def _matching(self, name_or_url: str) -> list[Posting]:
        if not is_web(name_or_url):
            names = set(self.names())
            return [self.head(name_or_url)] if name_or_url in names else []
        address = canonical(name_or_url)
        return [head for head in self._heads() if canonical(head.url) == address]

    def _heads(self) -> Iterator[Posting]:
        """Yield all postings without html, except damaged ones, which `simplify_store` reports."""
        for name in self.names():
            with suppress(InputError):
                yield self.head(name)

    def _forbid_training(self, name: str) -> None:
        if not self.head(name).no_training:
            write_whole(self.raw_path(name), encode(replace(self.posting(name), no_training=True)))

    def _delete(self, name: str) -> None:
        self.document_path(name).unlink(missing_ok=True)
        self.raw_path(name).unlink(missing_ok=True)


def encode(posting: Posting) -> str:
    """Return a posting as the text of its raw file: JSON, one field a line, the html last."""
    text = json.dumps(to_fields(posting), ensure_ascii=False, indent=1) + "\n"
    return _LONE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def _posting(text: str, path: Path) -> Posting:
    try:
        posting = from_fields(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not a posting ({error}); {SEARCH_AGAIN}") from error
    if posting.name != path.stem:  # a name inside a file is never used as a path
        raise InputError(f"{path} is the file of another posting, {posting.name!r}; {SEARCH_AGAIN}")
    return posting


def _files(folder: Path, suffix: str) -> Iterator[os.DirEntry[str]]:
    """Yield the finished files of a folder; none where there is no folder."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        yield from (entry for entry in entries if entry.name.endswith(suffix) and not entry.name.startswith("."))


def _stems(folder: Path, suffix: str) -> Iterator[str]:
    return (entry.name.removesuffix(suffix) for entry in _files(folder, suffix))


def _times(folder: Path, suffix: str) -> Iterator[tuple[str, int]]:
    """Yield (name, time of last writing in nanoseconds) of every file."""
    return ((entry.name.removesuffix(suffix), entry.stat().st_mtime_ns) for entry in _files(folder, suffix))
