"""`python -m charrnn.evaluate`: the right text is found, split as in training, and the table tells what was found."""

from __future__ import annotations

import json
import math
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html as lxml_html

from charrnn.data.corpus import open_corpus
from charrnn.data.kind import TextKind
from charrnn.evaluate import memorization, report
from charrnn.evaluate.__main__ import lines, main
from charrnn.evaluate.memorization import held_out
from charrnn.evaluate.report import FREE, MASKED, REAL
from charrnn.model import checkpoint, loss
from charrnn.model.lstm import CharLSTM
from charrnn.runs import train_state, training_text
from charrnn.sample.generate import Sample
from charrnn.sample.sampling import SamplingParams
from scrape.common import console
from scrape.common.errors import InputError
from scrape.markup import document
from tests.support import tiny

PLAIN = "".join(f"Line {number} tells of {number * number}.\n" for number in range(400))
FAST = ["--count", "3", "--length", "60", "--device", "cpu"]


def trained(home: Path) -> Path:
    """A checkpoint of a barely trained network, in cv/tiny, beside its text in data/tiny."""
    return checkpoint.save(home / "cv" / "tiny", tiny.trainer(home / "data").checkpoint(2.0))


def plain_trained(home: Path) -> Path:
    """The same of a text that is no postings."""
    folder = tiny.corpus_folder(home / "data", PLAIN)
    corpus = open_corpus(folder)
    made = tiny.trainer(home / "elsewhere").checkpoint(2.0)
    config = replace(made.config, vocab_size=len(corpus.vocab))
    weights = CharLSTM(config).state_dict()
    whole = replace(made, config=config, weights=weights, vocab=corpus.vocab, corpus=corpus.sha256, kind=None)
    return checkpoint.save(home / "cv" / "tiny", whole)


def check_page(page: str, printed: str) -> str:
    """Assert that a page has the figures that were printed, and a sentence for each; return what it shows."""
    tree = lxml_html.fromstring(page)
    rows = [row for row in tree.xpath("//tbody/tr") if row.get("class") != "meaning"]
    for row in rows:
        name, *cells = (cell.text_content() for cell in row)
        assert re.search(re.escape(name) + r"\s+" + r"\s+".join(map(re.escape, filter(None, cells))), printed)
        assert re.fullmatch(r"[A-Z].{15,}[.]", row.getnext().text_content())
    assert len(rows) >= 4 + 11
    shown: str = tree.find("body").text_content()
    assert "An 8-gram model can win on a text that is made of templates" in shown
    return shown


