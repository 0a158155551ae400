"""No docstring of a function or a class opens with a question word."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.support.paths import ROOT

QUESTIONS = ("What", "Which", "How", "Whether", "Where", "Who", "Whose", "When")


def docstrings(folder: str) -> Iterator[tuple[str, str]]:
    """The place and the first word of every docstring of a function or class."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                words = (ast.get_docstring(node) or "").split(maxsplit=1)
                if words:
                    yield f"{path.relative_to(ROOT).as_posix()}:{node.lineno}: {node.name}", words[0].strip(":,.")


@pytest.mark.parametrize("folder", ["scrape", "charrnn", "scripts"])
def test_no_docstring_opens_with_a_question_word(folder: str) -> None:
    assert [place for place, word in docstrings(folder) if word in QUESTIONS] == []
