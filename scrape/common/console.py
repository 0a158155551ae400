"""The conduct of every command of both packages in a terminal: exit codes, one-line errors, output, progress bars.

This is the one place where text leaves for a terminal. Much of it was written by strangers: the titles of postings, the
answers of servers, what a network learned from both. No other module prints.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import re
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, NoReturn, TextIO, TypeVar, cast

from tqdm import tqdm

from scrape.common.errors import BoardError, InputError, WorkerKilled
from scrape.common.streams import discard_stdout, prepare_streams
from scrape.common.suggest import did_you_mean

T = TypeVar("T")

OK, FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143

_FLAG = re.compile(r"\A--\w[\w-]*(?==|\Z)")

# What a terminal obeys, or shows in another order or not at all: controls but tab and newline (C0, DEL,
# C1), invisible characters (zero-width ones but the two joiners, which scripts and emoji need; bidi marks; tags), line
# separators, surrogates.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


class Terminated(SystemExit):
    """SIGTERM, as an exception, so that `finally` and `except` run as they do for Ctrl-C.

    It is a SystemExit, which libraries with an `except:` of their own let through, as the loop of waitress does.
    """

    def __init__(self) -> None:
        super().__init__(TERMINATED)


class _Parser(argparse.ArgumentParser):
    """A parser that also takes char-rnn's spelling of flags, `--rnn_size`, and reports an error in one line.

    The usage of a command with thirty options would hide that line.
    """

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        prepare_streams()  # also for --help and errors, which come before `run`
        given = list(sys.argv[1:] if args is None else args)
        flags = given.index("--") if "--" in given else len(given)  # what follows "--" is not a flag
        given[:flags] = [_FLAG.sub(lambda flag: flag[0].replace("_", "-"), argument) for argument in given[:flags]]
        return super().parse_known_args(given, namespace)

    def add_subparsers(self, **options: Any) -> Any:
        return super().add_subparsers(**{"parser_class": _VerbParser} | options)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value that is not among the choices, with the likeliest of them, and all that --help shows."""
        if action.choices is None or value in action.choices:
            return
        shown = [str(choice) for choice in action.choices]
        if isinstance(action, argparse._SubParsersAction):
            shown = [verb.dest for verb in action._get_subactions()]  # without old names, which still work
        hint = did_you_mean(str(value), shown)
        raise argparse.ArgumentError(action, f"there is no {str(value)!r}; {hint}there are: {', '.join(shown)}")

    def error(self, message: str) -> NoReturn:
        say(f"error: {message}; {self._hint(message)}`{self.prog} --help` lists what there is")
        self.exit(BAD_INPUT)

    def _hint(self, message: str) -> str:
        """Return which option the first unknown argument of an error meant; empty where that is not clear."""
        unknown = re.match(r"unrecognized arguments: ([^\s=]+)", message)
        if not unknown:
            return ""
        if re.match(r"-\w", unknown[1]) and "--not" in self._option_string_actions:
            return f"to leave out what has a word, write --not {unknown[1][1:]}, or all words in one quoted argument; "
        if unknown[1][0] != "-" and "--checkpoint" in self._option_string_actions:  # the name of a run, say
            return f"did you mean --checkpoint {unknown[1]}? "
        return did_you_mean(unknown[1], self._option_string_actions)


class _VerbParser(_Parser):
    """The parser of one verb. It reports an unknown option itself, so that the line names the help of the verb."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        found, unknown = super().parse_known_args(args, namespace)
        if hasattr(found, "words") and not any(word.startswith("-") for word in unknown):
            found.words, unknown = [*found.words, *unknown], []  # words that follow an option: argparse takes one group
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
    prepare_streams()
    _raise_on_sigterm()
    try:
        code = command()
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader of our stdout has gone (`| head`)
        discard_stdout()
        return FAILED
    except (Exception, KeyboardInterrupt, Terminated) as end:
        if debug:
            with contextlib.suppress(OSError):
                _write(sys.stderr, safe_for_terminal(traceback.format_exc()))
        code, line = _ending(end)
        say(line)
        try:
            sys.stdout.flush()
        except OSError:  # stdout is what failed: a full disk
            discard_stdout()
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


def safe_for_terminal(text: str) -> str:
    r"""Return the text with a visible escape, such as `\x1b`, for each character that could act on a terminal."""
    return _UNSAFE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def stdout_is_terminal() -> bool:
    """Return True if stdout shows what is printed to a person."""
    return sys.stdout.isatty()


def counted(count: int, noun: str, nouns: str = "") -> str:
    """Return a number of things in words: `1 page`, `1,200 pages`; `nouns` is a plural that has no s."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def say(*lines: str) -> None:
    """Tell the person something that is not a result: each argument is one line on stderr, above any progress bar."""
    text = "".join(safe_for_terminal(" ".join(line.splitlines())) + "\n" for line in lines)
    with contextlib.suppress(OSError):  # nobody listens any more
        _write(sys.stderr, text)


def print_result(text: object = "", end: str = "\n") -> None:
    """Print a result on stdout, its lines safe for a terminal, and flush."""
    _write(sys.stdout, safe_for_terminal(str(text)) + end)


def print_json(value: object, indent: int | None = 1) -> None:
    """Print a value as JSON: what a terminal would obey, or stdout cannot encode, is escaped as JSON does."""
    _write(sys.stdout, as_json(value, indent, ascii_only=not stdout_is_unicode()) + "\n")


def print_text(parts: Iterable[str]) -> None:
    """Print the parts of a text on stdout, which must be safe for a terminal, and flush after the last one."""
    for part in parts:
        sys.stdout.write(part)
    sys.stdout.flush()


def as_json(value: object, indent: int | None = None, *, ascii_only: bool = False) -> str:
    """Return a value as JSON in which what a terminal would obey is escaped as JSON does."""
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent).replace("\x7f", "\\u007f")
    return _UNSAFE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def stdout_is_unicode() -> bool:
    """Return True if stdout can encode every character."""
    return (sys.stdout.encoding or "utf-8").lower().startswith("utf")


def print_exact(text: str, end: str = "") -> None:
    """Print a text on stdout as it is, and flush; in a terminal, safe for it."""
    _write(sys.stdout, (safe_for_terminal(text) if stdout_is_terminal() else text) + end)


def _write(stream: TextIO, text: str) -> None:
    with tqdm.external_write_mode(file=stream):  # which takes progress bars away meanwhile
        stream.write(text)
        stream.flush()


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
