"""An exported network computes what PyTorch computes, and carries all that a program needs to write with it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from charrnn.data.vocab import Vocab
from charrnn.export import __main__ as command
from charrnn.model import checkpoint
from charrnn.model.checkpoint import Checkpoint
from charrnn.model.lstm import CharLSTM, ModelConfig
from scrape.common.console import BAD_INPUT, OK

onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extras export and dev")
safetensors = pytest.importorskip("safetensors", reason="needs the extra export")

CHARACTERS = "\n <>abcé"


def saved(folder: Path, kind: str, layers: int) -> Path:
    """A checkpoint with random weights, in `folder`."""
    config = ModelConfig(len(CHARACTERS), rnn_size=6, num_layers=layers, model=kind)
    made = Checkpoint(config, Vocab(CHARACTERS), CharLSTM(config).state_dict(), 1.5, 30, 2.25, "f" * 64)
    return checkpoint.save(folder, made)


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("layers", [1, 3])
def test_the_onnx_model_gives_the_logits_and_states_of_pytorch(tmp_path: Path, kind: str, layers: int) -> None:
    path, out = saved(tmp_path / "run", kind, layers), tmp_path / "m.onnx"
    assert command.main(["--checkpoint", str(path), "--onnx", str(out)]) == OK
    session = onnxruntime.InferenceSession(out.read_bytes())
    model = checkpoint.load(path).model()
    ids = torch.randint(len(CHARACTERS), (3, 7))
    state = model.initial_state(3)
    parts = dict(zip(("hidden", "cell"), state, strict=False))
    for piece in (ids[:, :4], ids[:, 4:]):  # the state goes on where the piece before it stopped
        logits, state = model(piece, state)
        feed = {"ids": piece.numpy(), **{name: np.asarray(value.detach()) for name, value in parts.items()}}
        found = dict(zip((output.name for output in session.get_outputs()), session.run(None, feed), strict=True))
        assert found.keys() == {"logits", *(f"{name}_out" for name in parts)}
        np.testing.assert_allclose(found["logits"], logits.detach(), atol=1e-6)
        for name, expected in zip(parts, state, strict=True):
            np.testing.assert_allclose(found[f"{name}_out"], expected.detach(), atol=1e-6)
        parts = {name: torch.from_numpy(found[f"{name}_out"]) for name in parts}
    facts = session.get_modelmeta().custom_metadata_map
    assert json.loads(facts["vocabulary"]) == list(CHARACTERS)
    assert json.loads(facts["config"])["model"] == kind


def test_a_small_checkpoint_is_one_for_every_command(tmp_path: Path) -> None:
    path, out = saved(tmp_path / "run", "lstm", 2), tmp_path / "small" / "lm_lstm_epoch1.50_2.2500.pt"
    out.parent.mkdir()
    assert command.main(["--checkpoint", str(path), "--small", str(out)]) == OK
    assert checkpoint.best(out.parent) == out
    again = tmp_path / "m.safetensors"
    assert command.main(["--checkpoint", str(out), "--safetensors", str(again)]) == OK


def test_safetensors_holds_the_same_weights_and_what_belongs_to_them(tmp_path: Path) -> None:
    path, out = saved(tmp_path / "run", "lstm", 2), tmp_path / "m.safetensors"
    assert command.main(["--checkpoint", str(path), "--safetensors", str(out)]) == OK
    with safetensors.safe_open(out, "pt") as file:
        facts = file.metadata()
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, no mapping
    config = ModelConfig(**json.loads(facts["config"]))
    model = CharLSTM(config)
    model.load_state_dict(weights)
    expected = checkpoint.load(path).weights
    assert all(torch.equal(model.state_dict()[name], expected[name]) for name in expected)
    assert json.loads(facts["vocabulary"]) == list(CHARACTERS)
    assert (facts["epoch"], facts["step"], facts["validation_loss"]) == ("1.5000", "30", "2.250000")


def test_both_at_once_print_their_paths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(tmp_path / "run", "lstm", 1)
    files = [tmp_path / "m.onnx", tmp_path / "m.safetensors"]
    told = ["--onnx", str(files[0]), "--safetensors", str(files[1])]
    assert command.main(["--checkpoint", str(path), *told]) == OK
    assert capsys.readouterr().out.split() == [str(file) for file in files]


def test_two_formats_do_not_overwrite_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "network")
    assert command.main(["--onnx", out, "--safetensors", str(tmp_path / "network")]) == BAD_INPUT
    assert "give each format a file of its own" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_without_a_file_to_write_it_says_which_options_name_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == BAD_INPUT
    assert "--onnx, --safetensors" in capsys.readouterr().err


def test_a_missing_library_is_named_with_the_extra_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "safetensors.torch", None)
    monkeypatch.delitem(__import__("sys").modules, "charrnn.export.safetensors", raising=False)
    path = saved(tmp_path / "run", "lstm", 1)
    assert command.main(["--checkpoint", str(path), "--safetensors", str(tmp_path / "m")]) == BAD_INPUT
    assert "dream-jobs[export]" in capsys.readouterr().err
