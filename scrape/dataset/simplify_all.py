"""Postings as they came -> documents of bare markup: raw/ -> postings/, on all cores, only what changed."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from scrape.common.console import progress
from scrape.common.errors import InputError
from scrape.common.files import write_whole
from scrape.dataset.store import Store
from scrape.markup import document
from scrape.markup.simplify import simplify

_WORTH_A_POOL = 400  # postings; starting the other processes takes as long as simplifying this many
_MADE_BY = ".made-by"


@dataclass(frozen=True, slots=True)
class Simplified:
    """What a run of the simplifier did. `spoilt` says of each posting that could not be used why."""

    looked_at: int
    changed: int
    spoilt: tuple[str, ...] = ()


def simplify_store(store: Store, *, everything: bool = False, cores: int | None = None) -> Simplified:
    """Bring the documents of a store up to date; the store must be locked.

    Looked at are postings without a document, or with an older one; all of them where the program has changed
    since the last time, or with `everything`. A posting that cannot be used is left out and reported.
    """
    store.drop_orphans()
    made_by = _program()
    mark = store.postings / _MADE_BY
    current = mark.exists() and mark.read_text("utf-8") == made_by
    names = store.names() if everything or not current else store.stale_documents()
    results = list(progress(_each(store, names, cores or os.cpu_count() or 1), total=len(names), desc="simplifying"))
    spoilt = tuple(result for result in results if isinstance(result, str))
    if not current:
        write_whole(mark, made_by)
    return Simplified(len(names), sum(result is True for result in results), spoilt)


def _each(store: Store, names: Sequence[str], cores: int) -> Iterator[bool | str]:
    make = partial(_make, store.root)
    if cores == 1 or len(names) < _WORTH_A_POOL:
        yield from map(make, names)
        return
    # Spawned, not forked: the threads that asked the boards may still hold locks.
    with multiprocessing.get_context("spawn").Pool(cores, _leave_signals_to_parent) as pool:
        yield from pool.imap_unordered(make, names, chunksize=32)


def _make(root: Path, name: str) -> bool | str:
    """Write one document; whether it changed, or why it could not be made."""
    store = Store(root)
    try:
        posting = store.posting(name)
        return store.put_document(name, document.write(replace(posting, html=simplify(posting.html))))
    except (InputError, ValueError) as error:
        return f"{name}: {error}"


def _leave_signals_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _program() -> str:
    """A fingerprint of this package's own code: another version may make another document of the same posting."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16] + "\n"
