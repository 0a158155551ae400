"""The fetcher on good and middling servers: rules, pace, retries, redirects and what each status means."""

from __future__ import annotations

import email.utils
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from scrape.common.errors import Blocked, BoardError, InputError, Missing, Refused, Unreachable
from scrape.http import transport
from scrape.http.client import Fetcher, Limits, retry_after, user_agent
from tests.support.faults import Clock, FaultServer, answer, in_turn, redirect, slowly, zipped


@pytest.fixture
def server(server: FaultServer) -> FaultServer:
    """A server with one good page."""
    server.routes["/"] = answer("<p>hello</p>")
    return server


@pytest.fixture
def fetcher(server: FaultServer, clock: Clock) -> Fetcher:
    """A fetcher that trusts the server, and so leaves no pauses of its own."""
    return Fetcher(allow_loopback={server.host}, clock=clock, sleep=clock.sleep, random=lambda: 1.0)


@pytest.fixture
def names(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name under .test is the fault server, taken for a public address: the open web on loopback."""
    look_up = socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        public = isinstance(host, str) and host.endswith(".test")
        return look_up("127.0.0.1" if public else host, server.port if public else port, *args, **kwargs)

    check = transport.check_public
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(
        transport, "check_public", lambda address, host: None if host.endswith(".test") else check(address, host)
    )


@pytest.fixture
def visitor(names: None, clock: Clock) -> Fetcher:
    """A fetcher on the open web of `names`."""
    return Fetcher(clock=clock, sleep=clock.sleep, random=lambda: 1.0)


# --- what an answer is


def test_an_answer_is_whole_and_unpacked(server: FaultServer, fetcher: Fetcher) -> None:
    server.routes["/z"] = zipped("<p>Zoë</p>".encode(), headers={"X-Kind": "posting"})
    got = fetcher.get(server.url("/z"))
    assert (got.url, got.final_url, got.status) == (server.url("/z"), server.url("/z"), 200)
    assert got.text == "<p>Zoë</p>" and got.body == "<p>Zoë</p>".encode()
    assert got.headers["x-kind"] == got.headers["X-KIND"] == "posting"


def test_who_we_say_we_are(server: FaultServer) -> None:
    Fetcher(allow_loopback={server.host}, contact="https://example.org/about").get(server.url("/"))
    for request in server.asked:  # robots.txt too
        assert request.headers["user-agent"] == user_agent("https://example.org/about")
        assert request.headers["accept-encoding"] == "gzip"
        assert "cookie" not in request.headers and "authorization" not in request.headers
    assert user_agent("me@example.org").startswith("DreamJobs/") and "me@example.org" in user_agent("me@example.org")


@pytest.mark.parametrize("contact", ["Zoë", "a\r\nX-Injected: b", "\0"])
def test_a_contact_that_no_header_can_carry(contact: str) -> None:
    with pytest.raises(InputError, match="cannot be sent as a contact"):
        Fetcher(contact=contact)


def test_cookies_and_netrc_passwords_stay_here(
    server: FaultServer, fetcher: Fetcher, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.routes["/"] = answer("x", headers={"Set-Cookie": "id=1; Path=/"})
    fetcher.get(server.url("/"))
    fetcher.get(server.url("/"))
    assert all("authorization" not in request.headers and "cookie" not in request.headers for request in server.asked)


def test_headers_go_to_the_origin_they_are_for(server: FaultServer, visitor: Fetcher) -> None:
    server.routes |= {"a.test/": redirect("/in"), "a.test/in": redirect("http://b.test/out"), "/out": answer("x")}
    visitor.get("http://a.test/", headers={"Authorization-Key": "secret", "User-Agent": "me@example.org"})
    carried = {request.path: request.headers.get("authorization-key") for request in server.asked}
    assert carried == {"/robots.txt": None, "/": "secret", "/in": "secret", "/out": None}
    assert {r.headers["user-agent"] for r in server.asked if r.path == "/"} == {"me@example.org"}


def test_a_connection_is_kept(server: FaultServer, fetcher: Fetcher) -> None:
    server.routes["/"] = answer("x", keep=True)
    server.routes["/robots.txt"] = answer("", status=404, keep=True)
    for _ in range(5):
        fetcher.get(server.url("/"))
    assert server.connections == 1


# --- robots.txt and opt-outs


def test_robots_txt_is_read_once_per_origin_and_once_a_day(server: FaultServer, visitor: Fetcher, clock: Clock) -> None:
    server.routes["/robots.txt"] = answer("User-agent: *\nDisallow: /no")
    for _ in range(3):
        visitor.get("http://a.test/")
    with pytest.raises(Refused, match=r"robots.txt of a.test disallows it"):
        visitor.get("http://a.test/no/1")
    visitor.get("http://b.test/")
    assert server.paths() == ["/"] * 4 and len(server.asked) == 6
    clock.time += 25 * 3600
    visitor.get("http://a.test/")
    assert [request.path for request in server.asked[6:]] == ["/robots.txt", "/"]


@pytest.mark.parametrize(("status", "asked"), [(404, True), (403, True), (410, True), (500, False), (503, False)])
def test_a_robots_txt_that_fails(server: FaultServer, fetcher: Fetcher, status: int, asked: bool) -> None:
    server.routes["/robots.txt"] = answer("User-agent: *\nDisallow: /", status=status)
    if asked:
        assert fetcher.get(server.url("/")).status == 200
    else:
        with pytest.raises(Refused, match=f"robots.txt answers {status}"):
            fetcher.get(server.url("/"))
        assert server.paths() == []


def test_a_failed_robots_txt_is_not_asked_for_again_at_once(
    server: FaultServer, fetcher: Fetcher, clock: Clock
) -> None:
    server.routes["/robots.txt"] = answer(status=500)
    for _ in range(5):
        with pytest.raises(Refused):
            fetcher.get(server.url("/"))
    assert len(server.asked) == Limits().tries
    server.routes["/robots.txt"] = answer("")
    clock.time += 3600
    assert fetcher.get(server.url("/")).status == 200


@pytest.mark.parametrize("body", ["<!doctype html><h1>Home</h1>", "", "\x00\xff\xfe junk", "Disallow: /"])
def test_a_robots_txt_that_is_none_forbids_nothing(server: FaultServer, fetcher: Fetcher, body: str) -> None:
    server.routes["/robots.txt"] = answer(body)
    assert fetcher.get(server.url("/")).status == 200


def test_a_huge_robots_txt_is_read_to_its_500th_kibibyte(server: FaultServer, fetcher: Fetcher) -> None:
    server.routes["/robots.txt"] = answer("User-agent: *\nDisallow: /no\n" + "# filler\n" * 500_000)
    assert fetcher.get(server.url("/")).status == 200
    with pytest.raises(Refused):
        fetcher.get(server.url("/no"))


def test_a_challenge_page_for_a_robots_txt_is_blocked(server: FaultServer, fetcher: Fetcher) -> None:
    server.routes["/robots.txt"] = answer("<html><title>Just a moment...</title></html>", status=403)
    with pytest.raises(Blocked, match=r"robots\.txt answers 403 with a challenge page"):
        fetcher.get(server.url("/"))


def test_robots_txt_redirects_are_followed_five_times(server: FaultServer, visitor: Fetcher) -> None:
    rules = answer("User-agent: *\nDisallow: /no")
    hops: dict[str, Any] = {f"/{n}": redirect(f"/{n + 1}") for n in range(1, 5)}
    server.routes |= {"a.test/robots.txt": redirect("http://b.test/1"), **hops, "/5": rules}
    assert visitor.get("http://a.test/").status == 200
    with pytest.raises(Refused, match="disallows"):
        visitor.get("http://a.test/no")
    server.routes |= {"/5": redirect("/6"), "/6": rules, "c.test/robots.txt": redirect("http://b.test/1")}
    with pytest.raises(Refused, match="redirects more than 5 times"):
        visitor.get("http://c.test/")


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "http://127.0.0.1:9/robots.txt", "http://[::1]/r", "gopher://a/"]
)
def test_robots_txt_does_not_lead_inside(server: FaultServer, visitor: Fetcher, target: str) -> None:
    server.routes["/robots.txt"] = redirect(target)
    with pytest.raises(Refused):
        visitor.get("http://a.test/")
    assert server.paths() == []


def test_opt_outs_keep_a_site_out_of_the_corpus(server: FaultServer, clock: Clock, names: None) -> None:
    server.routes["a.test/robots.txt"] = answer("User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /")
    server.routes["b.test/"] = answer("x", headers={"Content-Usage": "train-ai=n"})
    careful = Fetcher(clock=clock, sleep=clock.sleep)
    with pytest.raises(
        Refused, match=r"http://a.test/ opts out of AI training by content-signal in the robots.txt of a.test"
    ):
        careful.get("http://a.test/")
    with pytest.raises(Refused, match=r"http://b.test/ opts out of AI training by content-usage in the headers"):
        careful.get("http://b.test/")
    assert careful.rules("http://a.test/x").opt_out("http://a.test/x") == "content-signal"
    server.routes["a.test/"] = answer("y")
    reader = Fetcher(clock=clock, sleep=clock.sleep, for_training=False)
    assert [reader.get(f"http://{host}.test/").opt_out for host in "ab"] == ["content-signal", "content-usage"]


# --- pace


def test_a_host_is_left_alone_for_the_interval(visitor: Fetcher, clock: Clock) -> None:
    for page in ("http://a.test/", "http://a.test/", "http://b.test/"):
        visitor.get(page)
    assert clock.slept == [1.0, 1.0, 1.0]  # a: robots, page, page; b: robots, page


@pytest.mark.parametrize(("delay", "kept"), [("5", 5.0), ("0.2", 1.0), ("86400", 30.0), ("soon", 1.0)])
def test_crawl_delay_is_kept_and_capped(
    server: FaultServer, visitor: Fetcher, clock: Clock, delay: str, kept: float
) -> None:
    server.routes["/robots.txt"] = answer(f"User-agent: *\nCrawl-delay: {delay}")
    for _ in range(3):
        visitor.get("http://a.test/")
    assert clock.slept[1:] == [kept, kept]


def test_a_trusted_host_is_asked_without_pauses(server: FaultServer, fetcher: Fetcher, clock: Clock) -> None:
    server.routes["/robots.txt"] = answer("User-agent: *\nCrawl-delay: 5")
    for _ in range(3):
        fetcher.get(server.url("/"))
    assert clock.slept == []


def test_one_request_at_a_time_per_host(server: FaultServer) -> None:
    server.routes["/"] = slowly(answer("x"), after=0.01)
    shared_by_all = Fetcher(allow_loopback={server.host})
    threads = [threading.Thread(target=shared_by_all.get, args=(server.url("/"),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.paths()) == 8 and len(server.asked) == 9 and server.most_at_once == 1


def test_threads_that_redirect_into_each_other_do_not_deadlock(server: FaultServer, names: None) -> None:
    server.routes |= {"a.test/": redirect("http://b.test/x"), "b.test/": redirect("http://a.test/x"), "/x": answer("x")}
    server.routes |= {f"{a}.test/robots.txt": redirect(f"http://{b}.test/rules") for a, b in ("ab", "ba")}
    both = Fetcher(interval=0.0)
    threads = [threading.Thread(target=both.get, args=(f"http://{name}.test/",), daemon=True) for name in "abab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert not any(thread.is_alive() for thread in threads)


# --- trying again


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_trouble_that_passes_is_waited_out(server: FaultServer, fetcher: Fetcher, clock: Clock, status: int) -> None:
    server.routes["/"] = in_turn(answer(status=status), answer(status=status), answer("x"))
    assert fetcher.get(server.url("/")).body == b"x"
    assert clock.slept == [2.0, 4.0]  # doubled, with all of the jitter


@pytest.mark.parametrize(("status", "error"), [(429, Blocked), (500, Unreachable), (503, Unreachable)])
def test_trouble_that_stays_ends_after_the_tries(
    server: FaultServer, fetcher: Fetcher, clock: Clock, status: int, error: type[BoardError]
) -> None:
    server.routes["/"] = answer(status=status)
    with pytest.raises(error, match=f"answers {status}"):
        fetcher.get(server.url("/"))
    assert len(server.paths()) == Limits().tries and clock.slept == [2.0, 4.0, 8.0]


def test_jitter_is_between_a_half_and_all(server: FaultServer, clock: Clock) -> None:
    server.routes["/"] = answer(status=500)
    low = Fetcher(allow_loopback={server.host}, clock=clock, sleep=clock.sleep, random=lambda: 0.0)
    with pytest.raises(Unreachable):
        low.get(server.url("/"))
    assert clock.slept == [1.0, 2.0, 4.0]


DATE = "Sun, 06 Nov 2033 08:49:37 GMT"
THEN = email.utils.parsedate_to_datetime(DATE).timestamp()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        *[("7", 7.0), (" 120 ", 120.0), ("0", 0.0), (DATE, 90.0), ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0), ("-5", 0.0)],
        *[("", 0.0), ("soon", 0.0), ("1e3", 0.0), ("١٢", 0.0), ("Sun, 99 Foo 2033", 0.0), ("9" * 400, float("inf"))],
    ],
)
def test_retry_after_reads_seconds_and_dates_and_forgives_the_rest(header: str, seconds: float) -> None:
    assert retry_after(header, THEN - 90) == seconds


@pytest.mark.parametrize(("header", "waited"), [("17", 17.0), ("1", 2.0), ("nonsense", 2.0), ("-1", 2.0)])
def test_retry_after_is_obeyed(server: FaultServer, fetcher: Fetcher, clock: Clock, header: str, waited: float) -> None:
    server.routes["/"] = in_turn(answer(status=429, headers={"Retry-After": header}), answer("x"))
    fetcher.get(server.url("/"))
    assert clock.slept == [waited]


def test_a_long_wait_is_announced(server: FaultServer, clock: Clock) -> None:
    server.routes["/"] = in_turn(answer(status=429, headers={"Retry-After": "60"}), answer("x"))
    said: list[str] = []
    Fetcher(allow_loopback={server.host}, clock=clock, sleep=clock.sleep, say=said.append).get(server.url("/"))
    assert said == [f"waiting 60 s for {server.host}, as it asks"]


def test_a_retry_after_beyond_our_patience_is_obeyed_by_leaving(
    server: FaultServer, fetcher: Fetcher, clock: Clock
) -> None:
    server.routes["/"] = answer(status=429, headers={"Retry-After": "86400"})
    for _ in range(3):
        with pytest.raises(Blocked, match=f"{server.host} asks for a pause of 86,400 s"):
            fetcher.get(server.url("/"))
    assert server.paths() == ["/"] and clock.slept == []
    clock.time += 86400
    server.routes["/"] = answer("x")
    assert fetcher.get(server.url("/")).body == b"x"


def test_waiting_is_for_all_threads_of_a_host(server: FaultServer, fetcher: Fetcher, clock: Clock) -> None:
    server.routes |= {"/a": answer(status=503, headers={"Retry-After": "100"}), "/b": answer("x")}
    with pytest.raises(Unreachable):
        fetcher.get(server.url("/a"))
    clock.slept.clear()
    fetcher.get(server.url("/b"))
    assert clock.slept == [100.0]


# --- what a status means


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *[(401, Blocked), (402, Blocked), (403, Blocked), (999, Blocked), (404, Missing), (410, Missing)],
        *[(400, BoardError), (405, BoardError), (304, BoardError), (302, BoardError)],
    ],
)
def test_status(server: FaultServer, fetcher: Fetcher, status: int, error: type[BoardError]) -> None:
    server.routes["/x"] = answer("no", status=status)
    with pytest.raises(error, match=str(status)) as caught:
        fetcher.get(server.url("/x"))
    assert type(caught.value) is error and server.url("/x") in str(caught.value)
    assert len(server.paths()) == 1


def test_a_missing_posting_leaves_the_host_open(server: FaultServer, fetcher: Fetcher) -> None:
    with pytest.raises(Missing):
        fetcher.get(server.url("/gone"))
    assert fetcher.get(server.url("/")).status == 200


# --- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server: FaultServer, fetcher: Fetcher, status: int) -> None:
    server.routes |= {"/a": redirect("/b?q=1#part", status=status), "/b": answer("x")}
    got = fetcher.get(server.url("/a"))
    assert (got.url, got.final_url, got.body) == (server.url("/a"), server.url("/b?q=1"), b"x")


def test_a_redirect_to_an_address_in_raw_utf8(server: FaultServer, fetcher: Fetcher) -> None:
    server.routes |= {"/a": redirect("/caf\u00c3\u00a9"), "/caf%C3%A9": answer("x")}  # UTF-8 bytes, on the wire
    assert fetcher.get(server.url("/a")).body == b"x"


@pytest.mark.parametrize(
    "routes",
    [
        {"a.test/": redirect("http://a.test/")},
        {"a.test/": redirect("http://b.test/"), "b.test/": redirect("http://a.test/")},
        {f"a.test/{n or ''}": redirect(f"http://{'ab'[n % 2]}.test/{n + 1}") for n in range(50)}
        | {f"b.test/{n}": redirect(f"http://{'ab'[n % 2]}.test/{n + 1}") for n in range(1, 50)},
    ],
)
def test_redirects_end(server: FaultServer, visitor: Fetcher, routes: dict[str, Any]) -> None:
    server.routes |= routes
    with pytest.raises(BoardError, match=r"redirects (in a circle|more than 10 times)"):
        visitor.get("http://a.test/")
    assert len(server.paths()) <= 11


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "ftp://a.test/x",
        "javascript:alert(1)",
        "http://127.0.0.1:{port}/secret",
        "http://localhost:{port}/secret",
        "http://2130706433:{port}/secret",
        "http://0.0.0.0:{port}/secret",
        "http://[::ffff:127.0.0.1]:{port}/secret",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://me:secret@b.test/",
        "http://[::1/",
        "http://b.test:99999/",
    ],
)
def test_redirects_do_not_lead_inside(server: FaultServer, visitor: Fetcher, target: str) -> None:
    server.routes |= {"a.test/": redirect(target.replace("{port}", str(server.port))), "/secret": answer("secret")}
    with pytest.raises(Refused):
        visitor.get("http://a.test/")
    assert server.paths() == ["/"]


def test_a_public_site_may_not_send_us_to_the_bundled_board(server: FaultServer, names: None, clock: Clock) -> None:
    server.routes["a.test/"] = redirect(server.url("/demo"))
    server.routes["/demo"] = answer("x")
    mixed = Fetcher(allow_loopback={server.host}, clock=clock, sleep=clock.sleep)
    assert mixed.get(server.url("/demo")).body == b"x"
    with pytest.raises(Refused, match="a host that only the user may name"):
        mixed.get("http://a.test/")


def test_each_hop_stands_under_its_own_robots_txt(server: FaultServer, visitor: Fetcher) -> None:
    server.routes |= {"a.test/": redirect("http://b.test/no"), "/no": answer("x")}
    server.routes["b.test/robots.txt"] = answer("User-agent: *\nDisallow: /no")
    with pytest.raises(Refused, match=r"http://b.test/no may not be read"):
        visitor.get("http://a.test/")
    assert server.paths() == ["/"]


# --- addresses


@pytest.mark.parametrize(
    "url",
    [
        *[
            "file:///etc/passwd",
            "ftp://a.test/",
            "",
            "a.test",
            "http://",
            "http:///x",
            "http://me@a.test/",
            "http://a:b/",
        ],
        *[
            "http://a.test:0/",
            "http://[",
            "http://a b.test/",
            "http://" + "a" * 70 + ".example/",
            "http://\u2603..test/",
            "http://a\0b/",
            "http://a.test/\0",
            "http://a.test/\ud800",
            "http://a\ud800.test/",
            "http://a.test/" + "a" * 8000,
        ],
    ],
)
def test_addresses_that_are_none(server: FaultServer, visitor: Fetcher, url: str) -> None:
    with pytest.raises(Refused):
        visitor.get(url)
    assert server.asked == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *[("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False), ("127.8.8.8", False)],
        *[("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False)],
        *[("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False)],
        *[("::", False), ("fe80::1%eth0", False), ("fc00::1", False), ("ff02::1", False), ("::ffff:10.0.0.1", False)],
        *[("::ffff:93.184.216.34", True), ("64:ff9b::127.0.0.1", False), ("64:ff9b::93.184.216.34", True)],
        *[("fec0::1", False), ("feff::1", False), ("2002:c0a8:101::1", False), ("2002:7f00:1::", False)],
        *[("2002:5db8:d822::1", True), ("3fff::1", False), ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False)],
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    if public:
        transport.check_public(address, "a.example")
    else:
        with pytest.raises(Refused, match="not a public address"):
            transport.check_public(address, "a.example")


def resolving_to(*answers: list[str]) -> Callable[..., Any]:
    """A resolver that gives each of the lists of addresses in turn, then the last one."""
    left = list(answers)

    def resolve(_host: str, port: int, *_: Any, **__: Any) -> Any:
        now = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in now]

    return resolve


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving_to(["93.184.216.34", "192.168.0.1"]))
    with pytest.raises(Refused, match=r"a.example is 192.168.0.1"):
        Fetcher(clock=clock, sleep=clock.sleep).get("http://a.example/")


def test_a_name_that_changes_its_mind_is_looked_up_once(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """DNS rebinding: public when looked at, inside when connected to. We connect to what we looked at."""
    looked_up: list[str] = []
    connected: list[Any] = []

    def resolve(host: str, port: int, *_: Any, **__: Any) -> Any:
        looked_up.append(host)
        address = "93.184.216.34" if len(looked_up) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(_self: socket.socket, where: Any) -> None:
        connected.append(where)
        raise OSError("unplugged")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(Refused, match=r"a.example is 127.0.0.1"):
        Fetcher(clock=clock, sleep=clock.sleep).get(f"http://a.example:{server.port}/")
    assert connected == [("93.184.216.34", server.port)] and len(looked_up) == 2


def test_the_next_address_is_tried_where_one_is_dead(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    both = resolving_to(["127.0.0.2", "127.0.0.1"])  # nobody listens on the first
    monkeypatch.setattr(socket, "getaddrinfo", both)
    patient = Fetcher(allow_loopback={f"jobs.example:{server.port}"})
    assert patient.get(f"http://jobs.example:{server.port}/").status == 200


def test_a_name_that_is_unknown_is_not_tried_again(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    def resolve(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(Unreachable, match="Name or service not known; check the address and the network"):
        Fetcher(clock=clock, sleep=clock.sleep).get("http://a.example/")
    assert clock.slept == []


def test_a_proxy_of_the_environment_is_used_but_not_for_the_bundled_board(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    with FaultServer({"a.example/": answer("by proxy"), "http://a.example/": answer("by proxy")}) as proxy:
        monkeypatch.setenv("http_proxy", f"http://{proxy.host}")
        behind = Fetcher(allow_loopback={server.host}, clock=clock, sleep=clock.sleep)
        assert behind.get("http://a.example/").body == b"by proxy"
        assert behind.get(server.url("/")).body == b"<p>hello</p>"
        for inside in ("127.0.0.1:1", "2130706433", "0x7f.1", "localhost", "a.localhost.", "[::1]", "192.168.0.1"):
            with pytest.raises(Refused, match="no page is requested"):
                behind.get(f"http://{inside}/")
        assert all(request.path.startswith("http://a.example/") for request in proxy.asked)
