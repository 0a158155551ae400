"""The HTTP client: the only module that sends requests, sleeps or retries.

Every request goes out under the site's robots.txt and opt-outs, at the site's pace, to public addresses
only, inside deadlines and size caps. What comes back is a whole `Response` or an error that says what happened,
where, and what to do.
"""

from __future__ import annotations

import email.utils
import math
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import random as _random
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3
from requests.exceptions import InvalidSchema, InvalidURL

from scrape.common.errors import Blocked, BoardError, InputError, Missing, Refused, Unreachable
from scrape.common.sizes import ANSWER_BYTES, PAGE_BYTES
from scrape.common.version import __version__
from scrape.http import challenge_pages, charset, decompress, robots
from scrape.http.robots import Robots
from scrape.http.transport import Deadline, check_literal, open_session

PRODUCT = "DreamJobs"  # the token that a robots.txt can name

_AGAIN = {429, 500, 502, 503, 504, 520, 521, 522, 523, 524}  # 52x: Cloudflare could not reach its origin
_BLOCKED = {401, 402, 403, 407, 429, 999}  # 999: LinkedIn's own
_BY_HAND = "read it in a browser, save the pages and give them to the board 'saved'"
_ADVICE = {401: "check the key, where this board needs one", 429: "it wants fewer requests, so come back later"}
_REDIRECTS = {301, 302, 303, 307, 308}
_CHUNK = 64 * 1024  # bytes read at a time
_GLIMPSE = 64 * 1024  # bytes kept of an error page: enough to recognize a challenge page
_ROBOTS_LIVE = 24 * 3600.0  # seconds; RFC 9309, section 2.4
_LONG = 10.0  # seconds; a longer wait is reported
_FAILURES_LIVE = 600.0  # seconds until a robots.txt that could not be read is tried again
_ROBOTS_REDIRECTS = 5  # RFC 9309, section 2.3.1.2
_LONGEST_URL = 8000  # characters; RFC 9110, section 4.1, asks servers for as many
_NOT_IN_URLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on time, size and tries. Times in seconds, sizes in bytes."""

    headers: float = 30.0  # wall clock, from looking the name up to the last header
    body: float = 120.0  # wall clock, from the last header to the last byte
    page: int = PAGE_BYTES  # of the body, unpacked
    answer: int = ANSWER_BYTES  # of a body of JSON, unpacked
    redirects: int = 10
    tries: int = 4
    backoff: float = 2.0  # the first wait after a failure; it doubles with each
    wait: float = 300.0  # the longest wait that a site may ask for and get
    crawl_delay: float = 30.0  # the longest Crawl-delay that is kept; a longer one counts as this


@dataclass(frozen=True, slots=True)
class Response:
    """A complete response: `body` is decompressed, `headers` ignore case, `final_url` is the URL after redirects.

    `opt_out` is the line that keeps it out of training corpora, or empty.
    """

    url: str
    final_url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    opt_out: str = ""

    @property
    def text(self) -> str:
        """The body by its byte order mark, header, own declaration, or as UTF-8 or windows-1252."""
        return charset.decode(self.body, self.headers.get("content-type", ""))


class _Failed(Exception):
    """A request failed; `lasting` means that a retry would fail in the same way."""

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.lasting = lasting


@dataclass(slots=True)
class _Host:
    """The state of one host: requests to it go one at a time, and not before `free` on the fetcher's clock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    free: float = -math.inf


