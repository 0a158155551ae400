"""A dataset on disk: postings as the boards gave them, the documents made of them, and what must not come back.

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
import shlex
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from scrape.common.errors import InputError
from scrape.common.files import write_whole
from scrape.common.lock import exclusive
from scrape.common.posting import Posting, from_fields, to_fields
from scrape.common.suggest import datasets_beside
from scrape.fields.urls import canonical, is_web

DATA = Path("data")
DEFAULT_DATASET = "DREAM_JOBS_DATASET"
"""The environment variable that names the default dataset."""
INPUT = "input.txt"
"""The corpus, in the folder of its dataset."""
REMOVED = "removed.txt"
_REMOVED_BEFORE = "forgotten.txt"  # its name until version 0.1; read, and never written
_HTML_LINE = ' "html": '
_SEARCH_AGAIN = "delete it; a search that finds the posting saves it again"
_LONE = re.compile("[\ud800-\udfff]")  # half a character, from broken JSON, which UTF-8 cannot encode


def named_store(dataset: str = "", data_dir: str = "", boards: Sequence[str] | None = None) -> Store:
    """Return the dataset that a command is about: a folder, a name under data/, or by default `jobs`.

    The environment variable `DREAM_JOBS_DATASET` names another default; a search of the demo board alone has one of its
    own, `demo`. Raises InputError for a name that leads out of the data folder.
    """
    if data_dir:
        return Store(Path(data_dir))
    default = "demo" if boards is not None and list(boards) == ["demo"] else os.environ.get(DEFAULT_DATASET) or "jobs"
    dataset = dataset or default
    if Path(dataset).name != dataset or dataset == "..":
        raise InputError(f"{dataset!r} is not the name of a folder under data/; for a path there is --data-dir")
    return Store(DATA / dataset)


class Store:
    """A dataset. Opening it reads nothing; reading needs no lock; `add` and `remove` need `locked()`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.raw = root / "raw"
        self.postings = root / "postings"
        self.answers = root / "answers"
        self._guard = threading.Lock()
        self._known: dict[str, str] | None = None  # canonical address -> name
        self._removed: frozenset[str] | None = None

    def command(self, words: str) -> str:
        """Return the command line that runs `words`, such as "scrape find", on this dataset.

        Every command that is recommended to the user is written by this method.
        """
        if self.root == DATA / "jobs":
            return f"python -m {words}"
        if self.root.parent == DATA:
            return f"python -m {words} --dataset {shlex.quote(self.root.name)}"
        return f"python -m {words} --data-dir {shlex.quote(str(self.root))}"

    # ------------------------------------------------------------------ reading

    def names(self) -> list[str]:
        """Return the names of all postings, sorted."""
        return sorted(_stems(self.raw, ".json"))

    def document_names(self) -> list[str]:
        """Return the names of all postings that have a document, sorted."""
        return sorted(_stems(self.postings, ".html"))

    def posting(self, name: str) -> Posting:
        """Return the posting as its board gave it. Raises InputError where the file is missing or damaged."""
        path = self.raw_path(name)
        return _posting(_read(path), path)

    def head(self, name: str) -> Posting:
        """Return the posting without its html, which is most of the file and is not read. Raises InputError."""
        path = self.raw_path(name)
        with _opened(path) as lines:
            head = list(itertools.takewhile(lambda line: not line.startswith(_HTML_LINE), lines))
        return _posting("".join([*head, _HTML_LINE, '""\n}']), path)

    def document(self, name: str) -> str:
        """Return the document of a posting. Raises InputError where the file is missing or damaged."""
        return _read(self.document_path(name), f"delete it and run `{self.command('scrape simplify')}`")

    def documents(self) -> Iterator[tuple[str, str]]:
        """Yield every (name, document), sorted by name, one in memory at a time."""
        for name in self.document_names():
            yield name, self.document(name)

    def raw_path(self, name: str) -> Path:
        """Return the path of the posting as its board gave it."""
        return self.raw / f"{name}.json"

    def document_path(self, name: str) -> Path:
        """Return the path of the posting's document."""
        return self.postings / f"{name}.html"

    def require(self) -> Store:
        """Return this store. Raises InputError, with what to run, where it has no posting."""
        if self.root.is_file():
            raise InputError(f"{self.root} is a file; --data-dir names the folder of a dataset")
        if not any(_stems(self.raw, ".json")):
            raise InputError(f"no postings in {self.root}; {datasets_beside(self.root, 'raw')}{self.how_to_fill()}")
        return self

    def how_to_fill(self) -> str:
        """Return the part of a message that tells how to get postings into this dataset."""
        if self.root == DATA / "jobs":
            return f"run scripts/scrape.sh first (or `{self.command('scrape search')}`)"
        boards = " --boards demo" if self.root == DATA / "demo" else ""
        return f"run `{self.command('scrape search' + boards)}` first"

    # ------------------------------------------------------------------ writing

    @contextmanager
    def locked(self) -> Iterator[Store]:
        """Lock the dataset for writing until the block ends. The lock of a killed process is released by the system.

        Files that a killed run left half written are deleted. Raises InputError at once where another process is
        writing here.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise InputError(f"{self.root} is not a folder; name another place for the dataset") from error
        with exclusive(self.root / ".lock", f"{self.root} is being written by another run; wait until it ends"):
            for folder in (self.root, self.raw, self.postings, self.answers):
                for path in folder.glob(".*.part"):
                    path.unlink(missing_ok=True)
            self._known = self._removed = None
            yield self

    def add(self, posting: Posting) -> bool:
        """Save a posting and return True; False where it is known or was removed. Safe to call from several threads."""
        with self._guard:
            if not self._removed_marks().isdisjoint({posting.name, canonical(posting.url)}):
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

    def remove(self, name_or_url: str) -> list[Posting]:
        """Remove a posting for good, by its name or any form of its address; return what was removed, without html.

        It is first written to `removed.txt`, so that a crash in between cannot bring it back. An address that is not
        in the store is written there as well, and will not be added. Raises InputError for an unknown name.
        """
        with self._guard:
            heads = self._matching(name_or_url)
            if not heads and not is_web(name_or_url):
                raise InputError(f"no posting in {self.root} is called {name_or_url!r}; give its name or its address")
            removed = [_marks(head.name, head.url) for head in heads] or [_marks(name_or_url)]
            self._write_removed({*self._removed_lines(), *removed})
            self._known = None
            for head in heads:
                self._delete(head.name)
            return heads

    def restore(self, *names_or_urls: str) -> bool:
        """Let a removed posting come back with the next search that finds it; return False where none was removed.

        Its names and addresses are taken out of `removed.txt`; its text is gone for good.
        """
        asked = {canonical(mark) for mark in names_or_urls}
        with self._guard:
            lines = self._removed_lines()
            left = {line for line in lines if asked.isdisjoint(line.split("\t"))}
            if left == lines:
                return False
            self._write_removed(left)
            (self.root / _REMOVED_BEFORE).unlink(missing_ok=True)
            return True

    def has(self, name_or_url: str) -> bool:
        """Return True for the name, or any form of the address, of a posting that is here."""
        return bool(self._matching(name_or_url))

    def is_removed(self, mark: str) -> bool:
        """Return True for the name or URL of a posting that was removed and must not come back."""
        return canonical(mark) in self._removed_marks()

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

    def without_document(self) -> int:
        """Return the number of postings without a document."""
        return len(set(_stems(self.raw, ".json")) - set(_stems(self.postings, ".html")))

    def stamps(self) -> dict[str, str]:
        """Return {name: text that changes whenever one of the two files does} of postings that have a document."""
        made = dict(_times(self.postings, ".html"))
        return {name: f"{time} {made[name]}" for name, time in _times(self.raw, ".json") if name in made}

    def drop_orphans(self) -> list[str]:
        """Delete documents without a posting, which a killed run can leave, and return their names."""
        orphans = sorted(set(_stems(self.postings, ".html")) - set(_stems(self.raw, ".json")))
        for name in orphans:
            self.document_path(name).unlink(missing_ok=True)
        return orphans

    # ------------------------------------------------------------------ inside

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

    def _removed_marks(self) -> frozenset[str]:
        """Return the names and URLs of removed postings."""
        if self._removed is None:
            self._removed = frozenset(mark for line in self._removed_lines() for mark in line.split("\t"))
        return self._removed

    def _removed_lines(self) -> set[str]:
        """Return the lines of `removed.txt`: of each removed posting its name, its URL, or both with a tab between."""
        paths = [path for name in (REMOVED, _REMOVED_BEFORE) if (path := self.root / name).exists()]
        texts = [_read(path, "repair it: it keeps removed postings from coming back") for path in paths]
        return {line for text in texts for line in text.splitlines() if line}

    def _write_removed(self, lines: Iterable[str]) -> None:
        write_whole(self.root / REMOVED, "".join(f"{line}\n" for line in sorted(lines)))
        self._removed = None

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


def _marks(*names_or_urls: str) -> str:
    """Return a line of `removed.txt`."""
    return "\t".join(filter(None, map(canonical, names_or_urls)))


def encode(posting: Posting) -> str:
    """Return a posting as the text of its raw file: JSON, one field a line, the html last."""
    text = json.dumps(to_fields(posting), ensure_ascii=False, indent=1) + "\n"
    return _LONE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def _posting(text: str, path: Path) -> Posting:
    try:
        posting = from_fields(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not a posting ({error}); {_SEARCH_AGAIN}") from error
    if posting.name != path.stem:  # a name inside a file is never used as a path
        raise InputError(f"{path} is the file of another posting, {posting.name!r}; {_SEARCH_AGAIN}")
    return posting


def _read(path: Path, remedy: str = _SEARCH_AGAIN) -> str:
    with _opened(path, remedy) as file:
        return file.read()


@contextmanager
def _opened(path: Path, remedy: str = _SEARCH_AGAIN) -> Iterator[TextIO]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield file
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}; run the search again") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); {remedy}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 ({error.reason} at byte {error.start}); {remedy}") from error


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
