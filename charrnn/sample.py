"""`python -m charrnn.sample`: a checkpoint in, a gallery of imaginary postings out."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from tqdm import tqdm

from charrnn import checkpoint, device, plot, render, runlog
from charrnn.checkpoint import Checkpoint
from charrnn.constrain import Constraint
from charrnn.generate import Sample, generate
from charrnn.model import CharLSTM
from charrnn.render import Origin
from scrape import console, document, markup
from scrape.console import Terminated, say
from scrape.disk import write_whole
from scrape.errors import InputError

CHECKPOINTS, SAMPLES = Path("cv"), Path("samples")
HEAD_LENGTH = 120  # characters that the network may give a head line that it was left


@dataclass(frozen=True)
class Options:
    """The command line, understood."""

    checkpoint: str
    run: str | None
    checkpoint_dir: Path
    out: Path | None
    primetext: str | None
    title: str
    company: str
    city: str
    state: str
    count: int
    length: int
    temperature: float
    seed: int
    free: bool
    device: str
    debug: bool = False

    @property
    def head(self) -> tuple[str, str, str]:
        """Title, company and location as a posting writes them; empty where the network is to make them up."""
        location = ", ".join(part for part in (self.city, self.state) if part)
        return self.title, self.company, location


def main(argv: list[str] | None = None) -> int:
    """Sample, and print the path of the gallery."""
    options = Options(**vars(options_parser().parse_args(argv)))
    return console.run(lambda: _command(options), debug=options.debug)


def _command(options: Options) -> int:
    path = chosen(options.checkpoint, options.run, options.checkpoint_dir)
    sampler = Sampler.of(checkpoint.load(path), options)
    out = options.out or SAMPLES / path.parent.name
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; name a folder with --out")
    try:
        prompts = sampler.prompts()
        sampler.sample(prompts)
    except (KeyboardInterrupt, Terminated):
        if sampler.done:
            kept = _publish(out, path, sampler)
            say(f"{len(sampler.done)} of {options.count} postings are finished, and kept in {kept}")
        raise
    print(_publish(out, path, sampler))
    return console.OK


def chosen(name: str, run: str | None, cv: Path) -> Path:
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


@dataclass
class Sampler:
    """A checkpoint at work on one request. `done` holds what is finished, also when it is interrupted."""

    loaded: Checkpoint
    model: CharLSTM
    grammar: Constraint | None
    options: Options
    done: list[Sample] = field(default_factory=list)

    @classmethod
    def of(cls, loaded: Checkpoint, options: Options) -> Sampler:
        grammar = None if options.free else Constraint(loaded.vocab.chars)
        on = device.pick(options.device)
        if on.type == "cpu":
            # A single character is too little work to share: a second thread saves a tenth of the time on an idle
            # machine and multiplies it on a busy one, where each waits for the other at every step.
            torch.set_num_threads(1)
        return cls(loaded, loaded.model(on), grammar, options)

    def prompts(self) -> list[str]:
        """How the postings begin: with --primetext, or with a head of which the network makes up what is not given.

        The head has a fixed order, so for a company without a title, say, the network first writes the titles.
        """
        if self.options.primetext is not None:
            if any(self.options.head):
                raise InputError("--primetext is the whole beginning; leave out --title, --company, --city and --state")
            return [self.options.primetext.replace("\\n", "\n")] * self.options.count
        lines = self.options.head
        known = max((place for place, line in enumerate(lines, 1) if line.strip()), default=0)
        texts = [document.prime()] * self.options.count
        for tag, line in zip(markup.HEAD[:known], lines, strict=False):
            if written := document.line(tag, line):
                texts = [text + written for text in texts]
            else:
                texts = self._head_lines([text + markup.OPEN[tag] for text in texts], tag)
        return texts

    def _head_lines(self, texts: list[str], tag: str) -> list[str]:
        """`texts`, each with a line of its head written to its end."""
        # A head that runs into the limit must be closed, also where the rest is left free.
        grammar = self.grammar or Constraint(self.loaded.vocab.chars)
        written = self._generate(texts, HEAD_LENGTH, grammar, stop=markup.CLOSE[tag])
        return [sample.text for sample in sorted(written, key=lambda sample: sample.row)]

    def sample(self, prompts: list[str]) -> None:
        """Write a posting to every prompt, and put each into `done` as it is finished."""
        options = self.options
        characters = 0
        bar: tqdm[None] = console.progress(total=len(prompts), desc="sampling", unit=" postings", miniters=0)

        def tick(written: int) -> None:
            nonlocal characters
            characters += written
            bar.set_postfix_str(f"{characters:,} characters", refresh=False)
            bar.update(0)

        with bar:
            for sample in self._generate(prompts, options.length, self.grammar, tick=tick):
                self.done.append(sample)
                bar.update()

    def _generate(
        self,
        prompts: list[str],
        length: int,
        grammar: Constraint | None,
        stop: str = markup.END,
        tick: Callable[[int], object] = lambda written: None,
    ) -> Iterator[Sample]:
        return generate(
            self.model,
            self.loaded.vocab,
            prompts,
            length=length,
            temperature=self.options.temperature,
            seed=self.options.seed,
            constrain=grammar,
            stop=stop,
            tick=tick,
        )


def _publish(out: Path, path: Path, sampler: Sampler) -> Path:
    """Write the gallery of what is done, in place of any earlier one in `out`; gives the path of its index."""
    image = _loss_plot(path.parent)
    samples = sorted(sampler.done, key=lambda sample: sample.row)
    files: dict[str, str | bytes] = {render.PLOT: image} if image else {}
    files |= render.pages(samples, _origin(path, sampler), plot=bool(image))
    _replace(out, files)
    return out / render.INDEX


def _origin(path: Path, sampler: Sampler) -> Origin:
    loaded, options = sampler.loaded, sampler.options
    return Origin(
        run=path.parent.name,
        checkpoint=path.name,
        network=f"{loaded.config.model.upper()}, {loaded.config.num_layers} layers of {loaded.config.rnn_size}",
        epoch=loaded.epoch,
        val_loss=loaded.val_loss,
        temperature=options.temperature,
        seed=options.seed,
        length=options.length,
        free=options.free,
    )


def _loss_plot(run: Path) -> bytes | None:
    try:
        return plot.draw(runlog.read(run.with_name(run.name + ".jsonl")), run.name)
    except (InputError, OSError, UnicodeDecodeError) as error:
        say(f"the gallery goes without a loss plot: {error}")
        return None


def _replace(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write `files`, and delete what an earlier gallery had beyond them. Files that are not ours stay.

    The index comes last, so whoever opens the folder meanwhile finds a gallery whose every link leads somewhere.
    """
    for name in sorted(files, key=lambda name: name == render.INDEX):
        write_whole(folder / name, files[name])
    for path in folder.iterdir():
        if path.name not in files and (path.name == render.PLOT or render.PAGE_NAME.fullmatch(path.name)):
            path.unlink()


