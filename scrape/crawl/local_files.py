"""Pages on disk, read as responses like pages on the network."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scrape.common.errors import BoardError, InputError
from scrape.common.sizes import ANSWER_BYTES
from scrape.fields.urls import is_web
from scrape.http.client import Response
from scrape.http.decompress import TooLarge, Torn, decompress
from scrape.markup import mhtml

SUFFIXES = (".html", ".htm", ".xhtml", *mhtml.SUFFIXES, ".json", ".jsonl", ".jsonl.gz")  # in any case
_CHUNK = 64 * 1024  # bytes read at a time


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
        files = (file for file in path.rglob("*") if file.name.lower().endswith(SUFFIXES))
        found = sorted(str(file) for file in files if file.is_file())
        if not found:
            raise InputError(f"the folder {page} holds no page ({', '.join(SUFFIXES)})")
        expanded += found
    return tuple(expanded)


def read(path: str) -> Response:
    """Return the file as a response; a `.gz` is decompressed, and the page of an MHTML file taken out.

    Raises BoardError where it cannot be read.
    """
    headers: dict[str, str] = {}
    try:
        if path.lower().endswith(".gz"):
            with Path(path).open("rb") as file:
                body = decompress(iter(lambda: file.read(_CHUNK), b""), "gzip", ANSWER_BYTES)
        else:
            body = Path(path).read_bytes()
        if path.lower().endswith(mhtml.SUFFIXES):
            body, charset = mhtml.page_part(body)
            headers["content-type"] = f"text/html; charset={charset}"
    except OSError as error:
        raise BoardError(f"{path} cannot be read: {error.strerror or error}") from error
    except Torn as error:
        raise BoardError(f"{path} is not a whole gzip file ({error}); fetch or pack it again") from error
    except TooLarge:
        raise BoardError(f"{path} unpacks to more than {ANSWER_BYTES:,} bytes; split it, or unpack it first") from None
    except ValueError as error:
        raise BoardError(f"{path} is not a saved page ({error}); save it again, as HTML") from error
    return Response(path, path, 200, headers, body)
