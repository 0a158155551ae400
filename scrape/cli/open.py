"""`open`: open the pages of postings in the browser."""

from __future__ import annotations

import argparse
import webbrowser

from scrape.common.console import FAILED, OK, print_result, say
from scrape.common.errors import InputError
from scrape.dataset import last_find
from scrape.dataset.index import SearchHit, open_index
from scrape.dataset.store import named_store
from scrape.fields.urls import link_of


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "what", nargs="+", metavar="N_NAME_OR_URL", help="a number in the last `find`, a name or an address"
    )


def run(options: argparse.Namespace) -> int:
    """Open the pages, and print their addresses; fail where no browser can be opened."""
    store = named_store(options.dataset, options.data_dir).require()
    with open_index(store) as index:
        addresses = [_address(last_find.posting(store, index, what)) for what in options.what]
    code = OK
    for address in addresses:
        print_result(address)
        if not webbrowser.open(address):
            say("no browser could be opened; open the address yourself")
            code = FAILED
    return code


def _address(hit: SearchHit) -> str:
    """Return the address of a posting. Raises InputError for one that is not a page of the web."""
    if not link_of(hit.url):
        raise InputError(f"{hit.name} has no address of the web ({hit.url!r}); `show` prints the posting")
    return hit.url