@dataclass(slots=True)
class _Rules:
    """One origin's robots.txt, or the error that reading it ended with."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    found: Robots | BoardError | None = None
    until: float = -math.inf


class Fetcher:
    """A polite HTTP client. Safe to share between threads; a host sees one request at a time.

    `contact` is an e-mail address or URL at which a site's operator can reach the user; it goes into the User-Agent.
    `allow_loopback` names the hosts, as `host:port`, that may have an address that is not public, such as the
    bundled board; requests to them do not pause. `interval` is the minimum time between two requests to a host, in
    seconds.
    `clock` and `sleep` count seconds, `now` is the time of day as Unix time, `random` gives numbers in [0, 1).
    `for_training` False also reads what opts out of AI training, which `Response.opt_out` then tells.
    `say` is called with a line before a long wait. A `session` replaces the network: its `get` is called like that of
    requests with `stream=True`; then no addresses are checked and no deadlines are set here.
    """

    def __init__(
        self,
        *,
        contact: str = "",
        session: Any = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
        random: Callable[[], float] = _random,
        allow_loopback: Collection[str] = (),
        interval: float = 1.0,
        limits: Limits = Limits(),
        for_training: bool = True,
        say: Callable[[str], object] = lambda line: None,
    ) -> None:
        self._session = open_session() if session is None else session
        self._clock, self._now, self._sleep, self._random = clock, now, sleep, random
        self._say = say
        self._trusted = frozenset(allow_loopback)
        self._interval = interval
        self._limits = limits
        self._for_training = for_training
        self._agent = user_agent(contact)
        self._lock = threading.Lock()
        self._hosts: dict[str, _Host] = {}
        self._rules: dict[str, _Rules] = {}

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response:
        """Return the response of `url` after redirects. `headers` are sent to the origin of `url` alone.

        Raises Refused (robots.txt, an opt-out, an address that is not public), Blocked (401, 403, 429 after every
        try, a challenge page), Missing (404, 410), Unreachable (no complete response after every try) or BoardError.
        """
        hop, seen, opt_out = url, [url], ""
        own = dict(headers or {})
        for name, value in own.items():
            if not value.isascii() or not value.isprintable():  # the value may be a key, so it is not shown
                raise BoardError(f"{url} cannot be requested: the header {name} holds a character that cannot be sent")
        while True:
            rules = self._admit(hop)
            opt_out = opt_out or rules.opt_out(hop)
            response = self._ask(hop, own, pause=self._pause(hop, rules))
            target = self._target(response)
            if target is None:
                self._judge(response)
                return replace(response, url=url, opt_out=opt_out or robots.header_opt_out(response.headers))
            if target in seen or len(seen) > self._limits.redirects:
                how = "in a circle" if target in seen else f"more than {len(seen) - 1} times"
                raise BoardError(f"{url} redirects {how}; open it in a browser to see where it leads")
            if _origin(_split(target)) != _origin(_split(hop)):
                own = {}
            seen.append(target)
            hop = target

    def rules(self, url: str) -> Robots:
        """Return the robots.txt that applies to `url`, read once a day. Raises Unreachable, Blocked or Refused."""
        origin = _origin(_split(url))
        with self._lock:
            kept = self._rules.setdefault(origin, _Rules())
        with kept.lock:
            if kept.found is None or self._clock() >= kept.until:
                kept.found = self._read_rules(origin)
                good = isinstance(kept.found, Robots) and not kept.found.closed
                kept.until = self._clock() + (_ROBOTS_LIVE if good else _FAILURES_LIVE)
            if isinstance(kept.found, BoardError):
                raise type(kept.found)(*kept.found.args)
            return kept.found

    def _admit(self, url: str) -> Robots:
        rules = self.rules(url)
        host = _split(url).netloc
        if rules.closed:
            raise Refused(f"{url} may not be read: {rules.closed}; try again later")
        if not rules.allows(url):
            raise Refused(f"{url} may not be read: the robots.txt of {host} disallows it for {PRODUCT}")
        opt_out = rules.opt_out(url)
        if opt_out and self._for_training:
            raise Refused(f"{url} opts out of AI training by {opt_out} in the robots.txt of {host}")
        return rules

    def _read_rules(self, origin: str) -> Robots | BoardError:
        hop = f"{origin}/robots.txt"
        try:
            for _ in range(_ROBOTS_REDIRECTS + 1):
                response = self._ask(hop, {}, pause=self._pause(hop, None), head=robots.MOST_BYTES)
                target = self._target(response)
                if target is None:
                    _refuse_challenge(response)
                    return robots.from_response(response.status, response.body, PRODUCT)
                hop = target
        except BoardError as error:
            return error
        return Robots("", PRODUCT, closed=f"its robots.txt redirects more than {_ROBOTS_REDIRECTS} times")

    def _pause(self, url: str, rules: Robots | None) -> float:
        """Return the seconds to leave between the coming request and the next one to its host."""
        if _authority(_split(url)) in self._trusted:
            return 0.0
        return max(self._interval, min(rules.crawl_delay, self._limits.crawl_delay) if rules else 0.0)

    def _ask(self, url: str, headers: dict[str, str], *, pause: float, head: int = 0) -> Response:
        """Request one URL, without following redirects, until it answers or the tries are used up.

        A response of 429 or 5xx that stays so is returned: it means one thing for a page and another for robots.txt.
        """
        host = self._host(url)
        for failures in range(1, self._limits.tries + 1):
            got = self._exchange(host, url, headers, pause=pause, head=head)
            if not _may_pass(got):
                break
            asked = retry_after(got.headers.get("retry-after", ""), self._now()) if isinstance(got, Response) else 0.0
            # With jitter between half and all of the doubled wait, so that clients do not retry at the same time.
            backoff = self._limits.backoff * 2 ** (failures - 1) * (0.5 + self._random() / 2)
            with host.lock:
                host.free = max(host.free, self._clock() + max(asked, backoff))
        if isinstance(got, Response):
            return got
        if got.lasting:
            raise Unreachable(f"{url} cannot be reached: {got.reason}; check the address and the network")
        raise Unreachable(
            f"{url} gives no complete response: {got.reason}, after {self._limits.tries} tries; try again later"
        )

    def _host(self, url: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(_split(url).hostname or "", _Host())

    def _exchange(
        self, host: _Host, url: str, headers: dict[str, str], *, pause: float, head: int
    ) -> Response | _Failed:
        """Send one request when the host is free. With `head`, the first bytes of the body are enough.

        Raises Blocked without a request where the host asks for a longer pause than `Limits.wait`.
        """
        split = _split(url)
        trusted = _authority(split) in self._trusted
        if not trusted:
            check_literal(split.hostname or "")
        with host.lock:
            wait = host.free - self._clock()
            if wait > self._limits.wait:
                raise Blocked(f"{split.netloc} asks for a pause of {wait:,.0f} s; try again after that")
            if wait > _LONG:
                self._say(f"waiting {wait:.0f} s for {split.netloc}, as it asks")
            if wait > 0:
                self._sleep(wait)
            try:
                with Deadline(trusted=trusted) as deadline:
                    return self._request(deadline, url, headers, head)
            except _Failed as failed:
                return failed
            finally:
                host.free = max(host.free, self._clock() + pause)

    def _request(self, deadline: Deadline, url: str, headers: dict[str, str], head: int) -> Response:
        limits = self._limits
        own = {"User-Agent": self._agent, "Accept": "*/*", "Accept-Encoding": "gzip"}
        deadline.limit(limits.headers)
        try:
            response = self._session.get(
                url,
                headers=own | headers,
                stream=True,
                allow_redirects=False,
                timeout=2 * limits.headers,  # after the deadline, which names the part that took too long
                auth=lambda prepared: prepared,  # without it, requests sends the passwords of ~/.netrc
                # A proxy from the environment is used. It then resolves host names, so it has to keep private
                # addresses out; we only refuse those that are written in the URL. Hosts that the user allowed on
                # this machine are requested without the proxy.
                proxies={"no_proxy": "*"} if _authority(_split(url)) in self._trusted else None,
            )
        except (InvalidSchema, InvalidURL, UnicodeError) as error:
            raise Refused(f"{url!r} is not a URL: {error}") from error
        except requests.RequestException as error:
            raise _failed(deadline, error, "headers", limits.headers) from error
        with response:
            deadline.limit(limits.body)
            return Response(url, url, response.status_code, response.headers, self._body(deadline, response, head))

    def _body(self, deadline: Deadline, response: requests.Response, head: int) -> bytes:
        status, limits = response.status_code, self._limits
        if status in _REDIRECTS:
            return b""
        is_json = "json" in response.headers.get("content-type", "").lower()
        cap = head or (_GLIMPSE if status >= 400 else limits.answer if is_json else limits.page)
        coding = response.headers.get("content-encoding", "")
        chunks = iter(lambda: response.raw.read(_CHUNK, decode_content=False), b"")
        try:
            body = decompress.decompress(chunks, coding, cap, cut=bool(head) or status >= 400)
            # A file that is itself packed, as sitemaps may be.
            if body.startswith(decompress.GZIP) and not head and status < 400:
                body = decompress.decompress(_cut(body), "gzip", cap)
        except decompress.TooLarge:
            raise BoardError(f"{response.url} is larger than {cap:,} bytes; it is left out") from None
        except decompress.Unreadable as error:
            raise BoardError(
                f"{response.url} is packed as {str(error)!r}, which is not known here; we asked for gzip"
            ) from None
        # ValueError: http.client takes a negative size of a chunk for a number of bytes to read.
        except (decompress.Torn, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            if status >= 400 and not deadline.expired:
                return b""  # the status says enough
            raise _failed(deadline, error, "body", limits.body) from error
        if deadline.expired:
            raise _Failed(f"its body took longer than {limits.body:g} s")
        return body

    def _judge(self, response: Response) -> None:
        """Raise the error that a response stands for; a good response raises none."""
        url, status = response.final_url, response.status
        _refuse_challenge(response)
        if status in (404, 410):
            raise Missing(f"{url} is gone (status {status})")
        if status in _BLOCKED:
            raise Blocked(f"{url} answers {status}; {_ADVICE.get(status, _BY_HAND)}")
        if status >= 500:
            raise Unreachable(f"{url} answers {status}, after {self._limits.tries} tries; try again later")
        if not 200 <= status < 300:
            raise BoardError(f"{url} answers {status}, which is not a page")
        opt_out = robots.header_opt_out(response.headers)
        if opt_out and self._for_training:
            raise Refused(f"{url} opts out of AI training by {opt_out} in the headers of the response")

    def _target(self, response: Response) -> str | None:
        """Return the URL that a redirect leads to; None for any other response. Raises Refused."""
        location = response.headers.get("location", "")
        if response.status not in _REDIRECTS or not location:
            return None
        url = response.final_url
        header = location.encode("latin-1", "replace").decode("utf-8", "replace")  # HTTP reads UTF-8 as Latin-1
        try:
            target = urljoin(url, header).partition("#")[0]
        except ValueError as error:
            raise Refused(f"{url} redirects to {location!r}, which is not a URL") from error
        if _authority(_split(target)) in self._trusted and _authority(_split(url)) not in self._trusted:
            raise Refused(f"{url} redirects to {target}, a host that only the user may name")
        return target


def user_agent(contact: str) -> str:
    """Return the User-Agent header: product, version and, where given, a contact. Raises InputError."""
    if not contact.isascii() or not (contact + " ").isprintable():
        raise InputError(f"{contact!r} cannot be sent as a contact; give an e-mail address or URL in plain ASCII")
    return f"{PRODUCT}/{__version__}" + (f" (+{contact})" if contact else "")


def retry_after(value: str, now: float) -> float:
    """Return the seconds that a Retry-After header asks for (RFC 9110, section 10.2.3); 0 where it is invalid."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(email.utils.parsedate_to_datetime(value).timestamp() - now, 0.0)
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _cut(body: bytes) -> Iterator[bytes]:
    return (body[start : start + _CHUNK] for start in range(0, len(body), _CHUNK))


