"""Damage in the middle of web archives: what stands behind it is read, and each record is in one counter."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard

from scrape.crawl import warc, warc_records
from tests.support.archives import answer, record, zstd
from tests.support.growth import assert_each_linear

TEXTS = [random.Random(number).randbytes(700).hex() for number in range(6)]  # so that packed ones are not tiny
RECORDS = [record(f"https://h.example/{number}", answer(text.encode())) for number, text in enumerate(TEXTS)]
DICTIONARY = record("https://h.example/", answer(b"<p>" * 500))


def gzipped(parts: list[bytes]) -> list[bytes]:
    return [gzip.compress(part, mtime=0) for part in parts]


def frames(parts: list[bytes]) -> list[bytes]:
    packer = zstandard.ZstdCompressor(
        dict_data=zstandard.ZstdCompressionDict(DICTIONARY), write_checksum=True, write_content_size=True
    )
    return [packer.compress(part) for part in parts]


def read(path: Path) -> tuple[list[str], warc.ArchiveCounts]:
    counts = warc.ArchiveCounts()
    found = [page.text for page in warc.responses(path, counts=counts)]
    assert counts.records == counts.pages + counts.others + counts.revisits + counts.headless + counts.damaged
    assert counts.pages == len(found)
    return found, counts


def flipped(part: bytes, at: int) -> bytes:
    return part[:at] + bytes([part[at] ^ 255]) + part[at:][1:]


DAMAGES: dict[str, Callable[[list[bytes]], list[bytes]]] = {  # what becomes of the third of six records
    "cut off in the middle": lambda parts: [*parts[:2], parts[2][: len(parts[2]) // 2], *parts[3:]],
    "a byte is flipped": lambda parts: [*parts[:2], flipped(parts[2], len(parts[2]) // 2), *parts[3:]],
    "a byte of the checksum is flipped": lambda parts: [*parts[:2], flipped(parts[2], len(parts[2]) - 1), *parts[3:]],
    "its begin is lost": lambda parts: [*parts[:2], parts[2][20:], *parts[3:]],
    "garbage before it": lambda parts: [*parts[:2], random.Random(1).randbytes(70_000), *parts[2:]],
    "zeros before it": lambda parts: [*parts[:2], bytes(70_000), *parts[2:]],
    "begins before it": lambda parts: [*parts[:2], b"\x1f\x8b\x08\x28\xb5\x2f\xfdWARC/" * 50, *parts[2:]],
    "two in a row": lambda parts: [*parts[:2], parts[2][:-300], parts[3][:-300], *parts[4:]],
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("suffix", [".warc.gz", ".warc.zst"])
def test_reading_goes_on_behind_what_is_damaged(tmp_path: Path, suffix: str, damage: str) -> None:
    path = tmp_path / f"a{suffix}"
    begin, pack = b"", gzipped
    if suffix == ".warc.zst":
        begin, pack = b"\x5d\x2a\x4d\x18" + len(DICTIONARY).to_bytes(4, "little") + DICTIONARY, frames
    path.write_bytes(begin + b"".join(DAMAGES[damage](pack(RECORDS))))
    found, counts = read(path)
    lost = [] if "before" in damage else [2, 3] if "two" in damage else [2]
    assert found == [text for number, text in enumerate(TEXTS) if number not in lost]
    assert 1 <= counts.damaged <= max(len(lost), 1)
    assert "cut off, damaged or too large" in counts.summary()


@pytest.mark.parametrize(("length", "lost"), [(b"100", []), (b"999999", [2]), (b"x", [2]), (b"-1", [2]), (b"", [2])])
@pytest.mark.parametrize("suffix", [".warc", ".warc.gz"])
def test_a_wrong_length_costs_one_record(tmp_path: Path, suffix: str, length: bytes, lost: list[int]) -> None:
    path = tmp_path / f"a{suffix}"
    head, _, rest = RECORDS[2].partition(b"Content-Length: ")
    wrong = head + b"Content-Length: " + length + rest[rest.index(b"\r") :]
    parts = [*RECORDS[:2], wrong, *RECORDS[3:]]
    path.write_bytes(b"".join(parts if suffix == ".warc" else gzipped(parts)))
    found, counts = read(path)
    assert found[:2] == TEXTS[:2] and found[-3:] == TEXTS[3:] and len(found) == 6 - len(lost)
    assert counts.damaged == 1
    assert counts.damage(path) == f"{path}: 1 of its records is cut off, damaged or too large"


@pytest.mark.parametrize(
    "lines",
    [
        ["Transfer-Encoding: chunked", "Content-Encoding: gzip"],
        ["Content-Encoding: br"],
        ["Content-Length: 9", "Content-Encoding: gzip"],
    ],
)
def test_a_body_that_its_crawler_unpacked_is_read_whole(tmp_path: Path, lines: list[str]) -> None:
    """As in Common Crawl before August 2018: the headers are those of the packed body."""
    (tmp_path / "a.warc").write_bytes(record("https://h.example/1", answer(b"<p>a long page", *lines)))
    assert read(tmp_path / "a.warc")[0] == ["<p>a long page"]


def test_a_page_that_came_by_another_version_of_http_is_read(tmp_path: Path) -> None:
    message = answer(b"<p>a page").replace(b"HTTP/1.1", b"HTTP/2")
    assert message.startswith(b"HTTP/2 200")
    (tmp_path / "a.warc").write_bytes(record("https://h.example/1", message))
    assert read(tmp_path / "a.warc")[0] == ["<p>a page"]


def test_a_robots_txt_that_its_crawler_unpacked_counts(tmp_path: Path) -> None:
    robots = answer(b"User-agent: *\nContent-Signal: ai-train=no\n", "Content-Encoding: gzip", kind="text/plain")
    parts = [record("https://h.example/1", answer(b"<p>page")), record("https://h.example/robots.txt", robots)]
    (tmp_path / "a.warc").write_bytes(b"".join(parts))
    assert read(tmp_path / "a.warc")[1].opted_out.total() == 1


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("br", brotli.compress), ("deflate", zlib.compress), ("zstd", zstandard.compress)],
)
def test_a_body_that_is_packed_is_unpacked(tmp_path: Path, coding: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(b"<p>a page")
    chunked = b"%x\r\n" % len(packed) + packed + b"\r\n0\r\n\r\n"
    lines = ["Transfer-Encoding: chunked", f"Content-Encoding: {coding}"]
    (tmp_path / "a.warc").write_bytes(record("https://h.example/1", answer(chunked, *lines)))
    assert read(tmp_path / "a.warc")[0] == ["<p>a page"]


@pytest.mark.parametrize("length", ["", "Content-Length: 1"])
def test_a_page_that_is_too_large_is_damaged_and_not_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: str
) -> None:
    for module in (warc, warc_records):
        monkeypatch.setattr(module, "PAGE_BYTES", 1000)
    parts = [record("https://h.example/1", answer(b"<p>" + b"x" * 1000, *filter(None, [length])))]
    (tmp_path / "a.warc").write_bytes(b"".join([*parts, record("https://h.example/2", answer(b"<p>small"))]))
    texts, counts = read(tmp_path / "a.warc")
    assert texts == ["<p>small"]
    assert counts.damaged == 1


def test_every_record_is_in_one_counter(tmp_path: Path) -> None:
    url, torn = "https://h.example/", gzip.compress(b"<p>packed")[:-9]
    parts = {
        "others": [
            record("", b"software: x", "warcinfo", "application/warc-fields"),
            record(url, b"GET / HTTP/1.1\r\n\r\n", "request", "application/http; msgtype=request"),
            record(url, b"x", "metadata", "text/plain"),
            record(url, answer(b"gone", status="404 Not Found")),
            record(url, answer(b"\x89PNG", kind="image/png")),
            record(url, answer(b"")),
            record(url, b"body {}", "resource", "text/css"),
            record(url, b"", "resource", "text/html"),
        ],
        "pages": [record(url, answer(b"<p>page")), record(url, b"<p>resource", "resource", "text/html")],
        "revisits": [record(url, b"", "revisit")],
        "headless": [
            record(url, b"<p>no headers"),
            record(url, b"<p>no headers", content="text/html"),
            record(url, b"<p>no headers", content=""),
            record(url, b""),
        ],
        "damaged": [record(url, answer(torn, "Content-Encoding: gzip"))],
    }
    mixed = [part for some in parts.values() for part in some]
    random.Random(1).shuffle(mixed)
    (tmp_path / "a.warc").write_bytes(b"".join(mixed))
    _, counts = read(tmp_path / "a.warc")
    assert counts.records == len(mixed)
    assert {kind: getattr(counts, kind) for kind in parts} == {kind: len(some) for kind, some in parts.items()}


def test_time_grows_linearly_whatever_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warc_records, "_READ_AGAIN_AT_LEAST", 1 << 10)
    endless = RECORDS[0].replace(b"Content-Length: ", b"Content-Length: 9999")
    packed = gzip.compress(RECORDS[0], mtime=0)
    unit = {
        "long.warc": endless,
        "long.warc.gz": gzip.compress(endless, mtime=0),
        "bad.warc.gz": flipped(packed, len(packed) // 2),
        "bad.warc.zst": zstd([RECORDS[0]])[:-300],
        "begins.warc.gz": b"\x1f\x8b\x08\0",
        "begins.warc.zst": b"\x28\xb5\x2f\xfd",
        "begins.warc": b"WARC/1.0\r\nA",
    }

    def work(name: str) -> Callable[[int], None]:
        def run(size: int) -> None:
            (tmp_path / name).write_bytes(unit[name] * (size // len(unit[name]) + 1))
            assert not read(tmp_path / name)[0]

        return run

    assert_each_linear({name: work(name) for name in unit}, 100_000, 0.1)
