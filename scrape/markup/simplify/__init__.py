"""Any HTML to bare markup: all its visible words, its paragraphs, headings, lists, bold and emphasis, and no more.

    html -> tokens -> lines -> items -> blocks

`tokens` finds the tags as a browser does. `blocks` walks over them once and keeps what is visible, as a flat list of
lines that know their list and its depth, the text of each as `inline` spans of one style. `bullets` makes items of
lines that begin with a typed bullet. `writer` writes the lines in the language of `scrape.markup.grammar`. Nothing is
recursive and every step takes linear time, so no input is too deep or too long; every step also accepts any input.

Visible is all text but the content of script, style, title, noscript, template and the like, comments, the values of
form fields, and elements with `hidden` or an inline `display: none`. Style sheets are not read.

Simplifying bare markup again changes nothing, because each step leaves it alone: its tags keep their meaning, its
lines are already normalized, no bullet lines stand together, and no list is too deep.
"""

from __future__ import annotations

from scrape.markup.grammar import normalize
from scrape.markup.simplify.blocks import read_lines
from scrape.markup.simplify.bullets import itemize
from scrape.markup.simplify.tokens import tokens
from scrape.markup.simplify.writer import write_blocks


def simplify(html: str) -> str:
    """Return the visible content of `html`, a page or a fragment, as bare markup blocks; "" where it shows nothing.

    Pure and idempotent; no text makes it fail. Headings become `h4`. Lists deeper than `MAX_DEPTH` continue in the
    deepest one allowed. Text in a list but in no item becomes an item, and so does what follows a list inside an
    item, as that has no other place. The cells of a table row are one paragraph, as long as each is one line.
    """
    return write_blocks(itemize(read_lines(tokens(html))))


def page_title(html: str) -> str:
    """Return the text of the first `title` element of a page on one line; "" where there is none."""
    texts: list[str] | None = None
    for token in tokens(html):
        if token[0] == "start" and token[1][0] == "title":
            texts = []
        elif texts is not None and token[0] == "text":
            texts.append(token[1])
        elif texts is not None:
            break
    return normalize("".join(texts or ())).strip()
