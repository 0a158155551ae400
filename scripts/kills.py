"""Kill searches of the bundled board at random times, and compare what is left at the end with an undisturbed search.

    python scripts/kills.py --kills 50

Each search is sent SIGKILL after a random time, then started again. In the end one runs whole, and everything in the
dataset but the saved responses, which say when they came, must equal that of a search that nothing disturbed.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from scrape import demo
from scrape.common.arguments import positive_int
from scrape.common.console import FAILED, OK, parser, print_result, run

ROOT = Path(__file__).parent.parent


def main(argv: Sequence[str] | None = None) -> int:
    """Run the experiment and print its figures."""
    made = parser("python scripts/kills.py", "Kill searches at random times, and compare what is left at the end.")
    made.add_argument("--kills", type=positive_int, default=50, metavar="N", help="searches to kill (50)")
    made.add_argument("--postings", type=positive_int, default=400, metavar="N", help="postings of the board (400)")
    made.add_argument("--seed", type=int, default=2015, help="seed of the random times (2015)")
    options = made.parse_args(argv)
    return run(lambda: experiment(options.kills, options.postings, options.seed), debug=options.debug)


def experiment(kills: int, postings: int, seed: int) -> int:
    """Kill that many searches. Return OK where both datasets are equal, else FAILED."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, demo.serve(count=postings) as site:
        whole, killed = Path(folder) / "whole", Path(folder) / "killed"
        seconds = finish(site.url, whole)
        requests = len(site.requests)
        site.requests.clear()
        hits = sum(kill(site.url, killed, dice.uniform(0, seconds)) for _ in range(kills))
        finish(site.url, killed)
        left, right = tree(whole), tree(killed)
        different = sorted(name for name in left.keys() | right.keys() if left.get(name) != right.get(name))
        print_result(
            f"{hits} of {kills} searches killed while they ran, {len(site.requests):,} requests "
            f"({requests:,} undisturbed), {len(left):,} files, {len(different):,} of them different"
        )
        for name in different[:20]:
            print_result(f"  {name}")
    return FAILED if different else OK


def start(url: str, root: Path) -> subprocess.Popen[bytes]:
    """Start a search of the board at `url` into the dataset `root`."""
    command = [sys.executable, "-m", "scrape", "search", "--boards", "demo", "--pages", url, "--data-dir", str(root)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(url: str, root: Path) -> float:
    """Run a search to its end, and return its seconds."""
    begun = time.monotonic()
    with start(url, root) as process:
        _, err = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a search ended with {process.returncode}: {err.decode(errors='replace')}")
    return time.monotonic() - begun


def kill(url: str, root: Path, after: float) -> bool:
    """Kill a search after so many seconds. Return False if it had ended before."""
    with start(url, root) as process:
        try:
            process.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
    return process.returncode == -signal.SIGKILL


def tree(root: Path) -> dict[str, bytes]:
    """Return the content of every file but the saved responses, by its path."""
    paths = (path for path in root.rglob("*") if path.is_file() and path.relative_to(root).parts[0] != "answers")
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


if __name__ == "__main__":
    sys.exit(main())
