"""`gather`: make a dataset of web archives and files of postings, on all cores or on the workers of a cluster."""

from __future__ import annotations

import argparse
from pathlib import Path

from scrape.cluster.engine import open_engine
from scrape.cluster.gather import find_inputs, gather, report
from scrape.common.arguments import positive_int
from scrape.common.console import FAILED, OK
from scrape.common.errors import InputError
from scrape.crawl.warc import UNKNOWN_HOSTS
from scrape.dataset.store import gathered_store, named_store


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="WARC files, JSON lines (each also packed as .gz or .zst), lists in JSON, and folders of them; without "
        "any, the corpus of what was gathered is brought up to date, and its inputs are listed",
    )
    parser.add_argument(
        "--drop",
        nargs="+",
        action="extend",
        default=[],
        metavar="INPUT",
        help="take the postings of an earlier input out of the dataset, by its file name or by the key in the list",
    )
    parser.add_argument(
        "--workers", type=positive_int, metavar="N", help="processes of this machine (default: one for each core)"
    )
    parser.add_argument(
        "--scheduler",
        default="",
        metavar="ADDRESS",
        help="a Dask scheduler, such as tcp://host:8786, whose workers do the work instead",
    )
    parser.add_argument(
        "--robots",
        nargs="+",
        action="extend",
        type=Path,
        default=[],
        metavar="FILE",
        help="archives of robots.txt files of the same crawl, by which hosts keep postings out of the corpus",
    )
    parser.add_argument(
        "--unknown-hosts",
        choices=UNKNOWN_HOSTS,
        default="no-training",
        help="postings in web archives whose host's robots.txt is not known: "
        "kept, kept out of the corpus (the default), or left out",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(options: argparse.Namespace) -> int:
    """Gather and report; fail where an input could not be read or nothing was found."""
    if options.scheduler and options.workers:
        raise InputError("--workers is for this machine; with --scheduler, its workers do the work")
    inputs = find_inputs(options.files)
    store = gathered_store(named_store(options.dataset, options.data_dir))
    if not inputs and not store.shards.is_dir():
        raise InputError(f"nothing was gathered in {store.root} so far; name files or folders of them")
    with open_engine(options.scheduler, options.workers) as engine:
        outcome = gather(
            store,
            inputs,
            engine,
            robots=options.robots,
            unknown_hosts=options.unknown_hosts,
            drop=options.drop,
        )
    report(outcome, as_json=options.json)
    nothing = not outcome.rows and not options.drop
    return FAILED if outcome.failed or nothing else OK
