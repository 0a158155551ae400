"""Feed damaged and hostile files to the readers of both packages, and count the exceptions that nobody expects.

    PYTHONPATH=. python scripts/fuzz.py --count 5000 --seed 1
    PYTHONPATH=. python scripts/fuzz.py --only checkpoint --count 200

A target is a row of TARGETS: seeds, a mutation, and what reads the result. A reader may refuse an input with the errors
in `expected`, whose one line a user then sees. Any other exception is uncaught; its input is kept in --keep, and the
exit code is 1. The same seed gives the same inputs.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import fuzz_scrape
import numpy as np
import torch

from charrnn import plot
from charrnn.data.corpus import open_corpus, split
from charrnn.data.vocab import Vocab
from charrnn.model import checkpoint
from charrnn.model.archive import seal, serialize
from charrnn.model.checkpoint import Checkpoint
from charrnn.model.distributed import SINGLE_PROCESS
from charrnn.model.lstm import CharLSTM, ModelConfig
from charrnn.runs import history, train_state
from charrnn.runs.files import RunFiles
from charrnn.sample.generate import generate
from charrnn.sample.sampling import SamplingParams
from charrnn.train import command, options
from charrnn.train.recipes import RECIPES
from charrnn.train.trainer import DivergedError, Trainer, set_length
from scrape.common import console
from scrape.common.arguments import names, non_negative_int, positive_int
from scrape.common.errors import InputError
from scrape.common.posting import Posting
from scrape.dataset.store import FileStore, Store
from scrape.markup import document
from scrape.recommend import classifier, feature_store
from scrape.recommend.tfidf import document_frequency

Input = bytes | dict[str, Any]

KEEP = Path(tempfile.gettempdir()) / "dream-jobs-fuzz"
HEADROOM = 2 << 30  # bytes that an input may take beyond what the program has: a bomb then raises MemoryError
TEXT = "".join(
    f"<html>\n<h1>Baker {number}</h1>\n<p>{'bread and butter at dawn ' * (1 + number % 3)}</p>\n</html>\n"
    for number in range(40)
)


@dataclass(frozen=True)
class Target:
    """A reader, and what it is fed. `prepare` makes the seeds, given an empty folder that `read` then works in."""

    prepare: Callable[[Path], Sequence[Input]]
    mutate: Callable[[Input, random.Random], bytes]
    read: Callable[[bytes, Path], object]
    expected: tuple[type[Exception], ...] = (InputError,)


# ---------------------------------------------------------------------- mutations

ODD: tuple[Callable[[], Any], ...] = (
    lambda: None,
    lambda: True,
    lambda: -1,
    lambda: 0,
    lambda: 2**31,
    lambda: 2**63,
    lambda: 10**30,
    lambda: 0.5,
    lambda: float("nan"),
    lambda: float("inf"),
    lambda: 4e30,
    lambda: "",
    lambda: "x" * 300,
    lambda: "\x1b[2J\u202e",
    lambda: [],
    lambda: {},
    lambda: (),
    lambda: [[[[]]]],
    lambda: nested(150),
    lambda: torch.zeros(0),
    lambda: torch.zeros(3, 3),
    lambda: torch.full((8,), float("nan")),
    lambda: torch.zeros(1).expand(10**9),
    lambda: torch.zeros(2, dtype=torch.int64),
)


def nested(depth: int) -> list[Any]:
    """Return lists within lists."""
    made: list[Any] = []
    for _ in range(depth):
        made = [made]
    return made


def mutate_bytes(data: Input, draw: random.Random) -> bytes:
    """Change a few bytes, or cut, repeat or insert a piece."""
    assert isinstance(data, bytes)
    made = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 5, 20))):
        at, other = sorted((draw.randrange(len(made) + 1), draw.randrange(len(made) + 1)))
        match draw.randrange(6):
            case 0 | 1 if at < len(made):
                made[at] = draw.randrange(256)
            case 2:
                del made[at : min(other, at + draw.choice((1, 10, 1000)))]
            case 3:
                made[at:at] = made[at : min(other, at + 200)]
            case 4:
                made[at:at] = draw.choice((b"\x00", b"[" * 500, b"9" * 400, b'"', b"\xff\xfe", b"NaN", b"1e999", b"-"))
            case _:
                made[at : at + 4] = draw.randbytes(4)
    return bytes(made)


def mutate_value(value: Any, draw: random.Random) -> Any:
    """Return a copy of a tree of plain values and tensors with one odd value in it, or one too few or too many."""
    if not (isinstance(value, dict | list | tuple) and value) or draw.random() < 0.15:
        if isinstance(value, torch.Tensor) and draw.random() < 0.5:
            return draw.choice((value.double(), value[None], value.T if value.dim() == 2 else value + 1, value * 1e30))
        return draw.choice(ODD)()
    if isinstance(value, dict):
        key = draw.choice(list(value))
        changed = {name: each for name, each in value.items() if name != key}
        return changed if draw.random() < 0.15 else changed | {key: mutate_value(value[key], draw)}
    parts = list(value)
    at = draw.randrange(len(parts))
    changed = [mutate_value(parts[at], draw)]
    parts[at : at + 1] = draw.choice((changed, changed, changed, [], parts[at : at + 1] * 2))
    return type(value)(parts)


def mutate_archive(content: Input, draw: random.Random) -> bytes:
    """Return a sealed archive: of odd content, or with records that are damaged, deflated, missing or swollen."""
    assert isinstance(content, dict)
    if draw.random() < 0.6:
        changed = mutate_value(content, draw)
        return serialize({"format": content["format"]} | (changed if isinstance(changed, dict) else {"all": changed}))
    whole = serialize(content)
    if draw.random() < 0.1:
        return mutate_bytes(whole, draw)
    records = {name: data for name, data in _records(whole).items() if draw.random() > 0.02}
    for _ in range(draw.randrange(3)):
        name = draw.choice(sorted(records))
        if draw.random() < 0.05:
            records[name] = bytes(64 << 20)
        elif records[name]:
            records[name] = mutate_bytes(records[name], draw)
    return _sealed(records, draw.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def _records(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def _sealed(records: dict[str, bytes], compression: int) -> bytes:
    """Return the records as an archive whose checksum is right, as an attacker would send it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in records.items():
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return seal(buffer.getvalue())


