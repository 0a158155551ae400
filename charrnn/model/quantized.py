"""A quantized LSTM, fast at one character at a time on a CPU: weights of 8 bits, and few operations.

Four things make it fast:

- At one character a step, the time is that of reading the weights from the cache. Here they are integers of 8 bits,
  with one scale for each row of a matrix. Their inputs are rounded to 8 bits as well: a hidden value lies between -1
  and 1, so its scale is known. The products are summed exactly.
- The first layer's input is one character, so its product is a row of a table.
- A sigmoid is a tanh, sigmoid(x) = (1 + tanh(x / 2)) / 2, so all gates of a layer are one tanh. The halves are in
  the weights, also that of the last product of a step, o * tanh(c): hidden values are kept doubled.
- Everything but the matrix products runs in numpy: a call costs half as much as in torch, and tanh is ten times as
  fast (numpy 2.4, torch 2.13, AVX-512).

Where torch or the processor has no 8-bit products, they are in float32 and nothing is rounded.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from charrnn.model.lstm import CharLSTM

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]
Product = Callable[[Floats], Floats]

_LEVELS = 127  # of a signed byte, to either side of 0
_MIDDLE = 128  # the byte that stands for a hidden value of 0
_DOUBLED = 2.0
_STEP = _DOUBLED / _LEVELS


class QuantizedLSTM:
    """A model of LSTM layers in 8 bits, with a hidden state for each slot of a batch."""

    def __init__(self, model: CharLSTM, slots: int) -> None:
        first, *upper = (_gates(layer) for layer in model.layers)
        characters = len(first.weight[0]) - model.config.rnn_size
        self._table = (first.weight[:, :characters].t() + first.bias).numpy()
        self._products = [product(first.weight[:, characters:] / _DOUBLED)]
        self._products += [product(gates.weight / _DOUBLED, gates.bias) for gates in upper]
        self._decode = product(model.decoder.weight.detach().float() / _DOUBLED, model.decoder.bias.detach().float())
        shape = (model.config.num_layers, slots, model.config.rnn_size)
        self._doubled, self._cell = np.zeros(shape, np.float32), np.zeros(shape, np.float32)

    def step(self, ids: Ids) -> Floats:
        """Feed a character to each slot, ids (slots,); return the logits (slots, characters) of the next."""
        first, *upper = self._products
        gates = first(self._doubled[0])
        gates += self._table[ids]
        below = self._advance(0, gates)
        for layer, multiply in enumerate(upper, 1):
            below = self._advance(layer, multiply(np.concatenate((below, self._doubled[layer]), axis=1)))
        return self._decode(below)

    def _advance(self, layer: int, gates: Floats) -> Floats:
        """Return the next hidden values, doubled, from the gates (slots, 4 * rnn_size): forget, input, output, new."""
        np.tanh(gates, out=gates)
        size = gates.shape[1] // 4
        gates[:, : 3 * size] += 1  # now they are twice the sigmoids
        cell, doubled = self._cell[layer], self._doubled[layer]
        cell *= gates[:, :size]
        cell += gates[:, size : 2 * size] * gates[:, 3 * size :]
        cell *= 0.5
        np.tanh(cell, out=doubled)
        doubled *= gates[:, 2 * size : 3 * size]
        return np.asarray(doubled)

    def reset(self, slot: int) -> None:
        """Set the hidden state of a slot to zeros."""
        self._doubled[:, slot] = 0
        self._cell[:, slot] = 0

    def keep(self, slots: NDArray[np.bool_]) -> None:
        """Keep only the slots that are True in `slots` (slots,)."""
        self._doubled, self._cell = self._doubled[:, slots], self._cell[:, slots]


class _Gates(NamedTuple):
    """The weights of an LSTM layer's gates: those of its input beside those of its own state."""

    weight: Tensor  # (4 * rnn_size, inputs + rnn_size)
    bias: Tensor  # (4 * rnn_size,)


