"""The network of a page in numpy: the same operations as in the browser, so the same numbers to the last bit.

Tests compare the browser with it, and it finds what the cells of a network follow. `kernel.wat` is the same arithmetic
in WebAssembly.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from charrnn.play.weights import Product, Weights

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

# The rational function by which Eigen computes tanh in float32, the highest power first.
_TOP = (
    -2.76076847742355e-16,
    2.00018790482477e-13,
    -8.60467152213735e-11,
    5.12229709037114e-08,
    1.48572235717979e-05,
    6.37261928875436e-04,
    4.89352455891786e-03,
)
_BOTTOM = (1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03)
_MOST = np.float32(7.905311)
_HALF = np.float32(0.5)


class Network:
    """A network in 8 bits, with a state for each slot of a batch."""

    def __init__(self, weights: Weights, slots: int = 1) -> None:
        shape = weights.shape
        self._characters, self._levels = shape.characters, np.float32(shape.input_levels)
        first, *upper = weights.layers
        self._table = weights.table.astype(np.float32) * weights.table_scale
        self._table += first.bias
        self._layers = [_Exact(first), *map(_Exact, upper)]
        self._layers[0].bias = np.zeros_like(first.bias)
        self._decoder = _Exact(weights.decoder)
        self._hidden = np.zeros((shape.layers, slots, shape.size))  # integers: the hidden values times the levels
        self._cell = np.zeros((shape.layers, slots, shape.size), np.float32)
        self.shown = np.zeros_like(self._cell)
        """The tanh of the cells, (layers, slots, size)."""

    def step(self, ids: Ids) -> Floats:
        """Feed a character to each slot, ids (slots,); return the logits (slots, characters) of the next."""
        for layer, product in enumerate(self._layers):
            below = self._hidden[max(layer - 1, 0) : layer + 1]
            bias = self._table[ids] if layer == 0 else product.bias
            self._advance(layer, product.apply(np.concatenate(below, axis=1), bias))
        return self._decoder.apply(self._hidden[-1], self._decoder.bias)[:, : self._characters]

    def _advance(self, layer: int, gates: Floats) -> None:
        forget, taken_in, out, new = np.split(gates, 4, axis=1)
        cell = self._cell[layer]
        cell[:] = _sigmoid(forget) * cell + _sigmoid(taken_in) * tanh(new)
        self.shown[layer] = tanh(cell)
        self._hidden[layer] = np.rint(_sigmoid(out) * self.shown[layer] * self._levels)


class _Exact:
    """A product of integers. They are held in float64, which sums them exactly, and faster than integers."""

    def __init__(self, product: Product) -> None:
        self._weights = torch.from_numpy(product.weights).double()  # torch keeps to the threads that it was given
        self._scale = product.scale
        self.bias = product.bias

    def apply(self, x: NDArray[np.float64], bias: Floats) -> Floats:
        """Return the product with x (slots, columns) of integers, scaled, and with `bias` added: (slots, rows)."""
        made: Floats = functional.linear(torch.from_numpy(x), self._weights).numpy().astype(np.float32) * self._scale
        made += bias
        return made


def tanh(x: Floats) -> Floats:
    """Return the hyperbolic tangent of x, by a rational function: within 5e-7 of it everywhere."""
    x = np.maximum(np.minimum(x, _MOST), -_MOST)
    square = x * x
    return x * _horner(square, _TOP) / _horner(square, _BOTTOM)


def _sigmoid(half: Floats) -> Floats:
    """Return the sigmoid of twice `half`."""
    return tanh(half) * _HALF + _HALF


def _horner(square: Floats, coefficients: tuple[float, ...]) -> Floats:
    total = np.full_like(square, np.float32(coefficients[0]))
    for coefficient in coefficients[1:]:
        total = total * square + np.float32(coefficient)
    return total
