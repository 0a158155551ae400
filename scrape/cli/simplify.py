"""`simplify`: simplify the saved postings again, without the network."""

from __future__ import annotations

import argparse

from scrape.common.console import FAILED, OK, print_result, say
from scrape.dataset.simplify_all import simplify_store
from scrape.dataset.store import named_store


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--all", action="store_true", help="simplify every posting, not only those that changed")


def run(options: argparse.Namespace) -> int:
    """Simplify what changed; fail where a saved posting cannot be used."""
    chosen = named_store(options.dataset, options.data_dir).require()
    store = chosen.as_files("run gather again: its postings are simplified as they are read")
    with store.locked():
        done = simplify_store(store, everything=options.all)
    for line in done.unusable:
        say(f"left out: {line}")
    print_result(f"{done.simplified:,} postings simplified, {done.changed:,} of them changed, in {store.postings}")
    return FAILED if done.unusable else OK