# ---------------------------------------------------------------------- readers


def small_checkpoints(_folder: Path) -> list[Input]:
    """Return the contents of small checkpoints, one of each type of cell."""
    made: list[Input] = []
    for kind in ("lstm", "gru", "rnn"):
        vocab = Vocab.of(TEXT)
        model = CharLSTM(ModelConfig(len(vocab), 8, 2, kind, 0.1))
        found = Checkpoint(model.config, vocab, model.state_dict(), 1.0, 70, 1.5, "ab" * 32)
        content = {name: value for name, value in vars(found).items() if name not in ("config", "vocab", "weights")}
        plain = {"format": checkpoint.FORMAT, "config": vars(model.config), "vocab": vocab.chars}
        made.append(content | plain | {"weights": dict(model.state_dict())})
    return made


def sample_from(data: bytes, folder: Path) -> None:
    """Load a checkpoint, and sample from it."""
    path = folder / "lm_lstm_epoch1.00_1.5000.pt"
    path.write_bytes(data)
    loaded = checkpoint.load(path)
    next(generate(loaded.model(), loaded.vocab, [loaded.vocab.chars[0]], SamplingParams(length=3)))


def train_states(folder: Path) -> list[Input]:
    """Return the contents of the train states of small runs, after some steps, for each recipe."""
    data = folder / "data" / "tiny"
    data.mkdir(parents=True)
    (data / "input.txt").write_text(TEXT)
    made: list[Input] = []
    for recipe in RECIPES.values():
        text = split(open_corpus(data), 0.95, 0.05)
        small = replace(recipe, rnn_size=8, batch_size=4, seq_length=10, dtype="float32", max_epochs=1.0)
        trainer = Trainer(set_length(small, text), text, torch.device("cpu"))
        for _ in range(3):
            trainer.step()
        made.append({"format": train_state.FORMAT} | trainer.state_dict())
    return made


