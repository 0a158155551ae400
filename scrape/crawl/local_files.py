"""Pages on disk, read as responses like pages on the network."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import BufferedReader
from pathlib import Path

from scrape.common.errors import BoardError, InputError
from scrape.common.sizes import ANSWER_BYTES, PAGE_BYTES
from scrape.crawl import warc
from scrape.crawl.warc_records import unpack_zst
from scrape.fields.urls import is_web
from scrape.http.client import Response
from scrape.http.decompress import TooLarge, Torn, decompress
from scrape.markup import mhtml

PAGES = (".html", ".htm", ".xhtml", *mhtml.SUFFIXES, *warc.SUFFIXES)  # in any case
SUFFIXES = (*PAGES, ".json", ".jsonl", ".jsonl.gz", ".jsonl.zst")
DOCUMENTS = (".pdf", ".doc", ".docx", ".odt", ".rtf", ".webarchive", ".eml")  # named, as they cannot be read
_CHUNK = 64 * 1024  # bytes read at a time
_LOOK_AT = 4096  # bytes in which a browser names the URL of a page that it saved

# The folder beside a complete page that a browser saved, `Page_files`; Firefox translates it.
_PARTS = re.compile(
    r"[_.-](?:files|dateien|fichiers|archivos|arquivos|ficheiros|bestanden|filer|file|pliki|soubory|tiedostot|dosyalar)\Z",
    re.IGNORECASE,
)
# Chrome, Edge and Internet Explorer: `<!-- saved from url=(0021)https://example.org/ -->`; SingleFile: `url: https://...`.
_SAVED_FROM = re.compile(rb"<!--\s*(?:saved from url=\(\d+\)|Page saved with SingleFile\s+url:\s*)(https?://[^\s<>]+)")


def expand(pages: Iterable[str]) -> tuple[str, ...]:
    """Return URLs and files as they are, and folders as the pages in them, sorted. Raises InputError.

    The folder of pictures and frames that a browser saves beside a complete page is left out. Documents that cannot be
    read are kept, so that they are named.
    """
    expanded: list[str] = []
    for page in pages:
        path = Path(page)
        if is_web(page) or path.is_file():
            expanded.append(page)
            continue
        if not path.is_dir():
            raise InputError(f"there is no page {page}; name a URL, a file, or a folder of pages")
        known = (*SUFFIXES, *DOCUMENTS)
        files = [file for file in path.rglob("*") if file.name.lower().endswith(known) and file.is_file()]
        pages_of = {file.with_suffix("") for file in files}
        found = sorted(str(file) for file in files if not _is_part(file, path, pages_of))
        if not found:
            raise InputError(f"the folder {page} holds no page ({', '.join(SUFFIXES)})")
        expanded += found
    return tuple(expanded)


def _is_part(file: Path, folder: Path, pages: set[Path]) -> bool:
    """Return whether a file is in a folder that belongs to one of `pages`, which are named without their suffixes."""
    within = [around for around in file.parents if around.is_relative_to(folder) and around != folder]
    return any(
        around.with_name(_PARTS.sub("", around.name)) in pages for around in within if _PARTS.search(around.name)
    )


def responses(path: str, counts: warc.ArchiveCounts | None = None) -> Iterator[Response]:
    """Yield the pages of a file: many for a WARC file, else one. Raises BoardError where one cannot be read.

    `counts` goes up by what a WARC file held. Raises BoardError after its pages where records are damaged.
    """
    if path.lower().endswith(DOCUMENTS):
        raise BoardError(f"{path}: {Path(path).suffix.lower()} files cannot be read; save the posting as HTML")
    if not path.lower().endswith(warc.SUFFIXES):
        yield read(path)
        return
    counts = warc.ArchiveCounts() if counts is None else counts
    before = replace(counts)
    try:
        yield from warc.responses(Path(path), counts=counts)
    except OSError as error:
        raise BoardError(f"{path} cannot be read: {error.strerror or error}") from error
    if counts.damaged > before.damaged:
        raise BoardError(counts.damage(Path(path), before))


def lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file of JSON lines, unpacked; of one that is longer than a page may be, only its beginning.

    Memory holds one line at a time. Raises BoardError, after the last whole line, where the file is cut off or damaged.
    """
    held = bytearray()
    skipping = False
    try:
        with path.open("rb") as file:
            for chunk in _unpacked(path, file):
                *whole, rest = chunk.split(b"\n")
                for end in whole:
                    if not skipping:
                        yield bytes(held + end)
                    held.clear()
                    skipping = False
                if not skipping:
                    held += rest
                if len(held) > PAGE_BYTES:
                    yield bytes(held)
                    held.clear()
                    skipping = True
        if held:
            yield bytes(held)
    except OSError as error:
        reason = "it is cut off or damaged" if error.errno is None else error.strerror
        raise BoardError(f"{path} cannot be read to its end: {reason}") from error
    except (EOFError, ValueError, zlib.error) as error:
        raise BoardError(f"{path} is cut off or damaged; what was read before is kept") from error


def _unpacked(path: Path, file: BufferedReader) -> Iterator[bytes]:
    if path.name.lower().endswith(".zst"):
        return unpack_zst(file)
    packed = gzip.GzipFile(fileobj=file) if path.name.lower().endswith(".gz") else file
    return iter(lambda: packed.read1(_CHUNK), b"")  # not `read`, which would lose what comes before an error


def read(path: str) -> Response:
    """Return the file as a response; a `.gz` or `.zst` is decompressed, and the page of an MHTML file taken out.

    Its final URL is the one that the page was saved from, where the file says so, else the path. Raises BoardError
    where it cannot be read.
    """
    origin, headers = "", dict[str, str]()
    try:
        if path.lower().endswith(".gz"):
            with Path(path).open("rb") as file:
                body = decompress(iter(lambda: file.read(_CHUNK), b""), "gzip", ANSWER_BYTES)
        elif path.lower().endswith(".zst"):
            with Path(path).open("rb") as file:
                body = decompress(unpack_zst(file), "", ANSWER_BYTES)
        else:
            body = Path(path).read_bytes()
        if path.lower().endswith(mhtml.SUFFIXES):
            body, charset, origin = mhtml.page_part(body)
            headers["content-type"] = f"text/html; charset={charset}"
    except OSError as error:
        raise BoardError(f"{path} cannot be read: {error.strerror or error}") from error
    except EOFError as error:
        raise BoardError(f"{path} is cut off; fetch or pack it again") from error
    except Torn as error:
        raise BoardError(f"{path} is not a whole gzip file ({error}); fetch or pack it again") from error
    except TooLarge:
        raise BoardError(f"{path} unpacks to more than {ANSWER_BYTES:,} bytes; split it, or unpack it first") from None
    except ValueError as error:
        raise BoardError(f"{path} is not a saved page ({error}); save it again, as HTML") from error
    saved_from = _SAVED_FROM.search(body, 0, _LOOK_AT) if path.lower().endswith(PAGES) else None
    if saved_from:
        origin = origin or saved_from[1].decode("utf-8", "replace")
    return Response(path, origin if is_web(origin) else path, 200, headers, body)
