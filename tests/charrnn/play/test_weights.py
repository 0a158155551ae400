"""The network of a page, without a browser: its 8 bits beside float32, and the kernel beside numpy."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
import torch
import wasmtime
from numpy.typing import NDArray
from torch.nn import functional

from charrnn.model import checkpoint
from charrnn.model.lstm import CharLSTM, ModelConfig
from charrnn.play.network import Network, tanh
from charrnn.play.weights import LEVELS, Product, Shape, Weights, quantize, quantize_model
from scrape.common.errors import InputError
from tests.support.paths import ROOT

SHOWCASE = checkpoint.load(checkpoint.best(ROOT / "cv/showcase"))
TEXT = (ROOT / "samples/showcase/postings.txt").read_text("utf-8")
FILES = resources.files("charrnn.play")


def small(layers: int = 2, size: int = 13, characters: int = 11) -> Weights:
    return quantize_model(CharLSTM(ModelConfig(characters, size, layers)).eval())


class Kernel:
    """The kernel in wasmtime: arrays go into its memory, and come out."""

    def __init__(self) -> None:
        self.store = wasmtime.Store()
        module = wasmtime.Module(self.store.engine, FILES.joinpath("kernel.wasm").read_bytes())
        self.memory = wasmtime.Memory(self.store, wasmtime.MemoryType(wasmtime.Limits(40, None)))
        self.calls = wasmtime.Instance(self.store, module, [self.memory]).exports(self.store)
        self.free = 0

    def put(self, array: NDArray[np.generic]) -> int:
        start = self.free
        self.memory.write(self.store, array.tobytes(), start)
        self.free += -(-array.nbytes // 16) * 16
        return start

    def get(self, start: int, like: NDArray[np.generic]) -> NDArray[np.generic]:
        return np.frombuffer(self.memory.read(self.store, start, start + like.nbytes), like.dtype)


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


class InKernel:
    """A network whose arithmetic is the kernel's."""

    def __init__(self, weights: Weights, kernel: Kernel) -> None:
        self.kernel, self.shape, put = kernel, weights.shape, kernel.put
        products = [*weights.layers, weights.decoder]
        self.products = [(put(each.weights), put(each.scale), put(each.bias), each.weights.shape) for each in products]
        table = weights.table * weights.table_scale + weights.layers[0].bias
        self.table = put(table.astype(np.float32))
        state = np.zeros(weights.shape.layers * weights.shape.size, np.float32)
        self.cell, self.shown, self.hidden = put(state), put(state), put(state.astype(np.int16))
        self.gates, self.logits = put(np.zeros(4 * weights.shape.size, np.float32)), put(weights.decoder.bias)

    def step(self, character: int) -> NDArray[np.generic]:
        store, size, calls = self.kernel.store, self.shape.size, self.kernel.calls
        for layer, (weights, scale, bias, (rows, columns)) in enumerate(self.products):
            own = self.hidden + 2 * layer * size
            below = own - 2 * size if layer else own
            if layer == self.shape.layers:
                calls["product"](store, weights, below, scale, bias, self.logits, rows, columns)
                break
            bias = bias if layer else self.table + 4 * rows * character
            calls["product"](store, weights, below, scale, bias, self.gates, rows, columns)
            at = 4 * layer * size
            levels = float(self.shape.input_levels)
            calls["advance"](store, self.gates, self.cell + at, self.shown + at, own, size, levels)
        return self.kernel.get(self.logits, np.zeros(self.shape.characters, np.float32))


def test_the_kernel_is_what_its_source_says() -> None:
    assert (
        wasmtime.wat2wasm(FILES.joinpath("kernel.wat").read_text("utf-8")) == FILES.joinpath("kernel.wasm").read_bytes()
    )


def test_the_kernel_sums_the_largest_products_exactly(kernel: Kernel) -> None:
    for layers, size in ((1, 1024), (2, 512), (3, 1024)):
        shape = Shape(layers, size, 8)
        columns = size * min(layers, 2)
        weights = np.full((8, columns), LEVELS, np.int8)
        x = np.full(columns, shape.input_levels, np.int16)
        ones, zeros = np.ones(8, np.float32), np.zeros(8, np.float32)
        out = kernel.put(zeros)
        kernel.calls["product"](
            kernel.store, kernel.put(weights), kernel.put(x), kernel.put(ones), kernel.put(zeros), out, 8, columns
        )
        assert (kernel.get(out, zeros) == np.float32(LEVELS * shape.input_levels * columns)).all()


