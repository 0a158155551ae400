"""Time the simplifier beside its peers, on the same input, in one run.

    python scripts/bench/simplify.py [FOLDER ...] [--json FILE]

takes the postings of the bundled board, or, where folders are named, every .html file and the `html` of every line
of .jsonl and .jsonl.gz files below each. Peers that are not installed are left out, and named.
"""

from __future__ import annotations

import gzip
import importlib
import json
import logging
import os
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import rounds
from bs4 import BeautifulSoup

from scrape import demo
from scrape.common import console
from scrape.common.errors import InputError
from scrape.markup.simplify import simplify

Tool = Callable[[str], str]
REPEATS = 3
REFERENCE = "BeautifulSoup get_text"


def main(argv: list[str] | None = None) -> int:
    parser = console.parser("scripts/bench/simplify.py", "Time the simplifier beside its peers on the same input.")
    parser.add_argument("folders", nargs="*", type=Path, help="where the HTML is (default: the bundled board)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was measured there, too")
    args = parser.parse_args(argv)
    return console.run(lambda: bench(args.folders, args.json), debug=args.debug)


def bench(folders: list[Path], report: Path | None) -> int:
    """Print one table for each folder. Raises InputError where a folder holds no HTML."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    tools = {"simplify": simplify, REFERENCE: plain_text, **peers()}
    tables = []
    for name, pages in inputs(folders):
        made = measured(name, pages, tools)
        print_table(made)
        tables.append(made)
    rounds.save(report, {"tables": tables})
    return console.OK


def inputs(folders: list[Path]) -> Iterator[tuple[str, list[str]]]:
    """Return the pages to simplify by name."""
    if not folders:
        yield "bundled board", [posting.html for posting in demo.postings()]
    for folder in folders:
        pages = list(html_below(folder))
        if not pages:
            raise InputError(f"no .html, .jsonl or .jsonl.gz file below {folder}; name a folder that has some")
        yield str(folder), pages


def html_below(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".html", ".htm"):
            yield path.read_text(encoding="utf-8", errors="replace")
        elif path.name.endswith((".jsonl", ".jsonl.gz")):
            written = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            yield from (row["html"] for row in map(json.loads, written.splitlines()) if row.get("html"))


def plain_text(html: str) -> str:
    return BeautifulSoup(html, "lxml").get_text(" ")


def peers() -> dict[str, Tool]:
    """Return the installed peers; name the others on stderr."""
    found: dict[str, Tool] = {}
    for module, make in (("trafilatura", _trafilatura), ("readability", _readability)):
        try:
            importlib.import_module(module)
        except ImportError:
            console.say(f"{module} is not installed, so it is left out")
        else:
            found[module] = make()
    return found


def _trafilatura() -> Tool:
    extract = importlib.import_module("trafilatura").extract
    return lambda html: extract(html, output_format="html") or ""


def _readability() -> Tool:
    reader = importlib.import_module("readability").Document
    return lambda html: str(reader(html).summary())


def measured(name: str, pages: list[str], tools: dict[str, Tool]) -> dict[str, Any]:
    """Each tool's rate on the same pages, beside the reference's in the same run."""
    size = sum(len(page.encode("utf-8", "replace")) for page in pages) / 1e6
    seen = [words(plain_text(page)) for page in pages]
    rates = {tool: size / seconds(tools[tool], pages) for tool in tools}
    rows = [
        {
            "name": tool,
            "megabytes_per_second": rate,
            "ratio": rate / rates[REFERENCE],
            "words_kept": share_kept(tools[tool], pages, seen),
        }
        for tool, rate in rates.items()
    ]
    return {
        "name": name,
        "pages": len(pages),
        "megabytes": size,
        "tools": rows,
        "megabytes_per_second_elapsed": size / elapsed_on_all_cores(pages),
    }


def print_table(made: dict[str, Any]) -> None:
    print(f"{made['name']}: {made['pages']} pages, {made['megabytes']:.1f} MB; best of {REPEATS}, one core's time\n")
    print("| tool | MB/s | ratio | words kept |\n|---|---|---|---|")
    for row in made["tools"]:
        rate = f"{row['megabytes_per_second']:.1f}"
        print(f"| {row['name']} | {rate} | {row['ratio']:.2f} | {row['words_kept']:.2%} |")
    print(f"\nsimplify in {os.cpu_count()} processes: {made['megabytes_per_second_elapsed']:.1f} MB/s by the clock\n")


def seconds(tool: Tool, pages: list[str]) -> float:
    return min(_once(tool, pages) for _ in range(REPEATS))


def _once(tool: Tool, pages: list[str]) -> float:
    start = time.process_time()
    for page in pages:
        attempt(tool, page)
    return time.process_time() - start


def attempt(tool: Tool, page: str) -> str:
    """Run a tool on a page; return the empty text if it fails."""
    try:
        return tool(page)
    except Exception:
        return ""


def elapsed_on_all_cores(pages: list[str]) -> float:
    with ProcessPoolExecutor() as pool:
        list(pool.map(simplify, ["<p>warm</p>"] * 64))
        start = time.perf_counter()
        list(pool.map(simplify, pages * REPEATS, chunksize=max(1, len(pages) // 64)))
        return (time.perf_counter() - start) / REPEATS


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text.casefold()))


def share_kept(tool: Tool, pages: list[str], seen: list[Counter[str]]) -> float:
    """Return the share of the words of `get_text`, including hidden ones and titles, that the tool's text also has."""
    kept = sum(
        (words(plain_text(attempt(tool, page))) & all_words).total()
        for page, all_words in zip(pages, seen, strict=True)
    )
    return kept / sum(all_words.total() for all_words in seen)


if __name__ == "__main__":
    sys.exit(main())
