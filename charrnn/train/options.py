"""The command line of `python -m charrnn.train`. Does not import torch, so that --help is quick."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from charrnn.data import texts
from charrnn.data.corpus import BY_LINE, BY_TEXT, has_text
from charrnn.train.config import LEARNING, LENGTH, TrainingConfig, flags
from charrnn.train.recipes import DEFAULT, RECIPES
from scrape.common import console
from scrape.common.arguments import file_name, non_negative_int
from scrape.common.errors import InputError

CHANGEABLE = {"max_epochs", "minutes", "eval_val_every"}  # in a run that has started
DATA = Path("data")
AUTO = "auto"  # of --resume: start the run where there is nothing to resume
MINUTES = 10.0  # of a run on texts that are named, unless a length is given


@dataclass(frozen=True)
class TrainOptions:
    """The parsed command line. `given` holds the settings of the configuration that the user gave.

    `sources` are the texts to make the dataset `data_dir` of; empty where it is there already. With `resume`,
    `may_start` says that the run starts where there is nothing to resume.
    """

    sources: tuple[str, ...]
    by: str | None
    encoding: str | None
    data_dir: Path
    checkpoint_dir: Path
    run: str
    savefile: str
    init_from: str | None
    resume: bool
    may_start: bool
    overwrite: bool
    device: str
    keep: int | None
    print_every: int
    tensorboard: bool
    recipe: str | None
    given: Mapping[str, Any]
    debug: bool = False

    @property
    def may_choose_size(self) -> bool:
        """True where the user left the size of the network, and char-rnn's recipe does not set it."""
        return not {"rnn_size", "num_layers", "model"} & self.given.keys() and (self.recipe or DEFAULT) == DEFAULT

    def resume_command(self) -> str:
        """Return the command that continues this run."""
        words = ["python", "-m", "charrnn.train", "--data-dir", str(self.data_dir)]
        for flag, value, usual in (
            ("--checkpoint-dir", str(self.checkpoint_dir), "cv"),
            ("--run", self.run, self.data_dir.resolve().name),
            ("--savefile", self.savefile, "lstm"),
        ):
            words += [flag, value] if value != usual else []
        return shlex.join([*words, "--resume"])

    def config(self) -> TrainingConfig:
        """Return the configuration of a new run: the recipe's, changed by what the user gave. Raises InputError."""
        config = replace(RECIPES[self.recipe or DEFAULT], **self.given)
        total = config.train_frac + config.val_frac
        if total > 1 + 1e-9:
            raise InputError(
                f"--train-frac {config.train_frac} and --val-frac {config.val_frac} are together {total:.4g}; "
                "give fractions that are together at most 1"
            )
        return config

    def resumed(self, config: TrainingConfig) -> TrainingConfig:
        """Return the configuration of a resumed run. Raises InputError on a setting that differs and cannot change."""
        given = dict(self.given) | ({"recipe": self.recipe} if self.recipe else {})
        if given.get("dtype") == "auto":
            del given["dtype"]
        for name, value in given.items():
            before = getattr(config, name)
            if name not in CHANGEABLE and before != value:
                flag = "--" + name.replace("_", "-")
                raise InputError(
                    f"{flag} {value}: this run was started with {before}; leave {flag} out, or choose --run NAME"
                )
        return replace(config, **{name: value for name, value in given.items() if name in CHANGEABLE})


