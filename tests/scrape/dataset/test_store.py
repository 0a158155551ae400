"""A dataset keeps each posting once, whole, and lets nothing back in that was removed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from scrape.common.errors import InputError
from scrape.common.posting import Posting
from scrape.dataset.store import FileStore, Store, named_store
from scrape.http.cache import HttpCache
from scrape.http.client import Response
from scrape.recommend.labels import Label, drop_labels, open_labels
from tests.support.files import tree

A = Posting("demo", "1", "https://x.example/1", "Baker", "Oven & Co", "Boston, MA", "2026-11-01", "<p>Bread\u2028</p>")
B = Posting("demo", "2", "https://x.example/2", "Nurse", html="<p>Wards</p>")


def test_a_posting_comes_back_as_it_went_in(store: Store) -> None:
    assert store.add(A) and store.add(B)
    assert store.posting(A.name) == A
    assert store.head(A.name) == replace(A, html="")
    assert store.names() == sorted([A.name, B.name])


def test_half_a_character_survives(store: Store) -> None:
    torn = replace(A, title="Baker \ud83d", html="<p>\ud83d</p>")
    store.add(torn)
    assert store.posting(torn.name) == torn


def test_a_posting_is_added_once_and_never_rewritten(store: Store) -> None:
    store.add(A)
    before = tree(store.root)
    assert not store.add(replace(A, title="Another"))
    assert not FileStore(store.root).add(replace(A, title="Another"))
    assert tree(store.root) == before


def test_of_equal_addresses_the_same_one_stays_whatever_the_order(tmp_path: Path) -> None:
    same = [replace(A, board=board, url=f"https://x.example/1?utm_source={board}") for board in ("c", "a", "b")]
    trees = []
    for number, order in enumerate(permutations(same)):
        store = FileStore(tmp_path / str(number))
        added = [store.add(posting) for posting in order]
        assert sum(added) == 1
        trees.append(tree(store.root))
        assert store.names() == ["a-1"]
    assert all(each == trees[0] for each in trees)


def test_a_double_that_a_killed_run_left_is_cleared(store: Store) -> None:
    store.add(A)
    second = FileStore(store.root / "other")
    second.add(replace(A, board="zeta"))
    second.raw_path("zeta-1").rename(store.raw_path("zeta-1"))
    fresh = FileStore(store.root)
    fresh.add(B)
    assert fresh.names() == [A.name, B.name]


def test_postings_without_an_address_are_not_each_other(store: Store) -> None:
    assert store.add(replace(A, url="")) and store.add(replace(B, url=""))


def test_many_threads_add_one_posting_once(store: Store) -> None:
    added: list[bool] = []
    threads = [threading.Thread(target=lambda: added.append(store.add(A))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(added) == [False] * 7 + [True]


@pytest.mark.parametrize("by", [A.name, A.url, "HTTPS://X.example/1/?utm_source=mail#top"])
def test_what_is_removed_goes_and_does_not_come_back(store: Store, by: str) -> None:
    store.add(A)
    store.add(B)
    store.put_document(A.name, "text")
    assert store.remove(by) == [replace(A, html="")]
    assert store.names() == [B.name] and store.document_names() == []
    for again in (store, FileStore(store.root)):
        assert not again.add(A)
        assert not again.add(replace(A, key="other")), "the same page under another key"
        assert again.is_removed(A.url) and not again.is_removed(B.url)


def test_an_unknown_address_is_kept_out_and_an_unknown_name_is_an_error(store: Store) -> None:
    assert store.remove(A.url) == []
    assert not store.add(A)
    with pytest.raises(InputError, match="demo-99"):
        store.remove("demo-99")
    assert (store.root / "removed.txt").read_text() == f"{A.url}\n"


def test_postings_removed_under_the_old_name_of_the_list_stay_out(store: Store) -> None:
    store.root.mkdir()
    (store.root / "forgotten.txt").write_text(f"{A.name}\n")
    assert store.is_removed(A.name) and not store.add(A) and store.add(B)
    store.remove(B.name)
    fresh = FileStore(store.root)
    assert fresh.is_removed(A.name) and not fresh.add(B)


def test_a_crash_after_removing_was_written_down_does_not_bring_it_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(A)

    def crash(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "_delete", crash)
    with pytest.raises(KeyboardInterrupt):
        store.remove(A.name)
    assert FileStore(store.root).is_removed(A.name)


def test_documents_are_stale_until_they_are_made_and_orphans_go(store: Store) -> None:
    store.add(A)
    store.add(B)
    assert store.stale_documents() == [A.name, B.name]
    assert store.put_document(A.name, "one") and not store.put_document(A.name, "one")
    assert store.stale_documents() == [B.name]
    later = store.document_path(A.name).stat().st_mtime + 5
    os.utime(store.raw_path(A.name), (later, later))
    assert store.stale_documents() == [A.name, B.name]
    os.utime(store.raw_path(A.name), (later - 6, later - 6))
    os.utime(store.document_path(A.name), (later - 9, later - 9))
    assert not store.put_document(A.name, "one"), "the same text, made again"
    assert store.stale_documents() == [B.name]
    store.raw_path(A.name).unlink()
    assert store.drop_orphans() == [A.name]
    assert store.document_names() == []


def test_an_equal_document_keeps_its_file(store: Store) -> None:
    store.add(A)
    store.put_document(A.name, "one")
    before = store.document_path(A.name).stat()
    store.put_document(A.name, "one")
    after = store.document_path(A.name).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_half_written_files_are_swept_away_and_never_seen(store: Store) -> None:
    store.add(A)
    left = [store.raw / ".demo-3.json.99.part", store.root / ".input.txt.99.part"]
    for path in left:
        path.write_text("half")
    assert store.names() == [A.name]
    with store.locked():
        assert not any(path.exists() for path in left)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"board": 1}', '{"board": "a", "key": "b", "colour": "c"}'])
def test_a_spoilt_file_is_named(store: Store, text: str) -> None:
    store.add(A)
    store.raw_path(A.name).write_text(text)
    with pytest.raises(InputError, match=r"demo-1\.json"):
        store.posting(A.name)


def test_an_empty_dataset_says_what_to_run(store: Store) -> None:
    with pytest.raises(InputError, match=r"no postings in .*; run `python -m scrape search --data-dir .*` first"):
        store.require()
    with pytest.raises(InputError, match=r"no postings in .*; run scripts/scrape\.sh"):
        named_store().require()


@pytest.mark.parametrize(
    ("dataset", "data_dir", "expected"),
    [
        ("", "", "python -m scrape find"),
        ("demo", "", "python -m scrape find --dataset demo"),
        ("two words", "", "python -m scrape find --dataset 'two words'"),
        ("", "elsewhere/mine", "python -m scrape find --data-dir elsewhere/mine"),
    ],
)
def test_a_recommended_command_names_the_dataset(dataset: str, data_dir: str, expected: str) -> None:
    assert named_store(dataset, data_dir).command("scrape find") == expected


HOLDER = """
import sys, pathlib
from scrape.dataset.store import FileStore, Store, named_store
with FileStore(pathlib.Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_run_at_a_time_and_a_killed_one_lets_go(store: Store) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="another run"), store.locked():
            pass
        holder.kill()
    with store.locked():
        store.add(A)
    assert store.names() == [A.name]


