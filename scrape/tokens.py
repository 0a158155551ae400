"""HTML as a flat stream of tokens: where each tag begins and ends, by the rules that browsers follow.

One regular expression is the tokenizer of the HTML standard (https://html.spec.whatwg.org/#tokenization) as far
as it decides what is a tag and what is text. There is no tree, so nothing depends on how deep elements nest or on how
many attributes one has: the time is linear in the length of the input, whatever it is. (A tree cannot be had at this
price: libxml2 2.14 drops text below 2,048 levels even in its huge mode, and takes two minutes over one tag with
200,000 attributes.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

Token = tuple[str, str, str]
"""The text before a tag, entities resolved; the tag in lower case (`p`, `/p`; empty for a comment and at the end of the
input); its attributes as written."""

UNSEEN = ("script", "style", "title", "noscript", "iframe", "noembed", "noframes")
"""Elements whose content is raw text that no browser shows. Their content never enters the stream."""

_SPACE = r"[ \t\n\f\r]"
_NAME_ENDS = r"(?=[ \t\n\f\r/>]|\Z)"
_ATTRIBUTE = rf"""
    (?P<name>[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+)
    (?: {_SPACE}*+ = {_SPACE}*+ (?P<value> "[^"]*+(?:"|\Z) | '[^']*+(?:'|\Z) | [^ \t\n\f\r>"'][^ \t\n\f\r>]*+ )?+ )?+
"""
_ATTRIBUTES = rf"(?: [ \t\n\f\r/]++ | {re.sub('[?]P<(name|value)>', '?:', _ATTRIBUTE)} )*+"

# Every alternative that begins also ends, at the end of the input if need be, and gives nothing back once matched:
# that is what keeps the time linear.
_markup = re.compile(
    rf"""
    < (?: (?P<unseen>{"|".join(UNSEEN)}) {_NAME_ENDS} {_ATTRIBUTES} (?:>|\Z)
          (?: [^<]++ | <(?!/(?P=unseen){_NAME_ENDS}) )*+
        | (?P<tag>/?[a-z][^ \t\n\f\r/>]*+) (?P<attributes>{_ATTRIBUTES}) (?:>|\Z)
        | !-- (?: -?> | (?: [^-]++ | -(?!-!?>) )*+ (?:--!?>|\Z) )
        | (?: [!?] | /(?![a-z]) ) [^>]*+ (?:>|\Z)
      )
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_attribute = re.compile(_ATTRIBUTE, re.VERBOSE | re.ASCII)
_long_number = re.compile(r"&#(?:0*[1-9][0-9]{7,}|[xX]0*[1-9a-fA-F][0-9a-fA-F]{6,});?")


def tokens(html: str) -> Iterator[Token]:
    """The tags of `html` in order, each with the text before it; the last token is the text after the last tag."""
    pieces = _markup.split(html)
    pieces += ["", "", ""]
    each = iter(pieces)
    for text, _unseen, tag, attributes in zip(each, each, each, each, strict=True):
        yield resolve(text) if "&" in text else text, tag.lower() if tag else "", attributes or ""


def resolve(text: str) -> str:
    """`text` with its character references resolved; one that names no character becomes U+FFFD."""
    # Beyond 4,300 digits Python refuses to read a number, and long before that it is no character.
    return unescape(_long_number.sub("\ufffd", text) if "&#" in text else text)


def attributes_of(written: str) -> dict[str, str]:
    """The attributes of a tag, as `Token` has them: names in lower case, values plain; the first of a name counts."""
    found: dict[str, str] = {}
    for attribute in _attribute.finditer(written):
        value = attribute["value"] or ""
        bare = value.strip(value[0]) if value[:1] in ("'", '"') else value
        found.setdefault(attribute["name"].lower(), resolve(bare))
    return found
