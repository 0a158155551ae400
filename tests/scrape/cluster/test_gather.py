"""The same inputs give the same bytes: on any engine, in any order, whoever is killed, however often it runs."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from scrape.__main__ import main
from scrape.boards.sites import saved
from scrape.cluster import engine as engine_module
from scrape.cluster.engine import DaskCluster, Engine, InProcess, ProcessPool, dask_cluster
from scrape.cluster.gather import GatherOutcome, find_inputs, gather, read_manifest, report
from scrape.cluster.read import ReadTask, read_input, read_mark, shard_path
from scrape.cluster.workplace import Workplace, program_fingerprint, workplace
from scrape.common.errors import InputError
from scrape.common.pool import IsolatedPool
from scrape.dataset.corpus.compile import compile_corpus
from scrape.dataset.shards import SHARDS, input_key, read_shard
from scrape.dataset.simplify_all import simplify_store
from scrape.dataset.store import FileStore, GatheredStore
from scrape.demo import generate
from scrape.markup import document
from scripts.make_archive import json_ld, record
from tests.support.cluster import DeadlyEngine
from tests.support.files import tree
from tests.support.paths import ROOT
from tests.support.postings import keep, posting
from tests.support.processes import DEADLINE

ROBOTS = "User-agent: *\nContent-Signal: ai-train=no\nAllow: /\n"


def row(number: int, **changed: Any) -> dict[str, Any]:
    posting = generate.postings(7, 60)[number]
    known = {"id": str(number), "url": f"https://jobs.example/{number}", "title": posting.title, "html": posting.html}
    return {**known, "company": posting.company, "location": posting.location, **changed}


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), "utf-8", newline="\n")
    return path


def write_archive(path: Path, *records: bytes) -> Path:
    if path.suffix == ".gz":
        records = tuple(gzip.compress(each, mtime=0) for each in records)
    path.write_bytes(b"".join(records))
    return path


def page(number: int, host: str = "pages.example", headers: str = "") -> bytes:
    posting = generate.postings(7, 60)[number]
    url = f"https://{host}/{number}"
    return record(url, f"<html><head>{json_ld(posting, url)}</head><body>Menu</body></html>".encode(), headers)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files with repeated names, addresses and texts, rare characters, postings without a body, and opt-outs."""
    folder = tmp_path_factory.mktemp("inputs")
    twins = [
        row(1, id="z-1", company="Zeta"),  # the same address
        row(2, url="https://else.example/2"),  # the same name
        row(3, id="other", url="https://else.example/3"),  # the same text
        row(4, id="4b", url="https://else.example/4", html=row(4)["html"].replace("the", "ye", 1)),
    ]
    odd = [
        row(20, title="Zoë ☃", html="<p>Snow ☃ and a – dash</p>"),
        row(21, html="<p> </p>"),
        row(22, no_training=True),
    ]
    mixed = [page(30), page(31, headers="X-Robots-Tag: noai\r\n"), record("https://pages.example/", b"<p>Nothing</p>")]
    return [
        write_lines(folder / "a.jsonl", [row(number) for number in range(12)]),
        write_lines(folder / "b.jsonl", [row(number) for number in range(12, 20)] + twins),
        write_lines(folder / "c.jsonl", odd),
        write_archive(folder / "d.warc.gz", *mixed),
    ]


