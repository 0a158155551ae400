"""SQLite files that are opened in place: never through a link, and computed again where they are damaged."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from scrape.common.files import write_whole

# The file may be whole: it is in use, it may not be written, or the disk is full.
_NOT_DAMAGE = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}


DATABASE_ERRORS = (sqlite3.Error, UnicodeDecodeError)  # the latter where a message quotes damaged text


def is_damage(error: Exception) -> bool:
    """Return True for an error that a new file cures, unlike a full disk, a lock or a missing permission."""
    if isinstance(error, sqlite3.ProgrammingError):
        return False
    code = getattr(error, "sqlite_errorcode", None)  # none where text is not UTF-8, or a value not what it should be
    return code is None or code & 0xFF not in _NOT_DAMAGE  # the low byte is the kind, the rest its details


def is_busy(error: BaseException | None) -> bool:
    """Return True for an error that tells that another process is writing the file."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def quick_check(database: sqlite3.Connection) -> None:
    """Read the structure of the whole file. Raises sqlite3.DatabaseError where it is damaged."""
    found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def is_as_left(path: Path) -> bool:
    """Return True where the file has the size and time that `leave` noted: it need not be checked again."""
    try:
        return _note(path).read_text("ascii", "replace") == _stamp(path)
    except OSError:
        return False


def leave(path: Path) -> None:
    """Note the size and time of a file that is known to be whole, in a hidden file beside it."""
    write_whole(_note(path), _stamp(path))


def _note(path: Path) -> Path:
    return path.with_name(f".{path.name}.checked")


def _stamp(path: Path) -> str:
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns}\n"
