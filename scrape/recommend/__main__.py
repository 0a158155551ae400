"""`python -m scrape.recommend`: label postings, train a classifier on the labels, rank the others."""

from __future__ import annotations

if __name__ == "__main__":  # above the imports that take time, so that Ctrl-C during them ends quietly
    from scrape.common.launch import launch

    raise SystemExit(launch("scrape.recommend.__main__"))

import argparse
import importlib
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from scrape.common.arguments import names, positive_int
from scrape.common.console import parser, run
from scrape.common.errors import InputError
from scrape.common.launch import quiet_interrupt

_EXTRA = ("sklearn", "scipy")
_EXIT_CODES = """\
exit codes:
  0    all went well
  1    a board failed, or there was nothing to show
  2    the input cannot be used: an option, a file, a dataset that is not there, labels of one kind only
  130  stopped by Ctrl-C (143: by SIGTERM)
Each label is saved at once, so that nothing is lost however a command ends."""


def main(argv: list[str] | None = None) -> int:
    """Parse, call, and turn what happens into an exit code."""
    options = options_parser().parse_args(argv)
    return run(lambda: int(getattr(_commands(options.verb), options.verb)(options)), debug=options.debug)


def _commands(verb: str) -> ModuleType:
    """Import the module of a verb. Raises InputError if it needs the extra `recommend`, which is not installed."""
    try:
        with quiet_interrupt():
            return importlib.import_module(f"scrape.recommend.{'label_files' if verb == 'labels' else 'commands'}")
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] not in _EXTRA:
            raise
        raise InputError(
            f"recommendations need {error.name}; install the extra: python -m pip install -e '.[recommend]'"
        ) from error


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    made = parser(
        "python -m scrape.recommend",
        "Label postings, train a classifier on the labels, rank the others.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = made.add_subparsers(title="verbs", metavar="VERB", required=True)
    _fetch_new(_verb(verbs, "fetch-new", "fetch postings that are not known yet"))
    _label(_verb(verbs, "label", "label postings yes or no, one after the other"))
    _labels(_verb(verbs, "labels", "list, export, import or drop labels"))
    _json(_verb(verbs, "train", "train the classifier on the labels, and evaluate it"))
    _recommend(_verb(verbs, "recommend", "rank the postings without a label"))
    _similar(_verb(verbs, "similar", "find the real postings most similar to generated ones"))
    _similar(_verb(verbs, "nearest", ""))
    return made


def _verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, does: str) -> argparse.ArgumentParser:
    """Add a verb with the options of all verbs; without `does` it is an old name, which --help leaves out."""
    listed: dict[str, Any] = {"help": does} if does else {}
    made = verbs.add_parser(
        name,
        description=does[:1].upper() + does[1:] + ".",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        **listed,
    )
    made.set_defaults(verb=name.replace("-", "_"))
    made.set_defaults(dataset="", data_dir="")
    _everywhere(made)
    return made


def _everywhere(made: argparse.ArgumentParser) -> None:
    """Add the options of all verbs, without defaults: an action of a verb would set them again."""
    made.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of an error")
    made.add_argument(
        "--dataset", default=argparse.SUPPRESS, metavar="NAME", help="the folder under data/ (default: jobs)"
    )
    made.add_argument("--data-dir", default=argparse.SUPPRESS, metavar="PATH", help="the folder itself, wherever it is")


def _fetch_new(made: argparse.ArgumentParser) -> None:
    which = made.add_mutually_exclusive_group()
    which.add_argument("--boards", type=names, default=["hackernews"], metavar="A,B", help="the boards (hackernews)")
    which.add_argument("--demo", action="store_true", help="the bundled board of invented postings")
    made.add_argument("--title", action="append", default=[], help="words of the title; may be repeated")
    made.add_argument("--place", action="append", default=[], help='such as "Seattle, WA" or "Remote"; may be repeated')
    made.add_argument("--limit", type=positive_int, metavar="N", help="at most N postings from each board")
    made.add_argument(
        "--contact",
        default=os.environ.get("DREAM_JOBS_CONTACT", ""),
        help="your email address, sent to the boards (default: $DREAM_JOBS_CONTACT)",
    )
    _json(made)


def _label(made: argparse.ArgumentParser) -> None:
    how = made.add_mutually_exclusive_group()
    how.add_argument(
        "--active", action="store_true", help="ask first about the postings the classifier is least certain of"
    )
    how.add_argument("--uncertain", dest="active", action="store_true", help=argparse.SUPPRESS)  # its old name
    how.add_argument(
        "--from-file", default="", metavar="FILE", help="exported labels, or lines of a name or address and y, n or s"
    )


def _labels(made: argparse.ArgumentParser) -> None:
    actions = made.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    _json(actions.add_parser("list", help="print the labels", description="Print the labels."))
    for name, does in (("export", "write the labels to a file"), ("import", "add the labels of a file")):
        action = actions.add_parser(name, help=does, description=f"{does.capitalize()}.")
        action.add_argument("file", type=Path, metavar="FILE", help="a .csv, .tsv, .json or .jsonl file")
    action = actions.add_parser("drop", help="drop labels", description="Drop the labels of postings.")
    action.add_argument("what", nargs="+", metavar="NAME_OR_URL", help="the name or the address of a posting")
    for action in actions.choices.values():
        _everywhere(action)


def _recommend(made: argparse.ArgumentParser) -> None:
    made.add_argument("--count", type=positive_int, default=20, metavar="N", help="how many postings (20)")
    made.add_argument("--all", action="store_true", help="also the labeled ones")
    made.add_argument("--html", default="", metavar="FILE", help="write a page")
    _json(made)


def _similar(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "file", nargs="?", default="", help="generated postings (default: the newest samples/<run>/postings.txt)"
    )
    made.add_argument("--count", type=positive_int, default=3, metavar="N", help="how many real postings for each (3)")
    made.add_argument(
        "--samples", type=positive_int, default=5, metavar="N", help="how many generated postings, best first (5)"
    )
    made.add_argument("--dreams", dest="samples", type=positive_int, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    made.set_defaults(verb="similar")
    _json(made)


def _json(made: argparse.ArgumentParser) -> None:
    made.add_argument("--json", action="store_true", help="print JSON")
