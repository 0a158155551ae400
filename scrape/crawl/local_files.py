"""Pages on disk, read as responses like pages on the network."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from pathlib import Path

from scrape.common.errors import BoardError, InputError
from scrape.fields.urls import is_web
from scrape.http.client import Response

SUFFIXES = (".html", ".htm", ".json", ".jsonl", ".jsonl.gz")


def expand(pages: Iterable[str]) -> tuple[str, ...]:
    """Return URLs and files as they are, and folders as the pages in them, sorted. Raises InputError."""
    expanded: list[str] = []
    for page in pages:
        path = Path(page)
        if is_web(page) or path.is_file():
            expanded.append(page)
            continue
        if not path.is_dir():
            raise InputError(f"there is no page {page}; name a URL, a file, or a folder of pages")
        found = sorted(str(file) for file in path.rglob("*") if file.name.endswith(SUFFIXES) and file.is_file())
        if not found:
            raise InputError(f"the folder {page} holds no page ({', '.join(SUFFIXES)})")
        expanded += found
    return tuple(expanded)


def read(path: str) -> Response:
    """Return the file as a response; a `.gz` is decompressed. Raises BoardError where it cannot be read."""
    try:
        body = Path(path).read_bytes()
        if path.endswith(".gz"):
            body = gzip.decompress(body)
    except OSError as error:
        raise BoardError(f"{path} cannot be read: {error.strerror or error}") from error
    except (EOFError, zlib.error) as error:
        raise BoardError(f"{path} is not a whole gzip file ({error}); fetch or pack it again") from error
    return Response(path, path, 200, {}, body)
