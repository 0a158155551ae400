"""Labels on disk."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scrape.common.errors import InputError
from scrape.recommend import labels
from scrape.recommend.labels import Label


def test_a_label_follows_its_page_to_another_boards_copy() -> None:
    given_ = [Label("zeta-1", "https://x.example/1", "yes"), Label("gone-2", "https://x.example/2", "no")]
    assert labels.current_answers(given_, {"alpha-1": "https://x.example/1", "other-3": ""}) == {"alpha-1": "yes"}


def test_the_latest_label_counts_and_is_the_first_to_be_taken_back(tmp_path: Path) -> None:
    with labels.open_labels(tmp_path) as opened:
        opened.put(Label("a", "", "yes"), Label("b", "https://X.example/1?utm_source=y", "no"))
        opened.put(Label("a", "", "skipped"))
        assert [label.name for label in opened.all()] == ["b", "a"]
        assert (taken := opened.take_back()) and (taken.name, taken.answer) == ("a", "skipped")
        assert [(label.name, label.address, label.answer) for label in opened.all()] == [
            ("b", "https://x.example/1", "no")
        ]
        with pytest.raises(sqlite3.IntegrityError):
            opened._database.execute("INSERT INTO label (name, address, answer) VALUES ('c', '', 'perhaps')")
    with labels.open_labels(tmp_path) as opened:
        assert opened.drop({"https://x.example/1"}) == 1 and opened.take_back() is None


def test_damaged_labels_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / labels.FILE).write_bytes(b"not a database" * 99)
    with pytest.raises(InputError, match="it holds your labels"), labels.open_labels(tmp_path):
        pass
    assert (tmp_path / labels.FILE).read_bytes() == b"not a database" * 99


VERSION_1 = """
CREATE TABLE label (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE, address TEXT NOT NULL,
    answer TEXT NOT NULL CHECK (answer IN ('yes', 'no', 'skipped'))
);
INSERT INTO label (name, address, answer) VALUES ('a', '', 'yes'), ('b', 'https://x.example/1', 'no');
PRAGMA user_version = 1;
"""


def test_a_label_tells_when_it_was_given_and_how_its_posting_was_chosen(tmp_path: Path) -> None:
    with labels.open_labels(tmp_path) as opened:
        opened.put(Label("a", "", "yes", chosen=labels.BEST), Label("b", "", "no", "2026-11-01T09:00:00+00:00"))
        a, b = opened.all()
    assert a.chosen == "best" and datetime.now(UTC) - datetime.fromisoformat(a.at) < timedelta(hours=1)
    assert (b.at, b.chosen) == ("2026-11-01T09:00:00+00:00", "")


def test_labels_of_version_1_are_migrated_in_place(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / labels.FILE)) as old:
        old.executescript(VERSION_1)
    with labels.open_labels(tmp_path) as opened:
        opened.put(Label("c", "", "skipped", chosen=labels.RANDOM))
        assert opened.all()[:2] == [Label("a", "", "yes"), Label("b", "https://x.example/1", "no")]
    with labels.open_labels(tmp_path) as opened:
        assert [label.name for label in opened.all()] == ["a", "b", "c"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may write everywhere")
def test_labels_of_version_1_that_may_not_be_written_are_read(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / labels.FILE)) as old:
        old.executescript(VERSION_1)
    (tmp_path / labels.FILE).chmod(0o400)
    with labels.open_labels(tmp_path) as opened:
        assert [label.answer for label in opened.all()] == ["yes", "no"]
        with pytest.raises(InputError, match="writable"):
            opened.put(Label("c", "", "yes"))
