"""`python -m charrnn.sample`: a checkpoint in, a gallery of imaginary postings out."""

from __future__ import annotations

if __name__ == "__main__":  # above the imports that take seconds, so that Ctrl-C during them ends quietly
    from scrape.common.launch import launch

    raise SystemExit(launch("charrnn.sample.__main__"))

import argparse
import json
import sys
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from charrnn import plot
from charrnn.evaluate.memorization import Overlap, OverlapSummary, TrainingIndex
from charrnn.model import checkpoint
from charrnn.pages import SAMPLES, gallery
from charrnn.pages.posting import INDEX
from charrnn.pages.views import PostingView, Provenance
from charrnn.runs import history, selection
from charrnn.sample import prompts as prompt
from charrnn.sample.compare import Stage, sample_stages
from charrnn.sample.generate import Sample
from charrnn.sample.sampler import Sampler, SampleRequest
from charrnn.sample.sampling import SamplingParams
from scrape.common import console
from scrape.common.arguments import non_negative_int, positive_int
from scrape.common.console import Terminated, say
from scrape.common.errors import InputError
from scrape.common.files import write_whole
from scrape.markup import document, grammar


@dataclass(frozen=True)
class Options:
    """The command line, understood."""

    checkpoint: str
    run: str | None
    checkpoint_dir: Path
    data_dir: Path | None
    out: Path | None
    stdout: bool
    json: bool
    open: bool
    stages: int
    primetext: str | None
    prime_file: Path | None
    title: str
    company: str
    city: str
    state: str
    count: int
    length: int
    temperature: float
    top_k: int
    top_p: float
    min_p: float
    seed: int
    raw: bool
    deterministic: bool
    device: str
    debug: bool = False

    def request(self) -> SampleRequest:
        """What is to be written. Raises InputError where two flags say how postings begin, or a file cannot be read."""
        location = ", ".join(part for part in (self.city, self.state) if part)
        return SampleRequest(
            head=(self.title, self.company, location),
            prime=self._prime(),
            count=self.count,
            params=SamplingParams(self.temperature, self.top_k, self.top_p, self.min_p, self.length, self.seed),
            raw=self.raw,
            deterministic=self.deterministic,
        )

    def _prime(self) -> str | None:
        if self.primetext is None and self.prime_file is None:
            return None
        if self.title or self.company or self.city or self.state:
            flag = "--primetext" if self.prime_file is None else "--prime-file"
            raise InputError(f"{flag} is the whole beginning; leave out --title, --company, --city and --state")
        if self.prime_file is not None:
            return prompt.read_file(self.prime_file)
        return (self.primetext or "").replace("\\n", "\n")


def main(argv: list[str] | None = None) -> int:
    """Sample, and print the path of the gallery, or the texts."""
    options = Options(**vars(options_parser().parse_args(argv)))
    return console.run(lambda: _command(options), debug=options.debug)


def _command(options: Options) -> int:
    path = selection.choose(options.checkpoint, options.run, options.checkpoint_dir)
    loaded = checkpoint.load(path)
    sampler = Sampler.of(loaded, options.request(), options.device)
    if (options.stdout or options.json) and (options.open or options.out):
        raise InputError("--stdout and --json write no gallery; leave out --open and --out")
    index = None if options.stdout else TrainingIndex.find(loaded, path, options.data_dir)
    if options.stdout and options.count == 1:
        return _print_as_written(sampler)
    job = Job(sampler, index)
    if options.stdout or options.json:
        return _print_texts(job, options.json)
    return _make_gallery(options, path, job)


