"""Decoding of bytes with a Content-Type to text, as a browser does it.

In the order of the HTML standard (section "determining the character encoding"): byte order mark, Content-Type
header, the page's own declaration; then UTF-8 where the bytes are that, and windows-1252 where they are not.
Labels mean what the Encoding standard says (https://encoding.spec.whatwg.org/#names-and-labels): `iso-8859-1` is
windows-1252, `gb2312` is gb18030. The tables are those of w3lib, with the labels that it lacks.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from w3lib.encoding import resolve_encoding, to_unicode

# The standard lets a browser stop after 1024 bytes, since it can parse the page again when it meets a declaration
# further down. We read a page once, so we look as far as declarations occur in practice.
_LOOK_AT = 16 * 1024

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# The codecs that the Encoding standard knows, by Python's names. w3lib resolves all of Python's (punycode, rot13,
# utf-32, ...), which no page may ask for.
_CODECS = frozenset([
    "utf-8", "utf-16-le", "utf-16-be", "cp866", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "cp874", "cp932",
    "cp949", "gb18030", "big5hkscs", "euc_jp", "iso2022_jp", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255",
    "cp1256", "cp1257", "cp1258", "iso8859-2", "iso8859-3", "iso8859-4", "iso8859-5", "iso8859-6", "iso8859-7",
    "iso8859-8", "iso8859-10", "iso8859-13", "iso8859-14", "iso8859-15", "iso8859-16",
])  # fmt: skip
# Labels of the standard that w3lib lacks; a leading `x-` is dropped before.
_LABELS = {
    "utf-16": "utf-16-le",
    "unicode-1-1-utf-8": "utf-8",
    "unicode11utf8": "utf-8",
    "user-defined": "cp1252",
    "dos-874": "cp874",
    "cn-big5": "big5",
    "windows-949": "cp949",
    "windows-31j": "cp932",
    "iso-8859-8-i": "iso8859-8",
    "koi": "koi8-r",
    "koi8": "koi8-r",
    "koi8-ru": "koi8-u",
}

_ISO = re.compile(r"iso[-_]?8859[-_]?(\d+)")
_LABEL = re.compile(r"[a-z0-9][a-z0-9_.:()-]*")
_PARAMETER = re.compile(r';\s*([^\s=;,"]+)=("(?:[^"\\]|\\.)*"|[^\s;,"]*)\s*(?=[;,]|$)')
_XML = re.compile(rb"""\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([^"'>]*)["']""")
_META_CHARSET = re.compile(rb"""charset[\s]*=[\s]*(?:"([^"]*)"|'([^']*)'|([^\s;"'][^\s;]*))""", re.IGNORECASE)

_TAG = re.compile(rb"<(?:(!--)|(meta)(?=[\t\n\f\r /])|/?[a-z][^\t\n\f\r >]*|([!/?]))", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    rb"[\t\n\f\r /]*"
    rb"([^\t\n\f\r />][^\t\n\f\r />=]*)"
    rb"""(?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:"([^"]*)"|'([^']*)'|([^\t\n\f\r >"'][^\t\n\f\r >]*)|(?=>))|(?=[\t\n\f\r />]))"""
)
_TAG_END = re.compile(rb"[\t\n\f\r /]*>")


def decode(body: bytes, content_type: str = "") -> str:
    """Return `body` as text without its byte order mark. Never raises: invalid bytes become U+FFFD."""
    name = declared(body, content_type)
    if not name:
        try:
            return body.decode("utf-8").removeprefix("\ufeff")
        except UnicodeDecodeError:
            name = "cp1252"
    return to_unicode(body, name).removeprefix("\ufeff")


def declared(body: bytes, content_type: str = "") -> str | None:
    """Return the Python codec that mark, header or page declare; None where none does, or none that is known."""
    by_mark = next((name for mark, name in _MARKS if body.startswith(mark)), None)
    return by_mark or header_codec(content_type) or _page_codec(body)


def header_codec(content_type: str) -> str | None:
    """Return the Python codec for the charset of a Content-Type header; None where there is none that is known."""
    values = (value.strip('"') for name, value in _PARAMETER.findall(content_type) if name.lower() == "charset")
    return codec(next(filter(None, values), ""))


def codec(label: str) -> str | None:
    """Return the Python codec for an encoding label of the web, or None where no browser would know it."""
    label = label.strip("\t\n\f\r ").lower().removeprefix("x-")
    if not _LABEL.fullmatch(label):
        return None
    iso = _ISO.fullmatch(label)
    name = resolve_encoding(f"iso8859-{iso[1]}" if iso else _LABELS.get(label, label))
    return name if name in _CODECS else None


def _page_codec(body: bytes) -> str | None:
    """Return the encoding that the page declares. JSON and plain text, which may quote a page, declare none."""
    start = body[:_LOOK_AT]
    if not start.lstrip().startswith(b"<"):
        return None
    xml = _XML.match(start)
    labels = [xml[1].decode("latin-1")] if xml else _meta_labels(start)
    found = next(filter(None, map(codec, labels)), None)
    # A declaration that could be read as bytes is not in UTF-16; the standard then says UTF-8.
    return "utf-8" if found and found.startswith("utf-16") else found


def _meta_labels(start: bytes) -> Iterator[str]:
    """Yield the labels that the meta elements give, by the standard's prescan: no comments, no attribute values."""
    position = 0
    while tag := _TAG.search(start, position):
        comment, meta, other = tag.groups()
        if comment or other:
            end = start.find(b"-->" if comment else b">", tag.start() + 2)
            if end < 0:
                return
            position = end + 1
            continue
        attributes, position = _attributes(start, tag.end())
        if position < 0:
            return
        if meta and b"charset" in attributes:
            yield attributes[b"charset"].decode("latin-1")
        elif meta and attributes.get(b"http-equiv", b"").lower() == b"content-type":
            named = _META_CHARSET.search(attributes.get(b"content", b""))
            yield next(filter(None, named.groups()), b"").decode("latin-1") if named else ""


def _attributes(start: bytes, position: int) -> tuple[dict[bytes, bytes], int]:
    """Return the attributes of the tag whose name ends at `position`, and where the tag ends; -1 where it does not."""
    found: dict[bytes, bytes] = {}
    while not (end := _TAG_END.match(start, position)):
        attribute = _ATTRIBUTE.match(start, position)
        if not attribute or attribute.end() == len(start):
            return found, -1
        name, *values = attribute.groups()
        found.setdefault(name.lower(), next(filter(None, values), b""))
        position = attribute.end()
    return found, end.end()
