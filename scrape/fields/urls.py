"""The canonical form of URLs, which tells whether two of them are the same page."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

_HOST_ENDS = {  # what may stand at the end of a host and says nothing
    "http": re.compile(r"(?:[\s.:]|:80)+$"),
    "https": re.compile(r"(?:[\s.:]|:443)+$"),
    "": re.compile(r"[\s.:]+$"),
}
_TRACKING = re.compile(
    r"utm_.*|mc_[ce]id|gh_src|lever-(source|origin)|trk|fbclid|gclid|dclid|msclkid|yclid|igshid|_ga|_hs(enc|mi)",
    re.IGNORECASE,
)
_WHENCE = re.compile(r"ref|from|source|src", re.IGNORECASE)
_SLASHES = re.compile(r"[\s/]+$")
_WEB = re.compile(r"https?://", re.IGNORECASE)


def is_web(address: str) -> bool:
    """Return whether `address` is a web URL; anything else is a path on this machine."""
    return _WEB.match(address) is not None


def host_of(url: str) -> str:
    """Return the host (and port, where it is not the default one) of `url`, in lower case; empty where it has none."""
    parts = _split(url) if is_web(url) else None
    return _host(parts) if parts else ""


def canonical(url: str) -> str:
    """Return `url` with all that does not change the page taken away, so that equal pages have equal addresses.

    Scheme and host in lower case, no default port, no user, no fragment, no tracking parameters, no slash
    at the end; the other parameters keep their order. A fragment that is a route (`#/jobs/7`) names the page
    and stays. What is not a web address with a host comes back as it is.
    """
    url = url.strip()
    parts, host = _split(url), host_of(url)
    if not parts or not host:
        return url
    query = urlencode([pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _tracks(*pair)])
    route = parts.fragment if parts.fragment.startswith(("/", "!")) else ""
    return urlunsplit((parts.scheme.lower(), host, _SLASHES.sub("", parts.path), query, route))


def _tracks(name: str, value: str) -> bool:
    """Return whether a parameter says where the reader came from. A number may be a page (`from=20`), so that stays."""
    whence = _WHENCE.fullmatch(name) is not None and not value.isdecimal()
    return whence or _TRACKING.fullmatch(name) is not None


def _host(parts: SplitResult) -> str:
    ends = _HOST_ENDS.get(parts.scheme.lower(), _HOST_ENDS[""])
    return ends.sub("", parts.netloc.rpartition("@")[2].lower()).lstrip()


def _split(url: str) -> SplitResult | None:
    """Return the parts of an address, or None for one that cannot be taken apart, such as `http://[oops/`."""
    try:
        return urlsplit(url)
    except ValueError:
        return None
