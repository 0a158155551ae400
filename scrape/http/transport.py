"""Connections: only to addresses that may be requested, and closed at their deadline.

`requests` counts a timeout anew for every piece that arrives, so a server that drips a byte a second holds
it for ever. A `Deadline` has a thread shut the connection down in time instead, which ends any read at
once, whether it waits for headers, body or TLS handshake.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from http.client import HTTPResponse, RemoteDisconnected
from http.cookiejar import DefaultCookiePolicy
from io import BufferedReader
from typing import IO, Any, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from scrape.common.errors import Refused

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_SPECIAL = (
    ipaddress.ip_network("fec0::/10"),  # RFC 3879: site-local, once the private addresses of IPv6
    ipaddress.ip_network("3fff::/20"),  # RFC 9637: documentation, which Python does not know before 3.13
)


class Deadline:
    """One exchange of this thread, from connecting to the last byte. A context manager.

    `trusted` lets the exchange go to addresses that are not public: for the hosts that the user named.
    """

    _of_thread = threading.local()

    def __init__(self, *, trusted: bool) -> None:
        self._trusted = trusted
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer: threading.Timer | None = None
        self._ends = 0.0
        self.expired = False

    @classmethod
    def current(cls) -> Deadline | None:
        """Return the deadline that this thread is under."""
        return getattr(cls._of_thread, "deadline", None)

    def __enter__(self) -> Deadline:
        self._of_thread.deadline = self
        return self

    def __exit__(self, *_: object) -> None:
        self._of_thread.deadline = None
        with self._lock:
            self._stop_timer()
            if self._socket is not None:
                self._socket.close()

    def limit(self, seconds: float) -> None:
        """Set the deadline to `seconds` from now."""
        with self._lock:
            self._stop_timer()
            self._ends = time.monotonic() + seconds
            self._timer = threading.Timer(seconds, self._cut)
            self._timer.daemon = True
            self._timer.start()

    def connect(self, host: str, port: int) -> socket.socket:
        """Return a connection to the first address of `host` that answers in time.

        Every address of the name must be public, and the socket goes to the very address that was looked at, so
        a name that changes its mind between the look and the connection (DNS rebinding) gains nothing.
        Looking the name up is the one step that cannot be cut short; the system's resolver gives up by itself.
        Raises Refused, or OSError where nothing answers.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        if not self._trusted:
            for *_, where in found:
                check_public(str(where[0]), host)
        failure: OSError = OSError(f"no address for {host}")
        for left, (family, kind, proto, _, where) in zip(range(len(found), 0, -1), found, strict=True):
            made = socket.socket(family, kind, proto)
            try:
                made.settimeout(max(self._ends - time.monotonic(), 0.001) / left)
                made.connect(where)
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                made.close()
                failure = error
            else:
                return made
        raise failure

    def adopt(self, made: socket.socket) -> None:
        """Take over a connection, to close it at the deadline. A duplicate is kept, which outlives the original."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
            self._socket = made.dup()
            if self.expired:
                _shut(self._socket)

    def _cut(self) -> None:
        with self._lock:
            self.expired = True
            if self._socket is not None:
                _shut(self._socket)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def check_public(address: str, host: str) -> None:
    """Raise Refused where the IP `address` of `host` is a loopback, private, link-local or otherwise special one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        # 6to4 (RFC 3056) leads to the IPv4 address that it contains.
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped or ip.sixtofour
        ip = inner or ip
    if not ip.is_global or ip.is_multicast or ip.is_reserved or any(ip in special for special in _SPECIAL):
        raise Refused(f"{host} is {address}, which is not a public address; no page is requested from such hosts")


def check_literal(host: str) -> None:
    """Raise Refused where `host` spells out an address that is not public, in any of the ways that systems read."""
    if host.rstrip(".").rpartition(".")[2].lower() == "localhost":
        raise Refused(f"{host} is this machine; no page is requested from it")
    with contextlib.suppress(OSError):  # an IPv4 address in one to four parts, decimal, octal or hexadecimal
        check_public(socket.inet_ntoa(socket.inet_aton(host)), host)
    with contextlib.suppress(ValueError):
        check_public(host, host)


def _shut(open_socket: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was faster
        open_socket.shutdown(socket.SHUT_RDWR)


def _open(connection: HTTPConnection) -> socket.socket | None:
    """Return the socket for `connection` under a deadline; None with a proxy, which picks the address itself."""
    deadline = Deadline.current()
    if deadline is None or connection.proxy is not None:
        return None
    return deadline.connect(connection.host.strip("[]"), connection.port)


class _Lines:
    """A connection's bytes while its headers are read, remembering the last line."""

    def __init__(self, wire: IO[bytes]) -> None:
        self._wire = wire
        self.last = b""

    def readline(self, limit: int = -1) -> bytes:
        self.last = self._wire.readline(limit)
        return self.last

    def close(self) -> None:
        self._wire.close()


class _WholeHeaders(HTTPResponse):
    """A response whose headers end with an empty line. http.client takes the end of the connection for one too."""

    def begin(self) -> None:
        wire = self.fp
        lines = _Lines(wire)
        self.fp = cast(BufferedReader, lines)
        try:
            super().begin()
        finally:
            if self.fp is not None:  # None: no HTTP at all, and closed
                self.fp = wire
        if lines.last not in (b"\r\n", b"\n"):
            raise RemoteDisconnected("the headers are cut off")


class _Connection(HTTPConnection):
    response_class = _WholeHeaders
    _twin: socket.socket | None = None  # the bare connection, which under TLS nothing else holds

    # `_new_conn` is urllib3's one seam between TCP and TLS, the same since version 1.
    def _new_conn(self) -> socket.socket:
        made = _open(self) or super()._new_conn()
        self._twin = made.dup()
        self._put_under_deadline()
        return made

    def request(self, *args: object, **kwargs: object) -> None:
        self._put_under_deadline()  # where the connection was kept open since another request
        super().request(*args, **kwargs)  # type: ignore[arg-type]

    def close(self) -> None:
        super().close()
        if self._twin is not None:
            self._twin.close()
            self._twin = None

    def _put_under_deadline(self) -> None:
        deadline = Deadline.current()
        if deadline is not None and self._twin is not None:
            deadline.adopt(self._twin)


class _SecureConnection(_Connection, HTTPSConnection):
    pass  # in this order: TCP as above, then the TLS of HTTPSConnection


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class _Session(requests.Session):
    def get_redirect_target(self, _response: requests.Response) -> None:
        """Return None: requests would read the whole body of a redirect, however large, to follow it."""


def open_session() -> requests.Session:
    """Return a session that keeps no cookies: a crawler has no need to be recognised."""
    session = _Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("http://", _Adapter())
    session.mount("https://", _Adapter())
    return session


class _Adapter(HTTPAdapter):
    """An adapter whose connections obey the `Deadline` of their thread."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = _POOLS
        return manager
