"""The wheel holds every file that the packages read."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import PurePosixPath

import pytest

from tests.support.paths import ROOT


def test_every_data_file_of_the_packages_is_in_the_wheel() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "scrape", "charrnn"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("needs git, and a checkout, to list the files")
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    packed = {
        path.relative_to(ROOT).as_posix()
        for package, globs in patterns.items()
        for glob in globs
        for path in (ROOT / package.replace(".", "/")).glob(glob)
    }
    data = {line for line in listed.stdout.splitlines() if not line.endswith((".py", "/README.md"))}
    assert {PurePosixPath(name).suffix for name in data} >= {".toml", ".css", ".html", ".typed"}
    assert data - packed == set()
