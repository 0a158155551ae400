"""`demo`: serve the bundled board."""

from __future__ import annotations

import argparse
import time

from scrape import demo
from scrape.common.arguments import port
from scrape.common.console import print_result, say
from scrape.common.errors import InputError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--port", type=port, default=0, help="the port to listen on (default: a free one)")


def run(options: argparse.Namespace) -> int:
    """Serve the bundled board until Ctrl-C."""
    try:
        with demo.serve(options.port) as site:
            say(f"The demo board runs at {site.url} (every posting is invented); Ctrl-C ends it.")
            print_result(site.url)
            while True:
                time.sleep(3600)
    except OSError as error:
        raise InputError(f"cannot listen on port {options.port}: {error.strerror}; leave --port out") from error
