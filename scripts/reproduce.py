"""Repeat the experiment of 2015 on a text: train, sample, evaluate, and write the figures into RESULTS.md.

Those of a text that is not postings go to a folder of their own instead: samples/<run>/results.md, beside the gallery.

Every stage is a command of this project, and is printed before it runs. The figures come from the files that the
stages write: the log, the names of the checkpoints and the JSON of the evaluation.
"""

from __future__ import annotations

import argparse
import json
import math
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.data import texts
from charrnn.data.corpus import BY_LINE, BY_TEXT, TEXT, read_manifest
from charrnn.model import checkpoint
from charrnn.model.checkpoint import CheckpointFile
from charrnn.pages import SAMPLES
from charrnn.runs import history
from charrnn.runs.files import RunFiles
from scrape.common import console
from scrape.common.arguments import positive_int
from scrape.common.errors import InputError
from scrape.common.files import write_whole
from scripts.bench import rounds

RESULTS = Path("RESULTS.md")
PICTURES = Path("samples/results")
NETWORK = {"--rnn-size": "512", "--num-layers": "3", "--dropout": "0.5", "--seed": "123"}
MINUTES = {"--minutes": "30"}
LENGTHS = ("--minutes", "--max-epochs")  # flags that say how long to train
WORDS = ["--count", "1", "--length", "700", "--temperature", "0.7", "--seed", "7"]


@dataclass(frozen=True)
class Run:
    """One experiment and its files. `extra` goes to training."""

    name: str
    data: Path
    cv: Path
    plain: bool
    figures_only: bool
    overwrite: bool
    by_test: bool
    count: int
    extra: list[str]

    @property
    def files(self) -> RunFiles:
        return RunFiles(self.cv / self.name)

    @property
    def gallery(self) -> Path:
        return SAMPLES / self.name

    @property
    def report(self) -> Path:
        return self.cv / f"{self.name}.evaluation.json"

    @property
    def training(self) -> list[str]:
        said = {word.split("=")[0] for word in self.extra}
        usual = NETWORK if said.intersection(LENGTHS) else NETWORK | MINUTES
        where = ["--data-dir", str(self.data), "--checkpoint-dir", str(self.cv), "--run", self.name]
        kept = [word for flag, value in usual.items() if flag not in said for word in (flag, value)]
        return ["charrnn.train", *where, *kept, *self.extra]

    @property
    def resuming(self) -> list[str]:
        """The command that continues the run; it keeps its length, to which --minutes would add."""
        words = self.training
        if "--minutes" in words:
            at = words.index("--minutes")
            words = words[:at] + words[at + 2 :]
        return [*(word for word in words if not word.startswith("--minutes=")), "--resume"]


def main(argv: list[str] | None = None) -> int:
    options, extra = _parser().parse_known_args(argv)
    return console.run(lambda: reproduce(_run(options, extra)), debug=options.debug)


def reproduce(run: Run) -> int:
    """Run every stage, and print the file that the figures are in. Raises InputError where a stage fails."""
    begun = run.files.resume.exists() and not run.overwrite
    run_module(*(run.resuming if begun else run.training), *(["--overwrite"] if run.overwrite else []))
    best, last = checkpoint.best(run.files.folder), checkpoint.last(run.files.folder)
    count = ["--count", str(run.count)]
    data = ["--data-dir", str(run.data)]
    test = ["--test"] if run.by_test else []
    found = run_module("charrnn.evaluate", "--checkpoint", str(best), *data, *test, *count, "--json", str(run.report))
    run_module("charrnn.sample", "--checkpoint", str(best), *data, "--temperature", "0.7", "--out", str(run.gallery))
    picture = run.gallery / "results.png" if run.plain else PICTURES / f"{run.name}.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(run.files.plot, picture)
    words = {} if run.figures_only else {entry: _words(run, entry) for entry in _stages(run, best, last)}
    section = _section(run, found, picture, words)
    if run.plain:
        results, content = run.gallery / "results.md", f"# Results\n\n{section}\n"
    else:
        results, content = RESULTS, _with_section(RESULTS.read_text(encoding="utf-8"), run.name, section)
    write_whole(results, content)
    print(results)
    return console.OK


def _parser() -> argparse.ArgumentParser:
    parser = console.parser(
        "scripts/reproduce.sh",
        "Train, sample, evaluate, and add the figures to RESULTS.md (of a text that is not postings: write them to "
        "samples/RUN/results.md). Other flags go to charrnn.train.",
    )
    parser.add_argument("--data-dir", type=Path, help="folder of input.txt (default: the bundled board, data/demo)")
    parser.add_argument("--text", type=Path, metavar="FILE", help="a text, or a folder of texts, to train on instead")
    parser.add_argument("--by", choices=(BY_LINE, BY_TEXT), help="with --text: line if each line is a text of its own")
    parser.add_argument(
        "--encoding", metavar="NAME", help="with --text: its encoding; latin-1 takes bytes as characters"
    )
    parser.add_argument(
        "--test", action="store_true", help="judge by the test part, which --train-frac and --val-frac leave over"
    )
    parser.add_argument(
        "--checkpoint-dir", type=Path, default=Path("cv"), help="folder of all runs (default: %(default)s)"
    )
    parser.add_argument("--run", help="name of the run (default: reproduce-DATASET)")
    parser.add_argument(
        "--count", type=positive_int, default=100, help="texts to sample and evaluate (default: %(default)s)"
    )
    parser.add_argument("--figures-only", action="store_true", help="add no sampled text to the figures")
    parser.add_argument("--overwrite", action="store_true", help="delete the earlier run, and start again")
    return parser


