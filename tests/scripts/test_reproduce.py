"""The experiment's script: every stage on a text small enough for a test, and what it writes down."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scrape.common.errors import InputError
from scripts import reproduce
from tests.support.paths import ROOT
from tests.support.processes import DEADLINE
from tests.support.tiny import corpus_folder, postings

TINY = ["--rnn-size", "8", "--num-layers", "1", "--batch-size", "4", "--seq-length", "10", "--max-epochs", "2"]

pytestmark = pytest.mark.slow


def in_this_process(module: str, *arguments: str) -> str:
    """Do what `reproduce.run_module` does, without loading torch for each of ten commands."""
    name = module if module.count(".") and (ROOT / f"{module.replace('.', '/')}.py").exists() else f"{module}.__main__"
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = importlib.import_module(name).main(list(arguments))
    if code:
        raise InputError(f"python -m {module} ended with {code}")
    return out.getvalue()


def run(*flags: str) -> int:
    return reproduce.main([*flags, *TINY, "--count", "2", "--device", "cpu"])


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(reproduce, "run_module", in_this_process)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "RESULTS.md").write_text("# Results\n\nWhat stood here before.\n")
    return tmp_path


def test_a_run_on_postings_is_written_down_once_and_again_in_its_place(house: Path) -> None:
    corpus_folder(house, postings(120))
    assert run("--data-dir", "tiny", "--run", "one", "--train-frac", "0.8", "--val-frac", "0.2") == 0
    written = (house / "RESULTS.md").read_text()
    assert written.startswith("# Results\n\nWhat stood here before.\n\n<!-- run one -->\n")
    for part in ("--rnn-size 8", "Bits per character", "xz -9", "with the mask", "Epoch 1.00", "Epoch 2.00"):
        assert part in written
    assert "    <html>" in written
    assert (house / "samples/results/one.png").read_bytes().startswith(b"\x89PNG")
    assert (house / "samples/one/index.html").exists()

    (house / "RESULTS.md").write_text(written + "\nWhat follows.\n")
    assert run("--data-dir", "tiny", "--run", "one", "--figures-only") == 0
    figures = (house / "RESULTS.md").read_text()
    assert figures.count("<!-- run one -->") == 1
    assert figures.endswith("<!-- end of one -->\n\nWhat follows.\n")
    assert "    <html>" not in figures


def test_a_text_is_judged_by_its_test_part_where_that_is_asked_for(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = "".join(f"{n} grüne Flaschen\n" for n in range(900))
    (house / "verse.txt").write_bytes(content.encode("latin-1"))
    flags = ["--text", "verse.txt", "--encoding", "latin-1", "--figures-only"]
    assert run(*flags, "--train-frac", "0.6", "--val-frac", "0.1", "--test") == 0
    written = (house / "samples/reproduce-verse/results.md").read_text()
    characters = f"{len(content) - content.index(chr(10), round(len(content) * 0.7)) - 1:,} characters of the test part"
    assert written.count(characters) == 2  # in the sentence and in the table
    assert "nats/character" in written

    capsys.readouterr()
    assert run(*flags, "--run", "all", "--train-frac", "0.6", "--val-frac", "0.4", "--test") == 2


def test_the_results_of_a_text_lie_beside_its_gallery_and_not_in_the_tracked_file(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (house / "poem.txt").write_text("".join(f"{n} green bottles hanging on the wall\n" for n in range(300)))
    assert run("--text", "poem.txt", "--train-frac", "0.8", "--val-frac", "0.2") == 0
    folder = house / "samples/reproduce-poem"
    assert capsys.readouterr().out == f"{Path('samples/reproduce-poem/results.md')}\n"
    written = (folder / "results.md").read_text()
    assert "the end of a line" in written and "with the mask" not in written and "Epoch 1.00" in written
    assert {"index.html", "texts.txt", "results.png"} <= {path.name for path in folder.iterdir()}
    assert (house / "RESULTS.md").read_text() == "# Results\n\nWhat stood here before.\n"
    assert not (house / "samples/results").exists()
    (house / "poem.txt").write_text("another text\n" * 30)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'scripts'}"}
    command = [sys.executable, str(ROOT / "scripts/reproduce.py"), "--text", "poem.txt"]
    other = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=DEADLINE)
    assert other.returncode == 2
    assert "holds another text" in other.stderr
