"""Choose the checkpoint of a command: its flags, and the file that they name."""

from __future__ import annotations

import argparse
from importlib import metadata
from pathlib import Path

from charrnn.model import checkpoint
from scrape.common.console import say
from scrape.common.errors import InputError

CHECKPOINTS = Path("cv")


def add_flags(to: argparse._ActionsContainer) -> None:
    """Add --checkpoint, --run and --checkpoint-dir: the arguments of `choose`."""
    add = to.add_argument
    add(
        "--checkpoint",
        nargs="?",
        const="best",
        default="best",
        metavar="PATH|best|last",
        help="a checkpoint file, the folder of a run, best or last (default: the best of the newest run)",
    )
    add("--run", help="run whose best or last checkpoint to use (default: the newest)")
    add("--checkpoint-dir", type=Path, default=CHECKPOINTS, help="folder of the runs (default: %(default)s)")


def choose(name: str, run: str | None, cv: Path) -> Path:
    """Return the checkpoint called `name`: best or last of a run (the newest unless said), a file, or a run's folder.

    Where nothing is trained in the usual folder, the showcase network stands in. Raises InputError where there is none.
    """
    if name in ("best", "last"):
        try:
            folder = cv / run if run else checkpoint.newest_run(cv)
        except InputError:
            bundled = showcase() if cv == CHECKPOINTS else None
            if not bundled:
                raise
            say(f"there is no trained run in {cv} yet; using the showcase network, {bundled}")
            return bundled
        return (checkpoint.best if name == "best" else checkpoint.last)(folder).resolve()
    if run:
        raise InputError(f"--checkpoint {name} names a checkpoint already; leave out --run {run}")
    path = Path(name).resolve()
    return checkpoint.best(path) if path.is_dir() else path


def showcase() -> Path | None:
    """Return the trained network that comes with the checkout or the installed wheel, or None."""
    checkout = Path(__file__).resolve().parents[2] / CHECKPOINTS / checkpoint.SHOWCASE
    if checkout.is_dir():
        return checkpoint.best(checkout)
    try:
        files = metadata.files("dream-jobs") or ()
    except metadata.PackageNotFoundError:
        return None
    return next((Path(str(file.locate())).resolve() for file in files if file.suffix == ".pt"), None)
