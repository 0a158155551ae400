"""Time training: the plain loop, each speed-up, other sizes, and the limit of the machine.

    scripts/bench.sh train [--rounds 3] [--seconds 4] [--json FILE]

Every line is measured in separate processes, in turn with the others, and the best round counts: other programs can
only slow a round down. The ceiling is the product of 2500x512 by 512x2048, in bfloat16 and in float32.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import peers
import rounds
import torch
from torch import nn
from torch.nn import functional

from charrnn.data.corpus import Split
from charrnn.data.vocab import Vocab
from charrnn.model import device
from charrnn.train.recipes import RECIPES
from charrnn.train.trainer import Trainer, set_length
from scrape.common import console
from scrape.common.arguments import positive_float, positive_int

CHARACTERS = 111  # the alphabet of a corpus of real postings
SEQ_LENGTH = 50
CEILINGS = ("bfloat16", "float32")


@dataclass(frozen=True)
class Case:
    """One line of the table. `plain` is a loop without any speed-up."""

    name: str
    dtype: str = "float32"
    recipe: str = "char-rnn"
    rnn_size: int = 512
    num_layers: int = 3
    dropout: float = 0.5
    batch_size: int = 50
    plain: bool = False
    peer: str = ""
    allocator: bool = True

    @property
    def operations(self) -> int:
        """Useful floating-point operations per character, forward and back; one-hot input is a look-up."""
        recurrent = 4 * self.rnn_size * self.rnn_size * (2 * self.num_layers - 1)
        return 6 * (recurrent + self.rnn_size * CHARACTERS)


CASES = (
    Case("plain loop: nn.LSTM(num_layers=3), one-hot, RMSProp", plain=True, allocator=False),
    Case("+ memory kept by the allocator", plain=True),
    Case("+ a module per layer, dropout from random bytes"),
    Case("+ bfloat16", "bfloat16"),
    Case("the same, batch 256", "bfloat16", batch_size=256),
    Case("the default recipe's update, float32", "float32", "one-cycle", batch_size=32),
    Case("the default recipe's update, bfloat16", "bfloat16", "one-cycle", batch_size=32),
    *(Case(f"{name}, float32", peer=name, allocator=False) for name in peers.installed()),
    Case("128x2, no dropout", "float32", rnn_size=128, num_layers=2, dropout=0.0),
    Case("128x2, no dropout, bfloat16", "bfloat16", rnn_size=128, num_layers=2, dropout=0.0),
    Case("256x2, no dropout", "float32", rnn_size=256, num_layers=2, dropout=0.0),
    Case("256x2, no dropout, bfloat16", "bfloat16", rnn_size=256, num_layers=2, dropout=0.0),
)


def main() -> int:
    options = _options()
    if options.case is not None:
        print(_rate(options.case, options.seconds))
        return 0
    return console.run(lambda: _bench(options), debug=options.debug)


def _bench(options: argparse.Namespace) -> int:
    fast = str(device.choose_dtype("auto", torch.device("cpu"))).removeprefix("torch.")
    cases = [case for case in CASES if case.dtype in ("float32", fast)]
    if len(cases) < len(CASES):
        console.say("this processor has no instructions for bfloat16, so those lines are left out")
    names = [*CEILINGS, *(str(CASES.index(case)) for case in cases)]
    for name in peers.missing():
        console.say(f"{name} is not installed, so it is left out")
    best = rounds.best_rates(__file__, names, options.rounds, options.seconds)
    lines = [_line(case, best[str(CASES.index(case))], best) for case in cases]
    _print_table(lines, best)
    rounds.save(options.json, {"torch": torch.__version__, "ceilings": {n: best[n] for n in CEILINGS}, "cases": lines})
    return console.OK


def _options() -> argparse.Namespace:
    parser = console.parser("scripts/bench.sh train", "Time training beside a plain loop.")
    parser.add_argument("--rounds", type=positive_int, default=3)
    parser.add_argument(
        "--seconds", type=positive_float, default=4.0, help="length of each measurement (default: %(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to this file")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    return parser.parse_args()


def _rate(case: str, seconds: float) -> float:
    """Return the characters/s of a case, or the operations/s of the product in a type, by the median step."""
    if case in CEILINGS:
        # On AMD torch hands float32 products to a BLAS at half the rate of oneDNN, which its LSTM uses.
        torch.set_float32_matmul_precision("medium")
        return 2 * 2500 * 512 * 2048 / rounds.median_seconds(_product(getattr(torch, case)), seconds)
    chosen = CASES[int(case)]
    if chosen.allocator:
        device.prepare(torch.device("cpu"))
    if chosen.peer:
        make = peers.installed()[chosen.peer]
        shape = (chosen.rnn_size, chosen.num_layers, chosen.dropout, chosen.batch_size)
        step = make(CHARACTERS, *shape, SEQ_LENGTH)
    else:
        step = _plain_step(chosen) if chosen.plain else _our_step(chosen)
    return chosen.batch_size * SEQ_LENGTH / rounds.median_seconds(step, seconds)


def _product(dtype: torch.dtype) -> Callable[[], object]:
    left, right = torch.randn(2500, 512).to(dtype), torch.randn(512, 2048).to(dtype)
    return lambda: left @ right


def _our_step(case: Case) -> Callable[[], object]:
    """Return a step of the trainer itself, on random text."""
    shape = {name: getattr(case, name) for name in ("rnn_size", "num_layers", "dropout", "batch_size")}
    config = replace(RECIPES[case.recipe], **shape, seq_length=SEQ_LENGTH, seed=1, dtype=case.dtype)
    ids = np.random.default_rng(1).integers(CHARACTERS, size=1000 * case.batch_size * SEQ_LENGTH).astype(np.uint8)
    text = Split(ids, ids[:1000], ids[:0], Vocab("".join(map(chr, range(32, 32 + CHARACTERS)))), "")
    return Trainer(set_length(config, text), text, torch.device("cpu")).step


def _plain_step(case: Case) -> Callable[[], object]:
    """Return a step of the plain loop: one module, one-hot input, torch's dropout, float32."""
    lstm = nn.LSTM(CHARACTERS, case.rnn_size, case.num_layers, batch_first=True, dropout=case.dropout)
    decoder = nn.Linear(case.rnn_size, CHARACTERS)
    weights = [*lstm.parameters(), *decoder.parameters()]
    optimizer = torch.optim.RMSprop(weights, lr=2e-3, alpha=0.95)
    ids = torch.randint(CHARACTERS, (case.batch_size, SEQ_LENGTH + 1))
    state = [tuple(torch.zeros(case.num_layers, case.batch_size, case.rnn_size) for _ in range(2))]

    def step() -> None:
        y, after = lstm(functional.one_hot(ids[:, :-1], CHARACTERS).float(), state[0])
        loss = functional.cross_entropy(decoder(y).flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_value_(weights, 5 / SEQ_LENGTH)
        optimizer.step()
        state[0] = tuple(part.detach() for part in after)

    return step


def _line(case: Case, rate: float, best: dict[str, float]) -> dict[str, Any]:
    same_network = case.rnn_size == 512
    return {
        "name": case.name,
        "characters_per_second": rate,
        "ratio": rate / best["0"] if same_network else None,
        "share_of_ceiling": rate * case.operations / best[case.dtype],
    }


def _print_table(lines: list[dict[str, Any]], best: dict[str, float]) -> None:
    on = rounds.machine()
    print(f"{on['processor']}, {on['cores']} cores, torch {torch.__version__}")
    print(f"ceilings: {best['bfloat16'] / 1e9:.0f} GFLOP/s in bfloat16, {best['float32'] / 1e9:.0f} in float32\n")
    print("| 3x512, batch 50 (default recipe: 32), dropout 0.5 unless said | characters/s | ratio | of its ceiling |")
    print("|---|---|---|---|")
    for line in lines:
        ratio = f"{line['ratio']:.2f}" if line["ratio"] else ""
        rate, share = line["characters_per_second"], line["share_of_ceiling"]
        print(f"| {line['name']} | {rate:,.0f} | {ratio} | {share:.0%} |")


if __name__ == "__main__":
    sys.exit(main())
