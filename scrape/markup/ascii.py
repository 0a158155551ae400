"""ASCII equivalents of characters, as a keyboard has them."""

from __future__ import annotations

import unicodedata

_EQUALS = {
    "'": "‘’‚‛′`´ʼ‹›",
    '"': "“”„‟″«»",
    "-": "‐‑‒–—―−•·∙●◦▪■□○►▶➢➤✓✔※",
    "...": "…",
    "*": "★☆✦✱×",
    "->": "→⇒➔",
    "<=": "≤",
    ">=": "≥",
    "(c)": "©",
    "(R)": "®",
    "ss": "ß",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "d": "đð",
    "D": "ĐÐ",
    "i": "ı",
}
_ASCII = {character: equal for equal, characters in _EQUALS.items() for character in characters}


def ascii_equal(character: str) -> str:
    """Return the ASCII equivalent of `character`, or "" where there is none: é -> e, ﬁ -> fi, – -> -, 日 -> ""."""
    known = _ASCII.get(character)
    plain = known or "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    return plain if plain.isascii() and plain.isprintable() else ""
