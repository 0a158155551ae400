"""A checkpoint at work on a request: the beginnings of its postings, and the postings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from charrnn.model import device
from charrnn.model.checkpoint import Checkpoint
from charrnn.model.lstm import CharLSTM
from charrnn.sample import prompts as prompt
from charrnn.sample.generate import Sample, generate
from charrnn.sample.grammar_mask import Constraint
from scrape.markup import document
from scrape.markup import grammar as markup

HEAD_LENGTH = 120  # characters that the network may give a head line that it was left


@dataclass(frozen=True)
class Request:
    """What is to be written, and how.

    `head` is title, company and location, empty where the network is to make them up; `prime` is a whole beginning
    in place of a head. The rest is as in `generate`; `raw` leaves the markup to the network.
    """

    head: tuple[str, str, str]
    prime: str | None
    count: int
    length: int
    temperature: float
    top_k: int
    top_p: float
    min_p: float
    seed: int
    raw: bool
    exact: bool


@dataclass(frozen=True)
class Sampler:
    """A checkpoint at work on one request."""

    loaded: Checkpoint
    model: CharLSTM
    grammar: Constraint | None
    request: Request

    @classmethod
    def of(cls, loaded: Checkpoint, request: Request, device_name: str) -> Sampler:
        """Raises InputError where there is no such device, or where the vocabulary cannot write postings."""
        grammar = None if request.raw else Constraint(loaded.vocab.chars)
        on = device.pick(device_name)
        if on.type == "cpu":
            # A single character is too little work to share: a second thread saves a tenth of the time on an idle
            # machine and multiplies it on a busy one, where each waits for the other at every step.
            torch.set_num_threads(1)
        return cls(loaded, loaded.model(on), grammar, request)

    def prompts(self) -> list[str]:
        """How the postings begin: with `prime`, or with a head of which the network makes up what is not given.

        The head has a fixed order, so for a company without a title, say, the network first writes the titles.
        Raises InputError on a character that the network does not know.
        """
        count, alphabet = self.request.count, frozenset(self.loaded.vocab.chars)
        if self.request.prime is not None:
            prompt.check_prime("the text to begin with", self.request.prime, alphabet)
            return [self.request.prime] * count
        lines = self.request.head
        for flag, line in zip(("--title", "--company", "--city and --state"), lines, strict=True):
            prompt.check_head(flag, line, alphabet)
        known = max((place for place, line in enumerate(lines, 1) if line.strip()), default=0)
        texts = [document.prompt_prefix()] * count
        for tag, line in zip(markup.HEAD[:known], lines, strict=False):
            if written := document.line(tag, line):
                texts = [text + written for text in texts]
            else:
                texts = self._head_lines([text + markup.OPEN[tag] for text in texts], tag)
        return texts

    def _head_lines(self, texts: list[str], tag: str) -> list[str]:
        """`texts`, each with a line of its head written to its end."""
        # A head that runs into the limit must be closed, also where the rest is left to the network.
        grammar = self.grammar or Constraint(self.loaded.vocab.chars)
        written = self._generate(texts, HEAD_LENGTH, grammar, stop=markup.CLOSE[tag])
        return [sample.text for sample in sorted(written, key=lambda sample: sample.row)]

    def samples(
        self,
        prompts: list[str],
        tick: Callable[[int], object] = lambda written: None,
        told: Callable[[int, str], object] | None = None,
    ) -> Iterator[Sample]:
        """A posting to every prompt, each as soon as it is finished. `tick` and `told` are those of `generate`."""
        return self._generate(prompts, self.request.length, self.grammar, tick=tick, told=told)

    def _generate(
        self,
        prompts: list[str],
        length: int,
        grammar: Constraint | None,
        stop: str = markup.END,
        tick: Callable[[int], object] = lambda written: None,
        told: Callable[[int, str], object] | None = None,
    ) -> Iterator[Sample]:
        request = self.request
        return generate(
            self.model,
            self.loaded.vocab,
            prompts,
            length=length,
            temperature=request.temperature,
            top_k=request.top_k,
            top_p=request.top_p,
            min_p=request.min_p,
            seed=request.seed,
            constrain=grammar,
            stop=stop,
            exact=request.exact,
            tick=tick,
            told=told,
        )
