"""Pages on disk, by whatever program they were saved."""

from __future__ import annotations

import base64
import gzip
import json
import random
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from scrape.boards import extract, registry
from scrape.boards.sites import saved
from scrape.common.errors import BoardError
from scrape.common.posting import Pay, Posting, Query
from scrape.common.sizes import ANSWER_BYTES, PAGE_BYTES
from scrape.crawl import local_files, warc
from scrape.crawl.crawler import BoardCrawl, Settings
from scrape.http.client import Fetcher
from tests.support.archives import answer, record, zstd

PAGE = "<html><meta charset='{}'><body><main><h1>Lamp Lighter</h1><p>Light lamps, café.</p></main></body></html>"
ROWS = [{"title": f"Lamp {what}", "html": "<p>Light the lamps at dusk.</p>"} for what in ("Lighter", "Cleaner")]
QUOTED = PAGE.format("utf-8").replace("=", "=3D").replace("é", "=C3=A9").replace("lamps", "la=\r\nmps")


def mhtml(body: str, *lines: str, kind: str = "text/html", root: str = "") -> bytes:
    parts = [
        "--b",
        "Content-Type: text/css",
        "",
        "p { }",
        "--b",
        f"Content-Type: {kind}",
        *lines,
        "",
        body,
        "--b--",
        "",
    ]
    head = ["MIME-Version: 1.0", f'Content-Type: multipart/related; {root}boundary="b"', ""]
    return "\r\n".join([*head, *parts]).encode()


