"""`python -m scrape.recommend` as a user meets it: labels, a classifier, a ranking, a page."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from tests.support.paths import ROOT

pytest.importorskip("sklearn", reason="recommendations need the extra `recommend`")

from scrape import demo
from scrape.__main__ import main as scrape_main
from scrape.boards import registry
from scrape.common import pool
from scrape.common.posting import Posting
from scrape.crawl.crawler import Outcome
from scrape.crawl.search import SearchRequest
from scrape.dataset.search_and_save import SearchOutcome
from scrape.dataset.simplify_all import Simplified
from scrape.dataset.store import FileStore, Store
from scrape.markup import document
from scrape.markup.simplify import simplify
from scrape.recommend import classifier, feature_store, features
from scrape.recommend.__main__ import main
from scrape.recommend.feature_store import _Computed
from scrape.recommend.labels import open_labels
from scrape.recommend.page import Recommendation, render_page

COUNT = 120


def put(store: Store, posting: Posting) -> None:
    store.add(posting)
    store.put_document(posting.name, document.write(replace(posting, html=simplify(posting.html))))


@pytest.fixture(scope="session")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of invented postings, half of which are a baker's."""
    store = FileStore(tmp_path_factory.mktemp("gathered") / "data")
    with store.locked():
        for number, posting in enumerate(demo.postings(count=COUNT)):
            title = f"Pastry Baker {posting.title}" if number % 2 else posting.title
            put(store, replace(posting, title=title))
    return store.root


