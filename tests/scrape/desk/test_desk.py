"""What a person does at the desk, by links and forms."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from scrape.__main__ import main
from scrape.dataset.store import FileStore, Store
from scrape.desk.session import ONE_IN, DeskSession
from scrape.recommend import classifier
from scrape.recommend.labeling import LabelingSession, shuffled
from scrape.recommend.labels import Label, open_labels
from tests.scrape.desk.conftest import make, open_client
from tests.support.paths import ROOT
from tests.support.postings import keep

NEXT = re.compile(r"/p/(demo-\d+)")


def names(page: str) -> list[str]:
    """The postings of the list of a page, in order."""
    return re.findall(r'class="card" id="card-(demo-\d+)"', page)


def kind(desk: DeskSession, name: str) -> str:
    return desk.store.head(name).title.rpartition(" ")[0]


def label(client: FlaskClient, name: str, answer: str, back: str = "") -> str:
    """Label a posting and return the next one, empty if there is none."""
    answer_ = client.post("/label", data={"name": name, "answer": answer, "back": back})
    assert answer_.status_code == 303
    found = NEXT.match(answer_.location)
    return found[1] if found else ""


def test_the_best_come_first_after_a_few_labels_and_one_in_ten_is_random(
    client: FlaskClient, desk: DeskSession
) -> None:
    assert "No ranking yet" in client.get("/").text
    name, liked = names(client.get("/").text)[0], []
    for _ in range(30):
        is_random = "at random</b>" in client.get("/").text
        assert is_random == (desk.live.ranking is not None and len(desk.answers) % ONE_IN == ONE_IN - 1)
        liked.append("Engineer" in kind(desk, name))
        name = label(client, name, "yes" if liked[-1] else "no")
    assert sum(liked) >= 20, "24 of the 60 are for engineers"
    chosen = [each.chosen for each in desk.labels()]
    assert chosen.count("random") >= 3 and chosen.count("best") >= 20 and all(each.at for each in desk.labels())
    desk.live.wait()
    assert (desk.store.root / classifier.FILE).exists(), "written on the tenth label"
    page = client.get(f"/p/{name}").text
    assert re.search(r"Ranked by \d+ yes and \d+ no", page) and not re.search(r"\b(0|100) %", page)
    assert set(re.findall(r"<dt>(.*?)</dt>", page)) <= {"chance of a yes", "for", "against"} | {
        f"<kbd>{key}</kbd>" for key in [*"jkynsuog/", "Esc"]
    }


def test_only_what_was_drawn_is_called_random_and_a_change_keeps_it(client: FlaskClient, desk: DeskSession) -> None:
    drawn, picked = names(client.get("/").text)[:2]
    label(client, picked, "no")
    label(client, drawn, "no")
    assert "rough guess" not in client.get("/").text
    label(client, names(client.get("/").text)[0], "yes")
    assert "a chance is a rough guess" in client.get("/").text and "(a rough guess, " in client.get("/").text
    client.post("/label", data={"name": drawn, "answer": "yes", "stay": "1"})
    label(client, picked, "skip", "q=python")
    chosen = {each.name: (each.answer, each.chosen) for each in desk.labels()}
    assert chosen[drawn] == ("yes", "random") and chosen[picked] == ("skipped", "search")


def test_damaged_labels_are_named_on_each_page_until_they_are_mended(client: FlaskClient, desk: DeskSession) -> None:
    label(client, "demo-1", "yes")
    path = desk.store.root / "labels.db"
    good = path.read_bytes()
    path.write_bytes(b"not a database, " * 100)
    for _ in range(2):
        assert "it holds your labels" in client.get("/").text
    assert client.post("/label", data={"name": "demo-2", "answer": "no"}).status_code == 400
    path.write_bytes(good)
    assert "it holds your labels" not in client.get("/").text and desk.answers == {"demo-1": "yes"}


def test_a_label_is_changed_taken_away_and_brought_back(client: FlaskClient, desk: DeskSession) -> None:
    label(client, "demo-1", "yes")
    assert label(client, "demo-1", "no") and label(client, "demo-2", "skip")
    assert label(client, "demo-1", "none") == "demo-1"
    assert [(each.name, each.answer) for each in desk.labels()] == [("demo-2", "skipped")]
    for expected in (["skipped", "no"], ["no"], ["yes"], []):
        client.post("/undo")
        assert [each.answer for each in desk.labels()] == expected
    assert client.post("/undo").location == "/" and not desk.labels()
    assert client.post("/label", data={"name": "demo-1", "answer": "perhaps"}).status_code == 400


def test_in_a_search_the_next_one_is_the_next_in_its_list(client: FlaskClient, desk: DeskSession) -> None:
    query = "q=python&sort=new"
    listed = names(client.get(f"/?{query}").text)
    assert label(client, listed[3], "yes", query) == listed[4]
    assert desk.labels()[0].chosen == "search"
    assert listed == names(client.get(f"/?{query}").text), "labeled ones stay in a search"


def test_filters_are_in_the_address_and_bad_ones_are_named(client: FlaskClient) -> None:
    page = client.get("/?place=India&label=any").text
    assert "<b>12</b> of 60" in page and "Gardener" in page and "Baker" not in names_and_titles(page)
    assert "<b>12</b> of 60" in client.get("/?remote=yes&label=any").text
    assert "<b>48</b> of 60" in client.get("/?away=India&label=any").text
    assert "<b>36</b> of 60" in client.get("/?not=python&label=any").text
    assert "<b>25</b> of 60" in client.get("/?pay=100k&label=any").text
    assert "is not an amount" in client.get("/?pay=lots").text and "is not a date" in client.get("/?since=soon").text
    assert "did you mean" in client.get("/?q=pythn").text
    assert "Page 2 of 2" in client.get("/?sort=new&page=99").text


def names_and_titles(page: str) -> str:
    return " ".join(re.findall(r'<span class="title">(.*?)</span>', page))


def test_what_came_since_the_last_visit_is_new_until_it_is_marked_as_seen(filled: Store) -> None:
    first = DeskSession(filled)
    open_client(first).post("/searches", data={"name": "ovens", "back": "q=bread&label=any"})
    assert first.new_since()[0] == 0
    first.close()
    keep(filled, *(make(number) for number in (61, 62, 66)))  # two bakers
    second = DeskSession(filled)
    client = open_client(second)
    page = client.get("/").text
    assert "3 new</a>" in page and "2 new</b>" in page and page.count('<b class="mark new">new</b>') <= 3
    assert len(names(client.get("/?new=1&sort=new").text)) == 3
    client.post("/seen")
    assert " new</a>" not in client.get("/").text
    second.live.wait()
    second.close()


def test_a_saved_search_finds_the_same_and_is_deleted(client: FlaskClient) -> None:
    query = "q=bread&sort=new"
    client.post("/searches", data={"name": "  my   ovens ", "back": query})
    page = client.get("/").text
    link = re.search(r'<a href="(/\?[^"]*)">my ovens</a>', page)
    assert link and names(client.get(link[1].replace("&amp;", "&")).text) == names(client.get(f"/?{query}").text)
    assert client.post("/searches", data={"name": "x" * 99, "back": query}).status_code == 400
    client.post("/searches", data={"delete": "my ovens"})
    assert "my ovens" not in client.get("/").text


def test_a_removed_posting_is_gone_from_the_disk_and_undo_brings_it_back(
    client: FlaskClient, desk: DeskSession
) -> None:
    label(client, "demo-4", "yes")
    before, text = desk.index.row("demo-4"), desk.store.document("demo-4")
    assert client.post("/remove", data={"name": "demo-4", "back": "sort=new"}).status_code == 303
    assert client.get("/p/demo-4").status_code == 404 and desk.labels() == []
    assert not desk.store.raw_path("demo-4").exists() and desk.store.is_removed("demo-4")
    assert NEXT.match(client.post("/undo").location)
    assert desk.index.row("demo-4") == before and desk.store.document("demo-4") == text
    assert [each.answer for each in desk.labels()] == ["yes"] and not desk.store.is_removed("demo-4")


def test_during_a_search_postings_are_read_but_not_removed(client: FlaskClient, desk: DeskSession) -> None:
    with FileStore(desk.store.root).locked():
        assert client.get("/p/demo-4").status_code == 200 and label(client, "demo-4", "no")
        refused = client.post("/remove", data={"name": "demo-4"})
        assert refused.status_code == 409 and "being written by another run" in refused.text
    assert desk.store.raw_path("demo-4").exists() and len(desk.labels()) == 1


def test_postings_that_a_search_adds_appear(
    client: FlaskClient, desk: DeskSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrape.desk.session._PAUSE", 0.0)
    keep(FileStore(desk.store.root), make(77))
    assert "<b>61</b> of 61" in client.get("/").text
    desk.live.wait()
    assert desk.live.similar("demo-77", 3)


def test_labels_of_a_terminal_and_of_the_page_are_all_kept(client: FlaskClient, desk: DeskSession) -> None:
    addresses = desk.index.addresses()
    theirs = [f"demo-{number}" for number in range(0, 20)]

    def at_the_terminal() -> None:
        with open_labels(desk.store.root) as opened:
            session = LabelingSession(theirs, addresses, opened)
            while session.name is not None and session.answer("y"):
                pass

    terminal = threading.Thread(target=at_the_terminal)
    terminal.start()
    for number in range(20, 40):
        label(client, f"demo-{number}", "no", "sort=new")
    terminal.join()
    assert desk.counts() | {"of": len(desk.labels())} == {"yes": 20, "no": 20, "skipped": 0, "of": 40}
    assert "<b>20</b> yes" in client.get("/labels").text


def test_labels_are_listed_with_their_time_and_choice_and_can_be_changed(
    client: FlaskClient, desk: DeskSession
) -> None:
    with open_labels(desk.store.root) as opened:
        opened.put(
            Label("gone-1", "https://gone.example/1", "yes"), Label("demo-3", "", "no", "2026-11-01T09:30:00+00:00")
        )
    page = client.get("/labels").text
    assert "not in the dataset now" in page and "2026-11-01 09:30" in page
    assert client.post("/label", data={"name": "demo-3", "answer": "yes", "stay": "1"}).location == "/labels"
    assert {each.name: each.answer for each in desk.labels()}["demo-3"] == "yes"


@pytest.mark.parametrize("path", ["/dream", "/dream/1"])
def test_dreams_have_the_nearest_real_postings_or_nothing_close(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(ROOT)
    page = client.get(path).text
    assert "These jobs do not exist" in page or "This job does not exist" in page or "these jobs do not exist" in page
    if path == "/dream":
        dreams = page.split('<section class="dream"')[1:]
        assert len(dreams) == 12
        assert all("Nothing close." in each or 1 <= len(names(each)) <= 3 for each in dreams)
    assert all(float(score) >= 0.25 for score in re.findall(r'class="chance">([\d.]+)<', page))
    assert client.get("/dream/999").status_code == 404 and client.get("/dream/0").status_code == 404


def test_without_a_gallery_the_command_that_makes_one_is_named(client: FlaskClient, home: Path) -> None:
    assert "python -m charrnn.sample" in client.get("/dream").text


@pytest.mark.parametrize(
    ("query", "arguments"),
    [
        ("q=python", ["python"]),
        (
            "sort=new&label=any&place=India;Berlin, Germany&not=roses",
            ["--place", "India", "--place", "Berlin, Germany", "--not", "roses"],
        ),
        ("sort=pay&label=any&pay=100k&remote=yes", ["--min-pay", "100k", "--remote", "--sort", "pay"]),
        ("label=yes&sort=new", ["--label", "yes"]),
        (
            "label=none&sort=new&title=baker&unpaid=1&pay=70k",
            ["--label", "none", "--title", "baker", "--pay-or-unknown", "70k"],
        ),
    ],
)
def test_an_export_is_that_of_find_byte_for_byte(
    client: FlaskClient, desk: DeskSession, capfd: pytest.CaptureFixture[str], query: str, arguments: list[str]
) -> None:
    label(client, "demo-0", "yes")
    for form in ("csv", "json", "jsonl"):
        assert main(["find", *arguments, f"--{form}", "--data-dir", str(desk.store.root)]) == 0
        sent = client.get(f"/export.{form}?{query}")
        assert sent.data == capfd.readouterr().out.encode() and sent.data
    assert client.get("/export.exe").status_code == 404


def test_a_ranked_list_is_exported_in_its_order(client: FlaskClient, desk: DeskSession) -> None:
    for number in range(6):
        label(client, f"demo-{number}", "yes" if number in (0, 2, 5) else "no")
    page, sent = client.get("/").text, client.get("/export.jsonl").text
    assert [json.loads(line)["id"] for line in sent.splitlines()][:30] == names(page)
    assert sent.count("\n") == 54


def test_similar_postings_are_of_the_same_kind_and_their_labels_say_so(client: FlaskClient, desk: DeskSession) -> None:
    found = names(client.get("/similar/demo-0").text)
    assert found and {kind(desk, name) for name in found[:5]} == {"Data Engineer"}
    label(client, found[0], "yes", "via=similar")
    assert desk.labels()[0].chosen == "similar"


def test_the_random_order_is_that_of_the_terminal(client: FlaskClient, desk: DeskSession) -> None:
    assert names(client.get("/").text) == shuffled(desk.index.addresses())[:30]
