"""No docstring opens with a question word, and no two classes have one name."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.support.paths import ROOT

QUESTIONS = ("What", "Which", "How", "Whether", "Where", "Who", "Whose", "When")


def docstrings(folder: str) -> Iterator[tuple[str, str]]:
    """The place and the first word of every docstring of a module, function or class."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                words = (ast.get_docstring(node) or "").split(maxsplit=1)
                if words:
                    place = f"{path.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 1)}"
                    yield f"{place}: {getattr(node, 'name', 'module')}", words[0].strip(":,.")


@pytest.mark.parametrize("folder", ["scrape", "charrnn", "scripts"])
def test_no_docstring_opens_with_a_question_word(folder: str) -> None:
    assert [place for place, word in docstrings(folder) if word in QUESTIONS] == []


def test_no_two_public_classes_of_the_product_have_one_name() -> None:
    trees = [
        ast.parse(path.read_text("utf-8")) for folder in ("scrape", "charrnn") for path in (ROOT / folder).rglob("*.py")
    ]
    names = Counter(node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert [name for name, count in names.items() if count > 1 and name[0] != "_"] == []
