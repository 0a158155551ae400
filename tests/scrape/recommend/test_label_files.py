"""Labels leave a dataset and come back: listed, exported, imported, dropped."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scrape.dataset.store import FileStore, Store
from scrape.recommend.__main__ import main
from scrape.recommend.labels import FILE, Label, open_labels
from scrape.recommend.saved_postings import LABEL_COLUMNS
from tests.support.postings import keep, posting

pytestmark = pytest.mark.usefixtures("home")
Run = Callable[..., str]
GIVEN = [
    Label("demo-1", "https://board.example/1", "yes", "2026-11-30T10:00:00+00:00", "random"),
    Label("demo-2", "", "no", "2026-11-30T10:00:01+00:00", "best"),
    Label("demo-3", "https://board.example/3", "skipped", "", ""),
]


@pytest.fixture
def jobs(home: Path) -> Store:
    """Four postings, three of them labeled; one title looks like a formula."""
    store = keep(FileStore(Path("data/jobs")), *(posting(number, f"=Baker {number}") for number in range(4)))
    with open_labels(store.root) as labels:
        labels.put(*GIVEN)
    return store


@pytest.fixture
def run(jobs: Store, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `labels` with an action, which ends with a code, and return stdout; stderr is `run.err`."""

    def call(*words: str, code: int = 0) -> str:
        assert main(["labels", *words]) == code
        out, call.err = capsys.readouterr()  # type: ignore[attr-defined]
        return out

    return call


def labels_of(store: Store) -> list[Label]:
    with open_labels(store.root) as labels:
        return labels.all()


@pytest.mark.parametrize("name", ["labels.csv", "labels.tsv", "labels.json", "labels.jsonl"])
def test_what_is_exported_is_imported(run: Run, jobs: Store, name: str) -> None:
    before = labels_of(jobs)
    run("export", name)
    assert f"written: {name}, 3 labels" in run.err  # type: ignore[attr-defined]
    (jobs.root / FILE).unlink()
    assert run("import", name) == "3 labels added: 1 yes, 1 no, 1 skipped\n"
    after = labels_of(jobs)
    assert [(label.name, label.answer) for label in after] == [(label.name, label.answer) for label in before]
    assert [(label.at, label.chosen) for label in after[:2]] == [(label.at, label.chosen) for label in GIVEN[:2]]
    assert after[2].chosen == "file"


def test_labels_are_listed_and_dropped(run: Run, jobs: Store) -> None:
    header, first, *_ = run("list").splitlines()
    assert tuple(header.split()) == LABEL_COLUMNS and first.split()[:2] == ["demo-1", "https://board.example/1"]
    assert tuple(json.loads(run("list", "--json"))[0]) == LABEL_COLUMNS
    assert run("drop", "demo-2", "https://board.example/3/", "demo-0", code=1).count("dropped") == 2
    assert [label.name for label in labels_of(jobs)] == ["demo-1"]
    run("drop", "demo-1")
    run("list", code=1)
    assert "there are no labels yet" in run.err  # type: ignore[attr-defined]


def test_the_dataset_may_be_named_before_and_after_the_action(run: Run, jobs: Store) -> None:
    jobs.root.rename("data/bakers")
    run("export", "labels.csv", "--dataset", "bakers")
    run("--dataset", "bakers", "import", "labels.csv")
    assert run("--data-dir", "data/bakers", "list") == run("list", "--data-dir", "data/bakers")
    run("list", code=2)


def test_a_spreadsheet_may_have_written_semicolons(run: Run, jobs: Store) -> None:
    Path("a.csv").write_text("\ufeffname;url;title;answer\ndemo-0;;Baker, 1;y\n", "utf-8")
    run("import", "a.csv")
    assert labels_of(jobs)[-1].name == "demo-0"


def test_a_label_finds_its_posting_by_its_address(run: Run, jobs: Store) -> None:
    with Path("theirs.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, LABEL_COLUMNS)
        table.writeheader()
        table.writerow({"name": "other-9", "url": "https://board.example/0?utm_source=x", "answer": "y"})
    run("import", "theirs.csv")
    assert labels_of(jobs)[-1].name == "demo-0"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "name,url,title,answer\ndemo-1,,,yes\ndemo-9,,,no\n", "label 2: no posting is called 'demo-9'"),
        ("a.csv", "name,url,title,answer\ndemo-1,,,perhaps\n", "label 1: 'perhaps' is not an answer"),
        ("a.csv", "name,answer\ndemo-1\n", "label 1: '' is not an answer"),
        ("a.txt", "demo-0 yes\n\n# a comment\ndemo-9 no\n", "a.txt:4: no posting is called 'demo-9'"),
        ("a.json", "[1]", "is not a list of labels"),
        ("a.jsonl", "{", "is not JSON"),
    ],
)
def test_if_one_label_is_wrong_none_is_added(run: Run, jobs: Store, name: str, text: str, message: str) -> None:
    Path(name).write_text(text)
    before = labels_of(jobs)
    run("import", name, code=2)
    err = run.err  # type: ignore[attr-defined]
    assert message in err and err.count("\n") == 1 and labels_of(jobs) == before
