"""Name the folders that tests read."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"  # real data, which may stand beside the checkout
FIXTURES = ROOT / "tests" / "scrape" / "boards" / "fixtures"
