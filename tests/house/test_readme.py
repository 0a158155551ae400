"""README.md and the READMEs of both packages say what is: their flags, commands and tree are the real ones."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess

import pytest

from charrnn import plot, score
from charrnn.evaluate import __main__ as evaluate
from charrnn.export import __main__ as export
from charrnn.play import __main__ as play
from charrnn.runs import __main__ as runs
from charrnn.sample import __main__ as sample
from charrnn.train import options
from scrape.boards import registry
from scrape.cli import parser as scrape_parser
from scrape.recommend import __main__ as recommend
from tests.support.paths import ROOT

FILES = ("README.md", "scrape/README.md", "charrnn/README.md")
README, SCRAPE, CHARRNN = (ROOT.joinpath(name).read_text("utf-8") for name in FILES)
ALL = "\n\n".join((README, SCRAPE, CHARRNN))
MOST_LINES = 200  # of README.md: a newcomer reads all of it
PARSERS = {
    "charrnn.train": options.options_parser,
    "charrnn.sample": sample.options_parser,
    "charrnn.plot": plot.options_parser,
    "charrnn.evaluate": evaluate.options_parser,
    "charrnn.export": export.options_parser,
    "charrnn.play": play.options_parser,
    "charrnn.score": score.options_parser,
    "charrnn.runs": runs.options_parser,
    "scrape.recommend": recommend.options_parser,
    "scrape find": lambda: scrape_parser.options_parser(["find"]),
}


def flags_of(parser: argparse.ArgumentParser) -> set[str]:
    """All flags of a parser and of its verbs."""
    shown = [action for action in parser._actions if action.help != argparse.SUPPRESS]  # old spellings are not
    own = {flag for action in shown for flag in action.option_strings if flag.startswith("--")} - {"--help"}
    verbs = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return own.union(*(flags_of(verb) for action in verbs for verb in action.choices.values()))


def section(marker: str) -> str:
    """What stands between a comment `<!-- marker -->` and the next blank line after it."""
    return ALL.split(f"<!-- {marker} -->\n", 1)[1].split("\n\n", 1)[0]


def commands() -> list[list[str]]:
    """Every command in a block of shell, as words; comments are left out."""
    blocks = re.findall(r"```sh\n(.*?)```", ALL, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if not line.startswith(".venv\\")]
    return [words for line in lines if (words := shlex.split(line, comments=True))]


@pytest.mark.parametrize("module", PARSERS)
def test_the_table_of_flags_is_the_parsers(module: str) -> None:
    first_cells = re.findall(r"^\| (.*?) \|", section(f"flags: {module}"), re.MULTILINE)
    assert set(re.findall(r"`(--[a-z-]+)`", " ".join(first_cells))) == flags_of(PARSERS[module]())


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_is_one_that_there_is(words: list[str]) -> None:
    while "=" in words[0]:  # a variable for the command's environment
        words = words[1:]
    if words[0].startswith("scripts/"):
        assert (ROOT / words[0]).stat().st_mode & 0o111, f"{words[0]} can be run"
        return
    if words[0] == "torchrun":  # with options of its own before the name of our module
        words = ["python", "-m", *words[words.index("--") + 1 :]]
    assert words[:2] == ["python", "-m"]
    module, arguments = words[2], words[3:]
    if module == "scrape":
        assert scrape_parser.options_parser().parse_args(arguments)
    elif module in PARSERS:
        assert PARSERS[module]().parse_args(arguments)
    else:
        assert module in ("venv", "pip")


def test_the_tree_is_the_repositorys() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("needs git, and a checkout, to list the files")
    tracked = [line.split("/") for line in listed.stdout.splitlines() if not line.startswith(".")]
    named: dict[str, set[str]] = {"": set()}
    parent = ""
    for indent, name in re.findall(r"^( *)([\w.-]+/?) ", section("tree"), re.MULTILINE):
        parent = parent if indent else name
        named.setdefault(parent if indent else "", set()).add(name)
    top = {parts[0] + ("/" if parts[1:] else "") for parts in tracked}
    assert named.pop("") == top - {"README.md"}
    for folder, names in named.items():
        inside = {parts[1] + "/" for parts in tracked if parts[0] + "/" == folder and parts[2:]}
        assert names == inside, f"the folders of {folder}"


def test_every_board_stands_in_the_table() -> None:
    rows = re.findall(r"^\| (`[a-z, `]+) \| (?:yes|no|never|with|when)", SCRAPE, re.MULTILINE)
    named = re.findall(r"`(\w+)`", " ".join(rows))
    assert sorted(named) == sorted(registry.BOARDS)
    default = re.findall(r"^\| (`[a-z, `]+) \| yes", SCRAPE, re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(default))) == sorted(registry.DEFAULT)


@pytest.mark.parametrize("file", FILES)
def test_every_link_within_the_repository_leads_somewhere(file: str) -> None:
    path = ROOT / file
    links = [link for link in re.findall(r"\]\(([^)]+)\)", path.read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (path.parent / link.partition("#")[0]).exists()] == []


def test_readme_is_short_and_leads_to_the_guides() -> None:
    assert README.count("\n") <= MOST_LINES
    assert {"scrape/README.md", "charrnn/README.md", "RESULTS.md"} <= set(re.findall(r"\]\(([^)]+)\)", README))
