"""Which checkpoint a command uses where the user names none."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from charrnn.model import checkpoint
from charrnn.runs import selection
from charrnn.runs.files import RunFiles
from scrape.common.errors import InputError
from tests.support.paths import ROOT


def test_where_nothing_is_trained_the_showcase_is_used(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("best", "last"):
        assert selection.choose(name, None, selection.CHECKPOINTS) == selection.showcase()
        assert capsys.readouterr().err.startswith("there is no trained run in cv yet; using the showcase network, ")


def test_a_run_or_folder_that_is_named_must_be_there(home: Path) -> None:
    with pytest.raises(InputError, match="there is no checkpoint or run night; train one"):
        selection.choose("best", "night", selection.CHECKPOINTS)
    with pytest.raises(InputError, match="there is no checkpoint or run shwcase; did you mean 'showcase'"):
        selection.find_checkpoint("shwcase", selection.CHECKPOINTS)
    with pytest.raises(InputError, match="there is no checkpoint"):
        selection.choose("best", None, home / "runs")


def test_the_wheel_has_the_best_checkpoint_of_the_showcase_and_its_log() -> None:
    files = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["data-files"]
    best = checkpoint.best(ROOT / "cv" / "showcase").relative_to(ROOT)
    assert files == {"share/dream-jobs/showcase": [best.as_posix()], "share/dream-jobs": ["cv/showcase.jsonl"]}


def test_a_run_is_named_by_its_name_its_folder_or_a_file(home: Path) -> None:
    folder = home / "cv" / "mybook"
    folder.mkdir(parents=True)
    best = folder / "lm_lstm_epoch1.00_1.0000.pt"
    for path in (best, folder / "lm_lstm_epoch2.00_1.5000.pt", home / "cv" / "mybook.jsonl"):
        path.touch()
    cv = selection.CHECKPOINTS
    for name in ("mybook", "cv/mybook", "cv/mybook/", str(folder), str(best), "cv/mybook.jsonl"):
        assert selection.find_run(name, cv).resolve() == folder
        assert selection.find_checkpoint(name, cv).resolve() == best
        assert selection.choose("best", name, cv) == best
    assert selection.find_run("showcase", cv) == ROOT / "cv" / "showcase"
    with pytest.raises(InputError, match="did you mean 'mybook'"):
        selection.find_run("mybok", cv)


def test_a_checkpoint_may_lie_in_the_root() -> None:
    files = RunFiles(Path("/"))
    assert not any(path.exists() for path in (files.log, files.resume, files.plot, files.events, files.lock))
