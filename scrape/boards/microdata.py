"""Microdata and RDFa Lite of a page as objects of the form that JSON-LD has.

Sources: https://html.spec.whatwg.org/multipage/microdata.html and https://www.w3.org/TR/rdfa-lite/. Read is what job
pages use: items, types, properties and their nested items. `itemref` and RDFa beyond Lite are not. A property whose
value is text keeps the markup of its element where that is the description of a posting.
"""

from __future__ import annotations

import re

from lxml import etree
from lxml.etree import _Element as Element

from scrape.boards.extract import tree
from scrape.boards.json_ld import Node

_URL_OF = {"a": "href", "area": "href", "link": "href", "img": "src", "data": "value", "meter": "value"}
_WITH_MARKUP = "description"
_ATTRIBUTE = re.compile("itemtype|typeof")
_TYPED = re.compile(r"""\b(?:itemtype|typeof)\s*=\s*["']?[^"'>]*\bJobPosting\b""", re.IGNORECASE)


def has_posting(body: str) -> bool:
    """Return whether an element of the page says that it is a JobPosting."""
    # Most pages lack the word, and looking for words takes a hundredth of the time that the pattern does.
    lowered = body.lower()
    if "jobposting" not in lowered:
        return False
    return any(_TYPED.match(lowered, attribute.start()) for attribute in _ATTRIBUTE.finditer(lowered))


def items(body: str) -> list[Node]:
    """Return the items of a page that are part of no other item, in order."""
    found: list[Node] = []
    around: dict[Element | None, Node | None] = {None: None}  # the innermost item at each element
    for element in tree(body).iter(etree.Element):
        item, owner = _item(element), around[element.getparent()]
        around[element] = item if item is not None else owner
        if owner is None:
            found += [item] if item is not None else []
            continue
        for name in _names(element):
            _add(owner, name, _literal(element, name) if item is None else item)
    return found


def _item(element: Element) -> Node | None:
    kinds = element.get("itemtype") or element.get("typeof") or ""
    if "itemscope" not in element.attrib and "typeof" not in element.attrib:
        return None
    return {"@type": kinds.split()} | ({"@id": given} if (given := element.get("itemid")) else {})


def _names(element: Element) -> list[str]:
    """Return the properties that an element is the value of, without the prefix of schema.org."""
    given = (element.get("itemprop") or element.get("property") or "").split()
    return [re.sub(r"^(?:schema:|https?://schema\.org/)", "", name) for name in given]


def _add(item: Node, name: str, value: Node | str) -> None:
    """Add a value of a property: a property with several values has a list."""
    known = item.setdefault(name, value)
    if isinstance(known, list) and name != "@type":
        known.append(value)
    elif known is not value:
        item[name] = [known, value]


def _literal(element: Element, name: str) -> str:
    for attribute in ("content", "datetime", _URL_OF.get(element.tag, "")):
        if attribute and (given := element.get(attribute)) is not None:
            return given
    if name == _WITH_MARKUP:
        return etree.tostring(element, encoding="unicode", method="html", with_tail=False)
    return " ".join("".join(map(str, element.itertext())).split())
