"""Searching one's own postings, over an index that follows the store by itself."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scrape.common.errors import InputError
from scrape.common.posting import Pay, Posting
from scrape.dataset.index import FILE, Filters, SearchHit, open_index, refresh
from scrape.dataset.simplify_all import simplify_store
from scrape.dataset.store import FileStore, Store

BAKER = Posting(
    "b",
    "1",
    "https://x/1",
    "Head Baker",
    "Oven & Co",
    "Boston, MA",
    "2026-11-03",
    "<p>You manage ovens &amp; flour.</p>",
)
NURSE = Posting(
    "b",
    "2",
    "https://x/2",
    "Staff Nurse",
    "Ward Inc.",
    "San Francisco, CA",
    "2026-11-05",
    "<p>Managing a ward. Café.</p>",
)
CLERK = Posting(
    "b", "3", "https://x/3", "Clerk", "Oven & Co", "Remote - US", "", "<p>Papers for the head baker, near San José.</p>"
)


@pytest.fixture
def empty(tmp_path: Path) -> Store:
    """A dataset without a posting."""
    return FileStore(tmp_path / "empty")


@pytest.fixture
def store(store: Store) -> Store:
    """A dataset of three postings."""
    for each in (BAKER, NURSE, CLERK):
        store.add(each)
    simplify_store(store)
    return store


def find(store: Store, words: str = "", **filters: Any) -> list[SearchHit]:
    """The postings that are found, from an index that is opened for them; their number is what is counted."""
    asked = Filters(words, **filters)
    with open_index(store) as index:
        hits = index.rows(asked)
        assert index.count(asked) == len(hits)
    return hits


def keys(store: Store, words: str = "", **filters: Any) -> list[str]:
    return [found.name.removeprefix("b-") for found in find(store, words, **filters)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("baker", ["1", "3"]),  # in the title first
        ("manage", ["1", "2"]),
        ("manages ward", ["2"]),
        ('"head baker"', ["1", "3"]),
        ('"baker head"', []),
        ("flo*", ["1"]),
        ("cafe", ["2"]),
        ("JOSÉ", ["3"]),
        ("oven", ["1", "3"]),
        ("nothing", []),
        ("baker -papers", ["1"]),
        ("baker NOT papers", ["1"]),
        ('-"head baker"', ["2"]),
        ("-managing", ["3"]),
        ("flour OR ward", ["2", "1"]),
        ("head flour OR papers", ["1", "3"]),
        ("baker OR", []),
        ("baker AND papers", ["3"]),
        ("papers _", ["3"]),
        ("“head baker” flour", ["1"]),
        ("managi*", ["2"]),
        ("ove* head", ["1", "3"]),
        ("-managi*", ["1", "3"]),
        ("baker OR managi*", ["1", "2", "3"]),
        ("", ["2", "1", "3"]),  # newest first
    ],
)
def test_words(store: Store, words: str, expected: list[str]) -> None:
    assert sorted(keys(store, words)) == sorted(expected)
    assert keys(store, words)[:1] == expected[:1] or words in ("manage", "oven")


SPECIAL = {
    "c++": ("C++ Developer", "Write C++17."),
    "c": ("C Developer", "Write C, and no F."),
    "c#": ("C# / F# Developer", "Write C#."),
    "net": (".NET Developer", "Use node.js and ASP.NET Core."),
    "pay": ("Clerk", "Your net pay; 5+ years. End.Next"),
    "zh": ("数据科学家", "我们需要数据分析经验。"),
    "ja": ("Pythonエンジニア", "東京でデータを分析します。"),
    "fa": ("مهندس نرم\u200cافزار", "ما می\u200cخواهیم"),
}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("C++", {"c++"}),
        ("c++ developer", {"c++"}),
        ('"C++"', {"c++"}),
        ('"C++ Developer"', {"c++"}),
        ('"C Developer"', {"c", "c++"}),
        ("developer -c++", {"c", "c#", "net"}),
        ('"node.js"', {"net"}),
        ("C#", {"c#"}),
        ("F#", {"c#"}),
        (".NET", {"net"}),
        (".net developer", {"net"}),
        (".net/python", set()),
        ("C#/F#", {"c#"}),
        ("net", {"net", "pay"}),
        ("node.js", {"net"}),
        ("ASP.NET", {"net"}),
        ("数据", {"zh"}),
        ("数据科学", {"zh"}),
        ("科学数据", set()),
        ('"数据分析"', {"zh"}),
        ("分析", {"zh", "ja"}),
        ("データ", {"ja"}),
        ("ﾃﾞｰﾀ", {"ja"}),
        ("東京 データ", {"ja"}),
        ("エンジニア", {"ja"}),
        ("Python", {"ja"}),
        ("pythonエンジニア", {"ja"}),
        ("می\u200cخواهیم", {"fa"}),
        ("نرم\u200cافزار", {"fa"}),
        ("نرمافزار", {"fa"}),
    ],
)
def test_words_with_signs_without_spaces_and_with_joiners(empty: Store, words: str, expected: set[str]) -> None:
    for number, (title, text) in enumerate(SPECIAL.values()):
        empty.add(Posting("b", str(number), f"https://x/{number}", title, html=f"<p>{text}</p>"))
    simplify_store(empty)
    titles = {title: key for key, (title, _) in SPECIAL.items()}
    assert {titles[hit.title] for hit in find(empty, words)} == expected


def test_filters_mean_what_they_mean_in_a_search(store: Store) -> None:
    assert keys(store, places=("SF",)) == ["2"]
    assert keys(store, places=("Remote",)) == ["3"]
    assert keys(store, places=("MA",), companies=("oven",)) == ["1"]
    assert keys(store, places=("SF", "Remote"), not_places=("US",)) == []
    assert keys(store, not_places=("MA", "Remote")) == ["2"]
    assert keys(store, titles=("nurses", "clerk")) == ["2", "3"]
    assert keys(store, remote=True) == ["3"] and keys(store, remote=False) == ["2", "1"]
    assert keys(store, boards=("b", "c"), exclude=("oven",)) == ["2"] and keys(store, boards=("c",)) == []
    assert keys(store, names=frozenset({"b-1", "b-2"}), without=frozenset({"b-1"})) == ["2"]
    assert keys(store, exclude=('"head baker"',)) == keys(store, exclude=("“head baker”",)) == ["2"]
    assert keys(store, exclude=('baker" OR title : "nurse', '"', "oven")) == ["2"]
    assert keys(store, exclude=[f"word{number}" for number in range(2000)]) == ["2", "1", "3"]
    assert keys(store, places=("",)) == keys(store, not_places=(" ",)) == keys(store, titles=("",)) == keys(store)
    assert keys(store, since="2026-11-04") == ["2"]
    assert keys(store, "baker", since="2026-01-01") == ["1"]


@pytest.mark.parametrize(
    "words", ['a" OR b', "NEAR(", "title:", "-x", "AND", "c++", "'); DROP TABLE posting", "*", '"']
)
def test_nothing_typed_is_taken_for_an_operator(store: Store, words: str) -> None:
    try:
        keys(store, words)
    except InputError as error:
        assert "no word" in str(error)
    assert len(keys(store)) == 3


def test_the_excerpt_shows_the_words_without_markup(store: Store) -> None:
    (found,) = find(store, "flour")
    assert found.excerpt == "You manage ovens & flour."
    assert (found.title, found.company, found.location, found.url) == (
        "Head Baker",
        "Oven & Co",
        "Boston, MA",
        "https://x/1",
    )


def test_the_index_follows_the_store(store: Store) -> None:
    assert keys(store, "baker") == ["1", "3"]
    store.remove(BAKER.name)
    assert keys(store, "baker") == ["3"]
    store.add(Posting("b", "4", "https://x/4", "Pastry baker", html="<p>Cakes</p>"))
    assert keys(store, "cakes") == []
    simplify_store(store)
    assert keys(store, "cakes") == ["4"]
    store.put_document("b-4", store.document("b-4").replace("Cakes", "Tarts"))
    assert keys(store, "cakes") == [] and keys(store, "tarts") == ["4"]


def test_an_index_in_step_is_not_written(store: Store) -> None:
    keys(store)
    before = (store.root / FILE).stat().st_mtime_ns
    keys(store, "baker")
    assert (store.root / FILE).stat().st_mtime_ns == before


def test_folders_that_did_not_change_are_not_listed_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (store.raw, store.postings):
        os.utime(folder, (1, 1))  # changed long ago
    keys(store)
    with open_index(store) as index, monkeypatch.context() as patched:
        patched.setattr(FileStore, "stamps", lambda _: pytest.fail("was listed"))
        index.refresh()
        assert keys(store, "baker") == ["1", "3"]
    with open_index(store) as index:
        store.remove(BAKER.name)
        index.refresh()
        assert index.count() == 2
    assert keys(store, "baker") == ["3"]


@pytest.mark.parametrize("spoil", ["text", "cut", "old", "gone"])
def test_a_spoilt_index_is_made_anew(store: Store, spoil: str) -> None:
    keys(store)
    path = store.root / FILE
    if spoil == "text":
        path.write_text("not a database, but long enough to be taken for one " * 50)
    elif spoil == "cut":
        path.write_bytes(path.read_bytes()[:5000])
    elif spoil == "old":
        with sqlite3.connect(path) as index:
            index.execute("DELETE FROM posting")
            index.execute("PRAGMA user_version = 999")
        index.close()
    else:
        path.unlink()
    assert keys(store, "baker") == ["1", "3"]


def test_one_spoilt_posting_does_not_end_the_search(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    store.raw_path(NURSE.name).write_text("{")
    assert sorted(keys(store)) == ["1", "3"]
    assert "b-2.json" in capsys.readouterr().err


def test_half_characters_are_no_trouble(store: Store) -> None:
    store.add(Posting("b", "5", "", "Baker \ud83d", html="<p>Half</p>"))
    simplify_store(store)
    assert keys(store, "half") == ["5"]


def test_a_posting_that_cannot_be_read_does_not_end_the_search(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    store.document_path(NURSE.name).unlink()
    store.document_path(NURSE.name).mkdir()
    assert sorted(keys(store)) == ["1", "3"]
    assert "b-2.html cannot be read" in capsys.readouterr().err


def test_where_no_index_can_be_saved_postings_are_found_all_the_same(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    (store.root / FILE).mkdir()
    assert keys(store, "baker") == ["1", "3"]
    assert f"{FILE} cannot be written" in capsys.readouterr().err


def test_what_is_removed_leaves_no_trace_in_the_index(store: Store) -> None:
    keys(store)
    assert b"Managing a ward" in (store.root / FILE).read_bytes()
    store.remove(NURSE.name)
    refresh(store)
    assert b"Managing a ward" not in (store.root / FILE).read_bytes()


def test_pay_is_that_of_the_board_or_else_of_the_text(store: Store) -> None:
    ends = {"min_amount": 20.5, "max_amount": None, "currency": "USD", "interval": "hourly", "salary_source": "board"}
    store.add(replace(BAKER, key="4", url="", pay=Pay(20.5, None, "USD", "hourly"), html="<p>$90,000 a year</p>"))
    store.add(replace(BAKER, key="5", url="", html="<p>Bread</p><p>Pays £30k - £35k</p>"))
    simplify_store(store)
    by_key = {hit.name.removeprefix("b-"): hit for hit in find(store)}
    assert {name: getattr(by_key["4"], name) for name in ends} == ends
    assert (by_key["5"].pay, by_key["5"].salary_source) == (Pay(30_000, 35_000, "GBP", "yearly"), "text")
    assert (by_key["1"].pay, by_key["1"].salary_source) == (None, "")


def test_a_word_that_no_posting_has_is_likened_to_a_common_one(empty: Store) -> None:
    for key in "123":
        empty.add(Posting("b", key, f"https://x/{key}", "Engineer", html="<p>We write Python at dawn.</p>"))
    simplify_store(empty)
    with open_index(empty) as index:
        assert index.similar_words("pyton enginer dawn zebra 42") == {"enginer": "engineer", "pyton": "python"}


def test_a_current_index_is_used_where_nothing_can_be_written(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refresh(store)
    (store.root / ".index.sqlite.listed").write_text("of another time")

    def refuse(path: Path, _content: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("scrape.dataset.index.build.write_whole", refuse)
    before = (store.root / FILE).read_bytes()
    assert len(find(store)) == 3
    assert (store.root / FILE).read_bytes() == before and capsys.readouterr().err == ""
