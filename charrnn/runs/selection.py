"""Which checkpoint a command is about: the flags that say so, and the file that they mean."""

from __future__ import annotations

import argparse
from pathlib import Path

from charrnn.model import checkpoint
from scrape.common.errors import InputError

CHECKPOINTS = Path("cv")


def add_flags(to: argparse._ActionsContainer) -> None:
    """--checkpoint, --run and --checkpoint-dir: the arguments of `choose`."""
    add = to.add_argument
    add(
        "--checkpoint",
        nargs="?",
        const="best",
        default="best",
        metavar="PATH|best|last",
        help="a checkpoint, or the folder of a run (default: the best of the newest run)",
    )
    add("--run", help="the run that best and last speak of (default: the one trained last)")
    add("--checkpoint-dir", type=Path, default=CHECKPOINTS, help="folder of the runs (default: %(default)s)")


def choose(name: str, run: str | None, cv: Path) -> Path:
    """The checkpoint called `name`: best or last of a run (the newest unless said), a file, or a run's folder.

    Raises InputError where there is none.
    """
    if name in ("best", "last"):
        folder = cv / run if run else checkpoint.newest_run(cv)
        return (checkpoint.best if name == "best" else checkpoint.last)(folder).resolve()
    if run:
        raise InputError(f"--checkpoint {name} says which; leave out --run {run}")
    path = Path(name).resolve()
    return checkpoint.best(path) if path.is_dir() else path
