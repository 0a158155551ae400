"""Sample the postings or texts of a request from a checkpoint: first their prompts, then the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from charrnn.data.kind import TextKind
from charrnn.data.vocab import Vocab
from charrnn.model import device
from charrnn.model.checkpoint import Checkpoint
from charrnn.model.lstm import CharLSTM
from charrnn.sample.generate import WARM_UP, OnStep, OnToken, Sample, generate
from charrnn.sample.grammar_mask import GrammarMask
from charrnn.sample.prompts import check_head, check_prime
from charrnn.sample.sampling import SamplingParams
from scrape.common.errors import InputError
from scrape.markup import document, grammar

HEAD_LENGTH = 120  # most characters of a head line that the network writes


@dataclass(frozen=True)
class SampleRequest:
    """A request for `count` postings or other texts.

    `head` is title, company and location, empty where the network is to make them up; `prime` is a whole beginning
    in place of a head. `raw` leaves the markup to the network; `deterministic` is that of `generate`. A text has
    neither head nor markup.
    """

    head: tuple[str, str, str]
    prime: str | None
    count: int
    params: SamplingParams
    raw: bool
    deterministic: bool


@dataclass(frozen=True)
class Sampler:
    """A checkpoint and the request that it samples for."""

    loaded: Checkpoint
    model: CharLSTM
    mask: GrammarMask | None
    request: SampleRequest

    @classmethod
    def of(cls, loaded: Checkpoint, request: SampleRequest, device_name: str) -> Sampler:
        """Load the model. Raises InputError where there is no such device, or the vocabulary cannot write postings."""
        is_text = not loaded.text_kind.is_postings
        if is_text and any(request.head):
            raise InputError(
                "--title, --company, --city and --state begin a posting, and this network writes other texts; "
                "begin one with --primetext"
            )
        mask = None if request.raw or is_text else GrammarMask(loaded.vocab.chars)
        on = device.pick(device_name)
        if on.type == "cpu":
            # A single character is too little work to share: a second thread saves a tenth of the time on an idle
            # machine and multiplies it on a busy one, where each waits for the other at every step.
            torch.set_num_threads(1)
        return cls(loaded, loaded.model(on), mask, request)

    def prompts(self) -> list[str]:
        """Return the prompts: `prime`, or heads of which the network writes what is not given; of a text, nothing.

        The head has a fixed order: given a company without a title, for example, the network first writes the titles.
        Raises InputError on a character that the network does not know.
        """
        count, alphabet = self.request.count, frozenset(self.loaded.vocab.chars)
        if self.request.prime is not None:
            check_prime("the prompt", self.request.prime, alphabet)
            return [self.request.prime] * count
        if not self.loaded.text_kind.is_postings:
            return [""] * count
        lines = self.request.head
        for flag, line in zip(("--title", "--company", "--city and --state"), lines, strict=True):
            check_head(flag, line, alphabet)
        known = max((place for place, line in enumerate(lines, 1) if line.strip()), default=0)
        texts = [document.prompt_prefix()] * count
        for tag, line in zip(grammar.HEAD[:known], lines, strict=False):
            if written := document.line(tag, line):
                texts = [text + written for text in texts]
            else:
                texts = self._write_head_line([text + grammar.OPEN[tag] for text in texts], tag)
        return texts

    def _write_head_line(self, texts: list[str], tag: str) -> list[str]:
        """Return `texts`, each with the head line in `tag` completed by the network."""
        params = replace(self.request.params, length=HEAD_LENGTH)
        # Even with --raw, a head line must be closed at the length limit.
        mask = self.mask or GrammarMask(self.loaded.vocab.chars)
        written = generate(
            self.model,
            self.loaded.vocab,
            texts,
            params,
            mask=mask,
            stop=grammar.CLOSE[tag],
            deterministic=self.request.deterministic,
        )
        return [sample.text for sample in sorted(written, key=lambda sample: sample.row)]

    def samples(
        self, prompts: list[str], on_step: OnStep = lambda written: None, on_token: OnToken | None = None
    ) -> Iterator[Sample]:
        """Sample a posting or text to every prompt, and yield each as soon as it is finished.

        `on_step` and `on_token` are those of `generate`.
        """
        return sample_kind(
            self.model,
            self.loaded.vocab,
            self.loaded.text_kind,
            prompts,
            self.request.params,
            mask=self.mask,
            deterministic=self.request.deterministic,
            on_step=on_step,
            on_token=on_token,
        )


def sample_kind(
    model: CharLSTM,
    vocab: Vocab,
    kind: TextKind,
    prompts: list[str],
    params: SamplingParams,
    *,
    mask: GrammarMask | None = None,
    deterministic: bool = False,
    on_step: OnStep = lambda written: None,
    on_token: OnToken | None = None,
) -> Iterator[Sample]:
    """Sample a text of a kind to every prompt: it begins and ends as that kind does. See `generate`.

    Row by row, a text begins after another piece of the held-out text; the seed says with which the first begins.
    """
    soft = kind.soft(params.length)
    openings = [WARM_UP]
    if not kind.is_postings:
        order = np.random.default_rng(params.seed).permutation(len(kind.openings))
        openings = [kind.openings[place] for place in order]
    return generate(
        model,
        vocab,
        prompts,
        params,
        mask=mask,
        stop=kind.end,
        stop_from=0 if kind.is_postings else soft,
        close_from=soft if mask else None,
        warm_ups=openings,
        deterministic=deterministic,
        on_step=on_step,
        on_token=on_token,
    )
