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

_UNSEEN = ("script", "style", "title", "noscript", "iframe", "noembed", "noframes")
_LITERAL = ("textarea", "xmp", "plaintext")
_NAME = r"[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+"
_EQUALS = r"[ \t\n\f\r]*+ = [ \t\n\f\r]*+"
_VALUE = r"""(?: "[^"]*+(?:"|\Z) | '[^']*+(?:'|\Z) | [^ \t\n\f\r>"'][^ \t\n\f\r>]*+ )"""
_ATTRIBUTES = rf"(?: [ \t\n\f\r/]++ | {_NAME} (?: {_EQUALS} {_VALUE}?+ )?+ )*+"
_NAME_ENDS = r"(?=[ \t\n\f\r/>]|\Z)"

# Every alternative that begins also ends, at the end of the input if need be, and gives nothing back once matched:
# that is what keeps the time linear.
_markup = re.compile(
    rf"""
    < (?: (?P<raw>{"|".join(_UNSEEN + _LITERAL)}) {_NAME_ENDS} {_ATTRIBUTES} (?:>|\Z)
          (?P<content> (?: [^<]++ | <(?!/(?P=raw){_NAME_ENDS}) )*+ )
        | (?P<tag>/?[a-z][^ \t\n\f\r/>]*+) (?P<attributes>{_ATTRIBUTES}) (?:>|\Z)
        | !-- (?: -?> | (?: [^-]++ | -(?!-!?>) )*+ (?:--!?>|\Z) )
        | (?: [!?] | /(?![a-z]) ) [^>]*+ (?:>|\Z)
      )
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_attribute = re.compile(rf"(?P<name>{_NAME}) (?: {_EQUALS} (?P<value>{_VALUE})?+ )?+", re.VERBOSE | re.ASCII)
_endless_number = re.compile("&#[0-9]{1000,};?")


def tokens(html: str) -> Iterator[Token]:
    """The tags of `html` in order, each with the text before it; the last token is the text after the last tag.

    In an element whose content is text alone nothing is a tag but its end: a textarea's text is given as written,
    a script's is left out, as no browser shows it.
    """
    pieces = _markup.split(html)
    each = iter([*pieces, "", "", "", ""])
    for text, raw, content, tag, attributes in zip(each, each, each, each, each, strict=True):
        yield resolve(text), tag.lower() if tag else "", attributes or ""
        if content and raw.lower() in _LITERAL:
            yield "", raw.lower(), ""
            yield resolve(content) if raw.lower() == "textarea" else content, "", ""


def resolve(text: str) -> str:
    """`text` with its character references resolved; one that names no character becomes U+FFFD."""
    if "&" not in text:
        return text
    try:
        return unescape(text)
    except ValueError:  # Python reads no number of more than 4,300 digits; no character has such a number
        return unescape(_endless_number.sub("\ufffd", text))


def attributes_of(written: str) -> dict[str, str]:
    """The attributes of a tag, as `Token` has them: names in lower case, values plain; the first of a name counts."""
    found: dict[str, str] = {}
    for attribute in _attribute.finditer(written):
        value = attribute["value"] or ""
        quote = value[:1] if value[:1] in ("'", '"') else ""
        found.setdefault(attribute["name"].lower(), resolve(value.strip(quote) if quote else value))
    return found
