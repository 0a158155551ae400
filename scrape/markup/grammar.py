r"""The grammar of bare markup: its tags, what each may hold, and whether a text is in the language.

    document = "<html>\n" head block* "</html>\n"
    head     = "<h1>" text "</h1>\n" [ "<h2>" text "</h2>\n" ] [ "<h3>" text "</h3>\n" ]
    block    = "<p>" inline "</p>\n" | "<h4>" inline "</h4>\n" | list
    list     = "<ul>\n" item+ "</ul>\n" | "<ol>\n" item+ "</ol>\n"
    item     = "<li>" inline [ "\n" list ] "</li>\n"            lists at most MAX_DEPTH deep
    inline   = ( text | "<b>" ( text | em )+ "</b>" | em | "<br/>" )+        br neither first nor last
    em       = "<em>" text "</em>"
    text     = one or more characters, no two spaces in a row, < > & as entities; nothing is blank

The simplifier writes this language, the sampler is held to it, evaluation measures it and the pages rely on it.

Every tag carries its line break with it (`"</p>\n"` is one tag), so a document is a sequence of tags and
texts, and `State` says what may come next.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

MAX_DEPTH = 3

MAX_MARKS = 30
"""Combining marks in a row, as in the Stream-Safe Text Format of UAX #15: NFC takes quadratic time over long runs."""

HEAD = ("h1", "h2", "h3")
LISTS = ("ul", "ol")
BLOCKS = ("p", "h4", *LISTS)
BREAK = "br"
_INLINE = ("b", "em", BREAK)

HOLDS: dict[str, tuple[str, ...]] = {
    "html": (*HEAD, *BLOCKS),
    "h1": (),
    "h2": (),
    "h3": (),
    "p": _INLINE,
    "h4": _INLINE,
    "ul": ("li",),
    "ol": ("li",),
    "li": (*_INLINE, *LISTS),
    "b": ("em",),
    "em": (),
}
"""The elements that may stand directly in each element; HOLDS_TEXT has those that may hold text."""

HOLDS_TEXT = frozenset(HOLDS) - {"html", *LISTS}

OPEN = {tag: f"<{tag}>\n" if tag in ("html", *LISTS) else f"<{tag}>" for tag in HOLDS} | {BREAK: "<br/>"}
CLOSE = {tag: f"</{tag}>" if tag in ("b", "em") else f"</{tag}>\n" for tag in HOLDS}
END = CLOSE["html"]

_TEXT, _BLANK = "#text", "#blank"

_TAG_OF = {text: (tag, True) for tag, text in OPEN.items()} | {text: (tag, False) for tag, text in CLOSE.items()}

JOINERS = "\u200c\u200d"
"""Zero-width non-joiner and joiner, which `normalize` keeps only after a letter that they change."""

# Characters that a person cannot see or XML cannot hold: controls, soft hyphen, zero-width and bidi marks, variation
# selectors, surrogates, tags and noncharacters. The two joiners are a matter of their own, below.
_INVISIBLE = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
)
# Zero-width joiner and non-joiner change how a letter of Arabic, Indic, Burmese, Khmer and Mongolian script is written
# (The Unicode Standard, section 23.2, "Cursive Connection and Ligatures"); after any other character they show nothing.
_JOINED = "\u0620-\u07ff\u0860-\u0dff\u1000-\u109f\u1780-\u17ff\u1820-\u18aa\ufb50-\ufdff\ufe70-\ufefc"
# The look ahead spares most characters the long class.
_invisible = re.compile(f"(?![ -~])(?:[{_INVISIBLE}]+|(?<![{_JOINED}])[{JOINERS}])")
# Holds every run of more than 30 combining marks: none is a letter, a space or ASCII, and one is at most two in NFD.
_maybe_marks = re.compile(r"[^\w\s\x00-\x7f]{16,}")
_white = re.compile(r"[^\S ]\s*| \s+")  # all white space but a single space, which is most of it
_inline_tag = f"<(?:/?(?:b|em)|{BREAK}/)>"
_token = re.compile(f"{_inline_tag}|\n?<[^<>\n]*>\n?|[^<\n]+|.", re.DOTALL)
_endless_number = re.compile("&#[0-9]{1000,};?")
_not_text = re.compile(f"[<>{_INVISIBLE}]|  |[^\\S ]|&(?!(?:amp|lt|gt);)")


def normalize(text: str) -> str:
    """Return plain text with only characters that a document may hold: NFC, every run of white space one space.

    A space at either edge stays: between two inline elements it counts. Of a run of combining marks `MAX_MARKS` stay.
    """
    if text.isascii() and text.isprintable():
        return _white.sub(" ", text) if "  " in text else text
    shown = _maybe_marks.sub(_cap_marks, _invisible.sub("", text))
    return _white.sub(" ", unicodedata.normalize("NFC", shown))


