"""Time sampling: the usual loop, nn.LSTM at several batches, ours, and the limits of the machine.

    python scripts/bench/sample.py [--rounds 3] [--seconds 3] [--checkpoint FILE] [--json FILE]

The usual loop is what char-rnn's ports do: `nn.LSTM(num_layers=3)` called once a character with gradients off, softmax,
`multinomial`, `.item()`. Ours is `generate` itself, with everything that it counts. A rate is of the median step.

Every line is measured in processes of its own, in turn with the others, and the best round counts: other programs
can only slow a round down. Two limits are measured in the same run: how often the weights can be read from where they
lie (batch 1), and how many products of a wide batch there are in a second.

The loss from quantizing is measured on text that a trained network writes in float32, and the time of the mask on its
own text: that of --checkpoint, or of the showcase. All other lines are of an untrained network, since speed does not
depend on training.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import rounds
import torch
from torch import nn
from torch.nn import functional

from charrnn.data.vocab import Vocab
from charrnn.model import checkpoint, quantized
from charrnn.model.lstm import CharLSTM, ModelConfig
from charrnn.sample.generate import DETERMINISTIC_WIDTH, generate
from charrnn.sample.grammar_mask import GrammarMask
from charrnn.sample.sampling import Floats, Ids, SamplingParams
from charrnn.sample.stepper import ModelStepper, Stepper
from scrape.common import console
from scrape.markup import grammar

VOCAB = Vocab("\n" + "".join(map(chr, range(32, 127))) + "".join(map(chr, range(0xE0, 0xF0))))  # as of real postings
SIZE, LAYERS = 512, 3
WEIGHTS = 4 * SIZE * SIZE * (2 * LAYERS - 1) + SIZE * len(VOCAB)  # that a character takes; the first input is looked up
SHOWCASE = Path(__file__).resolve().parents[2] / "cv" / checkpoint.SHOWCASE
PROMPT = grammar.OPEN["html"] + grammar.OPEN["h1"]
READING, MULTIPLYING = "reading", "multiplying"
MASKED = (1, 12, 128)  # batches at which the mask is timed
ROWS_PER_SLOT = 50
TEXTS, LENGTH = 64, 400  # that the loss is measured on


@dataclass(frozen=True)
class Case:
    """One line of the table. `threads` of 0 is torch's own choice."""

    name: str
    way: str  # usual, nn.LSTM or ours
    batch: int = 1
    threads: int = 0
    onednn: bool = True
    deterministic: bool = False


CASES = (
    Case("usual loop", "usual"),
    *(Case(f"nn.LSTM, batch {batch}", "nn.LSTM", batch) for batch in (1, 8, 32, 128)),
    *(Case(f"nn.LSTM without oneDNN, batch {batch}", "nn.LSTM", batch, onednn=False) for batch in (1, 8, 32, 128)),
    Case(f"ours, deterministic, batch {DETERMINISTIC_WIDTH}", "ours", DETERMINISTIC_WIDTH, deterministic=True),
    *(Case(f"ours, batch {batch}, 1 thread", "ours", batch, threads=1) for batch in (1, 8, 32, 128)),
    *(Case(f"ours, batch {batch}", "ours", batch) for batch in (1, 8, 32, 128)),
)


def main() -> int:
    options = _options()
    if options.case is not None:
        print(_rate(options.case, options.seconds))
        return 0
    return console.run(lambda: _bench(options), debug=options.debug)


