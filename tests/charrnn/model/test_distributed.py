"""Two processes that train one model are one process that trains it faster."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import torch

from charrnn.model import checkpoint, distributed
from charrnn.model.distributed import SINGLE_PROCESS, Group
from charrnn.runs import history, train_state
from charrnn.train import __main__ as train
from charrnn.train.trainer import Trainer
from scrape.common.errors import InputError
from tests.support.processes import DEADLINE, CommandProcess
from tests.support.tiny import corpus_folder, gathered_folder, postings, trainer

SMALL = ["--rnn-size", "8", "--batch-size", "4", "--seq-length", "10", "--device", "cpu", "--dtype", "float32"]
PACE = 40  # steps between evaluations

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch is without torch.distributed"),
]


class Launcher:
    """Training in one process, or in two that know each other as torchrun tells them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cv, self.data = folder, folder / "cv", corpus_folder(folder)
        self.started: list[CommandProcess] = []

    def start(self, size: int, *flags: str, each: Sequence[Sequence[str]] = ()) -> list[CommandProcess]:
        """Start `size` processes, or the first of them that `each` has flags for."""
        self.port = free_port()
        common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(self.port), "WORLD_SIZE": str(size)}
        others = each or [[]] * size
        for rank, more in enumerate(others):
            own = common | {"RANK": str(rank), "LOCAL_RANK": str(rank)}
            folder = self.folder / f"process{len(self.started)}"
            self.started.append(CommandProcess(train.main, [*self.arguments(*flags), *more], folder, own))
        return self.started[-len(others) :]

    def arguments(self, *flags: str) -> list[str]:
        places = ["--data-dir", str(self.data), "--checkpoint-dir", str(self.cv)]
        return [*places, *SMALL, "--eval-val-every", str(PACE), *flags]

    def __call__(self, size: int, *flags: str) -> list[tuple[int, str, str]]:
        """The exit code, output and remarks of each process."""
        return [process.ended() for process in self.start(size, *flags)]

    def losses(self, run: str) -> list[tuple[int, float, float]]:
        return [(line.step, line.train_loss, line.val_loss) for line in history.read(self.cv / f"{run}.jsonl")]

    def weights(self, run: str) -> dict[str, torch.Tensor]:
        return dict(checkpoint.load(checkpoint.last(self.cv / run)).weights)

    def wait_for_evaluation(self, run: str) -> None:
        wait_until(lambda: bool(checkpoint.list_files(self.cv / run)))


def wait_until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def launch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Launcher]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    made = Launcher(tmp_path)
    yield made
    for process in made.started:
        process.kill()


def test_two_processes_learn_what_one_learns(launch: Launcher) -> None:
    flags = ["--recipe", "char-rnn", "--dropout", "0", "--max-epochs", "1.5", "--learning-rate", "0.01"]
    (one,) = launch(1, *flags, "--run", "one")
    launch.data = gathered_folder(launch.folder / "gathered", postings())  # the same text in parts, which both join
    first, second = launch(2, *flags, "--run", "two")
    assert (one[0], first[0], second[0]) == (0, 0, 0), first[2] + second[2]
    assert first[1].startswith(str(launch.cv)) and (second[1], second[2]) == ("", "")
    alone, together = launch.losses("one"), launch.losses("two")
    assert [line[0] for line in alone] == [line[0] for line in together]
    for a, b in zip(alone, together, strict=True):
        assert b[1:] == pytest.approx(a[1:], abs=2e-3)
    assert alone[-1][2] < alone[0][2] - 0.1


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the workers of torchrun are found in /proc")
def test_torchrun_restarts_a_killed_process_and_the_run_goes_on_exactly(launch: Launcher) -> None:
    flags = ["--dropout", "0.3", "--max-epochs", "1.2"]
    assert [code for code, _, _ in launch(2, *flags, "--run", "whole")] == [0, 0]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["--max-restarts", "1", "--monitor-interval", "0.1", "-m", "--", "charrnn.train"]
    arguments = launch.arguments(*flags, "--run", "torn", "--resume", "auto")
    with (launch.folder / "err").open("wb") as err:
        torchrun = subprocess.Popen([*command, *arguments], stdout=subprocess.DEVNULL, stderr=err)
    try:
        launch.wait_for_evaluation("torn")
        workers = Path(f"/proc/{torchrun.pid}/task/{torchrun.pid}/children").read_text().split()
        os.kill(int(workers[-1]), signal.SIGKILL)
        assert torchrun.wait(DEADLINE) == 0
    finally:
        torchrun.kill()
        torchrun.wait()
    assert "error: another process of this run has ended" in (launch.folder / "err").read_text()
    assert launch.losses("torn") == launch.losses("whole")
    torn, whole = launch.weights("torn"), launch.weights("whole")
    assert all(torch.equal(torn[name], weight) for name, weight in whole.items())


