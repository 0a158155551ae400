"""Gather: the inputs of a command become shards, a survey and a corpus; what is done already is not done again.

    data/<dataset>/shards/<key>.jsonl.zst .facts .done.json    the postings of an input, made by `read`
    data/<dataset>/survey.npz                                  what is left out and why, made by `survey`
    data/<dataset>/corpus/<key>.txt .tsv .json                 the corpus, a part for each shard, made by `write`
    data/<dataset>/manifest.json                               all of it, written last

The dataset is the union of all inputs that were ever gathered. An input whose shard was made by this version of the
program is known; the shards of inputs that are not named stay as they are.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tqdm import tqdm

from scrape.cluster.drop import delete_unmarked, drop_shards, named_shards
from scrape.cluster.engine import Engine
from scrape.cluster.facts import ShardFacts, derive_facts, rare_counts, read_facts
from scrape.cluster.read import INPUTS, Mark, ReadTask, read_input, read_mark, shard_path
from scrape.cluster.survey import KEPT, REASONS, Survey, survey
from scrape.cluster.workplace import Workplace, workplace
from scrape.cluster.write import (
    CORPUS,
    PartMark,
    WriteTask,
    fingerprint,
    read_part_mark,
    write_part,
)
from scrape.common.console import counted, print_json, print_result, progress, say
from scrape.common.errors import BoardError, InputError, WorkerKilled
from scrape.common.files import write_whole
from scrape.common.table import print_table
from scrape.crawl import warc
from scrape.dataset.corpus.compile import MANIFEST, Manifest
from scrape.dataset.robots_files import ROBOTS, join_robots
from scrape.dataset.shards import MARK_SUFFIX, SHARDS, input_key
from scrape.dataset.store import GatheredStore
from scrape.fields.urls import is_web

T = TypeVar("T")

DERIVED = ("input.ids", "input.ids.json", "input.*.suffixes")
"""What training and evaluating make of a corpus: of another one it is of no use, and it may hold a removed text."""

_COLUMNS = ("input", "status", "pages", "postings", "no training", "unusable", "key", "note")
_STYLES = {"read": "green", "known": "", "dropped": "", "failed": "red"}
_LEFT_OUT = {
    "removed": ("removed", "removed"),
    "same_address": ("with the address of another", "with the address of another"),
    "no_training": ("that permits no training", "that permit no training"),
    "without_body": ("without a body", "without a body"),
    "near_duplicates": ("near-duplicate",),
}
"""The reasons of a survey, as they follow a number."""
_MOST_LISTED = 40  # inputs in the table
_NAMED = 5  # reasons on stderr


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a corpus in its manifest."""

    key: str
    postings: int
    characters: int
    bytes: int
    sha256: str


@dataclass
class GatheredManifest(Manifest):
    """The manifest of a corpus in parts.

    `read` counts the postings of all inputs: it is the sum of `postings` and of those left out, by reason. `chars` are
    all characters of the corpus, sorted. `sha256` is that of the checksums of the parts, each with a newline.
    """

    read: int = 0
    same_address: int = 0
    removed: int = 0
    shards: list[dict[str, Any]] = field(default_factory=list)
    chars: str = ""


@dataclass(frozen=True, slots=True)
class InputOutcome:
    """The status of an input: `read`, `known` from an earlier run, `dropped`, or `failed`, with the reason."""

    path: str
    status: str
    mark: Mark | None = None
    reason: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class GatherOutcome:
    """The outcome of `gather`.

    `others` counts shards that are not among `inputs`, `outdated` those that another version of the program made and
    whose inputs were not named. `manifest` is None where there is nothing to learn. `rows` counts the postings of all
    shards.
    """

    root: Path
    inputs: tuple[InputOutcome, ...]
    manifest: GatheredManifest | None
    others: int
    outdated: int
    unsure: int
    rows: int

    @property
    def failed(self) -> bool:
        """True if an input could not be read, or killed its workers."""
        return any(each.status == "failed" for each in self.inputs)


def find_inputs(named: Iterable[str]) -> list[Path]:
    """Return the files that are named, and those of this kind in folders that are named, sorted. Raises InputError."""
    found: set[Path] = set()
    for name in named:
        path = Path(name)
        if is_web(name):
            raise InputError(f"{name} is an address, and gather reads files; download it first, or use `scrape search`")
        if path.is_dir():
            inside = {each for each in path.rglob("*") if each.name.lower().endswith(INPUTS) and each.is_file()}
            if not inside:
                raise InputError(f"the folder {name} holds none of {', '.join(INPUTS)}")
            found |= inside
        elif not path.is_file():
            raise InputError(f"there is no file {name}; name files or folders of them ({', '.join(INPUTS)})")
        elif not name.lower().endswith(INPUTS):
            raise InputError(
                f"{name} is none of {', '.join(INPUTS)}; for saved pages there is `python -m scrape search --pages`"
            )
        else:
            found.add(path)
    return sorted(path.resolve() for path in found)