def _options() -> argparse.Namespace:
    parser = console.parser("bench/sample.py", "Time sampling beside a plain loop over nn.LSTM.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="seconds per measurement")
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="trained LSTM to measure the quantized loss and the mask with"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to this file")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    return parser.parse_args()


def _bench(options: argparse.Namespace) -> int:
    names = [READING, MULTIPLYING, *map(str, range(len(CASES)))]
    best = rounds.best_rates(__file__, names, options.rounds, options.seconds)
    limits = _limits(best)
    lines = [_line(case, best[str(number)], best, limits) for number, case in enumerate(CASES)]
    judge = options.checkpoint or checkpoint.best(SHOWCASE)
    loss = _loss(judge)
    _print_table(lines, limits)
    masks = {batch: _mask_share(judge, batch, options.seconds, options.rounds) for batch in MASKED}
    shares = ", ".join(f"{share:.1%} at batch {batch}" for batch, share in masks.items())
    print(f"\ntime of the mask, as a share of sampling without it ({judge.name}, one thread): {shares}")
    lost = f"{loss['nats']:.4f} \u00b1 {loss['error']:.4f} nats/character"
    print(f"quantizing loses {lost} against float32, on texts that {judge.name} writes")
    found = {"torch": torch.__version__, "product": quantized.best_backend().__name__, "limits": limits, "cases": lines}
    rounds.save(options.json, {**found, "loss": {"checkpoint": judge.name, **loss}, "mask": masks})
    return console.OK


def _limits(best: dict[str, float]) -> dict[str, float]:
    """Return the most characters/s that the machine allows, for one text and for very many, with weights of 8 bits."""
    return {"one text": best[READING], "many texts": best[MULTIPLYING] / (2 * WEIGHTS)}


def _line(case: Case, rate: float, best: dict[str, float], limits: dict[str, float]) -> dict[str, Any]:
    limit = limits["one text"] if case.batch == 1 else limits["many texts"]
    same = [
        str(n)
        for n, other in enumerate(CASES)
        if (other.way, other.onednn, other.batch) == ("nn.LSTM", True, case.batch)
    ]
    return {
        "name": case.name,
        "characters_per_second": rate,
        "times_usual": rate / best["0"],
        "times_lstm": rate / best[same[0]] if same else None,
        "of_limit": rate / limit,
    }


def _print_table(lines: list[dict[str, Any]], limits: dict[str, float]) -> None:
    machine = rounds.machine()
    product = quantized.best_backend().__name__
    print(f"{machine['processor']}, {machine['cores']} cores, torch {torch.__version__}, {product}")
    print(f"limits: {limits['one text']:,.0f} characters/s for one text, {limits['many texts']:,.0f} for many\n")
    print("| 3x512 | characters/s | of the usual loop | of nn.LSTM at the batch | of the limit |")
    print("|---|---|---|---|---|")
    for line in lines:
        lstm = f"{line['times_lstm']:.2f}" if line["times_lstm"] else ""
        rate, usual = line["characters_per_second"], line["times_usual"]
        print(f"| {line['name']} | {rate:,.0f} | {usual:.1f} | {lstm} | {line['of_limit']:.0%} |")


def _rate(name: str, seconds: float) -> float:
    """Characters/s of a case; readings of the weights, or operations, a second for a limit."""
    torch.manual_seed(1)
    if name in (READING, MULTIPLYING):
        return _reading(seconds) if name == READING else _multiplying(seconds)
    case = CASES[int(name)]
    if case.threads:
        torch.set_num_threads(case.threads)
    if case.way == "ours":
        model = CharLSTM(ModelConfig(len(VOCAB), SIZE, LAYERS))
        return _ours(model, VOCAB, case.batch, seconds, deterministic=case.deterministic)
    with torch.inference_mode() if case.way == "nn.LSTM" else torch.no_grad():
        step = _lstm_step(case) if case.way == "nn.LSTM" else _usual_step()
        return case.batch / rounds.median_seconds(step, seconds)


def _reading(seconds: float) -> float:
    """Return how often per second as many bytes as the weights have can be read."""
    bytes_of_weights = torch.ones(WEIGHTS // 4)
    return 1 / rounds.median_seconds(lambda: bytes_of_weights.sum(), seconds)


def _multiplying(seconds: float) -> float:
    """Return the operations/s of the fastest product, for a batch of 2048."""
    multiply = quantized.product(torch.randn(4 * SIZE, 2 * SIZE))
    x = np.random.default_rng(1).uniform(-1, 1, (2048, 2 * SIZE)).astype(np.float32)
    return 2 * 2048 * 4 * SIZE * 2 * SIZE / rounds.median_seconds(lambda: multiply(x), seconds)


def _usual_step() -> Callable[[], object]:
    """Return a step of the usual loop: one text, one call of the module for each character."""
    lstm, decoder = nn.LSTM(len(VOCAB), SIZE, LAYERS, batch_first=True), nn.Linear(SIZE, len(VOCAB))
    known: list[Any] = [0, None]

    def step() -> None:
        x = functional.one_hot(torch.tensor([[known[0]]]), len(VOCAB)).float()
        y, known[1] = lstm(x, known[1])
        known[0] = torch.multinomial(torch.softmax(decoder(y[0, -1]), dim=-1), 1).item()

    return step


def _lstm_step(case: Case) -> Callable[[], object]:
    """Return the same step for many texts at a time."""
    torch.backends.mkldnn.enabled = case.onednn  # type: ignore[assignment]
    lstm, decoder = nn.LSTM(len(VOCAB), SIZE, LAYERS), nn.Linear(SIZE, len(VOCAB))
    known: list[Any] = [torch.zeros(case.batch, dtype=torch.int64), None]

    def step() -> None:
        x = functional.one_hot(known[0], len(VOCAB)).float()
        y, known[1] = lstm(x[None], known[1])
        known[0] = torch.multinomial(torch.softmax(decoder(y[0]), dim=-1), 1)[:, 0]

    return step


class _Enough(Exception):
    """The time is over."""


def _ours(
    model: CharLSTM,
    vocab: Vocab,
    batch: int,
    seconds: float,
    deterministic: bool = False,
    mask: GrammarMask | None = None,
    stop: str = "",
) -> float:
    """Characters/s of `generate`."""
    ticks: list[float] = []

    def on_step(_written: int) -> None:
        ticks.append(time.perf_counter())
        if ticks[-1] - ticks[0] > seconds:
            raise _Enough

    prompts = [PROMPT] * batch * (ROWS_PER_SLOT if stop else 1)
    how: dict[str, Any] = {
        "mask": mask,
        "stop": stop,
        "deterministic": deterministic,
        "width": batch,
        "on_step": on_step,
    }
    with contextlib.suppress(_Enough):
        collections.deque(generate(model, vocab, prompts, SamplingParams(length=10**6), **how), maxlen=0)
    taken = np.diff(ticks)[len(ticks) // 10 :]  # the first steps find out what the grammar allows
    return batch / float(np.median(taken))


def _mask_share(path: Path, batch: int, seconds: float, turns: int) -> float:
    """Return how much longer a trained network takes with the mask, by the best of some turns with and without."""
    loaded = checkpoint.load(path)
    model, mask = loaded.model(), GrammarMask(loaded.vocab.chars)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    free, masked = 0.0, 0.0
    for _ in range(turns):
        free = max(free, _ours(model, loaded.vocab, batch, seconds, stop=grammar.END))
        masked = max(masked, _ours(model, loaded.vocab, batch, seconds, mask=mask, stop=grammar.END))
    torch.set_num_threads(threads)
    return free / masked - 1


@torch.inference_mode()
def _loss(path: Path) -> dict[str, float]:
    """Return the loss of the quantized network above float32, in nats per character of text sampled in float32."""
    loaded = checkpoint.load(path)
    model = loaded.model().float()
    sampled = generate(
        model, loaded.vocab, [PROMPT] * TEXTS, SamplingParams(length=LENGTH), stop="", deterministic=True, width=TEXTS
    )
    ids = np.array([loaded.vocab.encode(sample.text) for sample in sampled]).astype(np.int64).T
    exact, rounded = (_logprobs(make(model, TEXTS), ids) for make in (ModelStepper, quantized.QuantizedLSTM))
    lost = (exact - rounded).mean(axis=0)
    return {"nats": float(lost.mean()), "error": float(lost.std() / TEXTS**0.5)}


def _logprobs(net: Stepper, ids: Ids) -> Floats:
    """(time - 1, texts) of each character of ids (time, texts), given those before it."""
    logits = torch.from_numpy(np.stack([net.step(now) for now in ids[:-1]])).double()
    return np.asarray(logits.log_softmax(-1).gather(-1, torch.from_numpy(ids[1:, :, None]))[..., 0].numpy())


if __name__ == "__main__":
    sys.exit(main())
