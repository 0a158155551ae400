"""Labels on disk."""

from __future__ import annotations

import sqlite3
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
        assert opened.take_back() == Label("a", "", "skipped")
        assert opened.all() == [Label("b", "https://x.example/1", "no")]
        with pytest.raises(sqlite3.IntegrityError):
            opened._database.execute("INSERT INTO label (name, address, answer) VALUES ('c', '', 'perhaps')")
    with labels.open_labels(tmp_path) as opened:
        assert opened.drop({"https://x.example/1"}) == 1 and opened.take_back() is None


def test_damaged_labels_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / labels.FILE).write_bytes(b"not a database" * 99)
    with pytest.raises(InputError, match="it holds your labels"), labels.open_labels(tmp_path):
        pass
    assert (tmp_path / labels.FILE).read_bytes() == b"not a database" * 99