def gather(
    store: GatheredStore,
    inputs: Sequence[Path],
    engine: Engine,
    *,
    robots: Sequence[Path] = (),
    unknown_hosts: warc.UnknownHosts = "no-training",
    drop: Sequence[str] = (),
) -> GatherOutcome:
    """Read the inputs that are new, survey all shards, and write the corpus.

    The shards that `drop` names, as for `named_shards`, are deleted once all inputs are read; where one cannot be read,
    they stay. Without inputs, what is there is surveyed and written, and all of it is in the outcome.

    `robots` are archives of robots.txt files of the same crawl; what they say is kept in the dataset and counts in
    later runs, too. `unknown_hosts` decides on pages of a web archive whose host's robots.txt is in neither.

    An input that cannot be read, or that kills its workers, is left out, and named in the outcome. Raises InputError
    where the workers cannot do their work, WorkerKilled where the scheduler has gone, and OSError.
    """
    root = store.root
    with store.locked():
        (root / SHARDS).mkdir(exist_ok=True)
        for part in (root / CORPUS).glob(".*.part"):  # of a run that was killed
            part.unlink(missing_ok=True)
        delete_unmarked(root)
        unwanted = named_shards(root, _marks(root), drop)
        with workplace(root) as place:
            known_robots = join_robots(robots, place.root / ROBOTS) if robots or (root / ROBOTS).exists() else ""
            outcomes = _read(place, inputs, engine, unknown_hosts, known_robots)
            known = {each.key for each in outcomes}
            outcomes += _drop(root, [key for key in unwanted if key not in known], outcomes)
            store.strike_removed()
            marks = _marks(root)
            if not inputs:
                outcomes += [InputOutcome(mark.input, "known", mark, key=key) for key, mark in marks.items()]
            others = marks.keys() - {each.key for each in outcomes}
            facts = _facts(place, sorted(marks), engine)
            found = survey(place.root, facts, store.removed_marks(), place.program)
            manifest = _write(place, marks, facts, found, engine)
    outdated = sum(marks[key].made_by.partition(" ")[0] != place.program for key in marks.keys() - known)
    rows = sum(mark.rows for mark in marks.values())
    return GatherOutcome(root, tuple(outcomes), manifest, len(others), outdated, found.unsure, rows)


def _marks(root: Path) -> dict[str, Mark]:
    """Return the marks of all shards, by key."""
    keys = sorted(path.name.removesuffix(MARK_SUFFIX) for path in (root / SHARDS).glob(f"*{MARK_SUFFIX}"))
    return {key: mark for key in keys if (mark := read_mark(root, key))}


def _drop(root: Path, keys: Sequence[str], read: Sequence[InputOutcome]) -> list[InputOutcome]:
    """Delete shards, unless an input could not be read."""
    if keys and any(each.status == "failed" for each in read):
        say("nothing was dropped, since an input could not be read")
        return []
    marks = _marks(root)
    drop_shards(root, keys)
    return [InputOutcome(marks[key].input, "dropped", marks[key], key=key) for key in keys]


def _read(
    place: Workplace, inputs: Sequence[Path], engine: Engine, unknown_hosts: warc.UnknownHosts, robots: str
) -> list[InputOutcome]:
    """Read what has no shard by this program and settings; return the outcome of each input."""
    by_key: dict[str, Path] = {}
    for path in inputs:
        try:
            first = by_key.setdefault(input_key(path), path)
        except OSError as unread:
            raise InputError(f"{path} cannot be read ({unread.strerror or unread})") from unread
        if first is not path:
            say(f"{path} is the same file as {first}, and counts once")
    outcomes: dict[str, InputOutcome] = {}
    tasks: list[ReadTask] = []
    for key, path in by_key.items():
        mark, task = read_mark(place.root, key), ReadTask(place, path, key, unknown_hosts, robots)
        if mark and mark.made_by == task.made_by:
            outcomes[key] = InputOutcome(str(path), "known", mark, key=key)
        else:
            tasks.append(task)
    sizes = {task.key: task.path.stat().st_size for task in tasks}
    bar: tqdm[Any]
    with progress(total=sum(sizes.values()), desc="reading", unit="B", unit_scale=True) as bar:
        for task, error in engine.run(read_input, tasks):
            bar.update(sizes[task.key])
            if isinstance(error, BoardError | WorkerKilled):
                reason = str(error) if str(task.path) in str(error) else f"{task.path}: {error}"
                outcomes[task.key] = InputOutcome(str(task.path), "failed", None, reason, task.key)
            elif error is not None:
                raise error
            else:
                mark = read_mark(place.root, task.key)
                outcomes[task.key] = InputOutcome(str(task.path), "read", mark, key=task.key)
    return [outcomes[key] for key in by_key]


