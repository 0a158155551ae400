from __future__ import annotations

import io
import os
import random
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from charrnn.data.vocab import Vocab
from charrnn.model import checkpoint
from charrnn.model.archive import seal, serialize
from charrnn.model.checkpoint import Checkpoint
from charrnn.model.lstm import CharLSTM, ModelConfig
from scrape.common.errors import InputError


def made(epoch: float = 1.0, val_loss: float = 1.5, kind: str = "lstm") -> Checkpoint:
    torch.manual_seed(3)
    vocab = Vocab("abcdé")
    model = CharLSTM(ModelConfig(len(vocab), 8, 2, kind, 0.25))
    return Checkpoint(model.config, vocab, model.state_dict(), epoch, 70, val_loss, "ab12")


def same(one: Checkpoint, other: Checkpoint) -> bool:
    weights = all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights | other.weights)
    return weights and replace(one, weights={}) == replace(other, weights={})


def test_what_is_loaded_is_what_was_saved(tmp_path: Path) -> None:
    for kind in ("lstm", "gru", "rnn"):
        saved = made(kind=kind)
        assert same(checkpoint.load(checkpoint.save(tmp_path / kind, saved)), saved)


def test_a_loaded_model_computes_the_same_without_dropout(tmp_path: Path) -> None:
    saved = made()
    original = CharLSTM(saved.config).eval()
    original.load_state_dict(saved.weights)
    text = torch.tensor([[0, 4, 2, 1]])
    model = checkpoint.load(checkpoint.save(tmp_path / "run", saved)).model()
    assert torch.equal(model(text, model.initial_state(1))[0], original(text, original.initial_state(1))[0])


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
def test_a_small_checkpoint_keeps_each_weight_to_half_a_step(tmp_path: Path, kind: str) -> None:
    vocab = Vocab("abcdé")
    model = CharLSTM(ModelConfig(len(vocab), 64, 2, kind))
    with torch.no_grad():
        model.decoder.weight[1] = 0.0
    large = Checkpoint(model.config, vocab, model.state_dict(), 1.0, 70, 1.5, "ab12")
    path = tmp_path / "small.pt"
    path.write_bytes(checkpoint.to_bytes(large, small=True))
    small = checkpoint.load(path)
    assert len(checkpoint.to_bytes(large)) > 2.5 * path.stat().st_size
    assert replace(small, weights={}) == replace(large, weights={})
    for name, weight in large.weights.items():
        if weight.dim() == 2:
            step = weight.abs().amax(1, keepdim=True) / 127
            assert ((small.weights[name] - weight).abs() <= 0.5001 * step).all()
            path.write_bytes(checkpoint.to_bytes(small, small=True))
            torch.testing.assert_close(checkpoint.load(path).weights[name], small.weights[name])  # once is enough
        else:
            assert torch.equal(small.weights[name], weight)
    assert small.model()(torch.tensor([[0, 4]]), model.initial_state(1))[0].isfinite().all()


def change_scales(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], object]:
    def both(content: dict[str, Any]) -> None:
        name = "decoder.weight"
        content["weights"][name] = torch.ones(content["weights"][name].shape, dtype=torch.int8)
        content["scales"] = {name: torch.ones(len(content["weights"][name]))}
        change(content)

    return both


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.update(scales=[1.0]),
        lambda content: content.update(scales={"decoder.weight": 1.0}),
        lambda content: content.update(scales={"another": torch.ones(5)}),
        lambda content: content.update(scales={}),  # bytes without a scale
        lambda content: content.update(scales={"decoder.weight": torch.ones(4)}),
        lambda content: content.update(scales={"decoder.weight": torch.ones(5, dtype=torch.int64)}),
        lambda content: content["weights"].update({"decoder.weight": torch.ones(5, 8)}),  # no bytes, but a scale
        lambda content: content.update(weights=None),
    ],
)
def test_scales_that_do_not_fit_are_refused(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = checkpoint.save(tmp_path / "run", made())
    content = torch.load(path, weights_only=True)
    change_scales(change)(content)
    path.write_bytes(serialize(content))
    with pytest.raises(InputError, match="holds no network of this program"):
        checkpoint.load(path)


def test_names_serve_the_loop_of_the_post(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    checkpoint.save(folder, made(19.0, 1.2345))
    checkpoint.save(folder, made(0.5, 3.25))
    numbers = [[float(word) for word in f[13:-3].split("_")] for f in os.listdir(folder)]  # noqa: PTH208 - as the post had it
    assert sorted(numbers) == [[0.5, 3.25], [19.0, 1.2345]]


def test_saving_leaves_nothing_beside(tmp_path: Path) -> None:
    path = checkpoint.save(tmp_path / "run", made())
    assert list(tmp_path.rglob("*")) == [tmp_path / "run", path]


def test_the_same_checkpoint_is_the_same_bytes(tmp_path: Path) -> None:
    one, other = (checkpoint.save(tmp_path / name, made()).read_bytes() for name in ("one", "other"))
    assert one == other


def test_a_checkpoint_is_a_sound_zip_that_torch_loads_safely(tmp_path: Path) -> None:
    path = checkpoint.save(tmp_path, made())
    assert zipfile.ZipFile(path).testzip() is None
    assert torch.load(path, weights_only=True)["vocab"] == "abcdé"


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    path = checkpoint.save(tmp_path, made())
    whole = path.read_bytes()
    draw = random.Random(1)
    for at in [0, len(whole) - 1, *(draw.randrange(len(whole)) for _ in range(200))]:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << draw.randrange(8)]) + whole[at + 1 :])
        with pytest.raises(InputError, match=r"damaged|cut short"):
            checkpoint.load(path)


