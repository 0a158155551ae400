"""Compare the default recipe with one setting changed at a time: same network, same time, several seeds.

    scripts/bench.sh recipes --data-dir data/demo [--rnn-size 256] [--num-layers 2] [--epochs 0.5] [--seeds 3]

Every line trains from scratch to the end of its schedule; the loss is that on validation, in nats per character.
The averaged weights are those of the default's own runs: a mean with a half-life of a hundredth of the run, and one
of a thirtieth.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import rounds
import torch
from tqdm import tqdm

from charrnn.data import corpus as data
from charrnn.data.corpus import Split
from charrnn.model import device, loss
from charrnn.train.config import TrainingConfig
from charrnn.train.recipes import RECIPES
from charrnn.train.trainer import Trainer, set_length
from scrape.common import console
from scrape.common.arguments import positive_float, positive_int

CPU = torch.device("cpu")
AVERAGES = {"the default's weights, averaged over 1/100": 100, "the default's weights, averaged over 1/30": 30}

Change = dict[str, Any]  # fields of the configuration

VARIANTS: dict[str, Change] = {
    "the default": {},
    "in float32": {"dtype": "float32"},
    "no dropout": {"dropout": 0.0},
    "dropout 0.2": {"dropout": 0.2},
    "windows of 100 characters": {"seq_length": 100},
    "16 streams": {"batch_size": 16},
    "64 streams": {"batch_size": 64},
    "every block at each step": {"muon_rotation": 1, "muon_share": 5.0},
    "a cosine schedule": {"schedule": "cosine"},
    "passes that always begin at the same place": {"shift": False},
    "char-rnn's uniform first weights": {"init": "uniform"},
    "the learning rate stays": {"schedule": "constant"},
    "AdamW for all, rate 4e-3": {"optimizer": "adamw", "learning_rate": 4e-3},
    "RMSProp for all, rate 2e-3": {"optimizer": "rmsprop", "decay_rate": 0.95, "learning_rate": 2e-3},
}


def main() -> int:
    options = _options()
    return console.run(lambda: _bench(options), debug=options.debug)


def _options() -> argparse.Namespace:
    parser = console.parser(
        "scripts/bench.sh recipes", "Train with one setting of the default recipe changed at a time."
    )
    parser.add_argument("--data-dir", type=Path, required=True, help="folder of input.txt")
    parser.add_argument("--rnn-size", type=positive_int, default=256, help="units in each layer (default: %(default)s)")
    parser.add_argument("--num-layers", type=positive_int, default=2, help="number of layers (default: %(default)s)")
    parser.add_argument("--epochs", type=positive_float, default=0.5, help="length of a run (default: %(default)s)")
    parser.add_argument("--seeds", type=positive_int, default=3, help="runs of each line (default: %(default)s)")
    parser.add_argument("--only", nargs="*", metavar="WORDS", help="only lines that contain one of these")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to this file")
    return parser.parse_args()


def _bench(options: argparse.Namespace) -> int:
    device.prepare(CPU)
    corpus = data.open_corpus(options.data_dir)
    chosen = {name: change for name, change in VARIANTS.items() if _wanted(name, options.only)}
    losses: dict[str, list[float]] = {}
    bar: tqdm[None] = console.progress(total=options.seeds * len(chosen), desc="training", unit=" runs")
    with bar:
        for seed in range(1, options.seeds + 1):
            for name, change in chosen.items():
                for line, found in _trained(_config(options, change, seed), corpus, averaged=not change).items():
                    losses.setdefault(line or name, []).append(found)
                bar.update()
    _print_table(options, losses)
    given = {name: getattr(options, name) for name in ("rnn_size", "num_layers", "epochs", "seeds")}
    rounds.save(options.json, {"corpus": str(options.data_dir), **given, "losses": losses})
    return console.OK


def _wanted(name: str, only: list[str] | None) -> bool:
    return not only or any(words in name for words in only)


def _config(options: argparse.Namespace, change: Change, seed: int) -> TrainingConfig:
    shape = {"rnn_size": options.rnn_size, "num_layers": options.num_layers, "max_epochs": options.epochs}
    dtype = str(device.choose_dtype(change.get("dtype", "auto"), CPU)).removeprefix("torch.")
    return replace(RECIPES["one-cycle"], **{**shape, **change, "seed": seed, "dtype": dtype})


def _trained(config: TrainingConfig, corpus: data.Corpus, averaged: bool) -> dict[str, float]:
    """Return the loss of a run ('' for its weights as they are), and of averages of its weights."""
    text = data.split(corpus, config.train_frac, config.val_frac)
    trainer = Trainer(set_length(config, text), text, CPU)
    means = {name: _copied(trainer) for name in AVERAGES} if averaged else {}
    while trainer.step_number < trainer.config.steps:
        trainer.step()
        for name, kept in means.items():
            share = 1 - 0.5 ** (AVERAGES[name] / trainer.config.steps)
            torch._foreach_lerp_(kept, [parameter.detach() for parameter in trainer.model.parameters()], share)
    found = {"": _loss(trainer, text)}
    for name, kept in means.items():
        with torch.no_grad():
            torch._foreach_copy_(list(trainer.model.parameters()), kept)
        found[name] = _loss(trainer, text)
    return found


def _copied(trainer: Trainer) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in trainer.model.parameters()]


def _loss(trainer: Trainer, text: Split) -> float:
    return loss.mean_loss(trainer.model, loss.validation_streams(text.validation), trainer.dtype)


def _print_table(options: argparse.Namespace, losses: dict[str, list[float]]) -> None:
    shape = f"{options.num_layers}x{options.rnn_size}, {options.epochs:g} epochs, {options.seeds} seeds"
    print(f"| {shape} | nats/character | spread | difference from the default |\n|---|---|---|---|")
    base = losses.get("the default")
    for name, found in losses.items():
        spread = f"{stdev(found):.3f}" if len(found) > 1 else ""
        beside = f"{mean(a - b for a, b in zip(found, base, strict=True)):+.3f}" if base else ""
        print(f"| {name} | {mean(found):.3f} | {spread} | {beside} |")


if __name__ == "__main__":
    sys.exit(main())
