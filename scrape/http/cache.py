"""The HTTP cache: responses of boards on disk, so that a rerun requests nothing twice. Safe to delete.

One file per URL: a line of JSON about the response, then its body, both packed. A response is saved before it is
read, so a run that is killed has lost at most the response on its way.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from scrape.common.files import write_whole
from scrape.common.posting import key_of
from scrape.common.sizes import ANSWER_BYTES
from scrape.http.client import Response
from scrape.http.decompress import TooLarge, Torn, decompress

MISSING = 404
_KEPT_HEADERS = ("content-type", "last-modified", "etag")
_HEAD_BYTES = 1024 * 1024  # the most that the line before the body may take
_CHUNK = 64 * 1024  # bytes read at a time


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """A response and the Unix time at which it was received, in seconds."""

    response: Response
    fetched: float


class HttpCache:
    """The cached responses in one folder.

    `stands_for` is `(URL, permanent URL)` of a site with another URL in every run, such as the bundled board on a
    free port: its responses are cached under the permanent one.
    """

    def __init__(self, folder: Path, stands_for: tuple[str, str] = ("", "")) -> None:
        self._folder = folder
        self._passing, self._lasting = stands_for

    def find(self, url: str) -> CachedResponse | None:
        """Return the response kept for `url`; None if there is none or its file is damaged."""
        try:
            head, _, body = _unpacked(self._path(url)).partition(b"\n")
            about = json.loads(head)
            headers = MappingProxyType(dict(about["headers"]))
            final_url = _swap(about["final_url"], self._lasting, self._passing)
            return CachedResponse(
                Response(url, final_url, int(about["status"]), headers, body), float(about["fetched"])
            )
        except FileNotFoundError:
            return None
        except (OSError, Torn, TooLarge, ValueError, KeyError, TypeError, RecursionError):
            return None  # requested again, and overwritten

    def keep(self, url: str, response: Response, fetched: float) -> None:
        """Save the response for `url`, over an older one. Raises OSError."""
        about = {
            "url": _swap(url, self._passing, self._lasting),
            "final_url": _swap(response.final_url, self._passing, self._lasting),
            "status": response.status,
            "headers": {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers},
            "fetched": round(fetched, 3),
        }
        write_whole(self._path(url), gzip.compress(json.dumps(about).encode() + b"\n" + response.body, 6, mtime=0))

    def drop_mentions(self, words: Collection[str]) -> int:
        """Remove every response with one of `words` in its URL or body. Return how many there were."""
        plain = [word.encode("utf-8", "surrogatepass") for word in words]
        patterns = re.compile(b"|".join(map(re.escape, plain + [word.replace(b"/", b"\\/") for word in plain])))
        dropped = 0
        for path in self._folder.glob("*.gz"):
            try:
                mentions = patterns.search(_unpacked(path)) is not None
            except (OSError, Torn, TooLarge):
                mentions = True  # damaged, of no use
            if mentions:
                path.unlink(missing_ok=True)
            dropped += mentions
        return dropped

    def _path(self, url: str) -> Path:
        return self._folder / f"{key_of(_swap(url, self._passing, self._lasting))}.gz"


def _unpacked(path: Path) -> bytes:
    """Return the content of a file of the cache. Raises OSError, Torn or TooLarge."""
    with path.open("rb") as file:
        return decompress(iter(lambda: file.read(_CHUNK), b""), "gzip", ANSWER_BYTES + _HEAD_BYTES)


def _swap(url: str, old: str, new: str) -> str:
    return new + url[len(old) :] if old and url.startswith(old) else url
