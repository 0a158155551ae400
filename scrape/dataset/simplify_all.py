"""Turn postings as they came into documents of bare markup: raw/ -> postings/, on all cores, only what changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

from scrape.common.console import progress
from scrape.common.errors import InputError
from scrape.common.files import write_whole
from scrape.common.pool import process_map
from scrape.common.posting import Posting
from scrape.dataset.store import FileStore
from scrape.markup import document
from scrape.markup.simplify import simplify

_MADE_BY = ".made-by"
_JOURNAL = ".made-by.journal"  # the postings that a run over all of them has finished, one a line


@dataclass(frozen=True, slots=True)
class Simplified:
    """The outcome of a run of the simplifier. `unusable` has a line for each posting that could not be used."""

    simplified: int
    changed: int
    unusable: tuple[str, ...] = ()


def simplify_store(store: FileStore, *, everything: bool = False, cores: int | None = None) -> Simplified:
    """Bring the documents of a store up to date; the store must be locked.

    Postings without a document, or with an older one, are simplified; all of them where the program has changed
    since the last time, or with `everything`. A posting that cannot be used is left out and reported. A run over all
    postings that was interrupted goes on where it stopped. Raises WorkerKilled.
    """
    store.drop_orphans()
    mark, journal, made_by = store.postings / _MADE_BY, store.postings / _JOURNAL, _program_version()
    if everything:
        mark.unlink(missing_ok=True)
    names = store.stale_documents()
    current = mark.exists() and mark.read_text("utf-8") == made_by
    if not current:
        names = sorted({*names, *store.names()} - (_finished(journal, made_by) - {*names}))
    store.postings.mkdir(parents=True, exist_ok=True)
    changed, unusable = 0, []
    with process_map(partial(_make, store.root), names, cores=cores) as results, journal.open("a", 1, "utf-8") as log:
        for name, result in progress(results, total=len(names), desc="simplifying", unit=" postings"):
            if isinstance(result, str):
                unusable.append(f"{name}: {result}")
            else:
                changed += result
                log.write(f"{name}\n")
    if not current:
        write_whole(mark, made_by)
    journal.unlink()
    return Simplified(len(names) - len(unusable), changed, tuple(sorted(unusable)))


def _finished(journal: Path, made_by: str) -> set[str]:
    """Return the postings that an interrupted run of this version has done; begin a journal if there is none."""
    text = journal.read_text("utf-8", "replace") if journal.exists() else ""
    if text.startswith(made_by):
        return set(text.split("\n")[1:-1])  # after the last newline stands what was being written, if anything
    write_whole(journal, made_by)
    return set()


def document_of(posting: Posting) -> str:
    """Return the document of a posting whose html is as its board gave it. Raises ValueError where none can be made."""
    return document.write(replace(posting, html=simplify(posting.html)))


def _make(root: Path, name: str) -> tuple[str, bool | str]:
    """Write one document; its name, and whether it changed or why it could not be made."""
    store = FileStore(root)
    try:
        return name, store.put_document(name, document_of(store.posting(name)))
    except (InputError, ValueError) as error:
        return name, str(error)


def _program_version() -> str:
    """Return a hash of what decides a document: `scrape.markup`, the record of a posting, and the tokenizer."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256(version("justhtml").encode())
    for source in (package / "common" / "posting.py", *sorted((package / "markup").rglob("*.py"))):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16] + "\n"