@pytest.mark.parametrize("left", [0, 1, 100, 0.5, 0.99])
def test_a_file_cut_short_gives_one_line(tmp_path: Path, left: float) -> None:
    path = checkpoint.save(tmp_path, made())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(left * len(whole)) if isinstance(left, float) else left])
    with pytest.raises(InputError, match=r"^[^\n]*cut short[^\n]*$"):
        checkpoint.load(path)


def test_what_is_no_checkpoint_gives_one_line(tmp_path: Path) -> None:
    foreign, sealed, pickled = tmp_path / "foreign.pt", tmp_path / "sealed.pt", tmp_path / "pickled.pt"
    torch.save({"weights": torch.zeros(2)}, foreign)
    sealed.write_bytes(serialize({"format": "something else"}))
    pickled.write_bytes(serialize({"format": checkpoint.FORMAT, "code": Path("x")}))
    for path in (foreign, sealed, pickled):
        with pytest.raises(InputError, match=r"^[^\n]*use another checkpoint$"):
            checkpoint.load(path)
    with pytest.raises(InputError, match=r"is a folder"):
        checkpoint.load(tmp_path)
    with pytest.raises(InputError, match=r"there is no .*train a model with"):
        checkpoint.load(tmp_path / "absent.pt")


def test_best_and_last_go_by_the_names(tmp_path: Path) -> None:
    paths = {epoch: checkpoint.save(tmp_path, made(epoch, loss)) for epoch, loss in ((1, 1.5), (2, 1.2), (10, 1.3))}
    (tmp_path / "notes.txt").write_text("not a checkpoint")
    (tmp_path / "lm_lstm_epoch99.pt").write_text("nor this")
    assert checkpoint.best(tmp_path) == paths[2]
    assert checkpoint.last(tmp_path) == paths[10]


def test_of_equals_the_latest_is_best(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, made(1, 1.2))
    assert checkpoint.best(tmp_path) != (later := checkpoint.save(tmp_path, made(2, 1.2)))
    assert checkpoint.best(tmp_path) == later


def test_where_there_is_none_the_command_is_named(tmp_path: Path) -> None:
    for find in (checkpoint.best, checkpoint.last, checkpoint.newest_run):
        with pytest.raises(InputError, match=r"there is no checkpoint in .*python -m charrnn.train"):
            find(tmp_path / "cv")


def test_the_newest_run_is_the_one_that_was_written_last(tmp_path: Path) -> None:
    for age, name in enumerate(("b", "a", "c")):
        os.utime(checkpoint.save(tmp_path / name, made()), ns=(0, 10**9 * (5 - age)))
    (tmp_path / "empty").mkdir()
    assert checkpoint.newest_run(tmp_path) == tmp_path / "b"


@pytest.mark.parametrize("keep", [0, 2, 9])
def test_pruning_keeps_best_last_and_the_newest_others(tmp_path: Path, keep: int) -> None:
    paths = [checkpoint.save(tmp_path, made(epoch, 1 + abs(epoch - 2) / 10)) for epoch in range(1, 8)]
    checkpoint.prune(tmp_path, keep)
    others = [paths[0], *paths[2:6]]
    assert {entry.path for entry in checkpoint.list_files(tmp_path)} == {
        paths[1],
        paths[6],
        *others[max(0, 5 - keep) :],
    }