@pytest.fixture(scope="module")
def whole(inputs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an undisturbed run in one process leaves."""
    root = tmp_path_factory.mktemp("whole") / "data"
    run(root, inputs)
    return left(root)


@pytest.fixture(scope="module")
def cluster() -> Iterator[DaskCluster]:
    import dask
    from distributed import LocalCluster

    # A worker that starts on a busy machine takes long to answer; one that is given up is not started again.
    patience = {"distributed.comm.timeouts.connect": "300s", "distributed.comm.timeouts.tcp": "300s"}
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1} | patience),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1") as local,
        dask_cluster(local.scheduler_address) as connected,
    ):
        yield connected


@pytest.fixture(scope="module")
def pool() -> Iterator[IsolatedPool]:
    with IsolatedPool(2) as made:
        yield made


@pytest.fixture(params=["processes", "dask"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "dask":
        found: Engine = request.getfixturevalue("cluster")
        return found
    return ProcessPool(request.getfixturevalue("pool"))


def run(root: Path, inputs: list[Path], engine: Engine | None = None) -> GatherOutcome:
    return gather(GatheredStore(root), find_inputs(map(str, inputs)), engine or InProcess(), unknown_hosts="keep")


def left(root: Path) -> dict[str, bytes]:
    """All that a run leaves but locks, the catalogue and its checks."""
    found = tree(root)
    return {name: data for name, data in found.items() if not name.startswith((".", "catalogue"))}


def test_any_engine_and_any_order_give_the_same_bytes(
    inputs: list[Path], whole: dict[str, bytes], engine: Engine, tmp_path: Path
) -> None:
    outcome = run(tmp_path / "data", [*reversed(inputs)], engine)
    assert left(tmp_path / "data") == whole and not outcome.failed
    names = {name.rpartition(".")[2] for name in whole}
    assert names == {"json", "txt", "tsv", "zst", "facts", "npz"}


def test_a_corpus_in_parts_has_the_documents_that_compile_writes(
    inputs: list[Path], whole: dict[str, bytes], tmp_path: Path
) -> None:
    store = FileStore(tmp_path / "files")
    found = [posting for path in inputs[:3] for posting in saved.parse(path.read_text("utf-8"), str(path)).postings]
    with store.locked():
        for posting in sorted(found, key=lambda posting: posting.name):
            store.add(posting)
        simplify_store(store)
        compiled = compile_corpus(store)
    run(tmp_path / "gathered", inputs[:3])
    manifest = read_manifest(tmp_path / "gathered")
    assert manifest is not None
    texts = [path.read_text("utf-8") for path in (tmp_path / "gathered" / "corpus").glob("*.txt")]
    assert sorted(document.split(texts)) == sorted(document.split([(store.root / "input.txt").read_text("utf-8")]))
    for name in ("postings", "characters", "boards", "near_duplicates", "no_training", "without_body", "repaired"):
        assert getattr(manifest, name) == getattr(compiled, name), name
    assert manifest.characters_mapped == compiled.characters_mapped
    assert manifest.characters_dropped == compiled.characters_dropped
    assert manifest.near_duplicates == 2 and manifest.same_address == 2


def test_the_manifest_adds_up(whole: dict[str, bytes]) -> None:
    manifest = json.loads(whole["manifest.json"])
    reasons = ("same_address", "removed", "no_training", "without_body", "near_duplicates")
    assert manifest["read"] == manifest["postings"] + sum(manifest[reason] for reason in reasons) == 29
    assert [part["key"] for part in manifest["shards"]] == sorted(part["key"] for part in manifest["shards"])
    seen = set()
    for part in manifest["shards"]:
        text = whole[f"corpus/{part['key']}.txt"].decode()
        assert (part["characters"], part["bytes"]) == (len(text), len(text.encode()))
        assert whole[f"corpus/{part['key']}.tsv"].count(b"\n") == part["postings"] == text.count("</html>")
        seen |= set(text)
    assert manifest["chars"] == "".join(sorted(seen))


@pytest.mark.slow
def test_killed_workers_change_nothing_but_for_an_input_that_kills_all_its_workers(
    inputs: list[Path], engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killer, once = map(input_key, inputs[:2])
    outcome = run(tmp_path / "data", inputs, DeadlyEngine(engine, tmp_path, {killer: 99, once: 1}))
    report(outcome)
    assert outcome.failed and [each.status for each in outcome.inputs] == ["failed", "read", "read", "read"]
    assert "a.jsonl: " in capsys.readouterr().err and "workers were killed" in outcome.inputs[0].reason
    assert len(list(tmp_path.glob(f"{killer}-*"))) >= 2 and len(list(tmp_path.glob(f"{once}-*"))) == 1
    run(tmp_path / "others", inputs[1:])
    assert left(tmp_path / "data") == left(tmp_path / "others")


def test_a_cluster_without_workers_is_said_and_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr(engine_module, "SILENT_SECONDS", 0.2)
    with (
        LocalCluster(n_workers=0, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1") as local,
        dask_cluster(local.scheduler_address) as connected,
        ThreadPoolExecutor(1) as aside,
    ):
        ended = aside.submit(lambda: list(connected.run(Path.mkdir, [tmp_path / "one", tmp_path / "two"])))
        said, until = "", time.monotonic() + DEADLINE
        while "has no workers; waiting" not in said:
            assert time.monotonic() < until
            time.sleep(0.05)
            said += capsys.readouterr().err
        local.scale(1)
        assert [error for _, error in ended.result(DEADLINE)] == [None, None]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_killed_command_goes_on_where_it_stopped(inputs: list[Path], whole: dict[str, bytes], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scrape", "gather", *map(str, inputs), "--data-dir", str(tmp_path / "data")]
    with subprocess.Popen([*command, "--workers", "1"], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        ends = time.monotonic() + DEADLINE
        while not list((tmp_path / "data").glob("shards/*.done.json")):
            assert process.poll() is None and time.monotonic() < ends
            time.sleep(0.002)
        process.kill()
    done = {path: path.stat().st_mtime_ns for path in (tmp_path / "data").glob("shards/*.done.json")}
    run(tmp_path / "data", inputs)
    assert left(tmp_path / "data") == whole
    assert {path: path.stat().st_mtime_ns for path in done} == done


KILLED = """
import os, sys
from pathlib import Path
from scrape.__main__ import main

when, name, *arguments = sys.argv[1:]
rename = Path.replace

def replace(path, target):
    hit = Path(target).match(name)
    if hit and when == "before":
        os.kill(os.getpid(), 9)
    moved = rename(path, target)
    if hit:
        os.kill(os.getpid(), 9)
    return moved

Path.replace = replace
main(arguments)
"""
"""The command, killed at the first file of a name: when it is ready and not yet in its place, or just after."""


def test_killed_in_the_survey_and_in_each_step_of_writing_it_ends_the_same(
    inputs: list[Path], whole: dict[str, bytes], tmp_path: Path
) -> None:
    root = tmp_path / "data"
    run(root, inputs[:2])  # so that most of what is written replaces what was
    command = ["gather", *map(str, inputs), "--data-dir", str(root), "--workers", "1", "--unknown-hosts", "keep"]
    moments = [
        ("before", "survey.npz"),
        ("before", "corpus/*.txt"),
        ("after", "corpus/*.tsv"),
        ("after", "corpus/*.json"),
        ("before", "manifest.json"),
    ]
    for when, name in moments:
        child = subprocess.run([sys.executable, "-c", KILLED, when, name, *command], cwd=ROOT, capture_output=True)
        assert child.returncode in (-9, 9), (when, name, child.stderr)
    run(root, inputs)
    assert left(root) == whole
    assert [path.name for path in root.rglob(".*") if path.name != ".lock"] == []


def test_a_task_that_runs_twice_at_once_writes_the_same(
    inputs: list[Path], whole: dict[str, bytes], tmp_path: Path
) -> None:
    (tmp_path / SHARDS).mkdir()
    key = input_key(inputs[0])
    with workplace(tmp_path) as place, ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(read_input, ReadTask(place, inputs[0], key)) for _ in range(2)]:
            done.result()
    made = {name: data for name, data in left(tmp_path).items() if name.startswith("shards/")}
    assert made == {name: data for name, data in whole.items() if name.startswith(f"shards/{key}")}


def test_a_second_run_writes_nothing_and_more_inputs_add_to_the_dataset(
    inputs: list[Path], whole: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "data"
    run(root, inputs[:2])
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    again = run(root, inputs[:2])
    assert [each.status for each in again.inputs] == ["known", "known"]
    assert {path for path, time in before.items() if path.stat().st_mtime_ns != time} <= {root / ".lock"}
    outcome = run(root, inputs[2:])
    report(outcome)
    assert left(root) == whole and outcome.others == 2
    assert "2 not named" in capsys.readouterr().out


def test_one_file_under_two_names_counts_once(
    inputs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copy(inputs[2], tmp_path / "copy.jsonl"))
    assert len(run(tmp_path / "data", [inputs[2], copy]).inputs) == 1
    assert "is the same file as" in capsys.readouterr().err


def test_what_was_removed_leaves_the_corpus_and_does_not_come_back(inputs: list[Path], tmp_path: Path) -> None:
    root = tmp_path / "data"
    run(root, inputs)
    before = read_manifest(root)
    store = GatheredStore(root)
    with store.locked():
        store.remove("saved-5")
    outcome = run(root, inputs)
    assert before is not None and outcome.manifest is not None
    assert (outcome.manifest.removed, outcome.manifest.postings) == (1, before.postings - 1)
    (root / SHARDS / f"{input_key(inputs[0])}.done.json").unlink()
    assert run(root, inputs).manifest == outcome.manifest, "also where its input is read again"
    assert all("saved-5\t" not in path.read_text("utf-8") for path in root.glob("corpus/*.tsv"))
    with store.locked():
        assert store.restore("saved-5")
    assert run(root, []).outdated == 1, "its input is to be read again"
    assert run(root, inputs).manifest == before


def test_a_dropped_input_leaves_all_of_the_dataset_as_if_it_had_never_come(
    inputs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "data"
    at = ["--data-dir", str(root), "--workers", "1"]
    assert main(["gather", *map(str, inputs[:3]), *at]) == 0
    assert main(["find", "snow", "--data-dir", str(root), "--json"]) == 0
    for name in ("input.ids", "input.ids.json", "input.9.suffixes"):
        (root / name).write_bytes(b"what training made of the corpus")
    (root / SHARDS / f"{'e' * 16}.jsonl.zst").write_bytes(b"of a run that was killed")
    capsys.readouterr()
    assert main(["gather", "--drop", "c.jsonl", *at]) == 0
    shown = capsys.readouterr()
    assert "c.jsonl  dropped" in shown.out and "a.jsonl  known" in shown.out and not shown.err
    run(tmp_path / "never", inputs[:2])
    assert main(["find", "snow", "--data-dir", str(root)]) == 1 and capsys.readouterr().out == ""
    made = {name: data for name, data in left(root).items() if not name.startswith(("index", "last_find"))}
    assert made == left(tmp_path / "never")
    keys = [input_key(path) for path in inputs[:2]]
    assert main(["gather", "--drop", *keys, *at]) == 0 and "no postings any more" in capsys.readouterr().err
    assert not list((root / SHARDS).iterdir()) and not list((root / "corpus").iterdir())
    assert not (root / "manifest.json").exists()


def test_what_is_dropped_must_be_one_input_and_an_input_may_take_the_place_of_another(
    inputs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "data"
    (tmp_path / "new").mkdir()
    grown = write_lines(tmp_path / "new" / "a.jsonl", [row(number) for number in range(13)])
    run(root, inputs[:2])
    store = GatheredStore(root)
    for what, told in (("x.jsonl", "is x.jsonl; nothing was dropped. It has a.jsonl, b.jsonl"), ("f" * 16, "no input")):
        with pytest.raises(InputError, match=told):
            gather(store, [], InProcess(), drop=["a.jsonl", what])
    assert main(["gather", str(grown), "--drop", "a.jsonl", "--data-dir", str(root), "--workers", "1"]) == 0
    run(tmp_path / "anew", [grown, inputs[1]])
    assert left(root) == left(tmp_path / "anew")
    run(root, inputs[:1])
    with pytest.raises(InputError, match=r"2 inputs of .* have the name a.jsonl; .* by its key: "):
        gather(store, [], InProcess(), drop=["a.jsonl"])
    bad = tmp_path / "bad.jsonl.gz"
    bad.write_bytes(b"not gzip")
    assert gather(store, [bad], InProcess(), drop=[input_key(grown)]).failed
    assert read_mark(root, input_key(grown)), "it stays where what may replace it cannot be read"


def test_opt_outs_by_header_and_by_robots_keep_postings_out_of_the_corpus(tmp_path: Path) -> None:
    robots = record("https://closed.example/robots.txt", ROBOTS.encode()).replace(b"text/html", b"text/plain")
    pages = [page(0), page(1, headers="X-Robots-Tag: noai\r\n"), page(2, "closed.example"), robots]
    pages.append(page(3, headers="Content-Signal: search=yes, ai-train=no\r\n"))
    archive = write_archive(tmp_path / "a.warc", *pages)
    outcome = run(tmp_path / "data", [archive])
    assert outcome.manifest is not None and outcome.inputs[0].mark is not None
    assert (outcome.manifest.postings, outcome.manifest.no_training) == (1, 3)
    assert outcome.inputs[0].mark.archive["opted_out"] == {"content-signal": 2, "x-robots-tag": 1}
    (text,) = (path.read_text("utf-8") for path in (tmp_path / "data" / "corpus").glob("*.tsv"))
    assert "pages.example/0" in text and "closed" not in text


def test_a_robots_file_of_the_crawl_decides_and_an_unknown_host_is_not_trained_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = write_archive(tmp_path / "a.warc", page(0, "open.example"), page(1, "closed.example"), page(2))
    lines = {"open.example": "User-agent: *\nAllow: /\n", "closed.example": ROBOTS}
    texts = [record(f"https://{host}/robots.txt", text.encode()) for host, text in lines.items()]
    robots = write_archive(tmp_path / "robots.warc.gz", *(text.replace(b"text/html", b"text/plain") for text in texts))
    command = ["gather", str(archive), "--data-dir", str(tmp_path / "data"), "--workers", "1"]
    assert main(command) == 0 and "(3 pages with" in capsys.readouterr().err
    assert read_manifest(tmp_path / "data") is None
    assert main([*command, "--robots", str(robots)]) == 0 and "(1 page with" in capsys.readouterr().err
    manifest = read_manifest(tmp_path / "data")
    assert manifest is not None and (manifest.postings, manifest.no_training) == (1, 2)
    assert main([*command, "--unknown-hosts", "keep"]) == 0
    manifest = read_manifest(tmp_path / "data")
    assert manifest is not None and (manifest.postings, manifest.no_training) == (2, 1), "the table is kept"


def test_of_a_damaged_input_what_can_be_read_is_kept_and_the_damage_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = write_archive(tmp_path / "whole.warc.gz", *(page(number) for number in range(4))).read_bytes()
    cut = tmp_path / "cut.warc.gz"
    cut.write_bytes(packed[: len(packed) - 900])
    lines = "".join(json.dumps(row(number)) + "\n" for number in range(10, 14)).encode()
    torn = tmp_path / "torn.jsonl.gz"
    torn.write_bytes(gzip.compress(lines + lines, mtime=0)[:-200])
    odd = tmp_path / "odd.jsonl"
    odd.write_bytes(b'{"title": 1}\n[]\n{"x\n\xff\xfe\n\n' + json.dumps(row(20)).encode())
    empty = tmp_path / "empty.warc"
    empty.write_bytes(b"")
    outcome = run(tmp_path / "data", [cut, torn, odd, empty])
    report(outcome)
    told = capsys.readouterr().err
    marks = {Path(each.path).name: each.mark for each in outcome.inputs}
    read = {name: (mark.postings, mark.unusable, bool(mark.damaged)) for name, mark in marks.items() if mark}
    assert read["cut.warc.gz"] == (3, 0, True) and read["odd.jsonl"] == (1, 4, False) and read["empty.warc"][0] == 0
    assert read["torn.jsonl.gz"][0] >= 1 and read["torn.jsonl.gz"][2]
    assert told.count("damaged: ") == 2 and "line 1" in told and not outcome.failed


def test_an_input_of_which_nothing_can_be_read_fails(tmp_path: Path, inputs: list[Path]) -> None:
    bad = tmp_path / "bad.jsonl.gz"
    bad.write_bytes(b"not gzip")
    outcome = run(tmp_path / "data", [bad, inputs[0]])
    assert [each.status for each in outcome.inputs] == ["failed", "read"] or outcome.failed
    assert read_mark(tmp_path / "data", input_key(bad)) is None


def test_the_rows_of_a_shard_are_simple_markup(inputs: list[Path], tmp_path: Path) -> None:
    run(tmp_path, inputs[:1])
    rows = [found for _, found in read_shard(shard_path(tmp_path, input_key(inputs[0]))) if found]
    assert len(rows) == 12 and all(not each.head.html and document.read(each.document).title for each in rows)


@pytest.mark.parametrize(("token", "program", "told"), [("x", "", "does not see"), ("", "x", "another version")])
def test_a_worker_elsewhere_or_of_another_version_is_refused(
    token: str, program: str, told: str, engine: Engine, inputs: list[Path], tmp_path: Path
) -> None:
    with workplace(tmp_path) as place:
        other = Workplace(place.root, token or place.token, program or program_fingerprint())
        ((_, error),) = engine.run(read_input, [ReadTask(other, inputs[0], "0" * 16)])
    assert isinstance(error, InputError) and told in str(error)


def test_bad_inputs_and_options_are_refused_in_one_line(
    inputs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*arguments: str) -> str:
        assert main(["gather", *arguments, "--data-dir", str(tmp_path / "data")]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        return line

    (tmp_path / "page.html").write_text("<p>x</p>")
    (tmp_path / "empty").mkdir()
    assert "search --pages" in told(str(tmp_path / "page.html"))
    assert "holds none of" in told(str(tmp_path / "empty"))
    assert "there is no file" in told(str(tmp_path / "missing.warc"))
    assert "gather reads files" in told("https://example.org/a.warc.gz")
    assert "nothing was gathered in" in told() and "name files" in told("--drop", "x")
    assert "--workers is for" in told(str(inputs[0]), "--workers", "2", "--scheduler", "tcp://127.0.0.1:1")
    monkeypatch.setattr("scrape.cluster.engine.ANSWER_SECONDS", 0.2)
    assert "no scheduler answers at tcp://127.0.0.1:1" in told(str(inputs[0]), "--scheduler", "tcp://127.0.0.1:1")
    with monkeypatch.context() as patch:  # a client made of a bad address prints a traceback when it is collected
        patch.setattr("distributed.Client", lambda *_, **__: pytest.fail("made a client"))
        for address in ("nonsense", "foo://host:1", "tcp://host"):
            assert f"no scheduler answers at {address} (" in told(str(inputs[0]), "--scheduler", address)
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert "the extra `cluster`" in told(str(inputs[0]), "--scheduler", "tcp://127.0.0.1:1")
    assert not (tmp_path / "data").exists()
    keep(FileStore(tmp_path / "data"), posting(1))
    assert "searches saved" in told(str(inputs[0]))


def test_the_command_prints_a_table_or_json(
    inputs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["gather", str(inputs[0].parent), "--data-dir", str(tmp_path), "--workers", "1"]
    command += ["--unknown-hosts", "keep"]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "a.jsonl" in shown and "left out: 2 with the address of another" in shown
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["corpus"]["read"] == 29 and [each["status"] for each in found["inputs"]] == ["known"] * 4


def test_sums_that_do_not_hold_are_an_error(
    inputs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["gather", str(inputs[0]), "--data-dir", str(tmp_path), "--workers", "1"]
    assert main(command) == 0
    mark = tmp_path / SHARDS / f"{input_key(inputs[0])}.done.json"
    mark.write_text(mark.read_text("utf-8").replace('"rows": 12', '"rows": 13'), "utf-8")
    (tmp_path / "manifest.json").unlink()
    assert main(command) == 1 and "12 postings were read" in capsys.readouterr().err
