"""Time reading web archives, one core: job pages, pages that name no posting, and robots.txt files.

    python scripts/bench/archive.py [FOLDER] [--pages 1000] [--json FILE]

The pages are those saved in FOLDER, else those of the bundled board, which are far smaller than real ones. They are
packed into archives as crawlers write them, each again and again. Times are those of the processor.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import rounds

from scrape.boards import schema_org
from scrape.common import console
from scrape.common.files import write_whole
from scrape.crawl import warc
from scrape.crawl.robots_table import RobotsTable
from scrape.demo.catalog import Catalog
from scrape.demo.pages import posting
from scrape.markup.simplify import simplify

_RULES = b"User-agent: *\nDisallow: /private\nContent-Signal: search=yes, ai-train=no\n"


def main() -> int:
    parser = console.parser("bench/archive.py", "Time reading web archives.")
    parser.add_argument("folder", type=Path, nargs="?", help="a folder of saved pages; default: the bundled board's")
    parser.add_argument("--pages", type=int, default=1000, help="how many of each kind (1000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to this file")
    options = parser.parse_args()
    return console.run(lambda: _bench(options), debug=options.debug)


def _bench(options: argparse.Namespace) -> int:
    bodies = _bodies(options.folder)
    jobs = [body for body in bodies if b"jobposting" in body.lower()]
    others = [body.replace(b"JobPosting", b"Article").replace(b"jobposting", b"article") for body in bodies]
    with tempfile.TemporaryDirectory() as folder:
        job, other, robots = (Path(folder) / f"{name}.warc.gz" for name in ("job", "other", "robots"))
        _pack(job, itertools.islice(itertools.cycle(jobs), options.pages), "text/html", "job")
        _pack(other, itertools.islice(itertools.cycle(others), options.pages), "text/html", "page")
        _pack(robots, itertools.repeat(_RULES, options.pages), "text/plain", "robots.txt")
        found = {
            "job pages, read and simplified": _rate(lambda: _read(job), options.pages),
            "job pages, the archive alone": _rate(lambda: list(warc.responses(job)), options.pages),
            "pages that name no posting": _rate(lambda: _read(other), options.pages),
            "robots.txt files, into a table": _rate(
                lambda: RobotsTable(Path(folder) / "t.sqlite").add(warc.robots_files(robots)), options.pages
            ),
        }
        size = sum(map(len, jobs)) / len(jobs)
    print(f"{len(jobs)} different job pages, {size:,.0f} bytes on average")
    print("| what | a second |\n|---|---|")
    for what, rate in found.items():
        print(f"| {what} | {rate:,.0f} |")
    if options.json:
        write_whole(options.json, json.dumps({"machine": rounds.machine(), "bytes": size, **found}, indent=1) + "\n")
    return 0


def _bodies(folder: Path | None) -> list[bytes]:
    if folder:
        return [path.read_bytes() for path in sorted(folder.rglob("*.html"))]
    catalog = Catalog(count=100)
    return [posting(catalog, opening).encode() for opening in catalog.live]


def _pack(path: Path, bodies: Iterable[bytes], kind: str, name: str) -> None:
    with path.open("wb") as file:
        for number, body in enumerate(bodies):
            url = f"https://host{number}.example/{name}"
            block = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}; charset=utf-8\r\nServer: x\r\n\r\n".encode() + body
            for of, content, data in (
                ("request", "request", b"GET / HTTP/1.1\r\n\r\n"),
                ("response", "response", block),
            ):
                head = (
                    f"WARC/1.0\r\nWARC-Type: {of}\r\nWARC-Date: 2026-01-01T00:00:00Z\r\nWARC-Target-URI: {url}\r\n"
                    f"Content-Type: application/http; msgtype={content}\r\nContent-Length: {len(data)}\r\n\r\n"
                )
                file.write(gzip.compress(head.encode() + data + b"\r\n\r\n", 6))


def _read(path: Path) -> None:
    for page in warc.responses(path, warc.ArchiveReading(only_postings=True)):
        for found in schema_org.read(page.text, page.final_url, "saved").postings:
            simplify(found.html)


def _rate(step: Callable[[], object], count: int) -> float:
    """Return how many a second, the best of three."""
    taken = []
    for _ in range(3):
        begun = time.process_time()
        step()
        taken.append(time.process_time() - begun)
    return count / min(taken)


if __name__ == "__main__":
    raise SystemExit(main())
