"""`python -m charrnn.score`: show the surprisal of a posting to a network, in numbers and as a tinted page."""

from __future__ import annotations

if __name__ == "__main__":  # above the imports that take seconds, so that Ctrl-C during them ends quietly
    from scrape.common.launch import launch

    raise SystemExit(launch("charrnn.score"))

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from charrnn.data import texts
from charrnn.evaluate import surprisal
from charrnn.evaluate.surprisal import Reading
from charrnn.model import checkpoint, device
from charrnn.model.memory import explain_memory
from charrnn.pages import SAMPLES
from charrnn.pages import surprisal as surprisal_page
from charrnn.runs import selection
from charrnn.sample.generate import WARM_UP
from scrape.boards import page_reader
from scrape.common import console
from scrape.common.errors import BoardError, ChangedShape, InputError
from scrape.common.files import require_place, write_whole
from scrape.common.posting import Posting
from scrape.crawl import local_files
from scrape.markup import document, grammar
from scrape.markup.simplify import page_title, simplify

_TOP = 8  # words that are printed
_NAME_A_POSTING = "name a file that holds a posting or another text"


@dataclass(frozen=True)
class ScoreOptions:
    """The options of the command line."""

    posting: Path
    checkpoint: str
    run: str | None
    checkpoint_dir: Path
    title: str
    out: Path | None
    device: str
    debug: bool = False


def main(argv: list[str] | None = None) -> int:
    """Score a text, write its page, and print a summary. Return the exit code."""
    options = ScoreOptions(**vars(options_parser().parse_args(argv)))
    return console.run(lambda: _command(options), debug=options.debug)


@explain_memory("score a shorter text, or use a smaller network")
def _command(options: ScoreOptions) -> int:
    text = posting(options.posting, options.title)
    out = options.out or SAMPLES / "scores" / f"{options.posting.stem}.html"
    require_place(out, "--out")
    if out.exists() and out.samefile(options.posting):
        raise InputError(f"{out} is the posting itself; name another file with --out")
    path = selection.choose(options.checkpoint, options.run, options.checkpoint_dir)
    loaded = checkpoint.load(path)
    begins_posting = text.startswith(grammar.OPEN["html"])
    reading = surprisal.read(
        loaded.model(device.pick(options.device)), loaded.vocab, text, WARM_UP if begins_posting else "\n"
    )
    name = options.posting.name if grammar.find_error(text) else document.read(text).title
    config = loaded.config
    shape = f"{config.model.upper()}, {config.num_layers} layer{'s' * (config.num_layers > 1)} of {config.rnn_size}"
    network = f"{path.parent.name}/{path.name} ({shape}, validation loss {loaded.val_loss:.4f})"
    write_whole(out, surprisal_page.render_page(reading, name, network))
    console.print_result("\n".join(lines(reading, name)))
    console.print_result(out)
    return console.OK


def posting(path: Path, title: str = "") -> str:
    """Return the text in `path` as the network reads it: the posting of a page simplified, anything else unchanged.

    Of a page in which no posting is recognised, all visible text counts, below the title of its <title> element.
    `title` replaces the title of a page. Raises InputError where there is no text to score, and for a list of results.
    """
    is_page = path.name.lower().endswith(local_files.PAGES) and path.is_file()
    text = _page(path) if is_page else texts.read_file(path, _NAME_A_POSTING)
    if not text.strip():
        raise InputError(f"{path} is empty; {_NAME_A_POSTING}")
    if not is_page or grammar.find_error(text) is None:
        return text
    found = _posting_of(text, path)
    head = (found.title, found.company, found.location) if found else (page_title(text) or path.stem,)
    blocks = simplify(found.html if found else text)
    if not blocks:
        raise InputError(
            f"{path} has no visible text (perhaps a script loads it); save the text of the posting instead"
        )
    return grammar.repair(document.prompt_prefix(title or head[0], *head[1:]) + blocks + grammar.END)


def _page(path: Path) -> str:
    """Return the text of the one page in a file, as `--pages` of a search reads it."""
    try:
        pages = [page.text for page in local_files.responses(str(path))]
    except BoardError as error:
        raise InputError(str(error)) from error
    if len(pages) != 1:
        raise InputError(f"{path} holds {len(pages):,} pages; {_NAME_A_POSTING}")
    return pages[0].replace("\r\n", "\n")


def _posting_of(page: str, path: Path) -> Posting | None:
    """Return the posting of a page, None where none is recognised."""
    try:
        postings = page_reader.read(page, str(path), "saved").postings
    except page_reader.ListOfResults as error:
        raise InputError(str(error)) from error
    except ChangedShape:
        return None
    if len(postings) > 1:
        raise InputError(f"{path} holds {len(postings):,} postings; {_NAME_A_POSTING}")
    return postings[0]


def lines(reading: Reading, name: str) -> Iterator[str]:
    """Yield the lines that summarize a reading in the terminal."""
    yield name
    yield f"{reading.mean:.3f} bits per character: {reading.total:,.0f} bits for {reading.read:,} characters"
    parts = surprisal.sections(reading)
    if len(parts) > 1:
        yield "bits per character by section:"
        yield from (f"  {part.mean:6.2f}  {heading}" for heading, part in parts)
    yield "bits of the most surprising words:"
    for word in surprisal.words(reading)[:_TOP]:
        line = reading.text.count("\n", 0, word.start) + 1
        yield f"  {word.total:6.1f}  {unescape(word.text)}  (line {line})"
    if unknown := surprisal_page.describe_unknown(reading):
        yield f"characters that the network does not know: {unknown}"


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = console.parser(
        "python -m charrnn.score",
        "Show how surprising each letter of a posting or another text is to a network, in bits (1 bit is one coin "
        "toss): what it expected is boilerplate, what surprised it is the text's own.",
    )
    add = made.add_argument
    add("posting", type=Path, metavar="FILE", help="a saved page, a posting of data/DATASET/postings/, or any text")
    selection.add_flags(made)
    add("--title", default="", help="title of the posting, if the page has a wrong one")
    add("--out", type=Path, metavar="FILE", help="file for the page (default: samples/scores/NAME.html)")
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default: %(default)s)")
    return made
