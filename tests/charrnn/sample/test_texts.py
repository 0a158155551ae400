"""A network that learned a text writes texts: where they begin and end, and what the pages show."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from charrnn.data.corpus import LINES, POSTINGS, TEXT, open_corpus, split
from charrnn.data.kind import TextKind, guess, kind_of
from charrnn.data.texts import make_dataset
from charrnn.data.vocab import Vocab
from charrnn.evaluate import __main__ as evaluate
from charrnn.model import checkpoint
from charrnn.sample import __main__ as sample
from charrnn.sample.generate import generate
from charrnn.sample.grammar_mask import GrammarMask
from charrnn.sample.sampling import SamplingParams
from charrnn.train import __main__ as train
from scrape.common import console
from scrape.markup import grammar
from tests.support.tiny import corpus_folder, postings, trainer

TINY = ["--rnn-size", "8", "--batch-size", "4", "--seq-length", "10", "--device", "cpu", "--max-epochs", "0.2"]
SPLIT = ["--train-frac", "0.8", "--val-frac", "0.2"]
POSTING_WORDS = re.compile(
    r"\b(?:posting|job|hiring|company|companies|employer|appl(?:y|ication)|markup|grammar)s?\b", re.I
)
PLAY = "".join(f"KING {n}:\nThe <b>crown</b> & the {n} sceptres\nare heavy.\n\n" for n in range(150))
CODE = "".join(f"def f{n}(x):\n    if x < {n}:\n        return x\n\n\n" for n in range(100))


def learn(home: Path, name: str, text: str, *flags: str) -> TextKind:
    (home / name).write_text(text)
    assert train.main([name, *TINY, *SPLIT, *flags]) == 0
    kind = checkpoint.load(checkpoint.best(home / "cv" / Path(name).stem)).kind
    assert kind is not None
    return kind


@pytest.mark.parametrize(("name", "text"), [("play.txt", PLAY), ("code.py", CODE)])
def test_a_gallery_of_texts_says_nothing_of_postings(
    home: Path, capsys: pytest.CaptureFixture[str], name: str, text: str
) -> None:
    kind = learn(home, name, text)
    assert (kind.form, kind.monospace, kind.end) == (TEXT, name == "code.py", "\n\n")
    assert sample.main(["--count", "4", "--length", "200"]) == console.OK
    folder = home / "samples" / Path(name).stem
    pages = {f"text-0{n}.html" for n in range(1, 5)}
    assert pages | {"index.html", "texts.txt"} <= {path.name for path in folder.iterdir()}
    for page in (*pages, "index.html"):
        own = re.compile(r"<style>.*?</style>|<script>.*?</script>|Dream Jobs", re.DOTALL)
        shown = own.sub("", (folder / page).read_text("utf-8"))
        assert not POSTING_WORDS.search(shown)
        assert ("written code" in shown) == kind.monospace
    capsys.readouterr()
    assert evaluate.main(["--count", "2", "--length", "100"]) == console.OK
    assert not POSTING_WORDS.search(capsys.readouterr().out)


@pytest.mark.usefixtures("no_plot")
def test_a_text_in_json_has_the_fields_of_a_text(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learn(home, "play.txt", PLAY)
    capsys.readouterr()
    assert sample.main(["--count", "2", "--length", "90", "--json"]) == console.OK
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["prompt"] for row in rows] == ["", ""]
    assert not {"title", "company", "place", "masked", "cost"} & set(rows[0])
    assert sample.main(["--count", "1", "--length", "90", "--json", "--primetext", "KING 5:"]) == console.OK
    assert json.loads(capsys.readouterr().out)["text"].startswith("KING 5:")
    for wrong in (["--title", "Cook"], ["--state", "WA"], ["--well-formed"]):
        assert sample.main(["--count", "1", *wrong]) == console.BAD_INPUT
        assert "writes other texts" in capsys.readouterr().err


@pytest.mark.usefixtures("no_plot")
def test_by_line_each_sample_is_a_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kind = learn(home, "lines.txt", "".join(f"{n} green bottles\n" for n in range(300)), "--by", "line")
    assert (kind.form, kind.end) == (LINES, "\n")
    assert all(opening.endswith("\n") for opening in kind.openings)
    capsys.readouterr()
    assert sample.main(["--count", "6", "--json", "--temperature", "1"]) == console.OK
    for row in map(json.loads, capsys.readouterr().out.splitlines()):
        assert "\n" not in row["text"].strip("\n")
        assert row["ended"] == row["text"].endswith("\n")


def test_a_text_begins_after_a_held_out_passage_where_a_paragraph_does(home: Path) -> None:
    (home / "play.txt").write_text(PLAY)
    make_dataset(["play.txt"], home / "data/play")
    text = split(open_corpus(home / "data/play"), 0.8, 0.2)
    held_out = text.vocab.decode(text.validation)
    kind = kind_of(text)
    assert 20 < len(set(kind.openings)) <= 48
    for opening in kind.openings:
        assert opening in held_out and opening.endswith("\n\n")
    code = "".join(f"class A{n}:\n    x = {n}\n\n    def f(self):\n        pass\n\n\n" for n in range(90))
    (home / "a.py").write_text(code)
    make_dataset(["a.py"], home / "data/a")
    assert all(
        opening.endswith("\n\n\n") for opening in kind_of(split(open_corpus(home / "data/a"), 0.8, 0.2)).openings
    )


@pytest.mark.parametrize("text", ["no line breaks at all, only sentences. " * 90, "字" * 3000, "ab\n" * 900])
def test_any_text_has_a_beginning(home: Path, text: str) -> None:
    (home / "a.txt").write_text(text, encoding="utf-8")
    make_dataset(["a.txt"], home / "data/a")
    corpus = split(open_corpus(home / "data/a"), 0.9, 0.1)
    kind = kind_of(corpus)
    assert kind.openings and all(kind.openings)
    model = trainer(home).model
    vocab = Vocab(
        corpus.vocab.chars + "".join(map(chr, range(0x3000, 0x3000 + model.config.vocab_size - len(corpus.vocab))))
    )
    params = SamplingParams(length=20)
    made = list(generate(model, vocab, ["", ""], params, stop=kind.end, warm_ups=kind.openings))
    assert all(len(one.text) <= 20 for one in made)


def test_the_usual_length_follows_the_corpus(home: Path) -> None:
    kind = kind_of(split(open_corpus(corpus_folder(home, postings(300))), 0.9, 0.1))
    longest = max(len(one) for one in postings(300).split("</html>\n")) + len("</html>\n")
    assert kind.form == POSTINGS
    assert kind.soft_length <= longest < kind.length < 2 * longest
    assert kind.soft(kind.length) == kind.soft_length


def test_a_checkpoint_keeps_the_kind_and_an_older_one_is_judged_by_its_vocabulary(home: Path) -> None:
    made = trainer(home).checkpoint(2.0)
    assert made.kind == made.text_kind and made.kind is not None and made.kind.is_postings
    assert checkpoint.load(checkpoint.save(home / "cv" / "a", made)).kind == made.kind
    assert guess(Vocab("".join(sorted({*"<>/&;\nabdefhilmnoprtu1234"})))).is_postings
    assert guess(Vocab("abc\n")).end == "\n"
    assert guess(Vocab("abc")).openings == ("a",)


def test_a_long_posting_is_closed_after_a_block(home: Path) -> None:
    made = trainer(home)
    mask = GrammarMask(made.text.vocab.chars)
    params = SamplingParams(1.0, length=900, seed=3)
    found = list(generate(made.model, made.text.vocab, ["<html>\n<h1>"] * 12, params, mask=mask, close_from=60))
    closed = [one for one in found if one.closed]
    assert closed and not any(one.ended for one in closed)
    for one in closed:
        assert grammar.find_error(one.text) is None
        assert len(one.text) < 900
    assert np.mean([len(one.text) for one in found]) < 900
