"""What a stranger put into a dataset, or a disk did to it: nothing outside is touched, and caches are made again."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from charrnn.runs import history
from charrnn.runs.history import Evaluation
from scrape.__main__ import main
from scrape.common.errors import InputError
from scrape.common.files import write_whole
from scrape.common.posting import Posting
from scrape.dataset import index
from scrape.dataset.simplify_all import simplify_store
from scrape.dataset.store import FileStore, Store, encode
from scrape.recommend import labels
from scrape.recommend.labels import Label

BAKER = Posting("b", "1", "https://x.example/1", "Head Baker", "Oven & Co", "Boston, MA", html="<p>Bread, daily.</p>")
DAMAGES = 60


@pytest.fixture
def store(store: Store) -> Store:
    """A dataset of twenty postings."""
    for number in range(20):
        text = f"<p>Bread number {number}, baked daily.</p>"
        store.add(replace(BAKER, key=str(number), url=f"https://x.example/{number}", html=text))
    simplify_store(store)
    return store


def damaged(path: Path, seed: int) -> None:
    """Damage a file: cut it, overwrite a part of it with noise, or flip some of its bits."""
    chance, data = random.Random(seed), bytearray(path.read_bytes())
    at = chance.randrange(len(data))
    if seed % 3 == 0:
        del data[at:]
    elif seed % 3 == 1:
        data[at : at + 200] = chance.randbytes(min(200, len(data) - at))
    else:
        for _ in range(20):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


# ---------------------------------------------------------------------- names inside files


@pytest.mark.parametrize("board", ["{outside}/package", "../../outside/package"])
@pytest.mark.parametrize("verb", ["search", "remove", "simplify"])
def test_a_name_inside_a_file_is_never_used_as_a_path(
    home: Path, board: str, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = home / "outside" / "package-lock.json"
    write_whole(kept, "keep")
    write_whole(kept.with_name("package-lock.html"), "keep")
    raw = home / "data" / "shared" / "raw"
    write_whole(raw / "b-1.json", encode(BAKER))
    stranger = encode(BAKER).replace('"board": "b"', f'"board": "{board.format(outside=kept.parent)}"')
    write_whole(raw / "b-2.json", stranger.replace('"key": "1"', '"key": "lock"'))
    write_whole(
        home / "one.jsonl", '{"id": "1", "title": "Nurse", "html": "<p>Wards</p>", "url": "https://y.example/9"}'
    )
    arguments = {"search": ["--pages", "one.jsonl"], "remove": [BAKER.url], "simplify": []}
    main([verb, "--dataset", "shared", *arguments[verb]])
    assert sorted(path.name for path in kept.parent.iterdir()) == ["package-lock.html", "package-lock.json"]
    if verb != "remove":
        assert "b-2.json is the file of another posting" in capsys.readouterr().err


def test_a_board_that_is_no_name_gives_no_path(store: Store) -> None:
    name = replace(BAKER, board="../../outside/package").name
    assert Path(name).name == name and not name.startswith(".")


# ---------------------------------------------------------------------- links


def other_database(path: Path) -> Path:
    """A database of somebody else, with tables of the names that the index has."""
    with closing(sqlite3.connect(path)) as database, database:
        for table in ("posting", "words", "label"):
            database.execute(f"CREATE TABLE {table} (theirs TEXT)")
            database.execute(f"INSERT INTO {table} VALUES ('keep')")
    return path


def count_of_bread(store: Store) -> int:
    """How many postings are found; what the index tells of each is read as well."""
    with index.open_index(store) as opened:
        return len(opened.rows(index.Filters("bread")))


def test_an_index_that_is_a_link_is_not_written(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = other_database(tmp_path / "theirs.sqlite")
    before = theirs.read_bytes()
    (store.root / index.FILE).symlink_to(theirs)
    assert count_of_bread(store) == 20
    assert "is a link" in capsys.readouterr().err
    assert theirs.read_bytes() == before


def test_labels_a_lock_and_a_log_that_are_links_are_refused(tmp_path: Path) -> None:
    theirs = other_database(tmp_path / "theirs.sqlite")
    before = theirs.read_bytes()
    for name in (labels.FILE, ".lock", "run.jsonl"):
        (tmp_path / name).symlink_to(theirs)
    evaluation = Evaluation(
        epoch=1, step=1, train_loss=1, val_loss=1, learning_rate=1, characters_per_second=1, seconds=1
    )
    with pytest.raises(InputError, match="is a link"), labels.open_labels(tmp_path):
        pass
    with pytest.raises(InputError, match="is a link"), FileStore(tmp_path).locked():
        pass
    with pytest.raises(InputError, match="is a link"):
        history.append(tmp_path / "run.jsonl", evaluation)
    assert theirs.read_bytes() == before


# ---------------------------------------------------------------------- damage


def survives(path: Path, use: Callable[[], object], whole: bytes) -> None:
    """Damage a cache in many ways: each is met with at most one InputError, and the next use is as before."""
    expected = use()
    for seed in range(DAMAGES):
        path.write_bytes(whole)
        damaged(path, seed)
        try:
            use()
        except InputError as error:
            assert path.name in str(error)
        assert use() == expected, f"damage {seed}"


def test_a_damaged_index_is_built_again(store: Store) -> None:
    index.refresh(store)
    whole = (store.root / index.FILE).read_bytes()
    survives(store.root / index.FILE, lambda: count_of_bread(store), whole)


def test_damaged_features_are_computed_again_and_labels_are_not_blamed(store: Store) -> None:
    feature_store = pytest.importorskip("scrape.recommend.feature_store")
    path = store.root / feature_store.FILE

    def use() -> list[tuple[str, int]]:
        with feature_store.open_features(store, cores=1) as features, labels.open_labels(store.root) as opened:
            opened.put(Label("b-1", "", "yes"))
            batch = next(features.batches())
            return list(zip(batch.names, batch.starts[1:].tolist(), strict=True))

    use()
    survives(path, use, path.read_bytes())


def test_features_that_cannot_be_saved_are_computed_in_memory(store: Store) -> None:
    feature_store = pytest.importorskip("scrape.recommend.feature_store")
    (store.root / feature_store.FILE).mkdir()
    with feature_store.open_features(store, cores=1) as features:
        assert len(features) == 20


def test_two_machines_never_write_one_part_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts: list[str] = []

    def failing(path: Path, target: Path) -> Path:
        parts.append(path.name)
        raise OSError(5, "the rename fails")

    monkeypatch.setattr(Path, "replace", failing)
    for _ in range(2):
        with pytest.raises(OSError, match="the rename fails"):
            write_whole(tmp_path / "file", "text")
    assert len(set(parts)) == 2