def resume_from(data: bytes, folder: Path) -> None:
    """Resume a run from its train state, and train it for one step."""
    arguments = ["--data-dir", str(folder / "data" / "tiny"), "--checkpoint-dir", str(folder / "cv"), "--resume"]
    parsed = options.parse([*arguments, "--device", "cpu"])
    files = RunFiles(parsed.checkpoint_dir / parsed.run)
    files.folder.mkdir(parents=True, exist_ok=True)
    files.resume.write_bytes(data)
    trainer = command.resume(parsed, files, torch.device("cpu"), SINGLE_PROCESS)
    trainer.step()
    trainer.state_dict()


def histories(_folder: Path) -> list[Input]:
    """Return training histories."""
    lines = [history.Evaluation(n / 4, n * 10, 2 / n, 2.1 / n, 1e-3 / n, 1000, n * 1.5) for n in range(1, 9)]
    return ["".join(json.dumps(vars(line)) + "\n" for line in lines).encode()]


def read_history(data: bytes, folder: Path) -> None:
    """Read a history, and take from it what a plot shows."""
    path = folder / "run.jsonl"
    path.write_bytes(data)
    found = plot.of_log(history.read(path), "run")
    assert 0 <= found.best < len(found.epochs)
    history.truncate(path, 40)


def notes(folder: Path) -> list[Input]:
    """Return the note beside an encoded text, and the ids themselves."""
    (folder / "input.txt").write_text(TEXT)
    open_corpus(folder)
    return [b"note" + (folder / "input.ids.json").read_bytes(), b"ids " + (folder / "input.ids").read_bytes()]


def read_corpus(data: bytes, folder: Path) -> None:
    """Open an encoded text whose note or ids are damaged, split it and read all of it."""
    name = "input.ids.json" if data[:4] == b"note" else "input.ids"
    (folder / name).write_bytes(data[4:])
    found = split(open_corpus(folder), 0.9, 0.1)
    found.vocab.decode(found.train)
    found.vocab.decode(found.validation)


def dataset(folder: Path) -> Store:
    """Return a store of a few postings in `folder`, made where there is none yet."""
    store = FileStore(folder)
    if not store.count():
        with store.locked():
            for number in range(6):
                html = f"<p>{'Bread and cake. ' * (1 + number)}</p>\n"
                posting = Posting("demo", str(number), f"https://board.example/{number}", f"Baker {number}", html=html)
                store.add(posting)
                store.put_document(posting.name, document.write(posting))
    return store


def classifiers(folder: Path) -> list[Input]:
    """Return a learned classifier."""
    store = dataset(folder)
    with feature_store.open_features(store, cores=1) as features:
        (batch,) = features.batches()
        frequency = document_frequency([batch])
        liked = np.array([number % 2 == 0 for number in range(len(batch.names))])
        trained, _ = classifier.train(batch, liked, frequency)
    classifier.save(store.root, trained, 3, 3)
    return [(folder / classifier.FILE).read_bytes()]


def rank(data: bytes, folder: Path) -> None:
    """Load a classifier, and score the postings."""
    (folder / classifier.FILE).write_bytes(data)
    trained, _ = classifier.load(FileStore(folder))
    with feature_store.open_features(FileStore(folder), cores=1) as features:
        for batch in features.batches():
            trained.probabilities(trained.scores(batch))


