"""Saved postings on the command line: found, shown, opened, exported, and the datasets that they lie in."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
import webbrowser
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import scrape
from scrape.__main__ import main
from scrape.common.errors import InputError
from scrape.common.posting import Posting
from scrape.dataset.export import COLUMNS, csv_cell
from scrape.dataset.index import open_index
from scrape.dataset.store import FileStore, Store, open_store
from scrape.recommend.labels import Label, open_labels
from tests.support.gathered import KINDS, keep_as, keep_more
from tests.support.postings import keep, posting

pytestmark = pytest.mark.usefixtures("home")
CITIES = ("Boston", "Denver", "Austin", "Miami", "Tampa", "Reno")
Run = Callable[..., str]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module", params=KINDS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty postings in a dataset of each kind, with the index: bakers of rye, one at home, and one with pay."""
    bakers = [posting(number, f"Baker {number}", "<p>Rye &amp; <b>wheat</b>.</p>\n") for number in range(27)]
    bakers += [
        posting(27, "Remote Baker", "<p>Rye, managing.</p>\n", location="Remote - US"),
        posting(
            28,
            "Paid Baker",
            "<p>Rye.</p>\n<p>Pays $120k to $150k</p>\n",
            location="; ".join(CITIES),
        ),
        posting(29, "=Java Baker", "<p>Rye in Java.</p>\n", company="Bean"),
    ]
    store = keep_as(request.param, tmp_path_factory.mktemp("made"), *bakers)
    open_index(store).close()
    return store.root


@pytest.fixture
def jobs(made: Path, home: Path) -> Store:
    """A copy of these postings as the default dataset."""
    return open_store(Path(shutil.copytree(made, "data/jobs")))


