"""Scrub personal information: replace e-mail addresses and telephone numbers, which a network would memorize.

A document is searched as a reader sees it: without the tags inside a line, and with each character as its ASCII equal.
So a number is found whichever dashes, digits and spaces it has, and an address whichever sign stands for the @.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from scrape.markup.ascii import ascii_equal

EMAIL, PHONE = "[e-mail]", "[phone]"

_tag = re.compile(r"</?(?:b|em)>")
_marks = "\u0300-\u036f\u20d0-\u20f0\xad\u200b-\u200f\u2060-\u2064\ufeff"
# Tags, entities, marks and joiners. A pattern that begins with a set of characters is found three times as fast.
_unseen = re.compile(rf"[<&{_marks}](?:(?<=<)/?(?:b|em)>|(?<=&)(?:amp|lt|gt);|(?<![<&])[{_marks}]*)")
_unlike_ascii = re.compile(r"[^\n -}]+")
_emptied = re.compile(r"<(b|em)>( ?)</\1>")
_spaces = re.compile(r" {2,}")

# An address has a name, a sign for the @, and a domain whose last part begins with no digit, as a version's does
# ("left-pad@1.3.0"). Possessive repetition, and a beginning that is never inside a name, keep the time linear.
_OPENING, _CLOSING = r" ?[\[({&|*] ?", r" ?[\])}&|*] ?"
_AT = rf"(?:@|{_OPENING}(?:at|@|arroba){_CLOSING})"
_DOT = rf"(?:\.|{_OPENING}(?:dot|punkt|point|punto|\.){_CLOSING})"
_NAME = r"(?<![\w.+%-])(?<!\w')[\w.+%-]++(?:'[\w.+%-]++)*+"
_IN_WORDS = r" at (?:[\w-]++ dot )+(?:com|org|net|edu|gov|info|io|ai|co|uk|de|fr|in|eu|example)(?!\w)"
_SPACED = r" @ (?-i:(?:[a-z0-9-]++\.)+[a-z]{2,}+)(?!\w)"
_EMAIL = rf"{_NAME}(?:{_AT}(?:[\w-]++{_DOT})+(?!\d)\w[\w-]*+|{_SPACED}|{_IN_WORDS})"
_email = re.compile(_EMAIL, re.IGNORECASE | re.ASCII)
_email_beyond_ascii = re.compile(_EMAIL, re.IGNORECASE)
_maybe_at = re.compile(rf"{_OPENING.removeprefix(' ?')}(?i:at|arroba){_CLOSING}")
_maybe_dot = re.compile(" [dD][oO][tT] ")

# These are telephone numbers wherever they stand: ten digits grouped as North America writes them, and a number that
# begins with + and a country code. Dates, pay, years and job numbers have other groups, and no + in front.
_GAP = r"(?: ?[.\-/]{1,2} ?| )"
_NORTH_AMERICA = (
    r"(?:\(?(?:\+ ?|00)?1\)?[ .\-/]{0,3})?"
    rf"(?:\(\d{{3}}\)[ .\-/]{{0,3}}\d{{3}}{_GAP}?|\(?\d{{3}}{_GAP}\d{{3}}{_GAP})\d{{4}}"
)
_INTERNATIONAL = r"\(?\+\(?\d{1,3}\)?[ .\-/]{0,3}(?:\(\d{0,5}\)[ .\-/]{0,3})?\d(?:[ .\-/()]{0,3}\d){5,12}+"
_EXTENSION = r"(?:,? ?(?:x|ext\.?|extension|durchwahl|poste):? ?\d{1,6}(?!\d))?"

# These are telephone numbers after a cue only. French ones have five pairs; others are told by their number of digits.
_NATIONAL = r"0[1-9](?:[ .\-]\d\d){4}(?!\d)|(?:\+ ?)?\(?\d(?:[ .\-/()]{0,3}\d){6,14}+"
_phone = re.compile(
    rf"(?<!\w)(?:(?P<anywhere>(?:{_NORTH_AMERICA}|{_INTERNATIONAL})(?!\d){_EXTENSION})|{_NATIONAL})",
    re.IGNORECASE | re.ASCII,
)
_maybe_phone = re.compile(r"\d(?:[^\w\n]{0,4}\d){6}")
_digits = re.compile(r"[0-9]+")

# A cue is close if nothing but punctuation, tags and small words stands between it and the number.
_LINES = (
    r"tel(?:e?fono?|efax|efoon|ephon(?:e[rz]?)?)?|(?:cell|mobile|smart)? ?phone|fone?|ph|phone=|mob(?:ile?)?|fax"
    r"|hotline|helpline|landline|whats ?app|viber|call|dial|ring|handy|ruf|festnetz|durchwahl|portable|appele[zr]"
    r"|wa\.me/"
)
_NUMBER = r"(?:[ .-]{0,2}(?:nummer|number|numero|num|nr|no|n))?"
_ASKS = (
    r"contact(?:e[rz])?|reach|cell|(?:my|our) number|r(?:ue|u)ckfragen?|text|sms|signal|kontakt|rufen|anrufen"
    r"|telefonisch|erreich(?:en|bar)|joindre|joignable"
)
_BETWEEN = (
    r"(?:[^\w\[$€£]|\[(?:phone|e-mail)\]|</?\w{1,2}/?>"
    r"|\b(?:us|me|now|today|directly|line|at|on|is|our|unter|uns|an|au|sur|le|or|and|oder|und|ou|et|via|hr|office)\b){0,12}"
)
_cue = re.compile(
    rf"(?P<close>(?:(?<![a-z])(?:(?:{_LINES}){_NUMBER}(?![a-z])|[tmp]:)|[☎☏✆📞📱]){_BETWEEN}$)"
    rf"|(?<![a-z\[])(?:{_LINES}|{_ASKS})s?(?![a-z])[^\d$€£\[]{{0,60}}$",
    re.IGNORECASE | re.ASCII,
)
_CUE_REACHES = 64
_up_to_a_digit = re.compile(r".*[0-9]", re.DOTALL)
_of_another_kind = re.compile(
    r"\b(?:ref\w*|id|req\w*|job|code|pin|kennziffer|stellen\w*|order|case|ticket|account|meeting|passcode|isbn|vat|siret"
    r"|iban|box|version|licen[cs]e|pay|salary|budget|between|from|quot\w+)\b",
    re.IGNORECASE | re.ASCII,
)
_YEAR, _CLOCK = r"(?:19|20)\d\d", r"(?:(?:[01]\d|2[0-4])[0-5]\d|[012]?\d\.[0-5]\d)"
_DATE_OR_MEASURE = (
    rf"\(?(?:\d\d?[ ./-]\d\d?[ ./-]{_YEAR}|{_YEAR}[ ./-]\d\d?[ ./-]\d\d?|{_YEAR}[ ./-]{{1,3}}{_YEAR})\b"
    rf"|{_CLOCK} ?- ?{_CLOCK}(?! ?\d)|\d\d?\.\d[ /-]"
)
_THOUSANDS = r"[1-9]\d{0,2}(?:[ .]\d{3})*[ .]000$"
_thousands = re.compile(rf"\+{_THOUSANDS}")
_another_number = re.compile(
    rf"{_DATE_OR_MEASURE}|0[.,/-]|{_THOUSANDS}|\d{{1,2}}(?:[ .]\d{{3}}){{2}}$|[1-9]\d*0000$", re.ASCII
)
_local = re.compile(r"\d?[.-]?\d{3}[.-]\d{4}$")
_asked_at = re.compile(r"(?:\b(?:at|on)|contact):? \(?$", re.IGNORECASE)
_inside_a_number = re.compile(r"(?:\d[.,:/-]|[a-z]-|[$€£] ?|[+_])$", re.IGNORECASE | re.ASCII)
_goes_on = re.compile(r"\d|[a-z](?![a-z])|[a-z]{1,20}\d|\.\d|-[a-z]*\d| ?[%€]", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A text without e-mail addresses and telephone numbers, and the number of each that it had."""

    text: str
    emails: int = 0
    phones: int = 0


