"""What each command of `python -m scrape` does, given its parsed options; returns the exit code."""

from __future__ import annotations

import csv
import json
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, fields, replace
from datetime import date
from itertools import islice
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from scrape import demo
from scrape.boards import registry
from scrape.boards.registry import Board
from scrape.cli.doctor import examine
from scrape.cli.table import table
from scrape.common.console import FAILED, OK, progress, say
from scrape.common.errors import InputError
from scrape.common.posting import Posting, Query
from scrape.crawl import local_files
from scrape.crawl import search as ask
from scrape.crawl.crawler import BoardCrawl, Event, Outcome, Progress, Settings, crawl
from scrape.crawl.search import SearchRequest
from scrape.dataset import index
from scrape.dataset.corpus.compile import INPUT, Manifest, compile_corpus
from scrape.dataset.index import Found
from scrape.dataset.simplify_all import Simplified, simplify_store
from scrape.dataset.store import DATA, Store
from scrape.demo.generate import ADDRESS
from scrape.fields import match
from scrape.fields.urls import canonical, is_web
from scrape.http.cache import HttpCache
from scrape.http.client import Fetcher
from scrape.recommend import feature_store as kept
from scrape.recommend.labels import drop_labels

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_COLUMNS = ("board", "status", "requests", "new", "known", "filtered", "note")


def store_of(options: Namespace) -> Store:
    """The dataset that the options name: by path, by name, or the demo's for a search of the demo board alone.

    Raises InputError for a name that leads out of the data folder.
    """
    if options.data_dir:
        return Store(Path(options.data_dir))
    if Path(options.dataset).name != options.dataset or options.dataset == "..":
        raise InputError(f"{options.dataset!r} is not the name of a folder under data/; for a path there is --data-dir")
    only_demo = list(getattr(options, "boards", None) or ()) == ["demo"]
    return Store(DATA / (options.dataset or ("demo" if only_demo else "jobs")))


def search(options: Namespace) -> int:
    """Ask the boards, save what they give, simplify it and compile the corpus."""
    store = store_of(options)
    with ExitStack() as stack:
        crawls = ask.board_crawls(*_prepare(options, store, stack))
        stack.enter_context(store.locked())
        _remind_of_contact(options, [one.board for one in crawls])
        outcomes = _gather(store, crawls)
        simplified = simplify_store(store)
        manifest = _compiled(store) if options.compile else None
    _report(options, store, outcomes, simplified, manifest)
    good = not any(outcome.failed for outcome in outcomes) and not simplified.spoilt
    return OK if good and any(outcome.new or outcome.known for outcome in outcomes) else FAILED


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
        print(_corpus_line(store, compile_corpus(store)))
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
        _remind_of_contact(options, boards)
        findings = examine(boards, queries, _fetcher(options, trusted))
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        columns = ("board", "robots", "answer", "shape", "holds", "note")
        print(table(columns, [[getattr(finding, column) for column in columns] for finding in findings]))
        print("", *(f"{finding.board}: {finding.terms}" for finding in findings), sep="\n")
    return FAILED if any(finding.failed for finding in findings) else OK


# ---------------------------------------------------------------------- search, in steps


def _prepare(options: Namespace, store: Store, stack: ExitStack) -> tuple[SearchRequest, Settings]:
    """What is asked and how; starts the bundled board where it is asked for and no address of it is named."""
    request = SearchRequest(
        titles=tuple(options.title),
        places=_places(options),
        companies=tuple(options.company),
        since=options.since,
        pages=tuple(options.pages),
        boards=tuple(options.boards) if options.boards else None,
    )
    stands_for = ("", "")
    trusted: set[str] = set()
    if request.boards is not None and "demo" in request.boards:
        if not request.pages:
            request = replace(request, pages=(stack.enter_context(demo.serve()).url,))
            stands_for = (request.pages[0], urljoin(ADDRESS, "/").rstrip("/"))
        trusted = {urlsplit(page).netloc for page in request.pages if urlsplit(page).hostname in _LOOPBACK}
    settings = Settings(
        fetcher=_fetcher(options, trusted),
        cache=HttpCache(store.answers, stands_for),
        max_age=0.0 if options.refresh else options.max_age * 3600,
        limit=options.limit,
        skip=store.is_forgotten,
    )
    return request, settings


def _fetcher(options: Namespace, trusted: set[str]) -> Fetcher:
    return Fetcher(contact=options.contact, allow_loopback=trusted, say=say)


def _remind_of_contact(options: Namespace, boards: Sequence[Board]) -> None:
    """A board's keeper should be able to reach whoever asks. Boards without a home are on this machine."""
    if not options.contact and any(registry.home(board) and not registry.refused(board) for board in boards):
        say("the boards are not told how to reach you; name an address with --contact or in DREAM_JOBS_CONTACT")


def _places(options: Namespace) -> tuple[tuple[str, str], ...]:
    one = [(options.city, options.state)] if options.state else [match.place(options.city)] if options.city else []
    remote = [(match.REMOTE, "")] if options.remote else []
    return tuple(dict.fromkeys([*one, *map(match.place, options.place), *remote]))


def _gather(store: Store, crawls: Sequence[BoardCrawl]) -> list[Outcome]:
    """Save each posting as it arrives. `new` of an outcome counts the new ones."""
    added: Counter[str] = Counter()
    ended: list[Outcome] = []
    pages: dict[str, Progress] = {}
    with progress(list[Event](), desc="searching", unit=" pages") as bar:
        for event in crawl(crawls):
            if isinstance(event, Posting):
                added[event.board] += store.add(event)
            elif isinstance(event, Progress):
                pages[event.board] = event
                bar.total = sum(at.done + at.waiting for at in pages.values())
                bar.set_postfix_str(f"{added.total():,} new postings", refresh=False)
                bar.update(sum(at.done for at in pages.values()) - bar.n)
            else:
                new = added[event.board]
                ended.append(replace(event, new=new, known=event.known + event.new - new))
    return sorted(ended, key=lambda outcome: outcome.board)


def _compiled(store: Store) -> Manifest | None:
    """The corpus, where there is something to make it of: a search that found nothing has its own words for that."""
    try:
        return compile_corpus(store) if store.document_names() else None
    except InputError as error:
        say(f"no corpus: {error}")
        return None


def _report(
    options: Namespace, store: Store, outcomes: Sequence[Outcome], simplified: Simplified, manifest: Manifest | None
) -> None:
    _tell_spoilt(simplified)
    if options.json:
        corpus = {"path": str(store.root / INPUT), **asdict(manifest)} if manifest else None
        boards = [asdict(outcome) for outcome in outcomes]
        print(
            json.dumps({"dataset": str(store.root), "boards": boards, "corpus": corpus}, ensure_ascii=False, indent=1)
        )
    else:
        print(table(_COLUMNS, [[getattr(outcome, column) for column in _COLUMNS] for outcome in outcomes]))
        if manifest:
            print(_corpus_line(store, manifest))
    if outcomes and all(outcome.unreachable for outcome in outcomes):
        say("no board could be reached; check the network, or try the bundled board: --boards demo")
    elif not any(outcome.new or outcome.known for outcome in outcomes):
        say("nothing was found; ask for less: fewer words in --title, another --place, more --boards")


def _corpus_line(store: Store, manifest: Manifest) -> str:
    return f"{store.root / INPUT}: {manifest.postings:,} postings, {manifest.characters:,} characters"


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
