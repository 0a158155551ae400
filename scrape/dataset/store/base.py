"""The interface of a dataset, of either kind, and the list of postings that must not come back."""

from __future__ import annotations

import shlex
import threading
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from scrape.common.errors import InputError
from scrape.common.files import write_whole
from scrape.common.lock import exclusive
from scrape.common.posting import Posting
from scrape.common.suggest import datasets_beside
from scrape.fields.urls import canonical, is_web

if TYPE_CHECKING:
    from scrape.dataset.shards import Row
    from scrape.dataset.store.files import FileStore

DATA = Path("data")
INPUT = "input.txt"
"""The corpus of a dataset of files, in the folder of its dataset."""
CONTENTS = ("raw", "shards")
"""The folders by which a dataset is known: one of files has the first, a gathered one the second."""
REMOVED = "removed.txt"
SEARCH_AGAIN = "delete it; a search that finds the posting saves it again"
_REMOVED_BEFORE = "forgotten.txt"  # its name until version 0.1; read, and never written


@dataclass(frozen=True, slots=True)
class SavedCopy:
    """A posting as it is saved, which can be put back after it was removed.

    `rows` are its rows in a gathered dataset: of each the key of its shard, its number there, and what it says.
    `saved_at` is the time of its file in the other kind, in nanoseconds.
    """

    posting: Posting
    document: str
    rows: tuple[tuple[str, int, Row], ...] = ()
    saved_at: int = 0