def parse(argv: list[str] | None = None) -> TrainOptions:
    """Return the options in `argv`. Exits with 2 and one line on an unknown flag or a value out of range."""
    parser = options_parser()
    values = vars(parser.parse_args(argv))
    values["may_start"] = values["resume"] == AUTO
    if values["resume"] not in (None, True, AUTO):  # the name of a text, which happens to follow the flag
        values["sources"].insert(0, values["resume"])
    values["resume"] = values["resume"] is not None
    given = {one.name: values.pop(one.name) for one in flags()}
    if not values["sources"] and (values["by"] or values["encoding"]):
        parser.error("--by and --encoding say how to read a text; name its file")
    named = values["sources"]
    dataset = texts.existing_dataset(named, DATA) if named and not values["data_dir"] else None
    if named and not {"minutes", "max_epochs"} & {name for name, value in given.items() if value is not None}:
        given["minutes"] = MINUTES if values["may_start"] or not values["resume"] else None
    values["sources"] = () if dataset else tuple(named)
    usual = DATA / (texts.dataset_name(named) if named else "jobs")
    if values["resume"] and values["run"] and has_text(DATA / values["run"]):
        usual = DATA / values["run"]  # a run has the name of its dataset unless it was given another
    values["data_dir"] = dataset or values["data_dir"] or usual
    values["run"] = values["run"] or values["data_dir"].resolve().name
    if values["init_from"] is not None and values["resume"] and not values["may_start"]:
        parser.error("--resume continues a run and --init-from starts one; give one of them")
    if values["overwrite"] and values["may_start"]:
        parser.error("--resume auto continues a run that --overwrite would delete; give one of them")
    return TrainOptions(**values, given={name: value for name, value in given.items() if value is not None})


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of all flags."""
    made = console.parser(
        "python -m charrnn.train",
        "Train a character-level network: on texts that you name, or on the input.txt of a dataset.",
    )
    made.add_argument(
        "sources",
        nargs="*",
        metavar="FILE",
        help="text files, folders of them, or - for standard input: they become data/NAME/input.txt, and the run is "
        f"called NAME and takes {MINUTES:g} minutes unless --minutes or --max-epochs is given",
    )
    _add_files(made.add_argument_group("files").add_argument)
    groups = {name: made.add_argument_group(name) for name in (LEARNING, LENGTH)}
    recipes = f"preset of all settings; char-rnn is Karpathy's (default: {DEFAULT})"
    groups[LEARNING].add_argument("--recipe", choices=sorted(RECIPES), help=recipes)
    for one in flags():
        options = {name: value for name, value in one.metadata.items() if name != "group" and value is not None}
        options["help"] = f"{options['help']} ({_describe_default(one.name)})"
        groups[one.metadata["group"]].add_argument("--" + one.name.replace("_", "-"), **options)
    add = groups[LENGTH].add_argument
    add("--print-every", type=non_negative_int, default=0, help="steps between printed losses (default: never)")
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default: %(default)s)")
    add("--tensorboard", action="store_true", help="also write TensorBoard events, if the package is installed")
    return made


def _add_files(add: Callable[..., object]) -> None:
    """Add what the run reads and writes."""
    add(
        "--by",
        choices=(BY_LINE, BY_TEXT),
        help=f"with FILE: {BY_LINE} if each line is a text of its own, such as a name or a tweet (default: {BY_TEXT})",
    )
    add("--encoding", metavar="NAME", help="with FILE: its encoding, such as cp1252 (default: found out)")
    add(
        "--data-dir",
        type=Path,
        metavar="FOLDER",
        help="folder of input.txt (default: data/jobs); with FILE, the folder to make (default: data/NAME)",
    )
    add("--checkpoint-dir", type=Path, default=Path("cv"), help="folder of all runs (default: %(default)s)")
    add("--run", type=file_name, help="name of the run (default: the name of the data folder)")
    add(
        "--savefile",
        type=file_name,
        default="lstm",
        metavar="WORD",
        help="WORD in the names lm_WORD_epoch... (default: %(default)s)",
    )
    add("--init-from", metavar="PATH|RUN", help="start with the weights of a checkpoint, or of the best one of a run")
    add(
        "--resume",
        nargs="?",
        const=True,
        metavar=AUTO,
        help="continue a run exactly where it stopped; with --minutes N, train N more. With auto: start the run, or "
        "continue it as it was planned, so that one command also serves to restart it",
    )
    add("--overwrite", action="store_true", help="delete the earlier run of this name, and start again")
    add(
        "--keep",
        type=non_negative_int,
        metavar="N",
        help="keep the best, the last and N other checkpoints (default: keep all)",
    )


_OWN_DEFAULTS = {
    "rnn_size": "chosen to fit --minutes; without --minutes",
    "num_layers": "chosen to fit --minutes; without --minutes",
    "eval_val_every": "a tenth of the run, at most an epoch",
    "minutes": f"no limit; with FILE, {MINUTES:g}",
    "max_epochs": "with --minutes, no limit; else",
}


def _describe_default(name: str) -> str:
    """Return the default of a setting as --help shows it: that of the default recipe, and char-rnn's if it differs."""
    ours, theirs = (getattr(RECIPES[recipe], name) for recipe in (DEFAULT, "char-rnn"))
    said = _OWN_DEFAULTS.get(name, "")
    value = f"{ours:g}" if isinstance(ours, float) else "" if ours in (0, None) and said else str(ours)
    differs = f"; char-rnn: {theirs:g}" if theirs != ours else ""
    return f"default: {' '.join(part for part in (said, value) if part)}{differs}"
