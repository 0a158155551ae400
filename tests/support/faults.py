"""A web server on loopback that misbehaves as told: what a crawler meets in the wild, without the wild.

    with FaultServer({"/jobs": answer(b"<p>hello</p>"), "/slow": drip(b"HTTP/1.1 200 OK\\r\\n", every=0.05)}) as server:
        fetcher.get(server.url("/jobs"))
        assert [request.path for request in server.asked] == ["/robots.txt", "/jobs"]

A route is a path, or a host and path (`other.test/jobs`), which goes first. A path without a route answers 404.
"""

from __future__ import annotations

import contextlib
import gzip
import itertools
import socket
import socketserver
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

_LONGEST = 10.0  # seconds that any fault lasts, so that a client that never gives up fails its test instead of hanging
_POLL = 0.05  # seconds between two looks at whether the server is to stop


@dataclass(frozen=True)
class Request:
    """What a client asked: `headers` have lower-case names, `at` is on the monotonic clock."""

    path: str
    headers: Mapping[str, str]
    at: float


class Line:
    """The server's end of one connection, for a behaviour to write to."""

    def __init__(self, wire: socket.socket, stop: threading.Event) -> None:
        self._wire = wire
        self._stop = stop
        self._ends = time.monotonic() + _LONGEST
        self.keep = False  # whether the next request may come on the same connection

    @property
    def stopped(self) -> bool:
        """Whether a behaviour that goes on and on should end."""
        return self._stop.is_set() or time.monotonic() > self._ends

    def send(self, data: bytes) -> None:
        self._wire.settimeout(5)
        self._wire.sendall(data)

    def pause(self, seconds: float) -> None:
        self._stop.wait(seconds)

    def reset(self) -> None:
        """Hang up with RST instead of FIN."""
        self._wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Behaviour = Callable[[Line, Request], None]


class FaultServer:
    """Serves `routes` until the `with` block ends, over TLS where given. `asked` is every request so far, in order."""

    def __init__(self, routes: Mapping[str, Behaviour] | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.routes: dict[str, Behaviour] = dict(routes or {})
        self.asked: list[Request] = []
        self.greeting: Behaviour | None = None  # what to do with a connection before any request is read
        self.most_at_once = 0
        self.connections = 0
        self._busy = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._server = _Server(self._serve)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.host = f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}{path}"

    def paths(self) -> list[str]:
        """The paths asked for so far, robots.txt left out."""
        return [request.path for request in self.asked if request.path != "/robots.txt"]

    def __enter__(self) -> FaultServer:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _serve(self, wire: socket.socket) -> None:
        with self._lock:
            self.connections += 1
        with contextlib.suppress(OSError):  # the client hung up, which is what many tests are about
            if self._tls:
                wire.settimeout(5)
                wire = self._tls.wrap_socket(wire, server_side=True)
            self._converse(wire)
        wire.close()

    def _converse(self, wire: socket.socket) -> None:
        line = Line(wire, self._stop)
        if self.greeting:
            self.greeting(line, Request("", {}, time.monotonic()))
            return
        while request := _read_request(wire, self._stop):
            line.keep = False
            self._behave(line, request)
            if not line.keep:
                break

    def _behave(self, line: Line, request: Request) -> None:
        path = request.path.partition("?")[0]
        behaviour = self.routes.get(request.headers.get("host", "") + path) or self.routes.get(path, answer(status=404))
        with self._lock:
            self.asked.append(request)
            self._busy += 1
            self.most_at_once = max(self.most_at_once, self._busy)
        try:
            behaviour(line, request)
        finally:
            with self._lock:
                self._busy -= 1


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = False
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                serve(self.request)

        super().__init__(("127.0.0.1", 0), Handler)

    def shutdown_request(self, request: Any) -> None:
        # The library's own would send a FIN first, and a behaviour may have asked for a reset.
        self.close_request(request)


def _read_request(wire: socket.socket, stop: threading.Event) -> Request | None:
    head = b""
    wire.settimeout(_POLL)
    while b"\r\n\r\n" not in head:
        if stop.is_set():
            return None
        try:
            piece = wire.recv(65536)
        except TimeoutError:
            continue
        if not piece:
            return None
        head += piece
    first, *rest = head.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    return Request(first.split()[1] if " " in first else "", headers, time.monotonic())


