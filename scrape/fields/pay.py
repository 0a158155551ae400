"""Pay: that which a board states in fields of its own, and that which a posting states in its text.

Sums that cannot be the pay of a person are left out, never corrected; nothing is converted into another currency.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scrape.common.posting import Pay, Posting
from scrape.fields import places

_FACTS: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_SIGNS = {sign: code for code, facts in _FACTS["currencies"].items() for sign in facts["signs"]}
_PERIODS = {word: period for period, facts in _FACTS["periods"].items() for word in facts["words"]}
_SCALES = {"k": 1e3, "l": 1e5, "lpa": 1e5, "lac": 1e5, "lakh": 1e5, "cr": 1e7, "crore": 1e7}

_MARKS = (*_FACTS["currencies"], *_SIGNS, "LPA", "akh", "Lac", "rore")  # a line without one of them states no pay
_CURRENCY = "|".join(
    rf"(?<![A-Za-z]){re.escape(mark)}" if mark[0].isalpha() else re.escape(mark)
    for mark in sorted((*_FACTS["currencies"], *_SIGNS), key=len, reverse=True)
)
_NUMBER = (
    r"(?<![\d.,])(?:\d{1,3}(?:,\d{2,3})+(?:\.\d{1,2})?|\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?"
    r"|\d{1,3}(?:['’ ]\d{3})+|\d{1,9}(?:\.\d{1,2})?)(?![\d'’]|[.,]\d)"
)
_SCALE = r"\s?(?:k|K|LPA|[Ll]akhs?|[Ll]acs?|[Cc]rores?|L|Cr)\b"
_WORDS = "|".join(sorted(_PERIODS, key=len, reverse=True))
_PER = (
    rf"(?i:\s*\(?\s*(?:(?:per|an?|each|every|/)\s*(?:{_WORDS})|annually|yearly|annual|monthly|weekly|daily|hourly"
    r"|p/?[ahwd]|pcm)\b|\s*p\.[ahw]\.)"
)
_SUM = re.compile(
    rf"(?P<before>\((?:{_CURRENCY})\):?|{_CURRENCY})?\s?(?P<sign>[$£€₹])?\s?(?P<low>{_NUMBER})(?P<low_scale>{_SCALE})?"
    rf"(?:\s?(?P<mid>{_CURRENCY})(?!\w))?(?P<low_per>{_PER})?"
    rf"(?:\s*(?:[-–—]+|to|and|up to)\s*(?:{_CURRENCY})?\s?[$£€₹]?\s?(?P<high>{_NUMBER})(?P<high_scale>{_SCALE})?)?"
    rf"(?:\s?(?P<after>{_CURRENCY})(?!\w))?(?P<per>{_PER})?"
)
_NOT_AFTER = re.compile(
    r"\s*[-+]?\s*(?:%|million|billion|trillion|MM|[mb]n|[mMbB]\b)"
    r"|(?:-[a-z]+)?(?:[\s(]+(?!(?:plus|and|with|or|in|for|as|at|base|salary|depending)\b)[a-z][a-z/-]*){0,3}?[\s(-]+"
    r"(?:allowance|benefits?|bonus|bonuses|stipend|sign-?on|signing|gift|budget|reimbursement|award|prize|referral|credits?|grant"
    r"|voucher|insurance|coverage|revenue|sales|assets|fund|funding|savings)\b",
    re.IGNORECASE,
)
_NOT_BEFORE = re.compile(
    r"\b(?:insur\w+|mediclaim)\b(?:(?!salary|pay|compensation|wage)[^.;\n]){0,70}$"
    r"|\b(?:sum assured|raised|raising|revenues?|sales|funding|assets|savings|grants?|awards?|prizes?|budget"
    r"|allowance|stipend|reimburse\w*|gift|bonus|spend|spends|valued|valuation|tuition|invest\w*)\b[^.,;!?\n$£€₹\d]{0,30}$",
    re.IGNORECASE,
)
_PERIOD_BEFORE = re.compile(
    r"\b(hourly|daily|weekly|monthly|(?:per|an?) (?:hour|day|week|month)|day rate)\b", re.IGNORECASE
)
_OPEN = re.compile(
    r"\b(?:(?P<most>up ?to|maximum(?: of)?)|from|starting(?: at| from)?|at least|minimum(?: of)?)[\s@:]*$",
    re.IGNORECASE,
)
_OPEN_AFTER = re.compile(r"\+|\s*(?:(?:minimum|or more|and up)|(?P<most>maximum))\b", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_ASKED = re.compile(rf"(?P<before>{_CURRENCY})?\s*(?P<number>[^\s/]+?)\s*(?P<after>{_CURRENCY})?")
_BEFORE, _AFTER = 100, 80  # characters around a sum that are looked at


@dataclass(frozen=True, slots=True)
class StatedPay:
    """Pay that a text states; `text` is how it puts it."""

    text: str
    pay: Pay


def find_pay(text: str, location: str = "") -> StatedPay | None:
    """Return the first sum in `text` that can be a wage, or None.

    A bare `$` is the dollar of the country that `location` names, else that of the US. A sum without a period is that
    of a year, where it can be; else of the period that the words before it name.
    """
    for line in text.split("\n"):
        if not _DIGIT.search(line) or not any(mark in line for mark in _MARKS):
            continue
        line = " ".join(line.split())  # over runs of white space, the pattern would take quadratic time
        for found in _SUM.finditer(line):
            before = line[max(0, found.start() - _BEFORE) : found.start()]
            after = line[found.end() : found.end() + _AFTER]
            if not _currency(found) or _NOT_AFTER.match(after) or _NOT_BEFORE.search(before):
                continue
            if pay := _pay(found, before, after, location):
                return StatedPay(" ".join(found[0].split()), pay)
    return None


def read_pay(minimum: object, maximum: object, currency: object, period: object) -> Pay | None:
    """Return pay of the values of a board, or None where there is none or it cannot be that of a person.

    An amount may be a number or a text; one that is missing, or 0, leaves its end open. Without a period, an amount is
    that of a year. Raises nothing.
    """
    ends = sorted(end for end in (_amount(minimum), _amount(maximum)) if end)
    code = _code(currency)
    each = _period(period)
    if not ends or not each or not all(_is_plausible(end, code, each) for end in ends):
        return None
    if len(ends) == 2:
        return Pay(ends[0], ends[1], code, each)
    return Pay(ends[0], None, code, each) if _amount(minimum) else Pay(None, ends[0], code, each)


def first_pay(found: Iterable[tuple[object, object, object, object]]) -> Pay | None:
    """Return the first of several ranges of a board that `read_pay` can read."""
    return next(filter(None, (read_pay(*each) for each in found)), None)


def pay_of(posting: Posting, text: str) -> tuple[Pay | None, str]:
    """Return the pay of a posting and its source: `board`, `text` where only its text states it, or empty."""
    if posting.pay:
        return posting.pay, "board"
    stated = find_pay(text, posting.location)
    return (stated.pay, "text") if stated else (None, "")


def yearly(pay: Pay) -> float:
    """Return the upper end of pay for a year of full-time work; of pay without one, the lower end."""
    end = pay.maximum if pay.maximum is not None else pay.minimum
    return (end or 0.0) * float(_FACTS["periods"][pay.period]["times"])


def least_pay(text: str) -> tuple[float, str]:
    """Return `120000`, `£120k`, `10k EUR/month` or `45/hour` as the amount for a year; an argument type of argparse.

    The second value is the code of the currency that it names, or empty.
    """
    number, _, period = text.strip().partition("/")
    found = _ASKED.fullmatch(number[:_BEFORE])
    amount, each = _amount(found["number"]) if found else 0.0, _period(period)
    if not found or not amount or not each:
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount; write 120000, 120k, £10k/month or 45/hour")
    return amount * float(_FACTS["periods"][each]["times"]), _code(found["before"] or found["after"])


def currency(text: str) -> str:
    """Return the ISO 4217 code of a currency, given as code or sign; an argument type of argparse."""
    if code := _code(text):
        return code
    raise argparse.ArgumentTypeError(f"{text!r} is no currency; write its code, such as USD, GBP or EUR")


def show(pay: Pay) -> str:
    """Return pay as people write it: `120,000 - 150,000 USD yearly`."""
    ends = [f"{end:,.2f}".removesuffix(".00") for end in (pay.minimum, pay.maximum) if end is not None]
    if pay.minimum is None or pay.maximum is None:
        ends.insert(0, "from" if pay.maximum is None else "up to")
        return " ".join(filter(None, [*ends, pay.currency, pay.period]))
    return " ".join(filter(None, [" - ".join(dict.fromkeys(ends)), pay.currency, pay.period]))


def _pay(found: re.Match[str], before: str, after: str, location: str) -> Pay | None:
    """Return the pay of a sum in a text."""
    low, high = _scaled(found["low"], found["low_scale"]), _scaled(found["high"], found["high_scale"])
    if high and not found["low_scale"] and found["high_scale"] and low < 1000:  # $120-150k
        low = _scaled(found["low"], found["high_scale"])
    currency = _currency(found)
    if currency == "USD" and _is_bare_dollar(found):
        countries = {place.country for place in places.read(location) if place.country}
        currency = _FACTS["dollars"].get(countries.pop(), "USD") if len(countries) == 1 else "USD"
    ends = sorted((low, high or low))
    open_end = None if high else _OPEN.search(before) or _OPEN_AFTER.match(after)
    stated = _period_of(found["per"] or found["low_per"] or "")
    named = _PERIOD_BEFORE.findall(before)
    for period in [stated] if stated else ["yearly", *map(_period_of, named[-1:])]:
        if _is_plausible(ends[1], currency, period) and _is_plausible(ends[0], currency, period):
            if open_end and open_end["most"]:
                return Pay(None, ends[1], currency, period)
            return Pay(ends[0], None if open_end else ends[1], currency, period)
    return None


def _currency(found: re.Match[str]) -> str:
    """Return the code of a sum's currency; empty where none is named. `$90,000 CAD` is in Canadian dollars."""
    marks = [found[name].strip("():") for name in ("after", "mid", "before", "sign") if found[name]]
    codes = [mark for mark in marks if mark in _FACTS["currencies"]]
    if not marks and re.search("lpa|la[ck]|crore", (found["high_scale"] or found["low_scale"] or "").casefold()):
        return "INR"
    return codes[0] if codes else _SIGNS[marks[0]] if marks else ""


