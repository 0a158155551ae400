"""Read text files that users name, and write whole files or none: beside the file, flush to the disk, rename."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from scrape.common.errors import InputError

READ_ONLY = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
"""Error numbers of a place that may not be written, where a cache can be done without."""


def read_text(path: Path, hint: str) -> str:
    r"""Return the text of the UTF-8 file `path`, with `\n` for line breaks and without a byte order mark.

    Raises InputError, with `hint` for what to name instead, where there is no such file or it is a folder; and where
    the file is not UTF-8.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder; {hint}")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(f"there is no {path}; {hint}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8") from error
    return text.replace("\r\n", "\n")


def write_whole(path: Path, content: bytes | str) -> None:
    """Replace `path` by `content` so that a reader, or a crash, sees the old file or the new one.

    Text is written as UTF-8 with its newlines untouched. Raises OSError; the old file then still stands.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    write_whole_with(path, lambda file: file.write(data))


def write_whole_with(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Replace `path` like `write_whole`, by content that `write` streams into the open file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two machines may write into one shared folder, so the number of the process alone is not enough.
    aside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with aside.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename is None:  # a full disk does not say where
            error.filename = str(path)
        aside.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # make the rename survive a power cut; Windows cannot open a folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def require_place(path: Path, option: str) -> Path:
    """Return `path`, a file that will be written. Raises InputError, which names `option`, where nothing can be.

    Call it before the work whose result the file is to hold.
    """
    for folder in path.parents:
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder} is a file; name another place with {option}")
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file with {option}")
    return path


def refuse_link(path: Path) -> Path:
    """Return `path`, a file that is written in place. Raises InputError for a link: its target is another's file."""
    if path.is_symlink():
        raise InputError(f"{path} is a link to {path.readlink()}, which would be overwritten; delete the link")
    return path
