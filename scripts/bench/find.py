"""Measure how long the index takes to build, and what one search of the saved postings takes.

    scripts/bench.sh find [--counts 1000,50000] [--times 4]
    scripts/bench.sh find --data-dir data/jobs

The postings are invented, by the bundled board, or those of a dataset, which is left as it is. With `--times`, the rows
of the largest index are then multiplied in it, and searched again. A search counts what it finds, and reads a page of
50 with excerpts.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import rounds

from scrape import demo
from scrape.common import console
from scrape.common.arguments import names, positive_int
from scrape.common.databases import leave
from scrape.dataset.index import FILE, Filters, PostingIndex, open_index
from scrape.dataset.store import FileStore, Store, encode
from scrape.markup import document
from scrape.markup.simplify import simplify

PAGE = 50
ROUNDS = 7

SEARCHES = {
    "the first page: all postings, newest first": Filters(),
    "a word: `python`": Filters("python"),
    "a frequent word: `engineer`": Filters("engineer"),
    "a word of every posting: `the`": Filters("the"),
    'a phrase: `"data scientist"`': Filters('"data scientist"'),
    "two words, one excluded: `nurse -python`": Filters("nurse -python"),
    "a beginning: `engineeri*`": Filters("engineeri*"),
    "while typing `p`": Filters("p", typing=True),
    "while typing `py`": Filters("py", typing=True),
    "while typing `eng`": Filters("eng", typing=True),
    "a city": Filters(places=("Seattle, WA",)),
    "a word in a city, paid at least 100,000": Filters("python", places=("Seattle",), min_pay=100_000),
    "a title at a company": Filters(titles=("engineer",), companies=("works",)),
}


def main(argv: list[str] | None = None) -> int:
    parser = console.parser("find.py", "Measure the index of the saved postings.")
    parser.add_argument("--counts", type=names, default=["1000", "50000"], metavar="A,B", help="postings (1000,50000)")
    parser.add_argument("--data-dir", type=Path, help="measure the postings of this dataset instead")
    parser.add_argument("--times", type=positive_int, default=1, metavar="N", help="multiply the rows at the end (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    options = parser.parse_args(argv)
    return console.run(lambda: bench(options), debug=options.debug)


def bench(options: Namespace) -> int:
    figures: dict[str, dict[str, float]] = {}
    for count in [0] if options.data_dir else sorted(map(int, options.counts)):
        with tempfile.TemporaryDirectory() as folder:
            store = copied(options.data_dir, Path(folder)) if options.data_dir else written(Path(folder), count)
            built = timed_index(store)
            number, searches = timed_searches(store)
            figures[number] = built | searches
            last = options.data_dir or count == max(map(int, options.counts))
            if last and options.times > 1:
                multiply(store.root / FILE, options.times)
                number, figures[number] = timed_searches(store)
    print(json.dumps(rounds.machine()))
    print(f"\n| milliseconds of the processor, median of {ROUNDS} | {' | '.join(figures)} |")
    print(f"|---|{'---|' * len(figures)}")
    for what in next(iter(figures.values())):
        cells = (f"{column[what] * 1000:,.1f}" if what in column else "" for column in figures.values())
        print(f"| {what} | {' | '.join(cells)} |")
    rounds.save(options.json, {"seconds": figures})
    return console.OK


def timed_index(store: Store) -> dict[str, float]:
    """Return the seconds that it takes to build the index, and to open it again."""
    time.sleep(2.1)  # so that the times of the folders are taken at their word
    begun = time.process_time()
    open_index(store).close()
    figures = {"build the index": time.process_time() - begun}
    console.say(f"{FILE} has {(store.root / FILE).stat().st_size / 1e6:,.0f} MB")
    return figures | {"open it, nothing changed": median(lambda: open_index(store).close())}


def timed_searches(store: Store) -> tuple[str, dict[str, float]]:
    """Return the number of postings in the index, and the seconds of each search."""
    with open_index(store) as index:
        number = f"{index.count():,}"
        figures = {what: median(partial(search, index, filters)) for what, filters in SEARCHES.items()}
        figures["facets of all postings"] = median(index.facets)
        figures["facets of `python`"] = median(partial(index.facets, Filters("python")))
    return number, figures


def search(index: PostingIndex, filters: Filters) -> None:
    index.count(filters)
    index.rows(filters, limit=PAGE)


def median(step: Callable[[], object]) -> float:
    """Return the seconds of the processor that a step takes: other programs hardly change these."""
    taken = []
    for _ in range(ROUNDS + 1):
        begun = time.process_time()
        step()
        taken.append(time.process_time() - begun)
    return sorted(taken[1:])[ROUNDS // 2]  # the first one warms up


def written(root: Path, count: int) -> Store:
    """Write invented postings and their documents, without waiting for the disk each time."""
    store = FileStore(root)
    for folder in (store.raw, store.postings):
        folder.mkdir()
    for opening in console.progress(demo.openings(count=count), desc="writing", unit=" postings"):
        posting = opening.posting
        store.raw_path(posting.name).write_text(encode(posting), "utf-8", newline="")
        text = document.write(replace(posting, html=simplify(posting.html)))
        store.document_path(posting.name).write_text(text, "utf-8", newline="")
    return store


def copied(root: Path, folder: Path) -> Store:
    """Return a dataset with the postings of another and no index."""
    theirs, store = FileStore(root).require(), FileStore(folder)
    store.raw.symlink_to(theirs.raw.resolve(), target_is_directory=True)
    store.postings.symlink_to(theirs.postings.resolve(), target_is_directory=True)
    return store


def multiply(path: Path, times: int) -> None:
    """Add every posting of an index again, under other names; the folders say nothing of it and are not listed."""
    with closing(sqlite3.connect(path)) as index, index:
        top = index.execute("SELECT max(id) FROM posting").fetchone()[0]
        columns = [name for _, name, *_ in index.execute("PRAGMA table_info(posting)")][2:]
        of_place = [name for _, name, *_ in index.execute("PRAGMA table_info(place)")][1:]
        for again in range(1, times):
            index.execute(
                f"INSERT INTO posting SELECT id + ?, name || ?, {', '.join(columns)} FROM posting WHERE id <= ?",
                (again * top, f"-{again}", top),
            )
            index.execute(
                f"INSERT INTO place SELECT posting + ?, {', '.join(of_place)} FROM place WHERE posting <= ?",
                (again * top, top),
            )
            for table in ("words", "typing"):
                index.execute(
                    f"INSERT INTO {table} (rowid, title, company, location, body, special) "
                    "SELECT rowid + ?, title, company, location, body, special FROM words WHERE rowid <= ?",
                    (again * top, top),
                )
    leave(path)


if __name__ == "__main__":
    sys.exit(main())
