"""The command line of `python -m scrape`. A command's module is loaded only when that command is called."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from scrape.common.console import parser
from scrape.common.launch import quiet_interrupt

_SUMMARIES = {
    "search": "search the boards; save, simplify and compile the postings",
    "gather": "make a dataset of web archives, on all cores or on a cluster",
    "simplify": "simplify the saved postings again, without the network",
    "compile": "compile the corpus, input.txt, from the simplified postings",
    "find": "search your saved postings",
    "show": "print whole postings",
    "open": "open the pages of postings in the browser",
    "export": "write your saved postings to a CSV, JSON or Parquet file",
    "datasets": "list your datasets",
    "desk": "read, label and rank your postings in a browser",
    "remove": "remove postings for good, and keep them from coming back",
    "restore": "let removed postings come back with the next search or gather",
    "doctor": "check every board: robots.txt, availability and response format",
    "demo": "serve the bundled board of invented postings",
}
_OLD_NAMES = {"forget": "remove"}
_WITHOUT_DATASET = ("datasets", "doctor", "demo")
_DATASET_HELP = "the folder under data/ (default: $DREAM_JOBS_DATASET, or jobs)"
_EXIT_CODES = """\
exit codes:
  0    success
  1    a board failed (blocked, refused, changed shape, error), or nothing was found
  2    bad input: an option, a file, a dataset that does not exist or that another run is writing to
  130  stopped by Ctrl-C (143: by SIGTERM)
What was saved before an error or a stop is kept; run the same command again and it goes on from there."""


def parse(argv: list[str]) -> argparse.Namespace:
    """Parse a command line; `run` of the result is the function of its command. Exits for what cannot be parsed."""
    called = next((word for word in argv if not word.startswith("-")), "")
    return options_parser([called]).parse_args(argv)


def options_parser(commands: Iterable[str] = (*_SUMMARIES, *_OLD_NAMES)) -> argparse.ArgumentParser:
    """Return the parser of all commands; only those in `commands` are loaded and have their options."""
    loaded = set(commands)
    made = parser(
        "python -m scrape",
        "Gather job postings from boards that allow it, search them, and compile them into a corpus.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    listed = made.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in (*_SUMMARIES, *_OLD_NAMES):
        current = _OLD_NAMES.get(name, name)
        summary = _SUMMARIES[current]
        shown: dict[str, Any] = {"help": summary} if name == current else {}  # an old name is not listed
        command = listed.add_parser(
            name,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=_EXIT_CODES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            **shown,
        )
        command.add_argument(
            "--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of an error"
        )
        if current not in _WITHOUT_DATASET:
            command.add_argument(
                "--dataset",
                default="",
                metavar="NAME",
                help=_DATASET_HELP,
            )
            command.add_argument("--data-dir", default="", metavar="PATH", help="the path of the folder instead")
        if name in loaded:
            with quiet_interrupt():
                module = import_module(f"scrape.cli.{current}")
            module.add_options(command)
            command.set_defaults(run=module.run)
    return made
