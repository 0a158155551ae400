"""The weights of an LSTM in 8 bits, as a page carries them.

The scheme is that of `charrnn.model.quantized`: integers of 8 bits with one scale for each row of a matrix, the halves
of the sigmoids in the scales, and the first layer's product with a character as a row of a table. The inputs are
integers of 14 bits instead of 8, since these are free in WebAssembly: 8-bit weights are widened to 16 bits in any case.
At 2x256 it costs about 0.001 nats per character beside float32.

A page's network is an array of numbers and a few facts about its shape. The array holds, without gaps: the int8 weights
of each layer, of the decoder and of the table, then as float32 for each layer and the decoder the scales and the biases
of its rows, then the scales of the table's columns. Layers and vocabulary are padded with units and characters whose
weights are 0: they change nothing, and every row has a length that SIMD can read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from charrnn.model.checkpoint import Checkpoint
from charrnn.model.lstm import CharLSTM
from scrape.common.errors import InputError

Bytes = NDArray[np.int8]
Floats = NDArray[np.float32]

LEVELS = 127  # of a weight, to either side of 0
UNITS = 8  # a layer's size, and the number of characters, are padded to a multiple of this
_MOST_INPUT_LEVELS = 8191
_MOST_SUM = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a network in a page: its layers, their padded size, and its characters, unpadded."""

    layers: int
    size: int
    characters: int

    @property
    def rows(self) -> int:
        """Number of rows of the decoder: the characters, padded."""
        return _padded(self.characters)

    @property
    def input_levels(self) -> int:
        """The integer that stands for a hidden value of 1. No sum of products exceeds 32 bits with it."""
        columns = self.size * min(self.layers, 2)
        return min(_MOST_INPUT_LEVELS, _MOST_SUM // (LEVELS * columns))

    def matrices(self) -> list[tuple[int, int]]:
        """Return the shapes of the integer matrices: the layers' weights, the decoder's, and the table."""
        gates = 4 * self.size
        layers = [(gates, self.size if layer == 0 else 2 * self.size) for layer in range(self.layers)]
        return [*layers, (self.rows, self.size), (self.characters, gates)]


@dataclass(frozen=True)
class Product:
    """A matrix in 8 bits: `weights` (rows, columns), and of each row its `scale` and `bias`, (rows,)."""

    weights: Bytes
    scale: Floats
    bias: Floats


@dataclass(frozen=True)
class Weights:
    """A network in 8 bits. A layer's columns are the layer below, where there is one, and then its own state.

    `table` (characters, 4 * size) times `table_scale` (4 * size,) is what a character adds to the first layer.
    """

    shape: Shape
    layers: Sequence[Product]
    decoder: Product
    table: Bytes
    table_scale: Floats

    def to_bytes(self) -> bytes:
        """Return the array of numbers that the page carries, little-endian."""
        products = [*self.layers, self.decoder]
        floats = [part for product in products for part in (product.scale, product.bias)]
        integers = [*(product.weights for product in products), self.table]
        parts = [each.tobytes() for each in integers]
        return b"".join(parts + [each.astype("<f4").tobytes() for each in (*floats, self.table_scale)])


def quantize(loaded: Checkpoint) -> Weights:
    """Return the network of a checkpoint in 8 bits. Raises InputError where it is not an LSTM."""
    if loaded.config.model != "lstm":
        raise InputError(
            f"the network is of type {loaded.config.model}, and the page can run only an LSTM; "
            "train one with --model lstm"
        )
    return quantize_model(loaded.model())


def quantize_model(model: CharLSTM) -> Weights:
    """Return an LSTM in 8 bits."""
    config = model.config
    shape = Shape(config.num_layers, _padded(config.rnn_size), config.vocab_size)
    matrices, biases = zip(*(_gates(dict(layer.named_parameters()), shape.size) for layer in model.layers), strict=True)
    inputs = matrices[0][:, : config.vocab_size]
    middle = (inputs.amax(dim=1) + inputs.amin(dim=1)) / 2  # part of the bias, so that 8 bits span less
    biases = (biases[0] + middle, *biases[1:])
    table_scale = _scale(inputs - middle[:, None])
    table = _round(inputs - middle[:, None], table_scale).T
    own = [matrices[0][:, config.vocab_size :], *matrices[1:]]
    columns = [_pad(weights, 1, config.rnn_size, shape.size) for weights in own]
    layers = [_product(*pair, shape.input_levels) for pair in zip(columns, biases, strict=True)]
    weight, bias = model.decoder.weight.detach().float(), model.decoder.bias.detach().float()
    weight = _pad(_pad(weight, 1, config.rnn_size, shape.size), 0, config.vocab_size, shape.rows)
    decoder = _product(weight, _pad(bias, 0, config.vocab_size, shape.rows), shape.input_levels)
    return Weights(shape, layers, decoder, table, table_scale.numpy())


def _padded(size: int) -> int:
    return -(-size // UNITS) * UNITS


def _pad(weights: Tensor, axis: int, block: int, size: int) -> Tensor:
    """Pad each `block` of rows or columns with zeros to `size`."""
    blocks = torch.split(weights, block, dim=axis)
    shape = list(weights.shape)
    shape[axis] = size - block
    zeros = torch.zeros(shape)
    return torch.cat([part for each in blocks for part in (each, zeros)], dim=axis)


def _gates(own: dict[str, Tensor], size: int) -> tuple[Tensor, Tensor]:
    """Return the weights (4 * size, inputs) and biases (4 * size,) of a layer: its sigmoids first, and halved.

    torch's order of the gates is input, forget, new, output.
    """
    weight = torch.cat([own["weight_ih_l0"], own["weight_hh_l0"]], dim=1).detach().float()
    bias = (own["bias_ih_l0"] + own["bias_hh_l0"]).detach().float()
    units = len(bias) // 4
    ordered = []
    for rows in (weight, bias):
        taken_in, forget, new, out = rows.chunk(4)
        ordered.append(_pad(torch.cat([forget / 2, taken_in / 2, out / 2, new]), 0, units, size))
    return ordered[0], ordered[1]


def _product(weights: Tensor, bias: Tensor, input_levels: int) -> Product:
    scale = _scale(weights)
    return Product(_round(weights, scale), (scale / input_levels).numpy(), bias.numpy())


def _scale(weights: Tensor) -> Tensor:
    """Return the value of one level in each row: the largest weight is the last level."""
    return weights.abs().amax(dim=1).clamp_min(torch.finfo(torch.float32).tiny) / LEVELS


def _round(weights: Tensor, scale: Tensor) -> Bytes:
    made: Bytes = (weights / scale[:, None]).round().clamp(-LEVELS, LEVELS).to(torch.int8).numpy()
    return made
