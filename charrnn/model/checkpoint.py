"""Save, load and list checkpoints: a model in one file, whose name holds epoch and validation loss."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from charrnn.data.kind import TextKind, guess
from charrnn.data.vocab import Vocab
from charrnn.model.archive import TRAIN, deserialize, serialize
from charrnn.model.lstm import CELLS, CharLSTM, ModelConfig
from scrape.common.errors import InputError
from scrape.common.files import write_whole

FORMAT = "dream-jobs checkpoint 1"
SHOWCASE = "showcase"

_LEVELS = 127  # of a signed byte, to either side of 0

_NAME = re.compile(r"lm_(?P<word>.+)_epoch(?P<epoch>\d+\.\d\d)_(?P<loss>\d+\.\d{4})\.pt")


@dataclass(frozen=True)
class Checkpoint:
    """All that sampling needs. `corpus` is the SHA-256 of the text trained on; `val_loss` is in nats/character.

    `kind` is that of the text trained on; an older file has none.
    """

    config: ModelConfig
    vocab: Vocab
    weights: Mapping[str, Tensor]
    epoch: float
    step: int
    val_loss: float
    corpus: str
    kind: TextKind | None = None

    @property
    def text_kind(self) -> TextKind:
        """The kind of the text trained on, judged by the vocabulary where the file does not say it."""
        return self.kind or guess(self.vocab)

    def model(self, device: str | torch.device = "cpu") -> CharLSTM:
        """Return the model, on `device` and in eval mode."""
        with torch.device("meta"):
            made = CharLSTM(self.config)
        made.to_empty(device=device).load_state_dict(self.weights)
        return made.eval()


@dataclass(frozen=True)
class CheckpointFile:
    """The path of a checkpoint, and the epoch and loss in its name."""

    path: Path
    epoch: float
    val_loss: float


def save(folder: Path, checkpoint: Checkpoint, word: str = "lstm") -> Path:
    """Write `folder`/lm_lstm_epoch19.00_1.2345.pt whole and return its path. `word` is char-rnn's --savefile.

    The folder holds nothing but checkpoints: the unfinished file is written beside it. Raises OSError.
    """
    path = folder / f"lm_{word}_epoch{checkpoint.epoch:.2f}_{checkpoint.val_loss:.4f}.pt"
    aside = folder.with_name(f"{folder.name}.checkpoint")
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(aside, to_bytes(checkpoint))
    return aside.replace(path)


def to_bytes(checkpoint: Checkpoint, small: bool = False) -> bytes:
    """Return the content of a checkpoint's file.

    A `small` one has matrices of 8 bits, with a scale for each row: a quarter of the size, for sampling and sharing.
    """
    content = asdict(replace(checkpoint, weights={})) | {"format": FORMAT, "vocab": checkpoint.vocab.chars}
    weights = {name: weight.detach().cpu().clone() for name, weight in checkpoint.weights.items()}
    if small:
        matrices = {name: weight.float() for name, weight in weights.items() if weight.dim() == 2}
        # A row of zeros may have any scale but 0.
        scales = {name: weight.abs().amax(1).clamp_min(1e-30) / _LEVELS for name, weight in matrices.items()}
        for name, weight in matrices.items():
            weights[name] = (weight / scales[name][:, None]).round().to(torch.int8)
        content["scales"] = scales
    return serialize(content | {"weights": weights})


def load(path: Path) -> Checkpoint:
    """Return the checkpoint in `path`, on the CPU. Raises InputError where it is absent, damaged or no checkpoint."""
    content = deserialize(path, FORMAT)
    try:
        config, vocab = ModelConfig(**content.pop("config")), Vocab(content.pop("vocab"))
        kind = content.pop("kind", None)
        content["weights"] = _scaled(content["weights"], content.pop("scales", {}))
        found = Checkpoint(config, vocab, **content, kind=None if kind is None else TextKind.from_plain(kind, vocab))
        check_weights(config, vocab, found.weights)
        check_numbers(epoch=found.epoch, step=found.step, val_loss=found.val_loss)
        if not isinstance(found.corpus, str):
            raise ValueError("its corpus is not a checksum")
    except (TypeError, ValueError, KeyError) as error:
        raise InputError(f"{path} holds no network of this program: {error}; use another checkpoint") from error
    return found


def _scaled(weights: Mapping[str, Tensor], scales: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return the weights in float32 where they are stored in 8 bits. Raises ValueError unless the scales fit them."""
    if not isinstance(scales, Mapping) or not isinstance(weights, Mapping):
        raise ValueError("its weights are not tensors")
    whole = dict(weights)
    for name, scale in scales.items():
        weight = whole.get(name)
        if not isinstance(scale, Tensor) or not isinstance(weight, Tensor):
            raise ValueError("its scales are not those of its weights")
        if weight.dim() != 2 or weight.dtype != torch.int8 or scale.shape != weight.shape[:1]:
            raise ValueError("its scales do not have the shapes of its weights")
        if not scale.is_floating_point():
            raise ValueError("its scales are not numbers")
        whole[name] = weight.float() * scale.float()[:, None]
    return whole


