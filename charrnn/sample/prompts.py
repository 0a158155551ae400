"""How a posting is to begin: what a person asked for, as text that the network can read."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

from scrape.common.errors import InputError
from scrape.markup import grammar
from scrape.markup.ascii import ascii_equal

_TOLD = 5  # of the unknown characters of one text


def read_file(path: Path) -> str:
    r"""The beginning that `path` holds, with `\n` for line breaks.

    A last line break that follows no tag is the editor's and not part of it. Raises InputError where there is no
    such file, or where it is not UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(f"there is no {path}; name a file with --prime-file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8") from error
    text = text.replace("\r\n", "\n")
    return text if text.endswith(">\n") else text.removesuffix("\n")


def check_head(what: str, text: str, alphabet: Set[str]) -> None:
    """Whether the network can read `text`, called `what`, as a line of a head.

    Raises InputError that names each unknown character, where it stands, and what to say instead.
    """
    _check(what, grammar.normalize(text), {char: grammar.escape(char) for char in text}, alphabet)


def check_prime(what: str, text: str, alphabet: Set[str]) -> None:
    """Whether the network can read `text`, called `what`. Raises InputError as `check_head` does."""
    _check(what, text, {}, alphabet)


def _check(what: str, text: str, written: dict[str, str], alphabet: Set[str]) -> None:
    unknown = [(at, char) for at, char in enumerate(text) if not set(written.get(char, char)) <= alphabet]
    if not unknown:
        return
    equals = {char: nearest(char, alphabet) for _, char in unknown}
    told = ", ".join(f"{char!r} at {at} ({_near(equals[char])})" for at, char in unknown[:_TOLD])
    more = f" and {len(unknown) - _TOLD} more" if len(unknown) > _TOLD else ""
    corrected = "".join(equals.get(char, char) for char in text).strip()
    instead = f"say {corrected!r}" if corrected and len(corrected) < 100 else "replace them"
    raise InputError(f"{what} has characters that the network never read: {told}{more}; {instead}")


def _near(equal: str) -> str:
    return f"nearest: {equal!r}" if equal else "nothing is near"


def nearest(char: str, alphabet: Set[str]) -> str:
    """What stands for `char` in an alphabet: é -> e, — -> - or –, Q -> q; "" where nothing does."""
    equal = ascii_equal(char)
    kin = (other for other in sorted(alphabet) if equal and ascii_equal(other) == equal)
    candidates = (equal, char.swapcase(), equal.swapcase(), *kin)
    return next((candidate for candidate in candidates if candidate and set(candidate) <= alphabet), "")
