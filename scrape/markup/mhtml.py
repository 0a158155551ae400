"""MHTML (RFC 2557): a page with all that it shows in one file, as browsers save it."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message

SUFFIXES = (".mhtml", ".mht")


def page_part(data: bytes) -> tuple[bytes, str, str]:
    """Return the page in an MHTML file, its charset and its URL, each empty where the file does not say.

    The page is the root or else the first part that is HTML. Raises ValueError where it holds no page.
    """
    message = message_from_bytes(data)
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
