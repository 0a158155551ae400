"""The terms that decided."""

from __future__ import annotations

import pytest

pytest.importorskip("sklearn", reason="recommendations need the extra `recommend`")

from scrape.recommend.ranking import Contribution, distinct


def test_deciding_terms_are_not_repeated() -> None:
    found = [
        Contribution(term, "title", 1)
        for term in ("data engineer", "data", "pay over 150k", "pay over 125k", "data mining")
    ]
    assert [each.term for each in distinct(found, 9)] == ["data engineer", "pay over 150k", "data mining"]
