"""The paths of a run: its checkpoints in one folder, and everything else beside that folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunFiles:
    """The files of the run whose checkpoints are in `folder`.

    `word` is the word in the checkpoints' names (char-rnn's --savefile). `keep` is how many checkpoints to keep beside
    the best and the last; None keeps all.
    """

    folder: Path
    word: str = "lstm"
    keep: int | None = None

    def delete_unfinished(self) -> None:
        """Delete files that a killed run left half written. Files of other runs stay."""
        name = re.escape(self.folder.name)
        unfinished = re.compile(rf"\.{name}\.\w+\.\d+(-[0-9a-f]+)?\.part|{name}\.checkpoint")
        for path in self.folder.parent.iterdir() if self.folder.parent.is_dir() else []:
            if unfinished.fullmatch(path.name):
                path.unlink()

    @property
    def log(self) -> Path:
        """The training history: one JSON line for each evaluation."""
        return self._beside("jsonl")

    @property
    def plot(self) -> Path:
        """The loss plot."""
        return self._beside("png")

    @property
    def lock(self) -> Path:
        """The lock that keeps a second process from training the same run."""
        return self.folder.parent / f".{self.folder.name}.lock"

    @property
    def events(self) -> Path:
        """The folder of TensorBoard's event files."""
        return self._beside("events")

    @property
    def resume(self) -> Path:
        """The train state, from which --resume continues."""
        return self._beside("resume")

    def _beside(self, ending: str) -> Path:
        return self.folder.parent / f"{self.folder.name}.{ending}"  # also where the folder is the root, without a name
