"""What is copied from the text that a checkpoint learned from: by what it writes, and by postings like it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from charrnn.evaluate import report
from charrnn.evaluate.memorization import Index, Novelty
from charrnn.model.checkpoint import Checkpoint
from charrnn.pages.views import Peers, shown_text
from charrnn.runs import training_text
from charrnn.sample.generate import Sample
from scrape.common.errors import InputError

PEERS = 20  # postings of the corpus to compare with


@dataclass(frozen=True)
class Learned:
    """What a checkpoint learned from, to look copies up in."""

    source: training_text.Origin
    index: Index

    @classmethod
    def find(cls, loaded: Checkpoint, path: Path, folder: Path | None) -> Learned | None:
        """The text of the checkpoint in `path`: in `folder`, or wherever in data/; None where it is not there.

        Raises InputError where `folder` is named and does not hold it.
        """
        try:
            source = training_text.find(loaded, path, folder)
        except InputError:
            if folder:
                raise
            return None
        if not source.same:
            raise InputError(f"{source.input} is not the text that {path.name} learned from; name its folder, or none")
        return cls(source, Index.open(source.input, source.trained))

    def novelty(self, sample: Sample) -> Novelty:
        """Of the document that is shown of a sample."""
        return self.index.novelty(shown_text(sample))

    def peers(self, length: int) -> Peers | None:
        """How much postings of the corpus that were held back from training share with the rest of it.

        Of postings longer than `length` that many characters are looked at. None where nothing was held back.
        """
        real = report.held_out(self.source.text, length)
        some = [text[:length] for text in real[:: max(1, len(real) // PEERS)][:PEERS]]
        found = [self.index.novelty(text) for text in some]
        return Peers.of(found) if found else None