class Store(ABC):
    """A dataset. Opening it reads nothing; reading needs no lock; what changes it needs `locked()`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.answers = root / "answers"
        self._guard = threading.RLock()
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

    # ------------------------------------------------------------------ the kind

    @property
    @abstractmethod
    def corpus(self) -> Path:
        """The corpus, a file or a folder, which need not be there."""

    @property
    @abstractmethod
    def how_to_compile(self) -> str:
        """The part of a message that tells how to make the corpus again."""

    @property
    @abstractmethod
    def how_to_find_again(self) -> str:
        """The part of a message that tells how a posting that may come back does."""

    @abstractmethod
    def how_to_fill(self) -> str:
        """Return the part of a message that tells how to get postings into this dataset."""

    @abstractmethod
    def as_files(self, otherwise: str) -> FileStore:
        """Return this store, if it is one of files. Raises InputError, with `otherwise` for what to do instead."""

    # ------------------------------------------------------------------ reading

    @abstractmethod
    def names(self) -> list[str]:
        """Return the names of all postings, sorted."""

    @abstractmethod
    def count(self) -> int:
        """Return the number of postings."""

    @abstractmethod
    def posting(self, name: str) -> Posting:
        """Return the posting as its board gave it; in a gathered dataset its html is its document.

        Raises InputError where it is missing or damaged.
        """

    @abstractmethod
    def head(self, name: str) -> Posting:
        """Return the posting without its html. Raises InputError where it is missing or damaged."""

    @abstractmethod
    def document(self, name: str) -> str:
        """Return the document of a posting. Raises InputError where it is missing or damaged."""

    def documents(self) -> Iterator[tuple[str, str]]:
        """Yield every (name, document), one in memory at a time."""
        for name in self.in_reading_order([name for name, _ in self.stamps()]):
            yield name, self.document(name)

    @abstractmethod
    def in_reading_order(self, names: Collection[str]) -> Sequence[str]:
        """Return names in the order in which their postings are read fastest; without those that are not there."""

    @abstractmethod
    def times(self) -> tuple[int, ...]:
        """Return the times, in nanoseconds, of which one changes whenever a posting comes, changes or goes."""

    @abstractmethod
    def stamps(self) -> Iterator[tuple[str, str]]:
        """Yield (name, text that changes whenever the posting does) of postings that have a document, by name.

        The text begins with the time at which the posting was saved, in nanoseconds.
        """

    @abstractmethod
    def newest(self) -> float | None:
        """Return when the newest posting was saved, in seconds since 1970; None where there is none."""

    @abstractmethod
    def without_document(self) -> int:
        """Return the number of postings without a document."""

    def require(self) -> Store:
        """Return this store. Raises InputError, with what to run, where it has no posting."""
        if self.root.is_file():
            raise InputError(f"{self.root} is a file; --data-dir names the folder of a dataset")
        if self._is_empty():
            beside = datasets_beside(self.root, *CONTENTS)
            raise InputError(f"no postings in {self.root}; {beside}{self.how_to_fill()}")
        return self

    def has(self, name_or_url: str) -> bool:
        """Return True for the name, or any form of the address, of a posting that is here."""
        return bool(self._matching(name_or_url))

    # ------------------------------------------------------------------ writing

    @contextmanager
    def locked(self) -> Iterator[Store]:
        """Lock the dataset for writing until the block ends. The lock of a killed process is released by the system.

        What a killed run left half done is cleared up. Raises InputError at once where another process is writing here.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise InputError(f"{self.root} is not a folder; name another place for the dataset") from error
        with exclusive(self.root / ".lock", f"{self.root} is being written by another run; wait until it ends"):
            for folder in (self.root, self.answers, *self._folders()):
                for path in folder.glob(".*.part"):
                    path.unlink(missing_ok=True)
            self._begin_writing()
            yield self

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
            self._delete_removed(heads)
            return heads

    def restore(self, *names_or_urls: str) -> bool:
        """Let a removed posting come back when it is found again; return False where none was removed.

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

    @abstractmethod
    def copy(self, name: str) -> SavedCopy:
        """Return a posting as it is saved, for `put_back`. Raises InputError where it is missing or damaged."""

    @abstractmethod
    def put_back(self, copy: SavedCopy) -> None:
        """Undo the removal of a posting: all is as it was when it was copied. Raises InputError."""

    def is_removed(self, mark: str) -> bool:
        """Return True for the name or URL of a posting that was removed and must not come back."""
        return canonical(mark) in self.removed_marks()

    # ------------------------------------------------------------------ inside

    @abstractmethod
    def _is_empty(self) -> bool: ...

    @abstractmethod
    def _folders(self) -> Sequence[Path]:
        """Return the folders in which files are written."""

    @abstractmethod
    def _matching(self, name_or_url: str) -> list[Posting]:
        """Return the postings with this name or address, without html."""

    @abstractmethod
    def _delete_removed(self, heads: Sequence[Posting]) -> None:
        """Delete these postings, which `removed.txt` names."""

    def _begin_writing(self) -> None:
        """Forget what another process may have changed, and finish what it left half done."""
        self._removed = None

    def removed_marks(self) -> frozenset[str]:
        """Return the names and URLs of removed postings."""
        if self._removed is None:
            self._removed = frozenset(mark for line in self._removed_lines() for mark in line.split("\t"))
        return self._removed

    def _removed_lines(self) -> set[str]:
        """Return the lines of `removed.txt`: of each removed posting its name, its URL, or both with a tab between."""
        paths = [path for name in (REMOVED, _REMOVED_BEFORE) if (path := self.root / name).exists()]
        texts = [read_file(path, "repair it: it keeps removed postings from coming back") for path in paths]
        return {line for text in texts for line in text.splitlines() if line}

    def _write_removed(self, lines: Iterable[str]) -> None:
        write_whole(self.root / REMOVED, "".join(f"{line}\n" for line in sorted(lines)))
        self._removed = None


def _marks(*names_or_urls: str) -> str:
    """Return a line of `removed.txt`."""
    return "\t".join(filter(None, map(canonical, names_or_urls)))


def read_file(path: Path, remedy: str = SEARCH_AGAIN) -> str:
    """Return the text of a file of a dataset. Raises InputError, with `remedy`, where it is missing or damaged."""
    with open_file(path, remedy) as file:
        return file.read()


@contextmanager
def open_file(path: Path, remedy: str = SEARCH_AGAIN) -> Iterator[TextIO]:
    """Open a text file of a dataset. Raises InputError as `read_file` does, also while it is read."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield file
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}; run the search again") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); {remedy}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 ({error.reason} at byte {error.start}); {remedy}") from error
