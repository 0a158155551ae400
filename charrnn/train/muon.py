"""Muon: steps of the same length in every direction that a matrix can turn.

Momentum, then the nearest orthogonal matrix to it in place of itself (K. Jordan 2024,
https://kellerjordan.github.io/posts/muon/), found without a decomposition by iterating an odd polynomial, whose
coefficients are those of Polar Express (Amsel, Persson, Musco, Gower 2025, https://arxiv.org/abs/2505.16932).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

# (a, b, c) of a*X + b*(XX')X + c*(XX')(XX')X, made for singular values from 0.001 to 1, one triple an iteration.
POLAR_EXPRESS = (
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
)


class Muon(torch.optim.Optimizer):
    """Muon over matrices that are stacks of square blocks, one for each gate: (gates * size, size).

    Each gate is made orthogonal by itself. `iterations` is how closely, 5 at most: 3 learn as well. `dtype` is what
    the iteration is computed in; bfloat16 is good enough.
    """

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        lr: float,
        momentum: float = 0.9,
        iterations: int = 3,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "iterations": iterations})
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Update every matrix. A closure is not supported."""
        if closure is not None:
            raise ValueError("Muon takes no closure")
        for group in self.param_groups:
            matrices = [matrix for matrix in group["params"] if matrix.grad is not None]
            if matrices:
                self._update(matrices, group)

    def _update(self, matrices: list[nn.Parameter], group: dict[str, Any]) -> None:
        """All blocks of a group at once: they are of one size, and a batched product is quicker than many."""
        size = matrices[0].shape[1]
        wanted = torch.cat([self._direction(matrix, group["momentum"]) for matrix in matrices])
        turned = orthogonal(wanted.view(-1, size, size).to(self._dtype), group["iterations"])
        steps = torch.split(turned.to(wanted.dtype).view(-1, size), [len(matrix) for matrix in matrices])
        for matrix, step in zip(matrices, steps, strict=True):
            matrix.add_(step, alpha=-group["lr"])

    def _direction(self, matrix: nn.Parameter, momentum: float) -> Tensor:
        """Nesterov's momentum: the mean gradient, one step ahead."""
        assert matrix.grad is not None
        if "mean" not in self.state[matrix]:
            self.state[matrix]["mean"] = torch.zeros_like(matrix)
        mean: Tensor = self.state[matrix]["mean"]
        mean.lerp_(matrix.grad, 1 - momentum)
        return torch.lerp(matrix.grad, mean, momentum)


def orthogonal(blocks: Tensor, iterations: int) -> Tensor:
    """Roughly U V' for each block U S V' of (blocks, size, size): the orthogonal matrix nearest to it."""
    norms = torch.linalg.matrix_norm(blocks.float(), keepdim=True).to(blocks.dtype)
    x: Tensor = blocks / (norms * 1.01 + 1e-12)
    for a, b, c in POLAR_EXPRESS[:iterations]:
        square = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x
