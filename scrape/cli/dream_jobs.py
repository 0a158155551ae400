"""`dream-jobs VERB ...`: every verb of both packages under one command. A verb's modules load only when it is used."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from scrape.common.launch import launch
from scrape.common.streams import discard_stdout, prepare_streams
from scrape.common.suggest import closest
from scrape.common.version import __version__

_BAD_INPUT = 2


@dataclass(frozen=True)
class Verb:
    """A sub-command: the module whose `main` runs it, and the arguments that go before the user's."""

    module: str
    does: str
    first: tuple[str, ...] = ()


GROUPS: dict[str, dict[str, Verb]] = {
    "gather": {
        "search": Verb("scrape.__main__", "ask job boards; save, simplify and compile the postings", ("search",)),
        "gather": Verb("scrape.__main__", "make a dataset of web archives, on all cores or on a cluster", ("gather",)),
        "simplify": Verb("scrape.__main__", "make the documents again, without the network", ("simplify",)),
        "compile": Verb("scrape.__main__", "compile the documents into the corpus input.txt", ("compile",)),
        "find": Verb("scrape.__main__", "search your own postings", ("find",)),
        "show": Verb("scrape.__main__", "print whole postings", ("show",)),
        "open": Verb("scrape.__main__", "open the pages of postings in the browser", ("open",)),
        "export": Verb("scrape.__main__", "write your postings to a CSV, JSON or Parquet file", ("export",)),
        "datasets": Verb("scrape.__main__", "list your datasets", ("datasets",)),
        "remove": Verb("scrape.__main__", "remove postings, and keep them from coming back", ("remove",)),
        "restore": Verb("scrape.__main__", "let removed postings come back", ("restore",)),
        "doctor": Verb(
            "scrape.__main__", "check every board: robots.txt, availability and response format", ("doctor",)
        ),
        "demo": Verb("scrape.__main__", "serve the bundled board of invented postings", ("demo",)),
        "scrape": Verb("scrape.__main__", "all of the above, as in `python -m scrape`"),
    },
    "imagine": {
        "train": Verb("charrnn.train.__main__", "train a network on a text"),
        "sample": Verb("charrnn.sample.__main__", "generate postings and a gallery to read them in"),
        "play": Verb("charrnn.play.__main__", "put a network into one page, to play with in a browser"),
        "evaluate": Verb("charrnn.evaluate.__main__", "measure a network on held-out text"),
        "score": Verb("charrnn.score", "show how surprising each character of a posting is"),
        "export-network": Verb(
            "charrnn.export.__main__", "write a network as ONNX or safetensors for other programs, or as a page"
        ),
        "plot": Verb("charrnn.plot", "plot the losses of runs"),
        "runs": Verb("charrnn.runs.__main__", "list the trained runs, or compare two of them"),
    },
    "choose": {
        "fetch-new": Verb("scrape.recommend.__main__", "ask boards for new postings", ("fetch-new",)),
        "desk": Verb("scrape.__main__", "read, label and rank postings in a browser", ("desk",)),
        "label": Verb("scrape.recommend.__main__", "label a few postings yes or no", ("label",)),
        "labels": Verb("scrape.recommend.__main__", "list, export, import or drop labels", ("labels",)),
        "train-recommender": Verb("scrape.recommend.__main__", "learn from the labels", ("train",)),
        "recommend": Verb("scrape.recommend.__main__", "rank the postings without a label", ("recommend",)),
        "similar": Verb("scrape.recommend.__main__", "find real postings similar to generated ones", ("similar",)),
    },
}
OLD_NAMES = {"forget": "remove", "nearest": "similar"}
VERBS = {name: verb for group in GROUPS.values() for name, verb in group.items()}


def main(argv: list[str] | None = None) -> int:
    """Run a verb, or print the list of verbs; return the exit code."""
    prepare_streams()
    name, *rest = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in ("-h", "--help", "help"):
        return _print(usage())
    if name == "--version":
        return _print(f"dream-jobs {__version__}")
    if name not in VERBS:
        close = OLD_NAMES.get(name) or closest(name, [*VERBS, "--help", "--version"])
        hint = f"did you mean `dream-jobs {close}`?" if close else "`dream-jobs --help` lists the verbs"
        from scrape.common.console import say  # only here: the list of verbs needs no library

        say(f"error: there is no verb {name!r}; {hint}")
        return _BAD_INPUT
    return launch(VERBS[name].module, [*VERBS[name].first, *rest])


def usage() -> str:
    """Return the help text: every verb with what it does, by group."""
    lines = ["usage: dream-jobs VERB ...", "", "Gather job postings, learn to write them, and read imaginary ones."]
    for group, verbs in GROUPS.items():
        lines += ["", f"{group}:", *(f"  {name:<18} {verb.does}" for name, verb in verbs.items())]
    return "\n".join([*lines, "", "`dream-jobs VERB --help` lists a verb's options; --version prints the version."])


def _print(text: str) -> int:
    """Print a text of our own."""
    try:
        print(text, flush=True)
    except OSError:  # the reader has gone (`| head`)
        discard_stdout()
    return 0


if __name__ == "__main__":
    sys.exit(main())
