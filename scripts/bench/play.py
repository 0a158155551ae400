"""Measure the page of `charrnn.play` in Chromium: speed, start, size, and what its 8 bits cost.

    python scripts/bench/play.py [--windows 60] [--characters 6000] [--json FILE]

Two networks: the showcase, 2x256, and one of 3x512 with the same vocabulary and random weights, which is as fast as a
trained one. Speed is that of writing postings with the grammar mask, the draw and all kept state, in windows of 256
characters (32 without WebAssembly): the fastest window, and the median. On a busy machine the fastest is nearest to
what the processor can do. What the bits cost is measured on postings that the showcase samples in float32.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import rounds
import torch
from markupsafe import Markup
from numpy.typing import NDArray
from playwright.sync_api import Browser, sync_playwright
from torch.nn import functional

from charrnn.data.kind import TextKind
from charrnn.model import checkpoint
from charrnn.model.checkpoint import Checkpoint
from charrnn.model.lstm import CharLSTM, ModelConfig
from charrnn.play.network import Network
from charrnn.play.page import Contents, PageNetwork, render_page
from charrnn.play.weights import Weights, quantize, quantize_model
from charrnn.runs import selection
from charrnn.sample.generate import generate
from charrnn.sample.grammar_mask import GrammarMask
from charrnn.sample.sampling import SamplingParams
from scrape.common import console
from scrape.common.errors import InputError
from scrape.markup import document

WRITE = """async ({ fast, windows, window }) => {
    const { config, vocabulary } = play, bytes = await inflate(document.getElementById("weights-0").textContent);
    const module = fast ? new WebAssembly.Module(fromBase64(document.getElementById("kernel").textContent)) : null;
    const network = new Network(config.networks[0].head, bytes, module);
    const grammar = new Grammar(await inflate(document.getElementById("grammar").textContent), config.grammar);
    const chances = new Chances(network.characters), encode = (text) => vocabulary.encode(text), taken = [];
    for (let seed = 1; taken.length < windows; seed++) {
      const order = {
        id: 1, warmUp: encode(config.warmUps[0]), parts: [{ text: encode("<html>\\n") }], stop: encode(config.stop),
        seed, stopFrom: 0, temperature: 0.7, topP: 1, minP: 0, masked: true, turns: [],
        length: config.length, lineLength: 120,
      };
      const job = new Job(order, network, grammar, chances);
      for (let begun = performance.now(); !job.over; ) {
        job.advance();
        if (job.isFull) job.take();
        if (job.at % window) continue;
        taken.push(performance.now() - begun);
        begun = performance.now();
      }
    }
    return taken.map((milliseconds) => (1000 * window) / milliseconds);
}"""


def main() -> int:
    parser = console.parser("bench/play.py", "Measure the page of charrnn.play in Chromium.")
    parser.add_argument("--windows", type=int, default=60, help="windows of 256 characters that are timed")
    parser.add_argument("--characters", type=int, default=6000, help="characters on which the 8 bits are measured")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to this file")
    options = parser.parse_args()
    return console.run(lambda: _bench(options), debug=options.debug)


def _bench(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    showcase = selection.showcase()
    if not showcase:
        raise InputError("the showcase network is missing; run this in a checkout")
    loaded = checkpoint.load(showcase)
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    large = quantize_model(CharLSTM(ModelConfig(len(loaded.vocab.chars), 512, 3)))
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=sandbox)
        for name, weights in (("2x256", quantize(loaded)), ("3x512", large)):
            page = Path(folder) / f"{name}.html"
            page.write_text(_page(weights, loaded.vocab.chars), "utf-8")
            found[name] = {"megabytes": page.stat().st_size / 1e6} | _in_browser(browser, page, options.windows)
        found["browser"] = f"Chromium {browser.version}"
        browser.close()
    found["bits"] = _cost(loaded, options.characters)
    _print(found)
    rounds.save(options.json, found | rounds.machine())
    return console.OK


def _page(weights: Weights, chars: str) -> str:
    stages = [PageNetwork("this", "this network", weights.shape, weights)]
    return render_page(Contents("bench", chars, TextKind(), stages, [], Markup(), "", ""))


def _in_browser(browser: Browser, path: Path, windows: int) -> dict[str, float]:
    """Return characters per second with and without WebAssembly, and milliseconds to the first letters."""
    found: dict[str, float] = {}
    page = browser.new_page(reduced_motion="reduce")
    page.goto(path.as_uri())
    page.locator(".letters i").first.wait_for(state="attached", timeout=120_000)
    found["first letters, ms"] = page.evaluate("performance.getEntriesByName('first letters')[0].startTime")
    page.keyboard.press("Escape")
    for name, fast in (("WebAssembly", True), ("plain", False)):
        rates = sorted(page.evaluate(WRITE, {"fast": fast, "windows": windows, "window": 256 if fast else 32}))
        found[name], found[f"{name}, median"] = rates[-1], rates[len(rates) // 2]
    page.close()
    return found


@torch.inference_mode()
def _cost(loaded: Checkpoint, characters: int) -> dict[str, float]:
    """Return the divergence of the page's network from float32, and both losses, in nats per character."""
    ids = _sampled(loaded, characters)
    model, network = loaded.model(), Network(quantize(loaded))
    plain = functional.log_softmax(model(torch.from_numpy(ids)[None], model.initial_state(1))[0][0].double(), -1)
    logits = np.concatenate([network.step(ids[at : at + 1]) for at in range(len(ids))])
    rounded = functional.log_softmax(torch.from_numpy(logits).double(), -1)
    targets = torch.from_numpy(ids)[1:]
    return {
        "characters": len(ids),
        "divergence": float((plain.exp() * (plain - rounded)).sum(-1).mean()),
        "float32": float(functional.nll_loss(plain[:-1], targets)),
        "8 bits": float(functional.nll_loss(rounded[:-1], targets)),
    }


def _sampled(loaded: Checkpoint, characters: int) -> NDArray[np.int64]:
    mask, params = GrammarMask(loaded.vocab.chars), SamplingParams(seed=3, length=3000)
    prompts = [document.prompt_prefix()] * -(-characters // 1500)
    made = generate(loaded.model(), loaded.vocab, prompts, params, mask=mask, deterministic=True)
    text = "".join(sample.text for sample in sorted(made, key=lambda sample: sample.row))
    return loaded.vocab.encode(text[:characters]).astype(np.int64)


def _print(found: dict[str, Any]) -> None:
    print("| network | WebAssembly, characters/s (median) | plain | first letters, ms | page, MB |")
    print("|---|---|---|---|---|")
    for name in ("2x256", "3x512"):
        each = found[name]
        print(
            f"| {name} | {each['WebAssembly']:,.0f} ({each['WebAssembly, median']:,.0f}) | {each['plain']:,.0f} "
            f"({each['plain, median']:,.0f}) | {each['first letters, ms']:.0f} | {each['megabytes']:.2f} |"
        )
    bits = found["bits"]
    print(
        f"\n{found['browser']}; {rounds.machine()['processor']}. Divergence from float32 {bits['divergence']:.5f} "
        f"nats a character, loss {bits['8 bits']:.5f} instead of {bits['float32']:.5f}, "
        f"on {bits['characters']:,} characters."
    )


if __name__ == "__main__":
    raise SystemExit(main())
