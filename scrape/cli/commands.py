"""What each command of `python -m scrape` does, given its parsed options; returns the exit code."""

from __future__ import annotations

import csv
import json
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, fields
from datetime import date
from itertools import islice
from urllib.parse import urlsplit

from scrape import demo
from scrape.boards import registry
from scrape.cli.doctor import examine
from scrape.common.console import FAILED, OK, say
from scrape.common.errors import InputError
from scrape.common.posting import Query
from scrape.common.table import print_table
from scrape.crawl import local_files
from scrape.crawl.search import SearchRequest
from scrape.dataset import index
from scrape.dataset.corpus.compile import INPUT, compile_corpus
from scrape.dataset.gather import STATUS_STYLES, gather, remind_of_contact, report
from scrape.dataset.index import Found
from scrape.dataset.simplify_all import Simplified, simplify_store
from scrape.dataset.store import Store, named_store
from scrape.fields import match
from scrape.fields.urls import canonical, is_web
from scrape.http.cache import HttpCache
from scrape.http.client import Fetcher
from scrape.recommend import feature_store as kept
from scrape.recommend.labels import drop_labels


def store_of(options: Namespace) -> Store:
    """The dataset that the options name."""
    return named_store(options.dataset, options.data_dir, getattr(options, "boards", None))


def search(options: Namespace) -> int:
    """Ask the boards, save what they give, simplify it and compile the corpus."""
    request = SearchRequest(
        titles=tuple(options.title),
        places=_places(options),
        companies=tuple(options.company),
        since=options.since,
        pages=tuple(options.pages),
        boards=tuple(options.boards) if options.boards else None,
    )
    gathered = gather(
        store_of(options),
        request,
        contact=options.contact,
        max_age=0.0 if options.refresh else options.max_age * 3600,
        limit=options.limit,
        corpus=options.compile,
    )
    report(gathered, as_json=options.json)
    return OK if gathered.found and not gathered.failed else FAILED


def simplify(options: Namespace) -> int:
    """Make the documents again from what the boards gave, without the network."""
    store = store_of(options).require()
    with store.locked():
        done = simplify_store(store, everything=options.all)
    _tell_spoilt(done)
    print(f"{done.looked_at:,} postings simplified, {done.changed:,} of them changed, in {store.postings}")
    return FAILED if done.spoilt else OK


def compile_(options: Namespace) -> int:
    """Make the corpus of the documents."""
    store = store_of(options).require()
    with store.locked():
        print(compile_corpus(store).summary(store.root / INPUT))
    return OK


def serve_demo(options: Namespace) -> int:
    """Serve the bundled board until Ctrl-C."""
    try:
        with demo.serve(options.port) as site:
            say(f"The demo board runs at {site.url} (every posting is invented); Ctrl-C ends it.")
            print(site.url, flush=True)
            while True:
                time.sleep(3600)
    except OSError as error:
        raise InputError(f"port {options.port} cannot be served: {error.strerror}; leave --port out") from error


def find(options: Namespace) -> int:
    """Look through one's own postings."""
    store = store_of(options).require()
    since = match.since(options.since, date.today())
    rows = index.find(store, " ".join(options.words), place=options.city, company=options.company, since=since)
    found = list(islice(rows, options.limit))
    if options.json:
        print(json.dumps([asdict(row) for row in found], ensure_ascii=False, indent=1))
    elif options.csv:
        _print_csv(found)
    else:
        print("\n".join(map(_lines_of, found)) if found else "nothing was found")
    if waiting := store.without_document():
        say(f"{waiting:,} postings are not looked through yet; run `python -m scrape simplify`")
    return OK if found else FAILED


def forget(options: Namespace) -> int:
    """Take postings out for good."""
    store = store_of(options)
    with store.require().locked():
        gone = [head for what in options.what for head in store.forget(what)]
        marks = {mark for head in gone for mark in (head.name, head.url)} | set(options.what)
        labels = drop_labels(store.root, {canonical(mark) for mark in marks})
        kept.drop(store.root, [head.name for head in gone])
        answers = HttpCache(store.answers).drop_mentions({mark for mark in marks if is_web(mark)})
        if (store.root / index.FILE).exists():
            index.refresh(store)
    for head in gone:
        print(f"forgotten: {head.name}  {head.title}  {head.url}")
    if not gone:
        print("not in the store; it will not be taken in")
    say(f"{labels} labels and {answers} kept answers went with it; {store.root / 'forgotten.txt'} keeps it out")
    if (store.root / INPUT).exists():
        say(f"{store.root / INPUT} is as it was; run `python -m scrape compile` to make it without")
    return OK


def check(options: Namespace) -> int:
    """Ask every board once whether it is as we take it to be."""
    with ExitStack() as stack:
        boards = [registry.named(name) for name in options.boards or sorted(registry.BOARDS)]
        queries = {board.NAME: Query(pages=local_files.expand(options.pages)) for board in boards}
        trusted: set[str] = set()
        if "demo" in queries:
            queries["demo"] = Query(pages=(stack.enter_context(demo.serve()).url,))
            trusted = {urlsplit(queries["demo"].pages[0]).netloc}
        if not options.contact:
            remind_of_contact(boards)
        findings = examine(boards, queries, Fetcher(contact=options.contact, allow_loopback=trusted, say=say))
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        columns = ("board", "robots", "answer", "shape", "holds", "note")
        print_table(columns, [[getattr(finding, column) for column in columns] for finding in findings], STATUS_STYLES)
        print("", *(f"{finding.board}: {finding.terms}" for finding in findings), sep="\n")
    return FAILED if any(finding.failed for finding in findings) else OK


def _places(options: Namespace) -> tuple[tuple[str, str], ...]:
    one = [(options.city, options.state)] if options.state else [match.place(options.city)] if options.city else []
    remote = [(match.REMOTE, "")] if options.remote else []
    return tuple(dict.fromkeys([*one, *map(match.place, options.place), *remote]))


def _tell_spoilt(simplified: Simplified) -> None:
    for line in simplified.spoilt:
        say(f"left out: {line}")


def _lines_of(found: Found) -> str:
    facts = (found.company, found.location, found.date)
    lines = [found.title, " · ".join(fact for fact in facts if fact), found.excerpt, found.url]
    return "\n    ".join(line for line in lines if line)


def _print_csv(found: Sequence[Found]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    columns = [field.name for field in fields(Found)]
    writer.writerow(columns)
    writer.writerows([_cell_of(getattr(row, column)) for column in columns] for row in found)


def _cell_of(text: str) -> str:
    """A spreadsheet takes what begins like this for a formula and runs it; a quote before it makes it text."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
