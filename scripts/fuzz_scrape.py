"""The readers of `scrape` for fuzz.py: saved pages and files, JSON-LD, answers of boards, places, pay and dates.

What a reader gives goes on as in a search: its fields are checked and matched, its HTML is simplified, written as a
document and scrubbed. Seeds are the fixtures of the tests.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from scrape.boards.registry import BOARDS
from scrape.common.errors import BoardError, InputError
from scrape.common.posting import Posting, Query, checked
from scrape.crawl import local_files
from scrape.dataset.corpus.pii import scrub
from scrape.fields import match, places
from scrape.fields.dates import day
from scrape.fields.pay import find_pay
from scrape.fields.urls import canonical
from scrape.markup import document
from scrape.markup.simplify import simplify

TESTS = Path(__file__).parent.parent / "tests" / "scrape" / "boards"
QUERY = Query(title="engineer", city="Seattle", state="WA", company="Acme", since="2026-01-01")
SNIPPETS = (
    "\0", "\ufeff", "\u202e", "\x1b[2J", "&#x110000;", "&#²;", "&quot;", "]]>", "<![CDATA[", "<!--", "-->",
    "</script>", "<script type=application/ld+json>", "<div hidden>", "<template>", "<svg>", "<plaintext>",
    "<base href='http://['>", "<h1>", "<title>", "<p itemprop=description>", "<div itemscope itemtype=JobPosting>",
    "<b>Location:</b>", "<table><tr>", "\\ud800", "\\u0000", "[" * 500, "{" * 500, '{"@id":' * 50, "9" * 400, "1e999",
    "-5", "NaN", '"', "\\", ",", "http://[", "<div>" * 300, "a\u0301\u0316" * 50, "/" * 300, " " * 300,
    "$" + "1" * 400, "CA " * 300, "\r", "İ", "ß",
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 2**63, 10**400, 0.5, float("inf"), float("nan"), "", "x" * 3000, "\ud800", "\x1b[2J\u202e",
    "9" * 400, [], {}, [[[[]]]], ["a", None, {"b": []}], {"@value": []}, {"name": {"name": []}}, "http://a\0b/",
    "http://[", "//", "0001-01-01", "2026-13-45", "1e999", "<p>" * 50, "&lt;p&gt;x&lt;/p&gt;", "CA " * 1200,
    "$" + "1" * 400 + " a year", "Remote", "; ; ;", 4e30,
)  # fmt: skip
LINES = (
    "San Francisco, CA", "US-SEA, US-SF, US-Remote", "Remote - India", "UK, London", "Dublin, OH; Paris, TX",
    "München / Berlin", "Bengaluru, Karnataka, IND (Hybrid)", "Anywhere in the World", "New York, NY or Remote (US)",
    "東京, 日本", "Hybrid", "US-NYC", "Pay: $120,000 - $150,000 a year", "£30k–£35k per annum", "USD 45.50 per hour",
    "60.000 € jährlich", "$1.2M", "up to 90k CAD", "2026-11-22", "20261101", "11/01/2026", "Nov 1, 2026",
    "2026-11-22T10:00:00.000Z", "1763800000", "1. November 2026", "yesterday",
)  # fmt: skip


def mutate_text(data: bytes, draw: random.Random) -> bytes:
    """Change a few characters, tags or lines of a text, or put something hostile in."""
    made = data.decode("utf-8", "replace")
    for _ in range(draw.choice((1, 1, 2, 5, 20))):
        at, other = sorted((draw.randrange(len(made) + 1), draw.randrange(len(made) + 1)))
        near = min(other, at + draw.choice((1, 10, 1000)))
        match draw.randrange(8):
            case 0:
                made = made[:at] + made[near:]
            case 1:
                made = made[:at] + made[at:near] * 3 + made[near:]
            case 2 | 3 | 4:
                made = made[:at] + draw.choice(SNIPPETS) * draw.choice((1, 1, 1, 30)) + made[at:]
            case 5:
                made = (
                    made[:at] + chr(draw.choice((0, 9, 60, 62, 34, 38, 0xA0, 0x200D, 0x1F600, 0xD7FF))) + made[at + 1 :]
                )
            case 6:
                tags = list(re.finditer(r"<[^<>]*>", made[:200_000]))
                if tags:
                    tag = draw.choice(tags)
                    made = (
                        made[: tag.start()] + draw.choice((tag[0] * 2, "", tag[0].lower() + "</x>")) + made[tag.end() :]
                    )
            case _:
                made = made[:other] if draw.random() < 0.3 else made[:at].swapcase() + made[at:]
    return made.encode("utf-8", "surrogatepass")[: 1 << 20]


def mutate_value(value: Any, draw: random.Random) -> Any:
    """Return a copy of a JSON value with one odd value in it, or one too few or too many."""
    if not (isinstance(value, dict | list) and value) or draw.random() < 0.05:
        return draw.choice(ODD)
    if isinstance(value, dict):
        key = draw.choice(list(value))
        changed = {name: each for name, each in value.items() if name != key}
        return changed if draw.random() < 0.15 else changed | {key: mutate_value(value[key], draw)}
    at = draw.randrange(len(value))
    changed = [mutate_value(value[at], draw)]
    return [*value[:at], *draw.choice((changed, changed, [], value[at : at + 1] * 2)), *value[at + 1 :]]


def mutate_answer(data: bytes, draw: random.Random) -> bytes:
    """Change the answer of a board, which follows a line with its name: values of its JSON, or its text."""
    head, _, body = data.partition(b"\n")
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    if value is None or draw.random() < 0.2:
        return head + b"\n" + mutate_text(body, draw)
    for _ in range(draw.choice((1, 1, 3, 10))):
        value = mutate_value(value, draw)
    return head + b"\n" + json.dumps(value).encode()


def mutate_json_ld(data: bytes, draw: random.Random) -> bytes:
    """Change the JSON of the scripts of a page, or its text."""
    made = data.decode()

    def changed(script: re.Match[str]) -> str:
        try:
            value = mutate_value(json.loads(script[2]), draw)
            return script[1] + json.dumps(value) + script[3]
        except ValueError:
            return script[0]

    if draw.random() < 0.6:
        made = re.sub(r"(<script[^>]*ld\+json[^>]*>)(.*?)(</script>)", changed, made, flags=re.DOTALL)
    return made.encode() if made.encode() != data else mutate_text(data, draw)


def use(postings: Iterable[Posting]) -> None:
    """Take postings through what a search does with each."""
    for given in postings:
        try:
            posting = checked(given)
        except ValueError:
            continue  # counted and left out by a search
        match.matches(posting, QUERY)
        canonical(posting.url)
        blocks = simplify(posting.html)
        find_pay(blocks)
        scrub(document.write(replace(posting, html=blocks)))
        assert posting.name


def of_board(name: str) -> Callable[[Path], list[bytes]]:
    """Return the reader of seeds of a board: its fixtures, each after a line with the board and its URL."""

    def seeds(_folder: Path) -> list[bytes]:
        found = []
        for expected in sorted((TESTS / "fixtures" / name).glob("*.expected.json")):
            url = json.loads(expected.read_text("utf-8"))["url"]
            stem = expected.name.removesuffix(".expected.json")
            (path,) = (path for path in expected.parent.glob(f"{stem}.*") if path != expected)
            found.append(f"{name} {url}\n".encode() + path.read_bytes())
        return found

    return seeds


def answers(folder: Path) -> list[bytes]:
    """Return the fixtures of all boards on the network."""
    boards = sorted(set(BOARDS) - {"demo", "saved", "jsonld", "indeed"})
    return [seed for name in boards for seed in of_board(name)(folder)]


def read_answer(data: bytes, _folder: Path) -> None:
    """Parse the answer of a board."""
    head, _, body = data.partition(b"\n")
    name, _, url = head.decode().partition(" ")
    use(BOARDS[name].parse(body.decode("utf-8", "replace"), url).postings)


def pages(_folder: Path) -> list[bytes]:
    """Return saved pages of all kinds."""
    folders = (TESTS / "pages", TESTS / "fixtures" / "saved", TESTS / "fixtures" / "indeed")
    return [path.read_bytes() for folder in folders for path in sorted(folder.glob("*.html"))]


def read_page(data: bytes, folder: Path) -> None:
    """Read a saved page."""
    path = folder / "page.html"
    path.write_bytes(data)
    read_file(path)


def read_file(path: Path) -> None:
    """Read a file as `--pages` does."""
    for response in local_files.responses(str(path)):
        use(BOARDS["saved"].parse(response.text, response.final_url).postings)


def json_ld(_folder: Path) -> list[bytes]:
    """Return pages with JSON-LD, good and faulty."""
    return [path.read_bytes() for path in sorted((TESTS / "fixtures" / "jsonld").glob("*.html"))]


def read_json_ld(data: bytes, _folder: Path) -> None:
    """Read the structured data of a page."""
    use(BOARDS["jsonld"].parse(data.decode("utf-8", "replace"), "https://jobs.example/1").postings)


def lines(_folder: Path) -> list[bytes]:
    """Return lines of places, pay and dates."""
    return [line.encode() for line in LINES]


def read_line(data: bytes, _folder: Path) -> None:
    """Read a line as a place, as pay and as a date, and as what a user may ask for."""
    line = data.decode("utf-8", "replace")
    places.read(line)
    match.in_place(line, "Seattle", "WA")
    find_pay(line)
    day(line)
    day([line, None])
    for ask in (match.place, lambda text: match.since(text, date(2026, 11, 25))):
        try:
            ask(line)
        except InputError:
            continue


def saved_files(_folder: Path) -> list[bytes]:
    """Return the start of files that are no HTML, each after a line with its suffix."""
    page = (TESTS / "pages" / "practice_site.html").read_bytes()
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    http += b"%x\r\n%s\r\n0\r\n\r\n" % (len(page), page)
    record = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://jobs.example/1\r\n"
    record += b"Content-Type: application/http\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n" % (len(http), http)
    head = b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n"
    row = b'{"id": "1", "title": "Nurse", "html": "<p>Care</p>", "url": "https://h.example/1", "date": "2026-11-01"}\n'
    return [
        b".warc\n" + record * 3,
        b".mhtml\n" + head + b"Content-Location: https://jobs.example/1\r\n\r\n" + page + b"\r\n--b--\r\n",
        b".jsonl\n" + row * 3,
        b".json\n[" + row + b"," + row + b"]",
    ]


def read_saved_file(data: bytes, folder: Path) -> None:
    """Read a file of any kind that `--pages` takes."""
    suffix, _, body = data.partition(b"\n")
    path = folder / f"file{suffix.decode()}"
    path.write_bytes(body)
    read_file(path)


Parts = tuple[
    Callable[[Path], Sequence[bytes]],
    Callable[[bytes, random.Random], bytes],
    Callable[[bytes, Path], None],
    tuple[type[Exception], ...],
]
TARGETS: dict[str, Parts] = {
    "pages": (pages, mutate_text, read_page, (BoardError,)),
    "files": (saved_files, mutate_answer, read_saved_file, (BoardError,)),
    "json-ld": (json_ld, mutate_json_ld, read_json_ld, (BoardError,)),
    "answers": (answers, mutate_answer, read_answer, (BoardError,)),
    "lines": (lines, mutate_text, read_line, ()),
}
