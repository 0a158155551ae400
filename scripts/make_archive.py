"""Write invented postings as a web archive (WARC) or as JSON lines, to try `scrape gather` and to measure it.

    python scripts/make_archive.py pages.warc.gz --count 20000
    python scripts/make_archive.py postings.jsonl --count 100000

Each page of an archive is a posting of the bundled board inside a page of realistic size: menus, styles and scripts of
about 100 kB, drawn from a few shells. Every tenth page states no posting. The same arguments write the same bytes.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from scrape.common import console
from scrape.common.arguments import positive_int
from scrape.common.files import write_whole_with
from scrape.common.posting import Posting
from scrape.demo import generate

_AT_ONCE = 500  # postings made at a time, each lot with a seed of its own
_SHELLS = 60
_NO_POSTING = 10  # every tenth page
_WORDS = ("menu", "item", "link", "wrap", "grid", "card", "hero", "nav", "foot", "main", "side", "list", "icon", "data")


def main(argv: list[str] | None = None) -> int:
    """Write one file."""
    parser = console.parser("make_archive.py", "Write invented postings as a web archive or as JSON lines.")
    parser.add_argument("path", type=Path, metavar="FILE", help="a .warc, .warc.gz, .jsonl or .jsonl.gz")
    parser.add_argument("--count", type=positive_int, default=1_000, help="pages or lines (1,000)")
    parser.add_argument("--seed", type=positive_int, default=2015, help="another seed gives other postings")
    parser.add_argument("--kilobytes", type=positive_int, default=100, help="the size of a page (100)")
    options = parser.parse_args(argv)
    return console.run(lambda: write(options), debug=options.debug)


def write(options: Namespace) -> int:
    """Write the file that the options ask for."""
    lines = ".jsonl" in options.path.name
    records = as_lines(options) if lines else as_records(options)

    def stream(file: BinaryIO) -> None:
        for record in records:
            file.write(gzip.compress(record, 6, mtime=0) if options.path.name.endswith(".gz") else record)

    write_whole_with(options.path, stream)
    return console.OK


def invented(seed: int, count: int) -> Iterator[tuple[int, Posting]]:
    """Yield postings with their numbers; each lot has a seed of its own, so that memory stays flat."""
    for start in range(0, count, _AT_ONCE):
        made = generate.postings(seed + start // _AT_ONCE, min(_AT_ONCE, count - start))
        yield from enumerate(made, start)
        generate.openings.cache_clear()


def as_lines(options: Namespace) -> Iterator[bytes]:
    """Yield a line of JSON for each posting."""
    for number, posting in invented(options.seed, options.count):
        row = {
            "id": f"{options.seed}-{number}",
            "url": f"https://jobs-{number % 997}.example/{options.seed}/{number}",
            "title": posting.title,
            "company": posting.company,
            "location": posting.location,
            "date": posting.date,
            "html": posting.html,
        }
        yield (json.dumps(row, ensure_ascii=False) + "\n").encode()


def as_records(options: Namespace) -> Iterator[bytes]:
    """Yield a WARC record for each page."""
    dice = random.Random(options.seed)
    shells = [shell(dice, options.kilobytes * 1000) for _ in range(_SHELLS)]
    for number, posting in invented(options.seed, options.count):
        url = f"https://jobs-{number % 997}.example/{options.seed}/{number}"
        above, below = shells[number % _SHELLS]
        stated = "" if number % _NO_POSTING == _NO_POSTING - 1 else json_ld(posting, url)
        page = f"<!doctype html><html><head><title>{posting.title}</title>{stated}{above}{below}</html>"
        yield record(url, page.encode())


def json_ld(posting: Posting, url: str) -> str:
    """Return a posting as JSON-LD in a script."""
    found = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": posting.title,
        "url": url,
        "datePosted": posting.date,
        "hiringOrganization": {"@type": "Organization", "name": posting.company},
        "jobLocation": {"@type": "Place", "address": posting.location},
        "description": posting.html,
    }
    text = json.dumps(found).replace("</", "<\\/")
    return f'<script type="application/ld+json">{text}</script>'


def shell(dice: random.Random, size: int) -> tuple[str, str]:
    """Return what stands around a posting: a third each of styles, scripts and menus, about `size` bytes in all."""
    styles: list[str] = []
    scripts: list[str] = []
    menus: list[str] = []
    for parts, make in ((styles, _style), (scripts, _script), (menus, _menu)):
        length = 0
        while length < size // 3:
            parts.append(make(dice))
            length += len(parts[-1])
    above = f"<style>{''.join(styles)}</style><script>{''.join(scripts)}</script></head><body>"
    return above, f"<nav>{''.join(menus)}</nav></body>"


def _name(dice: random.Random) -> str:
    return f"{dice.choice(_WORDS)}-{dice.choice(_WORDS)}-{dice.randrange(16**6):06x}"


def _style(dice: random.Random) -> str:
    return f".{_name(dice)}{{margin:{dice.randrange(64)}px;color:#{dice.randrange(16**6):06x}}}"


def _script(dice: random.Random) -> str:
    return f'window["{_name(dice)}"]=function(a){{return a<{dice.randrange(999)}&&!"{_name(dice)}"}};'


def _menu(dice: random.Random) -> str:
    name = _name(dice)
    return f'<div class="{name}"><a href="/{name}?p={dice.randrange(999)}" data-id="{_name(dice)}">{name}</a></div>\n'


def record(url: str, page: bytes, headers: str = "", status: str = "200 OK") -> bytes:
    """Return a WARC record of type `response`."""
    answer = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n{headers}\r\n".encode() + page
    head = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-11-20T00:00:00Z\r\n"
        f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{abs(hash_of(url)):012x}>\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(answer)}\r\n\r\n"
    )
    return head.encode() + answer + b"\r\n\r\n"


def hash_of(url: str) -> int:
    """Return a number of 48 bits for a URL, the same in every process."""
    return int.from_bytes(url.encode()[-6:], "big")


if __name__ == "__main__":
    sys.exit(main())
