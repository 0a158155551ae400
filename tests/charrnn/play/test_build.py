"""Making the page of a checkpoint: the command, its refusals, and the cells that are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from charrnn.data.kind import TextKind
from charrnn.data.vocab import Vocab
from charrnn.evaluate.memorization import Overlap, OverlapSummary
from charrnn.export import __main__ as export
from charrnn.model import checkpoint
from charrnn.model.checkpoint import Checkpoint
from charrnn.model.lstm import CharLSTM, ModelConfig
from charrnn.pages import gallery
from charrnn.pages.views import PostingView, Provenance
from charrnn.play import __main__ as play
from charrnn.play import build, cells
from charrnn.play.network import Network
from charrnn.play.page import SCRIPTS, deflate, equals
from charrnn.play.weights import quantize, quantize_model
from charrnn.sample.generate import Sample
from scrape.common.pages import kit
from tests.support.paths import ROOT

POEM = "\n abcdefgh.,'"


@pytest.fixture(autouse=True)
def short_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_LENGTH", 100)


def saved(cv: Path, epoch: float, val_loss: float, kind: str = "lstm") -> Path:
    config = ModelConfig(len(POEM), 8, 1, kind)
    weights = CharLSTM(config).state_dict()
    return checkpoint.save(cv / "poem", Checkpoint(config, Vocab(POEM), weights, epoch, 1, val_loss, "0" * 64))


def test_the_command_writes_one_file_with_the_stages_of_the_run(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved(home / "cv", 1, 2.5)
    saved(home / "cv", 2, 1.5)
    assert play.main(["--checkpoint", "best"]) == 0
    assert Path(capsys.readouterr().out.strip()) == Path("samples/poem/play.html")
    page = (home / "samples/poem/play.html").read_text("utf-8")
    assert '<div class="written" lang="" dir="auto">' in page and "an LSTM with 1 layer of 8 cells" in page
    for label in ("Epoch 2.00, the best", "Untrained: random weights", "Epoch 1.00, the first"):
        assert f">{label}</label>" in page
    assert "not measured" in page and "http" not in page.split("<style>")[0].replace("http-equiv", "")
    assert play.main(["--beside", "--out", "alone.html", "--no-wasm"]) == 0
    alone = (home / "alone.html").read_text("utf-8")
    assert (
        ">Epoch 2.00, the best</label>" in alone
        and "Untrained" not in alone
        and "wasm-unsafe-eval" not in alone.split("<style>")[0]
    )


def test_the_committed_page_of_the_showcase_is_small_and_up_to_date() -> None:
    page = (ROOT / "samples/showcase/play.html").read_text("utf-8")
    assert len(page.encode()) <= 2_550_000
    for name in SCRIPTS:
        assert kit.read("charrnn.play", name) in page, f"{name} has changed: run python -m charrnn.play for cv/showcase"
    assert kit.stylesheet("charrnn.play", "play.css") in page
    assert deflate(quantize(checkpoint.load(checkpoint.best(ROOT / "cv/showcase"))).to_bytes()) in page


def test_the_page_can_be_exported(home: Path) -> None:
    saved(home / "cv", 1, 2.5)
    assert export.main(["--html", "page.html"]) == 0
    assert "Let the network write" in (home / "page.html").read_text("utf-8")


def test_a_page_that_is_too_large_is_refused_in_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(home / "cv", 1, 2.5)
    monkeypatch.setattr(build, "_MEGABYTE", 1000)
    assert play.main([]) == 2
    said = capsys.readouterr().err
    assert "more than --max-megabytes 10; name fewer checkpoints with --beside" in said and said.count("\n") == 1
    assert not (home / "samples").exists()


def test_what_is_copied_stands_beside_what_unseen_texts_share() -> None:
    class Index:
        def overlap(self, text: str) -> Overlap:
            return Overlap(len(text), 0.25, [])

        def held_out_overlap(self, length: int) -> OverlapSummary:
            return OverlapSummary(20, 0.5, 97)

    said = build._recital(Index(), [Sample(0, "", "abc", ended=True)], TextKind())  # type: ignore[arg-type]
    assert "of 1 texts that it wrote, 25% on average" in said and "the longest run has 3 (of 20" in said
    assert "never saw: 50%, and 97)" in said and "real job postings" in said


def test_a_stage_of_another_text_is_left_out_and_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved(home / "cv", 2, 1.5)
    config = ModelConfig(3, 8, 1)
    old = Checkpoint(config, Vocab("abc"), CharLSTM(config).state_dict(), 1, 1, 2.5, "0" * 64)
    name = checkpoint.save(home / "cv/poem", old).name
    assert play.main([]) == 0
    assert f"{name} is left out: it has another vocabulary" in capsys.readouterr().err


def test_a_gru_is_refused_in_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved(home / "cv", 1, 2.5, "gru")
    assert play.main([]) == 2
    assert "of type gru" in capsys.readouterr().err


def test_a_cell_that_follows_tags_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "<html>\n<h1>Baker</h1>\n<p>We seek a <b>baker</b>.</p>\n<ul>\n<li>Bread</li>\n</ul>\n</html>\n"
    weights = quantize_model(CharLSTM(ModelConfig(60, 16, 2)))
    chars = "".join(sorted(set(text)))
    inside = [text[: at + 1].count("<") > text[: at + 1].count(">") for at in range(len(text))]
    planted = np.random.default_rng(1).normal(size=(len(text), 32)).astype(np.float32)
    planted[:, 21] = np.array(inside) - 0.5
    monkeypatch.setattr(cells, "read", lambda *_: planted)
    labels = cells.find_labels(weights, [np.array([chars.index(char) for char in text])], chars)
    assert [(label.layer, label.cell, label.follows) for label in labels[:1]] == [(2, 5, "tags")]
    assert labels[0].r > 0.99


def test_correlation_leaves_out_what_a_property_says_nothing_about() -> None:
    activations = np.array([[1, 0, 5], [-1, 0, 5], [1, 1, 5], [-1, 9, 5]], np.float32)
    r = cells.correlate(activations, np.array([1.0, 0.0, 1.0, np.nan]))
    assert np.allclose(r, [1, 0.5, 0])
    assert not cells.correlate(activations, np.full(4, np.nan)).any()


def test_texts_are_read_side_by_side_as_each_alone() -> None:
    torch.manual_seed(3)
    weights = quantize_model(CharLSTM(ModelConfig(7, 8, 2)))
    texts = [np.array([1, 2, 3, 4]), np.array([5, 6])]
    seen = cells.read(weights, texts)
    alone = []
    for ids in texts:
        network = Network(weights)
        for index in ids:
            network.step(np.array([index]))
            alone.append(network.shown.reshape(-1).copy())
    assert np.array_equal(seen, np.array(alone))


def test_equals_are_what_sampling_names_and_the_browser_cannot_know() -> None:
    found = equals('abcdeo-" ')
    assert found["–"] == "-" and found["„"] == '"' and found["ø"] == "o"
    assert "é" not in found  # the browser takes accents away itself


def test_a_gallery_links_to_the_page_beside_it() -> None:
    text = "<html>\n<h1>Cook</h1>\n<p>Salt.</p>\n</html>\n"
    view = PostingView.of(Sample(0, "<html>\n", text, ended=True))
    source = Provenance("demo", "x.pt", "LSTM", 1.0, 1.0, 0.7, 1, 100, weights=9, characters=9)
    for play_page in (True, False):
        index = gallery.render_pages([view], source, plot=False, play=play_page)["index.html"]
        assert ('<a href="play.html">' in index) == play_page
    assert '<a href="play.html">' in (ROOT / "samples/showcase/index.html").read_text("utf-8")


def test_a_gallery_without_a_link_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved(home / "cv", 1, 2.5)
    (home / "samples/poem").mkdir(parents=True)
    for content, says in (("", True), ('<a href="play.html">', False)):
        (home / "samples/poem/index.html").write_text(content, "utf-8")
        assert play.main([]) == 0
        assert ("links to it when it is written again: python -m charrnn.sample" in capsys.readouterr().err) == says