@dataclass
class Job:
    """A request on its way. `done` holds what is finished, also when it is interrupted."""

    sampler: Sampler
    index: TrainingIndex | None
    done: list[tuple[Sample, Overlap | None]] = field(default_factory=list)

    def run(self) -> Iterator[tuple[Sample, Overlap | None]]:
        """Write a posting to every prompt; yield each with its overlap with the training text once it is finished."""
        prompts = self.sampler.prompts()
        characters = 0
        bar: tqdm[None] = console.progress(total=len(prompts), desc="sampling", unit=" postings", miniters=0)

        def on_step(written: int) -> None:
            nonlocal characters
            characters += written
            bar.set_postfix_str(f"{characters:,} characters", refresh=False)
            bar.update(0)

        with bar:
            for sample in self.sampler.samples(prompts, on_step):
                self.done.append((sample, self.index.overlap(grammar.repair(sample.text)) if self.index else None))
                bar.update()
                yield self.done[-1]

    def in_order(self) -> list[tuple[Sample, Overlap | None]]:
        """Return what is done in the order of the rows."""
        return sorted(self.done, key=lambda done: done[0].row)

    def views(self) -> list[PostingView]:
        """Return the views of what is done, in the order of the rows."""
        count = len(self.done)
        return [PostingView.of(sample, at, count, overlap) for at, (sample, overlap) in enumerate(self.in_order(), 1)]


def _print_as_written(sampler: Sampler) -> int:
    """Write one posting to stdout, each character as soon as the network has chosen it."""
    prompts = sampler.prompts()
    sys.stdout.write(prompts[0])

    def on_token(_row: int, char: str) -> None:
        sys.stdout.write(char)
        sys.stdout.flush()

    for sample in sampler.samples(prompts, on_token=on_token):
        if not sample.text.endswith("\n"):
            print(flush=True)
    return console.OK


def _print_texts(job: Job, as_json: bool) -> int:
    """Write each posting to stdout as soon as it is finished."""
    for sample, overlap in job.run():
        line = json.dumps(_record(sample, overlap, job.sampler.request)) if as_json else sample.text.removesuffix("\n")
        with tqdm.external_write_mode(file=sys.stdout):
            print(line, flush=True)
    return console.OK


def _record(sample: Sample, overlap: Overlap | None, request: SampleRequest) -> dict[str, object]:
    """A posting as `--json` gives it. Title, company and place are of the mended text where it is not well formed."""
    posting = document.read(grammar.repair(sample.text))
    return {
        "row": sample.row,
        "prompt": sample.prompt,
        "text": sample.text,
        "title": posting.title,
        "company": posting.company,
        "place": posting.location,
        "ended": sample.ended,
        "temperature": request.params.temperature,
        "seed": request.params.seed,
        "masked": sample.masked,
        "cost": sample.cost,
        "logprob": sample.logprob,
        "novelty": {"longest": overlap.longest, "share": overlap.share} if overlap else None,
    }


def _make_gallery(options: Options, path: Path, job: Job) -> int:
    out = options.out or SAMPLES / path.parent.name
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; name a folder with --out")
    request = job.sampler.request
    try:
        for _ in job.run():
            pass
        samples = [sample for sample, _ in job.in_order()]
        stages = sample_stages(path, samples, request, options.device, options.stages)
        held_out = job.index.held_out_overlap(request.params.length) if job.index else None
    except (KeyboardInterrupt, Terminated):
        if job.done:
            kept = _publish(out, path, job)
            say(f"{len(job.done)} of {options.count} postings are finished, and kept in {kept}")
        raise
    index = _publish(out, path, job, stages, held_out)
    if not job.index:
        say("what is copied was not measured; say where the text is that the network learned from: --data-dir")
    print(index)
    if options.open and not webbrowser.open(index.resolve().as_uri()):
        say(f"no browser was found; open {index} yourself")
    return console.OK


def _publish(
    out: Path, path: Path, job: Job, stages: Sequence[Stage] = (), held_out: OverlapSummary | None = None
) -> Path:
    """Write the gallery of what is done, in place of any earlier one in `out`; gives the path of its index."""
    image = _loss_plot(path.parent)
    files: dict[str, str | bytes] = {gallery.PLOT: image} if image else {}
    files |= gallery.render_pages(
        job.views(), _provenance(path, job.sampler, held_out), plot=bool(image), stages=stages
    )
    _replace(out, files)
    return out / INDEX


