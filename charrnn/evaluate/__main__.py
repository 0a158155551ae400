"""`python -m charrnn.evaluate`: measure the predictions of a checkpoint, and compare its samples with real texts."""

from __future__ import annotations

if __name__ == "__main__":  # above the imports that take seconds, so that Ctrl-C during them ends quietly
    from scrape.common.launch import launch

    raise SystemExit(launch("charrnn.evaluate.__main__"))

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from charrnn.data.kind import kind_of
from charrnn.evaluate.metrics import LENGTHS, TextMetrics
from charrnn.evaluate.report import FREE, MASKED, REAL, Report, evaluate
from charrnn.model import checkpoint, device
from charrnn.model.memory import explain_memory
from charrnn.runs import selection, training_text
from charrnn.sample.sampling import SamplingParams
from scrape.common import console
from scrape.common.arguments import positive_int
from scrape.common.files import require_place, write_whole

_COLUMNS = {MASKED: "with the mask", FREE: "without", REAL: "held out"}
_OF_TEXT = {FREE: "sampled", REAL: "held out"}
_FIRST, _WIDTH = 38, 15  # characters of a table's columns


@dataclass(frozen=True)
class EvaluateOptions:
    """The options of the command line."""

    checkpoint: str
    run: str | None
    checkpoint_dir: Path
    data_dir: Path | None
    count: int
    temperature: float
    seed: int
    length: int | None
    device: str
    json: Path | None
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
    loaded = checkpoint.load(path)
    source = training_text.find(loaded, path, options.data_dir)
    length = options.length or kind_of(source.text).length
    params = SamplingParams(options.temperature, length=length, seed=options.seed)
    if params.is_greedy and options.count > 1:
        console.say("at temperature 0 all texts would be the same, so one is sampled")
    report = evaluate(path, loaded.model(device.pick(options.device)), source, options.count, params)
    if options.json:
        write_whole(options.json, json.dumps(asdict(report), indent=1) + "\n")
    console.print_result("\n".join(lines(report)))
    return console.OK


def lines(report: Report) -> Iterator[str]:
    """Yield the lines of the report."""
    yield f"{Path(report.checkpoint).name} on {report.corpus}"
    if not report.trained_on_it:
        yield "The checkpoint was not trained on this text."
    yield ""
    found = report.guesses
    yield f"Bits per character of the {found.characters:,} held-out characters"
    yield _row("the network", f"{found.network:.3f}")
    for order, bits in found.ngram.items():
        yield _row(f"{order}-grams (modified Kneser-Ney)", f"{bits:.3f}")
    yield _row("xz -9", f"{found.xz:.3f}")
    if found.learned_from < found.trained:
        yield f"n-grams and xz were fitted on the last {found.learned_from:,} of {found.trained:,} characters."
    yield ""
    yield from _texts(report)
    if MASKED not in report.sampling:
        return
    yield ""
    mask = report.sampling[MASKED]
    share, cost = 1000 * mask.changed / mask.written, mask.cost / mask.written
    yield (
        f"The mask changed {mask.changed:,} of {mask.written:,} characters ({share:.2f} in 1,000), at a cost of "
        f"{cost:.5f} nats per character."
    )


def _texts(report: Report) -> Iterator[str]:
    params = report.params
    yield f"Texts (temperature {params.temperature:g}, seed {params.seed}, at most {params.length:,} characters)"
    columns = _COLUMNS if MASKED in report.texts else _OF_TEXT
    kinds = [kind for kind in columns if kind in report.texts]
    found = [report.texts[kind] for kind in kinds]

    def row(name: str, of: Callable[[TextMetrics], str]) -> str:
        return _row(name, *map(of, found))

    yield _row("", *(columns[kind] for kind in kinds))
    yield row("texts", lambda one: f"{one.texts:,}")
    yield row("characters", lambda one: f"{one.characters:,}")
    ended = {kind: _percent(one.ended) for kind, one in report.sampling.items()}
    yield _row("ended by the network", *(ended.get(kind, "") for kind in kinds))
    if MASKED in kinds:
        yield row("valid markup", lambda one: _percent(one.valid))
        yield row("with title, company and place", lambda one: _percent(one.full_head))
    for least in LENGTHS:
        name = f"copied in runs of {least}+ characters"
        yield _row(name, *(_percent(one.shared[least]) for one in found))
    yield row("longest copied run: median", lambda one: f"{one.longest_median:,.0f}")
    yield row("longest copied run: maximum", lambda one: f"{one.longest:,}")
    yield _row(f"distinct-4 (of {report.grams:,} word 4-grams)", *(_percent(report.distinct[kind]) for kind in kinds))
    yield row("stuck in a loop", lambda one: _percent(one.stuck))
    speeds = {kind: f"{one.written / one.seconds:,.0f}" for kind, one in report.sampling.items()}
    yield _row("characters/s", *(speeds.get(kind, "") for kind in kinds))


def _row(name: str, *cells: str) -> str:
    return name.ljust(_FIRST) + "".join(cell.rjust(_WIDTH) for cell in cells)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = console.parser(
        "python -m charrnn.evaluate",
        "Measure a checkpoint: compare its predictions with n-gram models, and its samples with held-out texts.",
    )
    source = made.add_argument_group("checkpoint and text")
    selection.add_flags(source)
    add = source.add_argument
    add("--data-dir", type=Path, metavar="FOLDER", help="folder of input.txt (default: the one trained on)")
    add("--json", type=Path, metavar="FILE", help="also write all results to this file")
    add = made.add_argument_group("sampling").add_argument
    add(
        "--count",
        type=positive_int,
        default=100,
        help="texts to sample; of postings, with the grammar mask and without (default: %(default)s)",
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
