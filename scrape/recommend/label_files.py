"""Files of labels: what `labels export` writes, and lines of a name or an address and an answer.

The verb `labels` lists, exports, imports and drops them. It needs no classifier, and so no extra.
"""

from __future__ import annotations

import csv
import io
import json
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path

from scrape.common.console import FAILED, OK, print_json, print_result, say
from scrape.common.errors import InputError
from scrape.common.files import read_text, require_place
from scrape.common.table import print_table
from scrape.dataset import export
from scrape.dataset.index import open_index
from scrape.dataset.store import Store, named_store
from scrape.fields.urls import canonical, is_web
from scrape.recommend.labels import FROM_FILE, NO, SKIPPED, YES, Label, drop_labels, open_labels
from scrape.recommend.saved_postings import LABEL_COLUMNS, label_rows

ANSWERS = {"y": YES, "n": NO, "s": SKIPPED, YES: YES, NO: NO, "skip": SKIPPED, SKIPPED: SKIPPED}
"""The answers as people write them."""


def read_labels(path: Path, addresses: Mapping[str, str]) -> list[Label]:
    """Return the labels of a file: CSV, JSON or JSON Lines with the columns of an export, or lines of text.

    `addresses` has the canonical address of each posting by its name. A line is a name or an address and an answer;
    empty lines and comments are left out. Raises InputError, with the place, for a label that cannot be read.
    """
    text = read_text(path, "name a file of labels")
    names = {address: name for name, address in addresses.items() if address}
    labels = []
    for place, (what, address, answer, at, chosen) in _written(path, text):
        if answer.strip().lower() not in ANSWERS:
            raise InputError(f"{place}: {answer.strip()!r} is not an answer; write a name or address, then y, n or s")
        named = names.get(canonical(what), "") if is_web(what) else what.strip()
        name = named if named in addresses else names.get(canonical(address), "")
        if not name:
            raise InputError(f"{place}: no posting is called {what.strip()!r}; give its name or its address")
        labels.append(Label(name, addresses[name], ANSWERS[answer.strip().lower()], at, chosen or FROM_FILE))
    return labels


def import_labels(store: Store, path: Path, addresses: Mapping[str, str]) -> int:
    """Add the labels of a file, all or none, and say how many there are of each kind."""
    found = read_labels(path, addresses)
    with open_labels(store.root) as opened:
        opened.put(*found)
    answers = [label.answer for label in found]
    counts = ", ".join(f"{answers.count(kind):,} {kind}" for kind in (YES, NO, SKIPPED))
    print_result(f"{len(found):,} labels added: {counts}")
    return OK


def labels(options: Namespace) -> int:
    """List the labels, write them to a file, read them from one, or drop some."""
    store = named_store(options.dataset, options.data_dir).require()
    if options.action == "drop":
        return _drop(store, options.what)
    with open_index(store) as index:
        if options.action == "import":
            return import_labels(store, options.file, index.addresses())
        rows = label_rows(store, index)
    if options.action == "export":
        form = export.format_of(require_place(options.file, "labels export"))
        if form == "parquet":
            raise InputError("labels are written as .csv, .tsv, .json or .jsonl")
        export.write(options.file, rows, LABEL_COLUMNS, form)
        say(f"written: {options.file}, {len(rows):,} labels")
    elif options.json:
        print_json(rows)
    elif rows:
        print_table(LABEL_COLUMNS, [list(row.values()) for row in rows])
    if not rows:
        say(f"there are no labels yet; run `{store.command('scrape.recommend label')}`")
    return OK if rows else FAILED


def _drop(store: Store, names_or_urls: list[str]) -> int:
    """Drop the labels of these postings; fail where one has none."""
    code = OK
    for what in names_or_urls:
        if drop_labels(store.root, {canonical(what)}):
            print_result(f"dropped: the label of {what}")
        else:
            say(f"{what} has no label")
            code = FAILED
    return code


_Written = tuple[str, str, str, str, str]


def _written(path: Path, text: str) -> Iterator[tuple[str, _Written]]:
    """Yield the place of each label, with name, address, answer, time and how it was chosen, as they are written."""
    for number, row in enumerate(_rows(path, text), 1):
        given = [row.get(column) for column in ("name", "url", "answer", "at", "chosen")]
        name, url, answer, at, chosen = (each if isinstance(each, str) else "" for each in given)
        yield f"{path}: label {number}", (name or url, url, answer, at, chosen)
    if _is_table(path, text):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            what, _, answer = line.strip().rpartition("\t" if "\t" in line else " ")
            yield f"{path}:{number}", (what, "", answer, "", "")


def _is_table(path: Path, text: str) -> bool:
    header = text.partition("\n")[0].strip().split(_delimiter(text))
    return path.suffix.lower() in (".json", ".jsonl") or {"name", "answer"} <= set(header)


def _delimiter(text: str) -> str:
    """Return what stands between the columns; spreadsheets of many countries write semicolons."""
    return max(",", "\t", ";", key=text.partition("\n")[0].count)


def _rows(path: Path, text: str) -> Iterator[dict[str, object]]:
    """Yield the rows of a file with columns; none of a file of lines. Raises InputError."""
    if not _is_table(path, text):
        return
    if path.suffix.lower() not in (".json", ".jsonl"):
        yield from csv.DictReader(io.StringIO(text), delimiter=_delimiter(text))
        return
    try:
        whole = path.suffix.lower() == ".json"
        rows = json.loads(text) if whole else [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON ({error}); export the labels again") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path} is not a list of labels; export the labels again")
    yield from rows
