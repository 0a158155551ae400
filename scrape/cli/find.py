"""`find`: search the saved postings, and list them or write them as rows for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.text import Text

from scrape.cli.filter_options import add_filters, filters_of
from scrape.common.arguments import non_negative_int
from scrape.common.console import FAILED, OK, print_text, say, stdout_is_terminal, stdout_is_unicode
from scrape.common.errors import InputError
from scrape.common.files import require_place
from scrape.common.suggest import did_you_mean
from scrape.common.table import print_entries, print_table
from scrape.dataset import export, last_find
from scrape.dataset.index import Filters, PostingIndex, SearchHit, open_index
from scrape.dataset.store import Store, named_store
from scrape.fields import match
from scrape.fields.pay import show
from scrape.recommend.saved_postings import answers_of, labeled

_LISTED = 20  # postings in a terminal
_MOST_NAMED = 5  # currencies
_MOST_PLACES = 3  # of a posting in a listing
_MARKS = ("\x02", "\x03")  # around the words that were found; no text has such characters


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    add_filters(parser)
    parser.add_argument(
        "--limit",
        type=non_negative_int,
        metavar="N",
        help=f"at most N postings, 0 for all ({_LISTED} in a listing on a terminal, else all)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", dest="form", action="store_const", const="json", help="print a JSON list")
    form.add_argument("--jsonl", dest="form", action="store_const", const="jsonl", help="print JSON, a posting a line")
    form.add_argument("--csv", dest="form", action="store_const", const="csv", help="print CSV with a header")
    form.add_argument("--tsv", dest="form", action="store_const", const="tsv", help="print the same with tabs")
    form.add_argument("--names", dest="form", action="store_const", const="names", help="print names alone")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write a .csv, .tsv, .json, .jsonl or .parquet file instead"
    )


def run(options: argparse.Namespace) -> int:
    """Print the postings that match, best first; fail where there are none."""
    if options.output:
        return write_file(options, options.output, "--output", options.limit)
    store, asked = named_store(options.dataset, options.data_dir).require(), filters_of(options)
    limit = options.limit
    if limit is None and not options.form and not options.columns and stdout_is_terminal():
        limit = _LISTED
    with open_index(store) as index:
        answers = answers_of(store, index)
        asked = labeled(asked, answers, options.label)
        listed = not options.form and not options.columns
        hits = index.rows(asked, options.sort, limit or None, marks=_MARKS if listed else ("", ""))
        total = index.count(asked)
        _say_not_compared(index, asked)
        if not total:
            _say_what_is_like_it(index, asked)
    if listed:  # before anything is printed: a reader that leaves (`| head`) still knows the numbers
        last_find.save(store, _query(asked), [hit.name for hit in hits])
    if options.form == "names":
        print_text(f"{hit.name}\n" for hit in hits)
    elif options.form:
        columns = options.columns or export.COLUMNS
        rows = export.rows(store, hits, answers, columns, options.description)
        print_text(export.lines(rows, columns, options.form, ascii_only=not stdout_is_unicode()))
    elif options.columns:
        rows = export.rows(store, hits, answers, options.columns, options.description)
        print_table(options.columns, [[_shown(value) for value in row.values()] for row in rows])
    else:
        print_entries([_entry(number, hit) for number, hit in enumerate(hits, 1)])
    _say_how_many(store, len(hits), total)
    return OK if total else FAILED


def write_file(options: argparse.Namespace, path: Path, argument: str, limit: int | None) -> int:
    """Write the postings that match to a file, whose ending says the format; fail where there are none.

    `argument` is what the command calls the file.
    """
    form = export.format_of(require_place(path, argument))
    if getattr(options, "form", None) not in (None, form):
        raise InputError(f"{path} is not the name of a file of --{options.form}; end it with .{options.form}")
    if form == "parquet":
        export.require_parquet()
    store, asked = named_store(options.dataset, options.data_dir).require(), filters_of(options)
    with open_index(store) as index:
        answers = answers_of(store, index)
        asked = labeled(asked, answers, options.label)
        hits = index.rows(asked, options.sort, limit or None)
        _say_not_compared(index, asked)
        if not hits:
            _say_what_is_like_it(index, asked)
    columns = options.columns or export.COLUMNS
    export.write(path, export.rows(store, hits, answers, columns, options.description), columns, form)
    say(f"written: {path}, {len(hits):,} postings")
    return OK if hits else FAILED


def _entry(number: int, hit: SearchHit) -> list[str | Text]:
    """Return the lines of a posting in the listing. One without a URL is known by its name, which `show` takes."""
    facts = (hit.company, _places(hit.location), show(hit.pay) if hit.pay else "", hit.date)
    return [f"{number}. {hit.title}", " · ".join(filter(None, facts)), _marked(hit.excerpt), hit.url or hit.name]


def _places(location: str) -> str:
    """Return a location with its first places, and how many there are more."""
    first, more = location.split(";")[:_MOST_PLACES], location.count(";") + 1 - _MOST_PLACES
    return f"{';'.join(first)} and {more:,} more" if more > 0 else location


def _marked(excerpt: str) -> Text:
    """Return an excerpt with the words that were found in bold."""
    text, bold = Text(), False
    for part in excerpt.replace(_MARKS[1], _MARKS[0]).split(_MARKS[0]):
        text.append(part, "bold" if bold else "")
        bold = not bold
    return text


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(value)
    return "" if value is None else f"{value:,.2f}".removesuffix(".00") if isinstance(value, float) else str(value)


def _query(asked: Filters) -> str:
    """Return what was searched for, in the words of the command."""
    given = {
        "title": asked.titles,
        "place": asked.places,
        "place-not": asked.not_places,
        "company": asked.companies,
        "not": asked.exclude,
        "board": asked.boards,
    }
    flags = [f"--{name} {value!r}" for name, values in given.items() for value in values]
    if asked.remote is not None:
        flags.append("--remote" if asked.remote else "--no-remote")
    if asked.min_pay:
        flags.append(f"--{'pay-or-unknown' if asked.keep_unpaid else 'min-pay'} {asked.min_pay:,.0f} {asked.currency}")
    if asked.since:
        flags.append(f"--since {asked.since}")
    return " ".join(filter(None, [asked.words, *flags]))


def _say_not_compared(index: PostingIndex, asked: Filters) -> None:
    """Say how many postings pay in currencies that are not compared."""
    others = index.currencies(asked) if asked.min_pay else {}
    total = sum(others.values()) - others.pop(asked.currency, 0)
    if not total:
        return
    pays = "1 posting pays" if total == 1 else f"{total:,} postings pay"
    names = ", ".join(f"{count:,} in {other or 'no currency'}" for other, count in list(others.items())[:_MOST_NAMED])
    say(f"not compared: {pays} in other currencies than {asked.currency} ({names}); --currency compares another")


def _say_what_is_like_it(index: PostingIndex, asked: Filters) -> None:
    """Say which of the words, places and boards that were asked for are none, and what they are like."""
    near = index.similar_words(asked.words)
    hints = [f"no posting has {word!r}; did you mean {other!r}?" for word, other in near.items()]
    places = (match.unknown_place(match.place_query(place, "")) for place in (*asked.places, *asked.not_places))
    boards = dict(index.facets(most=100)["board"])
    unknown = [board for board in asked.boards if board not in boards]
    hints += [
        f"no posting is of {board!r}; {did_you_mean(board, boards)}the boards here are: {', '.join(boards)}"
        for board in unknown
    ]
    say("nothing was found", *filter(None, places), *hints)


def _say_how_many(store: Store, shown: int, total: int) -> None:
    if shown < total:
        say(f"{shown:,} of {total:,} shown (--limit 0 for all)")
    elif total:
        say(f"{total:,} found")
    if waiting := store.without_document():
        say(f"{waiting:,} postings are not searched yet; run `{store.command('scrape simplify')}`")
