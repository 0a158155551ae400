"""Generate a text for each prompt. Reads and writes no file.

Texts are sampled side by side, each in a slot of the batch. When a text is finished, the next takes its slot.

Row `r` has random numbers of its own: the character at position `p` of its text comes from the `p`-th pair of the
stream (seed, r), whatever other rows are in the batch. The prompt goes through the same single steps as the sampled
characters. So prompts of different lengths share a batch, and a text sampled in two parts, the first being the prompt
of the second, equals the text sampled at once.

There are two ways to run the network. The quantized one (`charrnn.model.quantized`) drops slots that have nothing left
to do. The deterministic one is the model as it was trained, in float32, and each row equals the same row sampled alone,
to the last bit: the network always runs on the same shape, `width` slots and one character, even when slots are empty,
and row `r` always lies in slot `r % width`. Matrix products of other shapes, or of other rows of the same shape, may
sum in another order and differ in the last bit, which can change a character some thousand characters later.

Hence the same checkpoint, prompts, seed and rows give the same texts on the same machine, device and number of
threads. Another machine sums in another order, so its texts differ sooner or later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.data.vocab import Vocab
from charrnn.model.lstm import CharLSTM
from charrnn.sample.grammar_mask import GrammarMask
from charrnn.sample.sampling import Bools, Floats, Ids, Sampled, SamplingParams, sample_next
from charrnn.sample.stepper import Stepper, make_stepper
from scrape.common.errors import InputError
from scrape.markup.grammar import CLOSE, END

OnStep = Callable[[int], object]
OnToken = Callable[[int, str], object]

WARM_UP = CLOSE["p"] + END
"""The warm-up context, which the network reads before a text: the end of a posting, after which another begins.

