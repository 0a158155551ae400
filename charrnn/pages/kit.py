"""What all pages share: elements that escape, a policy that lets nothing else run, and a second wall.

What a network wrote is hostile until escaped. A page is put together from `element`, which escapes every string it
is given. The one thing that goes in as it is, bare markup without attributes, goes through `walled`: nh3 (ammonia)
parses it as a browser would, and must find in it nothing but the tags that we wrote. A page loads nothing from
elsewhere and runs no script but one that its own policy names by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import nh3

from charrnn.pages.style import STYLE

GENERATOR = "Dream Jobs"
TAGS = {"p", "h2", "ul", "ol", "li", "b", "em", "br", "mark"}
"""What `walled` lets through, without any attribute."""

_VOID = ("img", "link", "meta", "input")


@dataclass(frozen=True, slots=True)
class Html:
    """Text that is HTML already. Only `element` and `walled` make it."""

    text: str


def element(tag: str, *children: str | Html, **attributes: str) -> Html:
    """An HTML element; strings are escaped, in it and in its attributes. `class_` is class, `http_equiv` http-equiv."""
    opening = " ".join([tag, *(f'{_attribute(name)}="{html.escape(value)}"' for name, value in attributes.items())])
    if tag in _VOID:
        return Html(f"<{opening}>")
    return Html(f"<{opening}>{_joined(children)}</{tag}>")


def walled(blocks: str) -> Html:
    """`blocks` as they are, if nh3 finds nothing but TAGS in them, each in its place; else their source as plain text.

    Void elements are written `<br>`, as HTML has them.
    """
    if nh3.clean(blocks, tags=TAGS, attributes={"*": set()}, link_rel=None) == blocks:
        return Html(blocks)
    return element("pre", blocks)


def facts(told: Mapping[str, str]) -> Html:
    """A table of terms and what is to be said of them."""
    rows = chain.from_iterable((element("dt", term), element("dd", text)) for term, text in told.items())
    return element("dl", *rows, class_="facts")


def whole(title: str, kind: str, *children: Html, images: str = "'none'", style: str = "", script: str = "") -> str:
    """A whole page; `kind` is the class of its body.

    `images` is the policy's source for images. `style` is added to the common one. `script` runs at the end of the
    page; without one the policy forbids all of them.
    """
    look = STYLE + style
    running = [element("script", Html(script))] if script else []
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(look, script, images)),
        element("title", title),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="robots", content="noindex"),
        element("meta", name="generator", content=GENERATOR),
        element("meta", name="referrer", content="no-referrer"),
        element("style", Html(look)),
    )
    lines: Iterator[str | Html] = chain.from_iterable((child, "\n") for child in [*children, *running])
    made = element("html", head, "\n", element("body", *lines, class_=kind), lang="en")
    return f"<!DOCTYPE html>\n{made.text}\n"


def foot(*lines: Html) -> Html:
    """The end of a page: `lines`, and whose fiction it is."""
    fiction = (
        f"Made by {GENERATOR}. These pages are fiction: do not apply, and do not take them for the words of any "
        "employer that they name."
    )
    return element("footer", *lines, element("p", fiction), class_="foot")


def _policy(style: str, script: str, images: str) -> str:
    scripts = f"; script-src {_hash(script)}" if script else ""
    return (
        f"default-src 'none'; style-src {_hash(style)}{scripts}; img-src {images}; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    """The source by which a policy names an inline style or script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _joined(children: Sequence[str | Html]) -> str:
    return "".join(child.text if isinstance(child, Html) else html.escape(child, quote=False) for child in children)
