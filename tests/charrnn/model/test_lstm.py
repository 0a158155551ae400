from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from charrnn.data.corpus import PADDING
from charrnn.model.device import dropout
from charrnn.model.lstm import CELLS, CharLSTM, ModelConfig, select_rows, summed_loss
from charrnn.train import optim
from charrnn.train.recipes import RECIPES

KINDS = sorted(CELLS)


def made(kind: str = "lstm", dropped: float = 0.0, layers: int = 2) -> CharLSTM:
    return CharLSTM(ModelConfig(11, 16, layers, kind, dropped))


def ids(rows: int, time: int) -> torch.Tensor:
    return torch.randint(11, (rows, time))


@pytest.mark.parametrize("kind", KINDS)
def test_many_steps_at_once_equal_as_many_single_steps(kind: str) -> None:
    model, text = made(kind), ids(3, 20)
    at_once, last = model(text, model.initial_state(3))
    state, singles = model.initial_state(3), []
    for time in range(20):
        logits, state = model(text[:, time : time + 1], state)
        singles.append(logits)
    torch.testing.assert_close(torch.cat(singles, dim=1), at_once)
    for one, other in zip(state, last, strict=True):
        torch.testing.assert_close(one, other)


def test_layer_by_layer_equals_one_plain_lstm() -> None:
    model, text = made(layers=3), ids(4, 30)
    plain = nn.LSTM(11, 16, num_layers=3, batch_first=True)
    for number, layer in enumerate(model.layers):
        for name, weight in layer.named_parameters():
            getattr(plain, name.replace("l0", f"l{number}")).data.copy_(weight)
    before = tuple(torch.randn(3, 4, 16) for _ in range(2))
    y, after = plain(functional.one_hot(text, 11).float(), before)
    logits, state = model(text, before)
    torch.testing.assert_close(logits, model.decoder(y))
    for one, other in zip(state, after, strict=True):
        torch.testing.assert_close(one, other)


def test_an_lstm_step_is_the_equation() -> None:
    model = made(layers=1)
    (layer,) = model.layers
    weight, recurrent, bias = layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0 + layer.bias_hh_l0
    h, c = torch.randn(1, 1, 16), torch.randn(1, 1, 16)
    _, (new_h, new_c) = model(torch.tensor([[7]]), (h, c))
    i, f, g, o = (weight[:, 7] + recurrent @ h[0, 0] + bias).split(16)
    expected_c = f.sigmoid() * c[0, 0] + i.sigmoid() * g.tanh()
    torch.testing.assert_close(new_c[0, 0], expected_c)
    torch.testing.assert_close(new_h[0, 0], o.sigmoid() * expected_c.tanh())


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_a_state_go_on_by_themselves(kind: str) -> None:
    model, text = made(kind), ids(4, 5)
    _, state = model(text, model.initial_state(4))
    whole, _ = model(text, state)
    some, _ = model(text[[2, 0]], select_rows(state, torch.tensor([2, 0])))
    torch.testing.assert_close(some, whole[[2, 0]])
    masked = select_rows(state, torch.tensor([False, True, False, True]))
    assert all(torch.equal(part, full[:, [1, 3]]) for part, full in zip(masked, state, strict=True))


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_forget_gates_begin_open_in_one_bias_of_two(recipe: str) -> None:
    model = made()
    optim.initialize(model, RECIPES[recipe])
    for layer in model.layers:
        assert (layer.bias_ih_l0[16:32] == 1).all() and (layer.bias_hh_l0[16:32] == 0).all()
        assert not (layer.bias_ih_l0[:16] == 1).any()


def test_char_rnns_first_weights_are_uniform() -> None:
    model = CharLSTM(ModelConfig(60, 64))
    optim.initialize(model, RECIPES["char-rnn"])
    for name, weight in model.named_parameters():
        if "bias" not in name:
            assert weight.abs().max() <= 0.08
            assert float(weight.detach().std()) == pytest.approx(0.08 / math.sqrt(3), rel=0.05)


def test_dropout_keeps_the_mean_and_drops_its_share() -> None:
    x = torch.ones(1000, 333)
    for chance in (0.1, 0.5, 0.9):
        y = dropout(x, chance)
        assert float((y == 0).float().mean()) == pytest.approx(chance, abs=0.005)
        assert float(y.mean()) == pytest.approx(1.0, abs=0.02)


def test_dropout_draws_each_unit_for_itself() -> None:
    kept = (dropout(torch.ones(4000, 64), 0.5) != 0).float()
    off_diagonal = torch.corrcoef(kept.t()) - torch.eye(64)
    assert off_diagonal.abs().max() < 0.1


def test_dropout_comes_after_the_last_layer_too() -> None:
    model, text = made(dropped=0.5, layers=1), ids(2, 9)
    state = model.initial_state(2)
    assert not torch.equal(model(text, state)[0], model(text, state)[0])
    model.eval()
    assert torch.equal(model(text, state)[0], model(text, state)[0])


def test_loss_is_summed_over_characters_but_not_padding() -> None:
    logits, targets = torch.randn(2, 3, 11), torch.randint(11, (2, 3))
    targets[1, 2] = PADDING
    chances = logits.log_softmax(dim=2)
    expected = -sum(chances[row, time, targets[row, time]] for row in range(2) for time in range(3) if row + time < 3)
    torch.testing.assert_close(summed_loss(logits, targets), expected)
