"""Measure how long the desk takes to answer, through its server.

    scripts/bench.sh desk [--counts 1195,50000] [--data-dir FOLDER] [--json FILE]

For each number of invented postings, or over a copy of a dataset: the start with an index and features that are made
already, the first page, searches, a search while typing, and labels from the answer to the next page with its new
ranks, after 200 labels. The latencies are those of a client on the same machine; `cpu` is what client, server and the
work in the background used together for a request, which other programs hardly change.
"""

from __future__ import annotations

import http.client
import json
import shutil
import tempfile
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode, urlsplit

import numpy as np
from rounds import machine

from scrape import demo
from scrape.common import console
from scrape.common.arguments import names
from scrape.common.errors import InputError
from scrape.common.files import write_whole
from scrape.dataset.store import FileStore, Store, encode
from scrape.desk.server import DeskServer, serve
from scrape.desk.session import DeskSession
from scrape.markup import document
from scrape.markup.simplify import simplify
from scrape.recommend.labels import Label, open_labels

LABELS = 200  # given before labels are timed
TIMED = 60
WORDS = ("python", "data engineer", "nurse", "manager -senior", '"San Francisco"', "design*", "remote software", "the")
BEGUN = ("py", "pyt", "en", "ma", "data en", "nur", "pr", "so")

Figures = dict[str, Any]


class Client:
    """A browser without eyes: it keeps its connection and its cookie."""

    def __init__(self, server: DeskServer) -> None:
        address = urlsplit(server.url)
        self._connection = http.client.HTTPConnection(str(address.hostname), address.port)
        self._cookie = ""
        self._cookie = self.ask("GET", f"/?{address.query}")[0]["Set-Cookie"].partition(";")[0]

    def ask(self, method: str, path: str, **form: str) -> tuple[Any, str]:
        """Return the headers and the text of an answer. Raises InputError for one that is an error."""
        headers = {"Cookie": self._cookie, "Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request(method, path, urlencode(form) if form else None, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        if answer.status >= 400:
            raise InputError(f"{method} {path} answered {answer.status}")
        return answer.headers, text

    def label(self, answer: str, name: str) -> None:
        """Label a posting, and get the next page."""
        self.ask("GET", str(self.ask("POST", "/label", name=name, answer=answer, part="1")[0]["Location"]))


def main(argv: list[str] | None = None) -> int:
    """Parse, measure, print."""
    parser = console.parser("scripts/bench.sh desk", "Measure how long the desk takes to answer.")
    parser.add_argument("--counts", type=names, default=["1195", "50000"], metavar="N,N", help="of invented postings")
    parser.add_argument("--data-dir", type=Path, metavar="FOLDER", help="a dataset that is there, instead")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures")
    options = parser.parse_args(argv)
    return console.run(lambda: bench(options))


def bench(options: Namespace) -> int:
    """Measure each dataset."""
    found: list[Figures] = []
    for each in [options.data_dir] if options.data_dir else map(int, options.counts):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "data"
            found.append(measure(_invented(root, each) if isinstance(each, int) else _copied(each, root)))
    console.print_result(json.dumps(machine()))
    if options.json:
        write_whole(options.json, json.dumps({"machine": machine(), "desk": found}, indent=1))
    return console.OK


def measure(store: Store) -> Figures:
    """Return the latencies over one dataset, in milliseconds, and print them."""
    made = DeskSession(store)
    made.live.wait()
    made.close()
    start = time.perf_counter()
    desk = DeskSession(store)
    with serve(desk) as server:
        threading.Thread(target=server.run, daemon=True).start()
        client = Client(server)
        client.ask("GET", "/")
        figures: Figures = {"postings": desk.size, "start and first page": _ms(start)}
        desk.live.wait()
        figures["ranking ready"] = _ms(start)
        figures["the list"] = _timed(lambda _: client.ask("GET", "/"), range(20))
        figures["a search"] = _timed(lambda words: client.ask("GET", f"/?{urlencode({'q': words})}"), WORDS * 4)
        begun = [f"/?{urlencode({'q': text, 'typing': 1, 'part': 1})}" for text in BEGUN * 4]
        figures["a search while typing"] = _timed(lambda path: client.ask("GET", path), begun)
        _label_some(desk)
        desk.live.wait()
        names = iter([name for name in desk.index.names() if name not in desk.answers][:TIMED])
        answers = (("yes" if number % 3 else "no", next(names)) for number in range(TIMED))
        figures[f"a label after {LABELS}"] = _timed(lambda each: client.label(*each), answers)
        desk.ended.set()
    desk.close()
    for what, each in figures.items():
        console.print_result(f"{what:>24}: {each}")
    return figures


def _label_some(desk: DeskSession) -> None:
    """Like what has one of two words in its title."""
    hits = desk.index.rows(sort="new", limit=LABELS)
    with open_labels(desk.store.root) as labels:
        labels.put(
            *(Label(hit.name, "", "yes" if "er" in hit.title.lower() else "no", chosen="random") for hit in hits)
        )
    desk.labels()


def _timed(work: Callable[[Any], object], items: Iterable[Any]) -> dict[str, float]:
    """Return the median and the 95th percentile of the times, and the processor time of each on average."""
    times, cpu = [], time.process_time()
    for item in items:
        before = time.perf_counter()
        work(item)
        times.append(_ms(before))
    cpu = 1000 * (time.process_time() - cpu) / len(times)
    return {"median": round(median(times), 1), "p95": round(float(np.percentile(times, 95)), 1), "cpu": round(cpu, 1)}


def _ms(since: float) -> float:
    return round(1000 * (time.perf_counter() - since), 1)


def _copied(source: Path, root: Path) -> Store:
    for name in (FileStore(source).require().raw.name, FileStore(source).postings.name):
        shutil.copytree(source / name, root / name)
    return FileStore(root)


def _invented(root: Path, count: int) -> Store:
    """Write invented postings, as a search of the bundled board would."""
    store = FileStore(root)
    store.raw.mkdir(parents=True)
    store.postings.mkdir()
    for opening in console.progress(demo.openings(count=count), total=count, desc="inventing", unit=" postings"):
        posting = opening.posting
        store.raw_path(posting.name).write_text(encode(posting), "utf-8")
        text = document.write(replace(posting, html=simplify(posting.html)))
        store.document_path(posting.name).write_text(text, "utf-8", newline="")
    return store


if __name__ == "__main__":
    raise SystemExit(main())
