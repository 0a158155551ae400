"""A gathered dataset is read, searched, labeled and cut down by the commands that know datasets of files."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scrape.__main__ import main
from scrape.common.errors import InputError
from scrape.common.posting import Posting
from scrape.dataset import shards
from scrape.dataset.index import Filters, build, open_index
from scrape.dataset.store import FileStore, GatheredStore, gathered_store, open_store, stores_in
from scrape.dataset.store import catalogue as catalogues
from scrape.markup import document
from scrape.recommend.labels import open_labels
from scrape.recommend.removal import remove
from tests.support.files import tree
from tests.support.gathered import keep_gathered, put_shard
from tests.support.paths import ROOT
from tests.support.postings import keep, posting

TITLES = ("Baker", "Nurse", "Mason")
MADE = [posting(number, f"{TITLES[number % 3]} {number}", f"<p>Work of {number}.</p>\n") for number in range(30)]


@pytest.fixture
def store(tmp_path: Path) -> GatheredStore:
    """Thirty postings in three shards, a third in each."""
    return keep_gathered(tmp_path / "big", *MADE, shards=3)


def found(store: GatheredStore, words: str) -> list[str]:
    with open_index(GatheredStore(store.root)) as index:
        return sorted(index.names(Filters(words)))


def texts(store: GatheredStore) -> bytes:
    """Everything that the shards say."""
    lines = (line for path in store.shards.glob("*.zst") for _, line in shards.read_lines(path))
    return b"\n".join(lines)


# ---------------------------------------------------------------------- reading


def test_each_posting_is_read_as_from_files(store: GatheredStore) -> None:
    assert store.names() == sorted(each.name for each in MADE) and store.count() == 30
    for each in MADE:
        text = document.write(each)
        assert store.head(each.name) == replace(each, html="")
        assert store.document(each.name) == text
        assert store.posting(each.name) == replace(each, html=text)
    assert dict(store.documents()) == {each.name: document.write(each) for each in MADE}
    assert store.has(MADE[3].name) and store.has(MADE[3].url + "?utm_source=x") and not store.has("demo-99")
    assert [name for name, _ in store.stamps()] == store.names()
    with pytest.raises(InputError, match="no posting demo-99"):
        store.head("demo-99")


def test_the_reading_order_is_that_of_the_shards(store: GatheredStore) -> None:
    paths = sorted(store.shards.glob("*.zst"))
    order = [row.head.name for path in paths for _, row in shards.read_shard(path) if row]
    assert store.in_reading_order(store.names()) == order
    assert store.in_reading_order(["demo-99", order[7], order[2]]) == [order[2], order[7]]


def test_a_worker_opens_the_store_of_its_parent(store: GatheredStore) -> None:
    assert store.count() == 30
    assert pickle.loads(pickle.dumps(store)).head("demo-3") == replace(MADE[3], html="")


def test_the_kind_is_told_by_the_folder(store: GatheredStore, tmp_path: Path) -> None:
    files = keep(FileStore(tmp_path / "files"), MADE[0])
    assert [type(each) for each in stores_in(tmp_path)] == [GatheredStore, FileStore]
    assert isinstance(open_store(tmp_path / "none"), FileStore)
    assert isinstance(gathered_store(open_store(tmp_path / "none")), GatheredStore)
    with pytest.raises(InputError, match="files has postings that searches saved"):
        gathered_store(files)


def test_of_one_address_or_name_the_first_is_listed_and_the_next_takes_its_place(tmp_path: Path) -> None:
    first, same, other = posting(1), replace(posting(1), board="copy"), posting(2)
    shard = {key: put_shard(tmp_path, key * 16, [each]) for key, each in [("2", same), ("1", first), ("3", first)]}
    put_shard(tmp_path, "4" * 16, [other, replace(posting(3), url="")])
    store = GatheredStore(tmp_path)
    assert store.names() == ["demo-1", "demo-2", "demo-3"]
    shard["1"].unlink()
    assert [name for name, _ in store.stamps()] == ["copy-1", "demo-2", "demo-3"]
    shard["2"].unlink()
    assert [name for name, _ in store.stamps()] == ["demo-1", "demo-2", "demo-3"]
    assert sorted(found(store, "baker")) == ["demo-1", "demo-2", "demo-3"]


def test_the_catalogue_does_not_depend_on_the_order_in_which_shards_come(tmp_path: Path) -> None:
    copies = [replace(posting(1), board=board) for board in "abc"]
    for folder, order in (("one", (0, 1, 2)), ("two", (2, 1, 0))):
        store = GatheredStore(tmp_path / folder)
        for number in order:
            put_shard(store.root, f"{number:016x}", [copies[number]])
            assert len(list(store.stamps())) == 1
        assert store.names() == ["a-1"]


def test_a_shard_without_its_mark_is_not_there_yet(store: GatheredStore) -> None:
    assert store.count() == 30
    mark = next(store.shards.glob("*.done.json"))
    text = mark.read_text()
    mark.unlink()
    assert GatheredStore(store.root).count() == 20
    mark.write_text(text)
    assert GatheredStore(store.root).count() == 30


def test_a_damaged_catalogue_is_made_again(store: GatheredStore) -> None:
    store.count()
    for damage in (b"no database" * 500, b"", (store.root / catalogues.FILE).read_bytes()[:9000]):
        (store.root / catalogues.FILE).write_bytes(damage)
        assert GatheredStore(store.root).count() == 30


def test_where_no_catalogue_can_be_saved_all_is_found_the_same(
    store: GatheredStore, capsys: pytest.CaptureFixture[str]
) -> None:
    (store.root / catalogues.FILE).mkdir()
    assert store.count() == 30 and store.head("demo-3").title == "Baker 3"
    assert f"{catalogues.FILE} cannot be written" in capsys.readouterr().err


def test_a_damaged_shard_is_named_and_hides_no_other(store: GatheredStore, capsys: pytest.CaptureFixture[str]) -> None:
    path = sorted(store.shards.glob("*.zst"))[1]
    path.write_bytes(path.read_bytes()[:-20])
    assert store.count() == 20
    assert path.name in (told := capsys.readouterr().err) and told.count("\n") == 1


def test_a_reader_meets_a_shard_that_another_process_has_written_again(store: GatheredStore) -> None:
    order = store.in_reading_order(store.names())
    assert store.head(order[0]).name == order[0]
    other = GatheredStore(store.root)
    with other.locked():
        other.remove(order[0])
    fresh = GatheredStore(store.root, is_current=True)
    with pytest.raises(InputError, match="may have been removed"):
        fresh.head(order[0])
    assert [store.head(name).name for name in order[1:]] == order[1:]


# ---------------------------------------------------------------------- the index


def test_the_index_follows_the_shards(store: GatheredStore) -> None:
    assert len(found(store, "baker")) == 10
    put_shard(store.root, "f" * 16, [posting(99, "Pastry Baker")])
    assert found(store, "pastry") == ["demo-99"] and len(found(store, "baker")) == 11
    put_shard(store.root, "f" * 16, [posting(99, "Mason"), posting(98, "Baker")])
    assert found(store, "pastry") == [] and "demo-98" in found(store, "baker")
    for path in store.shards.glob("ffff*"):
        path.unlink()
    assert len(found(store, "baker")) == 10


def test_an_index_is_opened_without_a_look_at_any_posting(
    store: GatheredStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in store.shards.iterdir():
        os.utime(path, (1, 1))  # written long ago
    before = found(store, "baker")
    monkeypatch.setattr(GatheredStore, "stamps", lambda _: pytest.fail("was listed"))
    monkeypatch.setattr(catalogues.Catalogue, "_rows", lambda *_: pytest.fail("was asked"))
    assert found(store, "baker") == before


def test_a_killed_build_goes_on_where_it_stopped(store: GatheredStore, monkeypatch: pytest.MonkeyPatch) -> None:
    read, original = [], build._read

    def stopping(*asked: object) -> object:
        read.append(asked)
        if len(read) == 25:
            raise KeyboardInterrupt
        return original(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(build, "_PART", 10)
    monkeypatch.setattr(build, "_read", stopping)
    with pytest.raises(KeyboardInterrupt):
        found(store, "baker")
    assert len(found(store, "work")) == 30
    assert len(read) == 25 + 10


def test_one_process_builds_an_index_and_another_is_told_so(
    store: GatheredStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read, original = [], build._read

    def looking(*asked: tuple[str, str]) -> object:
        read.append(asked)
        if len(read) == 15:  # the first part is committed
            with pytest.raises(InputError, match="is being built by another run"):
                found(store, "baker")
        return original(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(build, "_PART", 10)
    monkeypatch.setattr(build, "_WAIT", 0.05)
    monkeypatch.setattr(build, "_read", looking)
    assert len(found(store, "work")) == 30 == len(read)
    assert len(found(store, "work")) == 30 == len(read) and capsys.readouterr().err == ""


# ---------------------------------------------------------------------- removal


def test_what_is_removed_is_gone_from_the_disk_with_its_copies(store: GatheredStore) -> None:
    put_shard(store.root, "f" * 16, [replace(MADE[4], board="copy")])
    assert len(found(store, "work")) == 30
    with open_labels(store.root) as labels:
        main(["remove", "demo-99", "--data-dir", str(store.root)])  # unknown: nothing happens
        assert labels.all() == []
    remove(store, MADE[4].url)
    assert b"Work of 4." not in texts(store) and b"Work of 5." in texts(store)
    for each in (store, GatheredStore(store.root)):
        assert each.count() == 29 and not each.has("demo-4") and each.is_removed(MADE[4].url)
    assert len(found(store, "work")) == 29
    assert b"Work of 4." not in (store.root / "index.sqlite").read_bytes()
    assert b"demo-4\0" not in (store.root / catalogues.FILE).read_bytes()


def test_rows_keep_their_numbers(store: GatheredStore) -> None:
    paths = sorted(store.shards.glob("*.zst"))
    before = [[row and row.head.name for _, row in shards.read_shard(path)] for path in paths]
    with store.locked():
        store.remove("demo-4")
    after = [[row and row.head.name for _, row in shards.read_shard(path)] for path in paths]
    assert after == [[None if name == "demo-4" else name for name in names] for names in before]


def test_a_removed_posting_that_is_gathered_again_is_struck(store: GatheredStore) -> None:
    with store.locked():
        store.remove("demo-4")
    put_shard(store.root, "f" * 16, [MADE[4], replace(MADE[4], board="copy"), posting(50)])
    with store.locked():
        pass
    assert b"Work of 4." not in texts(store) and store.count() == 30
    with store.locked():
        assert store.restore(MADE[4].name) and not store.restore(MADE[4].name)
    put_shard(store.root, "f" * 16, [MADE[4], posting(50)])
    with store.locked():
        assert store.strike_removed() == 0
    assert GatheredStore(store.root).count() == 31


def test_a_restored_posting_is_asked_for_again(store: GatheredStore) -> None:
    """The mark of its shard names no program, so that gather reads the input file again; nothing else changes."""
    beside = [path.with_name(path.name.replace(shards.SUFFIX, ".facts")) for path in sorted(store.shards.glob("*.zst"))]
    for path in beside:
        path.write_text("what is known of each posting")
    with store.locked():
        store.remove("demo-4")
    assert [path.exists() for path in beside] == [True, False, True]
    stamps = dict(store.stamps())
    with store.locked():
        assert not store.restore("demo-5")
        before = tree(store.shards)
        assert store.restore("demo-4")
    assert [path for path, content in tree(store.shards).items() if before[path] != content] == [f"{1:016x}.done.json"]
    assert dict(store.stamps()) == stamps
    put_shard(store.root, f"{1:016x}", MADE[1::3])
    assert store.count() == 29 and GatheredStore(store.root).count() == 30


def test_a_removal_is_undone_to_the_byte(store: GatheredStore) -> None:
    put_shard(store.root, "f" * 16, [replace(MADE[4], board="copy")])
    before, stamps = texts(store), dict(store.stamps())
    copy = store.copy("demo-4")
    with store.locked():
        store.remove("demo-4")
    with store.locked():
        store.put_back(copy)
    assert texts(store) == before and dict(store.stamps()) == stamps and not store.is_removed("demo-4")


KILLED = """
import os, pathlib, sys
from scrape.dataset import index
from scrape.dataset.store import catalogue, gathered, open_store
from scrape.recommend import removal

