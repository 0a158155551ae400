"""Bytes and a Content-Type to text, as a browser would read them.

In the order of the WHATWG Encoding and HTML standards: byte order mark, Content-Type header, the page's own
declaration (`<?xml encoding>`, `<meta charset>`); then UTF-8 where the bytes are that, and windows-1252.
"""

from __future__ import annotations

import codecs
import re


def decode(body: bytes, content_type: str = "") -> str:
    """`body` as text without its byte order mark. Never raises: what is no character becomes U+FFFD."""
    name = declared(body, content_type) or ("utf-8" if _is_utf8(body) else "cp1252")
    return body.decode(name, "replace").removeprefix("\ufeff")


def declared(body: bytes, content_type: str = "") -> str | None:
    """The Python codec that mark, header or page declare, or None where none does or the name is unknown."""
    return _mark(body) or codec(header_charset(content_type)) or None


def _mark(body: bytes) -> str | None:
    marks = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
    return next((name for mark, name in marks if body.startswith(mark)), None)


def header_charset(content_type: str) -> str:
    found = re.search(r"charset=\"?([\w.:-]+)", content_type, re.IGNORECASE)
    return found[1] if found else ""


def codec(label: str) -> str | None:
    try:
        return codecs.lookup(label).name if label else None
    except LookupError:
        return None


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
