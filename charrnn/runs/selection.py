"""Choose the checkpoint of a command: its flags, and the file that they name."""

from __future__ import annotations

import argparse
from importlib import metadata
from pathlib import Path

from charrnn.model import checkpoint
from scrape.common.console import say
from scrape.common.errors import InputError
from scrape.common.suggest import did_you_mean

CHECKPOINTS = Path("cv")
_BESIDE = (".jsonl", ".resume", ".png", ".events")  # files of a run beside its folder


def add_flags(to: argparse._ActionsContainer) -> None:
    """Add --checkpoint, --run and --checkpoint-dir: the arguments of `choose`."""
    add = to.add_argument
    add(
        "--checkpoint",
        nargs="?",
        const="best",
        default="best",
        metavar="PATH|RUN|best|last",
        help="a checkpoint file, the name or folder of a run, best or last (default: the best of the newest run)",
    )
    add("--run", help="the run, where --checkpoint is best or last (default: the newest)")
    add("--checkpoint-dir", type=Path, default=CHECKPOINTS, help="folder of the runs (default: %(default)s)")


def choose(name: str, run: str | None, cv: Path) -> Path:
    """Return the checkpoint called `name`: best or last of `run` (the newest if None), or one of `find_checkpoint`.

    Where nothing is trained in the usual folder, the showcase network stands in. Raises InputError where there is none.
    """
    if name in ("best", "last"):
        try:
            folder = find_run(run, cv) if run else checkpoint.newest_run(cv)
        except InputError:
            bundled = showcase() if cv == CHECKPOINTS and not run else None
            if not bundled:
                raise
            say(f"there is no trained run in {cv} yet; using the showcase network, {bundled}")
            return bundled
        return (checkpoint.best if name == "best" else checkpoint.last)(folder).resolve()
    if run:
        raise InputError(f"--checkpoint {name} names a checkpoint already; leave out --run {run}")
    return find_checkpoint(name, cv).resolve()


def find_checkpoint(name: str, cv: Path) -> Path:
    """Return the checkpoint in the file `name`, or the best one of the run that `name` is the name or folder of.

    Raises InputError where there is none.
    """
    path = Path(name)
    if path.is_file() and path.suffix not in _BESIDE:
        return path
    return checkpoint.best(find_run(name, cv))


def find_run(name: str, cv: Path) -> Path:
    """Return the folder of a run, given its name in `cv`, its folder, one of its checkpoints, or its log.

    Raises InputError where there is none, with the names of those that there are.
    """
    for path in (Path(name), cv / name):
        if path.is_file():
            return path.with_suffix("") if path.suffix in _BESIDE else path.resolve().parent
        if path.is_dir() and checkpoint.list_files(path):
            return path
    bundled = showcase() if name.rstrip("/") in (checkpoint.SHOWCASE, f"{CHECKPOINTS}/{checkpoint.SHOWCASE}") else None
    if bundled:
        return bundled.parent
    known = run_names(cv)
    hint = did_you_mean(Path(name).name, [*known, "best", "last", *([checkpoint.SHOWCASE] if showcase() else [])])
    there_are = f"the runs in {cv} are: {', '.join(known)}" if known else "train one with: python -m charrnn.train FILE"
    missing = f"checkpoint in {name}" if Path(name).is_dir() else f"checkpoint or run {name}"
    raise InputError(f"there is no {missing}; {hint}{there_are}")


def run_names(cv: Path) -> list[str]:
    """Return the names of the runs in `cv` that have a checkpoint, in alphabetical order."""
    folders = cv.iterdir() if cv.is_dir() else ()
    return sorted(path.name for path in folders if path.is_dir() and checkpoint.list_files(path))


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
