"""Export: `python -m charrnn.export --onnx model.onnx` writes a checkpoint for programs without PyTorch."""

from __future__ import annotations

if __name__ == "__main__":  # above the imports that take seconds, so that Ctrl-C during them ends quietly
    from scrape.common.launch import launch

    raise SystemExit(launch("charrnn.export.__main__"))

import argparse
from pathlib import Path

from charrnn.model import checkpoint
from charrnn.runs import selection
from scrape.common import console
from scrape.common.errors import InputError
from scrape.common.files import require_place, write_whole

FORMATS = ("onnx", "safetensors", "html", "small")


def main(argv: list[str] | None = None) -> int:
    """Write the files, and print their paths."""
    said = options_parser().parse_args(argv)
    files = {name: path for name in FORMATS if (path := getattr(said, name))}
    return console.run(lambda: _export(said.checkpoint, said.run, said.checkpoint_dir, files), debug=said.debug)


def _export(name: str, run: str | None, cv: Path, files: dict[str, Path]) -> int:
    if not files:
        raise InputError("nothing to write; name a file with --onnx, --safetensors, --html or --small")
    for form, path in files.items():
        require_place(path, f"--{form}")
    if len({path.resolve() for path in files.values()}) < len(files):
        raise InputError("two formats would be written to one file; give each format a file of its own")
    chosen = selection.choose(name, run, cv)
    for form, path in files.items():
        write_whole(path, _convert(chosen, form))
        console.print_result(path)
    return console.OK


def _convert(chosen: Path, form: str) -> bytes | str:
    """Return a checkpoint in one of FORMATS. Raises InputError where a library is missing."""
    try:
        if form == "html":
            from charrnn.play.build import make_page

            return make_page(chosen)
        if form == "small":
            return checkpoint.to_bytes(checkpoint.load(chosen), small=True)
        if form == "onnx":
            from charrnn.export.onnx import to_onnx as write  # only here: each format needs a library of its own
        else:
            from charrnn.export.safetensors import to_safetensors as write
    except ModuleNotFoundError as error:
        raise InputError(
            f"--{form} needs {error.name}; install the extra: python -m pip install 'dream-jobs[export]'"
        ) from error
    return write(checkpoint.load(chosen))


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = console.parser(
        "python -m charrnn.export",
        "Write a checkpoint as ONNX, safetensors, a page to play with, or a small checkpoint.",
    )
    selection.add_flags(made)
    made.add_argument("--onnx", type=Path, metavar="FILE", help="write the network as an ONNX model")
    made.add_argument(
        "--safetensors",
        type=Path,
        metavar="FILE",
        help="write the weights, with the vocabulary as metadata",
    )
    made.add_argument("--html", type=Path, metavar="FILE", help="write the page of `python -m charrnn.play`")
    made.add_argument(
        "--small",
        type=Path,
        metavar="FILE",
        help="write a checkpoint of 8 bits a weight: a quarter of the size, to share",
    )
    return made
