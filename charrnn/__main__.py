"""`python -m charrnn`: name the commands of this package, each of which is a module of its own."""

from __future__ import annotations

import sys

from scrape.common.console import BAD_INPUT, OK, print_result, say
from scrape.common.streams import prepare_streams
from scrape.common.suggest import closest

COMMANDS = ("train", "sample", "play", "evaluate", "score", "export", "plot", "runs")


def main(argv: list[str] | None = None) -> int:
    """Say which commands there are. Return the exit code: 0 where help was asked for, else 2."""
    prepare_streams()
    words = sys.argv[1:] if argv is None else argv
    commands = f"the commands are python -m charrnn.COMMAND, where COMMAND is {', '.join(COMMANDS)}"
    if words[:1] in (["-h"], ["--help"]):
        print_result(f"{commands}; each has --help")
        return OK
    meant = closest(words[0], COMMANDS) if words else None
    say(f"error: {f'did you mean python -m charrnn.{meant}? ' if meant else ''}{commands}; each has --help")
    return BAD_INPUT


if __name__ == "__main__":
    raise SystemExit(main())
