"""The fetcher against servers that drip, cut, swell, hang up and lie, over real loopback HTTP with short deadlines."""

from __future__ import annotations

import gzip
import shutil
import ssl
import subprocess
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrape.common.errors import BoardError, Refused, Unreachable
from scrape.common.sizes import ANSWER_BYTES, PAGE_BYTES
from scrape.http import decompress
from scrape.http.client import Fetcher, Limits
from tests.support.faults import (
    Behaviour,
    Clock,
    FaultServer,
    answer,
    drip,
    dripped_body,
    dripped_headers,
    endless,
    gzip_bomb,
    hang_up,
    hollow_gzip,
    in_turn,
    raw,
    redirect,
    silence,
    zipped,
)

MIB = 1 << 20
SHORT = Limits(headers=0.25, body=0.4, page=4 * MIB, tries=2)
AT_ONCE = 5.0  # seconds: far above what the deadlines need, far below what the faults would take


@pytest.fixture
def make(server: FaultServer) -> Callable[[Limits], Fetcher]:
    """A fetcher with real deadlines, whose waiting costs no time."""
    clock = Clock()
    return lambda limits: Fetcher(allow_loopback={server.host}, clock=clock, sleep=clock.sleep, limits=limits)


@pytest.mark.parametrize(
    ("fault", "part"),
    [
        (dripped_headers(every=0.01), "headers"),
        (drip(b"", b"HTTP/1.1 200 OK\r\nA: b\r\n", every=0.01), "headers"),
        (drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n", every=0.001), "headers"),
        (silence, "headers"),
        (dripped_body(every=0.01), "body"),
        (drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n", every=0.01), "body"),
        (drip(b"HTTP/1.0 200 OK\r\n\r\n", b"a", every=0.01), "body"),  # no length: the cut must not pass for the end
    ],
)
def test_dripping_does_not_stretch_the_deadline(
    server: FaultServer, make: Callable[[Limits], Fetcher], fault: Behaviour, part: str
) -> None:
    server.routes["/"] = fault
    start = time.monotonic()
    with pytest.raises(Unreachable, match=f"its {part} took longer than 0.[24]5? s"):
        make(SHORT).get(server.url("/"))
    assert time.monotonic() - start < AT_ONCE
    assert len(server.paths()) == SHORT.tries


def test_a_kept_connection_is_watched_too(server: FaultServer, make: Callable[[Limits], Fetcher]) -> None:
    kept = answer("x", keep=True)
    server.routes |= {"/robots.txt": kept, "/": kept, "/slow": dripped_body(every=0.01)}
    fetcher = make(replace(SHORT, headers=2.0, tries=1))
    fetcher.get(server.url("/"))
    start = time.monotonic()
    with pytest.raises(Unreachable, match="its body took longer"):
        fetcher.get(server.url("/slow"))
    assert server.connections == 1 and time.monotonic() - start < AT_ONCE


def test_a_dripped_robots_txt_is_unreachable(server: FaultServer, make: Callable[[Limits], Fetcher]) -> None:
    server.routes |= {"/robots.txt": dripped_body(every=0.01), "/": answer("x")}
    with pytest.raises(Unreachable, match=r"robots\.txt gives no complete response"):
        make(SHORT).get(server.url("/"))
    assert server.paths() == []


@pytest.mark.parametrize("hello", [b"", b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"])
def test_a_tls_handshake_cannot_be_dripped(server: FaultServer, hello: bytes) -> None:
    """The server reads our greeting as a request that never ends, or answers with a handshake that never ends."""
    clock = Clock()
    server.greeting = drip(hello, b"\0", every=0.01) if hello else silence
    fetcher = Fetcher(allow_loopback={server.host}, clock=clock, sleep=clock.sleep, limits=SHORT)
    start = time.monotonic()
    with pytest.raises(Unreachable, match=r"its headers took longer than 0\.25 s"):
        fetcher.get(server.url("/").replace("http:", "https:"))
    assert time.monotonic() - start < AT_ONCE


@pytest.mark.parametrize(
    "fault",
    [
        hang_up(),
        hang_up(b"HTTP/1.1 200 OK\r\nContent-Le"),
        hang_up(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"),
        raw(b""),
        raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"),  # cut between two headers: no empty page
        raw(b"HTTP/1.1 200 OK\r\nContent-Ty"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort text"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nshort\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nxx\r\n0\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nshort"),
        raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
        raw(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(500)) + b"\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 200_000 + b"\r\n\r\n"),
        zipped(b"<p>hello</p>" * 1000, cut=1),
        zipped(b"<p>hello</p>" * 1000, cut=8),  # all of the text, but neither its checksum nor its length
        zipped(bytes(range(256)) * 100, cut=200),
        answer(b"<p>not gzip</p>", headers={"Content-Encoding": "gzip"}),
        answer(gzip.compress(b"x" * 99)[:-8] + bytes(8), headers={"Content-Encoding": "gzip"}),  # a wrong checksum
        answer(gzip.compress(b"<urlset>" * 1000)[:-9], headers={"Content-Type": "application/gzip"}),
    ],
)
def test_a_torn_answer_is_asked_for_again_and_is_never_short_text(
    server: FaultServer, make: Callable[[Limits], Fetcher], fault: Behaviour
) -> None:
    server.routes |= {"/torn": fault, "/healed": in_turn(fault, answer("<p>whole</p>"))}
    fetcher = make(replace(SHORT, headers=5.0, body=5.0))
    with pytest.raises(Unreachable, match="gives no complete response"):
        fetcher.get(server.url("/torn"))
    assert len(server.paths()) == SHORT.tries
    assert fetcher.get(server.url("/healed")).text == "<p>whole</p>"


@pytest.mark.parametrize(
    "fault",
    [
        endless(),
        gzip_bomb(),
        hollow_gzip(),
        answer(bytes(5 * MIB)),
        zipped(bytes(5 * MIB)),
        zipped(bytes(64 * MIB)),
        answer(gzip.compress(bytes(64 * MIB))),  # a file that is a bomb
        zipped(gzip.compress(bytes(64 * MIB))),
        endless(iter([b"1000\r\n" + bytes(4096) + b"\r\n"] * 4096), headers={"Transfer-Encoding": "chunked"}),
    ],
)
def test_swelling_ends_at_the_cap_and_takes_no_memory(
    server: FaultServer, make: Callable[[Limits], Fetcher], fault: Behaviour
) -> None:
    server.routes["/"] = fault
    fetcher = make(replace(SHORT, headers=5.0, body=20.0))
    tracemalloc.start()
    try:
        with pytest.raises(BoardError, match=r"larger than 4,194,304 bytes"):
            fetcher.get(server.url("/"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * SHORT.page
    assert len(server.paths()) == 1  # it would be as large the second time


def test_an_answer_of_json_may_be_larger_than_a_page(server: FaultServer, make: Callable[[Limits], Fetcher]) -> None:
    json = {"Content-Type": "application/json; charset=utf-8"}
    server.routes |= {"/large": answer(bytes(5 * MIB), headers=json), "/larger": answer(bytes(9 * MIB), headers=json)}
    fetcher = make(replace(SHORT, headers=5.0, body=20.0, answer=8 * MIB))
    assert len(fetcher.get(server.url("/large")).body) == 5 * MIB
    with pytest.raises(BoardError, match=r"larger than 8,388,608 bytes"):
        fetcher.get(server.url("/larger"))
    assert Limits().page == PAGE_BYTES and Limits().answer == ANSWER_BYTES


@pytest.mark.parametrize("status", [302, 404, 500])
@pytest.mark.parametrize("fault", [endless, gzip_bomb])
def test_the_body_of_a_redirect_or_an_error_cannot_swell_either(
    server: FaultServer, make: Callable[[Limits], Fetcher], status: int, fault: Callable[..., Behaviour]
) -> None:
    server.routes |= {"/": fault(status=status, headers={"Location": "/x"}), "/x": answer("x")}
    fetcher = make(replace(SHORT, headers=5.0, body=20.0))
    tracemalloc.start()
    try:
        if status == 302:
            assert fetcher.get(server.url("/")).body == b"x"
        else:
            with pytest.raises(BoardError, match=str(status)):
                fetcher.get(server.url("/"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * MIB


@pytest.mark.parametrize("behave", [answer, zipped])
def test_a_packed_file_is_unpacked_whether_it_travels_packed_or_not(
    server: FaultServer, make: Callable[[Limits], Fetcher], behave: Callable[..., Behaviour]
) -> None:
    sitemap = "<urlset>" + "<url><loc>https://a.example/é</loc></url>" * 9000 + "</urlset>"
    server.routes["/sitemap.xml.gz"] = behave(gzip.compress(sitemap.encode()), headers={"Content-Type": "x/gzip"})
    assert make(SHORT).get(server.url("/sitemap.xml.gz")).text == sitemap


@pytest.mark.parametrize("coding", ["gzip, gzip", "compress", "gzip, br", "x-unheard-of"])
def test_codings_that_are_not_known(server: FaultServer, make: Callable[[Limits], Fetcher], coding: str) -> None:
    server.routes["/"] = answer(zlib.compress(b"x"), headers={"Content-Encoding": coding})
    with pytest.raises(BoardError, match=f"packed as '{coding}', which is not known here"):
        make(SHORT).get(server.url("/"))
    assert len(server.paths()) == 1


def test_a_known_coding_that_we_did_not_ask_for_is_read(server: FaultServer, make: Callable[[Limits], Fetcher]) -> None:
    server.routes["/"] = answer(zlib.compress(b"plain"), headers={"Content-Encoding": "deflate"})
    assert make(SHORT).get(server.url("/")).text == "plain"


def test_a_connection_that_is_refused(make: Callable[[Limits], Fetcher]) -> None:
    with FaultServer() as gone:
        host = gone.host
    clock = Clock()
    fetcher = Fetcher(allow_loopback={host}, clock=clock, sleep=clock.sleep)
    with pytest.raises(Unreachable, match="Connection refused, after 4 tries; try again later"):
        fetcher.get(f"http://{host}/")
    assert len(clock.slept) == 3


def test_a_self_signed_or_plain_server_behind_https_is_unreachable(server: FaultServer) -> None:
    clock = Clock()
    server.greeting = raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    fetcher = Fetcher(allow_loopback={server.host}, clock=clock, sleep=clock.sleep, limits=SHORT)
    with pytest.raises(Unreachable, match="SSL"):
        fetcher.get(server.url("/").replace("http:", "https:"))


def test_what_a_server_sends_cannot_write_on_the_terminal(
    server: FaultServer, make: Callable[[Limits], Fetcher]
) -> None:
    server.routes["/"] = raw(b"\x1b[2J\x1b[31mHello\x07\r\n")
    with pytest.raises(Unreachable) as caught:
        make(SHORT).get(server.url("/"))
    assert "Hello" in str(caught.value) and str(caught.value).isprintable()


def test_a_redirect_to_what_is_no_url_is_refused(server: FaultServer, make: Callable[[Limits], Fetcher]) -> None:
    server.routes["/"] = redirect("http://a\0b/")
    with pytest.raises(Refused, match="control character"):
        make(SHORT).get(server.url("/"))


def test_a_header_that_cannot_be_sent_is_named_without_its_value(
    server: FaultServer, make: Callable[[Limits], Fetcher]
) -> None:
    for value in ("s3cret\n", "s3cret\r\nX: y", "s3cr\u00e9t"):
        with pytest.raises(BoardError, match="the header Authorization-Key holds") as caught:
            make(SHORT).get(server.url("/"), headers={"Authorization-Key": value})
        assert "s3cr" not in str(caught.value)


def test_a_redirect_from_a_robots_txt_inside_is_refused(server: FaultServer, make: Callable[[Limits], Fetcher]) -> None:
    server.routes |= {"/robots.txt": redirect("http://127.0.0.1:1/x"), "/": answer("x")}
    with pytest.raises(Refused, match="not a public address"):
        make(SHORT).get(server.url("/"))


# --- over TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself, and its key, in one file."""
    if not shutil.which("openssl"):
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    request = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    files = ["-keyout", str(folder / "key"), "-out", str(folder / "certificate")]
    subprocess.run(
        ["openssl", *request, "-addext", "subjectAltName=IP:127.0.0.1", *files], check=True, capture_output=True
    )
    both = folder / "both"
    both.write_bytes((folder / "key").read_bytes() + (folder / "certificate").read_bytes())
    return both


@pytest.fixture
def secure(certificate: Path) -> Iterator[FaultServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with FaultServer({"/": answer("<p>secret</p>")}, tls=context) as running:
        yield running


def test_a_certificate_that_nobody_vouches_for_is_not_tried_again(secure: FaultServer) -> None:
    clock = Clock()
    with pytest.raises(Unreachable, match=r"cannot be reached: .*certificate verify failed"):
        Fetcher(allow_loopback={secure.host}, clock=clock, sleep=clock.sleep).get(secure.url("/"))
    assert clock.slept == [] and secure.asked == []


def test_the_rules_of_the_wire_hold_over_tls(
    secure: FaultServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    clock = Clock()
    limits = replace(SHORT, headers=1.0)  # a handshake is among it
    fetcher = Fetcher(allow_loopback={secure.host}, clock=clock, sleep=clock.sleep, limits=limits)
    for path in ("/", "/robots.txt"):
        secure.routes[path] = answer("<p>secret</p>", keep=True)
    assert fetcher.get(secure.url("/")).text == "<p>secret</p>"
    assert secure.connections == 1
    with pytest.raises(Refused, match="not a public address"):
        Fetcher(clock=clock, sleep=clock.sleep).get(secure.url("/"))
    secure.routes |= {"/headers": dripped_headers(every=0.01), "/body": dripped_body(every=0.01)}
    for path in ("/headers", "/body"):
        start = time.monotonic()
        with pytest.raises(Unreachable, match=r"took longer than"):
            fetcher.get(secure.url(path))
        assert time.monotonic() - start < AT_ONCE
    secure.routes["/cut"] = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
    with pytest.raises(Unreachable, match="gives no complete response"):
        fetcher.get(secure.url("/cut"))


# --- unpacking by itself


@given(st.binary(max_size=5000), st.integers(1, 700), st.integers(1, 4))
def test_unpack_gives_back_what_was_packed(body: bytes, step: int, members: int) -> None:
    packed = gzip.compress(body) * members
    chunks = [packed[i : i + step] for i in range(0, len(packed), step)]
    assert decompress.decompress(chunks, "gzip", 1 << 20) == body * members
    assert decompress.decompress(chunks, "", 1 << 20) == packed


@given(st.binary(min_size=1, max_size=2000), st.integers(1, 100), st.data())
def test_unpack_knows_every_cut(body: bytes, step: int, data: st.DataObject) -> None:
    packed = gzip.compress(body)
    packed = packed[: data.draw(st.integers(1, len(packed) - 1))]
    with pytest.raises(decompress.Torn):
        decompress.decompress([packed[i : i + step] for i in range(0, len(packed), step)], "gzip", 1 << 20)


@given(st.integers(0, 3000), st.integers(1, 2000), st.sampled_from(["", "gzip"]))
def test_unpack_keeps_the_cap(size: int, cap: int, coding: str) -> None:
    body = bytes(size)
    packed = gzip.compress(body) if coding else body
    if size <= cap and len(packed) <= cap:
        assert decompress.decompress([packed], coding, cap) == body
        return
    with pytest.raises(decompress.TooLarge):
        decompress.decompress([packed], coding, cap)
    assert decompress.decompress([packed], coding, cap, cut=True) == body[: cap + 1]


def test_unpack_forgives_padding_and_an_empty_body() -> None:
    packed = gzip.compress(b"text")
    assert decompress.decompress([packed, bytes(10), b"\n"], "gzip", 99) == b"text"
    assert decompress.decompress([packed + b"junk"], "x-gzip", 99) == b"text"
    assert decompress.decompress([], "gzip", 99) == decompress.decompress([b""], "gzip", 99) == b""
