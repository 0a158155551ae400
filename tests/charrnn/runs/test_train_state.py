"""A run that is interrupted, however rudely, ends as if it had not been."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from charrnn.model.checkpoint import load
from charrnn.runs import history, train_state
from charrnn.train import __main__ as train
from charrnn.train.trainer import Trainer
from scrape.common.errors import InputError
from tests.support.paths import ROOT
from tests.support.processes import DEADLINE
from tests.support.tiny import corpus_folder

TIMES = ("seconds", "characters_per_second")
TINY = ["--rnn-size", "8", "--batch-size", "4", "--seq-length", "10", "--device", "cpu", "--dropout", "0.2"]


pytestmark = pytest.mark.usefixtures("no_plot")


class Command:
    """`python -m charrnn.train` in this process, on a corpus and into a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.cv = folder / "cv"
        self.data = corpus_folder(folder)

    def __call__(self, *flags: str) -> int:
        return train.main(["--data-dir", str(self.data), "--checkpoint-dir", str(self.cv), *TINY, *flags])

    def left(self) -> tuple[list[dict[str, object]], dict[str, bytes]]:
        """The log without its times, and the checkpoints byte for byte."""
        lines = [json.loads(line) for line in (self.cv / "tiny.jsonl").read_text().splitlines()]
        log = [{name: value for name, value in line.items() if name not in TIMES} for line in lines]
        return log, {path.name: path.read_bytes() for path in (self.cv / "tiny").iterdir()}


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path / "one")


@pytest.fixture
def other(tmp_path: Path) -> Command:
    return Command(tmp_path / "other")