@dataclass(frozen=True, slots=True)
class _FactsTask:
    workplace: Workplace
    key: str


def _derive(task: _FactsTask) -> None:
    task.workplace.check()
    derive_facts(shard_path(task.workplace.root, task.key))


def _facts(place: Workplace, keys: Sequence[str], engine: Engine) -> dict[str, ShardFacts]:
    """Return the facts of all shards; those of shards that have changed are derived again."""
    lacking = [key for key in keys if read_facts(shard_path(place.root, key)) is None]
    _run_all(engine, _derive, [_FactsTask(place, key) for key in lacking], "looking again")
    found = {key: read_facts(shard_path(place.root, key)) for key in keys}
    for key in [key for key, facts in found.items() if facts is None]:
        found[key] = derive_facts(shard_path(place.root, key))  # a folder that shows the file of a worker later
    return {key: facts for key, facts in found.items() if facts}


def _run_all(engine: Engine, function: Callable[[T], None], tasks: Sequence[T], what: str) -> None:
    """Run tasks that must all succeed."""
    bar: tqdm[Any]
    with progress(total=len(tasks), desc=what, unit=" shards") as bar:
        for _, error in engine.run(function, tasks):
            bar.update()
            if error is not None:
                raise error


def _write(
    place: Workplace, marks: Mapping[str, Mark], facts: Mapping[str, ShardFacts], found: Survey, engine: Engine
) -> GatheredManifest | None:
    """Write the parts of the corpus that are not up to date, then the manifest, whose sums must hold."""
    root = place.root
    _drop_parts(root, set(facts))
    tasks = []
    for key in facts:
        kept = found.kept(key)
        rare = rare_counts(facts[key], kept)
        table = {ord(char): found.characters.table[ord(char)] for char in rare if ord(char) in found.characters.table}
        made_from = fingerprint(facts[key].sha256, kept.tobytes(), table, place.program)
        tasks.append(WriteTask(place, key, kept.tobytes(), table, made_from))
    _run_all(
        engine,
        write_part,
        [task for task in tasks if read_part_mark(root, task.key, task.made_from) is None],
        "writing",
    )
    parts = {task.key: _whole_part(root, task) for task in tasks}
    chars = "".join(sorted(set().union(*(part.chars for part in parts.values()))))
    manifest = _manifest(marks, parts, found, chars)
    old = read_manifest(root)
    if old is None or asdict(old) != asdict(manifest):
        for path in [path for pattern in DERIVED for path in root.glob(pattern)]:
            with suppress(PermissionError):  # Windows, where a training run has it open
                path.unlink(missing_ok=True)
        if not manifest.postings:
            (root / MANIFEST).unlink(missing_ok=True)
            return None
        write_whole(root / MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1) + "\n")
    return manifest


def read_manifest(root: Path) -> GatheredManifest | None:
    """Return the manifest of a gathered dataset; None where there is none, or it is damaged."""
    with suppress(OSError, ValueError, TypeError):
        return GatheredManifest(**json.loads((root / MANIFEST).read_bytes()))
    return None


def _drop_parts(root: Path, keys: set[str]) -> None:
    """Delete the parts of shards that are no longer there."""
    for path in (root / CORPUS).glob("*.*"):
        if path.name.partition(".")[0] not in keys and not path.name.startswith("."):
            path.unlink(missing_ok=True)


def _whole_part(root: Path, task: WriteTask) -> PartMark:
    part = read_part_mark(root, task.key, task.made_from)
    if part is None:
        raise OSError(
            f"the part {task.key} of the corpus in {root} is not as it was written; run the same command again"
        )
    return part


