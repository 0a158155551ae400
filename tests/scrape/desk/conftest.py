"""A dataset for the desk, made once: sixty postings, some of them hostile, with its index and its features."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("flask", reason="the desk needs the extra `desk`")

from flask.testing import FlaskClient

from scrape.common.posting import Pay, Posting
from scrape.dataset.store import FileStore, Store
from scrape.desk.app import create_app
from scrape.desk.session import DeskSession
from scrape.markup.simplify import simplify
from tests.support.postings import keep, posting

PORT, KEY = 5999, "the-key"
ORIGIN = f"http://127.0.0.1:{PORT}"
KINDS = [
    ("Data Engineer", "Pipelines in Python, and warehouses of data.", "Remote - US"),
    ("Baker", "Bread, rolls and ovens before dawn.", "Chicago, IL"),
    ("Software Engineer", "Services in Python and Go.", "Seattle, WA"),
    ("Gardener", "Roses, hedges and lawns.", "Bengaluru, Karnataka, IND"),
    ("Nurse", "Wards, rounds and kindness.", "Berlin, Germany"),
]
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    '"><svg onload=alert(3)>',
    "' onmouseover='alert(4)",
    "</title><script>alert(5)</script>",
    "</textarea></select><script>alert(6)</script>",
    "javascript:alert(7)",
    "{{7*7}}{% raise %}${7*7}",
    "<iframe srcdoc='<script>alert(8)</script>'></iframe>",
    "<a href='javascript:alert(9)'>here</a>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(10)>",
    "\u202e<b onclick=alert(11)>\x02mark\x03</b>",
]


def make(number: int) -> Posting:
    title, text, location = KINDS[number % len(KINDS)]
    pay = Pay(60_000 + 1000 * number, 90_000 + 1000 * number, "USD", "yearly") if number % 2 else None
    words = " ".join(f"word{number * k % 37}" for k in range(12))
    html = f"<p>{text}</p>\n<h4>About</h4>\n<ul>\n<li>{words}</li>\n</ul>\n"
    made = posting(number, f"{title} {number}", html, location=location, date=f"2026-11-{1 + number % 28:02}")
    return replace(made, pay=pay)


def hostile(number: int, text: str) -> Posting:
    return replace(posting(100 + number, text, simplify(f"<p>{text}</p>{text}"), company=text), url=text)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset; copy it before anything is changed."""
    root = tmp_path_factory.mktemp("desk") / "data"
    keep(FileStore(root), *(make(number) for number in range(60)))
    desk = DeskSession(FileStore(root))  # which makes the index and the features
    desk.live.wait()
    desk.close()
    (root / "desk.db").unlink(missing_ok=True)
    return root


@pytest.fixture
def filled(prepared: Path, tmp_path: Path) -> Store:
    """A copy of the dataset of the test's own."""
    return FileStore(Path(shutil.copytree(prepared, tmp_path / "data")))


@pytest.fixture
def desk(filled: Store) -> Iterator[DeskSession]:
    opened = DeskSession(filled)
    opened.live.wait()
    yield opened
    opened.close()


@pytest.fixture
def client(desk: DeskSession) -> FlaskClient:
    """A browser that has opened the printed address."""
    return open_client(desk)


class DeskClient(FlaskClient):
    """A client that names the desk's own address."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return super().open(*args, **{"base_url": ORIGIN} | kwargs)


def open_client(desk: DeskSession, key: str = KEY) -> FlaskClient:
    app = create_app(desk, KEY, PORT)
    app.test_client_class = DeskClient
    made = app.test_client()
    if key:
        made.set_cookie(f"desk-{PORT}", key, domain="127.0.0.1")
    return made
