"""`show`: print whole postings."""

from __future__ import annotations

import argparse
import os
import re
import shutil
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.text import Text

from scrape.common.console import OK, print_exact, print_result, print_text, say, stdout_is_terminal, stdout_is_unicode
from scrape.common.table import make_console, printable
from scrape.dataset import export, last_find
from scrape.dataset.index import SearchHit, open_index
from scrape.dataset.store import Store, named_store
from scrape.fields.pay import show
from scrape.markup import document
from scrape.markup.reader import plain_text
from scrape.recommend.saved_postings import answers_of
from scrape.recommend.terminal import body, link

_ENDINGS = re.compile("(?:ings?|ed|es|s|ers?|ions?)$")  # so that `managing` is marked where `manage` was asked for
_SHORTEST = 3  # letters of a word that is marked


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "what", nargs="+", metavar="N_NAME_OR_URL", help="a number in the last `find`, a name or an address"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--text", dest="form", action="store_const", const="text", help="print plain text")
    form.add_argument("--html", dest="form", action="store_const", const="html", help="print the bare markup")
    form.add_argument("--json", dest="form", action="store_const", const="json", help="print a JSON list")
    parser.add_argument("--no-pager", action="store_true", help="do not use a pager for what is longer than the screen")


def run(options: argparse.Namespace) -> int:
    """Print the postings: on a terminal with the words of the last `find` marked, and through a pager if long."""
    store = named_store(options.dataset, options.data_dir).require()
    with open_index(store) as index:
        hits = [last_find.posting(store, index, what) for what in options.what]
        answers = answers_of(store, index) if options.form == "json" else {}
    query, listed = last_find.read(store)
    if any(what.isdecimal() for what in options.what) and query:
        say(f"of the last `find`: {query}")
    if options.form == "json":
        rows = export.rows(store, hits, answers)
        print_text(export.lines(rows, export.COLUMNS, "json", ascii_only=not stdout_is_unicode()))
    elif options.form == "html":
        for hit in hits:
            print_exact(store.document(hit.name))
    elif options.form == "text" or not stdout_is_terminal():
        print_result("\n\n".join(_plain(store, hit) for hit in hits))
    else:
        marks = _pattern(query) if any(hit.name in listed for hit in hits) else None
        _print_styled(Group(*(part for hit in hits for part in _styled(store, hit, marks))), pager=not options.no_pager)
    return OK


def _facts(hit: SearchHit) -> str:
    pay = show(hit.pay) if hit.pay else ""
    return printable(" · ".join(filter(None, (hit.company, hit.location, pay, hit.date, hit.board))))


def _plain(store: Store, hit: SearchHit) -> str:
    text = plain_text(document.blocks_of(store.document(hit.name)))
    return "\n".join([printable(hit.title), _facts(hit), printable(hit.url or hit.name), "", text])


def _styled(store: Store, hit: SearchHit, marks: re.Pattern[str] | None) -> Iterable[RenderableType]:
    title = Text(printable(hit.title), "bold")
    if marks:
        title.highlight_regex(marks, "reverse")
    yield from (title, Text(_facts(hit), "cyan"), link(printable(hit.url)) if hit.url else Text(hit.name), Text())
    yield from body(document.blocks_of(store.document(hit.name)), marks)
    yield Text()


def _print_styled(shown: RenderableType, *, pager: bool) -> None:
    terminal = make_console()
    lines = len(terminal.render_lines(shown, pad=False))
    if pager and lines > terminal.height and not terminal.is_dumb_terminal and _has_pager():
        os.environ.setdefault("LESS", "FRX")  # as git does: show colours
        with terminal.pager(styles=not terminal.no_color, links=False):
            terminal.print(shown)
    else:
        terminal.print(shown)


def _has_pager() -> bool:
    """Return True unless the pager that the environment names is missing: the text would be lost."""
    named = (os.environ.get("MANPAGER") or os.environ.get("PAGER") or "").split()[:1]
    if not named or not re.fullmatch(r"[\w./-]+", named[0]) or shutil.which(named[0]):
        return True
    say(f"the pager {named[0]!r} is not there; set $PAGER to another")
    return False


def _pattern(query: str) -> re.Pattern[str] | None:
    """Return a pattern of the words that were searched for, in most inflections; None where there are none."""
    asked = [word for word in query.partition(" --")[0].split() if not word.startswith("-")]
    words = [word.lower() for word in re.findall(r"\w+", " ".join(asked)) if len(word) >= _SHORTEST]
    stems = {stem if len(stem := _ENDINGS.sub("", word)) >= _SHORTEST else word for word in words}
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(stems)))})\w*", re.IGNORECASE) if stems else None
