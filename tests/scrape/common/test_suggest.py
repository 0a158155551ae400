"""What was meant by a name that there is not, in every command of both packages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from charrnn.data.corpus import open_corpus
from charrnn.runs.__main__ import main as runs
from charrnn.sample.__main__ import main as sample
from charrnn.train.__main__ import main as train
from scrape.__main__ import main as scrape
from scrape.boards import registry
from scrape.common.errors import InputError
from scrape.common.suggest import closest, datasets_beside, did_you_mean
from scrape.dataset.store import FileStore


def test_the_closest_name_is_found_whatever_its_case_and_nothing_where_none_is_like_it() -> None:
    assert closest("DEMOO", ["demo", "jobs"]) == "demo"
    assert closest("xyz", ["demo", "jobs"]) is None
    assert did_you_mean("xyz", ["demo"]) == did_you_mean("demo", []) == ""


@pytest.mark.parametrize(
    ("command", "arguments", "hint"),
    [
        (train, ["--minute", "3"], "did you mean '--minutes'?"),
        (train, ["--rnn_sise=3"], "did you mean '--rnn-size'?"),
        (train, ["--recipe", "charrnn"], "there is no 'charrnn'; did you mean 'char-rnn'? there are: char-rnn, one-"),
        (sample, ["--temprature", "1"], "did you mean '--temperature'?"),
        (runs, ["comprae", "a", "b"], "did you mean 'compare'?"),
        (scrape, ["serach"], "did you mean 'search'?"),
        (scrape, ["search", "--titel", "x"], "did you mean '--title'? `python -m scrape search --help`"),
    ],
)
def test_a_misspelt_option_verb_or_choice_names_the_likeliest(
    command: object, arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(command)
    with pytest.raises(SystemExit) as ended:
        command(arguments)
    assert ended.value.code == 2
    assert hint in capsys.readouterr().err


def test_verbs_of_old_names_are_not_offered(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        scrape(["nonsense"])
    assert "forget" not in capsys.readouterr().err


def test_a_misspelt_board_names_the_likeliest() -> None:
    with pytest.raises(InputError, match="did you mean 'greenhouse'"):
        registry.named("greenhose")


def test_a_missing_dataset_names_those_that_there_are(tmp_path: Path) -> None:
    assert datasets_beside(tmp_path / "none" / "x", "raw") == ""
    for name in ("demo", "jobs"):
        (tmp_path / name / "raw").mkdir(parents=True)
    (tmp_path / "demo" / "input.txt").write_text("text")
    only, both = (f"did you mean 'demo'? the datasets in {tmp_path} are: {names}; " for names in ("demo", "demo, jobs"))
    with pytest.raises(InputError, match=re.escape(only)):
        open_corpus(tmp_path / "dmeo")
    with pytest.raises(InputError, match=re.escape(both)):
        FileStore(tmp_path / "dmeo").require()


def test_a_run_that_cannot_be_resumed_names_those_that_can(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mybook.resume").write_bytes(b"")
    arguments = ["--data-dir", "data/mybok", "--checkpoint-dir", str(tmp_path), "--resume"]
    assert train(arguments) == 2
    said = capsys.readouterr().err
    assert f"did you mean 'mybook'? the runs in {tmp_path} that can be resumed are: mybook; name the text" in said
    assert "leave --resume out" not in said