def _manifest(marks: Mapping[str, Mark], parts: Mapping[str, PartMark], found: Survey, chars: str) -> GatheredManifest:
    """Add up the parts. Raises RuntimeError where the sums do not hold: a posting was lost, or came twice."""
    counts = found.counts()
    counts["same_address"] += sum(mark.postings - mark.rows for mark in marks.values())  # one name twice in an input
    read = sum(mark.postings for mark in marks.values())
    written = sum(part.postings for part in parts.values())
    if read != sum(counts.values()) or written != counts[KEPT]:
        raise RuntimeError(
            f"{read:,} postings were read, {written:,} written, and the survey says {counts}; delete survey.npz and "
            "corpus/ and run the same command again"
        )
    total = GatheredManifest(read=read, chars=chars, made_from=found.made_from)
    boards: Counter[str] = Counter()
    digest = hashlib.sha256()
    for key, part in sorted(parts.items()):
        for name in ("postings", "characters", "bytes", "repaired", "emails_scrubbed", "phones_scrubbed"):
            setattr(total, name, getattr(total, name) + getattr(part, name))
        boards.update(part.boards)
        digest.update(f"{part.sha256}\n".encode())
        total.shards.append(asdict(Part(key, part.postings, part.characters, part.bytes, part.sha256)))
    for reason in REASONS[1:]:
        setattr(total, reason, counts[reason])
    total.boards, total.sha256 = dict(sorted(boards.items())), digest.hexdigest()
    total.min_count = found.characters.min_count
    total.characters_mapped = found.characters.count(found.characters.mapped)
    total.characters_dropped = found.characters.count(found.characters.dropped)
    return total


def report(outcome: GatherOutcome, *, as_json: bool = False) -> None:
    """Print the outcome as a table, or as JSON, on stdout, and what needs attention on stderr."""
    for each in outcome.inputs:
        if each.status == "failed":
            say(f"failed: {each.reason}")
        elif each.mark and each.mark.damaged and each.status != "dropped":
            say(f"damaged: {each.mark.damaged}")
    reasons = [reason for each in outcome.inputs if each.mark and each.status == "read" for reason in each.mark.reasons]
    say(*(f"left out: {reason}" for reason in reasons[:_NAMED]))
    stay = [each for each in outcome.inputs if each.status != "dropped"]
    archives = [each.mark.archive for each in stay if each.mark and each.mark.archive]
    unknown = sum(found["unknown_hosts"] for found in archives if found["choice"] != "keep")
    if unknown:
        what = "left out" if archives[0]["choice"] == "leave-out" else "kept out of the corpus"
        say(
            f"{what}: pages of hosts whose robots.txt is not known ({counted(unknown, 'page')} with postings); name "
            "archives that have it with --robots, or take them with --unknown-hosts keep"
        )
    if outcome.outdated:
        read = counted(outcome.outdated, "input was", "inputs were")
        say(f"{read} read by another version of the program, or are to be read again; name the files to do so")
    if outcome.unsure:
        unsure = counted(outcome.unsure, "posting resembles", "postings resemble")
        say(f"{unsure} more others than were compared, so a few near-duplicates may be left")
    manifest = outcome.manifest
    if as_json:
        corpus = {"path": str(outcome.root / CORPUS), **asdict(manifest)} if manifest else None
        print_json(
            {
                "dataset": str(outcome.root),
                "inputs": [asdict(each) for each in outcome.inputs],
                "other_shards": outcome.others,
                "corpus": corpus,
            }
        )
        return
    shown = outcome.inputs[:_MOST_LISTED]
    rows = [_row(Path(each.path).name, each.status, [each]) for each in shown]
    if rest := outcome.inputs[_MOST_LISTED:]:
        rows.append(_row(f"{len(rest):,} more", "", rest))
    if outcome.others:
        note = "gathered before, and part of the dataset"
        rows.append((f"{outcome.others:,} not named", "known", 0, 0, 0, 0, "", note))
    print_table(_COLUMNS, rows, _STYLES)
    if manifest:
        left = [
            counted(getattr(manifest, reason), *names)
            for reason, names in _LEFT_OUT.items()
            if getattr(manifest, reason)
        ]
        kept_out = f"; left out: {', '.join(left)}" if left else ""
        print_result(
            f"{outcome.root / CORPUS}: {manifest.postings:,} of {counted(manifest.read, 'posting')}, "
            f"{counted(manifest.characters, 'character')}{kept_out}"
        )
    elif outcome.rows:
        say("no corpus: none of the postings may be trained on, or none has a text to learn")
    elif any(each.status == "dropped" for each in outcome.inputs):
        say("no corpus: the dataset has no postings any more")
    else:
        say("nothing was found: none of the files has a posting that can be read")


def _row(name: str, status: str, inputs: Sequence[InputOutcome]) -> tuple[object, ...]:
    marks = [each.mark for each in inputs if each.mark]
    failed = sum(each.status == "failed" for each in inputs)
    damaged = sum(bool(mark.damaged) for mark in marks)
    notes = [f"{count:,} {what}" for count, what in ((failed, "failed"), (damaged, "damaged")) if count]
    return (
        name,
        status,
        sum(mark.archive.get("pages", 0) for mark in marks),
        sum(mark.postings for mark in marks),
        sum(mark.no_training for mark in marks),
        sum(mark.unusable for mark in marks),
        inputs[0].key if len(inputs) == 1 else "",
        ", ".join(notes),
    )
