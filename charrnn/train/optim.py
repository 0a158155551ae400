"""Initialize the weights, and update them as the configuration says."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from charrnn.model.lstm import CharLSTM
from charrnn.train.config import TrainingConfig
from charrnn.train.muon import Muon


def initialize(model: CharLSTM, config: TrainingConfig) -> None:
    """Initialize the weights from torch's random state.

    `uniform` is train.lua's: all of them from (-0.08, 0.08). `scaled` keeps the variance of the activations:
    orthogonal recurrent weights, and input weights of standard deviation 1/sqrt(inputs that are not 0). With either,
    an LSTM's forget gates start with a bias of 1 (Jozefowicz, Zaremba, Sutskever 2015).
    """
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.08, 0.08)
        if config.init == "scaled":
            _scale(model)
        if model.config.model == "lstm":
            # torch's gates are in the order input, forget, cell, output, and each has two biases, which are added.
            forget = slice(model.config.rnn_size, 2 * model.config.rnn_size)
            for layer in model.layers:
                layer.get_parameter("bias_ih_l0")[forget] = 1.0
                layer.get_parameter("bias_hh_l0")[forget] = 0.0


class RMSProp(torch.optim.Adam):
    """RMSProp in one pass over the weights, a third of the time that torch's own takes on a CPU.

    It is Adam, for which torch has a fused kernel, without momentum and at so late a step that the bias corrections are
    exactly 1.
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


def make_optimizers(
    model: CharLSTM, config: TrainingConfig, dtype: torch.dtype = torch.float32
) -> list[torch.optim.Optimizer]:
    """Return the optimizers of the configuration, which share the parameters of `model` among them.

    The `share` of each group is its learning rate as a multiple of the configuration's. Torch 7's `optim.rmsprop`
    divides by sqrt(mean square) + 1e-8, as torch's does; its gradient is summed over the `seq_length` steps of time,
    ours is that divided by seq_length, so its 1e-8 is divided too.

    Muon gets the matrices from layer to layer and from step to step: one square block for each gate. The first layer's
    input weights are not among them: a character selects one column of them, as in an embedding.
    """
    if config.optimizer == "rmsprop":
        made: list[torch.optim.Optimizer] = [
            RMSProp(model.parameters(), alpha=config.decay_rate, eps=1e-8 / config.seq_length)
        ]
    elif config.optimizer == "adamw":
        made = [_adamw(list(model.parameters()), config)]
    else:
        square = [layer.get_parameter("weight_hh_l0") for layer in model.layers]
        square += [layer.get_parameter("weight_ih_l0") for layer in list(model.layers)[1:]]
        others = [parameter for parameter in model.parameters() if all(parameter is not matrix for matrix in square)]
        made = [Muon(square, config.learning_rate, dtype=dtype, rotation=config.muon_rotation), _adamw(others, config)]
    for one in made:
        for group in one.param_groups:
            group["share"] = config.muon_share if isinstance(one, Muon) else 1.0
    return made


def load_state(optimizer: torch.optim.Optimizer, stored: Mapping[str, Any]) -> None:
    """Restore what an optimizer had accumulated, from its `state_dict()`; its settings stay the configuration's.

    Raises ValueError where that is not of the same kind of optimizer, for the same weights.
    """
    names = {"mean"} if isinstance(optimizer, Muon) else {"step", "exp_avg", "exp_avg_sq"}
    weights = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for number, found in stored["state"].items():
        like = weights[number]
        forms = {name: (tensor.shape, tensor.dtype) for name, tensor in found.items()}
        if forms != {name: (torch.Size() if name == "step" else like.shape, like.dtype) for name in names}:
            raise ValueError("the state of an optimizer is not of this network")
    optimizer.load_state_dict({"state": stored["state"], "param_groups": optimizer.state_dict()["param_groups"]})


def prepare_step(optimizers: Iterable[torch.optim.Optimizer], rate: float, step: int) -> None:
    """Give every group its share of the learning rate, and Muon the number of the step, which chooses its blocks."""
    for one in optimizers:
        for group in one.param_groups:
            group["lr"] = rate * group["share"]
            if isinstance(one, Muon):
                group["turn"] = step


def clip_gradients(parameters: Iterable[nn.Parameter], config: TrainingConfig) -> Tensor:
    """Clip the gradients and return their norm before that: not finite if any of them is not.

    char-rnn clips each element of the gradient summed over time; ours is that divided by seq_length: so is the bound.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = nn.utils.get_total_norm(gradients)
    if config.clip == "value":
        bound = config.grad_clip / config.seq_length
        for gradient in gradients:
            gradient.clamp_(-bound, bound)
    elif norm > config.grad_clip:
        torch._foreach_mul_(gradients, config.grad_clip / norm)
    return norm


def _adamw(parameters: list[nn.Parameter], config: TrainingConfig) -> torch.optim.Optimizer:
    betas = (0.9, config.decay_rate)
    return torch.optim.AdamW(parameters, betas=betas, weight_decay=config.weight_decay, fused=True)


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
