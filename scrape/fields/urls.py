"""The canonical form of URLs, which tells whether two of them are the same page."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

_PORTS = {"http": ":80", "https": ":443"}  # the default ones
_TRACKING = re.compile(
    r"utm_.*|mc_[ce]id|gh_src|lever-(source|origin)|trk|fbclid|gclid|dclid|msclkid|yclid|igshid|_ga|_hs(enc|mi)",
    re.IGNORECASE,
)
_SOURCE = re.compile(r"ref|from|source|src", re.IGNORECASE)
_WEB = re.compile(r"https?://", re.IGNORECASE)


def is_web(url: str) -> bool:
    """Return whether `url` is a web URL; anything else is a path on this machine."""
    return _WEB.match(url) is not None


def link_of(url: str) -> str:
    """Return the URL of a posting if it is a web URL that can be shown and followed, else an empty string."""
    return url if is_web(url) and url.isprintable() else ""


def host_of(url: str) -> str:
    """Return the host (and port, where it is not the default one) of `url`, in lower case; empty where it has none."""
    parts = _split(url) if is_web(url) else None
    if not parts:
        return ""
    host = parts.netloc.rpartition("@")[2].lower()
    return _without_end(host, ".:", _PORTS.get(parts.scheme.lower(), "")).lstrip()


def canonical(url: str) -> str:
    """Return `url` without the parts that do not change the page, so that equal pages have equal URLs.

    Scheme and host in lower case, no default port, no user, no fragment, no tracking parameters, no slash
    at the end; the other parameters keep their order. A fragment that is a route (`#/jobs/7`) names the page
    and stays. Anything but a web URL with a host is returned as it is.
    """
    url = url.strip()
    parts, host = _split(url), host_of(url)
    if not parts or not host:
        return url
    query = urlencode([pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _tracks(*pair)])
    route = parts.fragment if parts.fragment.startswith(("/", "!")) else ""
    return urlunsplit((parts.scheme.lower(), host, _without_end(parts.path, "/"), query, route))


def _without_end(text: str, characters: str, word: str = "") -> str:
    """Return `text` without the spaces, `characters` and repetitions of `word` at its end, in linear time."""
    end = len(text)
    while end:
        if text[end - 1].isspace() or text[end - 1] in characters:
            end -= 1
        elif word and text.endswith(word, 0, end):
            end -= len(word)
        else:
            break
    return text[:end]


def _tracks(name: str, value: str) -> bool:
    """Return whether a parameter tracks the reader. `from=20` does not: a number may be a page."""
    names_source = _SOURCE.fullmatch(name) is not None and not value.isdecimal()
    return names_source or _TRACKING.fullmatch(name) is not None


def _split(url: str) -> SplitResult | None:
    """Return the parts of a URL, or None for one that cannot be parsed, such as `http://[oops/`."""
    try:
        return urlsplit(url)
    except ValueError:
        return None
