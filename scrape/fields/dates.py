"""Dates as boards and pages write them, as ISO days."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

_FIRST_YEAR = 1990  # an earlier date is a default value, such as the year 1 or the epoch
_MILLISECONDS_FROM = 10**11  # as seconds this is the year 5138, as milliseconds 1973
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<name>{'|'.join(_MONTHS)})[a-z]*\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_FORMATS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?:T.*)?$",  # 20261101
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)",  # 2026-11-1
        r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})(?!\d)",  # 11/01/2026, as in the US
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?!\d)",  # 1.11.2026
        rf"(?:[a-z]+,?\s+)??{_MONTH}\s+{_DAY},?\s+(?P<year>\d{{4}})(?!\d)",  # Nov 1, 2026
        rf"(?:[a-z]+,?\s+)?{_DAY}\s+{_MONTH},?\s+(?P<year>\d{{4}})(?!\d)",  # 1 November 2026
    )
)


def day(moment: object) -> str:
    """Return the ISO day (`2026-11-22`) of a moment; an empty string for anything else.

    A moment is an epoch in seconds or milliseconds (its day in UTC), an ISO or RFC 822 date, or a date as people write
    it. `11/01/2026` is the first of November; a month above 12 is a day. Of a list, the first item that is a moment
    counts. Dates before 1990 are default values and count as none.
    """
    if isinstance(moment, list):
        return next(filter(None, map(day, (item for item in moment[:10] if not isinstance(item, list)))), "")
    if isinstance(moment, bool):
        return ""
    try:
        found = _date_of(moment[:64].strip()) if isinstance(moment, str) else _date_of_number(moment)
    except (ValueError, IndexError, TypeError, OverflowError, OSError):
        return ""
    return found.isoformat() if found.year >= _FIRST_YEAR else ""


def _date_of(written: str) -> date:
    """Return the date that a text begins with. Raises ValueError or a kin of it where there is none."""
    for form in _FORMATS:
        if found := form.match(written):
            parts = found.groupdict()
            month = _MONTHS.index(parts["name"].lower()) + 1 if "name" in parts else int(parts["month"])
            in_month = int(parts["day"])
            if month > 12 and "/" in written:
                month, in_month = in_month, month
            if form is not _FORMATS[0] or _FIRST_YEAR <= int(parts["year"]) < 2100:
                return date(int(parts["year"]), month, in_month)
    return _date_of_number(int(written)) if written.isdecimal() else parsedate_to_datetime(written).date()


def _date_of_number(number: object) -> date:
    if not isinstance(number, int | float):
        raise TypeError(f"{number!r} is no number")
    if isinstance(number, int) and _FIRST_YEAR * 10_000 <= number < 2100 * 10_000:
        return _date_of(str(number))
    return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS_FROM else number, UTC).date()