def options_parser() -> argparse.ArgumentParser:
    made = console.parser(
        "python -m charrnn.sample", "Write imaginary postings and a gallery of pages to read them in."
    )
    _add_places(made.add_argument_group("where"))
    _add_wishes(made.add_argument_group("what the postings are to be (what is not said, the network makes up)"))
    _add_settings(made.add_argument_group("how they are written"))
    return made


def _add_places(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
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
    add("--out", type=Path, metavar="FOLDER", help="where the pages go (default: samples/RUN)")


def _add_wishes(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--title", default="", help="a job title")
    add("--company", default="", help="who is imagined to be hiring")
    add("--city", default="", help="where")
    add("--state", default="", help="postal code of the state")
    add("--primetext", help="begin with exactly this text instead; \\n is a line break")


def _add_settings(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--count", type=_count, default=12, help="postings to write (default: %(default)s)")
    add("--length", type=_count, default=8000, help="most characters of each (default: %(default)s)")
    add(
        "--temperature",
        type=float,
        default=0.7,
        help="0 plays safe, 1 is as the network learned (default: %(default)s)",
    )
    add("--seed", type=int, default=123, help="of all that is drawn (default: %(default)s)")
    add("--free", action="store_true", help="let the network break the markup; pages are mended")
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default: %(default)s)")


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too few; give 1 or more")
    return number


if __name__ == "__main__":
    raise SystemExit(main())
