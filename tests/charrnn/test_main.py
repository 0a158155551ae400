"""`python -m charrnn`: it names the commands, which are modules."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from charrnn import __main__ as charrnn
from scrape.cli.dream_jobs import VERBS
from scrape.common import console


def test_alone_it_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert charrnn.main([]) == console.BAD_INPUT
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1
    assert all(f" {name}," in told.err or f" {name};" in told.err for name in charrnn.COMMANDS)
    assert charrnn.main(["--help"]) == console.OK
    assert "python -m charrnn.COMMAND" in capsys.readouterr().out


def test_a_word_is_met_with_the_command_most_like_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert charrnn.main(["smaple", "--count", "3"]) == console.BAD_INPUT
    assert capsys.readouterr().err.startswith("error: did you mean python -m charrnn.sample? ")


def test_the_commands_are_those_of_dream_jobs() -> None:
    modules = {verb.module.removesuffix(".__main__") for verb in VERBS.values() if verb.module.startswith("charrnn")}
    assert {f"charrnn.{name}" for name in charrnn.COMMANDS} == modules
    assert all(map(find_spec, modules))
