"""Documents are made of what changed, the same on one core and on many."""

from __future__ import annotations

from pathlib import Path

import pytest

from scrape.common.posting import Posting
from scrape.dataset import simplify_all as bare
from scrape.dataset.simplify_all import Simplified, simplify_store
from scrape.dataset.store import Store


def filled(root: Path, count: int) -> Store:
    store = Store(root)
    for number in range(count):
        html = f"<div>Work <b>well</b>, number {number}.<ul><li>bread<li>butter</ul><script>x()</script></div>"
        store.add(Posting("b", str(number), "", f"Baker {number}", html=html))
    return store


def documents(store: Store) -> dict[str, str]:
    return {name: store.document(name) for name in store.document_names()}


def test_a_document_is_the_bare_posting(tmp_path: Path) -> None:
    store = filled(tmp_path, 1)
    assert simplify_store(store) == Simplified(1, 1)
    assert store.document("b-0") == (
        "<html>\n<h1>Baker 0</h1>\n<p>Work <b>well</b>, number 0.</p>\n"
        "<ul>\n<li>bread</li>\n<li>butter</li>\n</ul>\n</html>\n"
    )
    assert simplify_store(store) == Simplified(0, 0)


def test_many_cores_make_what_one_core_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = filled(tmp_path / "one", 70), filled(tmp_path / "two", 70)
    monkeypatch.setattr(bare, "_WORTH_A_POOL", 10)
    assert simplify_store(one, cores=1) == simplify_store(two, cores=2) == Simplified(70, 70)
    assert documents(one) == documents(two) and len(documents(one)) == 70


def test_a_document_without_its_posting_goes(tmp_path: Path) -> None:
    store = filled(tmp_path, 2)
    simplify_store(store)
    store.raw_path("b-0").unlink()
    assert simplify_store(store) == Simplified(0, 0)
    assert store.document_names() == ["b-1"]


def test_a_spoilt_posting_is_told_every_time_and_stops_no_other(tmp_path: Path) -> None:
    store = filled(tmp_path, 3)
    store.raw_path("b-1").write_text("{}")
    for _ in range(2):
        done = simplify_store(store)
        assert len(done.spoilt) == 1 and done.spoilt[0].startswith("b-1: ")
    assert store.document_names() == ["b-0", "b-2"]
