"""The robots.txt files of a crawl in archives of their own, and the pages of its hosts."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import pytest

from scrape.common.errors import InputError
from scrape.crawl import warc
from scrape.crawl.robots_table import HostRules, RobotsTable
from scrape.dataset.robots_files import join_robots
from scrape.http.robots import Robots, opt_out_lines

NO = b"User-agent: *\nDisallow: /private\nContent-Signal: ai-train=no\n"
POSTING = b'<script type="application/ld+json">{"@type": "JobPosting"}</script>'


def record(url: str, block: bytes, kind: str = "response") -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nContent-Type: application/http\r\n"
    return gzip.compress(head.encode() + f"Content-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n")


def answer(body: bytes, kind: str, status: str = "200 OK", *lines: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {kind}", *lines, "", ""]).encode() + body


def robots(host: str, body: bytes = b"", status: str = "200 OK", *lines: str) -> bytes:
    return record(f"https://{host}/robots.txt", answer(body, "text/plain", status, *lines))


def pages(path: Path, hosts: list[str], body: bytes = POSTING) -> Path:
    path.write_bytes(b"".join(record(f"https://{host}/job", answer(body, "text/html")) for host in hosts))
    return path


def opt_outs(path: Path, reading: warc.ArchiveReading, counts: warc.ArchiveCounts | None = None) -> list[str]:
    return [page.opt_out for page in warc.responses(path, reading, counts)]


def test_robots_files_are_joined_to_the_pages_of_their_hosts(tmp_path: Path) -> None:
    parts = [
        robots("no.example", NO),
        robots("yes.example", b"User-agent: *\nDisallow:\n"),
        robots("none.example", NO, "404 Not Found"),
        robots("broken.example", NO, "503 Service Unavailable"),
        robots("moved.example", b"", "301 Moved Permanently", "Location: https://www.moved.example/robots.txt"),
        robots("www.moved.example", NO),
        robots("round.example", b"", "302 Found", "Location: /robots.txt"),
    ]
    hosts = ["no", "yes", "none", "broken", "moved", "round", "other"]
    expected = ["content-signal", "", "", "?", "content-signal", "?", "?"]
    archive = pages(tmp_path / "pages.warc.gz", [f"{host}.example" for host in hosts])
    files = [tmp_path / "first.warc.gz", tmp_path / "second.warc.gz"]
    files[0].write_bytes(b"".join(parts[:4]))
    files[1].write_bytes(b"".join(parts[4:]))
    prints = {join_robots(files, tmp_path / "a.sqlite"), join_robots(files[::-1], tmp_path / "b.sqlite")}
    assert len(prints) == 1, "the order of the files is of no matter"
    table = RobotsTable(tmp_path / "a.sqlite")
    for unknown, mark in (("keep", [""]), ("no-training", [warc.UNKNOWN_HOST]), ("leave-out", [])):
        counts = warc.ArchiveCounts()
        found = opt_outs(archive, warc.ArchiveReading(table.rules_of, unknown), counts)  # type: ignore[arg-type]
        assert found == [line for each in expected for line in (mark if each == "?" else [each])]
        assert (counts.pages, counts.unknown_hosts, counts.left_out) == (7, 3, 0 if mark else 3)
        assert counts.opted_out == Counter({"content-signal": 2})


def test_a_file_of_robots_is_read_once_and_a_bad_one_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, table = tmp_path / "a.warc.gz", tmp_path / "robots.sqlite"
    path.write_bytes((robots("a.example", NO) + robots("b.example", NO))[:-30])
    join_robots([path], table)
    assert "1 record is cut off" in capsys.readouterr().err
    join_robots([path], table)
    assert "cut off" not in capsys.readouterr().err
    assert RobotsTable(table).count() == 1
    with pytest.raises(InputError, match=r"page\.html is no web archive"):
        join_robots([tmp_path / "page.html"], table)
    with pytest.raises(InputError, match="cannot be read"):
        join_robots([tmp_path / "missing.warc"], table)


def test_what_fails_midway_adds_nothing() -> None:
    def rules() -> object:
        yield HostRules("a.example", "content-signal: ai-train=no")
        raise OSError("the disk")

    table = RobotsTable()
    with pytest.raises(OSError, match="the disk"):
        table.add(rules(), "key")  # type: ignore[arg-type]
    assert (table.count(), table.has_file("key")) == (0, False)


@pytest.mark.parametrize(
    "text",
    [
        "User-agent: *\nDisallow: /a\nContent-Signal: ai-train=no",
        "Content-Usage: train-ai=n\nUser-agent: x\nAllow: /",
        "User-agent: DreamJobs/1.0 (x)\nContent-Signal: /a ai-train=no\nSitemap: /s\n\nUser-agent: *\nDisallow: /",
        "User-agent: a\nDisallow: /\nUser-agent: *\nContent-Signal: ai-train=yes\nContent-Signal: /no/* ai-train=no #",
        "User-agent: other\nCrawl-delay: 3\nuser agent: third\nContent-Usage: train-ai=n\n",
        "User-agent: *\nDisallow: /\n",
    ],
)
def test_the_lines_that_are_kept_opt_out_as_the_whole_file_does(text: str) -> None:
    whole, kept = Robots(text, "DreamJobs"), Robots(opt_out_lines(text.encode()), "DreamJobs")
    for page in ("https://x.example/", "https://x.example/a/b", "https://x.example/no/job"):
        assert kept.opt_out(page) == whole.opt_out(page)
    assert opt_out_lines(b"User-agent: *\nDisallow: /") == ""


def test_pages_that_name_no_posting_are_counted_and_left_out_where_asked(tmp_path: Path) -> None:
    bodies = [POSTING, POSTING.upper(), b"<p>news", POSTING.decode().encode("utf-16")]
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join(record("https://a.example/", answer(body, "text/html")) for body in bodies))
    counts = warc.ArchiveCounts()
    found = [page.body for page in warc.responses(path, warc.ArchiveReading(only_postings=True), counts)]
    assert found == [bodies[0], bodies[1], bodies[3]]
    assert (counts.pages, counts.no_posting) == (4, 1)
    assert "1 page names no posting" in counts.summary()
