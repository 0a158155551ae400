"""`python -m charrnn.sample`: which checkpoint, which prompts, and what lies in the folder afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from lxml import html as lxml_html

import charrnn.sample
from charrnn import checkpoint, runlog
from charrnn.checkpoint import Checkpoint
from charrnn.generate import Sample, generate
from charrnn.model import CharLSTM, ModelConfig
from charrnn.runlog import Evaluation
from charrnn.sample import chosen, main
from charrnn.vocab import Vocab
from scrape import console, document, markup
from scrape.errors import InputError

VOCAB = Vocab("\n &,-./0123456789;<>ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
FAST = ["--count", "3", "--length", "120", "--device", "cpu"]


def save(folder: Path, epoch: float, val_loss: float, vocab: Vocab = VOCAB) -> Path:
    torch.manual_seed(int(epoch * 100))
    config = ModelConfig(len(vocab), rnn_size=8, num_layers=1)
    return checkpoint.save(folder, Checkpoint(config, vocab, CharLSTM(config).state_dict(), epoch, 10, val_loss, "0"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a run of three checkpoints and its log."""
    monkeypatch.chdir(tmp_path)
    for epoch, val_loss in ((1.0, 2.0), (2.0, 1.5), (3.0, 1.7)):
        save(tmp_path / "cv" / "tiny", epoch, val_loss)
        runlog.append(tmp_path / "cv" / "tiny.jsonl", Evaluation(epoch, 10, 1.4, val_loss, 1e-3, 1000, 1.0))
    return tmp_path


def gallery(home: Path, name: str = "tiny") -> Path:
    return home / "samples" / name


