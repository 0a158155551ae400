"""Sampling: prompts in, texts out. Touches no file.

Texts are sampled side by side, each in a lane of its own. A text that is finished leaves, and the next takes its lane.

Row `r` has random numbers of its own: the character at position `p` of its text comes from the `p`-th pair of the
stream (seed, r), whatever lies beside it. The prompt goes through the same single steps as what is written, so prompts
of any lengths share a batch, and a text sampled in two goes, the first part being the prompt of the second, is the
text sampled in one.

There are two ways to run the network. The quick one (`charrnn.quick`) has a lane for every row, and lanes that have
nothing left to do go. The exact one is the model as it was trained, in float32, and each row is what it would be alone,
to the last bit: the network always runs on the same shape, `width` lanes and one character, whatever is left to do,
and row `r` always lies in lane `r % width`. Matrix products of other shapes, or of other rows of the same shape, may
sum in another order and differ in the last bit, which is enough to change a character some thousand characters later.

Hence the same checkpoint, prompts, seed and rows give the same texts on the same machine, device and number of
threads. Another machine sums in another order, and its texts part company sooner or later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charrnn.data.vocab import Vocab
from charrnn.model.lstm import CharLSTM
from charrnn.sample.grammar_mask import Constraint
from charrnn.sample.sampling import Bools, Drawn, Floats, Ids, Rule, draw
from charrnn.sample.stepper import Network, network
from scrape.common.errors import InputError
from scrape.markup.grammar import CLOSE, END

LEAD = CLOSE["p"] + END
"""What the network reads before a text: how a posting ends, after which it begins another.

