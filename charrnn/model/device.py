"""Choose the device and the precision, and set up what makes training fast on this machine."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from scrape.common.errors import InputError

_M_MMAP_MAX, _M_TRIM_THRESHOLD = -4, -1  # glibc's malloc.h


def pick(name: str) -> torch.device:
    """Return the device called `name`; `auto` is CUDA, then Apple's MPS, then the CPU. Raises InputError."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"device {name!r} cannot be used here; --device cpu always works") from error
    return device


def prepare(device: torch.device) -> None:
    """Set up the process for fast training without loss of accuracy: it saves a quarter of the time. Call once."""
    torch.set_float32_matmul_precision("high" if device.type == "cuda" else "highest")
    if device.type == "cpu":
        keep_freed_memory()


def keep_freed_memory() -> bool:
    """Have glibc keep freed memory instead of returning it and faulting it in again at the next step.

    Training frees and allocates the same few hundred MB at every step. Returns True where it took effect (glibc only).
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_M_MMAP_MAX, 0)) and bool(mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """Return the type of matrix products: float32 or bfloat16 by `name`; for `auto`, bfloat16 where it is faster.

    Raises InputError where bfloat16 is asked for and this machine cannot train in it.
    """
    if name == "float32" or (name == "auto" and not _has_fast_bfloat16(device)):
        return torch.float32
    if supports_bfloat16(device):
        return torch.bfloat16
    if name == "auto":
        return torch.float32
    kind = "processor" if device.type == "cpu" else f"{device.type} device"
    raise InputError(f"this {kind} cannot train in bfloat16; leave --dtype out, or give float32")


@cache
def supports_bfloat16(device: torch.device) -> bool:
    """Return whether an LSTM can train in bfloat16 on `device`, by training a tiny one. Keeps the random state.

    On a CPU without AVX-512, oneDNN has no such LSTM, and torch raises RuntimeError at the first step.
    """
    with preserve_random_state(device), torch.inference_mode(False), torch.enable_grad():
        try:
            layer = nn.LSTM(1, 1).to(device)
            with autocast(device, torch.bfloat16):
                outputs, _ = layer(torch.zeros(1, 1, 1, device=device))
            torch.autograd.backward(outputs.float().sum())
        except RuntimeError:
            return False
    return True


def _has_fast_bfloat16(device: torch.device) -> bool:
    """Return whether the hardware has instructions for bfloat16 (a CPU: AVX-512 BF16 or AMX); emulation is slower."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    # A torch without `get_capabilities` computes in float32.
    capabilities: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return device.type == "cpu" and bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[object]:
    """Return a context in which matrix products run in `dtype`; weights and state stay float32."""
    if dtype == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype=dtype)


def dropout(x: Tensor, chance: float) -> Tensor:
    """Return `x` with each value zeroed with probability `chance`, and the rest scaled so that the mean stays.

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
    """Return the state of torch's random generators on this machine."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def set_random_state(device: torch.device, state: Mapping[str, Tensor]) -> None:
    """Restore a `random_state`. The state of another kind of device is ignored."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)


@contextmanager
def preserve_random_state(device: torch.device) -> Iterator[None]:
    """Restore the random state at the end of the context."""
    state = random_state(device)
    try:
        yield
    finally:
        set_random_state(device, state)