The zero state, which training hardly ever saw, and `</html>` alone do worse: to a network of 2x256, each of the first
40 characters of a posting takes 0.89 bits after `</html>`, 0.80 after this and 0.79 after a whole posting.
"""

WIDTH = 128
DETERMINISTIC_WIDTH = 16


@dataclass(frozen=True, slots=True)
class Sample:
    """One sampled text: `prompt` is its beginning, and `ended` says whether the network ended it by itself.

    It did not end it where the length limit cut it, or made the mask close the open elements. `closed` says that the
    mask closed it after a whole block, because it was long.
    """

    row: int
    prompt: str
    text: str
    ended: bool
    masked: int = 0  # how many of the written characters the mask changed
    cost: float = 0.0  # nats: minus the log of the likelihood of the allowed characters, summed over the text
    logprob: float = 0.0  # nats: of the written characters, under the network alone (temperature 1, no mask)
    closed: bool = False


def generate(
    model: CharLSTM,
    vocab: Vocab,
    prompts: Sequence[str],
    params: SamplingParams,
    *,
    mask: GrammarMask | None = None,
    stop: str = END,
    stop_from: int = 0,
    close_from: int | None = None,
    warm_ups: Sequence[str] = (WARM_UP,),
    width: int | None = None,
    deterministic: bool = False,
    on_step: OnStep = lambda written: None,
    on_token: OnToken | None = None,
) -> Iterator[Sample]:
    """Sample a text for every prompt, and yield each as soon as it is finished; `row` is the index of its prompt.

    At most `params.length` characters are added to each prompt, fewer where the text ends in `stop` before, with
    `stop_from` characters or more. Before the prompt the network reads one of `warm_ups`, in turn. With `mask`, every
    text is the beginning of a well-formed document, and a whole one where `stop` does not end it sooner; from
    `close_from` characters on, it is closed after the block that is being written. At most `width` (WIDTH) texts are
    sampled side by side. If `deterministic`, there are always `width` (DETERMINISTIC_WIDTH) slots, and a row's text
    depends on no other row.

    `on_step` is called after each step with the number of characters that it wrote, and `on_token` for each of these
    with its row and the character.

    Raises InputError, before anything is sampled: on a character that the vocabulary does not have, on an empty
    prompt where it cannot write WARM_UP, on a prompt that no document begins with, on a length too short to end one.
    Raises it later where the model's output is not a number.
    """
    begins = [(prompt, warm_ups[row % len(warm_ups)]) for row, prompt in enumerate(prompts)]
    read = {begin: _read_prompt(*begin, vocab, params.length, mask) for begin in dict.fromkeys(begins)}
    rows = [_Row(number, begin[0], *read[begin]) for number, begin in enumerate(begins)]
    if deterministic:
        slots = width or DETERMINISTIC_WIDTH
        queues = [iter(rows[slot::slots]) for slot in range(slots)]
    else:
        queues = [iter(rows)] * min(width or WIDTH, len(rows))  # one queue for all slots
    batch = _Batch(len(queues), vocab, params, mask, stop, stop_from, close_from)
    stepper = make_stepper(model, len(queues), deterministic)
    return _run(batch, stepper, queues, on_step, on_token, shrink=not deterministic)


@dataclass(frozen=True, slots=True)
class _Row:
    """A text to be written."""

    number: int
    prompt: str
    context: Ids  # what the network reads up to the end of the prompt
    state: int  # the number of the grammar state after the prompt


def _read_prompt(prompt: str, warm_up: str, vocab: Vocab, length: int, mask: GrammarMask | None) -> tuple[Ids, int]:
    """Return the ids that the network reads up to the end of `prompt`, and the number of the grammar state there.

    The warm-up context comes first where the vocabulary can write it.
    """
    warm_up = warm_up if set(warm_up) <= set(vocab.chars) else ""
    context = np.concatenate([vocab.encode(warm_up), vocab.encode(prompt)]).astype(np.int64)
    if not len(context):
        raise InputError("the network needs a character to begin with; give one with --primetext")
    if mask is None:
        return context, 0
    state = mask.read(prompt)
    least = mask.shortest(state)
    if least > length:
        raise InputError(
            f"--length {length} is too short to end a posting that begins {prompt!r}; it takes {int(least)}"
        )
    return context, mask.number(state)


def _run(
    batch: _Batch,
    stepper: Stepper,
    queues: list[Iterator[_Row]],
    on_step: OnStep,
    on_token: OnToken | None,
    shrink: bool,
) -> Iterator[Sample]:
    """Sample until the rows of all queues, one for each slot, are written. `shrink` drops slots without a row."""
    for slot, rows in enumerate(queues):
        batch.begin(slot, next(rows, None))
    while batch.active.any():
        logits = stepper.step(batch.inputs())
        if not np.isfinite(logits).all():
            raise InputError("the model's output is not a number: its training diverged; sample an earlier checkpoint")
        on_step(batch.write(logits.astype(np.float64)))
        if on_token:
            batch.report(on_token)
        for slot in batch.finished():
            yield batch.sample(slot)
            stepper.reset(slot)
            batch.begin(slot, next(queues[slot], None))
        if shrink and not batch.active.all():
            stepper.keep(batch.active)
            batch.keep(batch.active)


_ROOM = 1024  # characters that a slot has room for at first
_SLOT = np.dtype(
    [
        ("active", np.bool_),  # whether there is a text
        ("at", np.int64),  # the index of the character that the network reads next
        ("known", np.int64),  # how many characters are known before anything is written
        ("end", np.int64),  # how many there are in all when the limit is reached
        ("state", np.int64),  # the number of the grammar state that the text has come to
        ("cut_short", np.bool_),  # whether the limit has changed a character
        ("closed", np.bool_),  # whether the text was closed after a block, because it was long
        ("masked", np.int64),
        ("cost", np.float64),
        ("logprob", np.float64),
    ]
)
_EMPTY = (False, 0, 1, np.iinfo(np.int64).max, 0, False, False, 0, 0.0, 0.0)


class _Batch:
    """The unfinished texts: arrays with a row for every slot, so that a step is the same few calls for all."""

    def __init__(
        self,
        slots: int,
        vocab: Vocab,
        params: SamplingParams,
        mask: GrammarMask | None,
        stop: str,
        stop_from: int = 0,
        close_from: int | None = None,
    ) -> None:
        self.vocab, self.params, self.mask = vocab, params, mask
        self.stop_from, self.close_from = stop_from, close_from
        self.newline, self.less = (vocab.chars.find(char) for char in "\n<")
        stops = {stop, END} if mask else {stop}  # nothing comes after a whole document, whatever the stop
        known = set(vocab.chars)
        self.stops = [vocab.encode(s).astype(np.int64) for s in sorted(stops) if s and set(s) <= known]
        self.rows: list[_Row | None] = [None] * slots
        self.streams = [np.random.default_rng(0)] * slots
        self.slots = np.arange(slots)
        self.now = np.zeros(slots, _SLOT)
        self.ids = np.zeros((slots, _ROOM), np.int64)  # what is known of a text, its warm-up context included
        self.uniforms = np.zeros((slots, _ROOM, 2))  # for the character of the same index
        self.furthest = 0  # no slot's `at` is beyond it

    @property
    def active(self) -> Bools:
        """(slots,) which slots have a text."""
        return np.asarray(self.now["active"])

    def begin(self, slot: int, row: _Row | None) -> None:
        """Put a row into a slot, or nothing."""
        self.rows[slot] = row
        if row is None:
            self.now[slot] = _EMPTY
            return
        known, warm_up = len(row.context), len(row.context) - len(row.prompt)
        self._make_room(known + 1)
        self.now[slot] = (True, 0, known, known + self.params.length, row.state, False, False, 0, 0.0, 0.0)
        self.ids[slot, :known] = row.context
        self.streams[slot] = np.random.default_rng([self.params.seed, row.number])
        self.uniforms[slot, warm_up:] = self.streams[slot].random((self.ids.shape[1] - warm_up, 2))

    def keep(self, slots: Bools) -> None:
        """Keep only some of the slots."""
        left = np.flatnonzero(slots)
        self.rows, self.streams = [self.rows[slot] for slot in left], [self.streams[slot] for slot in left]
        self.now, self.ids, self.uniforms = self.now[left], self.ids[left], self.uniforms[left]
        self.slots = np.arange(len(left))

    def inputs(self) -> Ids:
        """Return what the network is to read next, (slots,)."""
        return np.asarray(self.ids[self.slots, self.now["at"]])

    def write(self, logits: Floats) -> int:
        """Add a character to each text: the prompt's, or one that is sampled. Return how many were sampled.

        logits (slots, characters) of what comes after the character that was read.
        """
        now = self.now
        now["at"] += now["active"]
        self.furthest += 1
        self._make_room(self.furthest + 1)
        at, state = now["at"], now["state"]
        writing = at >= now["known"]
        sampled = self._sample(logits, writing)
        chosen = np.where(writing, sampled.ids, self.ids[self.slots, at])
        self.ids[self.slots, at] = chosen
        now["logprob"] += writing * sampled.logprobs
        if self.mask:
            now["cost"] += writing * sampled.costs
            state[writing] = self.mask.follow(state[writing], chosen[writing])
        return int(np.count_nonzero(writing))

    def report(self, on_token: OnToken) -> None:
        """Call `on_token` with the row and the character of each that was sampled just now."""
        for slot in np.flatnonzero(self.active & (self.now["at"] >= self.now["known"])).tolist():
            row = self.rows[slot]
            assert row is not None, "a slot that writes has a row"
            on_token(row.number, self.vocab.chars[self.ids[slot, self.now["at"][slot]]])

    def _make_room(self, needed: int) -> None:
        """Make room for texts of `needed` characters."""
        room = self.ids.shape[1]
        if needed <= room:
            return
        more = max(needed, 2 * room) - room
        self.ids = np.pad(self.ids, ((0, 0), (0, more)))
        self.uniforms = np.hstack([self.uniforms, np.stack([stream.random((more, 2)) for stream in self.streams])])

    def _sample(self, logits: Floats, writing: Bools) -> Sampled:
        """Sample a character for each slot, and count where the mask changed it."""
        now, mask = self.now, self.mask
        uniforms = self.uniforms[self.slots, now["at"]]
        if mask is None:
            return sample_next(logits, uniforms, self.params)
        shortest = mask.shortest_after(now["state"])
        within = shortest <= (now["end"] - now["at"])[:, None]
        closing = self._is_closing()
        allowed = within & (~closing[:, None] | (shortest <= shortest.min(axis=1, keepdims=True)))
        sampled = sample_next(logits, uniforms, self.params, allowed)
        if sampled.ids is not sampled.unmasked:
            masked = writing & (sampled.ids != sampled.unmasked)
            now["masked"] += masked
            # Where the grammar allows the unmasked character, it was the limit that forbade it, or the closing.
            now["closed"] |= masked & (within & ~allowed).any(axis=1)
            fits = within[self.slots, sampled.unmasked]
            now["cut_short"] |= masked & ~fits & (shortest[self.slots, sampled.unmasked] < np.inf)
        return sampled

    def _is_closing(self) -> Bools:
        """Return (slots,) whether a text is to be closed now: it is long, and at the beginning of a tag in a new line.

        No text of a block holds a newline, so a block or a list item has ended there.
        """
        if self.close_from is None:
            return np.zeros(len(self.slots), np.bool_)
        at = self.now["at"]
        before, last = self.ids[self.slots, at - 2], self.ids[self.slots, at - 1]
        begins = (last == self.newline) | ((last == self.less) & (before == self.newline))
        return np.asarray(begins & (at - self.now["known"] >= self.close_from))

    def finished(self) -> list[int]:
        """Return the slots whose text is at its end."""
        now = self.now
        over = now["at"] + 1 >= now["end"]
        last = self.ids[self.slots, now["at"]]
        for stop in self.stops:
            for slot in np.flatnonzero((last == stop[-1]) & now["active"]).tolist():
                over[slot] |= self._has_stopped(slot)
        made: list[int] = np.flatnonzero(over).tolist()
        return made

    def _has_stopped(self, slot: int) -> bool:
        """Return whether a stop has just been written, if only its last character."""
        row, at, known = self.rows[slot], self.now["at"][slot], self.now["known"][slot]
        if row is None or at < known:
            return False
        if at + 1 - known < self.stop_from:
            return False
        text = self.ids[slot, known - len(row.prompt) : at + 1]
        return any(np.array_equal(text[-len(stop) :], stop) for stop in self.stops)

    def sample(self, slot: int) -> Sample:
        """Return a slot's text as it is."""
        row, now = self.rows[slot], self.now[slot]
        assert row is not None, "a slot that has finished has a row"
        text = row.prompt + self.vocab.decode(self.ids[slot, now["known"] : now["at"] + 1])
        whole = self._has_stopped(slot) and not now["cut_short"]
        closed = bool(now["closed"])
        counts = int(now["masked"]), float(now["cost"]), float(now["logprob"])
        return Sample(row.number, row.prompt, text, whole and not closed, *counts, whole and closed)
