"""`python -m charrnn.play`: put a trained network into one page, to play with in a browser, offline."""

from __future__ import annotations

if __name__ == "__main__":  # above the imports that take seconds, so that Ctrl-C during them ends quietly
    from scrape.common.launch import launch

    raise SystemExit(launch("charrnn.play.__main__"))

import argparse
import webbrowser
from dataclasses import dataclass
from pathlib import Path

from charrnn.pages import PLAY, SAMPLES
from charrnn.play.build import MOST_MEGABYTES, STAGES, make_page
from charrnn.runs import selection
from scrape.common import console
from scrape.common.arguments import positive_int
from scrape.common.console import say
from scrape.common.files import require_place, write_whole


@dataclass(frozen=True)
class PlayOptions:
    """The options of the command line."""

    checkpoint: str
    run: str | None
    checkpoint_dir: Path
    data_dir: Path | None
    beside: list[str] | None
    out: Path | None
    open: bool
    wasm: bool
    max_megabytes: int
    debug: bool = False


def main(argv: list[str] | None = None) -> int:
    """Write the page, and print its path. Return the exit code."""
    options = PlayOptions(**vars(options_parser().parse_args(argv)))
    return console.run(lambda: _command(options), debug=options.debug)


def _command(options: PlayOptions) -> int:
    path = selection.choose(options.checkpoint, options.run, options.checkpoint_dir)
    out = options.out or SAMPLES / path.parent.name / PLAY
    require_place(out, "--out")
    page = make_page(path, options.beside, options.data_dir, options.wasm, options.max_megabytes)
    write_whole(out, page)
    console.print_result(out)
    gallery = out.parent / "index.html"
    if out.name == PLAY and gallery.exists() and f'href="{PLAY}"' not in gallery.read_text("utf-8"):
        say(f"{gallery} links to it when it is written again: python -m charrnn.sample --checkpoint {path.parent}")
    if options.open and not webbrowser.open(out.resolve().as_uri()):
        say(f"no browser was found; open {out} yourself")
    return console.OK


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = console.parser(
        "python -m charrnn.play",
        "Put a trained network into one page: it writes in the browser, offline, and shows what it expects.",
    )
    selection.add_flags(made)
    add = made.add_argument
    add(
        "--beside",
        nargs="*",
        choices=STAGES,
        metavar="STAGE",
        help="other stages of the run to compare with: untrained, first, best, last; none for no other "
        "(default: untrained, and first where the page stays below 4 MB)",
    )
    add(
        "--data-dir",
        type=Path,
        metavar="FOLDER",
        help="folder of the training text input.txt, to measure copying (default: found in data/ by its checksum)",
    )
    add("--out", type=Path, metavar="FILE", help="file for the page (default: samples/RUN/play.html)")
    add("--open", action="store_true", help="open the page in a browser")
    add("--no-wasm", dest="wasm", action="store_false", help="leave WebAssembly out: a stricter policy, slower")
    add(
        "--max-megabytes",
        type=positive_int,
        default=MOST_MEGABYTES,
        metavar="N",
        help="refuse to write a larger page (default: %(default)s)",
    )
    return made
