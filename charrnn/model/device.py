"""All that depends on the machine: which device, which precision, and what makes it quick."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor
from torch.nn import functional

from scrape.common.errors import InputError

_M_MMAP_MAX, _M_TRIM_THRESHOLD = -4, -1  # glibc's malloc.h


def pick(name: str) -> torch.device:
    """The device called `name`; `auto` is CUDA, then Apple's MPS, then the CPU. Raises InputError."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"device {name!r} cannot be used here; --device cpu always works") from error
    return device


def prepare(device: torch.device) -> None:
    """Settings of the process that cost no accuracy and save a quarter of the time. Call once, before training."""
    torch.set_float32_matmul_precision("high" if device.type == "cuda" else "highest")
    if device.type == "cpu":
        keep_freed_memory()


def keep_freed_memory() -> bool:
    """Have glibc keep freed memory instead of giving it back and faulting it in again at the next step.

    Training frees and allocates the same few hundred MB at every step. True where it took effect (glibc only).
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_M_MMAP_MAX, 0)) and bool(mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))


def precision(name: str, device: torch.device) -> torch.dtype:
    """The type to multiply in: `float32`, `bfloat16`, or for `auto` bfloat16 where the hardware multiplies it."""
    if name != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if device.type == "cpu" and _cpu_multiplies_bfloat16() else torch.float32


def _cpu_multiplies_bfloat16() -> bool:
    """Whether this CPU has instructions for it (AVX-512 BF16 or AMX): elsewhere it is emulated, and slower."""
    capabilities: Mapping[str, object] = getattr(
        torch.cpu, "get_capabilities", dict
    )()  # a torch without it computes in float32
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[object]:
    """Within it, matrix products run in `dtype`; weights and state stay float32."""
    if dtype == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype=dtype)


def dropout(x: Tensor, chance: float) -> Tensor:
    """`x` with each value zeroed by `chance` and the rest scaled up, so that its expectation stays.

    On the CPU the mask comes from random bytes, eight to a draw: `bernoulli_` costs 12-18 % of a training step.
    The chance is rounded to 1/256 and the scale is exact for it.
    """
    if x.device.type != "cpu":
        return functional.dropout(x, chance)
    dropped = min(round(chance * 256), 255)
    draws = torch.empty((x.numel() + 7) // 8, dtype=torch.int64).random_(-(2**63), None)
    # Compared in place, the bytes become 0 and 1 and stay bytes: an eighth of the time that a mask of bools takes.
    kept = draws.view(torch.uint8)[: x.numel()].view(x.shape).ge_(dropped)
    return x * kept.to(x.dtype).mul_(256 / (256 - dropped))


def random_state(device: torch.device) -> dict[str, Tensor]:
    """What all of torch's draws on this machine depend on."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def set_random_state(device: torch.device, state: Mapping[str, Tensor]) -> None:
    """Go back to a `random_state`. What it holds of another kind of device is passed over."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)


@contextmanager
def kept_random_state(device: torch.device) -> Iterator[None]:
    """Whatever is drawn within it, the draws after it are the same."""
    state = random_state(device)
    try:
        yield
    finally:
        set_random_state(device, state)
