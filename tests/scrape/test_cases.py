"""Small inputs that once went wrong, each through a whole search: what can be read is, and nothing else ends it.

They were written for this project, in the shape of what is found outside.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scrape.__main__ import main
from scrape.common.posting import Posting
from scrape.dataset.store import FileStore
from scrape.markup.simplify import simplify

FOLDER = Path(__file__).parent / "cases"
JSON_LD = sorted(path.name for path in FOLDER.glob("[0-9][0-9]*.html"))
MARKS = "\x1b\x07\x9b\u202e"


def search(pages: Path, tmp_path: Path) -> tuple[list[Posting], str]:
    """Search a file; return the postings that were saved, and the corpus."""
    assert main(["search", "--pages", str(pages), "--data-dir", str(tmp_path / "data")]) == 0
    store = FileStore(tmp_path / "data")
    return [store.posting(name) for name in store.names()], (store.root / "input.txt").read_text("utf-8")


@pytest.mark.parametrize("name", JSON_LD)
def test_json_ld_as_it_is_found(name: str, tmp_path: Path) -> None:
    (posting, *others), corpus = search(FOLDER / name, tmp_path)
    assert len(others) == (name == "04twoobjects.html")
    assert (posting.title, posting.company, posting.date) == ("Lamp Lighter", "Wick & Sons", "2026-11-01")
    assert "<h1>Lamp Lighter</h1>\n<h2>Wick &amp; Sons</h2>\n" in corpus
    assert "Light the lamps" in corpus and "&lt;" not in corpus


def test_a_page_in_one_file_and_an_indented_list(tmp_path: Path) -> None:
    (posting,), corpus = search(FOLDER / "page.mhtml", tmp_path / "page")
    assert posting.title == "Lamp Lighter" and "Light the lamps at dusk, café." in posting.html
    postings, corpus = search(FOLDER / "pretty-list.json", tmp_path / "list")
    assert sorted((posting.title, posting.date) for posting in postings) == [
        ("Lamp Cleaner", "2026-11-02"),
        ("Lamp Lighter", "2026-11-01"),
    ]
    assert "Clean the lamps at dawn." in corpus


def test_scripts_in_scripts_do_not_show(tmp_path: Path) -> None:
    shown = simplify((FOLDER / "script-text-leaks.html").read_text("utf-8"))
    assert shown == "<p>Cook wanted</p>\n<p>Apply now</p>\n<p>Shift starts at 6</p>\n"


def test_no_contact_stands_in_a_corpus(tmp_path: Path) -> None:
    postings, corpus = search(FOLDER / "contacts-first-lines.jsonl", tmp_path)
    assert len(postings) == corpus.count("<html>") == 8
    assert not re.search("555|0134", corpus) and corpus.count("Call ") == 8


def test_letters_of_all_languages_are_read(tmp_path: Path) -> None:
    postings, _ = search(FOLDER / "intl.jsonl", tmp_path)
    rows = [json.loads(line) for line in (FOLDER / "intl.jsonl").read_text("utf-8").splitlines()]
    assert {posting.key: posting.title for posting in postings} == {row["id"]: row["title"] for row in rows}


@pytest.mark.parametrize("name", ["pay-overflow", "places-recursion"])
def test_one_hostile_posting_does_not_end_the_others(name: str, tmp_path: Path) -> None:
    keys = [json.loads(line)["id"] for line in (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()]
    postings, corpus = search(FOLDER / f"{name}.jsonl", tmp_path)
    assert [posting.key for posting in postings] == sorted(keys) and "Care number 4" in corpus
    assert main(["find", "care", "--city", "Seattle, WA", "--data-dir", str(tmp_path / "data")]) == 0


def test_a_link_with_nul_is_no_page_to_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = FOLDER / "nul-link.html"
    assert main(["search", "--pages", str(pages), "--data-dir", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert f"not read: {pages}: no posting recognised" in told and "fault" not in told


def test_text_of_a_stranger_does_not_drive_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (posting,), corpus = search(FOLDER / "terminal-escapes.jsonl", tmp_path)
    assert main(["find", "care", "--data-dir", str(tmp_path / "data")]) == 0
    assert main(["find", "care", "--csv", "--data-dir", str(tmp_path / "data")]) == 0
    assert not set(MARKS) & set("".join(capsys.readouterr()) + corpus + posting.title)


@pytest.mark.parametrize("unit", ["/", " ", "a\u0301\u0316"])
def test_long_runs_take_no_long_time(unit: str, tmp_path: Path) -> None:
    """A URL of 40,000 slashes is left out; a text of 20,000 combining marks is read."""
    good = {"id": "1", "title": "Nurse", "url": "https://h.example/1", "html": "<p>Care for people</p>"}
    bad = good | {"id": "2", "url": f"https://h.example/{unit * 40_000}x", "html": f"<p>{unit * 20_000}</p>"}
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in (bad, good)))
    postings, corpus = search(path, tmp_path)
    assert [posting.key for posting in postings] == ["1"] and "Care for people" in corpus