@pytest.mark.parametrize(
    "data",
    [
        mhtml(QUOTED, "Content-Transfer-Encoding: quoted-printable"),
        mhtml(base64.b64encode(PAGE.format("utf-8").encode()).decode(), "Content-Transfer-Encoding: base64"),
        mhtml(
            base64.b64encode(PAGE.format("x").encode("utf-16-le")).decode(),
            "Content-Transfer-Encoding: base64",
            kind='text/html; charset="utf-16le"',
        ),
    ],
    ids=["quoted-printable", "base64", "utf-16"],
)
@pytest.mark.parametrize("name", ["page.mhtml", "PAGE.MHT"])
def test_the_page_of_an_mhtml_file_is_read(tmp_path: Path, data: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(data)
    (path,) = local_files.expand([str(tmp_path)])
    (posting,) = saved.parse(local_files.read(path).text, path).postings
    assert posting.title == "Lamp Lighter" and "Light lamps, café." in posting.html


def test_the_root_of_an_mhtml_file_comes_before_its_frames(tmp_path: Path) -> None:
    frame = ["--b", "Content-Type: text/html", "Content-ID: <frame>", "", "<p>advert</p>"]
    page = ["--b", "Content-Type: text/html", "Content-ID: <root>", "", "<p>posting</p>", "--b--", ""]
    head = ['Content-Type: multipart/related; start="<root>"; boundary="b"', ""]
    (tmp_path / "a.mhtml").write_text("\r\n".join([*head, *frame, *page]))
    assert "posting" in local_files.read(str(tmp_path / "a.mhtml")).text


@pytest.mark.parametrize("data", [b"", b"\0\1", b"Content-Type: multipart/related; boundary=b\r\n\r\n--b--", b"<html>"])
def test_an_mhtml_file_without_a_page_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "odd.mhtml"
    path.write_bytes(data)
    with pytest.raises(BoardError, match=r"odd\.mhtml is not a saved page"):
        local_files.read(str(path))


def test_a_packed_file_that_swells_is_named_and_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(gzip.compress(bytes(1 << 20)) * (ANSWER_BYTES // (1 << 20) + 1))
    tracemalloc.start()
    try:
        with pytest.raises(BoardError, match=r"bomb\.jsonl\.gz unpacks to more than 67,108,864 bytes; split it"):
            local_files.read(str(path))
        assert tracemalloc.get_traced_memory()[1] < 3 * ANSWER_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "data",
    [b"plain", gzip.compress(b"x" * 99)[:-1], gzip.compress(b"x" * 99)[:-8] + bytes(8), b"\x1f\x8b"],
    ids=["plain", "cut short", "wrong checksum", "two bytes"],  # the bytes hold the time
)
def test_a_damaged_packed_file_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(data)
    with pytest.raises(BoardError, match=r"a\.jsonl\.gz is not a whole gzip file"):
        local_files.read(str(path))


@pytest.mark.parametrize("read", [extract.page, extract.feed])
def test_a_page_that_would_take_too_much_memory_is_not_parsed(read: Callable[[str], object]) -> None:
    with pytest.raises(ValueError, match="a page of 16,777,217 characters; at most 16,777,216 are read"):
        read(" " * (PAGE_BYTES + 1))


def test_suffixes_count_in_any_case(tmp_path: Path) -> None:
    names = ["JOB.HTM", "a.Html", "b.JSON", "c.JSONL.GZ", "d.xhtml", "e.MHT"]
    for name in [*names, "style.css", "photo.JPG"]:
        (tmp_path / name).write_text("")
    assert local_files.expand([str(tmp_path)]) == tuple(sorted(str(tmp_path / name) for name in names))


@pytest.mark.parametrize("before", ["", "\ufeff", " \r\n"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "text",
    [json.dumps(ROWS, indent=2), json.dumps(ROWS), "\n".join(map(json.dumps, ROWS)), json.dumps(ROWS, indent="\t")],
)
def test_json_is_read_as_editors_write_it(tmp_path: Path, text: str, newline: str, before: str) -> None:
    path = tmp_path / "list.json"
    path.write_bytes((before + text.replace("\n", newline)).encode())
    found = saved.parse(local_files.read(str(path)).text, str(path)).postings
    assert [posting.title for posting in found] == ["Lamp Lighter", "Lamp Cleaner"]


ORIGIN = "https://jobs.example/keeper"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.html", f"<!DOCTYPE html>\n<!-- saved from url=(0027){ORIGIN} -->\n<html>".encode()),
        (
            "a.htm",
            f"<!DOCTYPE html> <html><!--\n Page saved with SingleFile \n url: {ORIGIN} \n saved date: x-->".encode(),
        ),
        ("a.mht", mhtml("<p>", f"Content-Location: {ORIGIN}")),
        ("a.mhtml", f"Snapshot-Content-Location: {ORIGIN}\r\n".encode() + mhtml("<p>")),
    ],
    ids=["complete", "SingleFile", "part", "snapshot"],
)
def test_a_saved_page_has_the_url_that_it_was_saved_from(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert local_files.read(str(path)).final_url == ORIGIN
    path.write_bytes(data.replace(b"https://jobs", b"file:///jobs"))
    assert local_files.read(str(path)).final_url == str(path)


@pytest.mark.parametrize("suffix", ["_files", "-Dateien", "_fichiers", "_archivos", ".FILES"])
def test_the_parts_of_a_complete_page_are_no_pages(tmp_path: Path, suffix: str) -> None:
    for name in (
        "Job.html",
        f"Job{suffix}/frame.html",
        f"Job{suffix}/in/ad.htm",
        "other_files/job.html",
        "Jobs/a.html",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = [str(tmp_path / name) for name in ("Job.html", "Jobs/a.html", "other_files/job.html")]
    assert local_files.expand([str(tmp_path)]) == tuple(sorted(found))
    assert len(local_files.expand([str(tmp_path / f"Job{suffix}")])) == 2, "a folder that is named itself is read"


RECORDS = [
    record("", b"software: x", "warcinfo", "application/warc-fields"),
    record(ORIGIN, b"GET / HTTP/1.1\r\n\r\n", "request", "application/http; msgtype=request"),
    record(ORIGIN, answer(b"<p>plain")),
    record(ORIGIN + "/2", answer(b"4\r\n<p>c\r\n5\r\nhunks\r\n0\r\n\r\n", "Transfer-Encoding: chunked")),
    record(ORIGIN + "/3", answer(gzip.compress(b"<p>packed"), "Content-Encoding: gzip")),
    record(ORIGIN + "/4", answer("<p>café".encode("cp1252"), kind="text/html; charset=windows-1252")),
    record(ORIGIN + "/5", answer(b"gone", status="404 Not Found")),
    record(ORIGIN + "/6", answer(b"\x89PNG", kind="image/png")),
    record(f"<{ORIGIN}/7>", b"<p>resource", "resource", "text/html"),
]
TEXTS = ["<p>plain", "<p>chunks", "<p>packed", "<p>café", "<p>resource"]


@pytest.mark.parametrize(
    "pack", [b"".join, lambda parts: b"".join(map(gzip.compress, parts)), lambda parts: gzip.compress(b"".join(parts))]
)
def test_the_pages_of_a_warc_file_are_read(tmp_path: Path, pack: Callable[[list[bytes]], bytes]) -> None:
    data = pack(RECORDS)
    path = tmp_path / ("crawl.warc.gz" if data.startswith(b"\x1f") else "crawl.WARC")
    path.write_bytes(data)
    assert local_files.expand([str(tmp_path)]) == (str(path),)
    found = list(local_files.responses(str(path)))
    assert [page.text for page in found] == TEXTS
    assert [page.final_url for page in found] == [ORIGIN, *(f"{ORIGIN}/{number}" for number in (2, 3, 4, 7))]


@pytest.mark.parametrize("suffix", [".warc", ".warc.zst"])
def test_what_a_site_says_against_training_marks_the_pages_of_an_archive(tmp_path: Path, suffix: str) -> None:
    rules = b"User-agent: *\nContent-Signal: /*/no ai-train=no\n"
    root = ORIGIN[: ORIGIN.index("/", len("https://"))]
    parts = [
        record(ORIGIN + "/no", answer(b"<p>by robots.txt")),
        record(ORIGIN + "/header", answer(b"<p>by a header", "X-Robots-Tag: noindex", "X-Robots-Tag: noai")),
        record(ORIGIN + "/usage", answer(b"<p>by usage", "Content-Usage: train-ai=n")),
        record(ORIGIN + "/yes", answer(b"<p>yes")),
        record("https://elsewhere.example/no", answer(b"<p>no robots.txt")),
        record(root + "/robots.txt", answer(rules, kind="text/plain")),
        record("https://elsewhere.example/robots.txt", answer(rules, status="404 Not Found", kind="text/plain")),
        record(ORIGIN + "/again", b"", "revisit"),
        record(ORIGIN + "/bare", b"<p>without HTTP headers"),
    ]
    path = tmp_path / f"a{suffix}"
    path.write_bytes(zstd(parts) if suffix.endswith(".zst") else b"".join(parts))
    counts = warc.ArchiveCounts()
    found = [page.opt_out for page in local_files.responses(str(path), counts)]
    assert found == ["content-signal", "x-robots-tag", "content-usage", "", ""]
    assert counts == warc.ArchiveCounts(
        records=9,
        pages=5,
        others=2,
        opted_out=Counter({"content-signal": 1, "x-robots-tag": 1, "content-usage": 1}),
        revisits=1,
        headless=1,
    )


def test_the_note_of_a_search_says_what_an_archive_held(tmp_path: Path) -> None:
    posting = {"@type": "JobPosting", "title": "Baker", "description": "Bake."}
    page = f'<script type="application/ld+json">{json.dumps(posting)}</script>'.encode()
    parts = [
        record(ORIGIN, answer(page, "X-Robots-Tag: noai")),
        record(ORIGIN + "/again", b"", "revisit"),
        record(ORIGIN + "/bare", b"<p>without HTTP headers"),
    ]
    (tmp_path / "a.warc").write_bytes(b"".join(parts) + b"WARC/1.0\r\nContent-Length: 9\r\n\r\n")
    crawl = BoardCrawl(registry.named("saved"), [Query(pages=(str(tmp_path),))], Settings(Fetcher()))
    (found,) = [event for event in crawl if isinstance(event, Posting)]
    assert found.no_training
    note = crawl.outcome().note
    for told in (
        "1 page opts out of training (x-robots-tag 1)",
        "1 page is of a host whose robots.txt is not known",
        "1 record is a revisit",
        "1 record lacks HTTP headers",
        "1 record is cut off, damaged or too large",
    ):
        assert told in note


def test_zstandard_files_are_read_with_a_dictionary_and_refused_where_damaged(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    content = b"".join(RECORDS) * 3
    begin = b"\x5d\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content
    path = tmp_path / "a.warc.zst"
    path.write_bytes(begin + zstd(RECORDS, zstandard.ZstdCompressionDict(content)))
    assert [page.text for page in local_files.responses(str(path))] == TEXTS
    path.write_bytes(zstd(RECORDS)[:-20] + b"damaged")
    with pytest.raises(BoardError, match="1 of its records"):
        list(local_files.responses(str(path)))
    rows = tmp_path / "a.jsonl.zst"
    rows.write_bytes(zstd([b'{"a": 1}\n', b'{"a": 2}\n']))
    assert local_files.read(str(rows)).text == '{"a": 1}\n{"a": 2}\n'
    rows.write_bytes(b"no archive")
    with pytest.raises(BoardError, match=r"a\.jsonl\.zst"):
        local_files.read(str(rows))


def test_a_gzip_member_may_begin_anywhere(tmp_path: Path) -> None:
    """Records of many sizes, so that members begin on the edges of what is read at a time, and beside them."""
    texts = [bytes(random.Random(size).choices(range(97, 123), k=1900 + size)) for size in range(200)]
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join(gzip.compress(record(ORIGIN, answer(text)), 0) for text in texts))
    assert [page.body for page in local_files.responses(str(path))] == texts


@pytest.mark.parametrize("packed", [False, True])
def test_damaged_records_of_a_warc_file_are_counted(tmp_path: Path, packed: bool) -> None:
    torn = record(ORIGIN, answer(gzip.compress(b"<p>packed")[:-9], "Content-Encoding: gzip"))
    data = b"".join(map(gzip.compress, [torn, *RECORDS])) if packed else torn + b"".join(RECORDS)
    path = tmp_path / ("a.warc.gz" if packed else "a.warc")
    for cut, unread, texts in ((None, 1, TEXTS), (-40, 2, TEXTS[:-1])):
        path.write_bytes(data[:cut])
        found: list[str] = []
        with pytest.raises(BoardError, match=f"{path.name}: {unread} of its records (is|are) cut off"):
            found += (found.append(page.text) or "" for page in local_files.responses(str(path)))
        assert [text for text in found if text] == texts


@pytest.mark.parametrize(
    "data", [b"<html>", b"WARC/1.0\r\nContent-Length: x\r\n\r\n", b"WARC/1.0\r\nContent-Length: 99999999999\r\n\r\n"]
)
def test_what_is_no_warc_file_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(data)
    with pytest.raises(BoardError, match=r"a\.warc: no record of a web archive in it can be read"):
        list(local_files.responses(str(path)))


def test_documents_and_empty_files_are_named_and_rows_keep_pay_and_marks(tmp_path: Path) -> None:
    (tmp_path / "a.PDF").write_bytes(b"%PDF")
    (tmp_path / "b.html").write_text(" ")
    row = {"title": "Nurse", "html": "<p>Care</p>", "no_training": True, "min_amount": 20, "currency": "GBP"}
    (tmp_path / "c.jsonl").write_text(json.dumps({**row, "interval": "hourly"}))
    crawl = BoardCrawl(registry.named("saved"), [Query(pages=(str(tmp_path),))], Settings(Fetcher()))
    (posting,) = [event for event in crawl if isinstance(event, Posting)]
    assert posting.no_training and posting.pay == Pay(20, None, "GBP", "hourly")
    pdf, empty = crawl.outcome().unread
    assert "a.PDF: .pdf files cannot be read" in pdf and "b.html: it is empty" in empty
