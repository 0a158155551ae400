"""The list of runs, and the comparison of two."""

from __future__ import annotations

from pathlib import Path

import pytest

from charrnn.runs import __main__ as runs
from charrnn.train import __main__ as train
from tests.support.tiny import corpus_folder

TINY = ["--rnn-size", "8", "--batch-size", "4", "--seq-length", "10", "--max-epochs", "0.2", "--device", "cpu"]


@pytest.fixture
def two(home: Path, no_plot: None, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with the runs `one` and `two` of a text in data/tiny."""
    corpus_folder(home / "data")
    for name, layers in (("one", "1"), ("two", "2")):
        assert train.main(["--data-dir", "data/tiny", "--run", name, "--num-layers", layers, *TINY]) == 0
    capsys.readouterr()
    return home


def test_runs_are_listed_with_text_size_and_loss(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert runs.main([]) == 0
    columns, *rows = (line.split("  ") for line in capsys.readouterr().out.splitlines())
    assert columns[0] == "run" and [row[0] for row in rows] == ["one", "two"]
    assert all("data/tiny" in row for row in rows)
    assert "lstm 1x8" in rows[0] and "lstm 2x8" in rows[1]


def test_a_run_with_a_damaged_checkpoint_is_listed_all_the_same(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (two / "cv" / "one").iterdir():
        path.write_bytes(b"noise")
    (two / "cv" / "two.jsonl").write_text("noise\n")
    assert runs.main([]) == 0
    found = capsys.readouterr()
    assert found.out.count("\n") == 3
    assert "is cut short" in found.err and "not of a training log" in found.err


def test_two_runs_are_compared_on_one_page(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare = ["compare", "one", "cv/two", "--count", "2", "--length", "60"]
    assert runs.main(compare) == 0
    page = (two / "samples" / "one-two" / "index.html").read_text("utf-8")
    assert capsys.readouterr().out.splitlines()[-1] == "samples/one-two/index.html"
    assert page.count("<pre>") == 4 and "losses.svg" in page and "lstm 1x8" in page and "lstm 2x8" in page
    assert (two / "samples" / "one-two" / "losses.svg").read_text("utf-8").startswith("<?xml")
    assert runs.main(compare) == 0
    assert (two / "samples" / "one-two" / "index.html").read_text("utf-8") == page


def test_what_cannot_be_compared_gets_one_line(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for said, words in (
        (["compare", "one", "one"], "are one run; name two"),
        (["compare", "one", "tow"], "did you mean 'two'"),
        (["compare", "one", "two", "--temperature", "-1"], "temperature"),
        (["--checkpoint-dir", "nowhere"], "there is no run in nowhere"),
    ):
        assert runs.main(said) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1
