"""The conduct of every command of both packages in a terminal: exit codes, one-line errors, progress bars."""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, NoReturn, TypeVar, cast

from tqdm import tqdm

from scrape.common.errors import BoardError, InputError, WorkerKilled

T = TypeVar("T")

OK, FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143

_FLAG = re.compile(r"\A--\w[\w-]*(?==|\Z)")


class Terminated(BaseException):
    """SIGTERM, as an exception, so that `finally` and `except` run as they do for Ctrl-C."""


class _Parser(argparse.ArgumentParser):
    """A parser that also takes char-rnn's spelling of flags, `--rnn_size`, and reports an error in one line.

    The usage of a command with thirty options would hide that line.
    """

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        given = list(sys.argv[1:] if args is None else args)
        flags = given.index("--") if "--" in given else len(given)  # what follows "--" is not a flag
        given[:flags] = [_FLAG.sub(lambda flag: flag[0].replace("_", "-"), argument) for argument in given[:flags]]
        return super().parse_known_args(given, namespace)

    def add_subparsers(self, **options: Any) -> Any:
        return super().add_subparsers(**{"parser_class": _VerbParser} | options)

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"error: {message}; `{self.prog} --help` lists what there is\n")


class _VerbParser(_Parser):
    """The parser of one verb. It reports an unknown option itself, so that the line names the help of the verb."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


def parser(prog: str, description: str, **options: Any) -> argparse.ArgumentParser:
    """Return an argument parser with the flags that all commands share."""
    made = _Parser(prog=prog, description=description, allow_abbrev=False, **options)
    made.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return made


def run(command: Callable[[], int], *, debug: bool = False) -> int:
    """Call `command` and turn whatever ends it into an exit code and at most one line on stderr.

    With `debug` the traceback stands before that line.
    """
    _raise_on_sigterm()
    try:
        return command()
    except BrokenPipeError:
        # The reader of our stdout has gone (`| head`): keep Python from complaining again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (Exception, KeyboardInterrupt, Terminated) as end:
        if debug:
            traceback.print_exc()
        code, line = _ending(end)
        say(line)
        return code


def _ending(end: BaseException) -> tuple[int, str]:
    """Return the exit code for what ended a command, and the line to print."""
    match end:
        case KeyboardInterrupt():
            return INTERRUPTED, "stopped: Ctrl-C"
        case Terminated():
            return TERMINATED, "stopped: SIGTERM"
        case InputError():
            return BAD_INPUT, f"error: {end}"
        case BoardError() | WorkerKilled():
            return FAILED, f"error: {end}"
        case OSError():
            return FAILED, f"error: {_explain(end)}"
    return FAILED, f"error: {type(end).__name__}: {end} (a fault of the program; --debug shows where)"


def say(line: str) -> None:
    """Tell the person something that is not a result: one line on stderr, above any progress bar."""
    tqdm.write(line, file=sys.stderr)


def progress(items: Iterable[T] | None = None, **options: Any) -> tqdm[T]:
    """Return a tqdm bar on stderr, silent where stderr is no terminal. Without items, `update` moves it."""
    bar = tqdm(items, file=sys.stderr, disable=not sys.stderr.isatty(), dynamic_ncols=True, **options)
    return cast("tqdm[T]", bar)


def _explain(error: OSError) -> str:
    where = f": {error.filename}" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"the disk is full{where}; what was saved before stands; free some space and run again"
    return f"{error.strerror or error}{where}"


def _raise_on_sigterm() -> None:
    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise Terminated

    with contextlib.suppress(ValueError):  # not the main thread: whoever started us there handles signals
        signal.signal(signal.SIGTERM, stop)
