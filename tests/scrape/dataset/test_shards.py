"""A shard gives back what was written, as a stream or row by row, and loses nothing but what is removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from scrape.common.errors import InputError
from scrape.dataset import shards
from scrape.dataset.shards import Row, RowPlace, in_order, input_key, read_frame, read_row, read_shard, write_shard
from scrape.markup import document
from tests.support.postings import posting


def rows(count: int) -> list[Row]:
    return [row(number) for number in range(count)]


def row(number: int, **fields: str) -> Row:
    made = posting(number, employment_type="a\u2028b", html=f"<p>Bread {number}.</p>\n", **fields)
    return Row(replace(made, html=""), document.write(made))


def test_rows_come_back_as_they_went_in_and_each_is_found_by_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    given = list(in_order(rows(2 * shards.FRAME_ROWS + 3)))
    written = write_shard(path, given)
    found = list(read_shard(path))
    assert [each for _, each in found] == given
    assert {place.offset for place, _ in found} and len({place.offset for place, _ in found}) == 3
    for place, each in reversed(found):
        assert read_row(path, read_frame(path, place.offset, place.size), place.row) == each
    assert (written.rows, written.sha256) == (len(given), shards.sha256_of(path))


def test_the_order_of_rows_does_not_depend_on_that_of_the_input(tmp_path: Path) -> None:
    given = rows(120)
    assert list(in_order(given)) == list(in_order(given[::-1]))
    with pytest.raises(ValueError, match="order"):
        write_shard(tmp_path / "a", given)
    assert not list(tmp_path.iterdir())


def test_of_equal_names_the_first_row_stays_and_forbids_training_if_any_does() -> None:
    second = Row(replace(row(1).head, title="Nurse", no_training=True), "<html>\n<h1>Nurse</h1>\n</html>\n")
    assert list(in_order([row(1), second])) == [Row(replace(row(1).head, no_training=True), row(1).document)]


def test_half_a_character_survives(tmp_path: Path) -> None:
    torn = Row(replace(row(1).head, title="Baker \ud83d"), "\ud83d")
    write_shard(tmp_path / "a", [torn])
    assert [each for _, each in read_shard(tmp_path / "a")] == [torn]


def test_a_long_posting_ends_its_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "FRAME_BYTES", 300)
    write_shard(tmp_path / "a", in_order(rows(4)))
    assert len({place.offset for place, _ in read_shard(tmp_path / "a")}) > 1


def test_an_empty_shard_is_a_shard(tmp_path: Path) -> None:
    assert write_shard(tmp_path / "a", []).rows == 0
    assert list(read_shard(tmp_path / "a")) == []


def test_struck_rows_are_gone_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    path, given = tmp_path / "a", list(in_order(rows(120)))
    write_shard(path, given)
    gone: dict[int, Row | None] = {3: None, 119: None}
    assert shards.replace_rows(path, gone) == 2
    left = [each for _, each in read_shard(path)]
    assert left == [None if number in gone else each for number, each in enumerate(given)]
    places = [place for place, _ in read_shard(path)]
    assert read_frame(path, places[3].offset, places[3].size)[3] == b"null"
    before = path.stat()
    assert shards.replace_rows(path, gone) == 0
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert shards.replace_rows(path, {number: given[number] for number in gone}) == 2
    assert [each for _, each in read_shard(path)] == given


def test_a_writer_that_fails_leaves_the_old_shard(tmp_path: Path) -> None:
    def broken() -> Iterator[Row]:
        yield row(1)
        raise RuntimeError

    path = tmp_path / "a"
    write_shard(path, [row(2)])
    with pytest.raises(RuntimeError):
        write_shard(path, broken())
    assert [each for _, each in read_shard(path)] == [row(2)]
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-9],
        lambda data: data[: len(data) // 2] + b"x" + data[len(data) // 2 + 1 :],
        lambda data: b"no frame" + data,
        lambda data: data + b"(",
        lambda data: data + zstandard.compress(b"[1]\n"),
        lambda data: data + zstandard.compress(b"[" * 100_000 + b"\n"),
        lambda data: data + zstandard.compress(b"{}\n"),
        lambda data: data + zstandard.compress(bytes(100 << 20)),
    ],
)
def test_a_damaged_shard_is_an_error_of_one_line_that_names_it(
    damage: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "a"
    write_shard(path, in_order(rows(60)))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=r"a cannot be read .*gather"):
        list(read_shard(path))


def test_a_place_that_is_none_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_shard(path, in_order(rows(60)))
    place, _ = next(read_shard(path))
    for wrong in (RowPlace(place.offset + 5, place.size, 0), RowPlace(10**9, 5, 0), place._replace(row=50)):
        with pytest.raises(InputError, match="cannot be read"):
            read_row(path, read_frame(path, wrong.offset, wrong.size), wrong.row)
    with pytest.raises(InputError, match="cannot be read"):
        list(read_shard(tmp_path / "none"))


def test_the_key_of_an_input_file_depends_on_its_content_alone(tmp_path: Path) -> None:
    content = bytes(range(256)) * 1024
    keys = []
    for name, data in [
        ("a", content),
        ("b", content),
        ("c", content[1:]),
        ("d", content[:-1] + b"x"),
        ("e", b""),
        ("f", content[:9] + b"x" + content[10:]),
    ]:
        (tmp_path / name).write_bytes(data)
        keys.append(input_key(tmp_path / name))
    assert keys[0] == keys[1] and len(set(keys)) == 5
    assert all(len(key) == 16 for key in keys)
