"""The bundled board as a web site on the loopback interface."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from scrape.demo import pages
from scrape.demo.catalog import Catalog, Search
from scrape.demo.generate import COUNT, SEED

ROBOTS = """# The Demo Board: every posting is invented.
User-agent: *
Disallow: /private/
Disallow: /apply/
Allow: /
"""
_IDLE_SECONDS = 30


class Site:
    """The running site. `url` is its base address, without a slash; `requests` lists the paths asked for so far."""

    def __init__(self, url: str, catalog: Catalog) -> None:
        self.url = url
        self.catalog = catalog
        self.requests: list[str] = []


@contextmanager
def serve(port: int = 0, *, seed: int = SEED, count: int = COUNT) -> Iterator[Site]:
    """Serve the board on 127.0.0.1 while the context lasts; port 0 takes a free one. Raises OSError if it is taken."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler, bind_and_activate=False)
    try:
        server.server_bind()
        server.server_activate()
        site = Site(f"http://127.0.0.1:{server.server_port}", Catalog(seed, count))
        server.RequestHandlerClass = type("SiteHandler", (_Handler,), {"site": site})
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
    finally:
        server.server_close()


def answer(catalog: Catalog, target: str) -> tuple[HTTPStatus, str, str]:
    """Return the response to a request for `target` (path and query): status, content type, body."""
    parts = urlsplit(target)
    steps = [step for step in parts.path.split("/") if step]
    match steps:
        case []:
            return _html(pages.front(catalog))
        case ["robots.txt"]:
            return HTTPStatus.OK, "text/plain", ROBOTS
        case ["jobs"]:
            return _html(pages.results(catalog, Search.read(parts.query)))
        case ["posting", key, *_]:
            return _posting(catalog, key)
        case ["private" | "apply", *_]:
            return _html(pages.plain("For members", "Crawlers are asked to stay out of here."))
        case ["static", "board.js"]:
            return HTTPStatus.OK, "text/javascript", "track('ready');\n"
    return _not_found()


def _posting(catalog: Catalog, key: str) -> tuple[HTTPStatus, str, str]:
    opening = catalog.get(key)
    if opening is None:
        return _not_found()
    # An expired posting answers 200 with a notice, as on many boards: only the text tells that it is over.
    return _html(pages.expired(opening) if catalog.is_expired(opening) else pages.posting(catalog, opening))


def _html(body: str) -> tuple[HTTPStatus, str, str]:
    return HTTPStatus.OK, "text/html", body


def _not_found() -> tuple[HTTPStatus, str, str]:
    return HTTPStatus.NOT_FOUND, "text/html", pages.plain("Not found", "There is no such page on this board.")


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD; keeps connections open, and writes each answer at once so that none waits for an ACK."""

    site: Site
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 20
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS

    def do_GET(self) -> None:
        self._send(with_body=True)

    def do_HEAD(self) -> None:
        self._send(with_body=False)

    def _send(self, *, with_body: bool) -> None:
        self.site.requests.append(self.path)
        status, kind, text = answer(self.site.catalog, self.path)
        body = text.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Invented", "yes")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing: the crawler reports its requests."""
