"""Sampling: prompts in, texts out. Touches no file.

Rows are sampled side by side, and each is what it would be alone, to the last bit. Three things see to that:

- The network always runs on the same shape, `width` rows and one character, whatever is left to do, and row `r`
  always lies in lane `r % width`. Matrix products of other shapes, or of other rows of the same shape, may sum in
  another order and differ in the last bit, which is enough to change a character some thousand characters later.
- The prompt goes through the same single steps, so prompts of any lengths share a batch.
- Row `r` has random numbers of its own: the character at position `p` of its text comes from the `p`-th number of
  the stream (seed, r).

Hence the same checkpoint, prompt, seed and row give the same text on the same machine, device and number of
threads. It also follows that a text sampled in two goes, the first part being the prompt of the second, is the text
sampled in one. Another machine sums in another order, and its texts part company sooner or later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from charrnn.constrain import Constraint, Place
from charrnn.draw import Floats, Rule, draw
from charrnn.model import BATCH_AXIS, CharLSTM
from charrnn.vocab import Vocab
from scrape.errors import InputError
from scrape.markup import END

WIDTH = 16


@dataclass(frozen=True, slots=True)
class Sample:
    """One sampled text: `prompt` is how it begins, and `ended` says whether the network ended it by itself.

    It did not where the length limit cut it, or made the constraint close what was open.
    """

    row: int
    prompt: str
    text: str
    ended: bool
    masked: int = 0  # how many of the written characters the constraint changed
    cost: float = 0.0  # nats: minus the log of how likely the network was, at each character, to write an allowed one
    logprob: float = 0.0  # nats: of the written characters, under the network alone (temperature 1, no constraint)


def generate(
    model: CharLSTM,
    vocab: Vocab,
    prompts: Sequence[str],
    *,
    length: int,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    seed: int = 0,
    constrain: Constraint | None = None,
    stop: str = END,
    first: int = 0,
    width: int = WIDTH,
    exact: bool = False,
    tick: Callable[[int], object] = lambda written: None,
) -> Iterator[Sample]:
    """Sample a text for every prompt, and give each as soon as it is finished (`row` tells which it is).

    At most `length` characters are written to each prompt, fewer where the text comes to end in `stop`. Before the
    prompt the network reads the end of a posting. A `temperature` of 0 takes the likeliest character. With
    `constrain`, every text is the beginning of a well-formed document, and a whole one where `stop` does not end it
    sooner. `prompts[i]` is row `first + i`. `tick` is told how many characters each step wrote.

    Raises InputError, before anything is sampled: on a character that the vocabulary does not have, on an empty
    prompt where it cannot write a posting's end, on a prompt that no document begins with, on a length too short to
    end one, on a temperature or seed below 0. Raises it later where the model's output is not a number.
    """
    _check(length, seed)
    rule = Rule(temperature, top_k, top_p, min_p)
    context = [_context(vocab, prompt) for prompt in prompts]
    places = [_beginning(constrain, prompt, length) for prompt in prompts]

    def rows(lane: int) -> Iterator[_Row]:
        for index in range((lane - first) % width, len(prompts), width):
            yield _Row(first + index, prompts[index], context[index], places[index], length, seed)

    writer = _Writer(vocab.chars, rule, constrain, stop)
    return _sample(_Network(model, width), [rows(lane) for lane in range(width)], writer, tick)


def _check(length: int, seed: int) -> None:
    if length < 1:
        raise InputError(f"length {length} leaves nothing to sample; give 1 or more")
    if seed < 0:
        raise InputError(f"seed {seed} is below 0; give 0 or more")


def _context(vocab: Vocab, prompt: str) -> list[int]:
    """The ids that the network reads up to the end of `prompt`.

    They begin with the end of a posting, as postings do in the corpus. From zeros, which training hardly ever saw,
    a network of 2x256 guesses the characters of a title worse by 0.21 nats (0.92 against 0.70).
    """
    lead = END if set(END) <= set(vocab.chars) else ""
    prompt_ids: list[int] = vocab.encode(prompt).tolist()
    ids: list[int] = vocab.encode(lead).tolist() + prompt_ids
    if not ids:
        raise InputError("the network needs a character to begin with; give one with --primetext")
    return ids


def _beginning(constrain: Constraint | None, prompt: str, length: int) -> Place | None:
    if constrain is None:
        return None
    place = constrain.read(prompt)
    if constrain.shortest(place) > length:
        least = int(constrain.shortest(place))
        raise InputError(f"length {length} is too short to end a posting that begins {prompt!r}; it takes {least}")
    return place


class _Network:
    """The model and the state of its lanes, one character at a time."""

    def __init__(self, model: CharLSTM, width: int) -> None:
        self.model = model.eval()
        self.state = model.initial_state(width)
        self.device = self.state[0].device

    @torch.inference_mode()
    def step(self, ids: list[int]) -> Floats:
        """Feed one character to each lane; gives the logits (lanes, characters) of the next."""
        with _without_onednn():
            logits, self.state = self.model(torch.tensor(ids, device=self.device)[:, None], self.state)
        made: Floats = logits[:, -1].double().cpu().numpy()
        if not np.isfinite(made).all():
            raise InputError("the model's output is not a number: its training diverged; sample an earlier checkpoint")
        return made

    @torch.inference_mode()
    def restart(self, lane: int) -> None:
        """Make a lane forget what it has read."""
        for part in self.state:
            part.select(BATCH_AXIS, lane).zero_()


@contextmanager
def _without_onednn() -> Iterator[None]:
    """oneDNN packs the weights anew at every call of an LSTM; for a single character that takes 2-4 times the rest."""
    # `flags()` would do as well, but in torch 2.13 it warns of Intel GPUs on leaving.
    before = bool(torch.backends.mkldnn.enabled)
    torch.backends.mkldnn.enabled = False  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.backends.mkldnn.enabled = before  # type: ignore[assignment]


class _Row:
    """A text in the making. `ids` is all of it that is known so far, and the network has read up to `at`."""

    def __init__(self, number: int, prompt: str, ids: list[int], place: Place | None, length: int, seed: int) -> None:
        self.number = number
        self.prompt = prompt
        self.text = prompt
        self.ids = ids
        self.at = 0
        self.place = place
        self.end = len(prompt) + length
        self.uniforms = np.random.default_rng([seed, number]).random((self.end, 2))
        self.ended = False
        self.pressed = False  # whether the length limit has had a say
        self.masked, self.cost, self.logprob = 0, 0.0, 0.0

    @property
    def feed(self) -> int:
        """The character that the network reads next."""
        return self.ids[self.at]

    @property
    def writing(self) -> bool:
        """Whether what comes after `feed` is to be chosen; else the prompt says it."""
        return self.at + 1 == len(self.ids)

    @property
    def left(self) -> int:
        """How many characters may still be written."""
        return self.end - len(self.text)

    @property
    def uniform(self) -> Floats:
        return np.asarray(self.uniforms[len(self.text)])

    @property
    def over(self) -> bool:
        return self.ended or not self.left

    def write(self, index: int, char: str, stop: str) -> None:
        self.ids.append(index)
        self.text += char
        self.ended = bool(stop) and self.text.endswith(stop)

    def sample(self) -> Sample:
        ended = self.ended and not self.pressed
        return Sample(self.number, self.prompt, self.text, ended, self.masked, self.cost, self.logprob)


@dataclass(frozen=True)
class _Writer:
    """Writes one character to each row that is past its prompt."""

    chars: str
    rule: Rule
    constrain: Constraint | None
    stop: str

    def write(self, rows: Sequence[_Row | None], logits: Floats) -> int:
        """Gives how many characters it wrote. logits (rows, characters)."""
        writing = [(lane, row) for lane, row in enumerate(rows) if row and row.writing]
        if not writing:
            return 0
        uniforms = np.zeros((len(rows), 2))
        allowed = np.ones_like(logits, dtype=np.bool_)
        for lane, row in writing:
            uniforms[lane] = row.uniform
            if self.constrain and row.place:
                allowed[lane] = self.constrain.allowed(row.place, row.left)
                row.pressed |= self.constrain.presses(row.place, row.left)
        # Drawn for all lanes, wanted or not: one shape, as in the network, and for the same reason.
        drawn = draw(logits, uniforms, self.rule, allowed if self.constrain else None)
        chosen = drawn.ids.tolist()
        for lane, row in writing:
            row.masked += bool(drawn.masked[lane])
            row.cost += float(drawn.costs[lane])
            row.logprob += float(drawn.logprobs[lane])
            row.write(chosen[lane], self.chars[chosen[lane]], self.stop)
            if self.constrain and row.place:
                row.place = self.constrain.push(row.place, chosen[lane])
        return len(writing)


def _sample(
    network: _Network, lanes: Sequence[Iterator[_Row]], writer: _Writer, tick: Callable[[int], object]
) -> Iterator[Sample]:
    rows = [next(lane, None) for lane in lanes]
    while any(rows):
        logits = network.step([row.feed if row else 0 for row in rows])
        tick(writer.write(rows, logits))
        for lane, row in enumerate(rows):
            if row is None:
                continue
            row.at += 1
            if row.over:
                yield row.sample()
                network.restart(lane)
                rows[lane] = next(lanes[lane], None)
