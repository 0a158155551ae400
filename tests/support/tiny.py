"""A corpus small enough to train on within a test, and the trainer of it."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from pathlib import Path

import torch

from charrnn.data.corpus import Split, open_corpus, split
from charrnn.data.vocab import Vocab
from charrnn.train.recipes import RECIPES
from charrnn.train.trainer import Trainer, set_length

WORDS = (
    "seek",
    "a",
    "calm",
    "baker",
    "who",
    "kneads",
    "dough",
    "at",
    "dawn",
    "and",
    "sells",
    "bread",
    "by",
    "the é sea",
)
CPU = torch.device("cpu")


def postings(count: int = 40, seed: int = 1) -> str:
    """A few hundred characters to a posting, no two the same."""
    draw = random.Random(seed)
    return "".join(
        f"<html>\n<h1>Baker {number}</h1>\n<p>{' '.join(draw.choices(WORDS, k=12))}</p>\n</html>\n"
        for number in range(count)
    )


def corpus_folder(folder: Path, text: str | None = None) -> Path:
    """`folder`/tiny with an input.txt in it."""
    made = folder / "tiny"
    made.mkdir(parents=True, exist_ok=True)
    (made / "input.txt").write_bytes((postings() if text is None else text).encode())
    return made


def gathered_folder(folder: Path, text: str, parts: int = 3) -> Path:
    """Write a text as `python -m scrape gather` would, cut at postings."""
    documents = [f"{each}</html>\n" for each in text.split("</html>\n") if each]
    shards, vocab = [], Vocab.of(text)
    (folder / "corpus").mkdir(parents=True)
    for number in range(parts):
        start, end = len(documents) * number // parts, len(documents) * (number + 1) // parts
        part, key = "".join(documents[start:end]), f"{number:016x}"
        data = part.encode("utf-8")
        (folder / "corpus" / f"{key}.txt").write_bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
        shards.append({"key": key, "characters": len(part), "bytes": len(data), "sha256": sha256})
    sums = "".join(f"{each['sha256']}\n" for each in shards)
    manifest = {"shards": shards, "chars": vocab.chars, "sha256": hashlib.sha256(sums.encode()).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder


def text_of(folder: Path) -> Split:
    return split(open_corpus(corpus_folder(folder)), 0.9, 0.1)


def trainer(folder: Path, recipe: str = "char-rnn", **changes: object) -> Trainer:
    """A trainer of an 8-unit network, `changes` made to its configuration."""
    small = {"rnn_size": 8, "batch_size": 4, "seq_length": 10, "max_epochs": 1.0} | changes
    fixed = {"train_frac": 0.9, "val_frac": 0.1, "seed": 5, "dtype": "float32"}
    config = replace(RECIPES[recipe], **small, **fixed)  # type: ignore[arg-type]
    text = text_of(folder)
    return Trainer(set_length(config, text), text, CPU)
