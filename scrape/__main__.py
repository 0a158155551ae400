"""`python -m scrape`: gather job postings, search them, and compile them into a corpus."""

from __future__ import annotations

if __name__ == "__main__":  # above the imports that take time, so that Ctrl-C during them ends quietly
    from scrape.common.launch import launch

    raise SystemExit(launch("scrape.__main__"))

import sys

from scrape.cli.parser import parse
from scrape.common.console import run


def main(argv: list[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    words = sys.argv[1:] if argv is None else argv

    def command() -> int:
        options = parse(words)
        return int(options.run(options))

    return run(command, debug="--debug" in words)
