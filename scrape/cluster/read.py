"""The first stage: the postings of one input file as a shard, what the survey needs of it, and last its mark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from scrape.boards import schema_org
from scrape.boards.sites import saved
from scrape.cluster.facts import derive_facts
from scrape.cluster.workplace import Workplace
from scrape.common.errors import BoardError
from scrape.common.files import write_whole
from scrape.common.posting import Posting, checked
from scrape.crawl import local_files, warc
from scrape.crawl.robots_table import RobotsTable
from scrape.dataset.robots_files import ROBOTS
from scrape.dataset.shards import MARK_SUFFIX, SHARDS, SUFFIX, Row, in_order, write_shard
from scrape.dataset.simplify_all import document_of
from scrape.http.client import Response

LINES = (".jsonl", ".jsonl.gz", ".jsonl.zst")
INPUTS = (*warc.SUFFIXES, *LINES, ".json")
_MOST_NAMED = 5  # reasons in a mark, beside their number


@dataclass
class Mark:
    """Counts of what was read of an input, and the SHA-256 of the shard as it was written.

    `archive` are the counts of `warc.ArchiveCounts`, and the choice for unknown hosts; empty for other inputs.
    `unusable` counts what could not be read as a posting. `damaged` says what of the input could not be read, or is
    empty. `postings` are all that were read, of which `no_training` may not be trained on, and `rows` those of
    different names. `made_by` is the fingerprint of the program, and that of the settings where they matter.
    """

    input: str
    size: int
    made_by: str
    archive: dict[str, Any] = field(default_factory=dict)
    unusable: int = 0
    damaged: str = ""
    reasons: list[str] = field(default_factory=list)
    postings: int = 0
    no_training: int = 0
    rows: int = 0
    sha256: str = ""

    def leave_out(self, reason: str) -> None:
        """Count what could not be read as a posting, and note the first reasons."""
        self.unusable += 1
        if len(self.reasons) < _MOST_NAMED:
            self.reasons.append(reason)


@dataclass(frozen=True, slots=True)
class ReadTask:
    """An input file that is read into the shard of its key.

    `robots` is the fingerprint of the dataset's table of robots.txt files; empty where there is none.
    """

    workplace: Workplace
    path: Path
    key: str
    unknown_hosts: warc.UnknownHosts = "keep"
    robots: str = ""

    @property
    def made_by(self) -> str:
        """The program and, for a web archive, the settings that decide what is read."""
        if not str(self.path).lower().endswith(warc.SUFFIXES):
            return self.workplace.program
        return f"{self.workplace.program} {self.unknown_hosts} {self.robots}".strip()


def shard_path(root: Path, key: str) -> Path:
    """Return the path of the shard of an input file."""
    return root / SHARDS / f"{key}{SUFFIX}"


def read_mark(root: Path, key: str) -> Mark | None:
    """Return the mark of a shard; None where there is none, or the shard is missing."""
    with suppress(OSError, ValueError, TypeError):
        found: dict[str, Any] = json.loads((root / SHARDS / f"{key}{MARK_SUFFIX}").read_bytes())
        return Mark(**found) if shard_path(root, key).exists() else None
    return None


def read_input(task: ReadTask) -> None:
    """Write the shard of an input, its facts and its mark.

    Raises BoardError where nothing of it can be read, and InputError where this is not the driver's workplace.
    """
    task.workplace.check()
    root = task.workplace.root
    try:
        mark = Mark(task.path.name, task.path.stat().st_size, task.made_by)
    except OSError as error:
        raise BoardError(f"{task.path} cannot be read: {error.strerror or error}") from error
    written = write_shard(shard_path(root, task.key), in_order(_rows(task, mark)))
    mark.rows, mark.sha256 = written
    derive_facts(shard_path(root, task.key))
    write_whole(
        root / SHARDS / f"{task.key}{MARK_SUFFIX}", json.dumps(asdict(mark), ensure_ascii=False, indent=1) + "\n"
    )


def _rows(task: ReadTask, mark: Mark) -> Iterator[Row]:
    """Yield the rows of an input, and count. Raises BoardError where it ends before the first."""
    try:
        for given in _postings(task, mark):
            try:
                posting = checked(given)
                document = document_of(posting)
            except Exception as error:  # whatever a stranger wrote, it is one posting of many
                mark.leave_out(f"{given.name} is left out: {str(error) or type(error).__name__}")
                continue
            mark.postings += 1
            mark.no_training += posting.no_training
            yield Row(replace(posting, html=""), document)
    except BoardError as error:
        if not mark.postings and not mark.archive.get("pages"):
            raise
        mark.damaged = str(error)


def _postings(task: ReadTask, mark: Mark) -> Iterator[Posting]:
    name = str(task.path).lower()
    if name.endswith(warc.SUFFIXES):
        yield from _of_archive(task, mark)
    elif name.endswith(LINES):
        yield from _of_lines(task.path, mark)
    else:
        response = local_files.read(str(task.path))
        page = saved.parse(response.text, response.final_url)
        for reason in page.unusable:
            mark.leave_out(reason)
        yield from page.postings


def _of_lines(path: Path, mark: Mark) -> Iterator[Posting]:
    for number, line in enumerate(local_files.lines(path), 1):
        if not line.strip(b"\xef\xbb\xbf \t\r"):
            continue
        value = None
        with suppress(ValueError, RecursionError):
            value = json.loads(line.decode("utf-8-sig"))
        try:
            yield saved.row_posting(value, f"{path.name}: line {number:,}")
        except Exception as error:
            mark.leave_out(str(error))


def _of_archive(task: ReadTask, mark: Mark) -> Iterator[Posting]:
    """Yield the postings that pages state in structured data; guesses would take other pages for postings."""
    counts = warc.ArchiveCounts()
    table = RobotsTable(task.workplace.root / ROBOTS) if task.robots else None
    reading = warc.ArchiveReading(unknown_hosts=task.unknown_hosts, only_postings=True)
    if table:
        reading = replace(reading, rules_of=table.rules_of)
    try:
        for response in warc.responses(task.path, reading, counts):
            for posting in _stated(response, mark):
                yield replace(posting, no_training=True) if response.opt_out else posting
    except OSError as error:
        raise BoardError(f"{task.path} cannot be read: {error.strerror or error}") from error
    finally:
        mark.archive = asdict(counts)
        mark.archive["choice"] = task.unknown_hosts
        mark.archive["opted_out"] = dict(sorted(counts.opted_out.items()))
        if table:
            table.close()
    if counts.damaged:
        raise BoardError(counts.damage(task.path))


def _stated(response: Response, mark: Mark) -> tuple[Posting, ...]:
    try:
        return schema_org.read(response.text, response.final_url, saved.NAME).postings
    except Exception as error:  # whatever a page holds, it is one of many
        mark.leave_out(f"{response.url}: cannot be read: {type(error).__name__}: {error}")
        return ()
