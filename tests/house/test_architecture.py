"""Check the layers of both packages: the contracts of pyproject.toml, kept by import-linter."""

from __future__ import annotations

import subprocess
import sys

from tests.support.paths import ROOT


def test_imports_keep_the_contracts() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    assert found.returncode == 0, found.stdout + found.stderr
