"""The pay that a posting states in its text: `$120k to $150k`, `$31.50 an hour`, `£45,000 per annum`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_AMOUNT = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,2})?(?:\s?[kK]\b)?"
_PAY = re.compile(
    rf"(?P<currency>[$£€₹])\s?(?P<low>{_AMOUNT})(?P<between>\s*(?:[-–—]|to|and)\s*[$£€₹]?\s?(?P<high>{_AMOUNT}))?"
    r"(?:\s*(?:USD|CAD|GBP|EUR))?"
    r"(?P<per>\s*(?:per|an?|/)\s*(?P<unit>hour|hr|day|week|month|year|yr|annum)\b)?"
    r"(?!\s*(?:[mMbB]\b|million|billion|\+?\s?(?:MM|bn)))",
)
_A_YEAR = {"hour": 2080.0, "hr": 2080.0, "day": 260.0, "week": 52.0, "month": 12.0}
_PLAUSIBLE = range(12_000, 1_500_000)  # a year; other sums are prizes, budgets and meals


@dataclass(frozen=True, slots=True)
class Pay:
    """A stated pay. `yearly` is its upper end for a year of full-time work; `text` is how the posting puts it."""

    text: str
    currency: str
    yearly: float


def find_pay(text: str) -> Pay | None:
    """Return the first sum in `text` that can be a wage, or None."""
    for found in _PAY.finditer(text):
        top = max(_number(found["low"]), _number(found["high"] or found["low"]))
        if found["high"] and found["high"][-1] in "kK":
            top = max(top, _number(found["high"]))
        yearly = top * _A_YEAR.get(found["unit"] or "", 1.0)
        if int(yearly) in _PLAUSIBLE:
            return Pay(" ".join(found[0].split()), found["currency"], yearly)
    return None


def _number(amount: str) -> float:
    digits = amount.replace(",", "").rstrip("kK ").rstrip()
    return float(digits) * (1000 if amount[-1] in "kK" else 1)