def _run(options: argparse.Namespace, extra: list[str]) -> Run:
    if options.text and options.data_dir:
        raise InputError("--text and --data-dir both name the training text; give one of them")
    folder = _text_folder(options) if options.text else options.data_dir or _bundled()
    return Run(
        name=options.run or f"reproduce-{folder.name}",
        data=folder,
        cv=options.checkpoint_dir,
        plain=read_manifest(folder).get("kind") == TEXT,
        figures_only=options.figures_only,
        overwrite=options.overwrite,
        by_test=options.test,
        count=options.count,
        extra=extra,
    )


def _bundled() -> Path:
    """Gather the bundled board's dataset; nothing changes if it has been gathered before."""
    run_module("scrape", "search", "--boards", "demo", "--dataset", "demo")
    return Path("data/demo")


def _text_folder(options: argparse.Namespace) -> Path:
    """Make the dataset of a text, as `python -m charrnn.train FILE` does."""
    source = [str(options.text)]
    folder = Path("data") / texts.dataset_name(source)
    made = texts.make_dataset(source, folder, options.by, options.encoding, replace=options.overwrite)
    console.say(texts.describe(made))
    return folder


def run_module(*words: str) -> str:
    """Run a module of this project, and return its output."""
    print(f"$ python -m {shlex.join(words)}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        try:
            printed = process.communicate()[0]
        except KeyboardInterrupt:
            process.wait()  # it was interrupted, too, and saves what it has
            raise
    if process.returncode:
        raise InputError(f"python -m {words[0]} ended with {process.returncode}; see the lines above")
    return printed


def _stages(run: Run, best: Path, last: Path) -> list[CheckpointFile]:
    """Return the checkpoint nearest to the end of the first epoch, the best and the last, each once."""
    entries = checkpoint.list_files(run.files.folder)
    first = min(entries, key=lambda entry: abs(entry.epoch - 1))
    wanted = (first.path, best, last)
    return [entry for entry in entries if entry.path in wanted]


def _words(run: Run, entry: CheckpointFile) -> str:
    """Return the beginning of a sample from a checkpoint."""
    return run_module("charrnn.sample", "--checkpoint", str(entry.path), *WORDS, "--stdout")


def _section(run: Run, found: str, picture: Path, words: dict[CheckpointFile, str]) -> str:
    report: dict[str, Any] = json.loads(run.report.read_text(encoding="utf-8"))
    log = history.read(run.files.log)
    on = rounds.machine()
    seconds = log[-1].seconds
    part = "of the test part" if report["by_test"] else "after those"
    characters = report["guesses"]["trained"] * log[-1].epoch
    said = f"    python -m {shlex.join(run.training)}"
    done = (
        f"{log[-1].epoch:.2f} epochs of {report['guesses']['trained']:,} characters in {seconds / 60:.0f} minutes of "
        f"training, {characters / seconds:,.0f} characters/s, on {on['processor']} with {on['cores']} cores; judged on "
        f"the {report['guesses']['characters']:,} characters {part}, cut at the end of a "
        f"{'line' if run.plain else 'posting'}: {report['guesses']['network'] * math.log(2):.4f} nats/character."
    )
    parts = [
        f"### {run.name}",
        said,
        done,
        _losses(log),
        _indented(found),
        f"![Training and validation loss by epoch]({picture.name if run.plain else picture})",
    ]
    if words:
        parts += ["In its own words (temperature 0.7, the first 700 characters at most):"]
        parts += [
            f"Epoch {entry.epoch:.2f}, {entry.val_loss:.4f} nats:\n\n{_indented(words[entry])}" for entry in words
        ]
    return "\n\n".join(parts)


def _losses(log: list[history.Evaluation]) -> str:
    least = min(log, key=lambda evaluation: evaluation.val_loss)
    lines = ["| | epoch | training | validation, nats/character |", "|---|---|---|---|"]
    for name, one in (("best", least), ("last", log[-1])):
        lines.append(f"| {name} | {one.epoch:.2f} | {one.train_loss:.4f} | {one.val_loss:.4f} |")
    return "\n".join(lines)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.rstrip("\n").split("\n"))


def _with_section(text: str, name: str, section: str) -> str:
    """Return `text` with the section of this run in place of an earlier one, or at the end of the experiment's part."""
    begin, end = f"<!-- run {name} -->", f"<!-- end of {name} -->"
    made = f"{begin}\n{section}\n{end}"
    if begin in text:
        before, _, rest = text.partition(begin)
        return before + made + rest.partition(end)[2]
    return f"{text.rstrip()}\n\n{made}\n"


if __name__ == "__main__":
    sys.exit(main())
