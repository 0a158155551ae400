"""The scripts, links and meta elements of a page, found without a tree: of most pages of a crawl nothing else is asked.

Tags are told from texts, comments, attributes, and the text of scripts and styles, by the rules of the HTML standard
(https://html.spec.whatwg.org/#tokenization). What lies between is passed over by one regular expression, which takes
less than half the time of a parser that tells of each tag.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from scrape.common.sizes import PAGE_BYTES
from scrape.markup.grammar import unescape

_WHITE = r"\t\n\f\r "
_TEXTS = ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes")  # they hold text and no tags
_NAMES = rf"(?=[ilmnpstxILMNPSTX])(?i:{'|'.join((*_TEXTS, 'link', 'meta', 'plaintext'))})(?=[{_WHITE}/>])"
_ATTRIBUTE = (
    rf"[{_WHITE}/]*+(?P<name>[^{_WHITE}/>][^{_WHITE}/>=]*+)(?:[{_WHITE}]*+=[{_WHITE}]*+"
    rf"""(?P<value>"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|(?=>)|[^{_WHITE}>"'][^{_WHITE}>]*+))?+"""
)
_TAG_END = rf"(?:{_ATTRIBUTE})*+[{_WHITE}/]*+>".replace("?P<name>", "?:").replace("?P<value>", "?:")

# Nothing is tried twice, so that the time is linear.
_passed = re.compile(
    rf"[^<]*+(?:<(?:(?!{_NAMES})/?+[a-zA-Z][^{_WHITE}/>]*+{_TAG_END}|(?!!--)[!?/][^>]*+>|(?![a-zA-Z!?/]))[^<]*+)*+"
)
_tag = re.compile(rf"<(?P<name>{_NAMES}){_TAG_END}")
_attribute = re.compile(_ATTRIBUTE)
_reference = re.compile(r"&(?:#\w+;?|\w+(?:;|(?![\w=])))", re.ASCII)  # in an attribute, `&copy=1` is none
_comment = re.compile(r"<!--(?:-?>|.*?(?:--!?>|\Z))", re.DOTALL)
_ends = {name: re.compile(rf"</(?i:{name})(?=[{_WHITE}/>])") for name in _TEXTS}
_in_script = re.compile(rf"<!(?=--)|-->|<(?P<slash>/?)(?i:script)(?=[{_WHITE}/>])")


class Element(NamedTuple):
    """An element of a page: its name, its attributes, and for a script its text."""

    name: str
    attributes: Mapping[str, str]
    text: str


def head_elements(body: str) -> list[Element]:
    """Return the scripts, links and meta elements of a page in order, wherever they stand.

    Raises ValueError for a page larger than `PAGE_BYTES`.
    """
    if len(body) > PAGE_BYTES:
        raise ValueError(f"a page of {len(body):,} characters; at most {PAGE_BYTES:,} are read")
    found: list[Element] = []
    position = 0
    while True:
        passed = _passed.match(body, position)
        position = passed.end() if passed else position
        if comment := _comment.match(body, position):
            position = comment.end()
            continue
        tag = _tag.match(body, position)
        if not tag:
            return found  # the end, or a tag that does not end
        name, position = tag["name"].lower(), tag.end()
        if name == "plaintext":
            return found
        end = _text_end(body, name, position) if name in _ends else position
        if name in ("script", "link", "meta"):
            found.append(Element(name, _attributes(tag), _clean(body[position:end])))
        position = end


def _text_end(body: str, name: str, start: int) -> int:
    """Return where the text of an element ends, which begins at `start`."""
    found = _ends[name].search(body, start)
    end = found.start() if found else len(body)
    if name != "script" or body.find("<!--", start, end) < 0:
        return end
    escaped = nested = False  # in a comment, and in a script inside it, whose end tag does not count
    for mark in _in_script.finditer(body, start):
        if mark["slash"] is None:
            escaped, nested = mark[0] == "<!", False
        elif not mark["slash"]:
            nested = escaped
        elif not nested:
            return mark.start()
        else:
            nested = False
    return len(body)


def _attributes(tag: re.Match[str]) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for found in _attribute.finditer(tag.string, tag.end("name"), tag.end()):
        value = found["value"] or ""
        if value[:1] in ('"', "'"):
            value = value[1:-1]
        if "&" in value:
            value = _reference.sub(lambda reference: unescape(reference[0]), value)
        attributes.setdefault(_clean(found["name"]).lower(), _clean(value))
    return attributes


def _clean(text: str) -> str:
    """Return a part of a page with line ends as a browser has them, and characters that a file can hold."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")  # without halves of surrogate pairs
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\0", "\ufffd")
