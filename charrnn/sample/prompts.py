"""Read prompts, and check that the network knows their characters."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

from charrnn.data import texts
from scrape.common.errors import InputError
from scrape.markup import grammar
from scrape.markup.ascii import ascii_equal

_NAMED = 5  # unknown characters that an error names


def read_file(path: Path) -> str:
    r"""Return the prompt in the file `path`, with `\n` for line breaks.

    A final line break is left out unless it follows a tag: an editor added it. Raises InputError where there is no
    such file, or where it is not text.
    """
    text = texts.read_file(path, "name a file with --prime-file")
    return text if text.endswith(">\n") else text.removesuffix("\n")


def check_head(name: str, text: str, alphabet: Set[str]) -> None:
    """Check that the network knows every character of a head line, which an error calls `name`.

    Raises InputError that names each unknown character, its position, and what to write instead.
    """
    _check(name, grammar.normalize(text), {char: grammar.escape(char) for char in text}, alphabet)


def check_prime(name: str, text: str, alphabet: Set[str]) -> None:
    """Check that the network knows every character of `text`. Raises InputError as `check_head` does."""
    _check(name, text, {}, alphabet)


def _check(name: str, text: str, escaped: dict[str, str], alphabet: Set[str]) -> None:
    unknown = [(at, char) for at, char in enumerate(text) if not set(escaped.get(char, char)) <= alphabet]
    if not unknown:
        return
    equals = {char: closest(char, alphabet) for char in {char for _, char in unknown}}
    listed = ", ".join(
        f"{char!r} at {at} ({f'closest: {equals[char]!r}' if equals[char] else 'no equivalent'})"
        for at, char in unknown[:_NAMED]
    )
    more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
    corrected = "".join(equals.get(char, char) for char in text).strip()
    instead = f"use {corrected!r}" if corrected and len(corrected) < 100 else "replace them"
    raise InputError(f"{name} has characters that the network does not know: {listed}{more}; {instead}")


def closest(char: str, alphabet: Set[str]) -> str:
    """Return the closest equivalent of `char` in an alphabet: é -> e, — -> - or –, Q -> q; "" where there is none."""
    equal = ascii_equal(char)
    kin = (other for other in sorted(alphabet) if equal and ascii_equal(other) == equal)
    candidates = (equal, char.swapcase(), equal.swapcase(), *kin)
    return next((candidate for candidate in candidates if candidate and set(candidate) <= alphabet), "")