def feature_caches(folder: Path) -> list[Input]:
    """Return a feature store."""
    with feature_store.open_features(dataset(folder), cores=1):
        pass
    return [(folder / feature_store.FILE).read_bytes()]


def read_features(data: bytes, folder: Path) -> None:
    """Open a damaged feature store, which is made anew, and read it."""
    (folder / feature_store.FILE).write_bytes(data)
    with feature_store.open_features(FileStore(folder), cores=1) as features:
        for batch in features.batches():
            assert len(batch.names) == 6


TARGETS: dict[str, Target] = {
    "checkpoint": Target(small_checkpoints, mutate_archive, sample_from),
    "resume": Target(train_states, mutate_archive, resume_from, (InputError, DivergedError)),
    "history": Target(histories, mutate_bytes, read_history),
    "corpus": Target(notes, mutate_bytes, read_corpus),
    "classifier": Target(classifiers, mutate_bytes, rank),
    "features": Target(feature_caches, mutate_bytes, read_features),
    **{name: Target(*parts) for name, parts in fuzz_scrape.TARGETS.items()},
}


# ---------------------------------------------------------------------- the run


def main() -> int:
    """Run the targets, and print a line for each."""
    parser = console.parser("scripts/fuzz.py", "Feed mutated files to every reader, and count uncaught exceptions.")
    parser.add_argument("--count", type=positive_int, default=200, help="inputs for each target (default: %(default)s)")
    parser.add_argument("--seed", type=non_negative_int, default=1, help="seed of the inputs (default: %(default)s)")
    parser.add_argument("--only", type=names, metavar="NAMES", help=f"some of {', '.join(TARGETS)}")
    parser.add_argument("--keep", type=Path, default=KEEP, help="folder for uncaught inputs (default: %(default)s)")
    options = parser.parse_args()
    return console.run(lambda: run(options), debug=options.debug)


def run(options: argparse.Namespace) -> int:
    """Run the targets that are asked for. Return 1 if there was an uncaught exception."""
    unknown = set(options.only or ()) - TARGETS.keys()
    if unknown:
        raise InputError(f"there is no target {sorted(unknown)[0]!r}; there are {', '.join(TARGETS)}")
    torch.set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_AS, (virtual_memory() + HEADROOM, resource.RLIM_INFINITY))
    bad = 0
    for name in options.only or TARGETS:
        started = time.monotonic()
        counts, slowest = fuzz(name, options.count, options.seed, options.keep)
        bad += counts["uncaught"]
        console.print_result(
            f"{name}: {options.count:,} inputs, {counts['read']:,} read, {counts['refused']:,} refused, "
            f"{counts['uncaught']} uncaught; slowest {slowest:.2f} s, {time.monotonic() - started:.0f} s in all"
        )
    return console.FAILED if bad else console.OK


def fuzz(name: str, count: int, seed: int, keep: Path) -> tuple[Counter[str], float]:
    """Feed `count` inputs to a target. Return how they ended, and the seconds of the slowest."""
    target, counts, slowest = TARGETS[name], Counter[str](), 0.0
    with tempfile.TemporaryDirectory() as folder:
        seeds = target.prepare(Path(folder))
        for number in console.progress(range(count), desc=name, unit=" inputs"):
            draw = random.Random(f"{seed} {name} {number}")
            data = target.mutate(draw.choice(seeds), draw)
            started = time.monotonic()
            try:
                with redirect_stderr(io.StringIO()):  # the notes of caches that are made anew
                    target.read(data, Path(folder))
                counts["read"] += 1
            except target.expected:
                counts["refused"] += 1
            except Exception:
                counts["uncaught"] += 1
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{name}-{seed}-{number}").write_bytes(data)
                console.say(f"{name} {number}: {traceback.format_exc().splitlines()[-1]}")
            slowest = max(slowest, time.monotonic() - started)
    return counts, slowest


def virtual_memory() -> int:
    """Return the bytes of address space that this process has (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    sys.exit(main())