def _gates(layer: nn.Module) -> _Gates:
    own = {name: weight.detach().float() for name, weight in layer.named_parameters()}
    weight = torch.cat([own["weight_ih_l0"], own["weight_hh_l0"]], dim=1)
    return _Gates(_ordered(weight), _ordered(own["bias_ih_l0"] + own["bias_hh_l0"]))


def _ordered(rows: Tensor) -> Tensor:
    """Reorder torch's gates (input, forget, new, output): the sigmoids first, and halved."""
    taken_in, forget, new, out = rows.chunk(4)
    return torch.cat([forget / 2, taken_in / 2, out / 2, new])


def product(weight: Tensor, bias: Tensor | None = None) -> Product:
    """Return the function that computes `x @ weight.T + bias` for x (slots, inputs) with values between -2 and 2.

    weight (outputs, inputs) and bias (outputs,) are float32. In 8 bits where that works, else in float32.
    """
    return best_backend()(weight, torch.zeros(len(weight)) if bias is None else bias)


@cache
def best_backend() -> Callable[[Tensor, Tensor], Product]:
    """Return the fastest kind of product that this torch and this processor compute exactly."""
    return next(backend for backend in (int8_fbgemm, int8_onednn, float32) if is_exact(backend))


def is_exact(backend: Callable[[Tensor, Tensor], Product]) -> bool:
    """Return whether a backend is available and exact.

    The 8-bit operators are private to torch, and may be removed. Besides, processors without VNNI instructions add
    two products in 16 bits, which are too few for numbers as large as these.
    """
    sixteen = torch.ones(16, 16)
    try:
        made = backend(sixteen, sixteen[0])(np.full((1, 16), _DOUBLED, np.float32))
    except (AttributeError, NotImplementedError, RuntimeError):
        return False
    return bool(np.allclose(made, 16 * _DOUBLED + 1))


def float32(weight: Tensor, bias: Tensor) -> Product:
    """Return a product in float32, in which nothing is rounded."""
    return lambda x: functional.linear(torch.from_numpy(x), weight, bias).numpy()


def int8_fbgemm(weight: Tensor, bias: Tensor) -> Product:
    """Return a product in 8 bits by FBGEMM, the faster one up to about 30 slots."""
    # The operator itself: torch's wrapper in Python takes a fifteenth of the time of one character.
    multiply = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32.default._op
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*quantized tensor", category=UserWarning)  # of their removal
        zeros = torch.zeros(len(weight), dtype=torch.int64)
        rounded = torch.quantize_per_channel(weight, _scales(weight).double(), zeros, axis=0, dtype=torch.qint8)
        packed = torch.ops.quantized.linear_prepack(rounded, bias)
    return lambda x: multiply(torch.from_numpy(x), _STEP, _MIDDLE, packed).numpy()


def int8_onednn(weight: Tensor, bias: Tensor) -> Product:
    """Return a product in 8 bits by oneDNN, with the operators of torch's compiler."""
    multiply = torch.ops.onednn.qlinear_pointwise.default
    scales, zeros = _scales(weight), torch.zeros(len(weight), dtype=torch.int32)
    packed = torch.ops.onednn.qlinear_prepack((weight / scales[:, None]).round().to(torch.int8), None)
    how: tuple[object, ...] = (_STEP, _MIDDLE, packed, scales, zeros, bias, 1.0, 0, torch.float32, "none", [], "")

    def multiplied(x: Floats) -> Floats:
        rounded = (x / _STEP + (_MIDDLE + 0.5)).astype(np.uint8)
        return np.asarray(multiply(torch.from_numpy(rounded), *how).numpy())

    return multiplied


def _scales(weight: Tensor) -> Tensor:
    """Return the value of one level in each row of the weights: the largest weight is the last level."""
    return weight.abs().amax(dim=1).clamp_min(torch.finfo(torch.float32).tiny) / _LEVELS
