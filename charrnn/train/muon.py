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
    `dtype` is the type of the iteration; bfloat16 is accurate enough. With a `rotation` of n, step t updates only every
    nth block, from block t mod n on: the iteration is most of the cost, and the momentum of a block that waits goes on
    gathering its gradients. The t of the next step stands in each group as "turn", which the caller may set.
    """

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        lr: float,
        momentum: float = 0.9,
        iterations: int = 3,
        dtype: torch.dtype = torch.float32,
        rotation: int = 1,
    ) -> None:
        settings = {"lr": lr, "momentum": momentum, "iterations": iterations, "rotation": rotation, "turn": 0}
        super().__init__(matrices, settings)
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
        size, momentum = matrices[0].shape[1], group["momentum"]
        for matrix in matrices:
            if "mean" not in self.state[matrix]:
                self.state[matrix]["mean"] = torch.zeros_like(matrix)
            self.state[matrix]["mean"].lerp_(_gradient(matrix), 1 - momentum)
        blocks = [(matrix, slice(at, at + size)) for matrix in matrices for at in range(0, len(matrix), size)]
        chosen = blocks[group["turn"] % group["rotation"] :: group["rotation"]]
        group["turn"] += 1
        if not chosen:
            return
        directions = [
            torch.lerp(_gradient(matrix)[rows], self.state[matrix]["mean"][rows], momentum)  # Nesterov's: a step ahead
            for matrix, rows in chosen
        ]
        turned = orthogonal(torch.stack(directions).to(self._dtype), group["iterations"]).to(matrices[0].dtype)
        for (matrix, rows), step in zip(chosen, turned, strict=True):
            matrix[rows].add_(step, alpha=-group["lr"])


def _gradient(matrix: nn.Parameter) -> Tensor:
    assert matrix.grad is not None
    return matrix.grad


def orthogonal(blocks: Tensor, iterations: int) -> Tensor:
    """Return roughly U V' for each block U S V' of (blocks, size, size): the nearest orthogonal matrix."""
    norms = torch.linalg.matrix_norm(blocks.float(), keepdim=True).to(blocks.dtype)
    x: Tensor = blocks / (norms * 1.01 + 1e-12)
    for a, b, c in POLAR_EXPRESS[:iterations]:
        square = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x