store, step = open_store(pathlib.Path(sys.argv[1])), sys.argv[2]
store.count()
if step == "shard":
    gathered.replace_rows = lambda *_: os._exit(9)
elif step == "catalogue":
    catalogue.Catalogue.refresh = lambda *_: os._exit(9)
else:
    index.refresh = lambda *_: os._exit(9)
removal.remove(store, "demo-4")
"""


@pytest.mark.parametrize("step", ["shard", "catalogue", "index"])
def test_a_removal_that_is_killed_is_finished_by_the_next_command(store: GatheredStore, step: str) -> None:
    assert len(found(store, "work")) == 30
    done = subprocess.run([sys.executable, "-c", KILLED, str(store.root), step], cwd=ROOT, check=False)
    assert done.returncode == 9
    again = GatheredStore(store.root)
    assert again.is_removed("demo-4")
    assert again.count() in (29, 30) and len(found(again, "work")) == again.count()
    with again.locked():
        assert again.count() == 29
    assert b"Work of 4." not in texts(again)
    assert len(found(again, "work")) == 29
    assert len(list(store.root.glob("**/.*.part"))) == 0


# ---------------------------------------------------------------------- commands


def test_what_only_files_can_is_refused_with_one_line(store: GatheredStore, capsys: pytest.CaptureFixture[str]) -> None:
    at, before = ["--data-dir", str(store.root)], tree(store.shards)
    for command, advice in (
        (["search", "--boards", "demo"], "--dataset"),
        (["simplify"], "gather"),
        (["compile"], "gather"),
        (["fetch-new", "--demo"], "--dataset"),
    ):
        if command[0] == "fetch-new":
            from scrape.recommend.__main__ import main as recommend

            assert recommend([*command, *at]) == 2
        else:
            assert main([*command, *at]) == 2
        told = capsys.readouterr()
        assert told.out == "" and told.err.count("\n") == 1 and advice in told.err and "gathered dataset" in told.err
    assert tree(store.shards) == before


def test_an_empty_gathered_dataset_says_how_to_fill_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shards").mkdir()
    assert main(["find", "baker", "--data-dir", str(tmp_path)]) == 2
    assert "scrape gather" in capsys.readouterr().err


def test_datasets_lists_both_kinds(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep_gathered(home / "data" / "big", *MADE, shards=2)
    keep(FileStore(home / "data" / "jobs"), *MADE[:2])
    assert main(["datasets", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["dataset"], row["postings"]) for row in rows] == [("big", 30), ("jobs", 2)]
    assert rows[0]["newest"] == rows[1]["newest"]
    assert main(["find", "--dataset", "bug"]) == 2
    assert "big, jobs" in capsys.readouterr().err


def test_remove_and_restore_say_what_becomes_of_the_corpus(
    store: GatheredStore, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--data-dir", str(store.root)]
    (store.root / "corpus").mkdir()
    assert main(["remove", "demo-4", *at]) == 0
    assert "corpus is unchanged; run `python -m scrape gather" in capsys.readouterr().err
    assert main(["restore", "demo-4", *at]) == 0
    assert "gather its input file again" in capsys.readouterr().err


def test_labels_teach_a_ranking(store: GatheredStore, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn", reason="recommendations need the extra `recommend`")
    from scrape.recommend.__main__ import main as recommend

    at = ["--data-dir", str(store.root)]
    lines = [f"{each.name} {'y' if 'Baker' in each.title else 'n'}\n" for each in MADE[:24]]
    (store.root / "labels.txt").write_text("".join(lines))
    assert recommend(["label", "--from-file", str(store.root / "labels.txt"), *at]) == 0
    assert recommend(["train", *at]) == 0
    capsys.readouterr()
    assert recommend(["recommend", "--json", *at]) == 0
    ranked = json.loads(capsys.readouterr().out)
    assert {row["name"] for row in ranked[:2]} == {"demo-24", "demo-27"}
    main(["remove", "demo-24", *at])
    capsys.readouterr()
    assert recommend(["recommend", "--json", *at]) == 0
    assert "demo-24" not in capsys.readouterr().out


def test_the_desk_reads_labels_removes_and_brings_back(store: GatheredStore) -> None:
    pytest.importorskip("flask", reason="the desk needs the extra `desk`")
    from scrape.desk.query import DeskQuery
    from scrape.desk.session import DeskSession

    desk = DeskSession(store)
    try:
        desk.live.wait()
        assert desk.size == 30 and desk.listing(DeskQuery()).total == 30
        desk.label("demo-4", "yes", "random")
        row, text = desk.index.row("demo-4"), store.document("demo-4")
        desk.remove("demo-4")
        assert not desk.has("demo-4") and desk.index.row("demo-4") is None and desk.size == 29
        assert desk.undo() == "demo-4"
        assert desk.index.row("demo-4") == row and store.document("demo-4") == text
        assert [label.answer for label in desk.labels()] == ["yes"]
        put_shard(store.root, "f" * 16, [posting(77, "Weaver")])
        desk._looked = 0
        desk.catch_up()
        assert desk.has("demo-77")
    finally:
        desk.close()


def test_a_posting_without_an_address_is_removed_alone(tmp_path: Path) -> None:
    nameless: list[Posting] = [replace(each, url="") for each in MADE[:4]]
    store = keep_gathered(tmp_path, *nameless)
    assert store.count() == 4
    with store.locked():
        store.remove("demo-2")
    assert store.names() == ["demo-0", "demo-1", "demo-3"]
