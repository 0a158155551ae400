"""Argument types, and the spellings of flags, of all commands."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import pytest

from scrape.common import arguments
from scrape.common.console import parser


@pytest.mark.parametrize(
    ("convert", "text", "value"),
    [
        (arguments.positive_int, "1", 1),
        (arguments.non_negative_int, "0", 0),
        (arguments.positive_float, "2e-3", 0.002),
        (arguments.non_negative_float, "0", 0.0),
        (arguments.probability, "0", 0.0),
        (arguments.fraction, "0.95", 0.95),
        (arguments.hours, "1.5", 1.5),
        (arguments.port, "0", 0),
        (arguments.names, "remoteok, themuse,", ["remoteok", "themuse"]),
        (arguments.file_name, "my-run_2.1", "my-run_2.1"),
    ],
)
def test_an_argument_type_returns_the_value(convert: Callable[[str], object], text: str, value: object) -> None:
    assert convert(text) == value


@pytest.mark.parametrize(
    ("convert", "wrong", "message"),
    [
        (arguments.positive_int, ["0", "-1", "1.5", "many", ""], "is not a whole number of at least 1"),
        (arguments.non_negative_int, ["-1", "few"], "is not a whole number of at least 0"),
        (arguments.positive_float, ["0", "nan", "inf", "-1"], "is not a number above 0"),
        (arguments.non_negative_float, ["-0.1", "nan", "inf"], "is not a number of at least 0"),
        (arguments.probability, ["1", "-0.1", "nan"], "is not a number from 0 to below 1"),
        (arguments.fraction, ["0", "1", "nan", "half"], "is not a number between 0 and 1"),
        (arguments.hours, ["-1", "nan", "soon"], "is not a number of hours"),
        (arguments.port, ["65536", "-1", "http"], "is not a port; write a number below 65536"),
        (arguments.names, ["", " , "], "at least one name is needed"),
        (arguments.file_name, ["", "../up", ".hidden", "a/b"], "is not a name of letters, digits"),
    ],
)
def test_an_argument_type_says_what_it_must_be(
    convert: Callable[[str], object], wrong: list[str], message: str
) -> None:
    for text in wrong:
        with pytest.raises(argparse.ArgumentTypeError, match=message):
            convert(text)


def test_flags_may_be_spelled_with_underscores() -> None:
    made = parser("python -m example", "An example.")
    made.add_argument("--rnn-size", type=arguments.positive_int)
    made.add_argument("--primetext")
    command = made.add_subparsers().add_parser("go")
    command.add_argument("--data-dir")
    command.add_argument("words", nargs="*")

    assert made.parse_args(["--rnn_size", "512"]).rnn_size == 512
    assert made.parse_args(["--rnn_size=512"]).rnn_size == 512
    assert made.parse_args(["--primetext=--a_b=c_d"]).primetext == "--a_b=c_d"
    assert made.parse_args(["--primetext", "--a_b c_d"]).primetext == "--a_b c_d"
    given = made.parse_args(["go", "--data_dir", "data/some_jobs", "a_b", "--", "--c_d"])
    assert given.data_dir == "data/some_jobs"
    assert given.words == ["a_b", "--c_d"]


@pytest.mark.parametrize("given", [["--rnn_sizes", "512"], ["--no_such=1"]])
def test_an_unknown_flag_with_underscores_is_one_line(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        parser("python -m example", "An example.").parse_args(given)
    assert raised.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
