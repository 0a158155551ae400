"""A dataset of any text: what is read, how it is written down, and one line for what cannot be used."""

from __future__ import annotations

import codecs
import hashlib
import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from charrnn.data.corpus import LINES, POSTINGS, TEXT, open_corpus
from charrnn.data.texts import dataset_name, describe, existing_dataset, make_dataset, read_file, require
from charrnn.train.options import parse
from scrape.common.errors import InputError
from tests.support.tiny import postings

POEM = "Über allen Gipfeln\nIst Ruh,\nIn allen Wipfeln\nSpürest du\nKaum einen Hauch;\n\n" * 5


def made(*sources: str, **how: object) -> str:
    make_dataset(sources, Path("data/x"), **how)  # type: ignore[arg-type]
    return Path("data/x/input.txt").read_bytes().decode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (POEM.encode(), ""),
        (codecs.BOM_UTF8 + POEM.encode(), "byte order mark left out"),
        (POEM.replace("\n", "\r\n").encode(), "CRLF line ends made LF"),
        (POEM.replace("\n", "\r").encode(), "CR line ends made LF"),
        (POEM.encode("utf-16"), "read as utf-16-le; byte order mark left out"),
        (codecs.BOM_UTF16_BE + POEM.encode("utf-16-be"), "read as utf-16-be; byte order mark"),
        (POEM.encode("utf-16-le"), "read as utf-16-le (a guess"),
        (POEM.encode("utf-32"), "read as utf-32-le"),
        (POEM.encode("latin-1"), "read as cp1252 (a guess; --encoding NAME if it is wrong)"),
    ],
    ids=["utf-8", "mark", "crlf", "cr", "utf-16", "utf-16-be", "unmarked", "utf-32", "latin-1"],
)
def test_any_encoding_and_line_end_gives_the_same_text(home: Path, content: bytes, said: str) -> None:
    (home / "poem.txt").write_bytes(content)
    assert made("poem.txt") == POEM
    line = describe(make_dataset(["poem.txt"], Path("data/x")))
    assert line.startswith(f"poem.txt: {len(POEM)} characters in 30 lines")
    assert said in line
    assert ("read as" in line) == ("read as" in said)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Все счастливые семьи похожи друг на друга.\n", "cp1251"),
        ("Все счастливые семьи похожи друг на друга.\n", "koi8-r"),
        ("吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n", "shift_jis"),
        ("人之初，性本善。性相近，习相远。苟不教，性乃迁。\n", "gb18030"),
        ("Zażółć gęślą jaźń, panie Władysławie. Śnieg już pada od rana.\n", "cp1250"),
        ("“It’s a dog’s life” — he said… and left.\n", "cp1252"),
    ],
)
def test_other_encodings_are_guessed_and_can_be_given(home: Path, text: str, encoding: str) -> None:
    (home / "a.txt").write_bytes((text * 8).encode(encoding))
    assert made("a.txt") == text * 8
    assert made("a.txt", encoding=encoding) == text * 8
    with pytest.raises(InputError, match=r"a.txt is not ascii at byte .*; give another --encoding"):
        made("a.txt", encoding="ascii")
    with pytest.raises(InputError, match="--encoding klingon is unknown"):
        made("a.txt", encoding="klingon")


def test_the_manifest_says_what_was_read(home: Path) -> None:
    (home / "poem.txt").write_bytes(codecs.BOM_UTF8 + POEM.replace("\n", "\r\n").encode())
    written = made("poem.txt").encode()
    manifest = json.loads((home / "data/x/manifest.json").read_text("utf-8"))
    assert (manifest["kind"], manifest["by"], manifest["characters"]) == ("text", "text", len(POEM))
    assert manifest["sha256"] == hashlib.sha256(written).hexdigest()
    assert manifest["files"] == [
        {
            "name": "poem.txt",
            "characters": len(POEM),
            "encoding": "utf-8",
            "guessed": False,
            "byte_order_mark": True,
            "line_ends": "CRLF",
        }
    ]


def test_by_line_each_line_is_kept_once_in_another_order(home: Path) -> None:
    lines = [f"{n} green bottles" for n in range(50)]
    (home / "lines.txt").write_text("\n\n  ".join(lines) + " \n")
    written = made("lines.txt", by="line").splitlines()
    assert sorted(written) == sorted(lines) != written
    assert open_corpus(Path("data/x")).form == LINES
    assert made("lines.txt").splitlines() == written, "the dataset remembers --by line"


def test_a_folder_gives_all_of_its_text_and_counts_the_rest(home: Path) -> None:
    files = {
        "src/b.py": b"def b(x):\n    return {x}\n" * 9,
        "src/a/a.py": b"import b",
        "src/empty.py": b"",
        "src/picture.png": b"\x89PNG\0\1\2\3",
        "src/__pycache__/a.pyc": b"\0\1",
        "src/.git/config": b"hidden",
    }
    for name, content in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(content)
    assert made("src") == "import b\n\n" + files["src/b.py"].decode()
    line = describe(make_dataset(["src"], Path("data/x")))
    assert line.startswith("2 files: ")
    assert "left out: 1 file empty, 1 file not text" in line
    corpus = open_corpus(Path("data/x"))
    assert (corpus.form, corpus.monospace) == (TEXT, True)


def test_standard_input_is_a_text(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(POEM.encode())))
    assert made("-") == POEM