# ---------------------------------------------------------------------- HTTP cache and labels


def test_an_answer_comes_back_as_it_was(tmp_path: Path) -> None:
    cache = HttpCache(tmp_path)
    given = Response("https://x.example/a", "https://x.example/b", 200, {"content-type": "text/html"}, b"\xff\nbody\n")
    cache.keep(given.url, given, 12.5)
    kept = cache.find(given.url)
    assert kept is not None and (kept.fetched, kept.response.body) == (12.5, given.body)
    assert (kept.response.final_url, kept.response.status, dict(kept.response.headers)) == (
        given.final_url,
        200,
        {"content-type": "text/html"},
    )
    assert cache.find("https://x.example/c") is None


def test_answers_of_a_site_that_moves_stay_its_own(tmp_path: Path) -> None:
    first, second = "http://127.0.0.1:1111", "http://127.0.0.1:2222"
    body = Response(f"{first}/a", f"{first}/b", 200, {}, b"x")
    HttpCache(tmp_path, (first, "https://site.invalid")).keep(f"{first}/a", body, 1)
    kept = HttpCache(tmp_path, (second, "https://site.invalid")).find(f"{second}/a")
    assert kept is not None and kept.response.final_url == f"{second}/b"
    assert HttpCache(tmp_path).find(f"{second}/a") is None


