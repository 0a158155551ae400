"""A posting's body as sections and blocks, and the HTML that a board's editors would have made of it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from scrape.demo.seeded_random import SeededRandom


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs of running text."""

    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list; `intro` (may be empty) leads into it. An item may hold a list of its own."""

    intro: str
    items: tuple[str | Items, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Pairs of a label and a value."""

    pairs: tuple[tuple[str, str], ...]


Block = Prose | Items | Facts


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """The HTML style of one employer. `{}` stands for the text."""

    heading: str
    listing: Callable[[Sequence[str], bool], str]
    facts: Callable[[Sequence[tuple[str, str]]], str]
    paragraph: str = "<p>{}</p>"
    bold: str = "b"
    emphasis: str = "em"
    curly: bool = False
    dash: str = " - "


def style(rng: SeededRandom) -> Style:
    return Style(
        heading=rng.choice(_HEADINGS),
        listing=rng.choice(_LISTINGS),
        facts=rng.choice(_FACTS),
        paragraph=rng.choice(_PARAGRAPHS),
        bold=rng.choice(("b", "strong")),
        emphasis=rng.choice(("em", "i")),
        curly=rng.chance(0.3),
        dash=rng.choice((" - ", " – ")),
    )


def without_lists(style: Style) -> Style:
    """Return the same style for an editor who knows no list: bullets typed by hand."""
    return replace(style, listing=typed_bullets)


def render(sections: Iterable[Section], style: Style) -> str:
    return "\n".join(_section(section, style) for section in sections)


def _section(section: Section, style: Style) -> str:
    heading = style.heading.format(_text(section.heading, style)).replace("?:", "?") if section.heading else ""
    return "\n".join(part for part in (heading, *(_block(block, style) for block in section.blocks)) if part)


def _block(block: Block, style: Style) -> str:
    if isinstance(block, Prose):
        return "\n".join(style.paragraph.format(_text(paragraph, style)) for paragraph in block.paragraphs)
    if isinstance(block, Facts):
        return style.facts([(_text(label, style), _text(value, style)) for label, value in block.pairs])
    intro = style.paragraph.format(_text(block.intro, style)) + "\n" if block.intro else ""
    return intro + _items(block, style)


def _items(block: Items, style: Style) -> str:
    return style.listing([_item(item, style) for item in block.items], block.ordered)


def _item(item: str | Items, style: Style) -> str:
    if isinstance(item, str):
        return _text(item, style)
    if style.listing is typed_bullets:
        return _text(f"{item.intro} {'; '.join(str(part) for part in item.items)}", style)
    return f"{_text(item.intro, style)}\n{_items(item, style)}"


def _text(text: str, style: Style) -> str:
    """Return characters as HTML, with this style's quotes and dashes and its tags for `*bold*` and `_emphasis_`."""
    text = text.replace(" - ", style.dash)
    text = html.escape(text.replace("'", "’") if style.curly else text, quote=False)
    text = re.sub(r"\*([^*]+)\*", rf"<{style.bold}>\1</{style.bold}>", text)
    return re.sub(r"\b_([^_]+)_\b", rf"<{style.emphasis}>\1</{style.emphasis}>", text)


def tagged_list(items: Sequence[str], ordered: bool) -> str:
    tag = "ol" if ordered else "ul"
    return f"<{tag}>\n" + "\n".join(f"<li>{item}</li>" for item in items) + f"\n</{tag}>"


def styled_list(items: Sequence[str], ordered: bool) -> str:
    """Return a list as word processors paste it, with styles and spans inside the items."""
    tag = "ol" if ordered else "ul"
    rows = "".join(f'<li style="font-size:14px" dir="ltr"><span>{item}</span></li>' for item in items)
    return f'<{tag} class="jd-list" style="margin-left:18px">{rows}</{tag}>'


def typed_bullets(items: Sequence[str], ordered: bool) -> str:
    if len(items) == 1:
        return f"<p>{items[0]}</p>"
    marks = [f"{number}." for number in range(1, len(items) + 1)] if ordered else ["•"] * len(items)
    return "<p>" + "<br>\n".join(f"{mark} {item}" for mark, item in zip(marks, items, strict=True)) + "</p>"


def table(pairs: Sequence[tuple[str, str]]) -> str:
    rows = "\n".join(f"<tr><td><strong>{label}</strong></td><td>{value}</td></tr>" for label, value in pairs)
    return f'<table class="facts" cellpadding="4">\n<tbody>\n{rows}\n</tbody>\n</table>'


def labelled_lines(pairs: Sequence[tuple[str, str]]) -> str:
    return "<p>" + "<br/>\n".join(f"<b>{label}:</b> {value}" for label, value in pairs) + "</p>"


def labelled_list(pairs: Sequence[tuple[str, str]]) -> str:
    return tagged_list([f"<strong>{label}:</strong> {value}" for label, value in pairs], ordered=False)


_HEADINGS = (
    "<h2>{}</h2>",
    "<h3>{}</h3>",
    "<h3>{}:</h3>",
    "<h4>{}</h4>",
    "<p><strong>{}</strong></p>",
    "<p><b>{}:</b></p>",
    '<h2 style="color:#2a4d69"><span>{}</span></h2>',
    '<div class="head"><strong>{}</strong></div>',
)
_LISTINGS = (tagged_list, tagged_list, tagged_list, styled_list, typed_bullets)
_FACTS = (table, labelled_lines, labelled_list)
_PARAGRAPHS = ("<p>{}</p>", "<p>{}</p>", '<p style="line-height:1.5">{}</p>', "<div>{}</div>", "<p><span>{}</span></p>")