def _is_bare_dollar(found: re.Match[str]) -> bool:
    return {found[name] for name in ("after", "mid", "before", "sign")} <= {"$", None}


def _scaled(number: str | None, scale: str | None) -> float:
    if not number:
        return 0.0
    return _number(number) * _SCALES[(scale or "").strip().casefold().rstrip("s")] if scale else _number(number)


def _number(written: str) -> float:
    """Return a number as written in any country: `1,200.50`, `1.200,50`, `1'200`, `1 200`, `12,00,000`."""
    bare = re.sub("['’ ]", "", written)
    if re.search(r"\.\d{3}(?:\D|$)", bare):
        bare = bare.replace(".", "").replace(",", ".")
    return float(bare.replace(",", ""))


def _amount(value: object) -> float:
    """Return an amount of a board; 0 where there is none."""
    if isinstance(value, str) and (found := re.fullmatch(rf"[^\d-]{{0,4}}?({_NUMBER})({_SCALE})?\s*", value[:40])):
        value = _scaled(found[1], found[2])
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e12:
        return 0.0
    return float(value)


def _code(currency: object) -> str:
    written = currency.strip() if isinstance(currency, str) else ""
    return _SIGNS.get(written) or (written.upper() if re.fullmatch("[A-Za-z]{3}", written) else "")


@cache
def _period_of(written: str) -> str:
    """Return the period that a few words name; empty where they name none, or one that is not known."""
    short = re.sub(r"\bp/", "p", written.casefold().replace(".", ""))  # `p/h`
    words = re.findall(r"[^\W\d_]+|\d+(?:\.\d+)?", short)
    named = {_PERIODS[word] for word in words if word in _PERIODS}
    odd = any((word[0].isdigit() and word != "1") or word in ("bi", "semi", "half", "two") for word in words)
    return named.pop() if len(named) == 1 and not odd else ""


def _period(value: object) -> str:
    if value is None or value == "":
        return "yearly"
    return _period_of(value[:40]) if isinstance(value, str) else ""


def _is_plausible(amount: float, currency: str, period: str) -> bool:
    if currency not in _FACTS["currencies"]:
        return True
    low, high = _FACTS["currencies"][currency]["year"]
    return bool(low <= amount * _FACTS["periods"][period]["times"] <= high)
