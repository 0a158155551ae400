"""MHTML (RFC 2557): a page with all that it shows in one file, as browsers save it."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from email.policy import Compat32

SUFFIXES = (".mhtml", ".mht")
_LONGEST_HEADER = 4000  # characters; the library takes quadratic time over the parameters of one


class _Policy(Compat32):
    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Return the name and the value of a header, the value cut to a length that is soon parsed."""
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_LONGEST_HEADER]


def page_part(data: bytes) -> tuple[bytes, str, str]:
    """Return the page in an MHTML file, its charset and its URL, each empty where the file does not say.

    The page is the root or else the first part that is HTML. Raises ValueError where it holds no page.
    """
    message = message_from_bytes(data, policy=_Policy())
    pages = [part for part in message.walk() if part.get_content_type() in ("text/html", "application/xhtml+xml")]
    start = _parameter(message, "start")
    root = next((part for part in pages if start and str(part.get("Content-ID", "")).strip() == start), None)
    part = root or next(iter(pages), None)
    if part is None:
        raise ValueError("no part of it is a page")
    body = part.get_payload(decode=True)
    url = str(part.get("Content-Location") or message.get("Snapshot-Content-Location") or "").strip()
    return body if isinstance(body, bytes) else b"", _parameter(part, "charset"), url


def _parameter(message: Message, name: str) -> str:
    value = message.get_param(name)
    return value.strip() if isinstance(value, str) else ""
