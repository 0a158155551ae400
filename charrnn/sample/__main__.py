"""`python -m charrnn.sample`: sample imaginary postings or other texts from a checkpoint, as a gallery or as text."""

from __future__ import annotations

if __name__ == "__main__":  # above the imports that take seconds, so that Ctrl-C during them ends quietly
    from scrape.common.launch import launch

    raise SystemExit(launch("charrnn.sample.__main__"))

import argparse
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from charrnn import plot
from charrnn.data.kind import TextKind
from charrnn.evaluate.memorization import Overlap, OverlapSummary, TrainingIndex
from charrnn.model import checkpoint
from charrnn.model.memory import explain_memory
from charrnn.pages import PLAY, SAMPLES, gallery
from charrnn.pages.posting import INDEX
from charrnn.pages.text import TextView, shown_text
from charrnn.pages.views import PostingView, Provenance
from charrnn.runs import history, selection, training_text
from charrnn.runs.files import RunFiles
from charrnn.sample import prompts
from charrnn.sample.compare import Comparison, compare
from charrnn.sample.generate import Sample
from charrnn.sample.sampler import Sampler, SampleRequest
from charrnn.sample.sampling import SamplingParams
from scrape.common import console
from scrape.common.arguments import non_negative_int, positive_int
from scrape.common.console import Terminated, say
from scrape.common.errors import InputError
from scrape.common.files import require_place, write_whole
from scrape.fields import places
from scrape.markup import document, grammar


@dataclass(frozen=True)
class SampleOptions:
    """The options of the command line."""

    checkpoint: str
    run: str | None
    checkpoint_dir: Path
    data_dir: Path | None
    out: Path | None
    stdout: bool
    json: bool
    open: bool
    single_file: bool
    stages: int | None
    primetext: str | None
    prime_file: Path | None
    title: str
    company: str
    city: str
    state: str
    count: int
    length: int | None
    temperature: float
    top_k: int
    top_p: float
    min_p: float
    seed: int
    raw: bool | None
    deterministic: bool
    device: str
    debug: bool = False

    def request(self, kind: TextKind) -> SampleRequest:
        """Return what to sample from a network that learned a text of this kind.

        Raises InputError on a value out of range, on two options that both set the prompt, or on a file that cannot
        be read.
        """
        prime = None if self.primetext is None else self.primetext.replace("\\n", "\n")
        if self.primetext is not None or self.prime_file:
            if self.title or self.company or self.city or self.state:
                flag = "--prime-file" if self.prime_file else "--primetext"
                raise InputError(f"{flag} gives the whole prompt; leave out --title, --company, --city and --state")
            if self.prime_file:
                prime = prompts.read_file(self.prime_file)
        if self.raw is False and not kind.is_postings:
            raise InputError("--well-formed is for postings, and this network writes other texts; leave it out")
        state = places.state_code(self.state) or self.state  # Illinois -> IL, as the corpus has it
        location = ", ".join(part for part in (self.city, state) if part)
        length = self.length or kind.length
        params = SamplingParams(self.temperature, self.top_k, self.top_p, self.min_p, length, self.seed)
        return SampleRequest(
            head=(self.title, self.company, location),
            prime=prime,
            count=1 if params.is_greedy else self.count,
            params=params,
            raw=bool(self.raw),
            deterministic=self.deterministic,
        )


def main(argv: list[str] | None = None) -> int:
    """Sample texts, and print the path of the gallery, or the texts. Return the exit code."""
    options = SampleOptions(**vars(options_parser().parse_args(argv)))
    return console.run(lambda: _command(options), debug=options.debug)


@explain_memory("sample fewer texts with --count, or use a smaller network")
def _command(options: SampleOptions) -> int:
    path = selection.choose(options.checkpoint, options.run, options.checkpoint_dir)
    loaded = training_text.with_kind(checkpoint.load(path), path, options.data_dir)
    sampler = Sampler.of(loaded, options.request(loaded.text_kind), options.device)
    if sampler.request.count < options.count:
        say(f"always taking the likeliest character, all {options.count} would be the same, so one is written")
    if (options.stdout or options.json) and (options.open or options.out or options.single_file):
        raise InputError("--stdout and --json write no gallery; leave out --open, --out and --single-file")
    index = None if options.stdout else TrainingIndex.find(loaded, path, options.data_dir)
    if options.stdout and sampler.request.count == 1:
        return _stream_text(sampler)
    job = SamplingJob(sampler, index)
    if options.stdout or options.json:
        return _print_texts(job, options.json)
    return _make_gallery(options, path, job)


