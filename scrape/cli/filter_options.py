"""The options that say which saved postings are meant, of `find` and `export`."""

from __future__ import annotations

import argparse
from datetime import date

from scrape.common.arguments import names
from scrape.common.errors import InputError
from scrape.common.suggest import did_you_mean
from scrape.dataset.export import COLUMNS, DESCRIPTIONS
from scrape.dataset.index import Filters
from scrape.fields import match
from scrape.fields.pay import currency, least_pay
from scrape.recommend.saved_postings import LABELS, SORTS


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "words",
        nargs="*",
        help='words in any inflection, "words together", begin*, a OR b; '
        '"-word", in one quoted argument with others or after --, leaves postings with it out; '
        "without words, all postings",
    )
    which = parser.add_argument_group("which postings")
    _repeated(which, "--title", help="words of the title; may be repeated, for any of several")
    _repeated(which, "--place", "--city", help='such as "San Francisco, CA", London, India or Remote; may be repeated')
    _repeated(which, "--place-not", metavar="PLACE", help="leave out postings with a place there; may be repeated")
    _repeated(which, "--company", help="a company; may be repeated")
    _repeated(which, "--not", dest="exclude", metavar="WORDS", help="leave out postings with these words together")
    _add_facts(which)
    how = parser.add_argument_group("results")
    how.add_argument(
        "--sort",
        choices=SORTS,
        default="match",
        help="best match (new without words), newest, or best paid first (match)",
    )
    how.add_argument("--columns", type=_columns, metavar="A,B", help=f"only these columns, of {', '.join(COLUMNS)}")
    how.add_argument(
        "--description", choices=DESCRIPTIONS, default="text", help="the column of the posting's text (text)"
    )


def _add_facts(which: argparse._ArgumentGroup) -> None:
    """Declare the options about remote work, pay, board, date and label."""
    remote = which.add_mutually_exclusive_group()
    remote.add_argument("--remote", action="store_true", default=None, help="remote work")
    remote.add_argument("--no-remote", dest="remote", action="store_false", help="what has a place and is not remote")
    pay = which.add_mutually_exclusive_group()
    amount = "paying at least this for a year of full-time work, such as 120000, £30k or 45/hour; "
    pay.add_argument(
        "--min-pay", type=least_pay, metavar="AMOUNT", help=amount + "postings that state no pay are left out"
    )
    pay.add_argument("--pay", dest="min_pay", type=least_pay, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    pay.add_argument(
        "--pay-or-unknown", type=least_pay, metavar="AMOUNT", help="the same, with postings that state no pay"
    )
    which.add_argument("--currency", type=currency, metavar="CODE", help="the amount's currency (USD, or its sign)")
    _repeated(which, "--board", help="of this board; may be repeated")
    which.add_argument("--since", default="", help="published since, such as 2026-11-01, 7d or 2w")
    which.add_argument("--label", choices=LABELS, default="", help="labeled yes, no or skip, or not at all (none)")


def filters_of(options: argparse.Namespace) -> Filters:
    """Return what the options ask for; a label, which the index does not know, is left aside. Raises InputError."""
    amount, in_currency = options.min_pay or options.pay_or_unknown or (0.0, "")
    if options.currency and not amount and options.sort != "pay":
        raise InputError(
            f"--currency {options.currency} is the currency of --min-pay or --pay-or-unknown, and neither is given; "
            "with --min-pay 1 it keeps all that pay in it"
        )
    return Filters(
        words=" ".join(options.words),
        titles=tuple(options.title),
        places=tuple(options.place),
        not_places=tuple(options.place_not),
        companies=tuple(options.company),
        exclude=tuple(options.exclude),
        remote=options.remote,
        min_pay=amount,
        currency=options.currency or in_currency or "USD",
        keep_unpaid=bool(options.pay_or_unknown),
        boards=tuple(options.board),
        since=match.since(options.since, date.today()),
    )


def _repeated(group: argparse._ArgumentGroup, *flags: str, **settings: str) -> None:
    group.add_argument(*flags, action="append", default=[], **settings)  # type: ignore[arg-type]


def _columns(text: str) -> list[str]:
    found = names(text)
    for name in found:
        if name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS)
            raise argparse.ArgumentTypeError(f"there is no column {name!r}; {hint}there are: {', '.join(COLUMNS)}")
    return list(dict.fromkeys(found))
