"""Training on a gathered dataset, whose text lies in parts: the same as on one file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from charrnn.data import corpus as data
from charrnn.data.corpus import Streams, open_corpus, split
from charrnn.data.vocab import Vocab
from charrnn.evaluate.suffix_array import SuffixArray
from charrnn.model import checkpoint
from charrnn.runs import training_text
from charrnn.train.__main__ import main as train
from scrape.common.errors import InputError
from tests.support.tiny import corpus_folder, gathered_folder, postings


def test_the_parts_are_one_text(tmp_path: Path) -> None:
    text = postings(40).replace("e", "é")
    one = open_corpus(corpus_folder(tmp_path / "one", text))
    parts = open_corpus(gathered_folder(tmp_path / "parts", text))
    assert parts.vocab == one.vocab and np.array_equal(parts.ids, one.ids) and parts.form == one.form
    assert isinstance(parts.ids, np.memmap)
    ours, theirs = (split(each, 0.8, 0.1) for each in (parts, one))
    assert [len(part) for part in (ours.train, ours.validation, ours.test)] == [
        len(part) for part in (theirs.train, theirs.validation, theirs.test)
    ]
    for number in range(3):
        windows = [Streams(each.train, 4, 25, 7).window(number) for each in (ours, theirs)]
        assert all(map(np.array_equal, *windows))
    index = SuffixArray.open(tmp_path / "parts" / "input.txt", 900, parts.vocab)
    assert int(index.match_lengths(text[100:160])[0]) >= 60


def test_it_is_joined_once_and_again_when_it_was_gathered_again(tmp_path: Path) -> None:
    folder = gathered_folder(tmp_path / "data", postings(12))
    before = open_corpus(folder)
    joined = (folder / "input.ids").stat().st_mtime_ns
    assert open_corpus(folder).sha256 == before.sha256 and (folder / "input.ids").stat().st_mtime_ns == joined
    other = gathered_folder(tmp_path / "other", postings(20))
    (other / "input.ids").write_bytes((folder / "input.ids").read_bytes())
    (other / "input.ids.json").write_bytes((folder / "input.ids.json").read_bytes())
    after = open_corpus(other)
    assert after.sha256 != before.sha256 and len(after.ids) == len(postings(20))


@pytest.mark.parametrize(
    "damage",
    [
        "missing",
        "shorter",
        "not UTF-8",
        "another letter",
        "a strange letter",
        "manifest",
        "no JSON",
        "no manifest",
        "order",
    ],
)
@pytest.mark.parametrize("opened_before", [False, True])
def test_a_damaged_part_is_named_with_what_to_do(tmp_path: Path, damage: str, opened_before: bool) -> None:
    folder = gathered_folder(tmp_path / "data", postings(12))
    if opened_before:
        open_corpus(folder)
    text = folder / "corpus" / f"{1:016x}.txt"
    data, named = text.read_bytes(), text.name
    if damage == "missing":
        text.unlink()
    elif damage == "manifest":
        (folder / "manifest.json").write_text('{"shards": [{"key": 1}], "chars": "a"}', "utf-8")
        named = "manifest.json"
    elif damage == "no JSON":
        (folder / "manifest.json").write_text('{"shards": [', "utf-8")
        named = "manifest.json"
    elif damage == "no manifest":
        (folder / "manifest.json").unlink()
        named = "manifest.json"
    elif damage == "order":
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        manifest["shards"].reverse()
        (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
        named = "manifest.json"
    else:
        changed = {"shorter": data[:-1], "not UTF-8": b"\xff" + data[1:], "a strange letter": b"Q" + data[1:]}
        text.write_bytes(changed.get(damage, data.replace(b"Baker", b"Bread", 1)))
        os.utime(text, ns=(1, 1))
    with pytest.raises(InputError, match=f"{named}.*run the same `python -m scrape gather` again"):
        open_corpus(folder)


def test_a_network_learns_the_same_from_parts_as_from_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = postings(40)
    corpus_folder(Path("data"), text).rename("data/one")
    gathered_folder(Path("data/parts"), text)
    size = ["--rnn-size", "8", "--num-layers", "1", "--batch-size", "4", "--seq-length", "20", "--max-epochs", "1"]
    for name in ("one", "parts"):
        assert train(["--data-dir", f"data/{name}", *size, "--eval-val-every", "1000", "--dtype", "float32"]) == 0
    ours, theirs = (
        [json.loads(line) | {"seconds": 0, "characters_per_second": 0} for line in Path(log).read_text().splitlines()]
        for log in ("cv/parts.jsonl", "cv/one.jsonl")
    )
    assert ours == theirs
    best = checkpoint.best(Path("cv/parts"))
    assert training_text.find(checkpoint.load(best), best).named == Path("data/parts/corpus")
    assert train(["--run", "parts", "--resume", "--max-epochs", "2"]) == 0
    gathered_folder(Path("data/again"), postings(41))
    (Path("data/parts/manifest.json")).write_bytes(Path("data/again/manifest.json").read_bytes())
    for path in Path("data/again/corpus").iterdir():
        (Path("data/parts/corpus") / path.name).write_bytes(path.read_bytes())
    capsys.readouterr()
    assert train(["--run", "parts", "--resume", "--max-epochs", "3"]) == 2
    assert "has changed since run parts was started" in capsys.readouterr().err


def test_another_vocabulary_numbers_a_long_text_outside_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = open_corpus(gathered_folder(tmp_path, postings(40)))
    wider = Vocab("".join(sorted({*corpus.vocab.chars, *map(chr, range(0x3B1, 0x3B1 + 300))})))
    short = corpus.with_vocab(wider)
    monkeypatch.setattr(data, "_IN_MEMORY", 100)
    monkeypatch.setattr(data, "_CHUNK", 1000)
    long = corpus.with_vocab(wider)
    assert isinstance(long.ids, np.memmap) and not isinstance(short.ids, np.memmap)
    assert long.ids.dtype == wider.dtype == np.uint16 and np.array_equal(long.ids, short.ids)
    assert wider.decode(long.ids) == corpus.vocab.decode(corpus.ids) and long.form == corpus.form
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [
        "corpus",
        "input.ids",
        "input.ids.json",
        "manifest.json",
    ]
