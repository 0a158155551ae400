"""The generated postings of a gallery, read from the text that `python -m charrnn.sample` writes beside it."""

from __future__ import annotations

from pathlib import Path

from scrape.common.errors import InputError
from scrape.markup import document, grammar

SAMPLES = Path("samples")
TEXTS = "postings.txt"  # the raw texts of a gallery


def newest_gallery() -> Path | None:
    """Return the text of the newest gallery; None where there is none."""
    return max(SAMPLES.glob(f"*/{TEXTS}"), key=lambda path: path.stat().st_mtime, default=None)


def read_samples(path: Path) -> list[str]:
    """Read the documents of a file, repaired where a network left a tag open. Raises InputError."""
    text = read_text_of(path, f"a {TEXTS}, or a posting in bare markup")
    found = [whole for part in document.split([text]) if part.strip() and (whole := grammar.repair(part))]
    if not found:
        raise InputError(f"{path} holds no posting; name a {TEXTS}, or a posting in bare markup")
    return found


def read_text_of(path: Path, expected: str) -> str:
    """Read a text in UTF-8. Raises InputError, with what was expected."""
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); name {expected}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 at byte {error.start}; name {expected}") from error
