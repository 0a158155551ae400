"""`export`: write saved postings to a file, all that match."""

from __future__ import annotations

import argparse
from pathlib import Path

from scrape.cli import find
from scrape.cli.filter_options import add_filters


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a .csv, .tsv, .json, .jsonl or .parquet file")
    add_filters(parser)


def run(options: argparse.Namespace) -> int:
    """Write the file; fail where nothing matches."""
    return find.write_file(options, options.file, "FILE", None)