From zeros, which training hardly ever saw, or from `</html>` alone, it does worse: a network of 2x256 guesses the first
40 characters of a posting by 0.89 bits each after `</html>`, by 0.80 after this and by 0.79 after a whole posting.
"""

WIDTH = 128
EXACT_WIDTH = 16


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
    width: int | None = None,
    exact: bool = False,
    tick: Callable[[int], object] = lambda written: None,
    told: Callable[[int, str], object] | None = None,
) -> Iterator[Sample]:
    """Sample a text for every prompt, and give each as soon as it is finished (`row` tells which it is).

    At most `length` characters are written to each prompt, fewer where the text comes to end in `stop`. Before the
    prompt the network reads the end of a posting. `temperature`, `top_k`, `top_p` and `min_p` are those of
    `charrnn.draw.Rule`. With `constrain`, every text is the beginning of a well-formed document, and a whole one where
    `stop` does not end it sooner. `prompts[i]` is row `first + i`. `tick` is told how many characters each step wrote,
    and `told` each character that is written, after its row.

    At most `width` (WIDTH) texts are sampled side by side. With `exact`, always `width` (EXACT_WIDTH) lanes are, and
    a row's text depends on no other row.

    Raises InputError, before anything is sampled: on a character that the vocabulary does not have, on an empty
    prompt where it cannot write a posting's end, on a prompt that no document begins with, on a length too short to
    end one, on a number that makes no sense. Raises it later where the model's output is not a number.
    """
    _check(length, seed)
    request = _Request(vocab, length, seed, Rule(temperature, top_k, top_p, min_p), constrain, stop)
    known = {prompt: _beginning(prompt, request) for prompt in dict.fromkeys(prompts)}
    rows = [_Row(first + index, prompt, *known[prompt]) for index, prompt in enumerate(prompts)]
    waiting = _in_lanes(rows, width or (EXACT_WIDTH if exact else WIDTH), exact)
    return _sample(_Texts(len(waiting), request), network(model, len(waiting), exact), waiting, tick, told, exact)


def _check(length: int, seed: int) -> None:
    if length < 1:
        raise InputError(f"length {length} leaves nothing to sample; give 1 or more")
    if seed < 0:
        raise InputError(f"seed {seed} is below 0; give 0 or more")


@dataclass(frozen=True)
class _Request:
    """What holds for all rows."""

    vocab: Vocab
    length: int
    seed: int
    rule: Rule
    constrain: Constraint | None
    stop: str

    def stops(self) -> list[Ids]:
        """What ends a text, where it can be written at all: nothing comes after a whole document, whatever the stop."""
        texts = {self.stop, END} if self.constrain else {self.stop}
        return [
            self.vocab.encode(text).astype(np.int64)
            for text in sorted(texts)
            if text and set(text) <= set(self.vocab.chars)
        ]


@dataclass(frozen=True, slots=True)
class _Row:
    """A text to be written."""

    number: int
    prompt: str
    context: Ids  # what the network reads up to the end of the prompt
    place: int  # the number of the place after the prompt


def _beginning(prompt: str, request: _Request) -> tuple[Ids, int]:
    """What the network reads up to the end of `prompt`, and the number of the place there."""
    context = _context(request.vocab, prompt)
    return context, _place(request.constrain, prompt, request.length) if request.constrain else 0


def _context(vocab: Vocab, prompt: str) -> Ids:
    """The ids that the network reads up to the end of `prompt`, LEAD first where its alphabet can write that."""
    lead = LEAD if set(LEAD) <= set(vocab.chars) else ""
    ids = np.concatenate([vocab.encode(lead), vocab.encode(prompt)]).astype(np.int64)
    if not len(ids):
        raise InputError("the network needs a character to begin with; give one with --primetext")
    return ids


def _place(constrain: Constraint, prompt: str, length: int) -> int:
    place = constrain.read(prompt)
    if constrain.shortest(place) > length:
        least = int(constrain.shortest(place))
        raise InputError(f"length {length} is too short to end a posting that begins {prompt!r}; it takes {least}")
    return constrain.number(place)


def _in_lanes(rows: Sequence[_Row], lanes: int, exact: bool) -> list[Iterator[_Row]]:
    """The rows that each lane is to write, one after the other: its own, or whichever comes next."""
    if exact:
        return [iter([row for row in rows if row.number % lanes == lane]) for lane in range(lanes)]
    return [iter(rows)] * min(lanes, len(rows))


def _sample(
    texts: _Texts,
    network: Network,
    waiting: list[Iterator[_Row]],
    tick: Callable[[int], object],
    told: Callable[[int, str], object] | None,
    exact: bool,
) -> Iterator[Sample]:
    for lane, rows in enumerate(waiting):
        texts.begin(lane, next(rows, None))
    while texts.begun.any():
        logits = network.step(texts.read())
        tick(texts.write(_numbers(logits)))
        if told:
            texts.tell(told)
        for lane in texts.finished():
            yield texts.sample(lane)
            network.forget(lane)
            texts.begin(lane, next(waiting[lane], None))
        if not exact and not texts.begun.all():
            network.keep(texts.begun)
            texts.keep(texts.begun)


def _numbers(logits: NDArray[np.float32]) -> Floats:
    if not np.isfinite(logits).all():
        raise InputError("the model's output is not a number: its training diverged; sample an earlier checkpoint")
    return logits.astype(np.float64)


_ROOM = 1024  # characters that a lane has room for at first
_LANE = np.dtype(
    [
        ("begun", np.bool_),  # whether there is a text
        ("at", np.int64),  # the index of the character that the network reads next
        ("known", np.int64),  # how many characters are known before anything is written
        ("end", np.int64),  # how many there are in all when the limit is reached
        ("place", np.int64),  # the number of the place that the text has come to
        ("pressed", np.bool_),  # whether the limit has changed a character
        ("masked", np.int64),
        ("cost", np.float64),
        ("logprob", np.float64),
    ]
)


class _Texts:
    """The texts in the making: arrays with a row for every lane, so that a step is the same few calls for all."""

    def __init__(self, lanes: int, request: _Request) -> None:
        self.request = request
        self.stops = request.stops()
        self.rows: list[_Row | None] = [None] * lanes
        self.streams = [np.random.default_rng(0)] * lanes
        self.lanes = np.arange(lanes)
        self.now = np.zeros(lanes, _LANE)
        self.ids = np.zeros((lanes, _ROOM), np.int64)  # what is known of a text, its lead included
        self.uniforms = np.zeros((lanes, _ROOM, 2))  # for the character of the same index
        self.furthest = 0  # no lane's `at` is beyond it

    @property
    def begun(self) -> Bools:
        """(lanes,) which lanes have a text."""
        return np.asarray(self.now["begun"])

    def begin(self, lane: int, row: _Row | None) -> None:
        """Put a row into a lane, or nothing."""
        self.rows[lane] = row
        if row is None:
            self.now[lane] = (False, 0, 1, np.iinfo(np.int64).max, 0, False, 0, 0.0, 0.0)
            return
        known, lead = len(row.context), len(row.context) - len(row.prompt)
        self._make_room(known + 1)
        self.now[lane] = (True, 0, known, known + self.request.length, row.place, False, 0, 0.0, 0.0)
        self.ids[lane, :known] = row.context
        self.streams[lane] = np.random.default_rng([self.request.seed, row.number])
        self.uniforms[lane, lead:] = self.streams[lane].random((self.ids.shape[1] - lead, 2))

    def keep(self, lanes: Bools) -> None:
        """Go on with some of the lanes alone."""
        left = np.flatnonzero(lanes)
        self.rows, self.streams = [self.rows[lane] for lane in left], [self.streams[lane] for lane in left]
        self.now, self.ids, self.uniforms = self.now[left], self.ids[left], self.uniforms[left]
        self.lanes = np.arange(len(left))

    def read(self) -> Ids:
        """(lanes,) what the network is to read next."""
        return np.asarray(self.ids[self.lanes, self.now["at"]])

    def write(self, logits: Floats) -> int:
        """Go on by a character: the prompt's, or one that is drawn. Gives how many were drawn.

        logits (lanes, characters) of what comes after the character that was read.
        """
        now = self._advance()
        at, place = now["at"], now["place"]
        writing = at >= now["known"]
        drawn = self._draw(logits, writing)
        chosen = np.where(writing, drawn.ids, self.ids[self.lanes, at])
        self.ids[self.lanes, at] = chosen
        now["logprob"] += writing * drawn.logprobs
        if self.request.constrain:
            now["cost"] += writing * drawn.costs
            place[writing] = self.request.constrain.follow(place[writing], chosen[writing])
        return int(np.count_nonzero(writing))

    def tell(self, told: Callable[[int, str], object]) -> None:
        """Tell what was drawn just now, character by character."""
        for lane in np.flatnonzero(self.begun & (self.now["at"] >= self.now["known"])).tolist():
            row = self.rows[lane]
            assert row is not None, "a lane that writes has a row"
            told(row.number, self.request.vocab.chars[self.ids[lane, self.now["at"][lane]]])

    def _advance(self) -> NDArray[np.void]:
        """Every text is one further. Gives how it stands with the lanes."""
        self.now["at"] += self.now["begun"]
        self.furthest += 1
        self._make_room(self.furthest + 1)
        return self.now

    def _make_room(self, needed: int) -> None:
        """Let texts have `needed` characters, or what the furthest of them has."""
        room = self.ids.shape[1]
        if needed <= room:
            return
        more = max(needed, 2 * room) - room
        self.ids = np.pad(self.ids, ((0, 0), (0, more)))
        self.uniforms = np.hstack([self.uniforms, np.stack([stream.random((more, 2)) for stream in self.streams])])

    def _draw(self, logits: Floats, writing: Bools) -> Drawn:
        """A character for each lane, and where the constraint changed it, a note of that."""
        now, constrain, rule = self.now, self.request.constrain, self.request.rule
        uniforms = self.uniforms[self.lanes, now["at"]]
        if constrain is None:
            return draw(logits, uniforms, rule)
        costs = constrain.costs(now["place"])
        drawn = draw(logits, uniforms, rule, costs <= (now["end"] - now["at"])[:, None])
        if drawn.ids is not drawn.wanted:
            masked = writing & (drawn.ids != drawn.wanted)
            now["masked"] += masked
            now["pressed"] |= masked & (costs[self.lanes, drawn.wanted] < np.inf)  # else the grammar forbade it
        return drawn

    def finished(self) -> list[int]:
        """The lanes whose text is at its end."""
        now = self.now
        over = now["at"] + 1 >= now["end"]
        last = self.ids[self.lanes, now["at"]]
        for stop in self.stops:
            for lane in np.flatnonzero((last == stop[-1]) & now["begun"]).tolist():
                over[lane] |= self._has_stopped(lane)
        made: list[int] = np.flatnonzero(over).tolist()
        return made

    def _has_stopped(self, lane: int) -> bool:
        """Whether a stop has just been written, if only its last character."""
        row, at, known = self.rows[lane], self.now["at"][lane], self.now["known"][lane]
        if row is None or at < known:
            return False
        text = self.ids[lane, known - len(row.prompt) : at + 1]
        return any(np.array_equal(text[-len(stop) :], stop) for stop in self.stops)

    def sample(self, lane: int) -> Sample:
        """A lane's text as it is."""
        row, now = self.rows[lane], self.now[lane]
        assert row is not None, "a lane that has finished has a row"
        text = row.prompt + self.request.vocab.decode(self.ids[lane, now["known"] : now["at"] + 1])
        ended = self._has_stopped(lane) and not now["pressed"]
        return Sample(
            row.number, row.prompt, text, ended, int(now["masked"]), float(now["cost"]), float(now["logprob"])
        )
