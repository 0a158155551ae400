"""The flags of `python -m charrnn.train`, and what they amount to."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from charrnn.data.corpus import TRAIN_FRAC, VAL_FRAC
from charrnn.model.lstm import CELLS
from charrnn.train.recipes import DEFAULT, RECIPES, Plan, Recipe
from scrape.common import console
from scrape.common.arguments import (
    file_name,
    fraction,
    non_negative_int,
    positive_float,
    positive_int,
    probability,
)
from scrape.common.errors import InputError

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
            RECIPES[self.recipe or DEFAULT],
            train_frac=TRAIN_FRAC,
            val_frac=VAL_FRAC,
            seed=123,
            minutes=None,
            dtype="auto",
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
    add("--run", type=file_name, help="name of the run (default: the name of the data folder)")
    add("--savefile", type=file_name, default="lstm", help="the word in lm_WORD_epoch... (default: %(default)s)")
    add("--init-from", type=Path, metavar="CHECKPOINT", help="begin with the weights of this checkpoint")
    add("--resume", action="store_true", help="go on exactly where the run was interrupted")
    add("--overwrite", action="store_true", help="begin again, and delete what the run of this name left")
    add(
        "--keep",
        type=non_negative_int,
        metavar="N",
        help="keep the best, the last and N other checkpoints (default: all)",
    )


def _add_recipe(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--recipe", choices=sorted(RECIPES), help=f"char-rnn is Karpathy's (default: {DEFAULT})")
    add("--model", choices=sorted(CELLS), help="kind of cell")
    add("--rnn-size", type=positive_int, help="units in a layer")
    add("--num-layers", type=positive_int, help="layers")
    add("--dropout", type=probability, help="chance that a unit is dropped, after every layer")
    add("--learning-rate", type=positive_float)
    add("--learning-rate-decay", type=positive_float, help="factor per epoch")
    add("--learning-rate-decay-after", type=non_negative_int, help="epochs before the decay begins")
    add("--decay-rate", type=probability, help="smoothing of the squared gradient")
    add("--grad-clip", type=positive_float, help="bound of the gradient")
    add("--seq-length", type=positive_int, help="characters that a gradient reaches back")
    add("--batch-size", type=positive_int, help="streams read in step")
    add("--train-frac", type=fraction, help=f"share of the text to train on (default: {TRAIN_FRAC})")
    add("--val-frac", type=fraction, help=f"share to validate on (default: {VAL_FRAC})")
    add("--seed", type=non_negative_int, help="of the first weights and all that is drawn (default: 123)")


def _add_run(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--max-epochs", type=positive_float, help="passes through the text")
    add("--minutes", type=positive_float, help="train the best model that fits in this time")
    add("--eval-val-every", type=positive_int, help="steps between evaluations; every epoch also ends with one")
    add("--print-every", type=non_negative_int, default=0, help="print the loss every so many steps (default: never)")
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default: %(default)s)")
    add("--dtype", choices=["auto", "float32", "bfloat16"], help="what matrix products are computed in (default: auto)")
    add("--tensorboard", action="store_true", help="also write TensorBoard events, where the package is installed")
