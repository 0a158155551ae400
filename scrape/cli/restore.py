"""`restore`: let removed postings come back."""

from __future__ import annotations

import argparse

from scrape.common.console import FAILED, OK, print_result, say
from scrape.common.table import printable
from scrape.dataset.store import REMOVED, named_store


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("what", nargs="+", metavar="URL_OR_NAME", help="what was given to `remove`, or its other name")


def run(options: argparse.Namespace) -> int:
    """Take postings out of the list of removed ones; fail where one was not removed."""
    store = named_store(options.dataset, options.data_dir)
    if not store.root.is_dir():
        store.require()
    restored = 0
    with store.locked():
        for what in options.what:
            if store.restore(what):
                print_result(f"may come back: {printable(what)}")
                restored += 1
            else:
                say(f"{what} was not removed; {store.root / REMOVED} lists what was")
    if restored:
        say(f"the text itself is gone: {store.how_to_find_again} to have it back")
    return OK if restored == len(options.what) else FAILED
