"""`python -m scrape desk`."""

from __future__ import annotations

import http.client
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from waitress import wasyncore  # type: ignore[import-untyped]

from scrape.__main__ import main
from scrape.common.console import Terminated
from scrape.dataset.store import Store
from scrape.desk.server import serve
from scrape.desk.session import DeskSession
from scrape.recommend.labels import open_labels
from tests.support.processes import DEADLINE, CommandProcess


class Visitor:
    """A client of the desk that a command has opened."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.address = urlsplit(self.url)
        self.cookie = ""
        self.cookie = self.ask("GET", f"/?{self.address.query.strip()}")[1].get("Set-Cookie", "").partition(";")[0]

    def ask(self, method: str, path: str, **form: str) -> tuple[int, Any, str]:
        assert self.address.hostname and self.address.port
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port)
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        found = answer.status, answer.headers, answer.read().decode()
        connection.close()
        return found


def start(store: Store, folder: Path) -> tuple[CommandProcess, Visitor]:
    process = CommandProcess(main, ["desk", "--data-dir", str(store.root)], folder, {})
    out, end = folder / "out", time.monotonic() + DEADLINE
    while not out.exists() or not out.read_text("utf-8").endswith("\n"):
        assert process.running and time.monotonic() < end
        time.sleep(0.05)
    return process, Visitor(out.read_text("utf-8"))


@pytest.mark.slow
def test_a_label_is_on_the_disk_before_the_answer_and_a_kill_loses_nothing(filled: Store, tmp_path: Path) -> None:
    process, visitor = start(filled, tmp_path / "killed")
    for number in range(3):
        assert visitor.ask("POST", "/label", name=f"demo-{number}", answer="yes")[0] == 303
    process.kill()
    with open_labels(filled.root) as opened:
        assert [label.name for label in opened.all()] == ["demo-0", "demo-1", "demo-2"]


@pytest.mark.slow
def test_it_prints_one_address_and_ctrl_c_ends_it_well(filled: Store, tmp_path: Path) -> None:
    process, visitor = start(filled, tmp_path / "stopped")
    assert visitor.ask("GET", "/")[0] == 200
    visitor.ask("POST", "/label", name="demo-0", answer="yes")
    visitor.ask("POST", "/label", name="demo-1", answer="no")
    while "Ranked by" not in visitor.ask("GET", "/")[2]:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    code, out, err = process.ended()
    assert (code, out) == (0, visitor.url) and out.count("\n") == 1 and out.startswith("http://127.0.0.1:")
    assert "Traceback" not in err and (filled.root / "classifier.npz").exists(), err


def test_a_stop_in_the_middle_of_a_request_ends_the_loop() -> None:
    """The loop takes any other exception for a fault of that one connection."""

    class Connection:
        def handle_read_event(self) -> None:
            raise Terminated

    with pytest.raises(Terminated):
        wasyncore.read(Connection())


def test_the_page_closes_the_desk(desk: DeskSession) -> None:
    with serve(desk) as server:
        running = threading.Thread(target=server.run)
        running.start()
        assert "Labels are saved" in Visitor(server.url).ask("POST", "/quit")[2]
        running.join(DEADLINE)
        assert not running.is_alive()


def test_what_is_missing_is_said_in_one_line(
    filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["desk", "--data-dir", str(tmp_path / "empty")]) == 2
    assert "scrape search" in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["desk", "--data-dir", str(filled.root), "--port", str(port)]) == 2
        assert f"cannot listen on port {port}" in capsys.readouterr().err

    def without_flask(_name: str) -> None:
        raise ModuleNotFoundError("No module named 'flask'", name="flask")

    monkeypatch.setattr("scrape.cli.desk.importlib.import_module", without_flask)
    assert main(["desk", "--data-dir", str(filled.root)]) == 2
    error = capsys.readouterr().err
    assert "pip install -e '.[desk]'" in error and error.count("\n") == 1