def _provenance(path: Path, sampler: Sampler, held_out: OverlapSummary | None) -> Provenance:
    loaded, request, params = sampler.loaded, sampler.request, sampler.request.params
    left_out = {"top-k": (params.top_k, 0), "top-p": (params.top_p, 1), "min-p": (params.min_p, 0)}
    return Provenance(
        run=path.parent.name,
        checkpoint=path.name,
        network=f"{loaded.config.model.upper()}, {loaded.config.num_layers} layers of {loaded.config.rnn_size}",
        epoch=loaded.epoch,
        val_loss=loaded.val_loss,
        temperature=params.temperature,
        seed=params.seed,
        length=params.length,
        raw=request.raw,
        choice=", ".join(f"{name} {value:g}" for name, (value, all_of_it) in left_out.items() if value != all_of_it),
        held_out=held_out,
    )


def _loss_plot(run: Path) -> bytes | None:
    try:
        return plot.draw(history.read(run.with_name(run.name + ".jsonl")), run.name, form="svg")
    except (InputError, OSError) as error:
        say(f"the gallery goes without a loss plot: {error}")
        return None


def _replace(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write `files`, and delete what an earlier gallery had beyond them. Files that are not ours stay.

    The index comes last, so whoever opens the folder meanwhile finds a gallery whose every link leads somewhere.
    """
    for name in sorted(files, key=lambda name: name == INDEX):
        write_whole(folder / name, files[name])
    for path in folder.iterdir():
        if path.name not in files and gallery.OWN_NAME.fullmatch(path.name):
            path.unlink()


def options_parser() -> argparse.ArgumentParser:
    made = console.parser(
        "python -m charrnn.sample", "Write imaginary postings and a gallery of pages to read them in."
    )
    _add_places(made.add_argument_group("where"))
    _add_results(made.add_argument_group("what comes of it"))
    _add_wishes(made.add_argument_group("what the postings are to be (what is not said, the network makes up)"))
    _add_settings(made.add_argument_group("how they are written"))
    return made


def _add_places(group: argparse._ArgumentGroup) -> None:
    selection.add_flags(group)
    add = group.add_argument
    add(
        "--data-dir",
        type=Path,
        metavar="FOLDER",
        help="of the input.txt that it learned from, to see what is copied (default: whichever of data/ it is)",
    )


def _add_results(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--out", type=Path, metavar="FOLDER", help="where the pages go (default: samples/RUN)")
    add("--open", action="store_true", help="open the gallery in a browser")
    add(
        "--stages",
        type=non_negative_int,
        default=3,
        metavar="N",
        help="show N postings of the run's first, best and last checkpoint side by side; 0 for none (default: 3)",
    )
    either = group.add_mutually_exclusive_group()
    either.add_argument("--stdout", action="store_true", help="no gallery: write the texts here as they are finished")
    either.add_argument("--json", action="store_true", help="no gallery: write a line of JSON here for each posting")


def _add_wishes(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--title", default="", help="a job title")
    add("--company", default="", help="who is imagined to be hiring")
    add("--city", default="", help="where")
    add("--state", default="", help="postal code of the state")
    either = group.add_mutually_exclusive_group()
    either.add_argument("--primetext", help="begin with exactly this text instead; \\n is a line break")
    either.add_argument("--prime-file", type=Path, metavar="FILE", help="begin with the text of this file instead")


def _add_settings(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--count", type=positive_int, default=12, help="postings to write (default: %(default)s)")
    add("--length", type=positive_int, default=8000, help="most characters of each (default: %(default)s)")
    add(
        "--temperature",
        type=float,
        default=0.7,
        help="0 plays safe, 1 is as the network learned (default: %(default)s)",
    )
    add("--top-k", type=int, default=0, help="choose among so many of the likeliest characters (default: all)")
    add("--top-p", type=float, default=1.0, help="among the likeliest that have this share together (default: all)")
    add("--min-p", type=float, default=0.0, help="among those at least so likely beside the likeliest (default: all)")
    add("--seed", type=int, default=123, help="of all that is drawn (default: %(default)s)")
    either = group.add_mutually_exclusive_group()
    either.add_argument("--raw", action="store_true", help="let the network break the markup; pages are mended")
    either.add_argument("--well-formed", dest="raw", action="store_false", default=False, help="do not (default)")
    add(
        "--deterministic",
        action="store_true",
        help="compute in float32 and in one order, so that a posting does not depend on the others; slower",
    )
    add("--exact", dest="deterministic", action="store_true", help=argparse.SUPPRESS)  # the old spelling
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default: %(default)s)")
