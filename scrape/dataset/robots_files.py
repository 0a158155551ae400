"""The robots.txt files of a crawl, which lie in archives of their own, joined to its pages by their hosts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scrape.common.console import progress, say
from scrape.common.errors import InputError
from scrape.crawl import warc
from scrape.crawl.robots_table import RobotsTable
from scrape.dataset.shards import input_key

ROBOTS = "robots.sqlite"
"""The table of hosts in the folder of a gathered dataset."""


def join_robots(files: Sequence[Path], path: Path) -> str:
    """Add what archives of robots.txt files say of training to the table at `path`; return its fingerprint.

    A file that was added before is not read again. Raises InputError for a file that cannot be read.
    """
    table, counts = RobotsTable(path), warc.ArchiveCounts()
    try:
        for file in progress(files, desc="robots.txt", unit=" files"):
            if not file.name.lower().endswith(warc.SUFFIXES):
                raise InputError(f"--robots {file} is no web archive ({', '.join(warc.SUFFIXES)})")
            try:
                key = input_key(file)
                if not table.has_file(key):
                    table.add(warc.robots_files(file, counts), key)
            except OSError as error:
                raise InputError(f"--robots {file} cannot be read: {error.strerror or error}") from error
        if told := counts.summary():
            say(f"in the files of --robots, {told}")
        return table.fingerprint()
    finally:
        table.close()
