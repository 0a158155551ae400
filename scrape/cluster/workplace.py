"""Driver and workers must share two things: the program, to the letter, and the folder of the dataset."""

from __future__ import annotations

import hashlib
import secrets
import socket
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from scrape.common.errors import InputError
from scrape.common.files import write_whole

_DECIDES = (
    "boards",
    "cluster",
    "crawl",
    "dataset/corpus",
    "dataset/shards.py",
    "dataset/simplify_all.py",
    "fields",
    "http",
)
_DECIDES_TOO = ("markup", "common/posting.py", "common/sizes.py")
_PACKAGES = ("beautifulsoup4", "fastwarc", "justhtml", "lxml", "numpy", "w3lib", "zstandard")
_SUFFIXES = (".py", ".toml", ".tsv")


@cache
def program_fingerprint() -> str:
    """Return a hash of all that decides what a task makes: the source of its modules, their data, and libraries."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256(unicodedata.unidata_version.encode())
    for name in _PACKAGES:
        digest.update(f"\n{name} {version(name)}".encode())
    for part in (*_DECIDES, *_DECIDES_TOO):
        path = package / part
        for source in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if source.suffix in _SUFFIXES:
                digest.update(source.relative_to(package).as_posix().encode())
                digest.update(source.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Workplace:
    """The folder of a dataset as its driver sees it. Every task checks it before it begins."""

    root: Path
    token: str
    program: str

    def check(self) -> None:
        """Raise InputError where this process runs another program, or sees another folder."""
        here = socket.gethostname()
        if program_fingerprint() != self.program:
            raise InputError(
                f"the worker on {here} runs another version of this program or of its libraries; install the same there"
            )
        try:
            seen = (self.root / _TOKEN).read_text("utf-8")
        except OSError:
            seen = ""
        if seen != self.token:
            raise InputError(
                f"the worker on {here} does not see the folder {self.root} of this machine; give all of them one "
                "shared folder under the same path"
            )


_TOKEN = ".gather-token"  # not a secret: a random text by which a folder is known again


@contextmanager
def workplace(root: Path) -> Iterator[Workplace]:
    """Give the workplace of a dataset, whose folder is marked until the block ends."""
    token = secrets.token_hex(16)
    write_whole(root / _TOKEN, token)
    try:
        yield Workplace(root.resolve(), token, program_fingerprint())
    finally:
        (root / _TOKEN).unlink(missing_ok=True)
