"""`find`: search the saved postings."""

from __future__ import annotations

import argparse
import csv
import io
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date

from scrape.common.arguments import positive_int
from scrape.common.console import FAILED, OK, print_json, print_result, say
from scrape.common.table import print_entries
from scrape.dataset.index import Filters, SearchHit, open_index
from scrape.dataset.store import named_store
from scrape.fields import match
from scrape.fields.pay import currency, least_pay, show

_MOST_NAMED = 5  # currencies
_BEGIN_FORMULAS = ("=", "+", "-", "@", "\N{MINUS SIGN}")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "words", nargs="*", help='words in any inflection, "words together", begin*; without words, all postings'
    )
    parser.add_argument(
        "--place",
        "--city",
        default="",
        metavar="PLACE",
        help='such as "San Francisco, CA", "London", "India" or "Remote"',
    )
    parser.add_argument("--company", default="", help="a company")
    parser.add_argument(
        "--min-pay",
        type=least_pay,
        default=(0.0, ""),
        metavar="AMOUNT",
        help="paying at least this for a year of full-time work, such as 120000, £30k or 45/hour; "
        "postings that state no pay are left out",
    )
    parser.add_argument(
        "--currency", type=currency, metavar="CODE", help="the currency of --min-pay (USD, or its sign)"
    )
    parser.add_argument("--since", default="", help="published since, such as 2026-11-01, 7d or 2w")
    parser.add_argument("--limit", type=positive_int, default=20, metavar="N", help="at most N postings (20)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print a JSON list")
    form.add_argument("--csv", action="store_true", help="print CSV with a header")


def run(options: argparse.Namespace) -> int:
    """Print the postings that match, best first; fail where there are none."""
    store = named_store(options.dataset, options.data_dir).require()
    amount, in_currency = options.min_pay
    asked = Filters(
        words=" ".join(options.words),
        places=(options.place,) if options.place else (),
        companies=(options.company,) if options.company else (),
        since=match.since(options.since, date.today()),
        min_pay=amount,
        currency=options.currency or in_currency or "USD",
    )
    with open_index(store) as index:
        hits = index.rows(asked, limit=options.limit)
        more = index.count(asked) - len(hits)
        others = index.currencies(asked) if amount else {}
        near = {} if hits else index.similar_words(asked.words)
    others.pop(asked.currency, 0)
    if others:
        _say_not_compared(others, asked.currency)
    if options.json:
        print_json([asdict(hit) for hit in hits])
    elif options.csv:
        columns = [field.name for field in fields(SearchHit)]
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(getattr(hit, column)) for column in columns] for hit in hits)
        print_result(table.getvalue(), end="")
    elif hits:
        paid = [show(hit.pay) if hit.pay else "" for hit in hits]
        facts = [
            " · ".join(filter(None, (hit.company, hit.location, pay, hit.date)))
            for hit, pay in zip(hits, paid, strict=True)
        ]
        # A posting without a URL is known by its name, which `remove` takes.
        print_entries(
            [(hit.title, fact, hit.excerpt, hit.url or hit.name) for hit, fact in zip(hits, facts, strict=True)]
        )
    else:
        print_result("nothing was found")
    if more:
        say(f"{more:,} more; --limit {len(hits) + more} prints all")
    if not hits and (unknown := match.unknown_place(match.place_query(options.place, ""))):
        say(unknown)
    if near:
        say("; ".join(f"no posting has {word!r}; did you mean {other!r}?" for word, other in near.items()))
    if waiting := store.without_document():
        say(f"{waiting:,} postings are not searched yet; run `{store.command('scrape simplify')}`")
    return OK if hits else FAILED


def _say_not_compared(others: Mapping[str, int], code: str) -> None:
    """Say how many postings pay in currencies that are not compared."""
    total = sum(others.values())
    pays = "1 posting pays" if total == 1 else f"{total:,} postings pay"
    names = ", ".join(f"{count:,} in {other or 'no currency'}" for other, count in list(others.items())[:_MOST_NAMED])
    say(f"not compared: {pays} in other currencies than {code} ({names}); --currency compares those of another")


def _cell(value: str | float | tuple[str, ...] | None) -> str:
    if isinstance(value, tuple):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str):
        return csv_cell(value)
    return "" if value is None else f"{value:.2f}".removesuffix(".00")


def csv_cell(text: str) -> str:
    """Return a cell that a spreadsheet does not run: a quote before what begins like a formula makes it text.

    A spreadsheet may skip white space and what is invisible before a formula, and takes wide signs for the usual ones.
    """
    seen = (char for char in text if unicodedata.category(char)[0] not in "ZCM")
    return f"'{text}" if unicodedata.normalize("NFKC", next(seen, "")).startswith(_BEGIN_FORMULAS) else text
