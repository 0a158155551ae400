"""`datasets`: list the datasets."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from scrape.common.console import FAILED, OK, print_json, say
from scrape.common.table import print_table
from scrape.dataset.store import DATA, FileStore, Store, stores_in
from scrape.recommend import labels


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print the datasets in data/ with their postings, labels, and the day on which the newest was saved."""
    rows = [_row(store) for store in stores_in(DATA)]
    if options.json:
        print_json(rows)
    elif rows:
        print_table(list(rows[0]), [list(row.values()) for row in rows])
    else:
        say(f"there is no dataset in {DATA}; {FileStore(DATA / 'jobs').how_to_fill()}")
    return OK if rows else FAILED


def _row(store: Store) -> dict[str, str | int]:
    return {
        "dataset": store.root.name,
        "postings": store.count(),
        "labels": _labels(store),
        "newest": "" if (newest := store.newest()) is None else _day(newest),
    }


def _labels(store: Store) -> int:
    if not (store.root / labels.FILE).exists():
        return 0
    with labels.open_labels(store.root) as opened:
        return len(opened.all())


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
