"""Muon: an optimizer whose steps have the same length in every direction of a matrix.

It takes the momentum of the gradient, and replaces it by the nearest orthogonal matrix (K. Jordan 2024,
https://kellerjordan.github.io/posts/muon/). That is found without a decomposition, by iterating an odd polynomial with
the coefficients of Polar Express (Amsel, Persson, Musco, Gower 2025, https://arxiv.org/abs/2505.16932).
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

    Each gate is made orthogonal by itself. More `iterations`, 5 at most, come closer to orthogonal; 3 train as well.
    `dtype` is the type of the iteration; bfloat16 is accurate enough.
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
        """Update the matrices of a group at once: their blocks have one size, and a batched product is faster."""
        size = matrices[0].shape[1]
        directions = []
        for matrix in matrices:
            assert matrix.grad is not None
            if "mean" not in self.state[matrix]:
                self.state[matrix]["mean"] = torch.zeros_like(matrix)
            mean: Tensor = self.state[matrix]["mean"]
            mean.lerp_(matrix.grad, 1 - group["momentum"])
            directions.append(torch.lerp(matrix.grad, mean, group["momentum"]))  # Nesterov's: one step ahead
        wanted = torch.cat(directions)
        turned = orthogonal(wanted.view(-1, size, size).to(self._dtype), group["iterations"])
        steps = torch.split(turned.to(wanted.dtype).view(-1, size), [len(matrix) for matrix in matrices])
        for matrix, step in zip(matrices, steps, strict=True):
            matrix.add_(step, alpha=-group["lr"])


def orthogonal(blocks: Tensor, iterations: int) -> Tensor:
    """Return roughly U V' for each block U S V' of (blocks, size, size): the nearest orthogonal matrix."""
    norms = torch.linalg.matrix_norm(blocks.float(), keepdim=True).to(blocks.dtype)
    x: Tensor = blocks / (norms * 1.01 + 1e-12)
    for a, b, c in POLAR_EXPRESS[:iterations]:
        square = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x