def interrupt_after(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Ctrl-C in the middle of the step of this number."""
    step, done = Trainer.step, [0]

    def stepping(self: Trainer, *votes: Any) -> float:
        done[0] += 1
        if done[0] == steps:
            import signal

            signal.raise_signal(signal.SIGINT)
        return step(self, *votes)

    monkeypatch.setattr(Trainer, "step", stepping)


def test_two_and_two_epochs_are_four(command: Command, other: Command) -> None:
    flags = ["--recipe", "char-rnn", "--eval-val-every", "17"]
    assert command(*flags, "--max-epochs", "2") == 0
    assert command(*flags, "--max-epochs", "4", "--resume") == 0
    assert other(*flags, "--max-epochs", "4") == 0
    assert command.left() == other.left()
    assert [line["epoch"] for line in other.left()[0]][-1] == 4


@pytest.mark.parametrize("recipe", ["char-rnn", "one-cycle"])
@pytest.mark.parametrize("at", [1, 17, 40, 83])
def test_ctrl_c_at_any_step_changes_nothing(
    command: Command, other: Command, monkeypatch: pytest.MonkeyPatch, recipe: str, at: int
) -> None:
    flags = ["--recipe", recipe, "--max-epochs", "1", "--eval-val-every", "17"]
    assert other(*flags) == 0
    with monkeypatch.context() as patch:
        interrupt_after(patch, at)
        assert command(*flags) == 130
    assert command("--resume") == 0
    assert command.left() == other.left()


def test_ctrl_c_during_an_evaluation_changes_nothing(
    command: Command, other: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = ["--max-epochs", "1", "--eval-val-every", "17"]
    assert other(*flags) == 0
    with monkeypatch.context() as patch:
        evaluate = Trainer.evaluate

        def evaluating(self: Trainer, on_step: object) -> object:
            import signal

            if self.step_number > 30:
                signal.raise_signal(signal.SIGTERM)
            return evaluate(self, on_step)  # type: ignore[arg-type]

        patch.setattr(Trainer, "evaluate", evaluating)
        assert command(*flags) == 143
    assert command("--resume") == 0
    assert command.left() == other.left()


KILLER = """
import os, random, signal, sys, time
import torch
from charrnn.train import __main__ as train, callbacks, command, loop
torch.set_num_threads(1)
loop.SAVE_SECONDS, callbacks.LENGTH = 0.02, 20
flags, draw, killed = sys.argv[1:], random.Random(4), 0
while killed < 10:
    child = os.fork()
    if child == 0:
        again = ["--resume"] if os.path.exists(flags[3] + "/tiny.resume") else []
        os._exit(train.main(flags + again))
    time.sleep(draw.uniform(0.05, 0.3))
    os.kill(child, signal.SIGKILL)
    if os.WIFSIGNALED(os.waitpid(child, 0)[1]):
        killed += 1
    else:
        break
print(killed)
again = ["--resume"] if os.path.exists(flags[3] + "/tiny.resume") else []
sys.exit(train.main(flags + again))
"""


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="needs fork")
def test_killed_at_any_instant_a_run_ends_as_if_it_had_not_been(command: Command, other: Command) -> None:
    flags = [*TINY, "--max-epochs", "6", "--eval-val-every", "40"]
    places = ["--data-dir", str(command.data), "--checkpoint-dir", str(command.cv)]
    done = subprocess.run(
        [sys.executable, "-c", KILLER, *places, *flags],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=True,
        cwd=ROOT,
    )
    assert int(done.stdout.split()[0]) >= 3, "the run was over before it could be killed"
    assert other(*flags) == 0
    assert command.left() == other.left()
    beside = {path.name for path in command.cv.iterdir()}
    assert beside == {".tiny.lock", "tiny", "tiny.jsonl", "tiny.png", "tiny.resume", "tiny.resume.before"}


def test_a_run_sweeps_up_after_itself_but_not_after_others(command: Command) -> None:
    command.cv.mkdir()
    mine = [".tiny.resume.12.part", ".tiny.resume.12-0a1b2c3d.part", ".tiny.checkpoint.7.part", "tiny.checkpoint"]
    others = [
        ".tiny2.resume.12.part",
        ".tiny2.resume.12-0a1b2c3d.part",
        ".tiny.x.resume.12.part",
        "tiny.notes",
        "tiny2.checkpoint",
    ]
    for name in mine + others:
        (command.cv / name).touch()
    assert command("--max-epochs", "0.1") == 0
    left = {path.name for path in command.cv.iterdir()}
    assert left >= set(others) and not left & set(mine)


def test_a_damaged_state_gives_way_to_the_one_before(
    command: Command, other: Command, capfd: pytest.CaptureFixture[str]
) -> None:
    flags = ["--max-epochs", "1", "--eval-val-every", "17"]
    assert command(*flags) == 0 and other(*flags) == 0
    state = command.cv / "tiny.resume"
    state.write_bytes(state.read_bytes()[:-100])
    assert command("--resume") == 0
    assert "tiny.resume is cut short" in capfd.readouterr().err
    assert command.left() == other.left()


def test_where_no_state_is_good_the_way_out_is_named(command: Command, capfd: pytest.CaptureFixture[str]) -> None:
    assert command("--max-epochs", "0.5") == 0
    for path in command.cv.glob("tiny.resume*"):
        path.write_bytes(b"noise")
    assert command("--resume") == 2
    assert "--init-from" in capfd.readouterr().err


def test_a_flag_that_the_run_was_not_begun_with_is_refused(command: Command, capfd: pytest.CaptureFixture[str]) -> None:
    assert command("--max-epochs", "0.5") == 0
    for flags in (["--seq-length", "11"], ["--recipe", "char-rnn"], ["--seed", "7"], ["--learning-rate", "1"]):
        assert command("--resume", *flags) == 2
        assert f"{flags[0]} {flags[1]}" in capfd.readouterr().err


def test_a_changed_corpus_is_refused(command: Command, capfd: pytest.CaptureFixture[str]) -> None:
    assert command("--max-epochs", "0.5") == 0
    text = command.data / "input.txt"
    before = text.read_text()
    text.write_text(before + "<html>\n</html>\n")
    assert command("--resume") == 2
    said = capfd.readouterr().err
    assert "has changed since" in said and "--init-from" in said
    text.write_text(before + "\u00df\u20ac")
    assert command("--resume") == 2
    said = capfd.readouterr().err
    assert "has changed since" in said and "'\u00df', '\u20ac'" in said and "--init-from" not in said


def test_a_state_that_was_moved_on_is_what_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "run.resume"
    for step in range(3):
        train_state.save(path, {"step": step, "tensor": torch.full((2,), step)})
    assert train_state.load(path)["step"] == 2
    path.unlink()
    assert train_state.load(path)["step"] == 1


def test_a_log_is_cut_back_even_where_its_last_line_was_cut_short(command: Command) -> None:
    assert command("--max-epochs", "1", "--eval-val-every", "17") == 0
    log = command.cv / "tiny.jsonl"
    whole = history.read(log)
    with log.open("a") as file:
        file.write('{"epoch": 9')
    assert history.read(log) == whole
    history.truncate(log, whole[2].step)
    assert history.read(log) == whole[:3]


def test_checkpoints_say_what_the_log_says(command: Command) -> None:
    assert command("--max-epochs", "1", "--eval-val-every", "17") == 0
    log = history.read(command.cv / "tiny.jsonl")
    found = sorted((load(path) for path in (command.cv / "tiny").iterdir()), key=lambda made: made.step)
    assert [(made.step, made.val_loss) for made in found] == [(line.step, line.val_loss) for line in log]


NOT_OF_THE_RECIPE = ("train_frac", "val_frac", "seed", "minutes", "dtype", "steps", "eval_every")


def test_a_run_saved_by_version_0_1_0_is_resumed(command: Command, other: Command) -> None:
    flags = ["--recipe", "char-rnn", "--eval-val-every", "17"]
    assert command(*flags, "--max-epochs", "1") == 0 and other(*flags, "--max-epochs", "2") == 0
    state = train_state.load(command.cv / "tiny.resume")
    config = state.pop("config")
    plan = {name: config.pop(name) for name in NOT_OF_THE_RECIPE}
    state["plan"] = {"recipe": {"name": config.pop("recipe"), **config}} | plan
    train_state.save(command.cv / "tiny.resume", state)
    assert command("--resume", "--max-epochs", "2") == 0
    assert command.left() == other.left()


def test_a_state_of_another_version_is_named(command: Command, capfd: pytest.CaptureFixture[str]) -> None:
    assert command("--max-epochs", "0.1") == 0
    state = train_state.load(command.cv / "tiny.resume")
    state["config"]["forgotten"] = 1
    train_state.save(command.cv / "tiny.resume", state)
    assert command("--resume") == 2
    assert "was written by another version" in capfd.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state["config"].update(rnn_size=10**9),
        lambda state: state["config"].update(batch_size="many"),
        lambda state: state["config"].update(seed=-1),
        lambda state: state["config"].update(eval_every=0),
        lambda state: state.pop("config"),
        lambda state: state.update(vocab="aa"),
        lambda state: state.update(step=-5),
        lambda state: state.update(hidden=()),
        lambda state: state.update(random=[{}]),
        lambda state: state["optimizers"].pop(),
        lambda state: state["optimizers"][0]["state"].update({0: {"mean": torch.zeros(1)}}),
        lambda state: state["weights"].clear(),
    ],
)
def test_a_state_of_odd_content_gives_one_line(
    command: Command, capfd: pytest.CaptureFixture[str], change: Callable[[dict[str, Any]], object]
) -> None:
    assert command("--max-epochs", "0.1") == 0
    capfd.readouterr()
    state = train_state.load(command.cv / "tiny.resume")
    change(state)
    train_state.save(command.cv / "tiny.resume", state)
    assert command("--resume") == 2
    said = capfd.readouterr().err
    assert "was written by another version or program" in said and said.count("\n") == 1


@pytest.mark.parametrize("line", ["5", "[]", "{}", '{"epoch": 1}', "[" * 100_000, "\x00", '{"step": NaN}'])
def test_a_log_with_an_odd_line_is_named(tmp_path: Path, line: str) -> None:
    good = {"epoch": 1, "step": 1, "train_loss": 1, "val_loss": 1, "learning_rate": 1, "characters_per_second": 1}
    log = tmp_path / "run.jsonl"
    for odd in (line, json.dumps(good | {"seconds": "1"}), json.dumps(good | {"seconds": 1e999})):
        log.write_text(json.dumps(good | {"seconds": 1}) + "\n" + odd + "\n")
        with pytest.raises(InputError, match="line 2 is not of a training log"):
            history.read(log)
