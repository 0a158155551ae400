"""`compile`: compile the corpus from the simplified postings."""

from __future__ import annotations

import argparse

from scrape.common.console import OK, print_result
from scrape.dataset.corpus.compile import compile_corpus
from scrape.dataset.store import INPUT, named_store


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare no options beyond those of every command."""


def run(options: argparse.Namespace) -> int:
    """Compile the corpus and print its size."""
    store = named_store(options.dataset, options.data_dir).require().as_files("run gather again to write its corpus")
    with store.locked():
        print_result(compile_corpus(store).summary(store.root / INPUT))
    return OK
