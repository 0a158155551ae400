"""The facts of a checkpoint that go with its weights into another format: text keys, text values."""

from __future__ import annotations

import json
from dataclasses import asdict

from charrnn.model.checkpoint import Checkpoint

FORMAT = "dream-jobs network 1"


def describe(checkpoint: Checkpoint) -> dict[str, str]:
    """Return what a reader needs beside the weights.

    `vocabulary` is a JSON list of characters: the position of a character is its id. `config` is a JSON object: the
    fields of `ModelConfig`. `epoch`, `step` and `validation_loss` (nats per character) are numbers, `corpus` is the
    SHA-256 of the text.
    """
    return {
        "format": FORMAT,
        "vocabulary": json.dumps(list(checkpoint.vocab.chars)),
        "config": json.dumps(asdict(checkpoint.config)),
        "epoch": f"{checkpoint.epoch:.4f}",
        "step": str(checkpoint.step),
        "validation_loss": f"{checkpoint.val_loss:.6f}",
        "corpus": checkpoint.corpus,
    }
