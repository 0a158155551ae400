"""The last listing of `find`, in the folder of its dataset: `show 3` and `open 3` mean a posting of it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Sequence

from scrape.common.errors import InputError
from scrape.common.files import write_whole
from scrape.dataset.index import PostingIndex, SearchHit
from scrape.dataset.store import Store
from scrape.fields.urls import canonical, is_web

FILE = "last_find.json"


def save(store: Store, query: str, names: Sequence[str]) -> None:
    """Save what was searched for and the names that were listed; a folder that cannot be written is left as it is."""
    with contextlib.suppress(OSError):
        write_whole(store.root / FILE, json.dumps({"query": query, "names": list(names)}, indent=1) + "\n")


def read(store: Store) -> tuple[str, list[str]]:
    """Return what was searched for, and the names in their order; both empty where nothing can be read."""
    try:
        found = json.loads((store.root / FILE).read_text("utf-8"))
        return str(found["query"]), [str(name) for name in found["names"]]
    except (OSError, ValueError, KeyError, TypeError):
        return "", []


def drop(store: Store, names: Collection[str]) -> None:
    """Take postings out of the listing; the others keep their numbers."""
    query, listed = read(store)
    if not set(listed).isdisjoint(names):
        save(store, query, ["" if name in names else name for name in listed])


def posting(store: Store, index: PostingIndex, what: str) -> SearchHit:
    """Return the posting of this number in the last listing, this name or this URL. Raises InputError."""
    name, query = what, ""
    if what.isdecimal():
        query, listed = read(store)
        if not 1 <= int(what) <= len(listed):
            count = f"lists {len(listed):,} postings" if listed else "found nothing" if query else "is not known"
            raise InputError(f"there is no posting {what}: the last `find` here {count}; give a name or an address")
        name = listed[int(what) - 1]
    elif is_web(what):
        address = canonical(what)
        name = next(iter(index.addresses({address})), "")
    if found := index.row(name):
        return found
    gone = f"there is no posting {what}"
    if what.isdecimal():
        gone = f"posting {what} of the last `find` ({query}) is gone: it is no longer"
    raise InputError(f"{gone} in {store.root}; `{store.command('scrape find')}` lists those that there are")
