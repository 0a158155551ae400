"""`python -m charrnn.sample`: which checkpoint, which prompts, and what lies in the folder afterwards."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lxml import html as lxml_html

import charrnn.sample.sampler
from charrnn.data import corpus as data
from charrnn.data.vocab import Vocab
from charrnn.model import checkpoint
from charrnn.model.checkpoint import Checkpoint
from charrnn.model.lstm import CharLSTM, ModelConfig
from charrnn.runs import history
from charrnn.runs.history import Evaluation
from charrnn.runs.selection import choose
from charrnn.sample import prompts
from charrnn.sample.__main__ import main, options_parser
from charrnn.sample.compare import compare, spread
from charrnn.sample.generate import Sample, generate
from charrnn.sample.sampler import Sampler, SampleRequest
from charrnn.sample.sampling import SamplingParams
from scrape.common import console
from scrape.common.errors import InputError
from scrape.markup import document, grammar

VOCAB = Vocab("\n &,-./0123456789;<>ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
FAST = ["--count", "3", "--length", "120", "--device", "cpu"]


def save(folder: Path, epoch: float, val_loss: float, vocab: Vocab = VOCAB) -> Path:
    torch.manual_seed(int(epoch * 100))
    config = ModelConfig(len(vocab), rnn_size=8, num_layers=1)
    return checkpoint.save(folder, Checkpoint(config, vocab, CharLSTM(config).state_dict(), epoch, 10, val_loss, "0"))


@pytest.fixture
def home(home: Path) -> Path:
    """A working folder with a run of three checkpoints and its log."""
    for epoch, val_loss in ((1.0, 2.0), (2.0, 1.5), (3.0, 1.7)):
        save(home / "cv" / "tiny", epoch, val_loss)
        history.append(home / "cv" / "tiny.jsonl", Evaluation(epoch, 10, 1.4, val_loss, 1e-3, 1000, 1.0))
    return home


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
    assert names(gallery(home)) == pages | {"index.html", "loss.svg", "postings.txt"}
    for page in ("index.html", "posting-02.html"):
        assert "lm_lstm_epoch2.00_1.5000.pt" in (gallery(home) / page).read_text("utf-8")
    assert len(texts(gallery(home))) == 3
    assert all(grammar.find_error(text) is None for text in texts(gallery(home)))


def test_the_default_is_a_dozen(home: Path) -> None:
    assert main(["--length", "60"]) == console.OK
    assert len(texts(gallery(home))) == 12


@pytest.mark.parametrize(
    ("name", "epoch"),
    [("best", 2), ("last", 3), ("cv/tiny", 2), ("cv/tiny/lm_lstm_epoch1.00_2.0000.pt", 1)],
)
def test_a_checkpoint_is_named_by_word_folder_or_file(home: Path, name: str, epoch: int) -> None:
    path = choose(name, None, Path("cv"))
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
    assert set(links) == kept - {"index.html", "notes.html"} | {"#learned", "#temperature"}


def test_the_same_request_gives_the_same_files_and_another_seed_others(home: Path) -> None:
    def made(seed: str, out: str) -> dict[str, bytes]:
        assert main([*FAST, "--seed", seed, "--out", out]) == console.OK
        return {path.name: path.read_bytes() for path in (home / out).iterdir()}

    assert made("5", "a") == made("5", "b")
    assert made("5", "a")["postings.txt"] != made("6", "c")["postings.txt"]


@pytest.mark.parametrize(
    ("said", "head"),
    [
        (["--title", "Night Baker"], ("Night Baker",)),
        (["--title", "Cook & <Co>", "--company", "Blue Door"], ("Cook & <Co>", "Blue Door")),
        (["--company", "Blue Door"], (None, "Blue Door")),
        (["--city", "Seattle", "--state", "WA"], (None, None, "Seattle, WA")),
        (["--title", "Cook", "--state", "WA"], ("Cook", None, "WA")),
        (["--state", "Illinois"], (None, None, "IL")),
        (["--city", "Peoria", "--state", "illinois"], (None, None, "Peoria, IL")),
        (["--title", "Cook", "--company", "B", "--city", "Reno"], ("Cook", "B", "Reno")),
        (["--raw", "--title", "Night Baker"], ("Night Baker",)),
        (["--raw", "--company", "Blue Door", "--state", "IL"], (None, "Blue Door", "IL")),
    ],
)
def test_what_is_wished_for_stands_in_every_head(home: Path, said: list[str], head: tuple[str | None, ...]) -> None:
    assert main([*FAST, *said, "--length", "300"]) == console.OK
    for text in (gallery(home) / "postings.txt").read_text("utf-8").split("<html>\n")[1:]:
        for tag, line in zip(grammar.HEAD[: len(head)], head, strict=True):
            shown = re.escape(grammar.escape(line)) if line else r"[^<>\n]+"
            found = re.match(f"<{tag}>{shown}</{tag}>\n", text)
            assert found, text
            text = text[found.end() :]


@pytest.mark.parametrize("head", [("Cook",), ("Cook", "B & Co"), ("Cook", "B & Co", "Reno")])
def test_a_head_known_from_its_start_is_the_prefix_that_training_saw(home: Path, head: tuple[str, ...]) -> None:
    said = [word for flag, line in zip(("--title", "--company", "--city"), head, strict=False) for word in (flag, line)]
    assert main([*FAST, *said]) == console.OK
    assert all(text.startswith(document.prompt_prefix(*head)) for text in texts(gallery(home)))


def test_postings_stand_in_the_order_of_their_rows_whichever_is_finished_first(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = [*FAST, "--company", "Blue Door", "--count", "6"]
    assert main(wish) == console.OK
    before = texts(gallery(home))
    monkeypatch.setattr(charrnn.sample.sampler, "generate", lambda *args, **how: reversed(list(generate(*args, **how))))
    assert main(wish) == console.OK
    assert texts(gallery(home)) == before


def test_heads_that_the_network_makes_up_differ(home: Path) -> None:
    assert main([*FAST, "--company", "Blue Door", "--temperature", "1"]) == console.OK
    assert len({document.read(text).title for text in texts(gallery(home))}) == 3


def test_a_primetext_begins_every_text(home: Path) -> None:
    assert main([*FAST, "--primetext", r"<html>\n<h1>Cook of the", "--seed", "1"]) == console.OK
    assert all(text.startswith("<html>\n<h1>Cook of the") for text in texts(gallery(home)))
    assert main([*FAST, "--raw", "--primetext", "Once upon a time"]) == console.OK
    assert (gallery(home) / "postings.txt").read_text("utf-8").count("Once upon a time") == 3
    assert "was repaired" in (gallery(home) / "posting-01.html").read_text("utf-8")


def test_a_missing_log_costs_the_plot_alone(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "cv" / "tiny.jsonl").unlink()
    assert main(FAST) == console.OK
    assert "without a loss plot" in capsys.readouterr().err
    assert "loss.svg" not in names(gallery(home))


@pytest.mark.parametrize("log", [b"", b"no json\n", b"\xff\xfe\n"])
def test_so_does_a_log_that_cannot_be_drawn(home: Path, log: bytes) -> None:
    (home / "cv" / "tiny.jsonl").write_bytes(log)
    assert main(FAST) == console.OK
    assert "loss.svg" not in names(gallery(home))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (["--checkpoint", "cv/none.pt"], r"there is no checkpoint or run cv/none\.pt; the runs in cv are: tiny"),
        (["--run", "nobody"], "there is no checkpoint or run nobody; the runs in cv are: tiny"),
        (["--checkpoint", "foreign.pt"], "foreign.pt .*use another checkpoint"),
        (["--checkpoint", "cv/tiny", "--run", "tiny"], "leave out --run tiny"),
        (["--title", "caf\u00e9"], r"--title .*'\u00e9' at 3 \(closest: 'e'\); use 'cafe'"),
        (["--company", "\u65e5 B"], r"--company .*'\u65e5' at 0 \(no equivalent\); use 'B'"),
        (["--city", "Z\u00fcrich"], r"--city and --state .*'\u00fc' at 1 .*use 'Zurich'"),
        (["--raw", "--primetext", "a\\n\u00e9"], r"the prompt has .*'\u00e9' at 2"),
        (["--prime-file", "nowhere.txt"], "there is no nowhere.txt"),
        (["--prime-file", "cv"], "cv is a folder"),
        (["--prime-file", "foreign.pt"], "foreign.pt is not text"),
        (["--prime-file", "foreign.pt", "--city", "y"], "--prime-file gives the whole prompt; leave out --title"),
        (["--stdout", "--open"], "leave out --open"),
        (["--json", "--out", "x"], "leave out --open, --out and --single-file"),
        (["--data-dir", "nowhere"], "nowhere"),
        (["--top-p", "0"], "top-p 0"),
        (["--top-k", "-1"], "top-k -1"),
        (["--min-p", "2"], "--min-p 2"),
        (["--title", "x", "--primetext", "y"], "leave out --title"),
        (["--primetext", "Once upon a time"], "'O' at 0 .*--raw"),
        (["--temperature", "-1"], "temperature -1"),
        (["--seed", "-1"], "seed -1"),
        (["--length", "5"], "length 5 is too short"),
        (["--out", "foreign.pt"], "foreign.pt is a file; name another place with --out"),
        (["--out", "foreign.pt/x"], "foreign.pt is a file; name another place with --out"),
        (["--device", "abacus"], "abacus"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(
    home: Path, capsys: pytest.CaptureFixture[str], said: list[str], message: str
) -> None:
    (home / "foreign.pt").write_bytes(b"PK\x03\x04\xff not ours")
    assert main([*FAST, *said]) == console.BAD_INPUT
    told = capsys.readouterr()
    assert told.out == ""
    assert re.fullmatch(f"error: .*{message}.*\n", told.err)
    assert not (home / "samples").exists()


def test_no_run_at_all_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"python -m charrnn\.train"):
        choose("best", None, Path("elsewhere"))


@pytest.mark.parametrize("raw", [[], ["--raw"]])
def test_an_older_checkpoint_without_markup_in_its_vocabulary_writes_texts(home: Path, raw: list[str]) -> None:
    save(home / "cv" / "plays", 1.0, 1.0, Vocab(" abc\n"))
    assert main([*FAST, *raw, "--run", "plays", "--primetext", "abc"]) == console.OK
    assert names(gallery(home, "plays")) == {"index.html", "texts.txt", "text-01.html", "text-02.html", "text-03.html"}
    assert (gallery(home, "plays") / "texts.txt").read_text().count("abc") >= 3


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

    monkeypatch.setattr(charrnn.sample.sampler, "generate", stopped)
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

    monkeypatch.setattr(charrnn.sample.sampler, "generate", stopped)
    assert main([*FAST, "--seed", "9"]) == console.INTERRUPTED
    assert {path.name: path.read_bytes() for path in gallery(home).iterdir()} == before


def corpus(home: Path, text: str, name: str = "tiny") -> Path:
    """data/<name>/input.txt, and the three checkpoints of the run as having learned from it."""
    folder = home / "data" / name
    folder.mkdir(parents=True)
    (folder / "input.txt").write_text(text, "utf-8")
    learned = data.open_corpus(folder)
    for entry in checkpoint.list_files(home / "cv" / "tiny"):
        checkpoint.save(entry.path.parent, replace(checkpoint.load(entry.path), corpus=learned.sha256))
    return folder


REAL = "<html>\n<h1>Night Baker of the Long Street and the Next One</h1>\n<p>Knead.</p>\n</html>\n"
BEGIN = REAL[: REAL.index("</h1>")]  # 54 characters


def test_what_is_copied_is_measured_against_the_text_learned_from(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus(home, REAL * 40)
    assert main([*FAST, "--primetext", BEGIN]) == console.OK
    index = (gallery(home) / "index.html").read_text("utf-8")
    assert re.search(r" words · \d+% copied", index)
    assert "<mark>Night Baker" in (gallery(home) / "posting-01.html").read_text("utf-8")
    assert capsys.readouterr().err == ""


def test_beside_copies_stands_how_much_the_corpus_repeats(home: Path) -> None:
    corpus(home, "".join(REAL.replace("Knead", f"Knead {at}") for at in range(100)))
    assert main([*FAST]) == console.OK
    told = r"\d+% on average, at most (\d+) characters in a row \(\d+ postings\)"
    found = re.search(told, (gallery(home) / "index.html").read_text("utf-8"))
    assert found
    assert int(found[1]) >= len(REAL) - 20  # they differ from what was trained on by a number alone
    page = (gallery(home) / "posting-01.html").read_text("utf-8")
    assert f"the longest is {found[1]} characters long" in page


def test_another_text_is_not_measured_against(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = corpus(home, REAL * 40)
    (folder / "input.txt").write_text(REAL * 41)
    assert main([*FAST, "--primetext", BEGIN]) == console.OK
    assert "not measured" in (gallery(home) / "index.html").read_text("utf-8")
    assert "--data-dir" in capsys.readouterr().err
    assert main([*FAST, "--data-dir", str(folder)]) == console.BAD_INPUT
    assert "not the text that" in capsys.readouterr().err


def series(folder: Path, anchor: str) -> list[tuple[str, list[str]]]:
    """The label and the titles of each row of a series in a gallery."""
    tree = lxml_html.fromstring((folder / "index.html").read_text("utf-8"))
    rows = tree.xpath(f"//section[@aria-labelledby='{anchor}']//li[@class='step']")
    return [(row.xpath("string(h3/text())"), row.xpath(".//h4/text()")) for row in rows]


def test_stages_show_the_untrained_network_and_checkpoints_from_the_same_beginnings(home: Path) -> None:
    assert main([*FAST, "--seed", "4", "--stages", "2"]) == console.OK
    tree = lxml_html.fromstring((gallery(home) / "index.html").read_text("utf-8"))
    titles = tree.xpath("//li[@class='card']//h2//text()")[:2]
    labels = ["Untrained", *(f"After reading it {times}" for times in ("once", "2 times", "3 times"))]
    assert series(gallery(home), "learned") == [(label, titles) for label in labels]
    assert series(gallery(home), "temperature") == [(f"Temperature {t}", titles) for t in (0.2, 0.5, 0.8, 1.1)]
    assert "this training left 3 checkpoints" in tree.text_content()


def test_series_can_be_left_out_and_a_broken_checkpoint_costs_its_stage_alone(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*FAST, "--stages", "0"]) == console.OK
    assert series(gallery(home), "learned") == series(gallery(home), "temperature") == []
    (home / "cv/tiny/lm_lstm_epoch1.00_2.0000.pt").write_bytes(b"torn")
    assert main(FAST) == console.OK
    assert len(series(gallery(home), "learned")) == 3
    assert "one stage of the run is left out" in capsys.readouterr().err
    (home / "cv/tiny/lm_lstm_epoch2.00_1.5000.pt").rename(home / "mine.pt")
    assert main([*FAST, "--checkpoint", "mine.pt", "--temperature", "0", "--out", "mine"]) == console.OK
    assert [label for label, _ in series(home / "mine", "learned")] == ["Untrained", "After reading it 2 times"]
    assert main([*FAST, "--top-k", "1"]) == console.OK
    assert series(gallery(home), "temperature") == []


def test_the_same_network_goes_on_as_it_did(home: Path) -> None:
    """Beginning and random numbers are those of the gallery, so a stage of the sampled checkpoint is its own text."""
    assert main([*FAST, "--temperature", "0.5", "--deterministic"]) == console.OK
    path = choose("best", None, Path("cv"))
    request = SampleRequest(("", "", ""), None, 3, SamplingParams(0.5, length=120, seed=123), False, True)
    sampler = Sampler.of(checkpoint.load(path), request, "cpu")
    done = sorted(sampler.samples(sampler.prompts()), key=lambda sample: sample.row)
    copy = checkpoint.save(home / "cv" / "copy", replace(sampler.loaded, epoch=9.0))
    found = compare(copy, sampler, done, 3)
    other = compare(path, sampler, done, 3)
    assert [sample.text for sample in found.stages[-1].samples] == [sample.text for sample in done]
    assert other.temperatures[1].samples == done
    for comparison in (found, other):
        beginnings = [sample.prompt for sample in comparison.stages[0].samples]
        assert all(stage.samples[0].text.startswith(beginnings[0]) for stage in comparison.stages)


@pytest.mark.parametrize(
    ("losses", "kept"),
    [
        ([3, 2], [0, 1]),
        ([5, 4, 3, 2, 1], [0, 1, 2, 3, 4]),
        ([9 - at / 10 for at in range(21)], [0, 5, 10, 15, 20]),
        ([1 if at == 6 else 2 for at in range(21)], [0, 6, 10, 15, 20]),
        ([1 if at == 19 else 2 for at in range(21)], [0, 5, 10, 19, 20]),
        ([1 if at == 1 else 2 for at in range(6)], [0, 1, 2, 4, 5]),
    ],
)
def test_checkpoints_are_spread_over_the_run_with_the_first_the_best_and_the_last(
    losses: list[float], kept: list[int]
) -> None:
    files = [checkpoint.CheckpointFile(Path(str(at)), float(at), loss) for at, loss in enumerate(losses)]
    assert [file.epoch for file in spread(files)] == kept


def test_a_single_file_holds_the_gallery(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FAST, "--single-file"]) == console.OK
    assert capsys.readouterr().out == "samples/tiny.html\n"
    assert names(home / "samples") == {"tiny.html"}
    page = (home / "samples/tiny.html").read_text("utf-8")
    assert [sheet.get("id") for sheet in lxml_html.fromstring(page).xpath("//article")] == [
        f"posting-0{number}" for number in (1, 2, 3)
    ]
    assert main([*FAST, "--single-file", "--out", "samples"]) == console.BAD_INPUT
    assert "samples is a folder, and --single-file writes a file" in capsys.readouterr().err


def test_stdout_has_the_texts_and_nothing_else(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FAST, "--stdout"]) == console.OK
    told = capsys.readouterr()
    assert told.err == ""
    assert not (home / "samples").exists()
    assert main(FAST) == console.OK
    assert sorted(document.split([told.out])) == sorted(texts(gallery(home)))


def test_a_single_text_is_written_character_by_character(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = []
    monkeypatch.setattr(sys.stdout, "flush", lambda: flushed.append(True))
    one = [*FAST, "--count", "1"]
    assert main([*one, "--stdout"]) == console.OK
    text = capsys.readouterr().out
    assert main(one) == console.OK
    assert [text] == texts(gallery(home))
    assert len(flushed) >= len(text) - len(BEGIN)


def test_json_has_a_line_for_each_posting(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus(home, REAL * 40)
    assert main([*FAST, "--json", "--primetext", BEGIN, "--temperature", "0.9", "--top-k", "20"]) == console.OK
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(row["row"] for row in rows) == [0, 1, 2]
    for row in rows:
        posting = document.read(row["text"])
        assert (row["title"], row["company"], row["place"]) == (posting.title, posting.company, posting.location)
        assert row["prompt"] == BEGIN
        assert (row["temperature"], row["seed"]) == (0.9, 123)
        assert row["memorization"]["longest"] >= len(BEGIN)
        assert 0 < row["memorization"]["share"] <= 1
        assert row["masked"] >= 0 <= row["cost"]
        assert row["logprob"] < 0
    assert not (home / "samples").exists()


def test_json_of_a_broken_text_has_the_head_of_the_mended_one(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FAST, "--json", "--raw", "--primetext", "<h1>Cook</h1>"]) == console.OK
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["title"][:4] for row in rows] == ["Cook"] * 3
    assert [row["memorization"] for row in rows] == [None] * 3


@pytest.mark.parametrize(
    ("content", "begin"),
    [
        (b"<html>\n<h1>Cook", "<html>\n<h1>Cook"),
        (b"<html>\n<h1>Cook\n", "<html>\n<h1>Cook"),
        (b"\xef\xbb\xbf<html>\r\n<h1>Cook</h1>\r\n", "<html>\n<h1>Cook</h1>\n"),
    ],
)
def test_a_file_can_begin_the_postings(home: Path, content: bytes, begin: str) -> None:
    (home / "begin.txt").write_bytes(content)
    assert main([*FAST, "--prime-file", "begin.txt"]) == console.OK
    assert all(text.startswith(begin) for text in texts(gallery(home)))
    assert not begin.endswith("k") or not any(text.startswith(begin + "\n") for text in texts(gallery(home)))


def test_the_gallery_opens_in_a_browser(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or len(opened) == 1)
    assert main([*FAST, "--open"]) == console.OK
    assert opened == [(gallery(home) / "index.html").as_uri()]
    assert "no browser" not in capsys.readouterr().err
    assert main([*FAST, "--open"]) == console.OK
    assert "no browser" in capsys.readouterr().err


def test_choices_reach_the_draw_and_the_page(home: Path) -> None:
    assert main([*FAST, "--top-k", "1", "--top-p", "0.9", "--min-p", "0.1", "--temperature", "2"]) == console.OK
    assert "top-k 1, top-p 0.9, min-p 0.1" in (gallery(home) / "index.html").read_text("utf-8")
    greedy = texts(gallery(home))
    assert len(set(greedy)) == 1  # of one character only the likeliest is left
    assert main([*FAST, "--temperature", "0"]) == console.OK
    assert texts(gallery(home)) == greedy


@pytest.mark.parametrize(
    ("char", "alphabet", "near"),
    [
        ("\u00e9", "abcde", "e"),
        ("\u2014", "a-\u2013", "-"),
        ("\u2014", "a\u2013", "\u2013"),
        ("\u201c", "a\"'", '"'),
        ("\u2026", "a.", "..."),
        ("Q", "abq", "q"),
        ("\u00c9", "abe", "e"),
        ("\u65e5", "abc", ""),
        ("\u2026", "abc", ""),
    ],
)
def test_the_closest_character_of_an_alphabet(char: str, alphabet: str, near: str) -> None:
    assert prompts.closest(char, frozenset(alphabet)) == near


def test_well_formed_and_raw_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    parse = options_parser().parse_args
    assert [parse(said).raw for said in ([], ["--raw"], ["--well-formed"])] == [None, True, False]
    with pytest.raises(SystemExit):
        parse(["--raw", "--well-formed"])
    assert "not allowed with" in capsys.readouterr().err


def test_deterministic_has_its_old_spelling_for_one_release(capsys: pytest.CaptureFixture[str]) -> None:
    parse = options_parser().parse_args
    assert [parse(said).deterministic for said in ([], ["--deterministic"], ["--exact"])] == [False, True, True]
    with pytest.raises(SystemExit):
        parse(["--help"])
    told = capsys.readouterr().out
    assert "--deterministic" in told
    assert "--exact" not in told


@pytest.mark.parametrize("greedy", [["--temperature", "0"], ["--top-k", "1"]])
def test_without_chance_one_text_is_written_once(
    home: Path, capsys: pytest.CaptureFixture[str], greedy: list[str]
) -> None:
    assert main([*FAST, *greedy, "--json"]) == console.OK
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    assert "all 3 would be the same, so one is written" in err


def test_the_name_of_a_run_alone_is_answered_with_the_option_that_takes_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["tweets"])
    assert end.value.code == console.BAD_INPUT
    assert "unrecognized arguments: tweets; did you mean --checkpoint tweets?" in capsys.readouterr().err