@pytest.mark.parametrize(("layers", "size", "characters"), [(1, 8, 5), (2, 13, 11), (3, 24, 40)])
def test_the_kernel_computes_the_same_bits_as_numpy(kernel: Kernel, layers: int, size: int, characters: int) -> None:
    weights = small(layers, size, characters)
    ours, theirs = Network(weights), InKernel(weights, kernel)
    for character in np.random.default_rng(1).integers(characters, size=60):
        assert np.array_equal(ours.step(np.array([character]))[0], theirs.step(int(character)))
    assert np.array_equal(ours.shown.ravel(), kernel.get(theirs.shown, ours.shown))


def test_the_showcase_loses_little_beside_float32() -> None:
    ids = SHOWCASE.vocab.encode(TEXT[:800]).astype(np.int64)
    model, network = SHOWCASE.model(), Network(quantize(SHOWCASE))
    with torch.inference_mode():
        plain = functional.log_softmax(model(torch.from_numpy(ids)[None], model.initial_state(1))[0][0], -1)
    rounded = torch.from_numpy(np.concatenate([network.step(ids[at : at + 1]) for at in range(len(ids))]))
    rounded = functional.log_softmax(rounded, -1)
    divergence = (plain.exp() * (plain - rounded)).sum(-1).mean()
    assert 0 < divergence <= 0.0025
    targets = torch.from_numpy(ids)[1:]
    loss = [functional.nll_loss(each[:-1], targets) for each in (plain, rounded)]
    assert abs(loss[0] - loss[1]) <= 0.005


def test_padding_changes_nothing() -> None:
    """Of 13 units, padded to 16, the network is as near to float32 as its 8 bits are."""
    model = CharLSTM(ModelConfig(11, 13, 2)).eval()
    network = Network(quantize_model(model))
    ids = torch.randint(11, (1, 50))
    with torch.inference_mode():
        plain = model(ids, model.initial_state(1))[0][0].numpy()
    rounded = np.concatenate([network.step(ids[0, at : at + 1].numpy()) for at in range(50)])
    assert rounded.shape == plain.shape
    assert np.abs(rounded - plain).max() < 0.01
    assert (network.shown[:, :, 13:] == 0).all()


def test_slots_of_a_batch_do_not_touch_each_other() -> None:
    weights = small()
    together, alone = Network(weights, slots=3), [Network(weights) for _ in range(3)]
    for ids in np.random.default_rng(2).integers(11, size=(30, 3)):
        made = together.step(ids)
        for slot, network in enumerate(alone):
            assert np.array_equal(made[slot], network.step(ids[slot : slot + 1])[0])


def test_the_bytes_hold_every_number() -> None:
    weights = small()
    content = weights.to_bytes()
    integers = sum(rows * columns for rows, columns in weights.shape.matrices())
    layers = np.frombuffer(content, np.int8, integers)
    assert np.array_equal(layers[: weights.layers[0].weights.size], weights.layers[0].weights.ravel())
    assert np.array_equal(layers[-weights.table.size :], weights.table.ravel())
    floats = np.frombuffer(content[integers:], "<f4")
    products: list[Product] = [*weights.layers, weights.decoder]
    expected = [part for each in products for part in (each.scale, each.bias)] + [weights.table_scale]
    assert np.array_equal(floats, np.concatenate(expected))


def test_tanh_is_close_everywhere_and_never_beyond_one() -> None:
    x = np.linspace(-12, 12, 100_001, dtype=np.float32)
    assert np.abs(tanh(x) - np.tanh(x.astype(np.float64))).max() < 5e-7
    assert np.abs(tanh(x)).max() <= 1
    assert np.array_equal(tanh(-x), -tanh(x))


@pytest.mark.parametrize("kind", ["gru", "rnn"])
def test_only_an_lstm_can_be_played(kind: str) -> None:
    other = replace(SHOWCASE, config=replace(SHOWCASE.config, model=kind))
    with pytest.raises(InputError, match=f"of type {kind}, .* only an LSTM"):
        quantize(other)
