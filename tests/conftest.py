"""What all tests share: one thread for torch, and the real data that may stand beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.paths import SHARED

# The same examples in every run: a test that fails once fails again. No deadline: the machine may be busy.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real postings, pages and vectors; the test skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the real data in {SHARED}, which is not part of the repository")
    return SHARED