def check_weights(config: ModelConfig, vocab: Vocab, weights: Mapping[str, Tensor]) -> None:
    """Raise ValueError unless the weights are those of a network of this configuration and vocabulary.

    Nothing is allocated before it is known that the file holds as much.
    """
    whole = (config.vocab_size, config.rnn_size, config.num_layers)
    if any(type(number) is not int or number < 1 for number in whole) or config.vocab_size != len(vocab):
        raise ValueError("its sizes are not those of a network")
    if config.model not in CELLS:
        raise ValueError(f"its type of cell is not one of {', '.join(CELLS)}")
    check_numbers(dropout=config.dropout)
    if not isinstance(weights, Mapping) or not all(isinstance(weight, Tensor) for weight in weights.values()):
        raise ValueError("its weights are not tensors")
    if config.num_layers > len(weights) or config.rnn_size > sum(weight.numel() for weight in weights.values()):
        raise ValueError("it has fewer weights than its configuration says")
    with torch.device("meta"):
        expected = {name: weight.shape for name, weight in CharLSTM(config).state_dict().items()}
    if expected != {name: weight.shape for name, weight in weights.items()}:
        raise ValueError("its weights do not have the shapes that its configuration says")
    if not all(weight.is_floating_point() for weight in weights.values()):
        raise ValueError("its weights are not numbers of a network")


def check_numbers(**named: object) -> None:
    """Raise ValueError unless each value is a finite number of at least 0 (True and False are no numbers)."""
    for name, value in named.items():
        if type(value) not in (int, float) or not 0 <= value <= sys.float_info.max:  # type: ignore[operator]
            raise ValueError(f"its {name} is not a number of at least 0")


def list_files(folder: Path) -> list[CheckpointFile]:
    """Return the checkpoints of a run, oldest first. Files of other names are ignored; no folder gives none."""
    found = ((path, _NAME.fullmatch(path.name)) for path in folder.glob("lm_*.pt"))
    made = (CheckpointFile(path, float(name["epoch"]), float(name["loss"])) for path, name in found if name)
    return sorted(made, key=lambda entry: (entry.epoch, entry.path.name))


def has_diverged(val_loss: float) -> bool:
    """Return whether a loss is above that of a guess among all characters of Unicode: 13.9 nats per character."""
    return not val_loss <= math.log(0x110000)


def best(folder: Path) -> Path:
    """Return the checkpoint of lowest validation loss, the latest of equals.

    Raises InputError where there is none, or all have diverged.
    """
    return min(reversed(_list_some(folder)), key=lambda entry: entry.val_loss).path


def last(folder: Path) -> Path:
    """Return the checkpoint of the latest epoch, but one that has diverged. Raises InputError where there is none."""
    return _list_some(folder)[-1].path


def prune(folder: Path, keep: int) -> None:
    """Delete all checkpoints of a run but the best, the last and the `keep` newest others."""
    others = [entry.path for entry in list_files(folder) if entry.path not in {best(folder), last(folder)}]
    for path in others[: max(0, len(others) - keep)]:
        path.unlink()


def newest_run(cv: Path) -> Path:
    """Return the folder in `cv` with the newest checkpoint. Raises InputError where there is none.

    The showcase is ignored: it is no run of the user, and its file is as new as the checkout.
    """
    runs = [folder for folder in (cv.iterdir() if cv.is_dir() else ()) if folder.is_dir() and folder.name != SHOWCASE]
    written = ((entry.path.stat().st_mtime_ns, folder) for folder in runs for entry in list_files(folder))
    newest = max(written, default=None)
    if newest is None:
        raise InputError(f"there is no checkpoint in {cv}; train one with: {TRAIN} (or use the one in cv/{SHOWCASE})")
    return newest[1]


def _list_some(folder: Path) -> list[CheckpointFile]:
    """Return the checkpoints of a run whose loss has not diverged. Raises InputError where there is none."""
    found = list_files(folder)
    if not found:
        raise InputError(f"there is no checkpoint in {folder}; train one with: {TRAIN}")
    good = [entry for entry in found if not has_diverged(entry.val_loss)]
    if not good:
        raise InputError(
            f"no checkpoint in {folder} can be used: the loss has diverged, to {found[-1].val_loss:.3g} nats per "
            "character; train again with a lower --learning-rate"
        )
    return good