def answer(
    body: bytes | str = b"", *, status: int = 200, headers: Mapping[str, str] | None = None, keep: bool = False
) -> Behaviour:
    """A sound answer."""
    data = body.encode() if isinstance(body, str) else body
    own = {
        "Content-Type": "text/html",
        "Content-Length": str(len(data)),
        "Connection": "keep-alive" if keep else "close",
    }

    def behave(line: Line, _request: Request) -> None:
        line.keep = keep
        line.send(_head(status, own | dict(headers or {})) + data)

    return behave


def zipped(body: bytes, *, cut: int = 0, headers: Mapping[str, str] | None = None) -> Behaviour:
    """A gzipped answer; with `cut`, its last bytes are missing although its Content-Length matches what is sent."""
    packed = gzip.compress(body)
    return answer(packed[: len(packed) - cut], headers={"Content-Encoding": "gzip", **(headers or {})})


def redirect(to: str, *, status: int = 302) -> Behaviour:
    return answer(status=status, headers={"Location": to})


def slowly(behaviour: Behaviour, *, after: float) -> Behaviour:
    """The behaviour, `after` seconds late."""

    def behave(line: Line, request: Request) -> None:
        line.pause(after)
        behaviour(line, request)

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Each request gets the next behaviour; the last one stays."""
    left = list(behaviours)
    lock = threading.Lock()

    def behave(line: Line, request: Request) -> None:
        with lock:
            now = left.pop(0) if len(left) > 1 else left[0]
        now(line, request)

    return behave


def raw(data: bytes) -> Behaviour:
    """These bytes, then the end of the connection."""
    return lambda line, _request: line.send(data)


def hang_up(data: bytes = b"") -> Behaviour:
    """These bytes, then a reset."""

    def behave(line: Line, _request: Request) -> None:
        line.send(data)
        line.pause(0.02)  # lets the bytes arrive ahead of the reset
        line.reset()

    return behave


def drip(*parts: bytes, every: float) -> Behaviour:
    """All parts but the last at once, then the last byte by byte, over and over, until the client leaves."""

    def behave(line: Line, _request: Request) -> None:
        line.send(b"".join(parts[:-1]))
        while not line.stopped:
            for byte in parts[-1]:
                line.pause(every)
                line.send(bytes([byte]))

    return behave


def dripped_headers(every: float) -> Behaviour:
    return drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a", every=every)


def dripped_body(every: float) -> Behaviour:
    return drip(_head(200, {"Content-Type": "text/html", "Content-Length": "1000000"}), b"a", every=every)


def silence(line: Line, _request: Request) -> None:
    """Takes the request and says nothing."""
    while not line.stopped:
        line.pause(_POLL)


def endless(
    pieces: Iterable[bytes] | None = None, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Behaviour:
    """A body without a length that goes on for as long as the client reads (or the pieces last)."""

    def behave(line: Line, _request: Request) -> None:
        line.send(_head(status, {"Content-Type": "text/html", "Connection": "close", **(headers or {})}))
        source = iter(pieces) if pieces is not None else iter(lambda: b"<p>more</p>" * 4096, b"")
        for piece in source:
            if line.stopped:
                return
            line.send(piece)

    return behave


def gzip_bomb(*, status: int = 200, headers: Mapping[str, str] | None = None) -> Behaviour:
    """A mebibyte of zeros in a kilobyte of gzip, over and over for as long as the client reads."""
    member = gzip.compress(bytes(1 << 20))
    return endless(
        itertools.repeat(member * 64), status=status, headers={"Content-Encoding": "gzip", **(headers or {})}
    )


def hollow_gzip() -> Behaviour:
    """One gzip stream of empty blocks (RFC 1951, section 3.2.4): it never ends and never yields a byte."""
    head = zlib.compressobj(wbits=31).flush(zlib.Z_FULL_FLUSH)
    empty = b"\x00\x00\x00\xff\xff" * 4096
    return endless(itertools.chain([head], itertools.repeat(empty)), headers={"Content-Encoding": "gzip"})


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Told So", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Clock:
    """Time that passes only when somebody sleeps: `slept` is how long, each time."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
