"""Write and read sealed archives: tensors and plain values in one file, with its own checksum. Strangers may send one.

A file is what `torch.save` writes (a zip archive, loaded with `weights_only=True`) with the SHA-256 of everything
before it as the archive's comment. torch itself loads a damaged file without an error.

The checksum finds damage. Anybody can compute it, so it says nothing about intent: before anything is unpacked, the
archive's own sizes are checked. Its records must be stored as they are, as `torch.save` stores them: a deflated one can
unpack to a thousand times its size. torch maps them from the disk, so that no tensor reaches beyond the file.
"""

from __future__ import annotations

import hashlib
import io
import pickletools
import re
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from charrnn.model.memory import is_out_of_memory
from scrape.common.errors import InputError

TRAIN = "python -m charrnn.train"

_COMMENT = re.compile(rb"sha256:[0-9a-f]{64}")
_COMMENT_BYTES = 7 + 64
_CHUNK = 1 << 20
# What torch.save names in an archive of tensors. torch allows more, `bytearray(10**10)` among it.
_NAMES = re.compile(r"collections OrderedDict|torch\._utils _rebuild_tensor_v2|torch [A-Za-z0-9]+Storage")


def serialize(content: dict[str, Any]) -> bytes:
    """Return the bytes of a file that holds `content` (tensors and plain values) and its own checksum."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return seal(buffer.getvalue())


def seal(archive: bytes) -> bytes:
    """Return a zip archive without a comment with its checksum as the comment."""
    # It ends with the length of its comment, 0 so far, and the comment.
    body = archive[:-2] + _COMMENT_BYTES.to_bytes(2, "little")
    return body + b"sha256:" + hashlib.sha256(body).hexdigest().encode()


def deserialize(path: Path, form: str) -> dict[str, Any]:
    """Return what `serialize` wrote to `path`. Raises InputError where that is not a whole `form`.

    Takes memory for the content alone, which is never larger than the file.
    """
    try:
        with path.open("rb") as file:
            size = _check_seal(file, path)
            _check_records(file, size)
        content = torch.load(str(path), map_location="cpu", weights_only=True, mmap=True)
        content = _unmapped(content, _Budget(size))
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder; name one of its files, or best or last") from error
    except FileNotFoundError as error:
        raise InputError(f"there is no {path}; train a model with: {TRAIN}") from error
    except (InputError, OSError):
        raise
    except Exception as error:  # an archive with a good checksum and odd content raises whatever it hits
        if is_out_of_memory(error):
            raise
        raise InputError(f"{path} was not written by {TRAIN}; use another checkpoint") from error
    if not isinstance(content, dict) or content.pop("format", None) != form:
        raise InputError(f"{path} is not a {form!r}: another version or program wrote it; use another checkpoint")
    return content


def _check_seal(file: BinaryIO, path: Path) -> int:
    """Return the size of a file with a good checksum. Raises InputError for another."""
    size = file.seek(0, io.SEEK_END)
    body = max(size - _COMMENT_BYTES, 0)
    file.seek(body)
    comment = file.read()
    if not _COMMENT.fullmatch(comment):
        raise InputError(f"{path} is cut short, or was not written by {TRAIN}; use another checkpoint")
    file.seek(0)
    digest = hashlib.sha256()
    for start in range(0, body, _CHUNK):
        digest.update(file.read(min(_CHUNK, body - start)))
    if comment != b"sha256:" + digest.hexdigest().encode():
        raise InputError(f"{path} is damaged: its checksum does not fit its content; use another checkpoint")
    return size


def _check_records(file: BinaryIO, size: int) -> None:
    """Raise ValueError unless the archive unpacks to no more than its own size, and names nothing but tensors."""
    with zipfile.ZipFile(file) as archive:
        records = archive.infolist()
        if any(record.compress_type != zipfile.ZIP_STORED for record in records):
            raise ValueError("a record is compressed")
        if sum(record.file_size for record in records) > size:
            raise ValueError("the records are larger than the file")
        (pickled,) = (record for record in records if record.filename.endswith("/data.pkl"))
        for operation, argument, _ in pickletools.genops(archive.read(pickled)):
            named = operation.name in ("GLOBAL", "INST") and _NAMES.fullmatch(str(argument))
            if not named and operation.name in ("GLOBAL", "INST", "STACK_GLOBAL"):
                raise ValueError("it names something other than a tensor")


class _Budget:
    """Bytes that a content may still take. Shared parts count each time they occur."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise ValueError("the content is larger than the file")


def _unmapped(value: Any, budget: _Budget) -> Any:
    """Return `value` with a copy of each tensor in memory. Raises ValueError where they are larger than their file."""
    budget.take(1)
    if isinstance(value, Tensor):
        budget.take(value.nbytes)
        return value.clone()
    if isinstance(value, dict):
        return {_unmapped(key, budget): _unmapped(each, budget) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_unmapped(each, budget) for each in value)
    return value