def _failed(deadline: Deadline, error: Exception, part: str, seconds: float) -> _Failed:
    if deadline.expired:
        return _Failed(f"its {part} took longer than {seconds:g} s")
    root = _root(error)
    unknown = isinstance(root, socket.gaierror) and root.errno == socket.EAI_NONAME
    return _Failed(_words(root), lasting=unknown or isinstance(root, ssl.SSLCertVerificationError))


def _root(error: BaseException) -> BaseException:
    """Return the original error below the layers of requests and urllib3."""
    below = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return _root(below) if below else error


def _words(error: BaseException) -> str:
    """Return an error in one printable line: it may contain text from the server."""
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    line = "".join(char for char in " ".join(words.split()) if char.isprintable())
    return line[:200] or type(error).__name__


def _may_pass(got: Response | _Failed) -> bool:
    """Return whether a retry may succeed. After a challenge page it does not, whatever the status."""
    if isinstance(got, _Failed):
        return not got.lasting
    return got.status in _AGAIN and not challenge_pages.maker_of(got.headers, got.body)


def _split(url: str) -> SplitResult:
    """Return the parts of a URL that may be requested. Raises Refused for any other."""
    if len(url) > _LONGEST_URL:
        raise Refused(f"a URL of {len(url):,} characters cannot be requested: {url[:80]!r}...")
    if _NOT_IN_URLS.search(url):
        raise Refused(f"{url!r} is not a URL: it contains a control character")
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError as error:
        raise Refused(f"{url!r} is not a URL: {error}") from error
    if split.scheme not in ("http", "https") or not split.hostname or port == 0:
        raise Refused(f"{url!r} cannot be requested: only http and https URLs with a host can")
    if split.username is not None or split.password is not None:
        raise Refused(f"a URL at {split.hostname} contains a user name or password; leave it out")
    return split


def _authority(split: SplitResult) -> str:
    """Return `host:port`, with the default port of the scheme where the URL has none."""
    return f"{split.hostname}:{split.port or (443 if split.scheme == 'https' else 80)}"


def _origin(split: SplitResult) -> str:
    return f"{split.scheme}://{split.netloc.lower()}"


def _refuse_challenge(response: Response) -> None:
    maker = challenge_pages.maker_of(response.headers, response.body)
    if maker:
        raise Blocked(f"{response.final_url} answers {response.status} with a challenge page ({maker}); {_BY_HAND}")
