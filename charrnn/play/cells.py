"""Find the cells of a network that follow something a person can name, such as being inside a tag.

A cell is compared with a property of each character by the correlation of tanh(cell), after the character is read, with
it (Karpathy, Johnson and Fei-Fei 2015, "Visualizing and Understanding Recurrent Networks", found such cells by eye).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charrnn.play.network import Network
from charrnn.play.weights import Weights

Floats = NDArray[np.float64]

LEAST = 0.5  # the least correlation, in absolute value, of a cell that is named
CHARACTERS = 1000  # of each text that are read

_tag = re.compile(r"<(/?)([a-z0-9]+)/?>")


@dataclass(frozen=True, slots=True)
class CellLabel:
    """A cell (layer from 1, cell from 0) that follows a property of the text, with its correlation `r`."""

    layer: int
    cell: int
    follows: str
    r: float


def find_labels(weights: Weights, texts: Sequence[NDArray[np.int64]], chars: str) -> list[CellLabel]:
    """Return for each property the cell that follows it best, where one does; the strongest first.

    texts are ids, which are read side by side.
    """
    activations = read(weights, [ids[:CHARACTERS] for ids in texts])
    written = ["".join(chars[index] for index in ids[:CHARACTERS]) for ids in texts]
    properties: dict[str, list[Floats]] = {}
    for text in written:
        for name, values in _properties(text):
            properties.setdefault(name, []).append(values)
    labels = []
    for name, parts in properties.items():
        values = np.concatenate(parts)
        r = correlate(activations, values)
        best = int(np.abs(r).argmax())
        if abs(r[best]) >= LEAST:
            labels.append(
                CellLabel(best // weights.shape.size + 1, best % weights.shape.size, name, round(float(r[best]), 3))
            )
    return sorted(labels, key=lambda label: -abs(label.r))


def read(weights: Weights, texts: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
    """Return tanh of all cells after each character of the texts, one text after the other: (characters, cells)."""
    network = Network(weights, slots=len(texts))
    length = max(map(len, texts))
    padded = np.zeros((len(texts), length), np.int64)
    for row, ids in enumerate(texts):
        padded[row, : len(ids)] = ids
    seen = np.empty((len(texts), length, weights.shape.layers * weights.shape.size), np.float32)
    for at in range(length):
        network.step(padded[:, at])
        seen[:, at] = network.shown.transpose(1, 0, 2).reshape(len(texts), -1)
    return np.concatenate([seen[row, : len(ids)] for row, ids in enumerate(texts)])


def correlate(activations: NDArray[np.float32], values: Floats) -> Floats:
    """Return the correlation of each cell with a property, (cells,); 0 where one of both does not vary.

    activations (characters, cells); values (characters,), NaN where the property says nothing.
    """
    known = ~np.isnan(values)
    if not known.any():
        return np.zeros(activations.shape[1])
    cells, wanted = activations[known].astype(np.float64), values[known]
    cells -= cells.mean(axis=0)
    wanted = wanted - wanted.mean()
    spread = np.sqrt((cells**2).sum(axis=0) * (wanted**2).sum())
    made: Floats = np.divide(wanted @ cells, spread, out=np.zeros(len(spread)), where=spread > 1e-9)
    return made


def _properties(text: str) -> Iterator[tuple[str, Floats]]:
    """Yield the properties of each character of a text by their names."""
    if text.startswith("<html>"):
        yield from _of_markup(text)
    else:
        yield from _of_plain_text(text)
    yield "the position in the line", _since(text, "\n")
    yield "the position in the word", _since(text, " \n<>")
    yield "capital letters", _where(text, str.isupper)
    yield "digits", _where(text, str.isdigit)


def _of_markup(text: str) -> Iterator[tuple[str, Floats]]:
    inside = {name: np.zeros(len(text)) for name in ("html", "h1", "h2", "h3", "h4", "p", "li", "b", "em")}
    tags = np.zeros(len(text))
    opened: list[tuple[str, int]] = []
    for found in _tag.finditer(text):
        tags[found.start() : found.end() - 1] = 1  # the state after the last character is outside
        closing, name = found.groups()
        if not closing and name in inside:
            opened.append((name, found.end()))
        elif closing and opened and opened[-1][0] == name:
            inside[name][opened.pop()[1] : found.start()] = 1
    for name, start in opened:
        inside[name][start:] = 1
    either = np.where(inside["li"] + inside["p"] > 0, inside["li"], np.nan)
    yield "tags", tags
    yield "lists, against paragraphs", either
    yield "bold text", inside["b"]
    yield "the head of the posting", np.maximum.reduce([inside[name] for name in ("h1", "h2", "h3")])
    yield "headings", inside["h4"]


def _of_plain_text(text: str) -> Iterator[tuple[str, Floats]]:
    quoted, bracketed = np.zeros(len(text)), np.zeros(len(text))
    for found in re.finditer(r'"[^"]{1,400}"|“[^”]{1,400}”|«[^»]{1,400}»', text):
        quoted[found.start() : found.end() - 1] = 1
    for found in re.finditer(r"\([^()]{1,200}\)|\[[^\[\]]{1,200}\]|\{[^{}]{1,400}\}", text):
        bracketed[found.start() : found.end() - 1] = 1
    yield "quotations", quoted
    yield "brackets", bracketed
    indents = [len(line) - len(line.lstrip(" \t")) for line in text.split("\n")]
    lengths = [len(line) + 1 for line in text.split("\n")]
    yield "the indent of the line", np.repeat(np.array(indents, float), lengths)[: len(text)]


def _since(text: str, ends: str) -> Floats:
    """Return log(1 + n) for each character, where n is the number of characters since one of `ends`."""
    counts = np.empty(len(text))
    count = 0
    for at, char in enumerate(text):
        count = 0 if char in ends else count + 1
        counts[at] = count
    return np.log1p(counts)


def _where(text: str, holds: Callable[[str], bool]) -> Floats:
    return np.array([float(holds(char)) for char in text])
