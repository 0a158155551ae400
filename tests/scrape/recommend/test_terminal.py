"""Labeling in a real terminal: a pseudo-terminal presses the keys, and reads what is on the screen."""

from __future__ import annotations

import os
import re
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.support.paths import ROOT

pytest.importorskip("sklearn", reason="recommendations need the extra `recommend`")
if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

import fcntl
import pty
import termios

from scrape.dataset.store import Store
from scrape.markup import document
from scrape.recommend.labeling import START, shuffled
from scrape.recommend.labels import open_labels
from tests.support.postings import keep, posting

DEADLINE = 60.0  # seconds for a screen, on a busy machine

pytestmark = pytest.mark.slow
ITEMS = "".join(f"<li>Point {number} of many</li>\n" for number in range(60))
LIST = f"<ul>\n<li>Flour\n<ul>\n<li>Rye</li>\n</ul>\n</li>\n{ITEMS}</ul>\n"
HTML = f"<p>Bread &amp; <b>rolls</b> for {{}}</p>\n<h4>Needed</h4>\n{LIST}"


@pytest.fixture
def store(store: Store) -> Store:
    """A dataset of thirty postings."""
    bodies = (HTML.format(f"house {number}, $90,000 a year") for number in range(30))
    head = {"company": "Oven Co", "location": "Boston, MA", "date": "2026-11-01"}
    return keep(store, *(posting(number, f"Job Number {number}", body, **head) for number, body in enumerate(bodies)))