def test_what_one_process_is_asked_all_do_after_the_same_step(launch: Launcher) -> None:
    first, second = launch.start(2, "--max-epochs", "500", "--run", "asked")
    launch.wait_for_evaluation("asked")
    second.send_signal(signal.SIGTERM)
    assert (first.ended()[0], second.ended()[0]) == (143, 143)
    state = train_state.load(launch.cv / "asked.resume")
    assert state["step"] > 0 and len(state["random"]) == 2
    assert [part.shape[1] for part in state["hidden"]] == [4, 4]
    (alone,) = launch(1, "--run", "asked", "--resume", "--max-epochs", str(state["step"] / 83 + 0.1))
    assert alone[0] == 0 and "dropout is drawn anew" in alone[2]


def test_processes_with_different_texts_or_settings_are_refused_in_one_line(launch: Launcher) -> None:
    shorter = str(corpus_folder(launch.folder / "other", postings(20)))
    for more, named in ((["--data-dir", shorter], "the text"), (["--seed", "7"], "--seed")):
        first, second = [process.ended() for process in launch.start(2, "--minutes", "9", each=[[], more])]
        assert (first[0], second[0]) == (2, 2) and second[2] == ""
        assert first[2].startswith("error: the processes of a run must agree") and first[2].count("\n") == 1
        assert f"but of {named}, process 0 has" in first[2]


def test_sigterm_ends_a_process_that_waits_for_the_others(launch: Launcher) -> None:
    (alone,) = launch.start(2, each=[[]])

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", launch.port)) == 0

    wait_until(listens)
    alone.send_signal(signal.SIGTERM)
    assert alone.ended()[0] == 143


def test_minutes_are_shared(launch: Launcher) -> None:
    first, second = launch(2, "--minutes", "0.03", "--run", "short", "--num-layers", "1")
    assert (first[0], second[0]) == (0, 0), first[2] + second[2]


def test_a_batch_that_cannot_be_dealt_is_refused(launch: Launcher) -> None:
    for code, _, err in launch(2, "--batch-size", "3"):
        assert code == 2
        assert "a batch of 3 streams cannot be divided evenly among 2 processes; try --batch-size 2" in err


def test_the_streams_are_dealt_without_rest() -> None:
    assert [Group(rank, 3).shard(12) for rank in range(3)] == [slice(0, 4), slice(4, 8), slice(8, 12)]
    with pytest.raises(InputError, match="--batch-size 12"):
        Group(0, 3).shard(14)
    with pytest.raises(InputError, match="--batch-size 3"):
        Group(0, 3).shard(2)


def test_alone_nothing_is_exchanged(tmp_path: Path) -> None:
    assert SINGLE_PROCESS.is_main and SINGLE_PROCESS.shard(5) == slice(0, 5)
    assert (
        SINGLE_PROCESS.all_reduce_sum(1.5, 2),
        SINGLE_PROCESS.all_reduce_max(3),
        SINGLE_PROCESS.all_gather("x"),
    ) == ([1.5, 2], 3, ["x"])
    gradients = [torch.ones(2)]
    SINGLE_PROCESS.all_reduce_mean(gradients)
    assert torch.equal(gradients[0], torch.ones(2))
    with distributed.join_group(torch.device("cpu"), {}) as group:
        assert group is SINGLE_PROCESS


def test_other_ranks_draw_otherwise_from_the_same_first_weights(tmp_path: Path) -> None:
    first = trainer(tmp_path)
    drawn = torch.rand(3)
    second = Trainer(first.config, first.text, first.device, Group(1, 2))
    assert not torch.equal(drawn, torch.rand(3))
    for one, other in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(one, other)