def _cap_marks(found: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for character in found[0]:
        for part in unicodedata.normalize("NFD", character):
            marks = marks + 1 if unicodedata.combining(part) else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def escape(plain: str) -> str:
    """Return `plain` with its three special characters as entities."""
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Return `text` with its character references resolved; one that names no character becomes U+FFFD."""
    if "&" not in text:
        return text
    try:
        return html.unescape(text)
    except ValueError:  # Python reads no number of more than 4,300 digits; no character has such a number
        return html.unescape(_endless_number.sub("\ufffd", text))


@dataclass(frozen=True, slots=True)
class State:
    """A position in a document between two tags: the open elements, and what the innermost of them holds so far.

    `last` is what stands just before: the name of an element, `"#text"`, or `""` where the innermost element has
    just begun. `filled` is true once that element shows something.
    """

    stack: tuple[str, ...] = ()
    last: str = ""
    filled: bool = False

    @property
    def ended(self) -> bool:
        """True once the document is complete."""
        return not self.stack and self.last == "html"

    @property
    def takes_text(self) -> bool:
        """True where text may come next (two texts in a row are one)."""
        return bool(self.stack) and self.stack[-1] in HOLDS_TEXT and not self._item_is_over

    @property
    def _item_is_over(self) -> bool:
        return self.stack[-1] == "li" and self.last in LISTS

    def openings(self) -> tuple[str, ...]:
        """Return the elements that may begin here, the void `br` among them."""
        if not self.stack:
            return () if self.last else ("html",)
        inside = self.stack[-1]
        if self._item_is_over:
            return ()
        return tuple(tag for tag in HOLDS[inside] if self._may_open(inside, tag))

    def _may_open(self, inside: str, tag: str) -> bool:
        if inside == "html":
            return tag == "h1" if not self.last else _rank(tag) > _rank(self.last) or tag in BLOCKS
        if tag == BREAK:
            return self.filled
        if inside == "li" and tag in LISTS:
            return self.filled and self.last != BREAK and sum(name in LISTS for name in self.stack) < MAX_DEPTH
        return True

    @property
    def may_close(self) -> bool:
        """True where the innermost element may end."""
        return self.filled and self.last != BREAK

    def tags(self) -> tuple[str, ...]:
        """Return the tags that may come next, exactly as they are written."""
        opening = tuple(self.written(tag) for tag in self.openings())
        return (*opening, CLOSE[self.stack[-1]]) if self.stack and self.may_close else opening

    def written(self, tag: str) -> str:
        """Return the opening tag of `tag` as written here: a list inside an item begins on a line of its own."""
        return "\n" + OPEN[tag] if tag in LISTS and self.stack[-1] == "li" else OPEN[tag]

    def opened(self, tag: str) -> State:
        """Return the state after the opening tag of `tag`, which must be one of `openings()`."""
        return State(self.stack, BREAK, True) if tag == BREAK else State((*self.stack, tag))

    def closed(self) -> State:
        """Return the state after the innermost element ends."""
        return State(self.stack[:-1], self.stack[-1], True)

    def texted(self, blank: bool) -> State:
        """Return the state after a text; a `blank` one is all spaces."""
        return State(self.stack, _TEXT, self.filled or not blank)


def _rank(tag: str) -> int:
    return HEAD.index(tag) if tag in HEAD else len(HEAD)


class _KnownState:
    """A state that remembers what each tag or text led to, so that either costs one look-up."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.next: dict[str, _KnownState] = {}

    def follow(self, piece: str) -> _KnownState | None:
        """Return the state after a tag, or after _TEXT or _BLANK; None where it may not come."""
        known = self.next.get(piece)
        if known or not self.allows(piece):
            return known
        if piece in (_TEXT, _BLANK):
            after = self.state.texted(piece == _BLANK)
        else:
            name, opens = _TAG_OF[piece.removeprefix("\n")]
            after = self.state.opened(name) if opens else self.state.closed()
        self.next[piece] = _known_state(after)
        return self.next[piece]

    def allows(self, piece: str) -> bool:
        """Return whether the piece may come next."""
        return self.state.takes_text if piece in (_TEXT, _BLANK) else piece in self.state.tags()


@cache
def _known_state(state: State) -> _KnownState:
    return _KnownState(state)


def find_error(text: str) -> str | None:
    """Return what keeps `text` from being one document of bare markup, with its line; None where nothing does."""
    known = _known_state(State())
    for token in _token.finditer(text):
        piece = token[0]
        is_tag = len(piece) > 1 and "<" in piece
        if not is_tag and not _is_plain(piece) and (bad := _not_text.search(piece)):
            return _at(text, token.start() + bad.start(), _describe(bad[0]))
        after = known.follow(piece if is_tag else _BLANK if piece == " " else _TEXT)
        if after is None:
            shown = repr(piece if len(piece) <= 40 else piece[:37] + "...")
            inside = f"in <{known.state.stack[-1]}>" if known.state.stack else "outside the document"
            due = ", ".join(repr(tag) for tag in known.state.tags()) or "nothing"
            what = f"{'the tag' if is_tag else 'text'} {shown} {inside}, where {due} may come"
            return _at(text, token.start(), what)
        known = after
    return None if known.state.ended else _at(text, len(text), f"the text ends before {END.strip()}")


def _is_plain(piece: str) -> bool:
    """Return whether a text is in the language as most are: at a fifth of the time that looking for faults takes."""
    printable = piece.isascii() and piece.isprintable()
    return printable and not ("  " in piece or "&" in piece or "<" in piece or ">" in piece)


def _at(text: str, position: int, what: str) -> str:
    return f"line {text.count(chr(10), 0, position) + 1}: {what}"


def _describe(bad: str) -> str:
    if bad in "<>":
        return f"a bare {bad}"
    if bad == "&":
        return "an & that begins none of &amp; &lt; &gt;"
    return "two spaces in a row" if bad == "  " else f"the character U+{ord(bad):04X}"


_loose_tag = re.compile(r"(?<!\n)(?P<break>\n*+)<(?P<slash>/?)(?P<name>[a-z][a-z0-9]*)/?>")


def repair(text: str) -> str:
    """Return the nearest document to any text: close what is open, drop what may not stand, keep the words.

    A document stays as it is. A text without a title is called "Untitled".
    """
    writer = _Repairer()
    position = 0
    for found in _loose_tag.finditer(text):
        tag = found["name"]
        if tag not in OPEN:
            continue  # text, as all that is no tag of the language
        writer.text(unescape(text[position : found.start()] + (found["break"] if tag in _INLINE else "")))
        if found["slash"]:
            writer.close(tag)
        else:
            writer.open(tag)
        position = found.end()
    writer.text(unescape(text[position:]))
    return writer.end()


class _Repairer:
    """Write a document tag by tag, doing at each step only what the state allows."""

    def __init__(self) -> None:
        self.state = State().opened("html")
        self.written = [OPEN["html"]]
        self.texts: list[str] = []  # the parts of the text that stands after what is written, if the last is a text
        self.before_break = self.state  # the state before the latest run of line breaks
        self.opened_at: list[tuple[State, int]] = []  # for each open element below html: before it, and where

    def open(self, tag: str) -> None:
        """Begin an element, after closing those that may not hold it; leave the tag out where none may."""
        if tag != BREAK and any(tag in HOLDS[name] for name in self.state.stack):
            while tag not in self.state.openings() and self.opened_at:
                self._close_innermost()
        if tag not in self.state.openings():
            return
        self._write_text()
        if tag != BREAK:
            self.opened_at.append((self.state, len(self.written)))
        elif self.state.last != BREAK:
            self.before_break = self.state
        self.written.append(self.state.written(tag))
        self.state = self.state.opened(tag)

    def close(self, tag: str) -> None:
        """End an element and all in it; leave the tag out where none of that name is open."""
        if tag not in self.state.stack[1:]:
            return
        while self.state.stack[-1] != tag:
            self._close_innermost()
        self._close_innermost()

    def _close_innermost(self) -> None:
        """End the innermost element, or take it back where it shows nothing."""
        self._write_text()
        before, start = self.opened_at.pop()
        if self.state.last == BREAK:
            self.state = self.before_break
            while self.written[-1] == OPEN[BREAK]:
                self.written.pop()
        if not self.state.filled:
            del self.written[start:]
            self.state = before
            return
        self.written.append(CLOSE[self.state.stack[-1]])
        self.state = self.state.closed()

    def text(self, plain: str) -> None:
        """Add text, in a new element where none is open that may hold it."""
        shown = normalize(plain)
        if not self.state.takes_text:
            shown = shown.lstrip()
        if not shown:
            return
        if not self.state.takes_text:
            inside = self.state.stack[-1]
            if inside == "li":
                self._close_innermost()
            self.open("li" if inside in ("li", *LISTS) else "p" if self.state.last else "h1")
        self.texts.append(shown)
        self.state = self.state.texted(shown.isspace())

    def _write_text(self) -> None:
        if self.texts:
            self.written.append(escape(normalize("".join(self.texts))))
            self.texts.clear()

    def end(self) -> str:
        """Return the document, all elements closed."""
        while self.opened_at:
            self._close_innermost()
        if not self.state.last:
            self.text("Untitled")
            self._close_innermost()
        return "".join([*self.written, END])
