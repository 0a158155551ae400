"""`desk`: read, label and rank the saved postings in a browser."""

from __future__ import annotations

import argparse
import importlib
import threading
import webbrowser
from types import ModuleType

from scrape.common.arguments import port
from scrape.common.console import OK, print_result, say, stdout_is_terminal
from scrape.common.errors import InputError
from scrape.dataset.store import named_store

_EXTRA = ("flask", "waitress", "werkzeug", "sklearn", "scipy")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--port", type=port, default=0, help="the port to listen on (default: a free one)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--read-only", action="store_true", help="read and search, but change nothing")


def run(options: argparse.Namespace) -> int:
    """Serve the desk on this machine until Ctrl-C, or until it is closed in the browser."""
    store = named_store(options.dataset, options.data_dir).require()
    session, server = _module("session"), _module("server")
    desk = session.DeskSession(store, read_only=options.read_only)
    try:
        with server.serve(desk, options.port) as serving:
            say(f"The desk for {store.root} is open to this machine alone; Ctrl-C closes it.")
            print_result(serving.url)
            if stdout_is_terminal() and not options.no_browser:
                # A browser that runs in the terminal returns when it is left, and waits for the server meanwhile.
                threading.Thread(target=webbrowser.open, args=(serving.url,), daemon=True).start()
            serving.run()
    except KeyboardInterrupt:
        say("closed")
    except OSError as error:
        raise InputError(f"cannot listen on port {options.port}: {error.strerror}; leave --port out") from error
    finally:
        desk.close()
    return OK


def _module(name: str) -> ModuleType:
    """Import a module of the desk. Raises InputError if the extra `desk` is not installed."""
    try:
        return importlib.import_module(f"scrape.desk.{name}")
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] not in _EXTRA:
            raise
        raise InputError(
            f"the desk needs {error.name}; install the extra: python -m pip install -e '.[desk]'"
        ) from error