@pytest.fixture(scope="session")
def taught(gathered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with 60 labels and a classifier."""
    store = FileStore(tmp_path_factory.mktemp("taught") / "data")
    shutil.copytree(gathered, store.root)
    label_some(store, 60)
    assert call(store, "train") == 0
    return store.root


@pytest.fixture
def store(gathered: Path, tmp_path: Path) -> Store:
    return FileStore(Path(shutil.copytree(gathered, tmp_path / "data")))


@pytest.fixture
def trained(taught: Path, tmp_path: Path) -> Store:
    return FileStore(Path(shutil.copytree(taught, tmp_path / "data")))


def call(store: Store, *words: str) -> int:
    return main([*words, "--data-dir", str(store.root)])


def is_baker(store: Store, name: str) -> bool:
    return "Baker" in store.head(name).title


def label_some(store: Store, number: int) -> None:
    names = store.names()[:number]
    lines = [f"{name} {'y' if is_baker(store, name) else 'n'}\n" for name in names]
    (store.root / "labels.txt").write_text("".join(lines))
    assert call(store, "label", "--from-file", str(store.root / "labels.txt")) == 0


# ---------------------------------------------------------------------- fetch-new


def test_fetch_new_adds_what_is_not_known_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    serve = demo.serve
    monkeypatch.setattr(demo, "serve", lambda: serve(count=20))
    assert main(["fetch-new", "--demo"]) == 0
    store = FileStore(Path("data/demo"))
    names = store.names()
    assert len(names) == len(store.document_names()) == 20 and "20 new postings" in capsys.readouterr().err
    lost = sorted(names)[3]  # an old one, which no "greater than the last id" would bring back
    store.raw_path(lost).unlink()
    before = {path: path.stat().st_mtime_ns for path in store.raw.iterdir()}
    assert main(["fetch-new", "--demo"]) == 0
    assert store.names() == names and "1 new postings, 20 in" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_fetch_new_asks_a_board_that_allows_it_where_nothing_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from scrape.recommend import commands as verbs

    asked: list[tuple[SearchRequest, dict[str, object]]] = []

    def search_and_save(store: Store, request: SearchRequest, **how: object) -> SearchOutcome:
        asked.append((request, how))
        return SearchOutcome(store.root, (Outcome("hackernews", "ok", known=1),), Simplified(0, 0), None)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(verbs, "search_and_save", search_and_save)
    assert main(["fetch-new"]) == 0 and main(["fetch-new", "--boards", "a,b", "--title", "x", "--limit", "3"]) == 0
    assert asked[0][0].boards == ("hackernews",) and not registry.no_training(registry.named("hackernews"))
    assert (asked[0][1]["max_age"], asked[0][1]["corpus"], asked[0][1]["for_training"]) == (0, False, False)
    assert (asked[1][0].boards, asked[1][0].titles, asked[1][1]["limit"]) == (("a", "b"), ("x",), 3)


# ---------------------------------------------------------------------- labels from a file


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nowhere-1 y", "labels.txt:2: no posting is called 'nowhere-1'"),
        ("https://x.example/1 n", "labels.txt:2: no posting is called 'https://x.example/1'"),
        ("{name} maybe", "labels.txt:2: 'maybe' is not an answer"),
    ],
)
def test_a_bad_line_takes_no_label_in(
    line: str, message: str, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    name = store.names()[0]
    (store.root / "labels.txt").write_text(f"{name} y\n{line.format(name=name)}\n")
    assert call(store, "label", "--from-file", str(store.root / "labels.txt")) == 2
    assert message in capsys.readouterr().err
    with open_labels(store.root) as labels:
        assert labels.all() == []


def test_a_file_of_labels_may_have_a_byte_order_mark_and_windows_line_ends(store: Store) -> None:
    first, second = store.names()[:2]
    (store.root / "labels.txt").write_bytes(f"\ufeff{first} yes\r\n\r\n{second}\tn\r\n".encode())
    assert call(store, "label", "--from-file", str(store.root / "labels.txt")) == 0
    with open_labels(store.root) as labels:
        assert [(label.name, label.answer) for label in labels.all()] == [(first, "yes"), (second, "no")]


def test_a_file_names_postings_by_name_or_address(store: Store) -> None:
    first, second, third = store.names()[:3]
    address = store.head(second).url + "?utm_source=x"
    (store.root / "labels.txt").write_text(f"# mine\n\n{first}\tyes\n{address} n\n{third} s\n")
    assert call(store, "label", "--from-file", str(store.root / "labels.txt")) == 0
    with open_labels(store.root) as labels:
        assert [(label.name, label.answer) for label in labels.all()] == [
            (first, "yes"),
            (second, "no"),
            (third, "skipped"),
        ]


def test_without_a_terminal_label_says_what_to_do(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(store, "label") == 2
    assert "--from-file" in capsys.readouterr().err


# ---------------------------------------------------------------------- train


def test_a_plain_preference_is_learned_and_reported(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    label_some(store, 60)
    capsys.readouterr()
    assert call(store, "train", "--json") == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (told["yes"], told["no"]) == (30, 30) and err == ""
    ours, yes, usual = (told["report"][who] for who in ("this classifier", "all yes", "most frequent"))
    assert ours["average precision"]["value"] > 0.9 and ours["F1"]["value"] > 0.8
    assert yes["recall"]["value"] == 1 and yes["precision"]["value"] == 0.5 == yes["average precision"]["value"]
    assert usual["recall"]["value"] == 0
    assert all(figure["low"] <= figure["value"] <= figure["high"] for figure in ours.values())
    assert any("baker" in word for word in told["for"]) and not any("baker" in word for word in told["against"])


def test_the_same_labels_give_the_same_classifier(trained: Store) -> None:
    first = (trained.root / classifier.FILE).read_bytes()
    assert call(trained, "train") == 0
    assert (trained.root / classifier.FILE).read_bytes() == first


def test_few_labels_are_warned_of(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    label_some(store, 8)
    assert call(store, "train") == 0
    warning = "too few labels to trust: 4 yes and 4 no"
    assert warning in capsys.readouterr().err
    for verb in (["recommend"], ["recommend", "--json"], ["similar", str(store.document_path(store.names()[0]))]):
        assert call(store, *verb) == 0
        assert warning in capsys.readouterr().err
    with open_labels(store.root) as labels:
        labels.drop({label.name for label in labels.all()[2:]})
    assert call(store, "train") == 0
    assert "too few labels to evaluate: 1 yes and 1 no" in capsys.readouterr().err
    assert call(store, "recommend") == 0
    assert "too few labels to evaluate: 1 yes and 1 no" in capsys.readouterr().err


def test_a_hint_names_the_dataset_of_its_command(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(store, "recommend") == 2
    assert f"run `python -m scrape.recommend train --data-dir {store.root}`" in capsys.readouterr().err
    assert call(store, "train") == 2
    assert f"run `python -m scrape.recommend label --data-dir {store.root}`" in capsys.readouterr().err


def test_a_missing_file_of_labels_is_one_plain_line(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(store, "label", "--from-file", "nowhere") == 2
    assert capsys.readouterr().err == ("error: there is no nowhere; name a file of labels\n")


def test_labels_of_one_kind_teach_nothing(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    (store.root / "labels.txt").write_text(f"{store.names()[0]} y\n{store.names()[1]} s\n")
    call(store, "label", "--from-file", str(store.root / "labels.txt"))
    assert call(store, "train") == 2
    assert "1 yes and 0 no" in capsys.readouterr().err and not (store.root / classifier.FILE).exists()


# ---------------------------------------------------------------------- recommend


def test_what_is_liked_comes_first_and_says_why(trained: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(trained, "recommend", "--json", "--count", "25") == 0
    found = json.loads(capsys.readouterr().out)
    labeled = set(trained.names()[:60])
    assert len(found) == 25 and labeled.isdisjoint(row["name"] for row in found)
    assert all(is_baker(trained, row["name"]) for row in found)
    assert [row["by"] for row in found] == sorted((row["by"] for row in found), reverse=True) and found[0]["by"] > 0.5
    assert all(len(row["words"]) == 3 for row in found)
    assert all(any(word.split()[0] in ("pastry", "baker") for word in row["words"]) for row in found)
    assert call(trained, "recommend", "--json", "--all", "--count", "999") == 0
    everything = json.loads(capsys.readouterr().out)
    assert {row["name"] for row in everything} == set(trained.names()) and everything[-1]["by"] < 0.5
    assert any(word.startswith("not: ") for row in everything for word in row["words"])


def test_the_table_has_chance_posting_link_and_words(trained: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(trained, "recommend", "--count", "3") == 0
    out = capsys.readouterr().out
    assert out.split("\n")[0].split() == ["chance", "posting", "decided", "by"]
    assert out.count("https://demo-board.invalid/posting/") == 3 and out.count("%") == 3 and "(title)" in out
    assert "\x1b" not in out, "no colours into a pipe"


def test_a_ranking_by_an_outdated_classifier_says_so(trained: Store, capsys: pytest.CaptureFixture[str]) -> None:
    label_some(trained, 70)
    assert call(trained, "recommend") == 0
    assert "trained on 60 labels, now there are 70" in capsys.readouterr().err


def test_the_page_is_written_and_closed_to_the_world(trained: Store) -> None:
    target = trained.root / "out" / "read.html"
    assert call(trained, "recommend", "--html", str(target), "--count", "4") == 0
    text = target.read_text("utf-8")
    assert text.count("<li>") == 4 == text.count('rel="noopener noreferrer"')
    assert "default-src 'none'" in unescape(text) and "<script" not in text


def test_nothing_a_board_says_becomes_markup() -> None:
    hostile = '"><script>alert(1)</script>'
    text = render_page([Recommendation(hostile, hostile, (hostile,), "javascript:alert(1)", (hostile,))], hostile)
    assert "<script" not in text and "href" not in text
    other = Recommendation("1 %", "A", (), 'https://x.example/?a">', ())
    assert '<a href="https://x.example/?a&#34;&gt;"' in render_page([other], "")


def test_titles_and_addresses_cannot_command_a_terminal(trained: Store, capsys: pytest.CaptureFixture[str]) -> None:
    with trained.locked():
        put(
            trained,
            Posting("demo", "evil", "https://x.example/\x1b[2J", "Pastry \x1b[31mBaker\x07", html="<p>Baker</p>"),
        )
    assert call(trained, "recommend", "--count", "999") == 0
    out = capsys.readouterr().out
    assert "Baker" in out and "\x1b" not in out and "\x07" not in out


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\x80\x04K\x01."])
def test_a_damaged_classifier_is_one_line(content: bytes, trained: Store, capsys: pytest.CaptureFixture[str]) -> None:
    (trained.root / classifier.FILE).write_bytes(content)
    assert call(trained, "recommend") == 2
    err = capsys.readouterr().err
    assert "classifier.npz cannot be used" in err and "train" in err and err.count("\n") == 1


def test_a_classifier_of_another_version_is_refused(
    trained: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "VERSION", 999)
    assert call(trained, "recommend") == 2
    assert "another version" in capsys.readouterr().err


def test_a_classifier_says_what_it_was_made_of(trained: Store) -> None:
    learned, made = classifier.load(trained)
    assert (made.yes, made.no) == (30, 30) and learned.frequency.postings == COUNT
    assert {"python", "numpy", "scikit-learn"} <= set(made.versions)


def test_no_classifier_says_what_to_run(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(store, "recommend") == 2
    assert "python -m scrape.recommend train" in capsys.readouterr().err


def test_a_classifier_of_before_is_to_be_trained_again(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    (store.root / classifier.OLD_FILE).write_bytes(b"PK")
    assert call(store, "recommend") == 2
    err = capsys.readouterr().err
    assert "taste.npz was made by an earlier version; run `python -m scrape.recommend train --data-dir" in err
    label_some(store, 8)
    assert call(store, "train") == 0 and call(store, "recommend") == 0
    assert not (store.root / classifier.OLD_FILE).exists()


# ---------------------------------------------------------------------- similar


def test_a_posting_is_most_similar_to_itself(trained: Store, capsys: pytest.CaptureFixture[str]) -> None:
    samples = trained.root / "postings.txt"
    names = [trained.names()[1], trained.names()[2]]
    samples.write_text("".join(trained.document(name) for name in names) + "<html>\n<h1>Baker</h1>\n<p>An op", "utf-8")
    assert call(trained, "similar", str(samples), "--json", "--count", "4") == 0
    told = json.loads(capsys.readouterr().out)
    assert [len(each["nearest"]) for each in told] == [4, 4, 4]
    itself = {each["title"]: each["nearest"][0] for each in told}
    for name in names:
        near = itself[trained.head(name).title]
        assert near["name"] == name and near["by"] == pytest.approx(1, abs=1e-3)
    chances = [each["chance"] for each in told]
    assert chances == sorted(chances, reverse=True) and "Baker" in told[0]["title"] and "Baker" not in told[-1]["title"]
    assert call(trained, "similar", str(samples), "--samples", "1") == 0
    out = capsys.readouterr().out
    assert out.count("generated: ") == 1 and "chance of a yes" in out and "https://demo-board.invalid" in out


def test_the_old_spellings_still_work(trained: Store, capsys: pytest.CaptureFixture[str]) -> None:
    (trained.root / "postings.txt").write_text("".join(trained.document(name) for name in trained.names()[:2]), "utf-8")
    spoken = [("nearest", "--dreams", "1"), ("similar", "--samples", "1")]
    outputs = []
    for verb, *words in spoken:
        assert call(trained, verb, str(trained.root / "postings.txt"), *words) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1] and outputs[0].count("generated: ") == 1
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "nearest" not in capsys.readouterr().out
    assert call(trained, "label", "--uncertain") == 2 and "--from-file" in capsys.readouterr().err


def test_the_newest_gallery_is_read_even_without_a_classifier(
    store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(store.root)
    assert call(store, "similar") == 2
    assert "python -m charrnn.sample" in capsys.readouterr().err
    Path("samples/run").mkdir(parents=True)
    Path("samples/run/postings.txt").write_text(store.document(store.names()[5]), "utf-8")
    assert call(store, "similar", "--json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)[0]["nearest"][0]["name"] == store.names()[5] and json.loads(out)[0]["chance"] is None
    assert "samples/run/postings.txt" in err and "no classifier is trained" in err


# ---------------------------------------------------------------------- feature store


def test_features_are_computed_once_and_again_only_for_what_changed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    count = features.count_features
    monkeypatch.setattr(features, "count_features", lambda fields: made.append(fields.title) or count(fields))

    def update() -> list[str]:
        made.clear()
        with feature_store.open_features(store, cores=1) as opened:
            assert list(opened.addresses()) == store.document_names()
        return made

    assert len(update()) == COUNT and update() == []
    first, second, third = store.names()[:3]
    store.document_path(first).touch()
    assert update() == [], "the same text at another time"
    store.document_path(second).write_text("<html>\n<h1>Other</h1>\n<p>Text</p>\n</html>\n")
    store.raw_path(third).unlink()
    store.document_path(third).unlink()
    assert update() == ["Other"]
    (store.root / feature_store.FILE).write_bytes(b"spoilt" * 999)
    assert len(update()) == COUNT - 1


def test_features_do_not_depend_on_the_process(store: Store) -> None:
    name = store.names()[0]
    code = (
        "import sys; from scrape.recommend import features; "
        "print(features.count_features(features.read_fields(sys.stdin.read())).columns.tolist())"
    )
    command = [sys.executable, "-c", code]
    root = ROOT
    done = subprocess.run(command, input=store.document(name), capture_output=True, text=True, cwd=root, check=True)
    assert (
        json.loads(done.stdout) == features.count_features(features.read_fields(store.document(name))).columns.tolist()
    )


def test_the_pool_makes_what_one_process_makes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "WORTH_A_POOL", 10)
    with feature_store.open_features(store, cores=2) as opened:
        together = [batch.columns.tolist() for batch in opened.batches()]
    (store.root / feature_store.FILE).unlink()
    with feature_store.open_features(store, cores=1) as opened:
        assert [batch.columns.tolist() for batch in opened.batches()] == together


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe")
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core has no other processes")
def test_a_killed_worker_ends_the_command_in_one_line_and_the_next_run_goes_on(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    last = store.document_path(store.names()[-1])
    text = last.read_text("utf-8")
    last.unlink()
    os.mkfifo(last)  # whoever reads it waits until it is killed
    done: list[str] = []

    def kill_after_some(results: Iterator[_Computed], **_: object) -> Iterator[_Computed]:
        for made in results:
            if len(done) == 40:
                for worker in multiprocessing.active_children():
                    worker.kill()
            done.append(made.name)
            yield made

    with monkeypatch.context() as patched:
        patched.setattr(pool, "WORTH_A_POOL", 10)
        patched.setattr(feature_store, "progress", kill_after_some)
        assert call(store, "label") == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1) and err.startswith("error: a worker process was killed")
    last.unlink()
    last.write_text(text, "utf-8")
    again: list[str] = []
    monkeypatch.setattr(feature_store, "progress", lambda results, **_: (again.append(x.name) or x for x in results))
    with feature_store.open_features(store, cores=1) as opened:
        assert len(opened.addresses()) == COUNT
    assert sorted([*done, *again]) == store.names() and len(done) >= 40


def test_removing_a_posting_removes_its_label_and_features(trained: Store, capsys: pytest.CaptureFixture[str]) -> None:
    gone = trained.names()[0]
    assert scrape_main(["remove", "--data-dir", str(trained.root), gone]) == 0
    assert "1 labels" in capsys.readouterr().err
    with open_labels(trained.root) as labels:
        assert gone not in {label.name for label in labels.all()}
    assert gone.encode() not in (trained.root / "labels.db").read_bytes()
    assert gone.encode() not in (trained.root / feature_store.FILE).read_bytes()


# ---------------------------------------------------------------------- without the extra


@pytest.mark.parametrize("missing", ["sklearn", "scipy"])
def test_without_the_extra_one_line_says_what_to_install(missing: str, store: Store) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None\nfrom scrape.recommend.__main__ import main\nsys.exit(main())"
    command = [sys.executable, "-c", code, "recommend", "--data-dir", str(store.root)]
    root = ROOT
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert re.fullmatch(rf"error: recommendations need {missing}.*\.\[recommend\].*\n", done.stderr)


def test_the_rest_of_scrape_does_without_the_extra(store: Store) -> None:
    code = (
        "import sys; sys.modules['sklearn'] = sys.modules['scipy'] = None\n"
        "from scrape.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "remove", "--data-dir", str(store.root), store.names()[0]]
    root = ROOT
    assert subprocess.run(command, capture_output=True, cwd=root, check=False).returncode == 0
