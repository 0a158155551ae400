"""The network of char-rnn: it predicts the next character from those before it, through a recurrent state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from charrnn.model.device import dropout

State = tuple[Tensor, ...]
"""One tensor for a GRU or plain RNN (hidden), two for an LSTM (hidden, cell): each (layers, batch, rnn_size)."""

CELLS: dict[str, Callable[[int, int], nn.Module]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}

BATCH_AXIS = 1  # of every tensor of a State


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a model. `dropout` is the probability that a unit is dropped while training."""

    vocab_size: int
    rnn_size: int = 128
    num_layers: int = 2
    model: str = "lstm"
    dropout: float = 0.0


class CharLSTM(nn.Module):
    """char-rnn's model: one-hot characters, `num_layers` recurrent layers, a linear decoder.

    Dropout comes after every layer, the last (before the decoder) included, as in char-rnn's LSTM.lua;
    `nn.LSTM(dropout=...)` leaves that one out. The cells are an LSTM's unless `config.model` says otherwise.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        sizes = [config.vocab_size] + [config.rnn_size] * config.num_layers
        cell = CELLS[config.model]
        # One module per layer: dropout between them is then ours, and cheaper than the built-in one.
        self.layers = nn.ModuleList(cell(before, after) for before, after in pairwise(sizes))
        self.decoder = nn.Linear(config.rnn_size, config.vocab_size)

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Return the logits of the character after each, and the state after the last.

        ids (batch, time) int64; state as from `initial_state`. The logits have the shape (batch, time, vocab_size).
        """
        x = functional.one_hot(ids.t(), self.config.vocab_size).to(self.decoder.weight.dtype)
        after: list[State] = []
        for layer, *before in zip(self.layers, *state, strict=True):
            parts = tuple(part.unsqueeze(0) for part in before)
            x, last = layer(x, parts if len(parts) > 1 else parts[0])
            after.append(last if isinstance(last, tuple) else (last,))
            if self.training and self.config.dropout:
                x = dropout(x, self.config.dropout)
        logits = self.decoder(x).transpose(0, 1)
        return logits, tuple(torch.cat(parts).to(state[0].dtype) for parts in zip(*after, strict=True))

    def initial_state(self, batch_size: int) -> State:
        """Return the state before the first character: zeros, on the model's device and in its precision."""
        shape = (self.config.num_layers, batch_size, self.config.rnn_size)
        weight = self.decoder.weight
        return tuple(torch.zeros(shape, device=weight.device, dtype=weight.dtype) for _ in range(self.state_tensors))

    @property
    def state_tensors(self) -> int:
        """Number of tensors in the state: an LSTM has a cell beside the hidden state."""
        return 2 if self.config.model == "lstm" else 1


def select_rows(state: State, rows: Tensor) -> State:
    """Return the state of some rows of the batch. `rows` is int64 (any length, repeats allowed) or a mask (batch,)."""
    return tuple(part[:, rows] for part in state)


def summed_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the cross-entropy in nats, summed over all characters; targets of -100 are padding and do not count.

    logits (batch, time, vocab_size), targets (batch, time) int64. Computed in float32 whatever the logits' type.
    """
    flat = logits.transpose(0, 1).flatten(0, 1).float()  # time first: that is how the logits lie in memory
    return functional.cross_entropy(flat, targets.t().flatten(), reduction="sum")