class Screen:
    """A person at a terminal of 80 by 24."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.process = process
        self._terminal = terminal
        self._seen = ""

    def until(self, pattern: str) -> str:
        """Read until the screen shows `pattern`; what came since the last time, without control sequences."""
        ends = time.monotonic() + DEADLINE
        while not (found := re.search(pattern, plain(self._seen), re.DOTALL)):
            assert time.monotonic() < ends, f"{pattern!r} never came: {plain(self._seen)[-2000:]}"
            if select.select([self._terminal], [], [], 0.1)[0]:
                try:
                    self._seen += os.read(self._terminal, 65536).decode("utf-8", "replace")
                except OSError:  # how Linux tells that the other side has gone
                    assert re.search(pattern, plain(self._seen), re.DOTALL), plain(self._seen)[-2000:]
        text, self._seen = plain(self._seen), ""
        return text[: found.end()]

    def asked(self) -> str:
        """The screen of the next question."""
        return self.until(r"b back   q quit[^\n]*$")

    def press(self, key: str) -> None:
        time.sleep(0.05)  # the question is on the screen a moment before the key is waited for
        os.write(self._terminal, key.encode())

    def answer(self, key: str) -> str:
        """Press a key; the screen that follows."""
        self.press(key)
        return self.asked()

    def quit(self) -> int:
        self.press("q")
        return self.process.wait(DEADLINE)


def plain(text: str) -> str:
    return re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|\]8;[^\x1b]*\x1b\\)", "", text).replace("\r", "")


@contextmanager
def at(store: Store, *options: str) -> Iterator[Screen]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, "-m", "scrape.recommend", "label", "--data-dir", str(store.root), *options]
    settings = os.environ | {"TERM": "xterm", "PYTHONPATH": str(ROOT)}
    settings.pop("NO_COLOR", None)
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=settings,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    try:
        yield Screen(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def labels(store: Store) -> dict[str, str]:
    with open_labels(store.root) as given:
        return {label.name: label.answer for label in given.all()}


def number_of(screen: str) -> str:
    return f"demo-{re.findall(r'Job Number ([0-9]+)', screen)[-1]}"


def test_keys_label_skip_go_back_and_quit(store: Store) -> None:
    order = shuffled(store.names())
    with at(store) as screen:
        first = screen.asked()
        assert number_of(first) == order[0] and "30 left" in first
        for part in (
            "Oven Co",
            "Boston, MA",
            "$90,000 a year",
            "https://board.example/",
            "Bread & rolls",
            "• Flour",
            "• Rye",
        ):
            assert part in first
        assert "<b>" not in first and "Point 59" not in first, "one screen of text, as text"
        assert number_of(screen.answer("y")) == order[1]
        assert number_of(screen.answer("n")) == order[2]
        third = screen.answer("s")
        assert number_of(third) == order[3] and "1 yes · 1 no · 1 skipped · 27 left" in third
        assert number_of(screen.answer("b")) == order[2]
        assert number_of(screen.answer("b")) == order[1]
        assert number_of(screen.answer("y")) == order[2]
        assert number_of(screen.answer("Y")) == order[3]
        assert screen.quit() == 0
    assert labels(store) == dict.fromkeys(order[:3], "yes")


def test_the_rest_of_a_long_text_is_a_key_away(store: Store) -> None:
    with at(store) as screen:
        first = screen.asked()
        assert "space more" in first
        shown = [first]
        while "Point 59" not in shown[-1]:
            shown.append(screen.answer(" "))
            assert len(shown) < 12
        assert all(number_of(part) == number_of(first) for part in shown) and labels(store) == {}
        assert "Bread & rolls" in screen.answer(" "), "after the last part comes the first"


def test_a_session_goes_on_where_the_last_one_stopped_and_skipped_ones_come_last(store: Store) -> None:
    order = shuffled(store.names())
    with at(store) as screen:
        screen.asked()
        screen.answer("s")
        screen.answer("n")
        assert screen.quit() == 0
    with at(store) as screen:
        assert number_of(screen.asked()) == order[2]
        for name in order[3:]:
            assert number_of(screen.answer("n")) == name
        assert number_of(screen.answer("n")) == order[0], "what was skipped"
        screen.press("y")
        assert "1 yes · 29 no · 0 skipped · 0 left" in screen.until(r"0 left\n")
        assert screen.process.wait(DEADLINE) == 0


def test_what_is_answered_survives_a_kill(store: Store) -> None:
    order = shuffled(store.names())
    with at(store) as screen:
        screen.asked()
        screen.answer("y")
        screen.answer("n")
        screen.process.send_signal(signal.SIGKILL)
        screen.process.wait(DEADLINE)
    assert labels(store) == {order[0]: "yes", order[1]: "no"}
    with at(store) as screen:
        assert number_of(screen.asked()) == order[2]


def test_other_keys_and_keys_of_before_the_question_do_nothing(store: Store) -> None:
    order = shuffled(store.names())
    with at(store) as screen:
        screen.press("yyyy")  # while the program is still starting
        assert number_of(screen.asked()) == order[0]
        for key in ("x", "\x1b[B", "é", "yn"):
            assert number_of(screen.answer(key)) == order[0]
    assert labels(store) == {}


def test_ctrl_c_ends_with_130_and_leaves_the_terminal_as_it_was(store: Store) -> None:
    with at(store) as screen:
        before = termios.tcgetattr(screen._terminal)[3]
        screen.asked()
        screen.answer("y")
        assert termios.tcgetattr(screen._terminal)[3] != before
        screen.press("\x03")
        screen.until("stopped: Ctrl-C")
        assert screen.process.wait(DEADLINE) == 130
    assert len(labels(store)) == 1


def test_active_labeling_asks_about_what_lies_between(store: Store) -> None:
    """Of 20 labeled postings the rye jobs are liked; then rye or not is sure, and what is half of each is not."""
    order = shuffled(store.names())
    halves = order[-3:]
    for name in order:
        kind = "Rye Wheat Baker" if name in halves else "Rye Baker" if order.index(name) % 2 else "Wheat Grinder"
        whole = replace(store.posting(name), title=f"{kind} Job Number {name.split('-')[1]}", html="<p>Bread</p>\n")
        store.put_document(name, document.write(whole))
    (store.root / "labels.txt").write_text("".join(f"{n} {'yn'[i % 2 == 0]}\n" for i, n in enumerate(order[:START])))
    command = [sys.executable, "-m", "scrape.recommend", "label", "--data-dir", str(store.root), "--from-file"]
    root = ROOT
    subprocess.run([*command, str(store.root / "labels.txt")], check=True, cwd=root, capture_output=True)
    with at(store, "--active") as screen:
        asked = [number_of(screen.asked()), number_of(screen.answer("y")), number_of(screen.answer("y"))]
    assert set(asked) == set(halves)
