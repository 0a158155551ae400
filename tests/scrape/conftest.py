"""Fixtures for tests of the scraper: an empty store, a server that misbehaves, a clock that costs no time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scrape import demo
from scrape.dataset.store import FileStore, Store
from tests.support import postings
from tests.support.faults import Clock, FaultServer


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A dataset without a posting."""
    return FileStore(tmp_path / "data")


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A server on loopback; the test sets its routes."""
    with FaultServer() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    """The time, which passes only when something sleeps."""
    return Clock()


@pytest.fixture
def site() -> Iterator[demo.Site]:
    """The bundled board, served on loopback with `postings.SITE_POSTINGS` postings."""
    with demo.serve(count=postings.SITE_POSTINGS) as running:
        yield running
