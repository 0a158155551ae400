"""The configuration of a training run: every setting with its default, its flag and its help, in one place."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from typing import Any

from charrnn.data.corpus import TRAIN_FRAC, VAL_FRAC
from scrape.common.arguments import fraction, non_negative_int, positive_float, positive_int, probability
from scrape.common.arguments import seed as any_seed

LEARNING = "network and optimization"
LENGTH = "length, device and precision"


def flag(
    default: Any,
    type: Callable[[str], Any] = str,
    help: str | None = None,
    choices: Iterable[str] | None = None,
    group: str = LEARNING,
) -> Any:
    """Return a dataclass field that is also a flag of `python -m charrnn.train`, in one `group` of its help."""
    return field(default=default, metadata={"group": group, "type": type, "help": help, "choices": choices})


@dataclass(frozen=True)
class TrainingConfig:
    """All settings that affect what is learned. They stay the same when a run is interrupted and resumed.

    Names are char-rnn's where it has the setting, and so are the defaults; `charrnn.train.recipes` holds others.
    `steps` and `eval_every` are set at the start of a run, by `charrnn.train.trainer.set_length`.
    """

    recipe: str
    # the network
    model: str = flag("lstm", choices=("gru", "lstm", "rnn"), help="type of recurrent cell")
    rnn_size: int = flag(128, positive_int, "units in each layer")
    num_layers: int = flag(2, positive_int, "number of layers")
    dropout: float = flag(0.0, probability, "dropout after each layer")
    init: str = "uniform"  # "uniform" is char-rnn's; "scaled": see optim.initialize
    # the batches
    batch_size: int = flag(50, positive_int, "sequences in a batch")
    seq_length: int = flag(50, positive_int, "characters in each sequence of a batch")
    shift: bool = False  # start every epoch at another offset, so that streams and windows never repeat
    train_frac: float = flag(TRAIN_FRAC, fraction, "fraction of the text to train on")
    val_frac: float = flag(VAL_FRAC, fraction, "fraction of the text to validate on")
    seed: int = flag(123, any_seed, "random seed")
    # the update
    optimizer: str = "rmsprop"  # or "adamw", or "muon": Muon for the square matrices, AdamW for the rest
    decay_rate: float = flag(0.95, probability, "decay of the mean squared gradient (alpha of RMSProp, beta2 of AdamW)")
    weight_decay: float = 0.0
    muon_share: float = 5.0  # Muon's learning rate, as a multiple of `learning_rate`
    muon_rotation: int = 1  # Muon updates one in so many of its blocks at each step, in turn
    grad_clip: float = flag(5.0, positive_float, "gradient clipping threshold")
    clip: str = "value"  # clip each element of the gradient summed over time, or the "norm" of its mean
    # the learning rate
    learning_rate: float = flag(2e-3, positive_float, "learning rate (its peak, where the recipe has a schedule)")
    learning_rate_decay: float = flag(0.97, positive_float, "factor of the learning rate after each epoch")
    learning_rate_decay_after: int = flag(10, non_negative_int, "epochs before the decay starts")
    warmup: float = 0.0  # fraction of the run in which the rate rises from 0
    schedule: str = "constant"  # or "cosine" or "linear": down to 0 at the end of the run
    # the length
    max_epochs: float = flag(50, positive_float, "passes through the training text", group=LENGTH)
    minutes: float | None = flag(
        None,
        positive_float,
        "length of the run in minutes: it is planned to fit; with --resume, that many more",
        group=LENGTH,
    )
    eval_val_every: int = flag(  # 0 is a tenth of the run, at most an epoch
        1000,
        positive_int,
        "steps between evaluations; there is also one after each epoch",
        group=LENGTH,
    )
    dtype: str = flag("auto", choices=("auto", "float32", "bfloat16"), help="type of matrix products", group=LENGTH)
    steps: int = 0
    eval_every: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, for the train state."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> TrainingConfig:
        """Return the configuration that `to_dict` gave.

        Raises TypeError on a setting of another version, and ValueError on a value that no command line gives.
        """
        made = cls(**plain)
        for one in fields(cls):
            value = getattr(made, one.name)
            if not _is_valid(one, value):
                raise ValueError(f"{one.name} cannot be {str(value)[:40]!r}")
        return made


def flags() -> list[Field[Any]]:
    """Return the fields that are flags of the command."""
    return [one for one in fields(TrainingConfig) if one.metadata]


_TYPES = {"str": (str,), "bool": (bool,), "int": (int,), "float": (float, int)}


def _is_valid(setting: Field[Any], value: Any) -> bool:
    """Return whether a value is of the type of its setting, and in the range of its flag."""
    kind, _, optional = str(setting.type).partition(" | ")
    if value is None:
        return bool(optional)
    if type(value) not in _TYPES[kind] or (kind in ("int", "float") and not value >= 0):
        return False
    if choices := setting.metadata.get("choices"):
        return value in choices
    if setting.name in ("max_epochs", "eval_val_every"):  # infinite in a run by the clock, and 0 in a recipe
        return True
    try:
        setting.metadata.get("type", str)(str(value))
    except argparse.ArgumentTypeError:
        return False
    return True
