"""The tables of modules in scrape/README.md and charrnn/README.md are true: jobs listed, imports as they say."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("scrape", "charrnn")

# Who may import a third-party package, by module prefix. Whatever is not named here nobody imports.
THIRD_PARTY = {
    "requests": ("scrape.fetch.",),
    "urllib3": ("scrape.fetch.",),
    "protego": ("scrape.fetch.robots.",),
    "bs4": ("scrape.boards.",),
    "lxml": ("scrape.boards.",),
    "numpy": ("scrape.corpus.twins.", "scrape.recommend.", "charrnn."),
    "scipy": ("scrape.recommend.",),
    "sklearn": ("scrape.recommend.",),
    "rich": ("scrape.recommend.",),
    "tqdm": ("scrape.", "charrnn."),
    "torch": ("charrnn.",),
    "matplotlib": ("charrnn.plot.",),
    "nh3": ("charrnn.page.",),
    "pydivsufsort": ("charrnn.novelty.",),
}
# Whose modules are one row of the tables, under the package's name.
ONE_ROW = ("scrape.boards", "scrape.demo")


def modules() -> dict[str, Path]:
    """Every module by its dotted name; a package stands under its own name."""
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[dotted.removesuffix(".__init__")] = path
    return found


MODULES = modules()


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else str(node.module)


def inside(module: str) -> set[str]:
    """The modules of this project that `module` imports."""
    return {name for name in imports(MODULES[module]) if name in MODULES} - {module}


def group(module: str) -> str:
    """The row of the tables that a module belongs to."""
    return next((package for package in ONE_ROW if module.startswith(package + ".")), module)


def jobs_and_imports() -> dict[str, tuple[str, set[str]]]:
    """{module: (its job, what it may import)}, from the rows `| `name` | job | `a`, `b` |` of the packages' READMEs."""
    rows = {}
    for package in PACKAGES:
        for line in (ROOT / package / "README.md").read_text("utf-8").splitlines():
            if found := re.fullmatch(r"\| `([\w.]+)` \| (.*) \| ([^|]*) \|", line):
                names = re.findall(r"`([\w.]+)`", found[3])
                rows[whole_name(package, found[1])] = found[2], {whole_name(package, name) for name in names}
    return rows


def whole_name(package: str, name: str) -> str:
    """A name of the tables in full: `disk` in scrape's is `scrape.disk`."""
    return name if name.partition(".")[0] in PACKAGES else f"{package}.{name}"


ROWS = jobs_and_imports()


def test_the_tables_name_every_module_and_nothing_else() -> None:
    assert set(ROWS) == {group(module) for module in MODULES}


@pytest.mark.parametrize("row", sorted({group(module) for module in MODULES}))
def test_a_module_imports_what_its_row_says(row: str) -> None:
    members = [module for module in MODULES if group(module) == row]
    actual = {group(name) for module in members for name in inside(module)} - {row}
    assert actual == ROWS[row][1]


@pytest.mark.parametrize("row", sorted(ROWS))
def test_a_module_does_the_job_that_its_row_names(row: str) -> None:
    docstring = ast.get_docstring(ast.parse(MODULES[row].read_text("utf-8"))) or ""
    assert ROWS[row][0] == docstring.partition("\n\n")[0].replace("\n", " ")


def test_imports_go_round_in_no_circle() -> None:
    TopologicalSorter({module: inside(module) for module in MODULES}).prepare()


def test_the_network_takes_only_the_language_and_the_terminal_from_scrape() -> None:
    taken = {name for module in MODULES if module.startswith("charrnn") for name in inside(module)}
    assert {name for name in taken if name.startswith("scrape")} <= {
        "scrape.ascii",
        "scrape.console",
        "scrape.disk",
        "scrape.document",
        "scrape.errors",
        "scrape.lock",
        "scrape.markup",
        "scrape.posting",
        "scrape.simplify",
    }


@pytest.mark.parametrize("module", MODULES)
def test_third_party_packages_stay_where_they_belong(module: str) -> None:
    for name in imports(MODULES[module]):
        package = name.partition(".")[0]
        if package in sys.stdlib_module_names or package in PACKAGES:
            continue
        assert (module + ".").startswith(THIRD_PARTY.get(package, ())), f"{module} imports {package}"
