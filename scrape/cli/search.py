"""`search`: search the boards, and save, simplify and compile the postings."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from scrape.boards.registry import DEFAULT, NEED_A_KEY
from scrape.common.arguments import hours, names, positive_int
from scrape.common.console import FAILED, OK, say
from scrape.crawl.search import SearchRequest
from scrape.dataset.search_and_save import report, search_and_save
from scrape.dataset.store import named_store
from scrape.fields import match
from scrape.fields.match import PlaceQuery


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    what = parser.add_argument_group("which postings")
    what.add_argument("--title", action="append", default=[], help="words of the title; may be repeated")
    what.add_argument(
        "--place",
        action="append",
        default=[],
        help='such as "San Francisco, CA", "Texas" or "Remote"; may be repeated',
    )
    what.add_argument("--city", default="", help="a city, with --state; the same as --place")
    what.add_argument("--state", default="", help="a state, region or country, by code or name")
    what.add_argument("--remote", action="store_true", help="also remote postings; the same as --place Remote")
    what.add_argument("--company", action="append", default=[], help="a company; may be repeated")
    what.add_argument(
        "--since",
        default="",
        help="published since, such as 2026-11-01, 7d or 2w; postings without a date are left out",
    )
    what.add_argument("--limit", type=positive_int, metavar="N", help="at most N postings from each board")
    keyed = ", ".join(NEED_A_KEY)
    what.add_argument(
        "--boards",
        type=names,
        metavar="A,B",
        help=f"the boards (default: {', '.join(DEFAULT)}; {keyed} with a key; with --pages, those that read pages)",
    )
    what.add_argument(
        "--pages",
        nargs="+",
        action="extend",
        default=[],
        metavar="PATH_OR_URL",
        help="files, folders, pages or sitemaps to read instead; may be repeated",
    )
    how = parser.add_argument_group("requests and results")
    how.add_argument(
        "--max-age", type=hours, default=24.0, metavar="HOURS", help="reuse saved lists of postings up to this age (24)"
    )
    how.add_argument("--refresh", action="store_true", help="request every list of postings again")
    add_contact(how)
    how.add_argument("--no-compile", dest="compile", action="store_false", help="stop before compiling the corpus")
    how.add_argument("--json", action="store_true", help="print the outcome as JSON")


def add_contact(parser: argparse._ActionsContainer) -> None:
    """Declare `--contact`."""
    parser.add_argument(
        "--contact",
        default=os.environ.get("DREAM_JOBS_CONTACT", ""),
        help="your e-mail address, sent to the boards with each request (default: $DREAM_JOBS_CONTACT)",
    )


def run(options: argparse.Namespace) -> int:
    """Search the boards and report; fail where a board failed or nothing was found."""
    request = SearchRequest(
        titles=tuple(options.title),
        places=_places(options.city, options.state, options.place, remote=options.remote),
        companies=tuple(options.company),
        since=options.since,
        pages=tuple(options.pages),
        boards=tuple(options.boards) if options.boards else None,
    )
    searched = search_and_save(
        named_store(options.dataset, options.data_dir, options.boards).as_files("name another dataset with --dataset"),
        request,
        contact=options.contact,
        max_age=0.0 if options.refresh else options.max_age * 3600,
        limit=options.limit,
        corpus=options.compile,
    )
    report(searched, as_json=options.json)
    return OK if searched.found and not searched.failed else FAILED


def _places(city: str, state: str, places: Sequence[str], *, remote: bool) -> tuple[PlaceQuery, ...]:
    """Return every place once, and name those that are not known. Raises InputError."""
    one = [match.place_query(city, state)] if city or state else []
    anywhere = [PlaceQuery(match.REMOTE)] if remote else []
    asked = tuple(dict.fromkeys([*one, *map(match.place, places), *anywhere]))
    for unknown in filter(None, map(match.unknown_place, asked)):
        say(f"{unknown} Searching for it as it is written.")
    return asked
