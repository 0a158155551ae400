"""The quick LSTM: the guesses of the model itself, to within what 8 bits round off, whatever lies beside a text."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from charrnn.model import quantized
from charrnn.model.lstm import CELLS, CharLSTM, ModelConfig
from charrnn.model.quantized import Floats, Product, QuantizedLSTM, float32, int8_fbgemm, int8_onednn
from charrnn.sample.sampling import Ids
from charrnn.sample.stepper import ModelStepper, make_stepper

VOCABULARY, SLOTS, STEPS = 40, 24, 60
TOLERANCE = 0.05  # nats, of a log-probability: what a character loses or gains at most; on the average see below
KINDS = {"bytes": int8_fbgemm, "oneDNN": int8_onednn, "floats": float32}


def model(kind: str = "lstm", sharpness: float = 2.0) -> CharLSTM:
    torch.manual_seed(3)
    made = CharLSTM(ModelConfig(VOCABULARY, rnn_size=64, num_layers=3, model=kind)).eval()
    with torch.no_grad():
        for weight in made.parameters():
            weight.mul_(sharpness)
    return made


def text(slots: int = SLOTS, seed: int = 1) -> Ids:
    """(STEPS, slots) random characters."""
    return np.random.default_rng(seed).integers(0, VOCABULARY, (STEPS, slots))


def guesses(net: quantized.QuantizedLSTM | ModelStepper, ids: Ids) -> Floats:
    """(STEPS, slots, characters) log-probabilities."""
    logits = torch.from_numpy(np.stack([net.step(row) for row in ids]))
    return np.asarray(logits.log_softmax(-1).numpy())


def use(kind: Callable[[Tensor, Tensor], Product], patch: pytest.MonkeyPatch) -> None:
    if not quantized.is_exact(kind):
        pytest.skip("there is no such product here")
    patch.setattr(quantized, "best_backend", lambda: kind)


@pytest.mark.parametrize("kind", KINDS)
def test_guesses_are_those_of_the_model(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(KINDS[kind], monkeypatch)
    plain, ids = guesses(ModelStepper(model(), SLOTS), text()), text()
    off = np.abs(guesses(QuantizedLSTM(model(), SLOTS), ids) - plain)
    assert off.max() < (1e-4 if kind == "floats" else TOLERANCE)
    assert off.mean() < 0.005


@pytest.mark.parametrize("kind", ["bytes", "oneDNN"])
def test_sums_of_bytes_are_exact_so_a_slot_is_what_it_would_be_alone(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(KINDS[kind], monkeypatch)
    ids = text()
    together = guesses(QuantizedLSTM(model(), SLOTS), ids)
    assert np.array_equal(guesses(QuantizedLSTM(model(), 1), ids[:, 5:6]), together[:, 5:6])


@pytest.mark.parametrize("make", [QuantizedLSTM, ModelStepper])
def test_slots_that_are_kept_go_on_and_forgotten_ones_begin_again(
    make: Callable[[CharLSTM, int], QuantizedLSTM | ModelStepper],
) -> None:
    ids, kept = text(), np.arange(SLOTS) % 3 == 1
    net, whole = make(model(), SLOTS), guesses(make(model(), SLOTS), ids)
    guesses(net, ids[:20])
    net.keep(kept)
    net.reset(0)
    after = guesses(net, ids[20:, kept])
    assert after[:, 1:] == pytest.approx(whole[20:, kept][:, 1:], abs=1e-4)
    assert after[:, 0] == pytest.approx(guesses(make(model(), 1), ids[20:, 1:2])[:, 0], abs=1e-4)


@pytest.mark.parametrize("missing", ["AttributeError", "NotImplementedError", "RuntimeError", "wrong"])
def test_products_that_are_missing_or_wrong_are_not_used(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(weight: Tensor, bias: Tensor) -> Product:
        if missing == "wrong":  # as where two products are added in 16 bits
            return lambda x: np.minimum(float32(weight, bias)(x), 30)
        raise {error.__name__: error for error in (AttributeError, NotImplementedError, RuntimeError)}[missing]

    for name in ("int8_fbgemm", "int8_onednn"):
        monkeypatch.setattr(quantized, name, broken)
    quantized.best_backend.cache_clear()
    try:
        assert quantized.best_backend() is float32
        plain, ids = guesses(ModelStepper(model(), SLOTS), text()), text()
        assert np.abs(guesses(QuantizedLSTM(model(), SLOTS), ids) - plain).max() < 1e-4
    finally:
        quantized.best_backend.cache_clear()


def test_a_row_of_zeros_and_a_state_at_its_limits_are_multiplied_right() -> None:
    weight = torch.cat([torch.zeros(1, 8), torch.full((1, 8), -3.0), torch.arange(8.0)[None]])
    bias = torch.tensor([0.5, 0.0, -1.0])
    made = quantized.product(weight, bias)(np.array([[2.0] * 8, [-2.0] * 8, [0.0] * 8], np.float32))
    assert made == pytest.approx(np.array([[0.5, -48, 55], [0.5, 48, -57], [0.5, 0, -1]]), rel=1e-4, abs=1e-4)


def test_quick_is_for_lstms_that_need_not_be_exact() -> None:
    assert isinstance(make_stepper(model(), 2), QuantizedLSTM)
    assert isinstance(make_stepper(model(), 2, deterministic=True), ModelStepper)
    assert all(isinstance(make_stepper(model(kind), 2), ModelStepper) for kind in CELLS if kind != "lstm")
