"""The browser in which tests open pages, and axe-core, the accessibility checks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

BROWSER = os.environ.get("DREAM_JOBS_BROWSER", "chromium")
"""An installed Chromium, or firefox or webkit of `python -m playwright install`."""

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

expect.set_options(timeout=60_000)  # milliseconds, for machines that do much else at once

needs_browser = pytest.mark.skipif(
    BROWSER == "chromium" and _CHROMIUM is None,
    reason="needs Chromium: chromium or google-chrome is not in the PATH",
)


@contextmanager
def launched() -> Iterator[Browser]:
    """Run the browser while the context lasts."""
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    installed = {"executable_path": _CHROMIUM, "args": sandbox} if BROWSER == "chromium" else {}
    with sync_playwright() as playwright:
        browser: Browser = getattr(playwright, BROWSER).launch(**installed)
        yield browser
        browser.close()
