"""The flags of `python -m charrnn.train`, and what they amount to."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from charrnn.model.lstm import CELLS
from charrnn.train.recipes import DEFAULT, RECIPES, Plan, Recipe
from scrape.common import console
from scrape.common.errors import InputError

T = TypeVar("T")

CHANGEABLE = {"max_epochs", "eval_val_every"}  # of a run that has begun


@dataclass(frozen=True)
class Options:
    """The command line, understood. `given` are the words of the plan and its recipe that the user said."""

    data_dir: Path
    checkpoint_dir: Path
    run: str
    savefile: str
    init_from: Path | None
    resume: bool
    overwrite: bool
    device: str
    keep: int | None
    print_every: int
    tensorboard: bool
    recipe: str | None
    given: Mapping[str, Any]
    debug: bool = False

    def plan(self) -> Plan:
        """The plan of a new run: the recipe, and what the user said over it."""
        base = Plan(
            RECIPES[self.recipe or DEFAULT], train_frac=0.95, val_frac=0.05, seed=123, minutes=None, dtype="auto"
        )
        return _said(base, self.given)

    def kept(self, plan: Plan) -> Plan:
        """The plan of a run that goes on. Raises InputError where the user now says something else."""
        stored = asdict(plan) | asdict(plan.recipe) | {"recipe": plan.recipe.name}
        now = dict(self.given) | ({"recipe": self.recipe} if self.recipe else {})
        if now.get("dtype") == "auto":
            del now["dtype"]
        for name, value in now.items():
            if name not in CHANGEABLE and stored[name] != value:
                flag = "--" + name.replace("_", "-")
                raise InputError(
                    f"{flag} {value}: this run was begun with {stored[name]}; leave {flag} out, or choose --run NAME"
                )
        return _said(plan, {name: value for name, value in self.given.items() if name in CHANGEABLE})


def parse(argv: list[str] | None = None) -> Options:
    """The options in `argv`. Exits with 2 and one line on a flag or number that cannot be."""
    parser = options_parser()
    values = vars(parser.parse_args(argv))
    own = {name: values.pop(name) for name in list(values) if name in {field.name for field in fields(Options)}}
    own["run"] = own["run"] or own["data_dir"].resolve().name
    given = {name: value for name, value in values.items() if value is not None}
    if own["init_from"] is not None and own["resume"]:
        parser.error("--resume goes on with a run and --init-from begins one; choose one of them")
    return Options(**own, given=given)


def _said(plan: Plan, given: Mapping[str, Any]) -> Plan:
    """`plan` with the user's words over it, each where it belongs."""
    names = {field.name for field in fields(Recipe)}
    recipe = replace(plan.recipe, **{name: value for name, value in given.items() if name in names})
    others = {name: value for name, value in given.items() if name not in names}
    return replace(plan, recipe=recipe, **others)


def _bounded(kind: Callable[[str], T], fits: Callable[[T], bool], words: str) -> Callable[[str], T]:
    """A type for argparse that takes only what fits, and says what would."""

    def parse(text: str) -> T:
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not {words}") from None
        if not fits(value):
            raise argparse.ArgumentTypeError(f"{text!r} is not {words}")
        return value

    return parse


_positive = _bounded(int, lambda value: value >= 1, "a whole number of 1 or more")
_count = _bounded(int, lambda value: value >= 0, "a whole number of 0 or more")
_above_zero = _bounded(float, lambda value: 0 < value < math.inf, "a number above 0")
_chance = _bounded(float, lambda value: 0 <= value < 1, "a number from 0 to below 1")
_share = _bounded(float, lambda value: 0 < value < 1, "a number between 0 and 1")
_name = _bounded(str, lambda value: bool(re.fullmatch(r"\w[\w.-]*", value)), "a name of letters, digits, . - and _")


def options_parser() -> argparse.ArgumentParser:
    made = console.parser("python -m charrnn.train", "Train a character-level LSTM on the postings in input.txt.")
    _add_places(made.add_argument_group("where"))
    _add_recipe(made.add_argument_group("what is learned and how (defaults: the recipe's)"))
    _add_run(made.add_argument_group("how long, and on what"))
    return made


def _add_places(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--data-dir", type=Path, default=Path("data/jobs"), help="folder of input.txt (default: %(default)s)")
    add("--checkpoint-dir", type=Path, default=Path("cv"), help="folder of the runs (default: %(default)s)")
    add("--run", type=_name, help="name of the run (default: the name of the data folder)")
    add("--savefile", type=_name, default="lstm", help="the word in lm_WORD_epoch... (default: %(default)s)")
    add("--init-from", type=Path, metavar="CHECKPOINT", help="begin with the weights of this checkpoint")
    add("--resume", action="store_true", help="go on exactly where the run was interrupted")
    add("--overwrite", action="store_true", help="begin again, and delete what the run of this name left")
    add("--keep", type=_count, metavar="N", help="keep the best, the last and N other checkpoints (default: all)")


def _add_recipe(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--recipe", choices=sorted(RECIPES), help=f"char-rnn is Karpathy's (default: {DEFAULT})")
    add("--model", choices=sorted(CELLS), help="kind of cell")
    add("--rnn-size", type=_positive, help="units in a layer")
    add("--num-layers", type=_positive, help="layers")
    add("--dropout", type=_chance, help="chance that a unit is dropped, after every layer")
    add("--learning-rate", type=_above_zero)
    add("--learning-rate-decay", type=_above_zero, help="factor per epoch")
    add("--learning-rate-decay-after", type=_count, help="epochs before the decay begins")
    add("--decay-rate", type=_chance, help="smoothing of the squared gradient")
    add("--grad-clip", type=_above_zero, help="bound of the gradient")
    add("--seq-length", type=_positive, help="characters that a gradient reaches back")
    add("--batch-size", type=_positive, help="streams read in step")
    add("--train-frac", type=_share, help="share of the text to train on (default: 0.95)")
    add("--val-frac", type=_share, help="share to validate on (default: 0.05)")
    add("--seed", type=_count, help="of the first weights and all that is drawn (default: 123)")


def _add_run(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--max-epochs", type=_above_zero, help="passes through the text")
    add("--minutes", type=_above_zero, help="train the best model that fits in this time")
    add("--eval-val-every", type=_positive, help="steps between evaluations; every epoch also ends with one")
    add("--print-every", type=_count, default=0, help="print the loss every so many steps (default: never)")
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default: %(default)s)")
    add("--dtype", choices=["auto", "float32", "bfloat16"], help="what matrix products are computed in (default: auto)")
    add("--tensorboard", action="store_true", help="also write TensorBoard events, where the package is installed")
