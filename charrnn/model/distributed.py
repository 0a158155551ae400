"""Train one model in several processes: each reads its shard of the streams, and all make the same update.

`torchrun --nproc-per-node N -m charrnn.train ...` starts the processes and sets the rank of each in its environment.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch import distributed as dist

from scrape.common.errors import InputError

T = TypeVar("T")

TIMEOUT = timedelta(minutes=5)  # without an answer before a process counts as lost; previews and files take time


class PeerLostError(Exception):
    """Another process of the run has ended, or does not answer within TIMEOUT."""


class Group:
    """The processes of a run, as seen by one of them. In a group of one, every value comes back unchanged."""

    def __init__(self, rank: int = 0, size: int = 1, device: torch.device | None = None) -> None:
        self.rank, self.size, self._device = rank, size, device

    @property
    def is_main(self) -> bool:
        """True for the process that writes the files and the output."""
        return self.rank == 0

    def shard(self, streams: int) -> slice:
        """Return the streams of a batch that this process reads. Raises InputError where they do not divide evenly."""
        each, left = divmod(streams, self.size)
        if left:
            fitting = streams - left or self.size
            raise InputError(
                f"a batch of {streams} streams cannot be divided evenly among {self.size} processes; "
                f"try --batch-size {fitting}, or another --nproc-per-node"
            )
        return slice(self.rank * each, (self.rank + 1) * each)

    def all_reduce_mean(self, gradients: list[Tensor]) -> None:
        """Replace each gradient by its mean over the processes. They are sent as one flat buffer."""
        if self.size == 1:
            return
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        with _naming_lost_peers():
            dist.all_reduce(flat)
        flat /= self.size
        means = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, mean in zip(gradients, means, strict=True):
            gradient.copy_(mean.view_as(gradient))

    def all_reduce_sum(self, *numbers: float) -> list[float]:
        """Return each number, summed over the processes."""
        return self._reduced(numbers, dist.ReduceOp.SUM) if self.size > 1 else list(numbers)

    def all_reduce_max(self, number: float) -> float:
        """Return the greatest of the processes' numbers."""
        return self._reduced([number], dist.ReduceOp.MAX)[0] if self.size > 1 else number

    def barrier(self) -> None:
        """Wait for all processes to reach this point."""
        self.all_reduce_sum(0)

    def all_gather(self, value: T) -> list[T]:
        """Return the values of all processes, in the order of their ranks."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        with _naming_lost_peers():
            dist.all_gather_object(values, value)
        return values

    def _reduced(self, numbers: Sequence[float], by: Any) -> list[float]:
        held = torch.tensor(numbers, dtype=torch.float64, device=self._device)
        with _naming_lost_peers():
            dist.all_reduce(held, op=by)
        return [float(number) for number in held]


SINGLE_PROCESS = Group()


def assign_device(picked: torch.device, environment: Mapping[str, str] = os.environ) -> torch.device:
    """Return the device of this process: its own GPU where torchrun started several on one machine."""
    if picked.type != "cuda" or picked.index is not None or "LOCAL_RANK" not in environment:
        return picked
    number = int(environment["LOCAL_RANK"])
    if number >= torch.cuda.device_count():
        raise InputError(f"there is no GPU for process {number} of this machine; lower --nproc-per-node")
    torch.cuda.set_device(number)
    return torch.device("cuda", number)


@contextmanager
def join_group(on: torch.device, environment: Mapping[str, str] = os.environ) -> Iterator[Group]:
    """Join the group that torchrun started this process in; without torchrun, a group of one.

    gloo connects CPUs, NCCL connects CUDA devices. Raises PeerLostError where the other processes do not join.
    """
    size = int(environment.get("WORLD_SIZE", "1"))
    if size == 1:
        yield SINGLE_PROCESS
        return
    if on.type not in ("cpu", "cuda"):
        raise InputError(f"several processes train on cpu or cuda, not on {on.type}; add --device cpu")
    with _naming_lost_peers():
        dist.init_process_group("nccl" if on.type == "cuda" else "gloo", timeout=TIMEOUT)
    try:
        yield Group(int(environment["RANK"]), size, on)
    finally:
        dist.destroy_process_group()


@contextmanager
def _naming_lost_peers() -> Iterator[None]:
    """Turn the error that torch raises when a process does not answer into PeerLostError."""
    try:
        yield
    except RuntimeError as error:
        raise PeerLostError("another process of this run has ended or does not answer") from error
