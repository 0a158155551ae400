"""Train a model: `python -m charrnn.train` reads an input.txt and writes checkpoints."""

from __future__ import annotations

if __name__ == "__main__":  # above the imports that take seconds, so that Ctrl-C during them ends quietly
    from scrape.common.launch import launch

    raise SystemExit(launch("charrnn.train.__main__"))

from charrnn.train.options import TrainOptions, parse
from scrape.common import console
from scrape.common.launch import quiet_interrupt


def main(argv: list[str] | None = None) -> int:
    """Train, and print the path of the best checkpoint."""
    options = parse(argv)
    return console.run(lambda: _run(options), debug=options.debug)


def _run(options: TrainOptions) -> int:
    with quiet_interrupt():
        from charrnn.train import command  # torch takes seconds to load; --help and a wrong flag need not wait for it
    return command.run(options)