def test_a_corpus_of_postings_stays_one(home: Path) -> None:
    (home / "corpus.txt").write_text(postings())
    made("corpus.txt")
    assert open_corpus(Path("data/x")).form == POSTINGS
    (home / "page.txt").write_text("<html>\n<body>A page about text.</body>\n</html>\n" * 9)
    make_dataset(["page.txt"], Path("data/page"))
    assert open_corpus(Path("data/page")).form == TEXT


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no a.txt; name a text file"),
        (b"", "a.txt: 0 characters of text are too few"),
        (b"\n \n" * 100, "a.txt: 0 characters of text are too few"),
        (b"abc", "a.txt: 3 characters of text are too few"),
        (bytes(range(256)) * 20, "a.txt is not text; save it as plain text"),
        (b"PK\3\4" + bytes(range(1, 256)) * 9, "a.txt is not text"),
    ],
    ids=["absent", "empty", "blank", "three", "bytes", "archive"],
)
def test_what_is_no_text_takes_one_line_and_writes_nothing(home: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (home / "a.txt").write_bytes(content)
    with pytest.raises(InputError, match=message):
        made("a.txt")
    assert not (home / "data").exists()


def test_a_folder_without_text_says_what_is_in_it(home: Path) -> None:
    (home / "src").mkdir()
    (home / "src/a.png").write_bytes(b"\0\1\2")
    with pytest.raises(InputError, match=r"src: 0 characters of text \(1 file not text\) are too few"):
        made("src")


def test_another_text_is_replaced_only_if_told_to_and_a_dataset_of_postings_never(home: Path) -> None:
    (home / "poem.txt").write_text(POEM)
    before = made("poem.txt")
    (home / "poem.txt").write_text("Another " + POEM)
    with pytest.raises(InputError, match=r"data.x holds another text.*--overwrite.*--data-dir data.NAME"):
        made("poem.txt")
    assert (home / "data/x/input.txt").read_text("utf-8") == before
    assert made("poem.txt", replace=True) == "Another " + POEM
    (home / "data/x/manifest.json").write_text('{"postings": 3}')
    with pytest.raises(InputError, match=r"was not made from text files; train on it with --data-dir data.x"):
        made("poem.txt", replace=True)


def test_the_same_text_again_changes_nothing(home: Path) -> None:
    (home / "poem.txt").write_text(POEM)
    made("poem.txt")
    stat = (home / "data/x/input.txt").stat()
    made("poem.txt")
    assert (home / "data/x/input.txt").stat().st_mtime_ns == stat.st_mtime_ns


@pytest.mark.parametrize(
    ("sources", "name"),
    [
        (["my book (final).txt"], "my-book-final"),
        (["books/emma.txt"], "emma"),
        (["books/emma.txt", "books/persuasion.txt"], "books"),
        (["books"], "books"),
        (["one.txt", "two.txt"], "one"),
        (["-"], "stdin"),
        (["shakespeare/input.txt"], "shakespeare"),
        (["jobs.txt"], "jobs-text"),
        (["(!).txt"], "text"),
    ],
)
def test_a_dataset_is_named_after_its_source(home: Path, sources: list[str], name: str) -> None:
    (home / "books").mkdir()
    assert dataset_name(sources) == name


def test_a_folder_of_data_with_an_input_is_the_dataset_itself(home: Path) -> None:
    folder = home / "data" / "x"
    folder.mkdir(parents=True)
    assert existing_dataset(["data/x"], Path("data")) is None
    (folder / "input.txt").write_text(POEM)
    assert existing_dataset(["data/x"], Path("data")) == existing_dataset(["data/x/input.txt"], Path("data"))
    assert existing_dataset(["data/x"], Path("data")) == Path("data/x")
    assert existing_dataset(["data/x", "a.txt"], Path("data")) is None


def test_a_dataset_is_meant_by_its_name_alone_where_no_file_has_it(home: Path) -> None:
    (home / "data/tweets").mkdir(parents=True)
    (home / "data/tweets/input.txt").write_text("tweet\n" * 100)
    assert existing_dataset(["tweets"], Path("data")) == Path("data/tweets")
    assert existing_dataset(["twets"], Path("data")) is None
    assert parse(["--run", "tweets", "--resume"]).data_dir == Path("data/tweets")
    assert parse(["--run", "other", "--resume"]).data_dir == Path("data/jobs")
    (home / "tweets").write_text("a file of that name")
    assert existing_dataset(["tweets"], Path("data")) is None


def test_a_missing_file_is_named_with_the_likeliest_one(home: Path) -> None:
    (home / "tweets.txt").write_text("tweet\n" * 100)
    require(["tweets.txt", "-"])
    with pytest.raises(InputError, match=r"there is no tweets\.tx; did you mean 'tweets\.txt'\?"):
        require(["tweets.tx"])


def test_one_file_is_read_in_any_encoding(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        (home / "a.txt").write_bytes((POEM + "Café déjà vu, señor, où êtes-vous?\r\n").encode(encoding))
        assert read_file(Path("a.txt"), "name another").endswith("Café déjà vu, señor, où êtes-vous?\n")
        assert capsys.readouterr().err.startswith("" if encoding == "utf-8-sig" else "a.txt was read as")
    (home / "a.txt").write_bytes(bytes(range(256)) * 9)
    with pytest.raises(InputError, match=r"a\.txt is not text; save it as plain text, or name another"):
        read_file(Path("a.txt"), "name another")
