"""Save, load and list checkpoints: a model in one file, whose name holds epoch and validation loss.

A file is what `torch.save` writes (a zip archive of plain values and tensors, loaded with `weights_only=True`)
with the SHA-256 of everything before it as the archive's comment. torch itself loads a damaged file without an error.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor

from charrnn.data.vocab import Vocab
from charrnn.model.lstm import CharLSTM, ModelConfig
from scrape.common.errors import InputError
from scrape.common.files import write_whole

FORMAT = "dream-jobs checkpoint 1"
SHOWCASE = "showcase"

_NAME = re.compile(r"lm_(?P<word>.+)_epoch(?P<epoch>\d+\.\d\d)_(?P<loss>\d+\.\d{4})\.pt")
_COMMENT = re.compile(rb"sha256:[0-9a-f]{64}")
_COMMENT_BYTES = 7 + 64
_TRAIN = "python -m charrnn.train"


@dataclass(frozen=True)
class Checkpoint:
    """All that sampling needs. `corpus` is the SHA-256 of the text trained on; `val_loss` is in nats/character."""

    config: ModelConfig
    vocab: Vocab
    weights: Mapping[str, Tensor]
    epoch: float
    step: int
    val_loss: float
    corpus: str

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
    content = asdict(replace(checkpoint, weights={})) | {"format": FORMAT, "vocab": checkpoint.vocab.chars}
    content["weights"] = {name: weight.detach().cpu().clone() for name, weight in checkpoint.weights.items()}
    aside = folder.with_name(f"{folder.name}.checkpoint")
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(aside, serialize(content))
    return aside.replace(path)


def load(path: Path) -> Checkpoint:
    """Return the checkpoint in `path`, on the CPU. Raises InputError where it is absent, damaged or no checkpoint."""
    content = deserialize(path, FORMAT)
    content["config"] = ModelConfig(**content["config"])
    content["vocab"] = Vocab(content["vocab"])
    return Checkpoint(**content)


def list_files(folder: Path) -> list[CheckpointFile]:
    """Return the checkpoints of a run, oldest first. Files of other names are ignored; no folder gives none."""
    found = ((path, _NAME.fullmatch(path.name)) for path in folder.glob("lm_*.pt"))
    made = (CheckpointFile(path, float(name["epoch"]), float(name["loss"])) for path, name in found if name)
    return sorted(made, key=lambda entry: (entry.epoch, entry.path.name))


def best(folder: Path) -> Path:
    """Return the checkpoint of lowest validation loss, the latest of equals. Raises InputError where there is none."""
    return min(reversed(_list_some(folder)), key=lambda entry: entry.val_loss).path


def last(folder: Path) -> Path:
    """Return the checkpoint of the latest epoch. Raises InputError where there is none."""
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
        raise InputError(f"there is no checkpoint in {cv}; train one with: {_TRAIN} (or use the one in cv/{SHOWCASE})")
    return newest[1]


def serialize(content: dict[str, Any]) -> bytes:
    """Return the bytes of a file that holds `content` (tensors and plain values) and its own checksum."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    # A zip archive ends with the length of its comment, 0 so far, and the comment.
    body = buffer.getvalue()[:-2] + _COMMENT_BYTES.to_bytes(2, "little")
    return body + _comment(body)


def deserialize(path: Path, form: str) -> dict[str, Any]:
    """Return what `serialize` wrote to `path`. Raises InputError where that is not a whole `form`."""
    try:
        sealed = path.read_bytes()
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder; name one of its files, or best or last") from error
    except FileNotFoundError as error:
        raise InputError(f"there is no {path}; train a model with: {_TRAIN}") from error
    body, comment = sealed[:-_COMMENT_BYTES], sealed[-_COMMENT_BYTES:]
    if not _COMMENT.fullmatch(comment):
        raise InputError(f"{path} is cut short, or was not written by {_TRAIN}; use another checkpoint")
    if comment != _comment(body):
        raise InputError(f"{path} is damaged: its checksum does not fit its content; use another checkpoint")
    try:
        content = torch.load(io.BytesIO(sealed), map_location="cpu", weights_only=True)
    except (RuntimeError, UnpicklingError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} was not written by {_TRAIN}; use another checkpoint") from error
    if not isinstance(content, dict) or content.pop("format", None) != form:
        raise InputError(f"{path} is not a {form!r}: another version or program wrote it; use another checkpoint")
    return content


def _comment(body: bytes) -> bytes:
    return b"sha256:" + hashlib.sha256(body).hexdigest().encode()


def _list_some(folder: Path) -> list[CheckpointFile]:
    found = list_files(folder)
    if not found:
        raise InputError(f"there is no checkpoint in {folder}; train one with: {_TRAIN}")
    return found