def test_a_spoilt_answer_is_no_answer(tmp_path: Path) -> None:
    cache = HttpCache(tmp_path)
    cache.keep("https://x.example", Response("https://x.example", "https://x.example", 200, {}, b"x" * 999), 1)
    (path,) = tmp_path.glob("*.gz")
    path.write_bytes(path.read_bytes()[:-9])
    assert cache.find("https://x.example") is None
    path.write_bytes(b"\x1f\x8b plain")
    assert cache.find("https://x.example") is None


def test_answers_that_mention_an_address_go(tmp_path: Path) -> None:
    cache = HttpCache(tmp_path)
    for url, body in [
        ("https://x.example/list", b'<a href="https://x.example/1">'),
        ("https://x.example/api", rb'{"url": "https:\/\/x.example\/1"}'),
        ("https://x.example/1", b"the posting itself"),
        ("https://x.example/2", b"another"),
    ]:
        cache.keep(url, Response(url, url, 200, {}, body), 1)
    assert cache.drop_mentions({"https://x.example/1"}) == 3
    assert cache.find("https://x.example/2") is not None and cache.find("https://x.example/1") is None


def test_labels_of_a_posting_go_by_name_or_address(tmp_path: Path) -> None:
    assert drop_labels(tmp_path, {"demo-1"}) == 0 and list(tmp_path.iterdir()) == []
    with open_labels(tmp_path) as labels:
        labels.put(Label("demo-1", "", "yes"), Label("demo-2", "", "no"))
        labels.put(Label("other-3", "https://x.example/1?utm_source=a", "skipped"))
    assert drop_labels(tmp_path, {"demo-1", "https://x.example/1"}) == 2
    with open_labels(tmp_path) as labels:
        assert [label.name for label in labels.all()] == ["demo-2"]


def test_a_spoilt_posting_keeps_no_other_from_coming_in(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.add(A)
    store.raw_path(A.name).write_bytes(b"\xff")
    fresh = FileStore(tmp_path)
    assert fresh.add(B) and not fresh.add(A)
    assert [head.name for head in fresh.remove(B.url)] == [B.name]


def test_files_that_an_editor_saved_with_a_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.add(A)
    store.put_document(A.name, "<html>\n<h1>a</h1>\n</html>\n")
    (tmp_path / "removed.txt").write_text(B.url + "\n", "utf-8")
    for path in (store.raw_path(A.name), store.document_path(A.name), tmp_path / "removed.txt"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    fresh = FileStore(tmp_path)
    assert fresh.posting(A.name) == A and fresh.head(A.name).title == A.title
    assert fresh.document(A.name) == "<html>\n<h1>a</h1>\n</html>\n"
    assert not fresh.add(B), "what was removed stays out"


def test_a_later_no_to_training_is_kept_whichever_came_first(store: Store) -> None:
    no = replace(A, no_training=True)
    assert store.add(A) and not store.add(no) and not store.add(A)
    assert store.posting(A.name) == no
    twin = replace(A, board="a")  # the same address, and a name that sorts before: it takes the place of the other
    store.add(twin)
    assert store.names() == [twin.name] and store.head(twin.name).no_training
