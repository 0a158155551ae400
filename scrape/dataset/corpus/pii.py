"""Scrub personal information: replace e-mail addresses and telephone numbers, which a network would memorize."""

from __future__ import annotations

import re
from dataclasses import dataclass

EMAIL, PHONE = "[e-mail]", "[phone]"

_AT = r"(?:@| ?[\[({] ?at ?[\])}] ?)"
_DOT = r"(?:\.| ?[\[({] ?dot ?[\])}] ?)"
_email = re.compile(rf"[\w.+%-]{{1,64}}{_AT}[\w-]+(?:{_DOT}[\w-]+)+", re.IGNORECASE)

# Ten digits grouped as North America writes them, or a number that begins with + and a country code. Dates,
# pay, years and job numbers have other groups, and no + in front.
_EXTENSION = r"(?:,? ?(?:x|ext\.?|extension) ?\d{1,6})?"
_NORTH_AMERICA = r"(?:\+?1[ .\-–/]{0,2})?(?:\(\d{3}\) ?|\d{3}[.\-–/ ])\d{3}[.\-–/ ]\d{4}"
_INTERNATIONAL = r"\+\d{1,3}[ .\-–/]{0,2}(?:\(0?\d{0,4}\)[ .\-–/]{0,2})?\d(?:[ .\-–/]{0,2}\d){5,12}"
_phone = re.compile(rf"(?<![\w$€£.,+\-–/])(?:{_NORTH_AMERICA}|{_INTERNATIONAL}){_EXTENSION}(?![\w\-–])", re.IGNORECASE)


# A quick test for what every address and every number has: most postings have neither.
_maybe_email = re.compile(r"@|[\[({] ?at ?[\])}]", re.IGNORECASE)
_maybe_phone = re.compile(r"\d{3}[)./\-– ]{1,2}\d{3}[./\-– ]\d{4}|\+\d")


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A text without e-mail addresses and telephone numbers, and the number of each that it had."""

    text: str
    emails: int = 0
    phones: int = 0


def scrub(text: str) -> Scrubbed:
    """Replace each e-mail address and telephone number by a placeholder."""
    emails = phones = 0
    if _maybe_email.search(text):
        text, emails = _email.subn(EMAIL, text)
    if _maybe_phone.search(text):
        text, phones = _phone.subn(PHONE, text)
    return Scrubbed(text, emails, phones)
