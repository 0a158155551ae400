"""The command: its flags, its files, and one line for every input that cannot be used."""

from __future__ import annotations

import contextlib
import errno
import math
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from charrnn.data import corpus
from charrnn.data.corpus import Streams
from charrnn.evaluate import suffix_array
from charrnn.model import checkpoint, device, loss
from charrnn.model.distributed import SINGLE_PROCESS
from charrnn.model.lstm import CELLS, CharLSTM
from charrnn.runs import history, train_state
from charrnn.train import __main__ as train
from charrnn.train import loop, options, sizes
from charrnn.train import time_budget as budget
from charrnn.train import trainer as trainer_module
from charrnn.train.config import TrainingConfig, flags
from charrnn.train.trainer import DivergedError, Trainer, set_length
from scrape.common.lock import exclusive
from tests.support.paths import ROOT
from tests.support.tiny import corpus_folder, postings, trainer

TINY = ["--rnn-size", "8", "--batch-size", "4", "--seq-length", "10", "--device", "cpu"]


pytestmark = pytest.mark.usefixtures("no_plot")


class Command:
    """The command on a corpus of this test's own; `out` and `err` are what it printed."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.cv, self.data, self._capture = folder / "cv", corpus_folder(folder), capture
        self.out = self.err = ""

    def __call__(self, *flags: str) -> int:
        status = train.main(["--data-dir", str(self.data), "--checkpoint-dir", str(self.cv), *TINY, *flags])
        self.out, self.err = self._capture.readouterr()
        return status

    def log(self, run: str = "tiny") -> list[history.Evaluation]:
        return history.read(self.log_path(run))

    def log_path(self, run: str = "tiny") -> Path:
        return self.cv / f"{run}.jsonl"


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, capsys)


def test_a_run_leaves_checkpoints_a_log_and_the_best_ones_path(command: Command) -> None:
    assert command("--recipe", "char-rnn", "--max-epochs", "8", "--learning-rate", "0.01") == 0
    log = command.log()
    assert log[-1].val_loss < log[0].val_loss < math.log(30)
    best = min(log, key=lambda line: line.val_loss)
    path = Path(command.out.strip())
    assert path == command.cv / "tiny" / f"lm_lstm_epoch{best.epoch:.2f}_{best.val_loss:.4f}.pt"
    assert len(list((command.cv / "tiny").iterdir())) == len(log) == 8


def test_a_checkpoint_needs_no_corpus(command: Command) -> None:
    assert command("--max-epochs", "0.1") == 0
    shutil.rmtree(command.data)
    loaded = checkpoint.load(Path(command.out.strip()))
    assert loaded.vocab.chars == "".join(sorted(set(postings())))
    model = loaded.model("cpu")
    logits, _ = model(torch.tensor([[1, 2]]), model.initial_state(1))
    assert logits.shape == (1, 2, len(loaded.vocab))


def test_the_loss_that_a_checkpoint_names_is_the_loss_that_it_has(command: Command) -> None:
    assert command("--max-epochs", "1", "--dtype", "float32", "--train-frac", "0.9", "--val-frac", "0.1") == 0
    made = checkpoint.load(Path(command.out.strip()))
    text = trainer(command.data.parent).text
    assert loss.mean_loss(made.model(), loss.validation_streams(text.validation)) == pytest.approx(
        made.val_loss, abs=1e-4
    )


def test_every_flag_of_char_rnn_is_understood(command: Command) -> None:
    flags = {
        "--rnn-size": "9", "--num-layers": "1", "--model": "gru", "--learning-rate": "0.003",
        "--learning-rate-decay": "0.9", "--learning-rate-decay-after": "1", "--decay-rate": "0.9", "--dropout": "0.3",
        "--seq-length": "7", "--batch-size": "3", "--max-epochs": "1", "--grad-clip": "2", "--train-frac": "0.8",
        "--val-frac": "0.1", "--seed": "7", "--print-every": "50", "--eval-val-every": "30", "--savefile": "word",
    }  # fmt: skip
    assert command(*(word for pair in flags.items() for word in pair)) == 0
    made = checkpoint.load(Path(command.out.strip()))
    assert (made.config.rnn_size, made.config.num_layers, made.config.model) == (9, 1, "gru")
    assert made.config.dropout == 0.3
    assert Path(command.out.strip()).name.startswith("lm_word_epoch")
    assert "step 50 of" in command.err
    assert [line.step for line in command.log()][:3] == [30, 60, 90]


def test_a_flag_overrides_the_recipe_and_nothing_else_does() -> None:
    config = options.parse(["--recipe", "char-rnn", "--dropout", "0.5", "--grad-clip", "3"]).config()
    expected = options.RECIPES["char-rnn"]
    assert (config.dropout, config.grad_clip) == (0.5, 3)
    assert options.replace(config, dropout=expected.dropout, grad_clip=expected.grad_clip) == expected


def test_the_command_line_is_parsed_without_torch() -> None:
    code = "import sys, charrnn.train.__main__ as train; train.parse([]); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_ctrl_c_while_modules_load_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupt:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "charrnn.train.command":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "charrnn.train.command", raising=False)
    monkeypatch.delattr("charrnn.train.command", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupt(), *sys.meta_path])
    assert train.main([]) == 130
    assert capsys.readouterr().err == "stopped: Ctrl-C\n"


def test_the_cells_of_the_command_line_are_the_models() -> None:
    choices = {one.name: one.metadata["choices"] for one in flags()}
    assert list(choices["model"]) == sorted(CELLS)


def test_char_rnns_own_spelling_with_underscores_is_understood() -> None:
    assert options.parse(["--rnn_size", "512", "--seq_length=64"]).given == {"rnn_size": 512, "seq_length": 64}


def test_where_nothing_is_said_the_corpus_of_scrape_sh_is_meant() -> None:
    parsed = options.parse([])
    assert (parsed.data_dir, parsed.checkpoint_dir, parsed.run) == (Path("data/jobs"), Path("cv"), "jobs")
    assert parsed.config() == options.parse(["--recipe", options.DEFAULT]).config()


@pytest.mark.parametrize(
    "given",
    [
        ["--rnn-size", "0"], ["--rnn-size", "x"], ["--dropout", "1"], ["--val-frac", "0"], ["--max-epochs", "0"],
        ["--learning-rate", "nan"], ["--minutes", "-1"], ["--run", "../x"], ["--run", ".x"], ["--model", "transformer"],
        ["--resume", "--init-from", "x.pt"], ["--resume", "auto", "--overwrite"],
        ["--nonsense"], ["--seed", "-1"], ["--seed", str(2**63)],
    ],
)  # fmt: skip
def test_a_flag_that_cannot_be_is_refused(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        options.parse(given)
    assert left.value.code == 2
    assert given[0] in capsys.readouterr().err


def test_fractions_above_the_whole_text_are_refused(command: Command) -> None:
    assert command("--train-frac", "0.9", "--val-frac", "0.9") == 2
    assert "--train-frac 0.9 and --val-frac 0.9 are together 1.8" in command.err and command.err.count("\n") == 1


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 1.25 GiB for an array"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1.25 GiB. Error code 12"),
        RuntimeError("CUDA out of memory. Tried to allocate 1.25 GiB. GPU 0 has ..."),
    ],
)
def test_too_little_memory_is_one_line_with_a_way_out(
    command: Command, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Trainer, "step", fail)
    assert command("--max-epochs", "1") == 2
    assert command.err.endswith(
        "error: too little memory: 1.25 GiB could not be allocated; "
        "use a smaller --batch-size, --seq-length or --rnn-size\n"
    )


def test_another_error_of_the_network_stays_a_fault(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(Trainer, "step", fail)
    assert command("--max-epochs", "1") == 1
    assert "a fault of the program" in command.err


def test_a_corpus_that_cannot_be_used_gives_one_line_and_2(command: Command) -> None:
    text = command.data / "input.txt"
    for content, words in ((b"", "is empty"), (b"ab\xff", "byte 0xff at offset 2"), (b"ab", "too small to train")):
        text.write_bytes(content)
        assert command() == 2
        assert words in command.err and command.err.count("\n") == 1
    text.unlink()
    assert command() == 2
    assert "there is no" in command.err and command.err.count("\n") == 1


def test_a_folder_and_a_file_in_each_others_place_are_named(command: Command) -> None:
    assert command("--checkpoint-dir", str(command.data / "input.txt")) == 2
    assert "input.txt is a file; name another place with --checkpoint-dir" in command.err
    (command.data / "input.txt").unlink()
    (command.data / "input.txt").mkdir()
    assert command() == 2
    assert "input.txt is a folder" in command.err


def test_a_corpus_too_small_for_a_batch_shrinks_it_and_says_so(command: Command) -> None:
    (command.data / "input.txt").write_text(postings(2))
    assert command("--batch-size", "50", "--max-epochs", "1") == 0
    assert "the corpus is small: a batch has" in command.err


def test_a_device_that_is_not_there_is_refused(command: Command) -> None:
    assert command("--device", "quantum") == 2
    assert "device 'quantum' cannot be used here; --device cpu always works" in command.err


def test_a_name_that_is_taken_is_refused_with_three_ways_out(command: Command) -> None:
    assert command("--max-epochs", "0.2", "--seed", "1") == 0
    before = {path: path.read_bytes() for path in command.cv.rglob("*.*") if path.is_file()}
    assert command("--max-epochs", "0.2") == 2
    assert all(way in command.err for way in ("--resume", "--run NAME", "--overwrite"))
    assert before == {path: path.read_bytes() for path in command.cv.rglob("*.*") if path.is_file()}
    assert command("--max-epochs", "0.2", "--run", "other") == 0
    assert command("--max-epochs", "0.1", "--seed", "2", "--overwrite") == 0
    assert len(list((command.cv / "tiny").iterdir())) == len(command.log()) > 0
    assert {line.step for line in command.log()} != {line.step for line in command.log("other")}


def test_overwrite_deletes_nothing_where_the_new_run_cannot_begin(command: Command) -> None:
    assert command("--max-epochs", "0.2") == 0
    (command.data / "input.txt").write_text("")
    assert command("--overwrite") == 2
    assert checkpoint.best(command.cv / "tiny").exists() and command.log()


def test_there_must_be_something_to_resume(command: Command) -> None:
    assert command("--resume") == 2
    assert "there is nothing to resume" in command.err and not command.cv.exists()


def test_resume_auto_starts_a_run_and_then_continues_it_as_planned(command: Command) -> None:
    flags = ["--resume", "auto", "--minutes", "0.02"]
    assert command(*flags) == 0
    before = command.log()
    assert command(*flags) == 0 and "is finished" in command.err
    assert command.log() == before
    assert options.parse(["--resume", "a.txt", "b.txt"]).sources == ("a.txt", "b.txt")
    train_state.remove(command.cv / "tiny.resume")
    assert command(*flags) == 2 and "it has checkpoints, but no state to resume" in command.err


def test_checkpoints_without_a_state_are_not_sent_in_a_circle(command: Command) -> None:
    assert command("--max-epochs", "0.2") == 0
    train_state.remove(command.cv / "tiny.resume")
    for way in ([], ["--resume"]):
        assert command(*way) == 2
        assert "--overwrite" in command.err and "--run NAME --init-from" in command.err
        assert "with --resume" not in command.err and "leave --resume out" not in command.err


def test_a_finished_run_resumed_is_still_finished(command: Command) -> None:
    assert command("--max-epochs", "0.2") == 0
    log, best = command.log(), command.out
    assert command("--resume") == 0
    assert (command.log(), command.out) == (log, best)


def test_init_from_takes_the_weights_and_their_shape(command: Command) -> None:
    assert command("--max-epochs", "3", "--num-layers", "1", "--learning-rate", "0.02") == 0
    learned = checkpoint.load(Path(command.out.strip()))
    flags = ["--run", "second", "--init-from", command.out.strip(), "--eval-val-every", "1", "--learning-rate", "1e-9"]
    assert command(*flags, "--max-epochs", "0.01") == 0
    begun = command.log("second")[0]
    assert begun.val_loss == pytest.approx(learned.val_loss, abs=0.01) and begun.step == 1
    assert checkpoint.load(Path(command.out.strip())).config.num_layers == 1


def test_init_from_refuses_what_does_not_fit(command: Command) -> None:
    assert command("--max-epochs", "0.1") == 0
    path = command.out.strip()
    assert command("--run", "b", "--init-from", path, "--num-layers", "3") == 2
    assert "has --num-layers 2" in command.err
    (command.data / "input.txt").write_text(postings() + "ß")
    assert command("--run", "b", "--init-from", path) == 2
    assert "has characters that lm_lstm_" in command.err and "'ß'; replace them" in command.err
    assert command("--run", "b", "--init-from", str(command.data)) == 2
    assert "there is no checkpoint in" in command.err and "are: tiny" in command.err


def test_init_from_says_where_the_text_is_another(command: Command) -> None:
    assert command("--max-epochs", "0.1") == 0
    (command.data / "input.txt").write_text(postings(50))
    assert command("--max-epochs", "0.1", "--run", "b", "--init-from", "tiny") == 0
    assert "was trained on another text than that in" in command.err


def test_a_text_that_cannot_be_written_beside_is_encoded_in_memory(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, _write: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(corpus, "write_whole_with", fail)
    monkeypatch.setattr(suffix_array, "write_whole_with", fail)
    assert command("--max-epochs", "0.1") == 0
    assert "its text is encoded in memory" in command.err
    found = suffix_array.SuffixArray.open(command.data / "input.txt")
    assert [path.name for path in command.data.iterdir()] == ["input.txt"]
    assert found.match_lengths(postings()[:100])[0] == 100


def test_fractions_that_leave_nothing_are_named(command: Command) -> None:
    (command.data / "input.txt").write_text("a" * 100)
    assert command("--val-frac", "0.0001") == 2
    assert "--train-frac 0.95 and --val-frac 0.0001, 95 are to train on and 0 to validate" in command.err


def test_a_validation_loss_that_explodes_stops_the_run(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss, "mean_loss", lambda *_: 4e30)
    assert command("--max-epochs", "0.1") == 1
    assert "the validation loss is 4e+30" in command.err and "there is no good checkpoint yet" in command.err


def test_keep_prunes_as_it_goes(command: Command) -> None:
    assert command("--max-epochs", "1", "--eval-val-every", "10", "--keep", "1") == 0
    left = checkpoint.list_files(command.cv / "tiny")
    losses = [line.val_loss for line in command.log()]
    assert len(losses) > 5 and len(left) in (2, 3)
    assert min(entry.val_loss for entry in left) == pytest.approx(min(losses), abs=1e-4)
    assert left[-1].epoch == pytest.approx(1)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, 1e6])
def test_a_loss_gone_wrong_stops_before_the_update(
    command: Command, monkeypatch: pytest.MonkeyPatch, wrong: float
) -> None:
    summed, calls, stopped = trainer_module.summed_loss, [0], []

    def going_wrong(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        calls[0] += 1
        return summed(logits, targets) * (wrong if calls[0] > 30 else 1)

    def remembering(self: Trainer, *votes: Any) -> float:
        before = {name: weight.clone() for name, weight in self.model.state_dict().items()}
        try:
            return step(self, *votes)
        except DivergedError:
            stopped.append(all(torch.equal(before[name], weight) for name, weight in self.model.state_dict().items()))
            raise

    step = Trainer.step
    monkeypatch.setattr(trainer_module, "summed_loss", going_wrong)
    monkeypatch.setattr(Trainer, "step", remembering)
    assert command("--max-epochs", "1", "--eval-val-every", "20") == 1
    assert stopped == [True]
    last = checkpoint.last(command.cv / "tiny")
    assert "at step 30" in command.err and str(last) in command.err
    assert all(weight.isfinite().all() for weight in checkpoint.load(last).weights.values())


def test_a_full_disk_keeps_what_was_saved(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    left = [12]

    def fsync(_handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", fsync)
    assert command("--max-epochs", "1", "--eval-val-every", "10") == 1
    assert "the disk is full" in command.err
    found = checkpoint.list_files(command.cv / "tiny")
    assert found and all(checkpoint.load(entry.path) for entry in found)
    assert not list(command.cv.rglob("*.part"))
    monkeypatch.undo()
    assert command("--resume") == 0


def test_evaluation_and_hooks_leave_the_random_state_alone(tmp_path: Path) -> None:
    made = trainer(tmp_path, dropout=0.5)
    made.step()
    before = torch.get_rng_state()
    first = made.evaluate()
    assert torch.equal(torch.get_rng_state(), before)
    assert made.evaluate() == first and made.model.training
    with device.preserve_random_state(made.device):
        torch.rand(7)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_model_that_knows_nothing_loses_the_logarithm_of_its_alphabet(tmp_path: Path) -> None:
    made = trainer(tmp_path)
    for weight in made.model.parameters():
        weight.data.zero_()
    assert loss.mean_loss(made.model, made.validation) == pytest.approx(math.log(len(made.text.vocab)))


def test_state_is_carried_from_window_to_window_of_validation(tmp_path: Path) -> None:
    made = trainer(tmp_path)
    for weight in made.model.parameters():
        weight.data.mul_(20)  # so that what it remembers matters
    ids = made.text.validation[:300]
    single, windows, at_once = (loss.mean_loss(made.model, Streams(ids, 1, length)) for length in (1, 7, len(ids)))
    assert single == pytest.approx(at_once, rel=1e-5) and windows == pytest.approx(at_once, rel=1e-5)
    forward = made.model.forward
    made.model.forward = lambda text, state: forward(text, made.model.initial_state(1))  # type: ignore[method-assign]
    assert loss.mean_loss(made.model, Streams(ids, 1, 7)) != pytest.approx(at_once, rel=1e-2)


def test_training_carries_the_state_and_zeroes_it_where_streams_wrap(tmp_path: Path) -> None:
    made = trainer(tmp_path, max_epochs=2.0)
    seen = []
    made.model.register_forward_pre_hook(lambda _module, inputs: seen.append([part.clone() for part in inputs[1]]))
    for _ in range(len(made.streams) + 2):
        made.step()
        seen[-1].append(made.hidden[0].clone())
    wraps = [number for number, (hidden, _cell, _after) in enumerate(seen) if not hidden.any()]
    assert wraps == [0, len(made.streams)]
    assert torch.equal(seen[1][0], seen[0][2])


def test_a_shifted_pass_begins_elsewhere_every_epoch(tmp_path: Path) -> None:
    made = trainer(tmp_path, shift=True, max_epochs=3.0)
    begins = []
    for _ in range(3 * len(made.streams)):
        made.step()
        begins.append(made.streams.offset)
    assert len(set(begins)) == 3


def test_the_start_of_the_default_recipe_meets_no_plateau(tmp_path: Path) -> None:
    losses = {}
    for init in ("scaled", "uniform"):
        made = trainer(tmp_path, "one-cycle", init=init, rnn_size=64, num_layers=3, max_epochs=5.0)
        losses[init] = sum([made.step() for _ in range(150)][-20:]) / 20
    assert losses["scaled"] < losses["uniform"] - 0.1


def test_a_resumed_run_keeps_its_steps_unless_minutes_are_added(command: Command) -> None:
    begun = time.monotonic()
    assert command("--minutes", "0.05") == 0
    assert time.monotonic() - begun < 30
    log = command.log()
    assert log[-1].seconds < 30
    assert command("--resume") == 0
    assert command.log() == log
    assert "run tiny is finished, at epoch" in command.err and "--resume --minutes N" in command.err
    assert command("--resume", "--eval-val-every", "7") == 0
    assert command.log() == log
    assert command("--resume", "--minutes", "0.03") == 0
    assert f"goes on at step {log[-1].step:,} with" in command.err
    longer = command.log()
    assert longer[: len(log)] == log and longer[-1].step > log[-1].step
    assert longer[-1].learning_rate < longer[len(log)].learning_rate or len(longer) == len(log) + 1


def test_minutes_are_added_to_a_run_that_was_stopped(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    step, done = Trainer.step, [0]

    def stepping(self: Trainer, *votes: Any) -> float:
        done[0] += 1
        if done[0] == 30:
            signal.raise_signal(signal.SIGINT)
        return step(self, *votes)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "step", stepping)
        assert command("--max-epochs", "9") == 130
    said = f"saved at step 30; continue with: python -m charrnn.train --data-dir {command.data} --checkpoint-dir"
    assert said in command.err and command.err.count("--resume") == 1
    assert command("--resume", "--minutes", "0.05") == 0
    assert "goes on at step 30 with" in command.err and "is finished" not in command.err


@pytest.mark.parametrize(
    ("speed", "chosen"),
    [(1e12, (2, 128)), (1e9 / 55_000, (1, 96)), (1.0, (1, 96))],  # characters/s of a network of one weight
)
def test_the_size_fits_the_time_and_the_text(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    speed: float,
    chosen: tuple[int, int],
) -> None:
    monkeypatch.setattr(
        sizes,
        "_characters_per_second",
        lambda made: speed / sum(parameter.numel() for parameter in made.model.parameters()),
    )
    text = corpus.split(corpus.open_corpus(corpus_folder(tmp_path, postings(2500))), 0.9, 0.1)
    config = options.replace(options.RECIPES["one-cycle"], minutes=1.0)
    found = sizes.choose_size(config, text, torch.device("cpu"), SINGLE_PROCESS)
    assert (found.num_layers, found.rnn_size) == chosen
    assert f"size chosen for 1 minutes on this machine: {chosen[0]}x{chosen[1]}" in capsys.readouterr().err


def test_a_size_that_is_given_is_obeyed_and_char_rnns_recipe_stays() -> None:
    assert options.parse(["--minutes", "1"]).may_choose_size
    for said in (["--rnn-size", "8"], ["--num-layers", "1"], ["--recipe", "char-rnn"], ["--model", "gru"]):
        assert not options.parse(["--minutes", "1", *said]).may_choose_size


def test_a_run_made_longer_says_that_its_schedule_is_stretched(command: Command) -> None:
    for recipe, says in (("one-cycle", True), ("char-rnn", False)):
        assert command("--recipe", recipe, "--run", recipe, "--max-epochs", "0.2") == 0
        assert command("--run", recipe, "--max-epochs", "0.4", "--resume") == 0
        assert ("is stretched from" in command.err) is says


def test_a_run_that_is_being_trained_is_left_alone(command: Command) -> None:
    assert command("--max-epochs", "0.2") == 0
    before = {path: path.read_bytes() for path in command.cv.rglob("*") if path.is_file()}
    with exclusive(command.cv / ".tiny.lock", "never"):
        for flags in ([], ["--resume", "--max-epochs", "1"], ["--overwrite"]):
            assert command(*flags) == 2
            assert "'tiny' is being trained by another process" in command.err
        assert command("--run", "other", "--max-epochs", "0.1") == 0
    assert before == {path: path.read_bytes() for path in before}
    assert command("--resume", "--max-epochs", "0.3") == 0


@pytest.mark.parametrize("every", [0, 40])
@pytest.mark.parametrize("seconds", [20, 300, 4000])
@pytest.mark.parametrize("disturbed", [False, True])
def test_the_steps_that_fit_fill_the_time_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, every: int, disturbed: bool
) -> None:
    now, calls = [0.0], [0]
    step, evaluation, saving, extra = 0.01, 0.5, 0.02, 0.1

    def stepping() -> None:
        calls[0] += 1
        now[0] += step * (30 if disturbed and calls[0] % 4 == 0 else 1)  # now and then the machine has other work

    def reading(_model: object, text: Streams, *_: object, **__: object) -> None:
        now[0] += evaluation * len(text.ids) / len(probe.validation.ids)

    def takes(cost: float) -> Callable[..., None]:
        return lambda *_: now.__setitem__(0, now[0] + cost)

    probe = trainer(tmp_path, eval_val_every=every, max_epochs=1e9)
    monkeypatch.setattr(budget.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(probe, "step", stepping)
    monkeypatch.setattr(budget.loss, "mean_loss", reading)
    monkeypatch.setattr(budget, "serialize", takes(saving))
    fit = budget.fit(probe, seconds, takes(extra))
    config = set_length(probe.config, probe.text, fit.steps, fit.evaluations)
    assert config.steps == fit.steps
    spent = now[0] + fit.steps * step + len(due(config, probe)) * (evaluation + 2 * saving + extra)
    assert 0.9 * seconds < spent < seconds


def due(config: TrainingConfig, made: Trainer) -> list[int]:
    """The steps after which the loop evaluates, found by asking it at every one."""
    made.config, found = config, []
    for made.step_number in range(config.steps + 1):
        if loop.is_evaluation_due(made):
            found.append(made.step_number)
            made.evaluated_at = made.step_number
    return found


@pytest.mark.parametrize("steps", [1, 70, 83, 400, 1001])
@pytest.mark.parametrize("evaluations", [1, 3, 10])
def test_the_budget_counts_the_evaluations_that_the_loop_makes(tmp_path: Path, steps: int, evaluations: int) -> None:
    made = trainer(tmp_path, eval_val_every=0, max_epochs=1e9)
    config = set_length(made.config, made.text, steps, evaluations)
    assert budget.count_evaluations(config, len(made.streams)) == len(due(config, made)) >= 1


def test_however_little_time_there_is_a_step_is_made(tmp_path: Path) -> None:
    assert budget.fit(trainer(tmp_path), 1e-3) == budget.Fit(1, 1)


def test_bfloat16_learns_as_float32_does(tmp_path: Path) -> None:
    if not device.supports_bfloat16(torch.device("cpu")):
        pytest.skip("this processor cannot train in bfloat16")
    losses = {}
    for dtype in ("float32", "bfloat16"):
        made = trainer(tmp_path, max_epochs=4.0)
        made.dtype = device.choose_dtype(dtype, made.device)
        losses[dtype] = [made.step() for _ in range(100)]
        assert all(weight.dtype == torch.float32 for weight in (*made.model.parameters(), *made.hidden))
    assert losses["bfloat16"] != losses["float32"]
    assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=0.02)


def test_where_bfloat16_cannot_be_used_it_is_refused_in_one_line(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(device, "supports_bfloat16", lambda _device: True)
        for module in (device, loss):
            elsewhere.setattr(module, "autocast", lambda *_: contextlib.nullcontext())
        assert command("--max-epochs", "0.1", "--recipe", "char-rnn", "--dtype", "bfloat16", "--run", "elsewhere") == 0
    monkeypatch.setattr(device, "supports_bfloat16", lambda _device: False)
    assert command("--max-epochs", "0.1", "--dtype", "bfloat16") == 2
    assert "this processor cannot train in bfloat16; leave --dtype out, or give float32" in command.err
    assert command.err.count("\n") == 1 and not command.log_path().exists()
    assert command("--max-epochs", "0.2", "--run", "elsewhere", "--resume") == 2
    assert "was started in bfloat16" in command.err and "--init-from" in command.err
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    assert device.choose_dtype("auto", torch.device("cpu")) == torch.float32
    assert command("--max-epochs", "0.1") == 0 and "cpu, float32" in command.err


def test_the_probe_for_bfloat16_keeps_the_random_state() -> None:
    before = torch.get_rng_state()
    device.supports_bfloat16.cache_clear()
    device.supports_bfloat16(torch.device("cpu"))
    assert torch.equal(torch.get_rng_state(), before)


def test_models_of_every_kind_train(command: Command) -> None:
    for kind in ("gru", "rnn"):
        assert command("--model", kind, "--run", kind, "--max-epochs", "0.2") == 0
        assert isinstance(checkpoint.load(Path(command.out.strip())).model(), CharLSTM)
        assert Path(command.out.strip()).name[13:-3].split("_")[0] == "0.20"


def test_previews_are_printed_and_the_plot_lies_beside(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert command("--max-epochs", "2", "--eval-val-every", "50") == 0
    assert command.err.count("    <html>") == len(command.log())
    assert (command.cv / "tiny.png").read_bytes().startswith(b"\x89PNG")


def test_text_without_markup_is_previewed_too(command: Command) -> None:
    (command.data / "input.txt").write_text("to be or not to be\n" * 100)
    assert command("--max-epochs", "1", "--run", "plain") == 0


def test_tensorboard_is_asked_for_only_where_it_is(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    assert command("--max-epochs", "0.1", "--tensorboard") == 2
    assert "pip install tensorboard" in command.err
    written: list[tuple[object, ...]] = []

    class Writer:
        def __init__(self, folder: str, purge_step: int) -> None:
            assert folder == str(command.cv / "tiny.events") and purge_step == 0

        def add_scalar(self, *scalar: object) -> None:
            written.append(scalar)

        def flush(self) -> None:
            pass

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", SimpleNamespace(SummaryWriter=Writer))
    assert command("--max-epochs", "0.1", "--tensorboard") == 0
    losses = [(value, step) for name, value, step in written if name == "val_loss"]
    assert losses == [(line.val_loss, line.step) for line in command.log()]


BOOK = "It was a dark and stormy night;\nthe rain fell in torrents.\n\n" * 40


def test_a_named_text_becomes_a_dataset_and_a_run(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "my book.txt").write_bytes(b"\xef\xbb\xbf" + BOOK.replace("\n", "\r\n").encode())
    begin = ["my book.txt", *TINY, "--max-epochs", "0.2"]
    assert train.main(begin) == 0
    out, err = capsys.readouterr()
    assert out.startswith("cv/my-book/lm_lstm_epoch")
    assert (
        f"my book.txt: {len(BOOK):,} characters in 120 lines; byte order mark left out; CRLF line ends made LF" in err
    )
    assert "dataset data/my-book, run my-book" in err
    assert (home / "data/my-book/input.txt").read_text("utf-8") == BOOK
    assert train.main(begin) == 2
    assert "run 'my-book' exists already" in capsys.readouterr().err
    assert train.main(["my book.txt", *TINY, "--resume", "--max-epochs", "0.3"]) == 0
    (home / "my book.txt").write_text("Another " + BOOK)
    assert train.main(["my book.txt", *TINY, "--resume"]) == 2
    assert "holds another text" in capsys.readouterr().err
    assert train.main([*begin, "--overwrite"]) == 0
    assert train.main(["data/my-book", *TINY, "--max-epochs", "0.2", "--run", "second"]) == 0


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        (["a.txt"], 10),
        (["a.txt", "--minutes", "2"], 2),
        (["a.txt", "--max-epochs", "3"], None),
        (["a.txt", "--resume"], None),
        (["--data-dir", "data/a"], None),
    ],
)
def test_ten_minutes_are_the_length_of_a_run_on_a_named_text(said: list[str], minutes: float | None) -> None:
    assert options.parse(said).given.get("minutes") == minutes


def test_how_to_read_a_text_is_said_only_with_one(command: Command) -> None:
    with pytest.raises(SystemExit):
        options.parse(["--by", "line"])


def test_a_file_in_place_of_a_data_folder_says_how_to_train_on_it(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "a.txt").write_text(BOOK)
    assert train.main(["--data-dir", "a.txt", *TINY]) == 2
    assert "train on the file with: python -m charrnn.train a.txt" in capsys.readouterr().err
