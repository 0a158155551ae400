"""The first weights and the update of them, by the words of a recipe."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from charrnn.model.lstm import CharLSTM
from charrnn.train.muon import Muon
from charrnn.train.recipes import Recipe


def initialize(model: CharLSTM, recipe: Recipe) -> None:
    """Draw the first weights from torch's random state.

    `uniform` is train.lua's: all of them from (-0.08, 0.08). `scaled` keeps the variance of what passes through:
    orthogonal recurrent weights, and input weights of standard deviation 1/sqrt(inputs that are not 0). With either,
    an LSTM's forget gates begin with a bias of 1 (Jozefowicz, Zaremba, Sutskever 2015).
    """
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.08, 0.08)
        if recipe.init == "scaled":
            _scale(model)
        if model.config.model == "lstm":
            for layer in model.layers:
                _open_forget_gates(layer, model.config.rnn_size)


class RMSProp(torch.optim.Adam):
    """RMSProp in one pass over the weights, a third of the time that torch's own takes on a CPU.

    It is Adam, which torch has a fused kernel for, with no memory of the gradient's mean, and so late that its
    corrections for a young mean are 1 to the bit.
    """

    _LATE = 1e9  # steps: a float32 does not count beyond

    def __init__(self, parameters: Iterable[nn.Parameter], alpha: float, eps: float) -> None:
        super().__init__(parameters, betas=(0.0, alpha), eps=eps, fused=True)
        for parameter in self.param_groups[0]["params"]:
            self.state[parameter] = {
                "step": torch.tensor(self._LATE, device=parameter.device),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }


def optimizers(model: CharLSTM, recipe: Recipe, dtype: torch.dtype = torch.float32) -> list[torch.optim.Optimizer]:
    """The recipe's optimizers, which share the parameters of `model` among them.

    The `share` of each group is what its rate is times the learning rate. Torch 7's `optim.rmsprop` divides by
    sqrt(mean square) + 1e-8, as torch's does; its gradient is summed over the `seq_length` steps of time, ours is that
    divided by seq_length, so its 1e-8 is divided too.
    """
    if recipe.optimizer == "rmsprop":
        made: list[torch.optim.Optimizer] = [
            RMSProp(model.parameters(), alpha=recipe.decay_rate, eps=1e-8 / recipe.seq_length)
        ]
    elif recipe.optimizer == "adamw":
        made = [_adamw(list(model.parameters()), recipe)]
    else:
        turned = _square_blocks(model)
        others = [parameter for parameter in model.parameters() if all(parameter is not matrix for matrix in turned)]
        made = [Muon(turned, lr=recipe.learning_rate, dtype=dtype), _adamw(others, recipe)]
    for one in made:
        for group in one.param_groups:
            group["share"] = recipe.muon_share if isinstance(one, Muon) else 1.0
    return made


def set_rate(made: Iterable[torch.optim.Optimizer], rate: float) -> None:
    """Give every group its share of the learning rate."""
    for one in made:
        for group in one.param_groups:
            group["lr"] = rate * group["share"]


def _adamw(parameters: list[nn.Parameter], recipe: Recipe) -> torch.optim.Optimizer:
    betas = (0.9, recipe.decay_rate)
    return torch.optim.AdamW(parameters, betas=betas, weight_decay=recipe.weight_decay, fused=True)


def _square_blocks(model: CharLSTM) -> list[nn.Parameter]:
    """The matrices from layer to layer and from step to step: one square block for each gate.

    The first layer's input weights are not among them: a character picks one column of them, as of an embedding.
    """
    recurrent = [layer.get_parameter("weight_hh_l0") for layer in model.layers]
    return recurrent + [layer.get_parameter("weight_ih_l0") for layer in list(model.layers)[1:]]


def clip(parameters: Iterable[nn.Parameter], recipe: Recipe) -> Tensor:
    """Clip the gradients as the recipe says; give their norm from before: not finite if any of them is not.

    char-rnn clips each element of the gradient summed over time; ours is that divided by seq_length: so is the bound.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = nn.utils.get_total_norm(gradients)
    if recipe.clip == "value":
        bound = recipe.grad_clip / recipe.seq_length
        for gradient in gradients:
            gradient.clamp_(-bound, bound)
    elif norm > recipe.grad_clip:
        torch._foreach_mul_(gradients, recipe.grad_clip / norm)
    return norm


def _scale(model: CharLSTM) -> None:
    for layer in model.layers:
        for name, weight in layer.named_parameters():
            if name.startswith("bias"):
                nn.init.zeros_(weight)
            elif name.startswith("weight_hh"):
                for gate in torch.split(weight, model.config.rnn_size):
                    nn.init.orthogonal_(gate)
            else:
                one_hot = layer is model.layers[0]
                nn.init.normal_(weight, std=0.5 if one_hot else 1 / math.sqrt(weight.shape[1]))
    nn.init.zeros_(model.decoder.bias)


def _open_forget_gates(layer: nn.Module, size: int) -> None:
    """torch's gates lie in the order input, forget, cell, output, and each has two biases, which are added."""
    for name, value in (("bias_ih_l0", 1.0), ("bias_hh_l0", 0.0)):
        layer.get_parameter(name)[size : 2 * size] = value