def test_the_checkpoint_that_comes_along_is_nobodys_newest_run(tmp_path: Path) -> None:
    (tmp_path / "showcase").mkdir()
    (tmp_path / "showcase" / "lm_lstm_epoch1.00_0.5000.pt").touch()
    with pytest.raises(InputError, match="cv/showcase"):
        checkpoint.newest_run(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "lm_lstm_epoch1.00_0.9000.pt").touch()
    assert checkpoint.newest_run(tmp_path) == tmp_path / "mine"


def content() -> dict[str, Any]:
    """What a checkpoint file holds."""
    one = made()
    plain = {name: value for name, value in vars(one).items() if name not in ("config", "vocab", "weights")}
    return plain | {
        "format": checkpoint.FORMAT,
        "config": dict(vars(one.config)),
        "vocab": one.vocab.chars,
        "weights": dict(one.weights),
    }


ODD: dict[str, Callable[[dict[str, Any]], object]] = {
    "a huge layer": lambda one: one["config"].update(rnn_size=10**9),
    "endless layers": lambda one: one["config"].update(num_layers=10**9),
    "a number that is no size": lambda one: one["config"].update(rnn_size=True),
    "another cell": lambda one: one["config"].update(model="transformer"),
    "a setting too many": lambda one: one["config"].update(heads=8),
    "a tensor that is larger than its file": lambda one: one["weights"].update(x=torch.zeros(1).expand(10**12)),
    "weights of another shape": lambda one: one["weights"].update({"decoder.bias": torch.zeros(6)}),
    "weights that are no tensors": lambda one: one["weights"].update({"decoder.bias": 1.0}),
    "integers": lambda one: one["weights"].update({"decoder.bias": torch.zeros(5, dtype=torch.int64)}),
    "a list": lambda one: one.update(weights=[]),
    "a character twice": lambda one: one.update(vocab="abcda"),
    "half a character": lambda one: one.update(vocab="abcd\ud800"),
    "a vocabulary that is none": lambda one: one.update(vocab=5),
    "a loss that is none": lambda one: one.update(val_loss=float("nan")),
    "an epoch that is none": lambda one: one.update(epoch="1"),
    "something missing": lambda one: one.pop("corpus"),
}


@pytest.mark.parametrize("what", ODD)
def test_a_strangers_checkpoint_of_odd_content_gives_one_line(tmp_path: Path, what: str) -> None:
    changed, path = content(), tmp_path / "lm_lstm_epoch1.00_1.0000.pt"
    path.write_bytes(serialize(changed))
    assert checkpoint.load(path).val_loss == 1.5
    ODD[what](changed)
    path.write_bytes(serialize(changed))
    with pytest.raises(InputError, match=r"^[^\n]*use another checkpoint$"):
        checkpoint.load(path)


def rezipped(whole: bytes, compression: int, **records: bytes) -> bytes:
    """A checkpoint whose archive was written by another program, with a checksum that fits."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(made, "w", compression) as new:
        for name in old.namelist():
            new.writestr(name, records.get(Path(name).stem, old.read(name)))
    return seal(made.getvalue())


def test_an_archive_that_unpacks_to_more_than_itself_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pt"
    whole = serialize(content())
    calls_bytearray = b"\x80\x02c__builtin__\nbytearray\nJ\xff\xff\xff\x7f\x85R."
    for compression, records in (
        (zipfile.ZIP_DEFLATED, {"0": bytes(10**7)}),
        (zipfile.ZIP_STORED, {"data": calls_bytearray}),
    ):
        path.write_bytes(rezipped(whole, compression, **records))
        tracemalloc.start()
        with pytest.raises(InputError, match="use another checkpoint"):
            checkpoint.load(path)
        assert tracemalloc.get_traced_memory()[1] < 10**7
        tracemalloc.stop()


def test_a_checkpoint_whose_loss_diverged_is_neither_best_nor_last(tmp_path: Path) -> None:
    good = checkpoint.save(tmp_path, made(1, 1.5))
    checkpoint.save(tmp_path, made(2, 4e30))
    assert checkpoint.best(tmp_path) == checkpoint.last(tmp_path) == good
    good.unlink()
    with pytest.raises(InputError, match=r"diverged, to 4e\+30 nats"):
        checkpoint.best(tmp_path)
