"""Evaluate a checkpoint: its predictions beside those of simpler models, its samples beside held-out texts."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from tqdm import tqdm

from charrnn.data.corpus import Split
from charrnn.data.kind import TextKind, kind_of
from charrnn.data.vocab import Vocab
from charrnn.evaluate import metrics, ngram
from charrnn.evaluate.memorization import held_out
from charrnn.evaluate.metrics import TextMetrics
from charrnn.evaluate.suffix_array import SuffixArray
from charrnn.model import loss
from charrnn.model.lstm import CharLSTM
from charrnn.runs.training_text import TrainingText
from charrnn.sample.generate import Sample
from charrnn.sample.grammar_mask import GrammarMask
from charrnn.sample.sampler import sample_kind
from charrnn.sample.sampling import SamplingParams
from scrape.common import console
from scrape.markup import document

ORDERS = (5, 8)
MOST_FITTED = 20_000_000  # characters that the n-gram models and xz are fitted on, to limit memory and time
MOST_PREDICTED = 5_000_000  # characters of the validation part that are predicted

MASKED, FREE, REAL = "masked", "free", "real"


@dataclass(frozen=True)
class Guesses:
    """Bits per character of the validation part, for the network and for models fitted on the same training part.

    `characters` and `trained` are the lengths of the two parts; the n-gram models and xz saw the last `learned_from`
    characters of the latter, and the first `predicted` of the former were predicted.
    """

    network: float
    ngram: dict[int, float]
    xz: float
    characters: int
    trained: int
    learned_from: int
    predicted: int


@dataclass(frozen=True)
class SamplingStats:
    """Statistics of sampling: the mask changed `changed` of `written` characters, at a total `cost` in nats.

    `ended` is the share of texts that the network ended by itself; the others ran into the length limit.
    """

    ended: float
    written: int
    seconds: float
    changed: int
    cost: float


@dataclass(frozen=True)
class Report:
    """The results. The dictionaries have a value for each kind of text: MASKED, FREE (sampled without it), and REAL.

    Where the corpus has no postings, there is no MASKED; where no whole posting is held out, there is no REAL. With
    `by_test`, what was held out is the test part, otherwise the validation part.
    `distinct` is that of the first `grams` 4-grams of each kind.
    """

    checkpoint: str
    corpus: str
    trained_on_it: bool
    device: str
    count: int
    params: SamplingParams
    guesses: Guesses
    texts: dict[str, TextMetrics]
    distinct: dict[str, float]
    grams: int
    sampling: dict[str, SamplingStats]
    by_test: bool = False


def evaluate(
    path: Path, model: CharLSTM, source: TrainingText, count: int, params: SamplingParams, by_test: bool = False
) -> Report:
    """Evaluate the model of the checkpoint in `path` on its text, and on `count` samples of each kind.

    Where the likeliest character is always taken, all samples are the same, so there is one. `by_test` says that the
    text is already judged by its test part.

    Builds the suffix array of the text where there is none yet. Raises InputError where the length is too short for a
    posting.
    """
    count = 1 if params.is_greedy else count
    guessed = measure_predictions(model, source.text)
    kind = kind_of(source.text)
    postings = kind.is_postings
    sampled = sample_kinds(model, source.text.vocab, kind, count, params)
    texts = {name: [sample.text for sample in made] for name, (made, _) in sampled.items()}
    if real := held_out(source.text, params.length):
        texts[REAL] = real
    grams = min(sum(len(metrics.grams(text)) for text in kind) for kind in texts.values())
    return Report(
        checkpoint=str(path),
        corpus=str(source.named),
        trained_on_it=source.is_original,
        device=str(model.decoder.weight.device),
        count=count,
        params=params,
        guesses=guessed,
        texts=measure_kinds(texts, source, postings),
        distinct={name: metrics.distinct(kind, grams) for name, kind in texts.items()},
        grams=grams,
        sampling={name: sampling for name, (_, sampling) in sampled.items()},
        by_test=by_test,
    )


def measure_predictions(model: CharLSTM, text: Split) -> Guesses:
    """Return the bits per character of the validation part. The network reads it as in training, in float32.

    Of more than MOST_PREDICTED characters, the first are predicted.
    """
    asked = text.validation[:MOST_PREDICTED]
    streams = loss.validation_streams(asked)
    bar: tqdm[None] = console.progress(total=len(streams), desc="predicting", unit=" windows")
    with bar:
        nats = loss.mean_loss(model, streams, on_step=lambda: _advance(bar))
    train = text.train[-MOST_FITTED:]
    console.say("counting n-grams and compressing with xz ...")
    return Guesses(
        network=nats / math.log(2),
        ngram=ngram.ngram_bits(train, asked, len(text.vocab), ORDERS),
        xz=ngram.xz_bits(text.vocab.decode(train), text.vocab.decode(asked)),
        characters=len(text.validation),
        trained=len(text.train),
        learned_from=len(train),
        predicted=len(asked),
    )


def sample_kinds(
    model: CharLSTM, vocab: Vocab, kind: TextKind, count: int, params: SamplingParams
) -> dict[str, tuple[list[Sample], SamplingStats]]:
    """Sample texts without the mask and, if the corpus is postings, also with it, from the same random numbers."""
    masks = {MASKED: GrammarMask(vocab.chars)} if kind.is_postings else {}
    return {
        name: sample_texts(model, vocab, kind, count, params, mask) for name, mask in (masks | {FREE: None}).items()
    }


def sample_texts(
    model: CharLSTM, vocab: Vocab, kind: TextKind, count: int, params: SamplingParams, mask: GrammarMask | None
) -> tuple[list[Sample], SamplingStats]:
    """Sample texts as `python -m charrnn.sample` does."""
    prompt = document.prompt_prefix() if kind.is_postings else ""
    written = 0

    def on_step(characters: int) -> None:
        nonlocal written
        written += characters

    bar: tqdm[None] = console.progress(total=count, desc="sampling", unit=" texts")
    made = []
    with bar, _one_thread():
        begun = time.perf_counter()
        for text in sample_kind(model, vocab, kind, [prompt] * count, params, mask=mask, on_step=on_step):
            made.append(text)
            bar.update()
        seconds = time.perf_counter() - begun
    changed, cost = sum(text.masked for text in made), sum(text.cost for text in made)
    ended = sum(text.ended for text in made) / len(made)
    return made, SamplingStats(ended, written, seconds, changed, cost)


def measure_kinds(texts: Mapping[str, list[str]], source: TrainingText, postings: bool) -> dict[str, TextMetrics]:
    """Measure each kind of texts against the training part."""
    console.say("looking for copies of the training text ...")
    corpus = SuffixArray.open(source.path, source.train_size, source.text.vocab)
    bar: tqdm[None] = console.progress(total=sum(map(len, texts.values())), desc="comparing", unit=" texts")
    with bar:
        return {
            name: metrics.measure(kind, corpus, postings, on_text=lambda: _advance(bar)) for name, kind in texts.items()
        }


def _advance(bar: tqdm[None]) -> None:
    bar.update()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Use one thread, as `charrnn.sample` does: one character is too little work to divide."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
