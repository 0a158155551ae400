"""Train one model in several processes: each reads its shard of the streams, and all make the same update.

`torchrun --nproc-per-node N -m -- charrnn.train ...` starts the processes and sets the rank of each in its environment.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar, cast

import torch
from torch import Tensor
from torch import distributed as dist

from scrape.common import console
from scrape.common.errors import InputError

T = TypeVar("T")

_PULSE = 0.5  # seconds between two looks at a stop signal while waiting for other processes
TIMEOUT = timedelta(minutes=5)  # without an answer before a process counts as lost; previews and files take time


class PeerLostError(Exception):
    """Another process of the run has ended, or does not answer within TIMEOUT."""


class Group:
    """The processes of a run, as seen by one of them. In a group of one, every value comes back unchanged.

    `on_wait` is called twice a second while this process waits for others on CPUs. If it raises KeyboardInterrupt or
    Terminated, or a signal does, the process ends at once.
    """

    def __init__(self, rank: int = 0, size: int = 1, device: torch.device | None = None) -> None:
        self.rank, self.size, self._device = rank, size, device
        self.on_wait: Callable[[], None] = lambda: None
        # A collective of gloo blocks the thread that calls it, and Python handles signals in the main thread alone.
        self._thread = ThreadPoolExecutor(1) if device is not None and device.type == "cpu" else None

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
        self.wait_for(lambda: dist.all_reduce(flat))
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
        self.wait_for(lambda: dist.all_gather_object(values, value))
        return values

    def from_main(self, make: Callable[[], T]) -> T:
        """Return in all processes what `make` returns in the main one.

        Raises InputError in the main process where `make` does; the others then end with its exit code.
        """
        if self.size == 1:
            return make()
        made: list[Any] = [None, False]
        try:
            if self.is_main:
                made = [make(), True]
        finally:
            self.wait_for(lambda: dist.broadcast_object_list(made))
        if not made[1]:
            raise SystemExit(console.BAD_INPUT)
        return cast("T", made[0])

    def share_from_main(self, tensors: Sequence[Tensor]) -> None:
        """Replace the tensors by those of the main process."""
        if self.size > 1:
            for tensor in tensors:
                self.wait_for(lambda tensor=tensor: dist.broadcast(tensor, 0))  # type: ignore[misc]

    def require_same(self, facts: Mapping[str, object]) -> None:
        """Raise InputError in the main process where a fact differs in another one, which then ends with its exit code.

        `facts` maps what is compared to its value.
        """
        first, *others = self.all_gather(dict(facts))
        for rank, other in enumerate(others, 1):
            for name in first:
                if first[name] == other.get(name):
                    continue
                if not self.is_main:
                    raise SystemExit(console.BAD_INPUT)
                raise InputError(
                    f"the processes of a run must agree, but of {name}, process 0 has {first[name]}, and process "
                    f"{rank} {other.get(name)}; start all with the same command, files and versions"
                )

    def wait_for(self, collective: Callable[[], object]) -> None:
        """Call `collective`, which waits for other processes. Raises PeerLostError where one has ended."""
        with _naming_lost_peers():
            if self._thread is None:
                collective()
                return
            pending = self._thread.submit(collective)
            try:
                while not wait([pending], _PULSE).done:
                    self.on_wait()
            except (KeyboardInterrupt, console.Terminated) as end:
                # Nothing can end the collective, and Python's own end would wait for it.
                console.say("stopped while waiting for another process of this run; the last saved state stands")
                os._exit(console.INTERRUPTED if isinstance(end, KeyboardInterrupt) else console.TERMINATED)
            pending.result()

    def leave(self) -> None:
        """Leave the group; it cannot be used any more."""
        dist.destroy_process_group()
        if self._thread:
            self._thread.shutdown()

    def _reduced(self, numbers: Sequence[float], by: Any) -> list[float]:
        held = torch.tensor(numbers, dtype=torch.float64, device=self._device)
        self.wait_for(lambda: dist.all_reduce(held, op=by))
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
    group = Group(int(environment["RANK"]), size, on)
    group.wait_for(lambda: _join(group, "nccl" if on.type == "cuda" else "gloo"))
    try:
        yield group
    finally:
        group.leave()


def _join(group: Group, backend: str) -> None:
    """Join the other processes under the keys of a round that this start of them has to itself.

    torchrun keeps its store when it restarts them, and what the earlier ones wrote there would mislead the new. So the
    main process names a round, and each other one takes it when the main one, which may have died since, echoes it.
    """
    from torch.distributed.distributed_c10d import PrefixStore  # some builds of torch do without
    from torch.distributed.rendezvous import rendezvous

    store, _, _ = next(rendezvous("env://", timeout=TIMEOUT))
    own, chosen = secrets.token_hex(8), ""
    if group.is_main:
        chosen = own
        store.set("round", own)
        for other in range(1, group.size):
            store.set(f"{own}/echo{other}", store.get(f"{own}/{other}"))
    deadline = time.monotonic() + TIMEOUT.total_seconds()
    while not chosen:
        named = store.get("round").decode()
        store.set(f"{named}/{group.rank}", own)
        time.sleep(_PULSE / 10)
        if store.check([f"{named}/echo{group.rank}"]) and store.get(f"{named}/echo{group.rank}").decode() == own:
            chosen = named
        elif time.monotonic() > deadline:
            raise RuntimeError("the main process does not answer")
    dist.init_process_group(
        backend, store=PrefixStore(chosen, store), rank=group.rank, world_size=group.size, timeout=TIMEOUT
    )


@contextmanager
def _naming_lost_peers() -> Iterator[None]:
    """Turn the error that torch raises when a process does not answer into PeerLostError."""
    try:
        yield
    except RuntimeError as error:
        raise PeerLostError("another process of this run has ended or does not answer") from error