@dataclass
class SamplingJob:
    """A request in progress. `done` holds the finished samples, even after an interruption."""

    sampler: Sampler
    index: TrainingIndex | None
    done: list[tuple[Sample, Overlap | None]] = field(default_factory=list)

    @property
    def is_postings(self) -> bool:
        return self.sampler.loaded.text_kind.is_postings

    @property
    def noun(self) -> str:
        """The word for one sample: posting or text."""
        return self.sampler.loaded.text_kind.noun

    def run(self) -> Iterator[tuple[Sample, Overlap | None]]:
        """Sample a text for every prompt; yield each, and its overlap with the training text, as it is finished."""
        texts = self.sampler.prompts()
        characters = 0
        bar: tqdm[None] = console.progress(total=len(texts), desc="sampling", unit=f" {self.noun}s", miniters=0)

        def on_step(written: int) -> None:
            nonlocal characters
            characters += written
            bar.set_postfix_str(f"{characters:,} characters", refresh=False)
            bar.update(0)

        with bar:
            for sample in self.sampler.samples(texts, on_step):
                shown = grammar.repair(sample.text) if self.is_postings else shown_text(sample)
                self.done.append((sample, self.index.overlap(shown) if self.index else None))
                bar.update()
                yield self.done[-1]

    def in_order(self) -> list[tuple[Sample, Overlap | None]]:
        """Return the finished samples in the order of their rows."""
        return sorted(self.done, key=lambda done: done[0].row)

    def views(self) -> Sequence[PostingView | TextView]:
        """Return the views of the finished samples, in the order of their rows."""
        count, done = len(self.done), list(enumerate(self.in_order(), 1))
        if self.is_postings:
            return [PostingView.of(sample, at, count, overlap) for at, (sample, overlap) in done]
        return [TextView(sample, at, count, overlap) for at, (sample, overlap) in done]


def _stream_text(sampler: Sampler) -> int:
    """Write one text to stdout, each character as soon as it is sampled."""
    texts = sampler.prompts()
    console.print_exact(texts[0])

    def on_token(_row: int, char: str) -> None:
        console.print_exact(char)

    for sample in sampler.samples(texts, on_token=on_token):
        if not sample.text.endswith("\n"):
            console.print_exact("\n")
    return console.OK


def _print_texts(job: SamplingJob, as_json: bool) -> int:
    """Write each text to stdout as soon as it is finished."""
    for sample, overlap in job.run():
        if as_json:
            console.print_json(_record(sample, overlap, job), indent=None)
        else:
            console.print_exact(sample.text.removesuffix("\n") + "\n")
    return console.OK


def _record(sample: Sample, overlap: Overlap | None, job: SamplingJob) -> dict[str, object]:
    """Return a text as `--json` prints it; a posting with its fields, of the repaired text if it is not well formed."""
    head: dict[str, object] = {}
    markup: dict[str, object] = {}
    if job.is_postings:
        posting = document.read(grammar.repair(sample.text))
        head = {"title": posting.title, "company": posting.company, "place": posting.location}
        markup = {"masked": sample.masked, "cost": sample.cost}
    params = job.sampler.request.params
    return {
        "row": sample.row,
        "prompt": sample.prompt,
        "text": sample.text,
        **head,
        "ended": sample.ended,
        "temperature": params.temperature,
        "seed": params.seed,
        **markup,
        "logprob": sample.logprob,
        "memorization": {"longest": overlap.longest, "share": overlap.share} if overlap else None,
    }


def _make_gallery(options: SampleOptions, path: Path, job: SamplingJob) -> int:
    run = path.parent.name or path.stem
    out = options.out or SAMPLES / (f"{run}.html" if options.single_file else run)
    if options.single_file and out.is_dir():
        raise InputError(f"{out} is a folder, and --single-file writes a file; name one with --out")
    require_place(out if options.single_file else out / INDEX, "--out")
    made = _Gallery(out, path, job)
    publish = made.write_file if options.single_file else made.write_folder
    request = job.sampler.request
    try:
        for _ in job.run():
            pass
        comparison = compare(path, job.sampler, [sample for sample, _ in job.in_order()], options.stages)
        held_out = job.index.held_out_overlap(request.params.length) if job.index else None
    except (KeyboardInterrupt, Terminated):
        if job.done:
            kept = publish(Comparison(), None)
            say(f"{len(job.done)} of {request.count} {job.noun}s are finished; they are in {kept}")
        raise
    written = publish(comparison, held_out)
    if not job.index:
        say("copied text was not measured, since the training text was not found; name its folder with --data-dir")
    console.print_result(written)
    if options.open and not webbrowser.open(written.resolve().as_uri()):
        say(f"no browser was found; open {written} yourself")
    return console.OK


