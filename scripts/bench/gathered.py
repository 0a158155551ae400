"""Measure a gathered dataset of invented, short postings: its catalogue, its index, and the first answer of commands.

    scripts/bench.sh gathered [--count 1000000] [--data-dir FOLDER]

The postings are put together at random from the paragraphs of the bundled board. With `--data-dir` the dataset is
written there, or measured as it is where it is there already; else it is thrown away.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import rounds

from scrape import demo
from scrape.common import console
from scrape.common.arguments import positive_int
from scrape.common.files import write_whole
from scrape.common.posting import Posting
from scrape.dataset.shards import MARK_SUFFIX, SHARDS, SUFFIX, Row, in_order, write_shard
from scrape.markup import document
from scrape.markup.simplify import simplify

IN_A_SHARD = 10_000
_BASE = 2_000  # postings whose paragraphs are mixed
_PARAGRAPHS = (3, 7)  # the fewest and the most of a posting


def main(argv: list[str] | None = None) -> int:
    parser = console.parser("gathered.py", "Measure a gathered dataset of invented postings.")
    parser.add_argument("--count", type=positive_int, default=1_000_000, help="postings (1,000,000)")
    parser.add_argument("--data-dir", type=Path, help="the folder of the dataset, which is kept")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    options = parser.parse_args(argv)
    return console.run(lambda: bench(options), debug=options.debug)


def bench(options: Namespace) -> int:
    if options.data_dir:
        figures = measured(options.data_dir, options.count)
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures = measured(Path(folder), options.count)
    print(json.dumps(rounds.machine()))
    print(f"\n| {options.count:,} postings | |\n|---|---|")
    for what, value in figures.items():
        print(f"| {what} | {value:,.2f} |")
    rounds.save(options.json, {"figures": figures})
    return console.OK


def measured(root: Path, count: int) -> dict[str, float]:
    """Write the dataset if it is not there, and return the figures: seconds, and megabytes on disk."""
    if not (root / SHARDS).exists():
        written(root, count)
        time.sleep(2.1)  # so that the times of the shards are taken at their word
    at = ["--data-dir", str(root)]
    commands = {
        "find, which makes catalogue and index (s)": ["find", "python", "--limit", "1", *at],
        "find again: the first hit (s)": ["find", "python", "--limit", "1", *at],
        "find a frequent word (s)": ["find", "team", "--limit", "20", *at],
        "find in a city (s)": ["find", "python", "--place", "Seattle, WA", "--limit", "20", *at],
        "show the first (s)": ["show", "1", "--text", *at],
        "export 1,000 postings (s)": ["find", "engineer", "--limit", "1000", "-o", str(root / "rows.jsonl"), *at],
    }
    figures = {what: seconds(command) for what, command in commands.items()}
    (root / "rows.jsonl").unlink(missing_ok=True)
    figures["desk: its address (s)"] = desk_seconds(at)
    figures |= {f"{what} (MB)": megabytes(root, what) for what in (SHARDS, "catalogue.sqlite", "index.sqlite")}
    return figures


def seconds(command: Sequence[str]) -> float:
    """Return the seconds by the clock that a command takes, start and all."""
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "scrape", *command], stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in (console.OK, console.FAILED):
        raise RuntimeError(f"{command} ended with {done.returncode}")
    return time.perf_counter() - begun


def desk_seconds(at: Sequence[str]) -> float:
    """Return the seconds until the desk prints its address."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "scrape", "desk", "--no-browser", *at]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as desk:
        assert desk.stdout is not None
        desk.stdout.readline()
        taken = time.perf_counter() - begun
        desk.terminate()
    return taken


def megabytes(root: Path, name: str) -> float:
    path = root / name
    return sum(each.stat().st_size for each in (path.iterdir() if path.is_dir() else [path])) / 1e6


def written(root: Path, count: int) -> None:
    """Write the shards of `count` invented postings."""
    shards = [range(start, min(start + IN_A_SHARD, count)) for start in range(0, count, IN_A_SHARD)]
    base = [replace(each.posting, html=simplify(each.posting.html)) for each in demo.openings(count=_BASE)]
    paragraphs = sorted({line for each in base for line in each.html.splitlines() if line.startswith("<p>")})
    for number, numbers in enumerate(console.progress(shards, desc="writing", unit=" shards")):
        key = f"{number * 2654435761 % 2**32:08x}{number:08x}"
        rows = write_shard(root / SHARDS / f"{key}{SUFFIX}", in_order(invented(base, paragraphs, numbers))).rows
        write_whole(root / SHARDS / f"{key}{MARK_SUFFIX}", json.dumps({"postings": rows}) + "\n")


def invented(base: Sequence[Posting], paragraphs: Sequence[str], numbers: range) -> Iterator[Row]:
    chance = random.Random(numbers.start)
    for number in numbers:
        head = base[chance.randrange(len(base))]
        text = "".join(f"{line}\n" for line in chance.sample(paragraphs, chance.randint(*_PARAGRAPHS)))
        made = replace(head, board="saved", key=f"{number:09}", url=f"https://board.invalid/{number}", html=text)
        yield Row(replace(made, html=""), document.write(made))


if __name__ == "__main__":
    sys.exit(main())
