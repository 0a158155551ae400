"""Serve the desk on the loopback interface until it is closed."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]

from scrape.desk.app import create_app
from scrape.desk.security import HOST, MAX_BODY
from scrape.desk.session import DeskSession

# A body is refused before it is on the disk, also of a page without the key.
_SETTINGS = {"threads": 4, "ident": None, "max_request_body_size": MAX_BODY}
_STEP = 0.2  # seconds between two looks whether the desk was closed
_LAST = 0.8  # seconds for the last page, and its style sheet


class DeskServer:
    """A server that listens already. `url` has the key, and is all that a browser needs."""

    def __init__(self, desk: DeskSession, port: int) -> None:
        self._desk = desk
        self._sockets: dict[int, Any] = {}
        listening = socket.create_server((HOST, port))
        port, key = listening.getsockname()[1], secrets.token_urlsafe(24)
        app = create_app(desk, key, port)
        self._server = create_server(app, sockets=[listening], map=self._sockets, **_SETTINGS)
        self.url = f"http://{HOST}:{port}/?key={key}"

    def run(self) -> None:
        """Answer requests until the desk is closed, in a page or by an exception such as KeyboardInterrupt."""
        while not self._desk.ended.is_set():
            wasyncore.loop(timeout=_STEP, map=self._sockets, count=1)
        end = time.monotonic() + _LAST
        while time.monotonic() < end:
            wasyncore.loop(timeout=_STEP, map=self._sockets, count=1)

    def close(self) -> None:
        """Stop listening, and end the threads."""
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._sockets)


@contextmanager
def serve(desk: DeskSession, port: int = 0) -> Iterator[DeskServer]:
    """Listen on 127.0.0.1 while the context lasts; port 0 takes a free one. Raises OSError if it is taken."""
    server = DeskServer(desk, port)
    try:
        yield server
    finally:
        server.close()