@dataclass(frozen=True)
class _Gallery:
    """The gallery of a job's finished samples, of the checkpoint in `path`; `out` is its folder, or its one file."""

    out: Path
    path: Path
    job: SamplingJob

    def write_folder(self, comparison: Comparison, held_out: OverlapSummary | None) -> Path:
        """Write the gallery in place of any earlier one in the folder. Return the path of its index."""
        drawn = self._draw_plot()
        source = Provenance.of(self.path, self.job.sampler, held_out)
        play = (self.out / PLAY).exists()
        pages = gallery.render_pages(self.job.views(), source, plot=bool(drawn), comparison=comparison, play=play)
        _replace(self.out, pages | ({gallery.PLOT: drawn} if drawn else {}))
        return self.out / INDEX

    def write_file(self, comparison: Comparison, held_out: OverlapSummary | None) -> Path:
        """Write the gallery as one file. Return its path."""
        drawn = self._draw_plot()
        source = Provenance.of(self.path, self.job.sampler, held_out)
        write_whole(self.out, gallery.render_single_file(self.job.views(), source, plot=drawn, comparison=comparison))
        return self.out

    def _draw_plot(self) -> bytes:
        """Return the loss plot of the run, an SVG; nothing where there is no log that can be drawn."""
        run = self.path.parent
        try:
            return plot.draw(history.read(RunFiles(run).log), run.name, form="svg")
        except (InputError, OSError) as error:
            say(f"the gallery is written without a loss plot: {error}")
            return b""


def _replace(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write `files`, and delete what else an earlier gallery left. Other files of the folder stay.

    The index is written last, so that its links always work.
    """
    for name in sorted(files, key=lambda name: name == INDEX):
        write_whole(folder / name, files[name])
    for path in folder.iterdir():
        if path.name not in files and gallery.OWN_NAME.fullmatch(path.name):
            path.unlink()


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = console.parser(
        "python -m charrnn.sample",
        "Sample imaginary postings, or other texts, from a checkpoint, and write them as a gallery of pages.",
    )
    source = made.add_argument_group("checkpoint and training text")
    selection.add_flags(source)
    source.add_argument(
        "--data-dir",
        type=Path,
        metavar="FOLDER",
        help="folder of the training text input.txt, to measure copying (default: found in data/ by its checksum)",
    )
    _add_output_flags(made.add_argument_group("output"))
    prompt = made.add_argument_group(
        "prompt (the network makes up what you leave out; title, company and place are for postings)"
    )
    prompt.add_argument("--title", default="", help="job title")
    prompt.add_argument("--company", default="", help="name of the employer")
    prompt.add_argument("--city", default="", help="city of the job")
    prompt.add_argument("--state", default="", help="state of the job: WA or Washington")
    either = prompt.add_mutually_exclusive_group()
    either.add_argument("--primetext", help="begin with exactly this text instead; \\n is a line break")
    either.add_argument("--prime-file", type=Path, metavar="FILE", help="begin with the text of this file instead")
    _add_sampling_flags(made.add_argument_group("sampling"))
    return made


def _add_output_flags(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--out",
        type=Path,
        metavar="PATH",
        help="folder for the pages (default: samples/RUN), or the file of --single-file (default: samples/RUN.html)",
    )
    add("--single-file", action="store_true", help="write the whole gallery as one page, to send to a friend")
    add("--open", action="store_true", help="open the gallery in a browser")
    add(
        "--stages",
        type=non_negative_int,
        metavar="N",
        help="show N texts at each of up to six stages of training and at four temperatures; 0 for none "
        "(default: 1, or 5 where a text is a line)",
    )
    either = group.add_mutually_exclusive_group()
    either.add_argument("--stdout", action="store_true", help="print the texts as they are finished; no gallery")
    either.add_argument("--json", action="store_true", help="print a line of JSON for each text; no gallery")


def _add_sampling_flags(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--count", type=positive_int, default=12, help="number of texts (default: %(default)s)")
    add("--length", type=positive_int, help="maximum characters per text (default: longer than nearly all it learned)")
    add(
        "--temperature",
        type=float,
        default=0.7,
        help="0 takes the likeliest character, 1 samples as the network learned (default: %(default)s)",
    )
    add("--top-k", type=int, default=0, metavar="K", help="sample among the K likeliest characters (default: all)")
    add(
        "--top-p",
        type=float,
        default=1.0,
        metavar="P",
        help="sample among the likeliest characters whose probabilities sum to P (default: all)",
    )
    add(
        "--min-p",
        type=float,
        default=0.0,
        metavar="P",
        help="sample among characters at least P times as likely as the likeliest (default: all)",
    )
    add("--seed", type=int, default=123, help="seed of the random numbers (default: %(default)s)")
    either = group.add_mutually_exclusive_group()
    either.add_argument(
        "--raw",
        action="store_true",
        default=None,
        help="do not enforce well-formed markup of postings; pages are repaired",
    )
    either.add_argument(
        "--well-formed", dest="raw", action="store_false", default=None, help="enforce it (default for postings)"
    )
    add(
        "--deterministic",
        action="store_true",
        help="compute in float32 and in one order, so that a text does not depend on the others; slower",
    )
    add("--exact", dest="deterministic", action="store_true", help=argparse.SUPPRESS)  # the old spelling
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default: %(default)s)")
