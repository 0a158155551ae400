"""Put a page together that holds networks, the program that runs them, and what there is to see. Touches no file."""

from __future__ import annotations

import base64
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from math import log

from markupsafe import Markup

from charrnn.data.kind import TextKind
from charrnn.play.cells import CellLabel
from charrnn.play.grammar_table import make_table
from charrnn.play.weights import Shape, Weights
from charrnn.sample.generate import WARM_UP
from charrnn.sample.prompts import closest
from charrnn.sample.sampler import HEAD_LENGTH
from scrape.common.pages import kit
from scrape.markup import grammar

SCRIPTS = ("network.js", "grammar.js", "engine.js", "sheet.js", "play.js")
LENGTH = 6000  # most characters of a text that is written
READ_LENGTH = 20_000  # most characters of a text that is read
OPENINGS = 8  # beginnings of a text that the network reads first, one of them for each seed
TEMPERATURE = 0.6

_NOTICES = {
    True: "Imagined by a recurrent network. Nobody is hiring.",
    False: "Written by a recurrent network, one character at a time.",
}
# Characters that people type or paste in Latin scripts, with punctuation and symbols.
_TYPED = (range(0x20, 0x250), range(0x1E00, 0x1F00), range(0x2010, 0x2800), range(0xFB00, 0xFB07))


@dataclass(frozen=True)
class PageNetwork:
    """A network in the page: its `name`, a `label` for people, and its weights; None where it is untrained."""

    name: str
    label: str
    shape: Shape
    weights: Weights | None


@dataclass(frozen=True)
class Contents:
    """The content of a page beside the program.

    `chars` is the vocabulary; `kind` is that of the texts, of which postings have a grammar; `sample` is a text of the
    network for browsers without JavaScript; `facts` and `recital` are sentences for the foot of the page.
    """

    run: str
    chars: str
    kind: TextKind
    stages: Sequence[PageNetwork]
    labels: Sequence[CellLabel]
    sample: Markup
    facts: str
    recital: str


def render_page(contents: Contents, webassembly: bool = True) -> str:
    """Render the page. Without `webassembly` its policy stays stricter, and the network is six to nine times slower."""
    kind = contents.kind
    blocks = {}
    if webassembly:
        blocks["kernel"] = _base64(resources.files(__package__).joinpath("kernel.wasm").read_bytes())
    config: dict[str, object] = {
        "chars": contents.chars,
        "postings": kind.is_postings,
        "monospace": kind.monospace,
        "notice": _NOTICES[kind.is_postings],
        "warmUps": [WARM_UP] if kind.is_postings else kind.openings[:OPENINGS],
        "length": min(kind.length, LENGTH),
        "readLength": READ_LENGTH,
        "stop": kind.end,
        "stopFrom": 0 if kind.is_postings else kind.soft_length,
        "lineLength": HEAD_LENGTH,
        "temperature": TEMPERATURE,
        "equals": equals(contents.chars),
        "cells": [asdict(label) for label in contents.labels],
        "grammar": None,
    }
    if kind.is_postings:
        table = make_table(contents.chars)
        blocks["grammar"] = deflate(table.to_bytes())
        states, classes = table.after.shape
        config["grammar"] = {"states": states, "classes": classes, "characters": len(contents.chars)}
    networks = []
    for number, stage in enumerate(contents.stages):
        data = f"weights-{number}" if stage.weights else None
        if stage.weights:
            blocks[f"weights-{number}"] = deflate(stage.weights.to_bytes())
        networks.append({"name": stage.name, "label": stage.label, "head": head(stage.shape), "data": data})
    return kit.render(
        __package__,
        "play.html",
        styles=["play.css"],
        script="\n".join(kit.read(__package__, name) for name in SCRIPTS),
        computes=(kit.WEBASSEMBLY, kit.WORKER) if webassembly else (kit.WORKER,),
        run=contents.run,
        sample=contents.sample,
        facts=contents.facts,
        recital=contents.recital,
        config=config | {"networks": networks},
        blocks=blocks,
    )


def head(shape: Shape) -> dict[str, int]:
    """Return what the program must know to read a network's numbers."""
    return asdict(shape) | {"rows": shape.rows, "levels": shape.input_levels}


def deflate(content: bytes) -> str:
    """Return bytes compressed, in base64."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return _base64(squeezer.compress(content) + squeezer.flush())


def equals(chars: str) -> dict[str, str]:
    """Return what stands for characters that a network does not know, where leaving out their accents is not it."""
    known = frozenset(chars)
    found = {}
    for char in (chr(code) for codes in _TYPED for code in codes if chr(code) not in known):
        plain = "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
        instead = closest(char, known)
        if instead and instead != plain and grammar.escape(instead) == instead:
            found[char] = instead
    return found


def describe(shape: Shape, size: int, epoch: float, val_loss: float, run: str) -> str:
    """Return a sentence on a network: its shape, its training, and how well it predicts."""
    bits = val_loss / log(2)
    layers = f"{shape.layers} layer{'s' * (shape.layers > 1)}"
    return (
        f"The network of run {run} is an LSTM with {layers} of {size} cells. After {epoch:.2f} passes "
        f"through its training text it took {bits:.2f} bits for each character of a text that it had not seen; one bit "
        "is one coin toss."
    )


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
