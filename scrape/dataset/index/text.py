"""Text as it is indexed and looked up: normalized, with words that the tokenizer of SQLite would miss spelt out.

These words are `C++`, `C#`, `.NET`, and Chinese and Japanese ones, which are written without spaces. They have a column
of their own, `special`.
"""

from __future__ import annotations

import re
import unicodedata

from scrape.markup.grammar import JOINERS, normalize

# Chinese characters and Japanese kana: each is a word of its own.
_CJ = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HAS_CJ = re.compile(f"[{_CJ}]")
_CJ_WORDS = re.compile(f"[{_CJ}]|[^\\W{_CJ}]+")
SPECIAL = re.compile(  # tried once at each word, so the time is linear
    rf"(?<!\w)[^\W{_CJ}]*+[{_CJ}]\w*|(?P<signs>(?<!\w)[^\W{_CJ}]++(?:\+\+|\#)(?!\w))|(?P<dotted>\.[^\W\d_]\w*)"
)
_HAS_SPECIAL = re.compile(rf"[+#]|\.[^\W\d_]|[{_CJ}]")  # most texts have none of these, which is seen quickly
_SIGNS = str.maketrans({"+": "plus", "#": "sharp", ".": "dot"})
_joiner = re.compile(f"[{JOINERS}]")


def searchable(text: str) -> str:
    """Return the text as words are compared: normalized, and without joiners, which some people type and others not."""
    return _joiner.sub("", normalize(text))


def special_words(text: str) -> str:
    """Return the words of a text that the tokenizer would miss, as they are indexed."""
    text = unicodedata.normalize("NFKC", text)
    found = map(special_word, SPECIAL.finditer(text)) if _HAS_SPECIAL.search(text) else ()
    return " 0 ".join(dict.fromkeys(found))  # the 0 keeps words apart that are not neighbours


def special_word(found: re.Match[str]) -> str:
    """Return a match of `SPECIAL` as it is indexed: `cplusplus` for `C++`."""
    if found["signs"] or found["dotted"]:
        return found[0].translate(_SIGNS)
    return " ".join(_CJ_WORDS.findall(found[0]))


def encodable(text: str) -> str:
    """Return the text with half characters, which SQLite cannot store, as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
