"""JSON-LD documents of a page, including those with the faults that are common on the web.

A script is first read as JSON: one value or several, one after another. Where that fails, the `json-repair` package
reads it once more: it copes with comments, missing or extra commas, invalid escapes and unescaped quotes. It also turns
program code and cut-off scripts into values, so its result is used only where nothing of the text is lost.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import accumulate
from typing import Any

from scrape.boards.elements import Element

Node = dict[str, Any]

_MOST_REPAIRED = 32 * 1024  # characters of a page; the repair can take quadratic time, here two seconds
_DEEPEST_REPAIRED = 32  # open brackets; the repair takes quadratic time in depth
_LEAST_RETAINED = 0.9  # of the letters and digits of a script
_IN_COMMENT = re.compile(r"<!--((?:(?!-->).)*)-->", re.DOTALL)
_SURROUNDING = " \t\r\n;\ufeff"
_STRING = r'"(?:[^"\\]++|\\.)*+"?'  # an unclosed string extends to the end, so that no quote is tried twice
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?(?:\*/|\Z)|<!--.*?(?:-->|\Z)|<!\[CDATA\[|\]\]>", re.DOTALL)
# A name or a call as a value, or strings joined by a plus sign: program code, not data.
_CODE = re.compile(
    r"""["'][@\w]+["']\s*:\s*(?!(?:true|false|null|undefined|None|True|False)\b)[A-Za-z_$(`]|["']\s*\+\s*["'\w]"""
)
_SEPARATOR = re.compile(r"[\s\ufeff,;]*")
_NAME = re.compile(r"[@\w][\w:@./#-]{0,99}")


def documents(elements: Iterable[Element]) -> list[Any]:
    """Return the JSON-LD values of the scripts among the elements of a page, lists opened, in order.

    A script that cannot be repaired is left out.
    """
    found: list[Any] = []
    repairable = _MOST_REPAIRED
    for element in elements:
        kind = element.attributes.get("type", "").split(";")[0].strip().lower()
        if element.name != "script" or kind != "application/ld+json":
            continue
        for value in parse(element.text, repairable):
            found += value if isinstance(value, list) else [value]
        repairable -= len(element.text)
    return [document for document in found if document is not None]


def parse(source: str, repairable: int = _MOST_REPAIRED) -> list[Any]:
    """Return the values in the text of one script; an empty list where it is not JSON and cannot be repaired.

    A text of more than `repairable` characters is not repaired.
    """
    if '"' not in source and "&quot;" in source:
        source = html.unescape(source)
    source = source.strip(_SURROUNDING)
    if whole := _IN_COMMENT.fullmatch(source):
        source = whole[1].strip(_SURROUNDING)
    with suppress(ValueError, RecursionError):
        return _values(source)
    bare = _COMMENT.sub(lambda match: match[1] or "", source).strip(_SURROUNDING)
    with suppress(ValueError, RecursionError):
        return _values(bare)
    bracketed = (text for text in (source, bare) if text.startswith(("{", "[")) and text.endswith(("}", "]")))
    text = next(bracketed, "")
    return _repaired(text, bare) if 0 < len(text) <= repairable else []


def nodes(document: Any) -> Iterator[Node]:
    """Yield all objects inside `document`, in the order of the text."""
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
        waiting += reversed(node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())


def _values(source: str) -> list[Any]:
    """Return the JSON values that stand one after another. Raises ValueError or RecursionError."""
    decoder = json.JSONDecoder(strict=False)
    found, end = [], 0
    while end < len(source):
        value, end = decoder.raw_decode(source, end)
        found.append(value)
        separator = _SEPARATOR.match(source, end)
        end = separator.end() if separator else end
    return found


def _repaired(text: str, bare: str) -> list[Any]:
    """Return the values that json-repair finds; nothing where the text is code, too deep, or would lose content.

    `bare` is the text without comments.
    """
    import json_repair  # slow to load, and most pages need no repair

    if _CODE.search(bare):
        return []
    depths = accumulate(1 if bracket in "{[" else -1 for bracket in re.findall(r"[][{}]", text))
    if max(depths, default=0) > _DEEPEST_REPAIRED:
        return []
    try:
        value = json_repair.loads(text, skip_json_loads=True)
        written = json.dumps(value, ensure_ascii="\\u" in text)
    except (ValueError, RecursionError):
        return []
    least = _LEAST_RETAINED * min(_letters(text), _letters(bare))
    named = all(_NAME.fullmatch(name) for node in nodes(value) for name in node)
    return [value] if named and _letters(written) >= least else []


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))
