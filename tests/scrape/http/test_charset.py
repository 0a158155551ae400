"""Text from bytes: the standard's vectors where they stand beside the checkout, and our own samples always."""

from __future__ import annotations

import base64
import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrape.http import charset
from tests.support.files import json_lines


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("Zoë".encode("utf-8-sig"), "text/html; charset=iso-8859-1", "Zoë"),  # the mark is above the header
        ("Zoë".encode("utf-16"), "", "Zoë"),
        (codecs.BOM_UTF16_BE + "Zoë".encode("utf-16-be"), "text/html; charset=utf-8", "Zoë"),
        ('<meta charset="utf-8">Жук'.encode("cp1251"), "text/html; charset=windows-1251", '<meta charset="utf-8">Жук'),
        ("<meta charset=koi8-r>Жук".encode("koi8-r"), "text/html", "<meta charset=koi8-r>Жук"),
        ('<?xml version="1.0" encoding="ISO-8859-15"?><a>€</a>'.encode("iso8859-15"), "application/rss+xml", None),
        ("<p>Zoë".encode(), "text/html", "<p>Zoë"),
        ("<p>Zoë – 5 €".encode("cp1252"), "text/html", "<p>Zoë – 5 €"),
        ("“quoted”".encode("cp1252"), "text/html; charset=ISO-8859-1", "“quoted”"),  # latin-1 is cp1252 on the web
        ("<p>Zoë".encode(), "text/html; charset=nonsense", "<p>Zoë"),
        ("<meta charset='nonsense'><p>Zoë".encode(), "", "<meta charset='nonsense'><p>Zoë"),
        ('{"html": "<meta charset=koi8-r>Zoë"}'.encode(), "application/json", '{"html": "<meta charset=koi8-r>Zoë"}'),
        (b"ab\xffcd", "text/plain; charset=utf-8", "ab\ufffdcd"),
        (b"", "", ""),
    ],
)
def test_decode_follows_mark_then_header_then_page_then_guess(body: bytes, content_type: str, text: str | None) -> None:
    expected = '<?xml version="1.0" encoding="ISO-8859-15"?><a>€</a>' if text is None else text
    assert charset.decode(body, content_type) == expected


@pytest.mark.parametrize(
    ("page", "label"),
    [
        (b"<!-- <meta charset=koi8-r> --><meta charset=big5>", "big5hkscs"),
        (b'<p title="<meta charset=koi8-r>"><meta charset=big5>', "big5hkscs"),
        (b"<meta http-equiv=refresh content='0; charset=koi8-r'>", None),
        (b"<meta content='text/html; charset=koi8-r' http-equiv=Content-Type>", "koi8-r"),
        (b"<meta charset=utf-16>", "utf-8"),  # or we could not have read this
        (b"<meta charset=utf-7>", None),
        (b"<meta charset=rot13><meta charset=unicode_escape>", None),
        (b"<meta charset=koi8-r", None),
        (b"<!-- never closed <meta charset=koi8-r>", None),
        (b"<meta charset=koi8-r charset=big5>", "koi8-r"),
        (b"<p>" * 2000 + b"<meta charset=koi8-r>", "koi8-r"),
    ],
)
def test_page_declares(page: bytes, label: str | None) -> None:
    assert charset.declared(page) == label


@given(st.binary(max_size=300), st.text(max_size=60))
def test_decode_never_raises(body: bytes, content_type: str) -> None:
    charset.decode(body, content_type)
    charset.decode(b"<meta charset=" + content_type.encode("utf-8", "replace") + b">" + body)


@given(st.sampled_from(sorted(charset._CODECS)), st.binary(max_size=300))
def test_every_codec_decodes_any_bytes(name: str, body: bytes) -> None:
    assert charset.codec(name) == name
    charset.decode(body, f"text/html; charset={name}")


@given(st.text())
def test_utf8_survives(text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")
    if "\ufeff" not in text[:1] and not any("\ud800" <= char <= "\udfff" for char in text):
        assert charset.decode(body, "text/plain; charset=utf-8") == text


def test_a_hostile_page_ends_quickly() -> None:
    for piece in (b"<meta ", b"<a b=", b"<!--", b"<meta charset", b"='", b"<a " + b"x " * 50):
        charset.decode(b"<" + piece * 20_000)


def test_html5lib_encoding_rows(shared: Path) -> None:
    """All 82 unscripted rows; their fallback, windows-1252, is ours for bytes that are no UTF-8."""
    wrong = []
    for row in json_lines(shared / "vectors/encoding.jsonl"):
        if row["source"] == "html5lib-tests" and not row["scripted"]:
            found = charset.declared(base64.b64decode(row["data_b64"])) or "cp1252"
            if found != charset.codec(row["expected"]):
                wrong.append(row["id"])
    assert wrong == []


def test_content_type_rows(shared: Path) -> None:
    """37 of 39. The two others ask for utf-16 with a mark of its own and for utf-32, which browsers do not know."""
    differ = {
        row["content_type"]
        for row in json_lines(shared / "vectors/content_type_charset.jsonl")
        if charset.header_codec(row["content_type"] or "") != (row["charset"] and codecs.lookup(row["charset"]).name)
    }
    assert differ == {f"Content-Type: text/html; charset={name}" for name in ("utf-16", "utf-32")}
