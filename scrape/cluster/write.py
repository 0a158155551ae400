"""The third stage: the postings of one shard that the survey keeps, as a part of the corpus."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from scrape.cluster.read import shard_path
from scrape.cluster.workplace import Workplace
from scrape.common.files import write_whole, write_whole_with
from scrape.dataset.corpus.compile import Manifest, attribution, finish
from scrape.dataset.corpus.pii import scrub
from scrape.dataset.shards import read_shard

CORPUS = "corpus"
TEXT, SOURCES, MARK = ".txt", ".tsv", ".json"
_PIECE = 1 << 20  # bytes


@dataclass
class PartMark(Manifest):
    """The contents of one part of the corpus: the counts of a manifest, and all its characters, sorted."""

    chars: str = ""


@dataclass(frozen=True, slots=True)
class WriteTask:
    """A shard, the rows of it that are kept, and the replacement of each rare character in them."""

    workplace: Workplace
    key: str
    kept: bytes
    table: dict[int, str] = field(default_factory=dict)
    made_from: str = ""


def part_path(root: Path, key: str, suffix: str) -> Path:
    """Return the path of a file of a part of the corpus."""
    return root / CORPUS / f"{key}{suffix}"


def fingerprint(shard_sha256: str, kept: bytes, table: Mapping[int, str], program: str) -> str:
    """Return what a part of the corpus is made from, as a hash."""
    digest = hashlib.sha256(f"{program} {shard_sha256} {json.dumps(sorted(table.items()))}\n".encode())
    digest.update(kept)
    return digest.hexdigest()


def read_part_mark(root: Path, key: str, made_from: str = "") -> PartMark | None:
    """Return the mark of a part of the corpus; None where it is not whole, or made from something else."""
    with suppress(OSError, ValueError, TypeError):
        found: dict[str, Any] = json.loads(part_path(root, key, MARK).read_bytes())
        mark = PartMark(**found)
        whole = part_path(root, key, TEXT).stat().st_size == mark.bytes and part_path(root, key, SOURCES).exists()
        return mark if whole and made_from in ("", mark.made_from) else None
    return None


def write_part(task: WriteTask) -> None:
    """Write the text of a part of the corpus, its sources, and last its mark; one posting in memory at a time."""
    task.workplace.check()
    root = task.workplace.root
    mark = PartMark(made_from=task.made_from)
    digest = hashlib.sha256()
    boards: Counter[str] = Counter()
    chars: set[str] = set()
    with TemporaryFile() as sources:

        def write(file: BinaryIO) -> None:
            for number, (_, row) in enumerate(read_shard(shard_path(root, task.key))):
                if row is None or not task.kept[number]:
                    continue
                scrubbed = scrub(row.document)
                text = finish(scrubbed.text, task.table, mark)
                data = text.encode("utf-8")
                file.write(data)
                digest.update(data)
                chars.update(text)
                boards[row.head.board] += 1
                mark.postings += 1
                mark.characters += len(text)
                mark.bytes += len(data)
                mark.emails_scrubbed += scrubbed.emails
                mark.phones_scrubbed += scrubbed.phones
                sources.write(attribution(row.head).encode("utf-8", "replace"))

        write_whole_with(part_path(root, task.key, TEXT), write)

        def copy(file: BinaryIO) -> None:
            sources.seek(0)
            while chunk := sources.read(_PIECE):
                file.write(chunk)

        write_whole_with(part_path(root, task.key, SOURCES), copy)
    mark.sha256, mark.boards, mark.chars = digest.hexdigest(), dict(sorted(boards.items())), "".join(sorted(chars))
    write_whole(part_path(root, task.key, MARK), json.dumps(asdict(mark), ensure_ascii=False, indent=1) + "\n")
