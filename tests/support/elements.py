"""Compare the elements that are found without a soup with those of a soup."""

from __future__ import annotations

from bs4.builder import HTMLTreeBuilder

from scrape.boards.elements import Element, head_elements
from scrape.boards.extract import page


def assert_same_elements(body: str) -> None:
    """Fail where `head_elements` finds other scripts, links or meta elements than BeautifulSoup does.

    The text of a script may differ in a last line break, which `page` adds to a page that ends in it.
    """
    found = page(body).find_all(["script", "link", "meta"])
    several = HTMLTreeBuilder.DEFAULT_CDATA_LIST_ATTRIBUTES["*"] | {"rel", "rev", "sizes"}
    wanted = [
        Element(tag.name, dict(tag.attrs), tag.get_text().rstrip("\n") if tag.name == "script" else "") for tag in found
    ]
    joined = [each._replace(attributes={n: _joined(v) for n, v in each.attributes.items()}) for each in wanted]
    plain = [
        each._replace(
            attributes={n: _joined(v.split()) if n in several else v for n, v in each.attributes.items()},
            text=each.text.rstrip("\n"),
        )
        for each in head_elements(body)
    ]
    assert plain == joined


def _joined(value: object) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)
