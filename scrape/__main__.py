"""`python -m scrape`: gather job postings, look through them, and make them into a corpus."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from scrape.boards.registry import DEFAULT, NEED_A_KEY
from scrape.cli import commands
from scrape.common.arguments import hours, names, port, positive_int
from scrape.common.console import parser, run

_EXIT_CODES = """\
exit codes:
  0    all went well
  1    a board failed (blocked, refused, changed shape, error), or nothing was found
  2    the input cannot be used: an option, a file, a dataset that is not there or that another run is writing
  130  stopped by Ctrl-C (143: by SIGTERM)
What was saved before an error or a stop stays; run the same command again and it goes on from there."""

_PLACE = "San Francisco, CA"


def main(argv: list[str] | None = None) -> int:
    """Parse, call, and turn what happens into an exit code."""
    options = options_parser().parse_args(argv)
    return run(lambda: int(options.call(options)), debug=options.debug)


def options_parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    made = parser(
        "python -m scrape",
        "Gather job postings from boards that may be read, look through them, and make them into a corpus.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    listed = made.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _search(_command(listed, "search", commands.search, "ask the boards; save, simplify and compile what they give"))
    _simplify(_command(listed, "simplify", commands.simplify, "make the documents again, without the network"))
    _command(listed, "compile", commands.compile_, "make the corpus input.txt of the documents")
    _find(_command(listed, "find", commands.find, "look through your own postings"))
    _forget(_command(listed, "forget", commands.forget, "take postings out for good, and keep them out"))
    _doctor(
        _command(listed, "doctor", commands.check, "ask every board once: may we, does it, as ever?", dataset=False)
    )
    _demo(_command(listed, "demo", commands.serve_demo, "serve the bundled board of invented postings", dataset=False))
    return made


def _command(
    listed: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    call: Callable[[argparse.Namespace], int],
    does: str,
    *,
    dataset: bool = True,
) -> argparse.ArgumentParser:
    made = listed.add_parser(
        name,
        help=does,
        description=does[0].upper() + does[1:] + ".",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.set_defaults(call=call)
    made.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of an error")
    if dataset:
        made.add_argument("--dataset", default="", metavar="NAME", help="the folder under data/ (default: jobs)")
        made.add_argument("--data-dir", default="", metavar="PATH", help="the folder itself, wherever it is")
    return made


def _search(made: argparse.ArgumentParser) -> None:
    wish = made.add_argument_group("what to ask for")
    wish.add_argument("--title", action="append", default=[], help="words of the title; may be given several times")
    wish.add_argument("--place", action="append", default=[], help=f'"{_PLACE}", "Texas", "Remote"; several times')
    wish.add_argument("--city", default="", help="a city; the same as --place, with --state beside it")
    wish.add_argument("--state", default="", help="a state, by code or name")
    wish.add_argument(
        "--remote", action="store_true", help="remote postings, too; without it only where they name a place"
    )
    wish.add_argument("--company", action="append", default=[], help="a company; may be given several times")
    wish.add_argument("--since", default="", help="2026-11-01, or 7d or 2w ago; postings without a date are left out")
    wish.add_argument("--limit", type=positive_int, metavar="N", help="at most so many postings from each board")
    wish.add_argument("--boards", type=names, metavar="A,B", help=_default_boards())
    wish.add_argument(
        "--pages",
        nargs="+",
        default=[],
        metavar="PATH_OR_URL",
        help="files, folders, pages or sitemaps to read instead",
    )
    how = made.add_argument_group("how to ask")
    how.add_argument("--max-age", type=hours, default=24.0, metavar="HOURS", help="how long a list stays fresh (24)")
    how.add_argument("--refresh", action="store_true", help="ask for every list again")
    _contact(how)
    how.add_argument("--no-compile", dest="compile", action="store_false", help="stop before the corpus")
    how.add_argument("--json", action="store_true", help="print the outcome as JSON")


def _simplify(made: argparse.ArgumentParser) -> None:
    made.add_argument("--all", action="store_true", help="every posting, not only what changed")


def _find(made: argparse.ArgumentParser) -> None:
    made.add_argument("words", nargs="*", help='words in any form, "words together", begin*; none for all')
    made.add_argument("--city", default="", metavar="PLACE", help=f'"{_PLACE}", "Seattle", "Texas" or "Remote"')
    made.add_argument("--company", default="", help="a company")
    made.add_argument("--since", default="", help="2026-11-01, or 7d or 2w ago")
    made.add_argument("--limit", type=positive_int, default=20, metavar="N", help="at most so many (20)")
    form = made.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print a JSON list")
    form.add_argument("--csv", action="store_true", help="print CSV with a header")


def _forget(made: argparse.ArgumentParser) -> None:
    made.add_argument("what", nargs="+", metavar="URL_OR_NAME", help="an address, or the name of a file in raw/")


def _doctor(made: argparse.ArgumentParser) -> None:
    made.add_argument("--boards", type=names, metavar="A,B", help="the boards to ask (default: all)")
    made.add_argument("--pages", nargs="+", default=[], metavar="PATH_OR_URL", help="for boards that read pages")
    _contact(made)
    made.add_argument("--json", action="store_true", help="print JSON")


def _contact(made: argparse._ActionsContainer) -> None:
    made.add_argument(
        "--contact",
        default=os.environ.get("DREAM_JOBS_CONTACT", ""),
        help="your address for the boards to write to, sent with each request (default: $DREAM_JOBS_CONTACT)",
    )


def _demo(made: argparse.ArgumentParser) -> None:
    made.add_argument("--port", type=port, default=0, help="the port to serve at (default: a free one)")


def _default_boards() -> str:
    keyed = ", ".join(NEED_A_KEY)
    return f"the boards to ask (default: {', '.join(DEFAULT)}; {keyed} with a key; or those that read --pages)"


if __name__ == "__main__":
    sys.exit(main())
