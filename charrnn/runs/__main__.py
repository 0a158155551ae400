"""`python -m charrnn.runs`: list the trained runs, and compare two of them: their losses and what they write."""

from __future__ import annotations

if __name__ == "__main__":  # above the imports that take seconds, so that Ctrl-C during them ends quietly
    from scrape.common.launch import launch

    raise SystemExit(launch("charrnn.runs.__main__"))

import argparse
from pathlib import Path

from charrnn import plot
from charrnn.model import checkpoint
from charrnn.model.memory import explain_memory
from charrnn.pages import SAMPLES, comparison
from charrnn.pages.posting import INDEX
from charrnn.runs import selection
from charrnn.runs.summary import RunSummary, known_texts
from charrnn.sample.sampler import Sampler, SampleRequest
from charrnn.sample.sampling import SamplingParams
from scrape.common import console
from scrape.common.arguments import positive_int
from scrape.common.errors import InputError
from scrape.common.files import require_place, write_whole
from scrape.common.table import print_table

COLUMNS = ("run", "text", "size", "epochs", "best loss", "minutes", "date")


def main(argv: list[str] | None = None) -> int:
    """List runs, or compare two. Return the exit code."""
    said = options_parser().parse_args(argv)
    if said.verb == "compare":
        return console.run(lambda: _compare(said), debug=said.debug)
    return console.run(lambda: _list(said.checkpoint_dir), debug=said.debug)


def _list(cv: Path) -> int:
    """Print a table of the runs in `cv`, the newest last."""
    texts = known_texts()
    found = [RunSummary.of(cv / name, texts) for name in selection.run_names(cv)]
    if not found:
        raise InputError(f"there is no run in {cv}; train one with: python -m charrnn.train")
    print_table(COLUMNS, [_row(run) for run in sorted(found, key=lambda run: run.date)])
    return console.OK


def _row(run: RunSummary) -> list[str]:
    minutes = "" if run.minutes is None else f"{run.minutes:.1f}"
    date = run.date.strftime("%Y-%m-%d %H:%M")
    return [run.name, run.text, run.size, f"{run.epochs:.2f}", f"{run.loss:.4f}", minutes, date]


@explain_memory("compare smaller networks, or fewer texts with --count")
def _compare(said: argparse.Namespace) -> int:
    """Write a page with the losses of two runs in one plot, and texts of both, from the same random numbers."""
    named: list[str] = said.runs
    params = SamplingParams(said.temperature, length=said.length, seed=said.seed)
    folders = [selection.find_run(name, said.checkpoint_dir) for name in named]
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise InputError(f"{named[0]} and {named[1]} are one run; name two")
    texts = known_texts()
    runs = [RunSummary.of(folder, texts) for folder in folders]
    out = said.out or SAMPLES / f"{runs[0].name}-{runs[1].name}"
    require_place(out / INDEX, "--out")
    written = [_sample(checkpoint.best(folder), params, said.count) for folder in folders]
    curves = [plot.of_run(folder) for folder in folders]
    write_whole(out / comparison.PLOT, plot.draw_runs(curves, form="svg"))
    write_whole(out / INDEX, comparison.render_page(runs, written, params))
    print_table(COLUMNS, [_row(run) for run in runs])
    console.print_result(out / INDEX)
    return console.OK


def _sample(path: Path, params: SamplingParams, count: int) -> list[str]:
    """Return texts of a checkpoint, as `python -m charrnn.sample` writes them."""
    request = SampleRequest(("", "", ""), None, count, params, raw=False, deterministic=False)
    sampler = Sampler.of(checkpoint.load(path), request, "cpu")
    return [sample.text for sample in sorted(sampler.samples(sampler.prompts()), key=lambda sample: sample.row)]


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = console.parser("python -m charrnn.runs", "List the trained runs, or compare two of them.")
    made.add_argument(
        "--checkpoint-dir", type=Path, default=selection.CHECKPOINTS, help="folder of the runs (default: %(default)s)"
    )
    verbs = made.add_subparsers(dest="verb", title="verbs", metavar="VERB")
    compare = verbs.add_parser("compare", help="write a page with the losses of two runs and texts of both")
    add = compare.add_argument
    add("runs", nargs=2, metavar="RUN", help="name or folder of a run")
    add("--out", type=Path, metavar="FOLDER", help="folder for the page (default: samples/RUN-RUN)")
    add("--count", type=positive_int, default=3, help="texts of each run (default: %(default)s)")
    add("--length", type=positive_int, default=1200, help="maximum characters of a text (default: %(default)s)")
    add("--temperature", type=float, default=0.7, help="as in sampling (default: %(default)s)")
    add("--seed", type=int, default=123, help="seed of both runs' random numbers (default: %(default)s)")
    return made