def texts(folder: Path) -> list[str]:
    return list(document.split([(folder / "postings.txt").read_text("utf-8")]))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_nothing_said_means_the_best_of_the_newest_run(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(FAST) == console.OK
    assert capsys.readouterr().out == "samples/tiny/index.html\n"
    pages = {"posting-01.html", "posting-02.html", "posting-03.html"}
    assert names(gallery(home)) == pages | {"index.html", "loss.png", "postings.txt"}
    for page in ("index.html", "posting-02.html"):
        assert "lm_lstm_epoch2.00_1.5000.pt" in (gallery(home) / page).read_text("utf-8")
    assert len(texts(gallery(home))) == 3
    assert all(markup.problem(text) is None for text in texts(gallery(home)))


def test_the_default_is_a_dozen(home: Path) -> None:
    assert main(["--length", "60"]) == console.OK
    assert len(texts(gallery(home))) == 12


@pytest.mark.parametrize(
    ("name", "epoch"),
    [("best", 2), ("last", 3), ("cv/tiny", 2), ("cv/tiny/lm_lstm_epoch1.00_2.0000.pt", 1)],
)
def test_a_checkpoint_is_named_by_word_folder_or_file(home: Path, name: str, epoch: int) -> None:
    path = chosen(name, None, Path("cv"))
    assert path.name.startswith(f"lm_lstm_epoch{epoch}.00")
    assert path.parent == (home / "cv" / "tiny").resolve()


def test_a_run_is_chosen_by_name_and_names_its_gallery(home: Path) -> None:
    save(home / "cv" / "newer", 1.0, 9.0)
    assert main([*FAST, "--checkpoint"]) == console.OK
    assert main([*FAST, "--checkpoint", "last", "--run", "tiny"]) == console.OK
    assert "epoch3.00" in (gallery(home) / "index.html").read_text("utf-8")
    assert "epoch1.00" in (gallery(home, "newer") / "index.html").read_text("utf-8")


def test_a_new_sampling_replaces_the_old_one_and_leaves_other_files_alone(home: Path) -> None:
    assert main([*FAST, "--count", "5"]) == console.OK
    (gallery(home) / "notes.html").write_text("mine")
    (home / "cv" / "tiny.jsonl").unlink()
    assert main([*FAST, "--count", "2"]) == console.OK
    kept = {"posting-01.html", "posting-02.html", "index.html", "postings.txt", "notes.html"}
    assert names(gallery(home)) == kept
    assert (gallery(home) / "notes.html").read_text() == "mine"
    links = lxml_html.fromstring((gallery(home) / "index.html").read_text("utf-8")).xpath("//a/@href")
    assert set(links) == kept - {"index.html", "notes.html"}


def test_the_same_request_gives_the_same_files_and_another_seed_others(home: Path) -> None:
    def made(seed: str, out: str) -> dict[str, bytes]:
        assert main([*FAST, "--seed", seed, "--out", out]) == console.OK
        return {path.name: path.read_bytes() for path in (home / out).iterdir()}

    assert made("5", "a") == made("5", "b")
    assert made("5", "a")["postings.txt"] != made("6", "c")["postings.txt"]


@pytest.mark.parametrize("free", [[], ["--free"]])
@pytest.mark.parametrize(
    ("said", "head"),
    [
        (["--title", "Night Baker"], ("Night Baker",)),
        (["--title", "Cook & <Co>", "--company", "Blue Door"], ("Cook & <Co>", "Blue Door")),
        (["--company", "Blue Door"], (None, "Blue Door")),
        (["--city", "Seattle", "--state", "WA"], (None, None, "Seattle, WA")),
        (["--title", "Cook", "--state", "WA"], ("Cook", None, "WA")),
        (["--title", "Cook", "--company", "B", "--city", "Reno"], ("Cook", "B", "Reno")),
    ],
)
def test_what_is_wished_for_stands_in_every_head(
    home: Path, said: list[str], head: tuple[str | None, ...], free: list[str]
) -> None:
    assert main([*FAST, *said, *free, "--length", "300"]) == console.OK
    for text in (gallery(home) / "postings.txt").read_text("utf-8").split("<html>\n")[1:]:
        for tag, line in zip(markup.HEAD[: len(head)], head, strict=True):
            shown = re.escape(markup.escape(line)) if line else r"[^<>\n]+"
            found = re.match(f"<{tag}>{shown}</{tag}>\n", text)
            assert found, text
            text = text[found.end() :]


@pytest.mark.parametrize("head", [("Cook",), ("Cook", "B & Co"), ("Cook", "B & Co", "Reno")])
def test_a_head_known_from_its_start_is_the_prefix_that_training_saw(home: Path, head: tuple[str, ...]) -> None:
    said = [word for flag, line in zip(("--title", "--company", "--city"), head, strict=False) for word in (flag, line)]
    assert main([*FAST, *said]) == console.OK
    assert all(text.startswith(document.prime(*head)) for text in texts(gallery(home)))


def test_postings_stand_in_the_order_of_their_rows_whichever_is_finished_first(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = [*FAST, "--company", "Blue Door", "--count", "6"]
    assert main(wish) == console.OK
    before = texts(gallery(home))
    monkeypatch.setattr(charrnn.sample, "generate", lambda *args, **how: reversed(list(generate(*args, **how))))
    assert main(wish) == console.OK
    assert texts(gallery(home)) == before


def test_heads_that_the_network_makes_up_differ(home: Path) -> None:
    assert main([*FAST, "--company", "Blue Door", "--temperature", "1"]) == console.OK
    assert len({document.read(text).title for text in texts(gallery(home))}) == 3


def test_a_primetext_begins_every_text(home: Path) -> None:
    assert main([*FAST, "--primetext", r"<html>\n<h1>Cook of the", "--seed", "1"]) == console.OK
    assert all(text.startswith("<html>\n<h1>Cook of the") for text in texts(gallery(home)))
    assert main([*FAST, "--free", "--primetext", "Once upon a time"]) == console.OK
    assert (gallery(home) / "postings.txt").read_text("utf-8").count("Once upon a time") == 3
    assert "was mended" in (gallery(home) / "posting-01.html").read_text("utf-8")


def test_a_missing_log_costs_the_plot_alone(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "cv" / "tiny.jsonl").unlink()
    assert main(FAST) == console.OK
    assert "without a loss plot" in capsys.readouterr().err
    assert "loss.png" not in names(gallery(home))


@pytest.mark.parametrize("log", [b"", b"no json\n", b"\xff\xfe\n"])
def test_so_does_a_log_that_cannot_be_drawn(home: Path, log: bytes) -> None:
    (home / "cv" / "tiny.jsonl").write_bytes(log)
    assert main(FAST) == console.OK
    assert "loss.png" not in names(gallery(home))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (["--checkpoint", "cv/none.pt"], r"there is no .*none\.pt; train a model with"),
        (["--run", "nobody"], "no checkpoint in .*nobody; train one with"),
        (["--checkpoint", "foreign.pt"], "foreign.pt .*use another checkpoint"),
        (["--checkpoint", "cv/tiny", "--run", "tiny"], "leave out --run tiny"),
        (["--title", "caf\u00e9"], r"unknown character '\u00e9'"),
        (["--company", "caf\u00e9"], r"unknown character '\u00e9'"),
        (["--title", "x", "--primetext", "y"], "leave out --title"),
        (["--primetext", "Once upon a time"], "'O' at 0 .*--free"),
        (["--temperature", "-1"], "temperature -1"),
        (["--seed", "-1"], "seed -1"),
        (["--length", "5"], "length 5 is too short"),
        (["--out", "foreign.pt"], "foreign.pt is a file"),
        (["--device", "abacus"], "abacus"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(
    home: Path, capsys: pytest.CaptureFixture[str], said: list[str], message: str
) -> None:
    (home / "foreign.pt").write_bytes(b"PK\x03\x04 not ours")
    assert main([*FAST, *said]) == console.BAD_INPUT
    told = capsys.readouterr()
    assert told.out == ""
    assert re.fullmatch(f"error: .*{message}.*\n", told.err)
    assert not (home / "samples").exists()


def test_no_run_at_all_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"python -m charrnn\.train"):
        chosen("best", None, Path("cv"))


def test_a_vocabulary_without_markup_samples_free(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(home / "cv" / "plays", 1.0, 1.0, Vocab(" abc\n"))
    plays = [*FAST, "--run", "plays", "--primetext", "abc"]
    assert main(plays) == console.BAD_INPUT
    assert "--free" in capsys.readouterr().err
    assert main([*plays, "--free"]) == console.OK


@pytest.mark.parametrize("count", ["0", "-3", "many"])
def test_a_count_below_one_is_refused(count: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--count", count])
    assert stopped.value.code == console.BAD_INPUT


@pytest.mark.parametrize(
    ("signal", "code"), [(KeyboardInterrupt, console.INTERRUPTED), (console.Terminated, console.TERMINATED)]
)
def test_what_is_finished_is_kept_when_stopped(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    signal: type[BaseException],
    code: int,
) -> None:
    def stopped(*args: object, **how: object) -> Iterator[Sample]:
        for number, sample in enumerate(generate(*args, **how)):  # type: ignore[arg-type]
            if number == 2:
                raise signal
            yield sample

    monkeypatch.setattr(charrnn.sample, "generate", stopped)
    assert main([*FAST, "--count", "5"]) == code
    assert "2 of 5 postings" in capsys.readouterr().err
    assert len(texts(gallery(home))) == 2
    assert {"posting-01.html", "posting-02.html", "index.html"} < names(gallery(home))


def test_stopped_before_the_first_is_finished_the_old_gallery_stands(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(FAST) == console.OK
    before = {path.name: path.read_bytes() for path in gallery(home).iterdir()}

    def stopped(*_args: object, **_how: object) -> Iterator[Sample]:
        raise KeyboardInterrupt

    monkeypatch.setattr(charrnn.sample, "generate", stopped)
    assert main([*FAST, "--seed", "9"]) == console.INTERRUPTED
    assert {path.name: path.read_bytes() for path in gallery(home).iterdir()} == before
