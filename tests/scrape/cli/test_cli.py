"""`python -m scrape` as a person meets it: what it prints, where, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scrape import demo
from scrape.__main__ import main
from scrape.boards.registry import BOARDS
from scrape.cli import doctor
from scrape.cli.parser import options_parser
from scrape.common.errors import Missing, Unreachable
from scrape.dataset import search_and_save
from scrape.dataset.store import FileStore, Store
from scrape.http.client import Response
from scrape.http.robots import Robots
from scrape.recommend import __main__ as recommend
from scrape.recommend import labels
from tests.support.paths import FIXTURES, ROOT
from tests.support.postings import SITE_POSTINGS
from tests.support.processes import DEADLINE

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def gathered(site: demo.Site, capsys: pytest.CaptureFixture[str]) -> Store:
    assert search(site) == 0
    capsys.readouterr()
    return FileStore(Path("data/demo"))


def search(site: demo.Site, *options: str) -> int:
    return main(["search", "--boards", "demo", "--pages", site.url, *options])


# ---------------------------------------------------------------------- search


def test_a_search_leaves_every_stage_and_a_table(site: demo.Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert search(site) == 0
    out, err = capsys.readouterr()
    header, row, corpus = out.splitlines()
    assert header.split() == ["board", "status", "requests", "new", "known", "filtered", "note"]
    assert row.split()[:2] == ["demo", "ok"] and row.split()[3] == str(SITE_POSTINGS)
    assert corpus.startswith("data/demo/input.txt: ") and err == ""
    store = FileStore(Path("data/demo"))
    assert len(store.names()) == len(store.document_names()) == SITE_POSTINGS
    assert (store.root / "input.txt").read_text("utf-8").startswith("<html>\n<h1>")
    assert (store.root / "manifest.json").exists() and any(store.answers.iterdir())


def test_the_bundled_board_is_started_where_no_address_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def small() -> object:
        return serve(count=12)

    serve = demo.serve
    monkeypatch.setattr(demo, "serve", small)
    assert main(["search", "--boards", "demo", "--dataset", "other", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["dataset"] == "data/other" and first["boards"][0]["new"] == 12
    assert first["corpus"]["path"] == "data/other/input.txt" and first["corpus"]["postings"] > 0
    assert main(["search", "--boards", "demo", "--dataset", "other", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)["boards"][0]
    assert (again["requests"], again["new"]) == (0, 0), "another port, the same site"


def test_titles_and_places_narrow_a_search(site: demo.Site) -> None:
    listed = demo.postings(count=SITE_POSTINGS)
    title, place = listed[0].title, listed[1].location
    assert search(site, "--title", title, "--title", "no such thing", "--no-compile") == 0
    assert search(site, "--place", place, "--no-compile") == 0
    store = FileStore(Path("data/demo"))
    kept = [store.head(name) for name in store.names()]
    assert {posting.title for posting in kept} >= {title}
    assert len(kept) < SITE_POSTINGS and all(posting.title == title or posting.location == place for posting in kept)
    assert not (store.root / "input.txt").exists()


def test_the_limit_counts_what_is_known(site: demo.Site) -> None:
    for _ in range(2):
        assert search(site, "--limit", "5") == 0
        assert len(FileStore(Path("data/demo")).names()) == 5


def test_nothing_found_is_a_failure(site: demo.Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert search(site, "--title", "astronaut dentist") == 1
    out, err = capsys.readouterr()
    assert " empty " in out and "nothing was found" in err


def test_refresh_asks_the_lists_again_and_no_posting(site: demo.Site, gathered: Store) -> None:
    site.requests.clear()
    assert search(site, "--refresh") == 0
    over = {opening.posting.key for opening in site.catalog.expired}  # their pages hold no posting: they count as lists
    asked_postings = [path for path in site.requests if path.startswith("/posting/")]
    assert [path for path in site.requests if path.startswith("/jobs")]
    assert all(any(key in path for key in over) for path in asked_postings)


def test_saved_pages_need_no_board_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("pages").mkdir()
    for number in range(3):
        row = {"id": str(number), "title": f"Baker {number}", "html": f"<p>Bread of the kind {number}.</p>" * 9}
        Path(f"pages/{number}.json").write_text(json.dumps([row]))
    assert main(["search", "--pages", "pages", "--json"]) == 0
    board = json.loads(capsys.readouterr().out)["boards"][0]
    assert (board["board"], board["requests"], board["new"]) == ("saved", 0, 3)


def test_without_a_network_one_clear_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Offline:
        def __init__(self, **options: object) -> None: ...

        def get(self, url: str, **options: object) -> None:
            raise Unreachable(f"{url} cannot be reached")

    monkeypatch.setattr(search_and_save, "Fetcher", Offline)
    monkeypatch.delenv("DREAM_JOBS_CONTACT", raising=False)
    offline = "no board could be reached; check the network, or try the bundled board: --boards demo"
    assert main(["search", "--boards", "jobicy,themuse", "--contact", "me@example.org"]) == 1
    assert capsys.readouterr().err.splitlines() == [offline]
    assert main(["search", "--boards", "jobicy,themuse"]) == 1
    reminder, last = capsys.readouterr().err.splitlines()
    assert "--contact" in reminder and last == offline


def site_of(url: str) -> str:
    """The last two names of a host: some boards have one for each company."""
    return ".".join((urlsplit(url).hostname or "").split(".")[-2:])


class Recorded:
    """A network on which each board answers once, as in a fixture of its own, and all further pages are gone."""

    def __init__(self, **options: object) -> None:
        self.asked: set[str] = set()

    def get(self, url: str, **options: object) -> Response:
        site = site_of(url)
        for case in sorted(FIXTURES.glob("*/*.expected.json")):
            expected = json.loads(case.read_text("utf-8"))
            if site_of(expected["url"]) == site and expected["postings"] and site not in self.asked:
                self.asked.add(site)
                (answer,) = set(case.parent.glob(case.name.split(".")[0] + ".*")) - {case}
                return Response(url, expected["url"], 200, {}, answer.read_bytes())
        raise Missing(f"{url} is gone")

    def rules(self, url: str) -> Robots:
        return Robots("", "DreamJobs")


@pytest.mark.parametrize("board", sorted(set(BOARDS) - {"demo", "remoteok"}))
def test_search_and_doctor_read_every_board(
    board: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (search_and_save, doctor):
        monkeypatch.setattr(module, "Fetcher", Recorded)
    monkeypatch.setenv("USAJOBS_API_KEY", "key")
    monkeypatch.setenv("USAJOBS_EMAIL", "me@example.com")
    monkeypatch.setenv("CAREERONESTOP_USER_ID", "me")
    monkeypatch.setenv("CAREERONESTOP_TOKEN", "key")
    asked = ["--boards", board]
    if board in ("saved", "indeed", "jsonld"):
        asked += ["--pages", *(str(path) for path in sorted(FIXTURES.glob(f"{board}/*.html")))]
    assert main(["search", *asked, "--json"]) == 0
    (outcome,) = json.loads(capsys.readouterr().out)["boards"]
    assert outcome["status"] == "ok" and outcome["new"] > 0
    store = FileStore(Path("data/jobs"))
    assert len(store.document_names()) == outcome["new"]
    assert {store.head(name).board for name in store.names()} == {board}
    assert main(["doctor", *asked, "--json"]) == 0
    (check,) = json.loads(capsys.readouterr().out)
    assert check["availability"] == "ok" and check["items"] > 0


def test_postings_of_a_board_that_forbids_training_are_fetched_and_never_compiled(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (search_and_save, doctor):
        monkeypatch.setattr(module, "Fetcher", Recorded)
    assert main(["search", "--boards", "remoteok", "--json"]) == 1
    (outcome,) = json.loads(capsys.readouterr().out)["boards"]
    assert (outcome["status"], outcome["requests"]) == ("refused", 0)
    assert recommend.main(["fetch-new", "--boards", "remoteok", "--json"]) == 0
    (outcome,) = json.loads(capsys.readouterr().out)["boards"]
    assert outcome["status"] == "ok" and outcome["new"] == len(FileStore(Path("data/jobs")).names()) > 0
    assert main(["compile"]) == 2
    assert "may be trained on" in capsys.readouterr().err and not Path("data/jobs/input.txt").exists()
    assert main(["doctor", "--boards", "remoteok"]) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["search", "--boards", "monster"], "there is no board 'monster'"),
        (["search", "--boards", "demo", "--since", "soon"], "'soon' is not a date"),
        (["search", "--boards", "demo", "--place", "a, b, c, d"], "is not one place"),
        (["search", "--boards", "saved"], "name the pages"),
        (["search", "--pages", "nowhere"], "there is no page nowhere"),
        (["simplify"], "no postings in data/jobs; run scripts/scrape.sh first"),
        (["compile", "--dataset", "x"], "no postings in data/x"),
        (["find", "word"], "no postings in data/jobs"),
        (["find", "word", "--dataset", "../elsewhere"], "there is --data-dir"),
        (["compile", "--dataset", ".."], "there is --data-dir"),
        (["remove", "https://x.example"], "no postings in data/jobs"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(options) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and message in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "COMMAND"),
        (["serach"], "'serach'"),
        (
            ["search", "--titel", "x"],
            "unrecognized arguments: --titel x; did you mean '--title'? `python -m scrape search --help`",
        ),
        (["find", "word", "--nonsense"], "unrecognized arguments: --nonsense; `python -m scrape find --help`"),
        (["search", "--limit", "0"], "--limit: '0' is not a whole number of at least 1"),
        (["search", "--limit", "some"], "--limit: 'some' is not a whole number"),
        (["search", "--boards", ","], "--boards: at least one name"),
        (["search", "--max-age", "nan"], "--max-age: 'nan' is not a number of hours"),
        (["search", "--max-age", "-1"], "--max-age: '-1' is not a number of hours"),
        (["demo", "--port", "65536"], "--port: '65536' is not a port"),
    ],
)
def test_bad_options_are_one_line_and_exit_2(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(options)
    out, err = capsys.readouterr()
    assert ended.value.code == 2 and out == ""
    assert err.startswith("error: ") and message in err and "--help" in err and err.count("\n") == 1


def test_a_dataset_in_use_is_left_alone(site: demo.Site, capsys: pytest.CaptureFixture[str]) -> None:
    with FileStore(Path("data/demo")).locked():
        assert search(site) == 2
    assert "data/demo is being written by another run" in capsys.readouterr().err
    assert not Path("data/demo/raw").exists()


def test_the_demo_serves_until_ctrl_c_and_ends_with_130() -> None:
    command = [sys.executable, "-m", "scrape", "demo"]
    place = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=place) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with urllib.request.urlopen(url + "/jobs") as answer:
            assert b"results" in answer.read()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "stopped: Ctrl-C" and "Traceback" not in err


def test_a_file_is_no_dataset(site: demo.Site, capsys: pytest.CaptureFixture[str]) -> None:
    Path("taken").write_text("")
    assert search(site, "--data-dir", "taken") == 2
    assert "taken is not a folder" in capsys.readouterr().err
    assert main(["find", "--data-dir", "taken"]) == 2
    assert "taken is a file" in capsys.readouterr().err


def test_postings_without_a_text_are_kept_and_make_no_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty.json").write_text(json.dumps([{"id": "1", "title": "Baker", "html": "<br>"}]))
    assert main(["search", "--pages", "empty.json"]) == 0
    out, err = capsys.readouterr()
    assert " ok " in out and err.startswith("no corpus: no posting in")


def test_help_tells_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ([], ["search"], ["doctor"]):
        with pytest.raises(SystemExit) as ended:
            options_parser().parse_args([*command, "--help"])
        assert ended.value.code == 0
        out = capsys.readouterr().out
        assert all(f"  {code}" in out for code in (0, 1, 2, 130))


# ---------------------------------------------------------------------- the other commands


def test_simplify_touches_only_what_changed(gathered: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simplify", "--dataset", "demo"]) == 0
    assert capsys.readouterr().out.startswith("0 postings simplified, 0 of them changed")
    first, second = gathered.names()[:2]
    gathered.document_path(first).unlink()
    before = gathered.document(second)
    gathered.document_path(second).write_text("spoilt")
    assert main(["simplify", "--dataset", "demo", "--all"]) == 0
    assert capsys.readouterr().out.startswith(f"{SITE_POSTINGS} postings simplified, 2 of them changed")
    assert gathered.document(second) == before and first in gathered.document_names()


def test_another_version_of_the_program_simplifies_anew(gathered: Store, capsys: pytest.CaptureFixture[str]) -> None:
    (gathered.postings / ".made-by").write_text("an older one")
    main(["simplify", "--dataset", "demo"])
    assert capsys.readouterr().out.startswith(f"{SITE_POSTINGS} postings simplified, 0 of them changed")


def test_a_spoilt_posting_is_left_out_and_told(gathered: Store, capsys: pytest.CaptureFixture[str]) -> None:
    name = gathered.names()[0]
    gathered.raw_path(name).write_text("{")
    assert main(["simplify", "--dataset", "demo", "--all"]) == 1
    assert f"left out: {name}: " in capsys.readouterr().err


def test_compile_says_what_it_made(gathered: Store, capsys: pytest.CaptureFixture[str]) -> None:
    (gathered.root / "input.txt").unlink()
    assert main(["compile", "--data-dir", "data/demo"]) == 0
    assert capsys.readouterr().out.startswith("data/demo/input.txt: ")
    assert (gathered.root / "input.txt").stat().st_size > 1000


def test_remove_takes_a_posting_out_of_everything(
    site: demo.Site, gathered: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = gathered.head(gathered.names()[3])
    with labels.open_labels(gathered.root) as given:
        given.put(labels.Label(gone.name, gone.url, "yes"))
    main(["find", "--dataset", "demo"])
    capsys.readouterr()
    assert main(["remove", "--dataset", "demo", gone.url + "?utm_source=x"]) == 0
    out, err = capsys.readouterr()
    assert f"removed: {gone.name}" in out and "run `python -m scrape compile --dataset demo`" in err
    assert gone.name not in gathered.names() and gone.name not in gathered.document_names()
    with labels.open_labels(gathered.root) as given:
        assert given.all() == []
    assert main(["find", "--dataset", "demo", "--names"]) == 0
    assert gone.name not in capsys.readouterr().out.split()
    assert search(site, "--refresh") == 0
    assert gone.name not in gathered.names()
    whence = (gathered.root / "attribution.tsv").read_text("utf-8")
    assert whence and gone.name not in whence


def test_remove_of_an_unknown_name_is_an_error(gathered: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["remove", "--dataset", "demo", "demo-0"]) == 2
    assert "is called 'demo-0'" in capsys.readouterr().err
    unknown = ["remove", "--dataset", "demo", "https://x.example/never"]
    assert main(unknown) == 2
    assert "nothing was removed; --even-if-unknown" in capsys.readouterr().err
    assert main([*unknown, "--even-if-unknown"]) == 0
    assert "not in the dataset" in capsys.readouterr().out


def test_what_was_removed_can_come_back(site: demo.Site, gathered: Store, capsys: pytest.CaptureFixture[str]) -> None:
    gone, other, *_ = (gathered.head(name) for name in gathered.names())
    assert main(["remove", "--dataset", "demo", gone.url, other.name]) == 0
    for back in (gone.name, other.url):
        assert main(["restore", "--dataset", "demo", back]) == 0
        assert f"may come back: {back}" in capsys.readouterr().out
    assert main(["restore", "--dataset", "demo", gone.name]) == 1
    assert "was not removed" in capsys.readouterr().err
    assert search(site, "--refresh") == 0
    assert {gone.name, other.name} <= set(gathered.names())


def test_the_old_name_of_remove_works_and_is_not_listed(gathered: Store, capsys: pytest.CaptureFixture[str]) -> None:
    name = gathered.names()[0]
    assert main(["forget", "--dataset", "demo", name]) == 0
    assert f"removed: {name}" in capsys.readouterr().out and name not in gathered.names()
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "forget" not in capsys.readouterr().out


def test_help_loads_no_command_and_remove_no_numpy(gathered: Store) -> None:
    code = (
        "import sys\nfrom scrape.__main__ import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(*(name for name in ('numpy', 'sklearn', 'torch', 'requests', 'bs4') if name in sys.modules))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for words, loaded in [
        (["--help"], set()),
        (["remove", "--dataset", "demo", gathered.names()[0]], {"requests", "bs4"}),
        (["find", "--dataset", "demo"], {"requests", "bs4"}),
    ]:
        command = [sys.executable, "-c", code, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        assert set(done.stdout.splitlines()[-1].split()) <= loaded


@pytest.mark.parametrize("command", ["search", "doctor"])
def test_pages_given_twice_add_up(command: str) -> None:
    options = options_parser([command]).parse_args([command, "--pages", "a", "b", "--pages", "c"])
    assert options.pages == ["a", "b", "c"] and options_parser([command]).parse_args([command]).pages == []


def test_a_search_lists_what_it_did_not_read_and_what_it_guessed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "job.html").write_text("<main><h1>Lamp Lighter</h1><p>Light the lamps at dusk.</p></main>")
    (tmp_path / "none.html").write_text("<p>Nothing")
    assert main(["search", "--pages", str(tmp_path), "--data-dir", str(tmp_path / "data")]) == 0
    told = capsys.readouterr().err
    assert f"guessed: {tmp_path / 'job.html'}: Lamp Lighter\n" in told
    assert f"not read: {tmp_path / 'none.html'}: no posting recognised" in told
