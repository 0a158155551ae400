"""`remove`: remove postings for good, and keep them from coming back."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from scrape.common.console import OK, print_result, say, stdout_is_terminal
from scrape.common.errors import InputError
from scrape.common.table import printable
from scrape.dataset.store import REMOVED, Store, named_store
from scrape.fields.urls import is_web
from scrape.recommend import removal


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("what", nargs="+", metavar="URL_OR_NAME", help="an address, or the name of a posting")
    parser.add_argument(
        "--even-if-unknown", action="store_true", help="also keep addresses from coming that no posting has"
    )


def run(options: argparse.Namespace) -> int:
    """Remove postings from everything that was derived from them, except the corpus."""
    store = named_store(options.dataset, options.data_dir).require()
    if not options.even_if_unknown:
        _refuse_unknown(store, options.what)
    removed = removal.remove(store, *options.what)
    for head in removed.heads:
        print_result("  ".join(["removed: " + head.name, printable(head.title), printable(head.url)]))
    if not removed.heads:
        print_result("not in the dataset; it will not be added")
    say(
        f"also removed: {removed.labels} labels, {removed.responses} saved responses; "
        f"{store.root / REMOVED} keeps it from coming back"
    )
    if store.corpus.exists():
        say(f"{store.corpus} is unchanged; {store.how_to_compile}")
    return OK


def _refuse_unknown(store: Store, names_or_urls: Iterable[str]) -> None:
    """Ask on a terminal whether addresses that no posting has are meant. Raises InputError where they are not."""
    unknown = [what for what in names_or_urls if is_web(what) and not store.has(what)]
    if not unknown:
        return
    here = f"no posting in {store.root} has the address {', '.join(unknown)}"
    if sys.stdin.isatty() and stdout_is_terminal():
        say(f"{here}; keep it from ever coming? [y/N]")
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return
    raise InputError(f"{here}; nothing was removed; --even-if-unknown keeps it from ever coming")
