"""The update of a step, against a reference written out by hand, and the rate at every step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from charrnn.model.lstm import CharLSTM
from charrnn.train import muon, optim
from charrnn.train.config import TrainingConfig
from charrnn.train.recipes import RECIPES, learning_rate
from charrnn.train.trainer import Trainer
from tests.support.tiny import trainer


def summed_gradients(made: Trainer, weights: dict[str, np.ndarray], window: int) -> dict[str, np.ndarray]:
    """char-rnn's gradient: each step's criterion a mean over the batch, the steps summed over time."""
    model = CharLSTM(made.model.config).double()
    model.load_state_dict({name: torch.from_numpy(weight) for name, weight in weights.items()})
    inputs, targets = (torch.from_numpy(part) for part in made.streams.window(window))
    state = tuple(part.double() for part in made.hidden) if window else model.initial_state(len(inputs))
    logits, _ = model(inputs, state)
    steps = range(inputs.shape[1])
    sum(functional.cross_entropy(logits[:, step], targets[:, step]) for step in steps).backward()
    return {name: weight.grad.numpy() for name, weight in model.named_parameters()}


def test_char_rnns_update_is_torch_7s_rmsprop_with_an_elementwise_clip(tmp_path: Path) -> None:
    clip, rate, alpha = 0.05, 2e-3, 0.95
    made = trainer(tmp_path, grad_clip=clip)
    weights = {name: weight.detach().double().numpy().copy() for name, weight in made.model.named_parameters()}
    squares = {name: np.zeros_like(weight) for name, weight in weights.items()}
    clipped = 0
    for window in range(3):
        for name, gradient in summed_gradients(made, weights, window).items():
            clipped += int((np.abs(gradient) > clip).sum())
            gradient = np.clip(gradient, -clip, clip)
            squares[name] = alpha * squares[name] + (1 - alpha) * gradient**2
            weights[name] = weights[name] - rate * gradient / (np.sqrt(squares[name]) + 1e-8)
        made.step()
    assert clipped > 20
    for name, weight in made.model.named_parameters():
        # A gradient near 0 is all rounding, and RMSProp's first step is as long for it as for any other.
        close = np.isclose(weight.detach().numpy(), weights[name], atol=2e-5)
        assert close.mean() > 0.99, name


def test_a_norm_above_the_bound_is_scaled_to_it(tmp_path: Path) -> None:
    made = trainer(tmp_path, "one-cycle")
    recipe = replace(made.config, grad_clip=0.5)
    for gradient, expected in ((3.0, 0.5), (1e-4, None)):
        for parameter in made.model.parameters():
            parameter.grad = torch.full_like(parameter, gradient)
        before = float(optim.clip_gradients(made.model.parameters(), recipe))
        after = float(torch.nn.utils.get_total_norm([parameter.grad for parameter in made.model.parameters()]))
        assert after == pytest.approx(expected or before, rel=1e-5)


@pytest.mark.parametrize("clip", ["value", "norm"])
def test_a_gradient_that_is_not_finite_shows_in_the_norm(tmp_path: Path, clip: str) -> None:
    made = trainer(tmp_path)
    for parameter in made.model.parameters():
        parameter.grad = torch.ones_like(parameter)
    made.model.decoder.bias.grad[1] = torch.nan
    assert not optim.clip_gradients(made.model.parameters(), replace(made.config, clip=clip)).isfinite()


def test_char_rnns_rate_decays_from_the_end_of_the_tenth_epoch() -> None:
    rates = [learning_rate(RECIPES["char-rnn"], step, 10**6, 100) for step in (0, 999, 1000, 1099, 1100, 4900)]
    assert rates == pytest.approx([2e-3, 2e-3, 2e-3 * 0.97, 2e-3 * 0.97, 2e-3 * 0.97**2, 2e-3 * 0.97**40])


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_one_cycle_rises_to_its_peak_and_falls_to_almost_nothing(schedule: str) -> None:
    recipe = TrainingConfig("", learning_rate=1.0, learning_rate_decay=1.0, warmup=0.1, schedule=schedule)
    rates = [learning_rate(recipe, step, 1000, 100) for step in range(1000)]
    assert rates.index(max(rates)) in (99, 100)
    assert max(rates) == pytest.approx(1, abs=0.01)
    assert 0 < rates[0] < 0.01 and 0 < rates[-1] < 1e-3
    assert rates[:100] == sorted(rates[:100]) and rates[100:] == sorted(rates[100:], reverse=True)


def test_a_rate_is_never_zero_even_in_a_run_of_one_step() -> None:
    assert all(learning_rate(recipe, 0, 1, 1) > 0 for recipe in RECIPES.values())


def test_the_recipe_called_char_rnn_is_char_rnns() -> None:
    recipe = RECIPES["char-rnn"]
    assert (recipe.learning_rate, recipe.decay_rate, recipe.grad_clip, recipe.clip) == (2e-3, 0.95, 5, "value")
    assert (recipe.learning_rate_decay, recipe.learning_rate_decay_after) == (0.97, 10)
    assert (recipe.batch_size, recipe.seq_length, recipe.rnn_size, recipe.num_layers) == (50, 50, 128, 2)
    assert (recipe.optimizer, recipe.schedule, recipe.max_epochs, recipe.init) == ("rmsprop", "constant", 50, "uniform")


def test_every_recipe_is_known_by_its_own_name() -> None:
    assert all(recipe.recipe == name for name, recipe in RECIPES.items())


def test_muons_iteration_finds_the_orthogonal_matrix_next_to_it() -> None:
    torch.manual_seed(2)
    blocks = torch.randn(3, 32, 32)
    u, _, v = torch.linalg.svd(blocks)
    for iterations, near in ((3, 0.85), (5, 0.99)):
        turned = muon.orthogonal(blocks, iterations)
        likeness = torch.nn.functional.cosine_similarity(turned.flatten(1), (u @ v).flatten(1))
        assert likeness.min() > near


def test_muon_turns_every_gate_by_itself_and_the_same_way(tmp_path: Path) -> None:
    made = trainer(tmp_path, "one-cycle", muon_rotation=1)
    before = {name: weight.clone() for name, weight in made.model.state_dict().items()}
    made.step()
    rate = made.learning_rate(0) * made.config.muon_share
    for name, weight in made.model.state_dict().items():
        moved = weight - before[name]
        assert moved.abs().max() > 0
        if "weight_hh" in name or name == "layers.1.weight_ih_l0":
            lengths = torch.linalg.svdvals(moved.view(4, 8, 8)) / rate
            assert lengths.max() < 2.2 and lengths.mean() == pytest.approx(1, abs=0.35)


def test_muon_updates_its_blocks_in_turn_and_goes_on_where_a_run_was_stopped(tmp_path: Path) -> None:
    made = trainer(tmp_path, "one-cycle", muon_rotation=4)
    moves = []
    for step in range(8):
        if step == 3:
            state, made = made.state_dict(), trainer(tmp_path, "one-cycle", muon_rotation=4)
            made.load_state_dict(state)
        before = made.model.layers[1].get_parameter("weight_hh_l0").detach().clone()
        made.step()
        moved = made.model.layers[1].get_parameter("weight_hh_l0").detach() - before
        moves.append(moved.view(4, 8, 8).abs().amax((1, 2)).gt(0).tolist())
    assert moves == [[gate == step % 4 for gate in range(4)] for step in range(8)]


def test_muon_waits_for_its_turn_where_there_are_fewer_blocks_than_turns() -> None:
    matrix = torch.nn.Parameter(torch.zeros(8, 8))
    optimizer = muon.Muon([matrix], lr=0.05, rotation=3)
    matrix.grad = torch.eye(8)
    moves = []
    for _ in range(4):
        before = matrix.detach().clone()
        optimizer.step()
        moves.append(not torch.equal(matrix, before))
    assert moves == [True, False, False, True]


def test_muon_walks_down_a_slope() -> None:
    torch.manual_seed(3)
    target, matrix = torch.randn(16, 8), torch.nn.Parameter(torch.zeros(16, 8))
    optimizer = muon.Muon([matrix], lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        torch.autograd.backward((matrix - target).square().sum())
        optimizer.step()
    assert (matrix - target).abs().max() < 0.15


@pytest.mark.parametrize("recipe", sorted(RECIPES))
@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
def test_every_parameter_is_updated_by_one_optimizer(tmp_path: Path, recipe: str, kind: str) -> None:
    made = trainer(tmp_path, recipe, model=kind)
    held = [weight for one in made.optimizers for group in one.param_groups for weight in group["params"]]
    assert sorted(map(id, held)) == sorted(map(id, made.model.parameters()))