def scrub(text: str) -> Scrubbed:
    """Replace each e-mail address and telephone number by a placeholder, also where tags divide it.

    A document stays a document: tags inside what is replaced stay, but for those that would be empty.
    """
    view, counts = _view(text), Counter[str]()
    for placeholder, may_have, finds in _KINDS:
        if may_have(view.seen):  # most postings have nothing of the kind
            for find in finds:
                text, count = _replace(text, view, placeholder, find)
                counts[placeholder] += count
                view = _view(text) if count else view
    return Scrubbed(text, counts[EMAIL], counts[PHONE])


class _Equals(dict[int, str]):
    """The character that each character is searched as: its ASCII equal where that is one character, else itself."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        equal = ascii_equal(character)
        if unicodedata.category(character) == "Pd" or character in "⁃・~":
            equal = "-"
        elif character in "。｡":
            equal = "."
        elif unicodedata.category(character) == "Nd":
            equal = str(unicodedata.decimal(character))
        self[code] = equal if len(equal) == 1 else "☎" if character == "℡" else character
        return self[code]


_equals = _Equals()


@dataclass(slots=True)
class _View:
    """The visible text of a document, and where in the document each of its characters stands."""

    seen: str
    starts: list[int] = field(default_factory=list)  # of each piece between tags, in `seen`
    shifts: list[int] = field(default_factory=list)  # from there to its place in the document

    def position(self, index: int) -> int:
        """Return where in the document the character at `index` of `seen` stands."""
        return index + self.shifts[bisect_right(self.starts, index) - 1]


def _view(text: str) -> _View:
    pieces, length, position = [], 0, 0
    view = _View("")
    for start, end in [*(unseen.span() for unseen in _unseen.finditer(text)), (len(text), len(text))]:
        start += text.startswith("&", start)  # which stays
        view.starts.append(length)
        view.shifts.append(position - length)
        pieces.append(text[position:start])
        length += start - position
        position = end
    view.seen = _unlike_ascii.sub(lambda found: found[0].translate(_equals), "".join(pieces))
    return view


_Find = Callable[[str], Iterator[tuple[int, int]]]


def _replace(text: str, view: _View, placeholder: str, find: _Find) -> tuple[str, int]:
    """Return `text` with a placeholder for each span that `find` finds in its visible text, and their number."""
    pieces, position, divided, count = [], 0, False, 0
    for start, end in find(view.seen):
        first, last = view.position(start), view.position(end - 1) + 1
        tags = _tag.findall(text, first, last)
        pieces += [text[position:first], placeholder, *tags]
        position, divided, count = last, divided or bool(tags), count + 1
    text = "".join([*pieces, text[position:]])
    if divided:
        for _ in range(2):  # an em in a b
            text = _emptied.sub(r"\2", text)
        text = _spaces.sub(" ", text)
    return text, count


def _may_have_email(seen: str) -> bool:
    return "@" in seen or bool(_maybe_at.search(seen) or _maybe_dot.search(seen))


def _may_have_phone(seen: str) -> bool:
    return bool(_maybe_phone.search(seen))


def _find_emails(seen: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _email.finditer(seen))


def _find_emails_beyond_ascii(seen: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _email_beyond_ascii.finditer(seen))


def _find_phones(seen: str) -> Iterator[tuple[int, int]]:
    before, position, end = "", 0, 0  # before: what stands before `end`, with the placeholders
    while found := _phone.search(seen, position):
        start = found.start()
        window = (before + seen[max(end, start - _CUE_REACHES) : start])[-_CUE_REACHES:]
        last = _end_of_phone(found, window)
        position = last or start + 1
        if last:
            yield start, last
            before, end = window + PHONE, last


def _end_of_phone(found: re.Match[str], before: str) -> int:
    """Return where the telephone number in `found` ends, or 0 if this is another number."""
    if digits := _up_to_a_digit.match(before):
        before = before[digits.end() - 1 :]  # no cue reaches across other digits
    written, length = found[0], 0
    cue = _cue.search(before)
    if cue and _of_another_kind.search(cue[0]):
        cue = None
    if found["anywhere"]:
        if cue or not (_inside_a_number.search(before) or _thousands.match(written)):
            length = len(written)
    elif cue and not _another_number.match(written):
        near = cue["close"] or (_local.match(written) and _asked_at.search(before))
        length = _length_of_national(written, 7 if near else 9)
    end = found.start() + length
    return end if length and not _goes_on.match(found.string, end) else 0


def _length_of_national(written: str, least: int) -> int:
    """Return the length of the telephone number that `written` begins with, or 0 where it is none.

    It has `least` digits or more. If these are nine, it also begins with 0, the prefix of a long-distance call in most
    countries, or has the ten digits of North America and India.
    """
    digits = "".join(_digits.findall(written))
    most = 12 if digits[0] == "0" and not digits.startswith(("00", "011")) else 15 if digits[0] == "0" else 13
    count = length = 0
    for group in _digits.finditer(written):
        if count + len(group[0]) > most or (count >= 10 and len(group[0]) < 3 and digits[0] != "0"):
            break
        count, length = count + len(group[0]), group.end()
    if least == 9 and digits[0] != "0":
        return length if count == 10 and digits[0] != "1" else 0
    return length if count >= least else 0


_KINDS: tuple[tuple[str, Callable[[str], bool], tuple[_Find, ...]], ...] = (
    (EMAIL, _may_have_email, (_find_emails, _find_emails_beyond_ascii)),
    (PHONE, _may_have_phone, (_find_phones,)),
)
