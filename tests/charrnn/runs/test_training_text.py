"""The text of a checkpoint is found by its checksum, whatever the folder is called."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from charrnn.data.vocab import Vocab
from charrnn.model import checkpoint
from charrnn.model.checkpoint import Checkpoint
from charrnn.model.lstm import CharLSTM, ModelConfig
from charrnn.runs import training_text
from scrape.common.errors import InputError
from tests.support.tiny import corpus_folder, postings


def test_a_text_that_was_compiled_and_never_read_is_found_by_its_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = postings(30)
    sha256, vocab = hashlib.sha256(text.encode()).hexdigest(), Vocab.of(text)
    config = ModelConfig(len(vocab), 4, 1)
    made = Checkpoint(config, vocab, CharLSTM(config).state_dict(), 1.0, 1, 1.0, sha256)
    path = checkpoint.save(tmp_path / "cv/run", made)
    folder = corpus_folder(tmp_path / "data", text)
    (tmp_path / "data/odd").mkdir()
    (tmp_path / "data/odd/manifest.json").write_text("[1]")
    with pytest.raises(InputError, match="no folder in data/ holds"):
        training_text.find(made, path)
    (folder / "manifest.json").write_text(json.dumps({"sha256": sha256}))
    found = training_text.find(made, path)
    assert found.folder == Path("data/tiny") and found.is_original

    (folder / "input.txt").write_bytes(b"another text\n" * 30)  # than its manifest says
    with pytest.raises(InputError, match="no folder in data/ holds"):
        training_text.find(made, path)
