"""The doctor asks each board once, and tells what it found apart."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import cast

import pytest

from scrape.__main__ import main
from scrape.boards.registry import BOARDS, Board
from scrape.cli import company_check, doctor
from scrape.cli.doctor import BoardCheck
from scrape.common.errors import Blocked, BoardError, ChangedShape, InputError, Missing, Refused, Unreachable
from scrape.common.posting import Page, Posting, Query
from scrape.http.client import Response
from scrape.http.robots import Robots

ADDRESS = "https://board.example/api"


class Net:
    """One answer, or an error, for everyone; counts what it is asked."""

    def __init__(self, answer: str | BoardError, robots: str = "", closed: str = "") -> None:
        self.answer, self.robots, self.closed = answer, robots, closed
        self.asked: Counter[str] = Counter()

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response:
        self.asked[url] += 1
        if isinstance(self.answer, BoardError):
            raise self.answer
        return Response(url, url, 200, {}, self.answer.encode())

    def rules(self, url: str) -> Robots:
        return Robots(self.robots, "DreamJobs", closed=self.closed)


class FakeBoard:
    NAME = "fake"
    HOME = "https://board.example"

    def start(self, query: Query) -> Sequence[str]:
        return [ADDRESS, ADDRESS + "?page=2"]

    def parse(self, body: str, url: str) -> Page:
        if body == "odd":
            raise ChangedShape("not what it was")
        if body == "fault":
            raise KeyError("jobs")
        return Page(tuple(Posting("fake", word, "", word) for word in body.split()))


def check(net: Net, board: FakeBoard | None = None) -> BoardCheck:
    (checked,) = doctor.check_boards([cast(Board, board or FakeBoard())], {}, net)
    return checked


@pytest.mark.parametrize(
    ("answer", "word", "holds"),
    [
        ("one two", "ok", 2),
        ("", "empty", 0),
        ("odd", "changed shape", 0),
        ("fault", "changed shape", 0),
        (Blocked("403"), "blocked", 0),
        (Refused("no"), "refused", 0),
        (Unreachable("down"), "error", 0),
    ],
)
def test_answers_are_told_apart(answer: str | BoardError, word: str, holds: int) -> None:
    checked = check(Net(answer))
    assert (checked.availability, checked.items) == (word, holds)
    assert checked.failed == (word != "ok")
    assert checked.format == ("confirmed" if word in ("ok", "empty") else "not checked")


@pytest.mark.parametrize(
    ("robots", "closed", "word"),
    [
        ("", "", "allows"),
        ("User-agent: *\nCrawl-delay: 5", "", "allows, every 5 s"),
        ("User-agent: *\nDisallow: /api", "", "disallows"),
        ("User-agent: *\nContent-Signal: ai-train=no", "", "opts out (content-signal)"),
        ("", "its robots.txt answers 500", "closed"),
    ],
)
def test_robots_and_opt_outs_are_told_apart(robots: str, closed: str, word: str) -> None:
    assert check(Net("one", robots, closed)).robots == word


def test_each_board_is_asked_once_and_at_one_address() -> None:
    net = Net("one")
    check(net)
    assert net.asked == {ADDRESS: 1}


def test_what_nothing_confirms_is_unverified() -> None:
    board = FakeBoard()
    assert check(Net("one"), board).format == "confirmed"
    board.UNVERIFIED = "nobody has seen it"  # type: ignore[attr-defined]
    checked = check(Net("one"), board)
    assert checked.format == "unverified" and "nobody has seen it" in checked.note


def test_a_board_that_cannot_be_asked_is_not_and_is_no_failure() -> None:
    class NeedsPages(FakeBoard):
        def start(self, query: Query) -> Sequence[str]:
            raise InputError("name the pages")

    forbidden = FakeBoard()
    forbidden.REFUSED = "the board forbids it"  # type: ignore[attr-defined]
    for board, note in [(NeedsPages(), "name the pages"), (forbidden, "the board forbids it")]:
        net = Net("one")
        checked = check(net, board)
        assert (checked.availability, checked.note, checked.failed) == ("not requested", note, False)
        assert not net.asked


def test_every_board_of_the_registry_is_examined_without_a_fault() -> None:
    checks = doctor.check_boards(list(BOARDS.values()), {}, Net(Unreachable("down")))
    assert sorted(checked.board for checked in checks) == sorted(BOARDS)
    assert {checked.availability for checked in checks} == {"error", "not requested"}


def test_the_command_examines_the_bundled_board(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--boards", "demo,saved", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["board"], first["robots"], first["availability"]) == ("demo", "allows", "ok") and first["items"] > 10
    assert (second["board"], second["availability"]) == ("saved", "not requested")
    assert main(["doctor", "--boards", "demo"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == [
        "board",
        "robots",
        "availability",
        "format",
        "items",
        "note",
    ]


def test_the_terms_of_every_board_are_told() -> None:
    checks = doctor.check_boards(list(BOARDS.values()), {}, Net(Unreachable("no network")))
    assert all(checked.terms.endswith(".") for checked in checks)
    terms = {checked.board: checked.terms for checked in checks}
    assert "link" in terms["remoteok"] and "public domain" in terms["usajobs"]


class Companies(Net):
    """Answers by URL: postings, none, or an error."""

    def __init__(self, answers: Mapping[str, str | BoardError]) -> None:
        super().__init__("")
        self.answers = answers

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response:
        self.answer = self.answers.get(url.rsplit("/", 1)[-1], Unreachable("down"))
        return super().get(url, headers=headers)


class CompanyBoard(FakeBoard):
    BY_COMPANY = True

    def start(self, query: Query) -> Sequence[str]:
        return [f"{ADDRESS}/{name}" for name in "abcdefgh"]


def test_companies_that_have_left_are_told_from_those_that_could_not_be_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    net = Companies({"a": "one two", "b": "", "c": Missing("404"), "d": "odd"})
    checks = company_check.check_companies([cast(Board, CompanyBoard())], net)
    assert [check.result for check in checks] == ["listed", "empty", "left", *["failed"] * 3, *["not asked"] * 2]
    assert company_check.report(checks, as_json=False)
    out = capsys.readouterr().out
    assert f"{ADDRESS}/c has left its board" in out and f"{ADDRESS}/d" not in out


def test_without_a_network_nothing_is_said_of_companies(capsys: pytest.CaptureFixture[str]) -> None:
    checks = company_check.check_companies([cast(Board, CompanyBoard())], Companies({}))
    assert not company_check.report(checks, as_json=False)
    out, err = capsys.readouterr()
    assert "no company could be asked" in err and "left its board" not in out and "confirmed" not in out + err


def test_only_boards_with_a_list_of_companies_are_checked_for_them() -> None:
    assert {board.NAME for board in company_check.by_company(None)} >= {"greenhouse", "lever", "ashby", "bamboohr"}
    with pytest.raises(InputError, match="themuse"):
        company_check.by_company(["themuse"])
