"""Argument types for argparse, shared by the commands of both packages.

Each function returns the value of one argument, or raises argparse.ArgumentTypeError with what the argument must be.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def positive_int(text: str) -> int:
    """Return an integer of at least 1."""
    return _parse(text, int, lambda value: value >= 1, "a whole number of at least 1")


def non_negative_int(text: str) -> int:
    """Return an integer of at least 0."""
    return _parse(text, int, lambda value: value >= 0, "a whole number of at least 0")


def seed(text: str) -> int:
    """Return a seed of random numbers: an integer of 63 bits, which all generators take."""
    return _parse(text, int, lambda value: 0 <= value < 2**63, "a whole number from 0 to below 2**63")


def positive_float(text: str) -> float:
    """Return a finite number above 0."""
    return _parse(text, float, lambda value: 0 < value < math.inf, "a number above 0")


def non_negative_float(text: str) -> float:
    """Return a finite number of at least 0."""
    return _parse(text, float, lambda value: 0 <= value < math.inf, "a number of at least 0")


def probability(text: str) -> float:
    """Return a number from 0 to below 1."""
    return _parse(text, float, lambda value: 0 <= value < 1, "a number from 0 to below 1")


def fraction(text: str) -> float:
    """Return a number above 0 and below 1."""
    return _parse(text, float, lambda value: 0 < value < 1, "a number between 0 and 1")


def hours(text: str) -> float:
    """Return a number of hours, at least 0."""
    return _parse(text, float, lambda value: value >= 0, "a number of hours")


def port(text: str) -> int:
    """Return the number of a TCP port; 0 asks for a free one."""
    return _parse(text, int, lambda value: 0 <= value < 2**16, "a port; write a number below 65536")


def names(text: str) -> list[str]:
    """Return the names in a list separated by commas: at least one."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise argparse.ArgumentTypeError("at least one name is needed; separate several by commas, such as a,b")
    return found


def file_name(text: str) -> str:
    """Return a name that is safe as part of a file name on every system."""
    return _parse(
        text, str, lambda value: bool(re.fullmatch(r"\w[\w.-]*", value)), "a name of letters, digits, . - and _"
    )


def _parse(text: str, convert: Callable[[str], T], is_valid: Callable[[T], bool], expected: str) -> T:
    """Return the converted `text` where it is valid; `expected` completes the sentence "TEXT is not ..."."""
    try:
        value = convert(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not {expected}") from None
    if not is_valid(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not {expected}")
    return value
