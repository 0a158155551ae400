"""`python -m charrnn.evaluate`: measure the predictions of a checkpoint, and compare its samples with real texts."""

from __future__ import annotations

if __name__ == "__main__":  # above the imports that take seconds, so that Ctrl-C during them ends quietly
    from scrape.common.launch import launch

    raise SystemExit(launch("charrnn.evaluate.__main__"))

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from charrnn.data.kind import kind_of
from charrnn.evaluate import tables
from charrnn.evaluate.report import Report, evaluate
from charrnn.model import checkpoint, device
from charrnn.model.memory import explain_memory
from charrnn.pages import SAMPLES, evaluation
from charrnn.runs import selection, training_text
from charrnn.sample.sampling import SamplingParams
from scrape.common import console
from scrape.common.arguments import positive_int
from scrape.common.files import require_place, write_whole

_USUAL = Path()  # of a page, where no file is named
_FIRST, _WIDTH = 38, 15  # characters of a table's columns


@dataclass(frozen=True)
class EvaluateOptions:
    """The options of the command line."""

    checkpoint: str
    run: str | None
    checkpoint_dir: Path
    data_dir: Path | None
    test: bool
    count: int
    temperature: float
    seed: int
    length: int | None
    device: str
    json: Path | None
    html: Path | None
    debug: bool = False


def main(argv: list[str] | None = None) -> int:
    """Evaluate a checkpoint, and print the results. Return the exit code."""
    options = EvaluateOptions(**vars(options_parser().parse_args(argv)))
    return console.run(lambda: _command(options), debug=options.debug)


@explain_memory("sample fewer texts with --count, or evaluate a smaller network")
def _command(options: EvaluateOptions) -> int:
    if options.json:
        require_place(options.json, "--json")
    path = selection.choose(options.checkpoint, options.run, options.checkpoint_dir)
    page = SAMPLES / path.parent.name / "evaluation.html" if options.html == _USUAL else options.html
    if page:
        require_place(page, "--html")
    loaded = checkpoint.load(path)
    source = training_text.find(loaded, path, options.data_dir)
    if options.test:
        source = replace(source, text=source.text.judged_by_test())
    length = options.length or kind_of(source.text).length
    params = SamplingParams(options.temperature, length=length, seed=options.seed)
    if params.is_greedy and options.count > 1:
        console.say("at temperature 0 all texts would be the same, so one is sampled")
    report = evaluate(path, loaded.model(device.pick(options.device)), source, options.count, params, options.test)
    if options.json:
        write_whole(options.json, json.dumps(asdict(report), indent=1) + "\n")
    console.print_result("\n".join(lines(report)))
    if page:
        write_whole(page, evaluation.render_page(report))
        console.print_result(page)
    return console.OK


def lines(report: Report) -> Iterator[str]:
    """Yield the lines of the report."""
    yield f"{Path(report.checkpoint).name} on {report.corpus}"
    yield from tables.notes(report)
    for table in (tables.predictions(report), tables.texts(report)):
        yield ""
        yield table.title
        if table.columns:
            yield _line("", table.columns)
        yield from (_line(row.name, row.cells) for row in table.rows)
    if mask := tables.describe_mask(report):
        yield ""
        yield mask


def _line(name: str, cells: list[str]) -> str:
    return name.ljust(_FIRST) + "".join(cell.rjust(_WIDTH) for cell in cells)


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = console.parser(
        "python -m charrnn.evaluate",
        "Measure a trained network: how well it guesses the next letter of text that it never read, beside simpler "
        "models, and how its own texts compare with real ones. --html explains each figure.",
    )
    source = made.add_argument_group("checkpoint and text")
    selection.add_flags(source)
    add = source.add_argument
    add("--data-dir", type=Path, metavar="FOLDER", help="folder of the input.txt to measure on (default: its own text)")
    add(
        "--test",
        action="store_true",
        help="measure on the test part, which --train-frac and --val-frac left over; the choice of the best checkpoint "
        "never saw it (default: on the validation part)",
    )
    add("--json", type=Path, metavar="FILE", help="also write all results to this file, for programs")
    add(
        "--html",
        nargs="?",
        type=Path,
        const=_USUAL,
        metavar="FILE",
        help="also write a page that explains each figure (default: samples/RUN/evaluation.html)",
    )
    add = made.add_argument_group("sampling").add_argument
    add(
        "--count",
        type=positive_int,
        default=100,
        help="texts to sample; of postings, so many with the grammar mask, which keeps headings and lists whole, and "
        "so many without (default: %(default)s)",
    )
    add("--length", type=positive_int, help="maximum characters per text (default: longer than nearly all it learned)")
    add(
        "--temperature",
        type=float,
        default=0.7,
        help="0 takes the likeliest character, 1 samples as the network learned (default: %(default)s)",
    )
    add("--seed", type=int, default=123, help="seed of the random numbers (default: %(default)s)")
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default: %(default)s)")
    return made
