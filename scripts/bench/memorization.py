"""Time the suffix array of a corpus: building it, and finding what a posting shares with the corpus.

    python scripts/bench/memorization.py [--megabytes 5 20 100] [--json FILE]

The corpora are postings of the bundled board from as many seeds as it takes. Each size is indexed by a process of its
own, so that the memory is its own as well.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from itertools import count
from pathlib import Path

import rounds

from charrnn.evaluate.memorization import find_overlap
from charrnn.evaluate.suffix_array import SuffixArray
from scrape import demo
from scrape.common import console
from scrape.markup import document
from scrape.markup.simplify import simplify

LENGTH = 4000  # characters that are looked for
COUNT = 1000  # postings of a seed


def main() -> int:
    options = _options()
    if options.corpus:
        print(json.dumps(_measured(options.corpus)))
        return 0
    return console.run(lambda: _bench(options), debug=options.debug)


def _options() -> argparse.Namespace:
    parser = console.parser("bench/memorization.py", "Time building and searching the suffix array of a corpus.")
    parser.add_argument("--megabytes", type=int, nargs="+", default=[5, 20, 100], help="sizes of the corpora")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to this file")
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _bench(options: argparse.Namespace) -> int:
    print("| corpus, MB | to build, s | memory, MB | to open again, s | 4,000 characters of it, s | of another, s |")
    print("|---|---|---|---|---|---|")
    found = []
    for size in options.megabytes:
        with tempfile.TemporaryDirectory() as folder:
            corpus = Path(folder) / "input.txt"
            _write(corpus, size * 1_000_000)
            command = [sys.executable, __file__, "--corpus", str(corpus)]
            one = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"| {size} | " + " | ".join(f"{value:.3g}" for value in one.values()) + " |", flush=True)
        found.append({"megabytes": size} | one)
    rounds.save(options.json, {"corpora": found})
    return console.OK


def _write(path: Path, size: int) -> None:
    """Return postings of `size` bytes in all."""
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file, console.progress(total=size, desc="writing") as bar:
        for seed in count(1):
            for posting in demo.postings(seed, COUNT):
                text = document.write(replace(posting, html=simplify(posting.html)))
                written += file.write(text)
                bar.update(len(text))
            if written >= size:
                return


def _measured(corpus: Path) -> dict[str, float]:
    begun = time.perf_counter()
    index = SuffixArray.open(corpus)
    built = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    SuffixArray.open(corpus)
    opened = time.perf_counter()
    copied = index.vocab.decode(index.ids[-LENGTH:])
    find_overlap(copied, index)
    asked = time.perf_counter()
    find_overlap(copied[::-1], index)
    return {
        "build": built - begun,
        "memory": memory,
        "open": opened - built,
        "copied": asked - opened,
        "other": time.perf_counter() - asked,
    }


if __name__ == "__main__":
    sys.exit(main())
