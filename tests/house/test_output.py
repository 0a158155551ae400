"""Check that text leaves for a terminal in one place: modules print by the functions of the console alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

# The streams themselves, the safe functions, the safe rich console, and texts of our own before libraries are loaded.
ALLOWED = {
    "scrape/cli/dream_jobs.py",
    "scrape/common/console.py",
    "scrape/common/launch.py",
    "scrape/common/streams.py",
    "scrape/common/table.py",
}
CALLS = {"print", "pprint", "Console", "print_exc", "print_exception", "print_stack", "secho", "echo"}
STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}
MODULES = sorted(path for package in ("scrape", "charrnn") for path in (ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_only_the_console_writes_to_the_standard_streams(path: Path) -> None:
    if path.relative_to(ROOT).as_posix() not in ALLOWED:
        assert not list(writes(ast.parse(path.read_text("utf-8"))))


def test_the_modules_that_may_print_exist() -> None:
    assert all((ROOT / name).is_file() for name in ALLOWED)


@pytest.mark.parametrize(
    "code",
    [
        "print('a')",
        "print('a', file=log)",
        "sys.stdout.write('a')",
        "file = sys.stderr",
        "from sys import stdout",
        "Console().print('a')",
        "traceback.print_exc()",
        "tqdm.write('a')",
        "os.write(1, b'a')",
    ],
)
def test_ways_to_print_are_seen(code: str) -> None:
    assert list(writes(ast.parse(code)))


def writes(tree: ast.AST) -> Iterator[str]:
    """Yield the uses of a standard stream, as far as they can be seen without running the module."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in CALLS and not _of_rich(node):
                yield f"{name}() in line {node.lineno}"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="tqdm" | "os"), attr="write")):
                yield f"write() in line {node.lineno}"
            case ast.Attribute(value=ast.Name(id="sys"), attr=name) if name in STREAMS:
                yield f"sys.{name} in line {node.lineno}"
            case ast.ImportFrom(module="sys", names=names) if STREAMS & {name.name for name in names}:
                yield f"an import from sys in line {node.lineno}"


def _of_rich(call: ast.Call) -> bool:
    """Return True for `.print` of an object: a console's, which `make_console` of `scrape.common.table` made safe."""
    return isinstance(call.func, ast.Attribute) and call.func.attr == "print"