@pytest.fixture
def run(jobs: Store, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command that ends with a code, and return stdout; stderr is `run.err`."""

    def call(*words: str, code: int = 0) -> str:
        assert main(list(words)) == code
        out, call.err = capsys.readouterr()  # type: ignore[attr-defined]
        return out

    return call


def test_find_by_pay(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pays = ("$120k to $150k", "$45 an hour", "$60,000", "£90,000", "nothing")
    keep(FileStore(Path("data/jobs")), *(posting(number, html=f"<p>{pay}</p>\n") for number, pay in enumerate(pays)))

    def found(*options: str) -> list[str]:
        main(["find", "--json", *options])
        return sorted(row["id"] for row in json.loads(capsys.readouterr().out))

    assert found("--min-pay", "100k") == ["demo-0"]
    assert found("--min-pay", "45/hour") == ["demo-0", "demo-1"]
    assert found("--min-pay", "1", "--currency", "gbp") == found("--min-pay", "£90k") == ["demo-3"]
    assert found("--min-pay", "1", "--currency", "£") == ["demo-3"]
    assert main(["find", "--min-pay", "130k", "--csv"]) == 0
    out, err = capsys.readouterr()
    (row,) = csv.DictReader(out.splitlines())
    assert (row["min_amount"], row["max_amount"], row["interval"], row["salary_source"]) == (
        "120000",
        "150000",
        "yearly",
        "text",
    )
    assert "1 posting pays in other currencies than USD (1 in GBP)" in err
    assert main(["find", "--min-pay", "130k"]) == 0
    assert "Crumb · Chicago, IL · 120,000 - 150,000 USD yearly" in capsys.readouterr().out


def test_every_format_has_all_rows_and_the_same_columns(run: Run) -> None:
    rows = json.loads(run("find", "rye", "--json"))
    assert len(rows) == 30 and tuple(rows[0]) == COLUMNS and "30 found" in run.err
    assert [json.loads(line) for line in run("find", "rye", "--jsonl").splitlines()] == rows
    for form, delimiter in (("--csv", ","), ("--tsv", "\t")):
        table = list(csv.DictReader(io.StringIO(run("find", "rye", form)), delimiter=delimiter))
        assert tuple(table[0]) == COLUMNS and [row["id"] for row in table] == [row["id"] for row in rows]
    assert run("find", "rye", "--names").split() == [row["id"] for row in rows]
    assert len(json.loads(run("find", "--json", "--limit", "2"))) == 2 and "2 of 30 shown" in run.err
    by_title = {row["title"]: row for row in rows}
    assert by_title["Baker 3"]["description"] == "Rye & wheat." and by_title["Remote Baker"]["is_remote"] is True
    assert by_title["Paid Baker"]["pay_year"] == 150_000 and by_title["Baker 3"]["pay_year"] is None
    assert by_title["Baker 3"]["excerpt"] == "Rye & wheat." and by_title["Baker 3"]["places"] == ["Chicago, IL, US"]


def test_columns_and_descriptions_are_chosen(run: Run) -> None:
    asked = ["find", "java", "--columns", "title,description"]
    assert json.loads(run(*asked, "--json")) == [{"title": "=Java Baker", "description": "Rye in Java."}]
    (row,) = json.loads(run(*asked, "--json", "--description", "html"))
    assert row["description"] == "<p>Rye in Java.</p>\n"
    assert run(*asked, "--csv", "--description", "none") == "title,description\n'=Java Baker,\n"
    assert run(*asked).splitlines()[1].split() == ["=Java", "Baker", "Rye", "in", "Java."]


@pytest.mark.parametrize(
    ("options", "titles"),
    [
        (["rye", "--remote"], {"Remote Baker"}),
        (["--place", "Remote, US", "--place", "Ohio"], {"Remote Baker"}),
        (["--place-not", "Chicago", "--no-remote"], {"Paid Baker"}),
        (["--not", "wheat", "--company", "Crumb"], {"Remote Baker", "Paid Baker"}),
        (["rye -wheat", "--min-pay", "100k"], {"Paid Baker"}),
        (["--", "rye", "-wheat", "-managing"], {"Paid Baker", "=Java Baker"}),
        (["--min-pay", "150k", "paid"], {"Paid Baker"}),
        (["paid", "--pay", "$150k"], {"Paid Baker"}),
        (["--pay-or-unknown", "200k", "--title", "remote", "--title", "paid"], {"Remote Baker"}),
        (["java OR managing"], {"Remote Baker", "=Java Baker"}),
        (["managi*", "--board", "demo"], {"Remote Baker"}),
        (["--since", "2026-01-01"], set()),
    ],
)
def test_filters(run: Run, options: list[str], titles: set[str]) -> None:
    found = json.loads(run("find", "--json", *options, code=0 if titles else 1))
    assert {row["title"] for row in found} == titles


def test_a_listing_is_numbered_and_show_and_open_know_the_numbers(
    run: Run, jobs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = run("find", "baker", "--not", "wheat").splitlines()
    numbers = {line.partition(". ")[2]: line.partition(".")[0] for line in lines if line[0].isdigit()}
    assert set(numbers) == {"Remote Baker", "Paid Baker", "=Java Baker"}
    assert any(line.endswith(" · Boston; Denver; Austin and 3 more · 120,000 - 150,000 USD yearly") for line in lines)
    shown = run("show", numbers["Remote Baker"])
    assert shown.splitlines()[:3] == ["Remote Baker", "Crumb · Remote - US · demo", "https://board.example/27"]
    assert shown.endswith("\nRye, managing.\n") and "of the last `find`: baker --not 'wheat'" in run.err
    assert run("show", "https://board.example/27?utm_source=x") == run("show", "demo-27") == shown
    assert run("show", "demo-29", "--html").startswith("<html>\n<h1>=Java Baker</h1>")
    assert json.loads(run("show", "demo-29", "--json"))[0]["description"] == "Rye in Java."
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: not opened.append(address))
    assert run("open", numbers["Paid Baker"]) == "https://board.example/28\n" and opened == ["https://board.example/28"]
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    run("open", "demo-1", code=1)
    run("remove", "demo-27")
    for command in ("show", "open"):
        run(command, numbers["Remote Baker"], code=2)
        assert "is gone" in run.err and run.err.count("\n") == 1
        run(command, "7", code=2)
        assert "lists 3 postings" in run.err
        run(command, "https://elsewhere.example/", code=2)
        assert "there is no posting https://elsewhere.example/" in run.err


def test_only_addresses_of_the_web_are_opened(run: Run, jobs: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_more(jobs, replace(posting(99), url="javascript:alert(1)"))
    monkeypatch.setattr(webbrowser, "open", lambda address: pytest.fail("was opened"))
    run("open", "demo-99", code=2)
    assert "no address of the web" in run.err


@pytest.mark.parametrize("dumb", [False, True])
def test_a_terminal_gets_a_part_marks_and_colour(
    jobs: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], dumb: bool
) -> None:
    monkeypatch.setenv("TERM", "dumb" if dumb else "xterm-256color")
    monkeypatch.setenv("PAGER", "cat")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    bold = "{}" if dumb else "\x1b[1m{}\x1b[0m"
    for words, expected in ((["find", "rye"], bold.format("Rye")), (["find", "java"], "in " + bold.format("Java"))):
        monkeypatch.setattr("sys.stdout", screen := Terminal())
        assert main(words) == 0
        assert expected in screen.getvalue()
    monkeypatch.setattr("sys.stdout", screen := Terminal())
    assert main(["show", "1", "--no-pager"]) == 0
    assert ("Java" if dumb else "\x1b[7mJava\x1b[0m") in screen.getvalue()
    assert "20 of 30 shown (--limit 0 for all)" in capsys.readouterr().err


def test_export_writes_what_find_prints(run: Run) -> None:
    for form in ("csv", "tsv", "json", "jsonl"):
        assert run("export", f"out.{form}", "rye", "--not", "java") == ""
        assert f"written: out.{form}, 29 postings" in run.err
        printed = run("find", "rye", "--not", "java", f"--{form}")
        assert Path(f"out.{form}").read_bytes() == printed.encode("utf-8")
    run("find", "-o", "two.csv", "--limit", "2", "--place", "Chicago", "rye")
    assert Path("two.csv").read_text("utf-8").count("https://") == 2
    run("export", "none.json", "--title", "cook", code=1)
    assert Path("none.json").read_text() == "[]\n"


def test_parquet_has_typed_columns(run: Run) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs the extra `parquet`")
    run("export", "out.parquet")
    table = parquet.read_table("out.parquet")
    assert tuple(table.column_names) == COLUMNS and table.num_rows == 30
    types = {name: str(table.schema.field(name).type) for name in ("pay_year", "is_remote", "title", "places")}
    assert types["pay_year"] == "double" and types["is_remote"] == "bool" and types["title"] == "string"
    assert types["places"].startswith("list<")


def test_where_pyarrow_is_missing_one_line_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    run("export", "out.parquet", code=2)
    assert "pip install" in run.err and run.err.count("\n") == 1 and not Path("out.parquet").exists()


def test_nothing_found_is_a_valid_empty_answer_with_hints(run: Run) -> None:
    assert run("find", "weat", "--json", code=1) == "[]\n"
    assert run.err.splitlines() == ["nothing was found", "no posting has 'weat'; did you mean 'wheat'?"]
    assert run("find", "weat", "--csv", code=1) == ",".join(COLUMNS) + "\n"
    run("find", "--place", "Seatle", code=1)
    assert "no place called 'Seatle' is known; did you mean 'Seattle'?" in run.err
    run("find", "--board", "dmo", code=1)
    assert "no posting is of 'dmo'; did you mean 'demo'? the boards here are: demo" in run.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["export", "out.doc"], "give it one of the endings .csv"),
        (["find", "-o", "out.csv", "--json"], "end it with .json"),
        (["find", "--place", "a, b, c, d"], "is not one place"),
        (["find", "*"], "holds no word"),
        (["find", "_"], "holds no word"),
        (["find", "--title", "!!!"], "'!!!' holds no word"),
        (["find", "--company", "***"], "'***' holds no word"),
        (["find", "--currency", "EUR"], "with --min-pay 1 it keeps all that pay in it"),
        (["find", *["--title=x"] * 301], "301 words or values at once are too many"),
        (["export", "data"], "data is a folder; name a file with FILE"),
        (["restore", "--dataset", "jops", "demo-1"], "no postings in data/jops; did you mean 'jobs'?"),
        (["show", "3"], "the last `find` here is not known"),
    ],
)
def test_what_cannot_be_meant_is_one_line(run: Run, words: list[str], message: str) -> None:
    run(*words, code=2)
    assert message in run.err and run.err.count("\n") == 1


def test_a_listing_is_known_although_its_reader_has_gone(
    jobs: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Gone(Terminal):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", Gone())
        patch.setattr("scrape.common.console.discard_stdout", lambda: None)
        assert main(["find", "java", "--limit", str(10**20)]) == 1
    assert main(["show", "1"]) == 0 and capsys.readouterr().out.startswith("=Java Baker\n")
    assert main(["find", "nothing"]) == 1 and main(["show", "1"]) == 2
    assert "the last `find` here found nothing" in capsys.readouterr().err


def test_a_posting_is_shown_although_the_pager_is_missing(jobs: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("PAGER", "no-such-pager")
    monkeypatch.setenv("LINES", "2")
    monkeypatch.setattr("sys.stdout", screen := Terminal())
    assert main(["show", "demo-1"]) == 0
    assert "Baker 1" in screen.getvalue()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["find", "rye", "-java"], "write --not java, or all words in one quoted argument"),
        (["find", "--columns", "titel"], "there is no column 'titel'; did you mean 'title'?"),
        (["find", "--json", "--csv"], "not allowed with"),
    ],
)
def test_a_wrong_option_is_one_line(
    jobs: Store, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    err = capsys.readouterr().err
    assert ended.value.code == 2 and message in err and err.count("\n") == 1


def test_labels_are_a_column_and_a_filter(run: Run, jobs: Store) -> None:
    with open_labels(jobs.root) as labels:
        labels.put(
            Label("demo-1", "", "yes"), Label("demo-2", "", "skipped"), Label("gone", "https://board.example/3", "no")
        )
    labeled = {row["id"]: row["label"] for row in json.loads(run("find", "--json")) if row["label"]}
    assert labeled == {"demo-1": "yes", "demo-2": "skipped", "demo-3": "no"}
    for label, names in (("yes", {"demo-1"}), ("skip", {"demo-2"}), ("no", {"demo-3"})):
        assert set(run("find", "--label", label, "--names").split()) == names
    assert len(run("find", "--label", "none", "--names").split()) == 27


def test_datasets_and_the_default_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("data/jobs").rename("data/bakers")
    header, row = run("datasets").splitlines()
    assert header.split() == ["dataset", "postings", "labels", "newest"] and row.split()[:3] == ["bakers", "30", "0"]
    monkeypatch.setenv("DREAM_JOBS_DATASET", "bakers")
    assert len(run("find", "--names").split()) == 30
    assert json.loads(run("datasets", "--json"))[0]["postings"] == 30
    shutil.rmtree("data/bakers")
    run("datasets", code=1)


def test_python_finds_the_same_rows(run: Run, jobs: Store) -> None:
    rows = scrape.find("rye", exclude="wheat", min_pay="100k", limit=5)
    assert rows == json.loads(run("find", "rye", "--not", "wheat", "--min-pay", "100k", "--json"))
    assert scrape.find(title=["remote", "paid"], remote=True, data_dir=jobs.root)[0]["title"] == "Remote Baker"
    with open_labels(jobs.root) as labels:
        labels.put(Label("demo-1", "https://board.example/1", "yes", "2026-11-30T10:00:00+00:00", "random"))
    assert scrape.labels() == [
        {"name": "demo-1", "url": "https://board.example/1", "title": "Baker 1", "answer": "yes"}
        | {"at": "2026-11-30T10:00:00+00:00", "chosen": "random"}
    ]
    assert scrape.find(min_pay=1, currency="£") == [] and len(scrape.find(min_pay=1, currency="usd")) == 1
    assert len(scrape.find(limit=0)) == len(scrape.find()) == 30
    for wrong in (
        {"limit": -1},
        {"sort": "best"},
        {"currency": "?"},
        {"label": "maybe"},
        {"min_pay": "much"},
        {"description": "all"},
    ):
        with pytest.raises(InputError):
            scrape.find(**wrong)  # type: ignore[arg-type]


def test_rows_and_postings_make_a_data_frame(run: Run) -> None:
    pytest.importorskip("pandas", reason="to_dataframe needs pandas")
    frame = scrape.to_dataframe(
        [*scrape.find("java"), Posting("b", "1", "https://x/1", "Cook", html="<b>Pays $90k</b>")]
    )
    assert tuple(frame.columns) == COLUMNS and list(frame["title"]) == ["=Java Baker", "Cook"]
    assert list(frame["description"]) == ["Rye in Java.", "Pays $90k"] and frame["pay_year"][1] == 90_000
    assert tuple(scrape.to_dataframe([]).columns) == COLUMNS


def test_find_prints_the_name_of_a_posting_without_url(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(FileStore(Path("data/jobs")), replace(posting(1), url=""))
    assert main(["find"]) == 0
    name = capsys.readouterr().out.splitlines()[-1].strip()
    assert main(["remove", name]) == 0


@pytest.mark.parametrize("before", ["", " ", "\t\r\n", "\u200b", "\u00a0\ufeff", "\u2060\u200d", "\u0301", "\0\x1b"])
@pytest.mark.parametrize("sign", [*"=+-@", *"＝＋－＠", "\u2212"])
def test_csv_carries_no_formula(before: str, sign: str) -> None:
    assert csv_cell(f"{before}{sign}1+1") == f"'{before}{sign}1+1"


@pytest.mark.parametrize("text", ["", "1+1", "C++", "\u200b", "a = b", "日本"])
def test_csv_cells_that_are_no_formula_stay(text: str) -> None:
    assert csv_cell(text) == text
