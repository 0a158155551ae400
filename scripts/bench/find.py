"""Measure how long the index takes to build, and what one search of the saved postings takes.

    scripts/bench.sh find [--counts 1000,50000]

The postings are invented, by the bundled board; beyond 50,000 the same ones come again under other names, titles and
addresses. A search counts what it finds, and reads a page of 50 with excerpts.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import rounds

from scrape import demo
from scrape.common import console
from scrape.common.arguments import names
from scrape.common.posting import Posting
from scrape.dataset.index import FILE, Filters, PostingIndex, open_index
from scrape.dataset.store import Store, encode
from scrape.markup import document
from scrape.markup.simplify import simplify

DIFFERENT = 50_000  # postings that are invented one by one
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
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    options = parser.parse_args(argv)
    return console.run(lambda: bench(options), debug=options.debug)


def bench(options: Namespace) -> int:
    counts = [int(count) for count in options.counts]
    figures: dict[str, dict[str, float]] = {}
    for count in counts:
        for what, seconds in measured(count):
            figures.setdefault(what, {})[str(count)] = seconds
            print(f"{count:,}: {what}: {seconds * 1000:,.1f} ms", file=sys.stderr, flush=True)
    columns = " | ".join(f"{count:,}" for count in counts)
    print(f"{json.dumps(rounds.machine())}\n\n| milliseconds, median of {ROUNDS} | {columns} |")
    print(f"|---|{'---|' * len(counts)}")
    for what, row in figures.items():
        print(f"| {what} | {' | '.join(f'{row[str(count)] * 1000:,.1f}' for count in counts)} |")
    rounds.save(options.json, {"seconds": figures})
    return console.OK


def measured(count: int) -> Iterator[tuple[str, float]]:
    """Yield what was timed in a dataset of so many postings, with its seconds."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        write(store, count)
        time.sleep(2.1)  # so that the times of the folders are taken at their word
        begun = time.perf_counter()
        open_index(store).close()
        yield "build the index", time.perf_counter() - begun
        megabytes = (store.root / FILE).stat().st_size / 1e6
        print(f"{count:,}: {FILE} has {megabytes:,.0f} MB", file=sys.stderr)
        yield "open it, nothing changed", median(lambda: open_index(store).close())
        with open_index(store) as index:
            yield "refresh it, nothing changed", median(index.refresh)
            for what, filters in SEARCHES.items():
                yield what, median(lambda filters=filters: search(index, filters))  # type: ignore[misc]
            yield "facets of all postings", median(index.facets)
            yield "facets of `python`", median(lambda: index.facets(Filters("python")))


def search(index: PostingIndex, filters: Filters) -> None:
    index.count(filters)
    index.rows(filters, limit=PAGE)


def median(step: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS + 1):
        begun = time.perf_counter()
        step()
        taken.append(time.perf_counter() - begun)
    return sorted(taken[1:])[ROUNDS // 2]  # the first one warms up


def write(store: Store, count: int) -> None:
    """Write invented postings and their documents, without waiting for the disk each time."""
    for folder in (store.raw, store.postings):
        folder.mkdir(parents=True)
    made = demo.openings(count=min(count, DIFFERENT))
    texts = [simplify(opening.posting.html) for opening in console.progress(made, desc="simplifying")]
    for number in console.progress(range(count), desc="writing"):
        again, place = divmod(number, len(made))
        posting = renamed(made[place].posting, again)
        store.raw_path(posting.name).write_text(encode(posting), "utf-8", newline="")
        text = document.write(replace(posting, html=texts[place]))
        store.document_path(posting.name).write_text(text, "utf-8", newline="")


def renamed(posting: Posting, again: int) -> Posting:
    """Return a posting under other names where it is written again."""
    if not again:
        return posting
    key, url = f"{posting.key}-{again}", f"{posting.url}-{again}"
    return replace(posting, key=key, url=url, title=f"{posting.title} {again}")


if __name__ == "__main__":
    sys.exit(main())