def test_the_table_and_the_json_tell_of_all_kinds(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = trained(home)
    assert main([*FAST, "--json", "found.json", "--html"]) == console.OK
    printed = capsys.readouterr().out
    check_page(Path("samples/tiny/evaluation.html").read_text("utf-8"), printed)
    found = json.loads(Path("found.json").read_text())
    loaded = checkpoint.load(path)
    source = training_text.find(loaded, path)
    bits = loss.mean_loss(loaded.model(), loss.validation_streams(source.text.validation)) / math.log(2)
    assert found["guesses"]["network"] == pytest.approx(bits)
    assert f"{bits:.3f}" in printed
    assert set(found["texts"]) == {MASKED, FREE, REAL}
    assert found["texts"][MASKED]["valid"] == 1.0
    assert found["texts"][FREE]["valid"] == 0.0  # a network that hardly learned cannot close a tag
    assert found["texts"][REAL]["texts"] == source.text.vocab.decode(source.text.validation).count("</html>\n")
    assert found["texts"][MASKED]["texts"] == 3
    assert found["sampling"][MASKED]["changed"] > 0
    assert found["sampling"][MASKED]["cost"] > 0
    assert found["sampling"][FREE]["changed"] == 0
    assert found["sampling"][FREE]["ended"] == 0.0  # nor end a posting in 60 characters
    assert found["trained_on_it"]
    assert "100.0 %" in printed
    assert "with the mask" in printed


def test_the_longest_shared_run_is_of_the_training_part_only(home: Path) -> None:
    path = trained(home)
    source = training_text.find(checkpoint.load(path), path)
    real = held_out(source.text, 60)
    found = report.measure_kinds({REAL: real}, source, True)[REAL]
    assert found.longest < min(map(len, real))


def test_a_text_that_is_no_postings_skips_what_it_lacks(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain_trained(home)
    assert main([*FAST, "--json", "found.json", "--html", "found.html"]) == console.OK
    printed = capsys.readouterr().out
    page = check_page(Path("found.html").read_text("utf-8"), printed)
    found = json.loads(Path("found.json").read_text())
    assert set(found["texts"]) == {FREE, REAL}
    assert found["texts"][REAL]["valid"] is None
    assert "valid markup" not in printed
    for word in ("posting", "markup", "mask", "title"):
        assert word not in printed and word not in page


def test_without_a_whole_posting_held_out_there_is_no_column_of_real_ones(home: Path) -> None:
    text = tiny.postings() + "<html>\n<h1>Baker</h1>\n" + "<p>who kneads dough</p>\n" * 30
    path = trained(home)
    loaded = checkpoint.load(path)
    source = training_text.find(loaded, path)
    whole = source.text.vocab.encode(text)
    cut = text.rindex("<html>")
    source = replace(source, text=replace(source.text, train=whole[:cut], validation=whole[cut:]))
    made = report.evaluate(path, loaded.model(), source, 2, SamplingParams(0.7, length=60, seed=1))
    assert set(made.texts) == {MASKED, FREE}
    assert any("with the mask" in line for line in lines(made))


def test_of_a_long_validation_part_the_first_characters_are_read_and_the_page_says_so(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = plain_trained(home)
    source = training_text.find(checkpoint.load(path), path)
    text = replace(source.text, declared="lines")
    assert len(text.validation) > 300
    monkeypatch.setattr(report, "MOST_PREDICTED", 300)
    assert main([*FAST, "--json", "found.json"]) == console.OK
    assert f"the first 300 of {len(text.validation):,} held-out characters" in capsys.readouterr().out
    found = json.loads(Path("found.json").read_text())["guesses"]
    model = checkpoint.load(path).model()
    bits = loss.mean_loss(model, loss.validation_streams(text.validation[:300])) / math.log(2)
    assert (found["predicted"], found["network"]) == (300, pytest.approx(bits))
    whole = held_out(text, 60)
    monkeypatch.setattr(memorization, "_MOST_READ", 305)
    read = held_out(text, 60)
    assert 0 < len(read) < len(whole) and read == whole[: len(read)], "whole lines, from the first on"


def test_ended_is_the_share_that_the_network_ended(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = trained(home)
    loaded = checkpoint.load(path)
    made = [Sample(0, "", "<html>\n", False, 2, 0.5), Sample(1, "", "</html>\n", True, 1, 0.25)]
    monkeypatch.setattr(report, "sample_kind", lambda *_, **__: iter(made))
    params = SamplingParams(0.7, length=60, seed=1)
    _, found = report.sample_texts(loaded.model(), loaded.vocab, TextKind(), 2, params, None)
    assert (found.ended, found.changed, found.cost) == (0.5, 3, 0.75)


def test_the_same_seed_gives_the_same_texts_and_another_others(home: Path) -> None:
    path = trained(home)
    source = training_text.find(checkpoint.load(path), path)
    model = checkpoint.load(path).model()

    def texts(seed: int) -> list[str]:
        params = SamplingParams(0.7, length=60, seed=seed)
        made, _ = report.sample_texts(model, source.text.vocab, TextKind(), 2, params, None)
        return [one.text for one in made]

    assert texts(1) == texts(1) != texts(2)


def test_the_text_is_found_by_its_checksum_whatever_the_folder_is_called(home: Path) -> None:
    path = trained(home)
    (home / "data" / "tiny").rename(home / "data" / "other")
    found = training_text.find(checkpoint.load(path), path)
    assert (found.folder, found.is_original) == (Path("data/other"), True)
    assert found.train_size == len(found.text.train)


def test_another_text_is_measured_when_it_is_named_and_said_to_be_another(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained(home)
    other = tiny.corpus_folder(home / "elsewhere", "".join(document.split([tiny.postings(50, seed=2)])))
    assert main([*FAST, "--data-dir", str(other)]) == console.OK
    assert "was not trained on this text" in capsys.readouterr().out


def test_a_text_that_is_not_there_is_asked_for(home: Path) -> None:
    path = trained(home)
    tiny.corpus_folder(home / "data", tiny.postings(50, seed=2))
    with pytest.raises(InputError, match="--data-dir"):
        training_text.find(checkpoint.load(path), path)


def test_a_folder_whose_text_has_changed_is_passed_over_for_the_one_that_holds_it(home: Path) -> None:
    path = trained(home)
    shutil.copytree(home / "data" / "tiny", home / "data" / "zebra")
    tiny.corpus_folder(home / "data", tiny.postings(50, seed=2))
    found = training_text.find(checkpoint.load(path), path)
    assert (found.folder, found.is_original) == (Path("data/zebra"), True)


def test_a_text_in_unknown_characters_is_refused_with_their_names(home: Path) -> None:
    path = trained(home)
    other = tiny.corpus_folder(home / "elsewhere", tiny.postings() + "日本")
    with pytest.raises(InputError, match="'日', '本'"):
        training_text.find(checkpoint.load(path), path, other)


def test_the_text_is_split_as_the_run_split_it(home: Path) -> None:
    path = trained(home)
    usual = training_text.find(checkpoint.load(path), path).train_size
    made = tiny.trainer(home / "data")
    state = made.state_dict()
    state["config"] |= {"train_frac": 0.5, "val_frac": 0.1}
    train_state.save(Path("cv/tiny.resume"), state)
    found = training_text.find(checkpoint.load(path), path)
    assert found.train_size < usual
    assert len(found.text.test) > 0


def test_a_file_in_the_way_of_the_json_is_named_before_the_work(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("taken").write_text("")
    trained(home)
    assert main([*FAST, "--html", "taken/x.html"]) == console.BAD_INPUT
    assert capsys.readouterr().err == "error: taken is a file; name another place with --html\n"
    assert main(["--checkpoint", "none.pt", "--json", "taken/x.json"]) == console.BAD_INPUT
    assert capsys.readouterr().err == "error: taken is a file; name another place with --json\n"


@pytest.mark.parametrize("flags", [["--count", "0"], ["--length", "x"], ["--checkpoint", "no.pt"], ["--seed", "-1"]])
def test_what_cannot_be_is_one_line_and_2(home: Path, flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    trained(home)
    try:
        code = main([*FAST, *flags])
    except SystemExit as end:
        code = int(end.code or 0)
    assert code == console.BAD_INPUT
    assert capsys.readouterr().err.count("error:") == 1
