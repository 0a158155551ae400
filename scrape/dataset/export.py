"""Saved postings as rows for other programs: CSV, TSV, JSON, JSON Lines and Parquet, under the names of JobSpy.

All formats have the same columns. Rows are made one after the other, so that the texts of all postings are never in
memory together.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from scrape.common.console import as_json, safe_for_terminal, say
from scrape.common.errors import InputError
from scrape.common.files import write_whole_with
from scrape.common.posting import Posting
from scrape.dataset.index import SearchHit
from scrape.dataset.index.build import facts_of
from scrape.dataset.store import Store
from scrape.markup import document
from scrape.markup.reader import plain_text
from scrape.markup.simplify import simplify

Row = dict[str, Any]

_FIELDS = {  # the columns, and the fields of a hit where they have other names
    **{"id": "name", "site": "board", "job_url": "url", "title": "", "company": "", "location": ""},
    **{"date_posted": "date", "salary_source": "", "interval": "", "min_amount": "", "max_amount": "", "currency": ""},
    **{"is_remote": "", "description": "", "city": "", "region": "", "country": "", "remote_scope": "", "places": ""},
    **{"pay_year": "", "first_seen": "", "label": "", "excerpt": ""},
}
COLUMNS = tuple(_FIELDS)
"""The columns of every format. The names up to `description` are those of JobSpy, whose `id` is another."""
FORMATS = ("csv", "tsv", "json", "jsonl", "parquet")
DESCRIPTIONS = ("text", "html", "none")

_BEGIN_FORMULAS = ("=", "+", "-", "@", "\N{MINUS SIGN}")
_NUMBERS, _LISTS = ("min_amount", "max_amount", "pay_year"), ("places",)
_BATCH = 1000  # rows of Parquet that are in memory together


def rows(
    store: Store,
    hits: Iterable[SearchHit],
    labels: Mapping[str, str],
    columns: Sequence[str] = COLUMNS,
    description: str = "text",
) -> Iterator[Row]:
    """Yield the rows of postings, with these columns; `labels` has the answers of labeled ones by name.

    `description` is the text of a posting: `text`, `html` (bare markup) or `none`. A text that cannot be read is
    reported and left empty.
    """
    for hit in hits:
        row = {column: getattr(hit, field or column, None) for column, field in _FIELDS.items()}
        row |= {"label": labels.get(hit.name, ""), "places": list(hit.places)}
        if "description" in columns:
            row["description"] = "" if description == "none" else _description(store, hit.name, description)
        yield {column: row[column] for column in columns}


def posting_row(posting: Posting) -> Row:
    """Return the row of a posting as a board gave it, which is not saved."""
    text = plain_text(simplify(posting.html))
    facts = facts_of(posting, text) | {"description": text, "label": "", "excerpt": "", "first_seen": ""}
    return {
        column: facts[column] if column in facts else getattr(posting, field or column)
        for column, field in _FIELDS.items()
    }


def lines(rows: Iterable[Row], columns: Sequence[str], form: str, *, ascii_only: bool = False) -> Iterator[str]:
    """Yield the text of a file of rows in any format but Parquet, a row or so at a time, safe for a terminal.

    `ascii_only` escapes all other characters in JSON, for an output that cannot encode them.
    """
    if form in ("csv", "tsv"):
        yield from _delimited(rows, columns, "," if form == "csv" else "\t")
    elif form == "jsonl":
        yield from (as_json(row, ascii_only=ascii_only) + "\n" for row in rows)
    else:
        mark = "["
        for row in rows:
            yield f"{mark}\n{as_json(row, ascii_only=ascii_only)}"
            mark = ","
        yield "[]\n" if mark == "[" else "\n]\n"


def write(path: Path, rows: Iterable[Row], columns: Sequence[str], form: str) -> None:
    """Write rows to a file, whole or not at all. Raises InputError where Parquet is asked for and not installed."""
    if form == "parquet":
        require_parquet()
        write_whole_with(path, lambda file: _write_parquet(file, rows, columns))
    else:
        write_whole_with(
            path, lambda file: file.writelines(text.encode("utf-8") for text in lines(rows, columns, form))
        )


def format_of(path: Path) -> str:
    """Return the format that the end of a file's name says. Raises InputError."""
    form = path.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        endings = ", ".join(f".{each}" for each in FORMATS)
        raise InputError(f"{path} does not say its format; give it one of the endings {endings}")
    return form


def require_parquet() -> Any:
    """Return the module pyarrow. Raises InputError, with what to install."""
    try:
        return importlib.import_module("pyarrow")
    except ModuleNotFoundError as error:
        raise InputError("Parquet needs pyarrow; install the extra: python -m pip install -e '.[parquet]'") from error


def csv_cell(text: str) -> str:
    """Return a cell that a spreadsheet does not run: a quote before what begins like a formula makes it text.

    A spreadsheet may skip white space and what is invisible before a formula, takes wide signs for the usual ones, and
    may end a cell at a tab or a carriage return.
    """
    seen = (char for char in text if unicodedata.category(char)[0] not in "ZCM")
    is_formula = unicodedata.normalize("NFKC", next(seen, "")).startswith(_BEGIN_FORMULAS)
    return f"'{text}" if is_formula or text.startswith(("\t", "\r")) else text


def _description(store: Store, name: str, form: str) -> str:
    try:
        blocks = document.blocks_of(store.document(name))
    except InputError as error:
        say(f"without its text: {error}")
        return ""
    return blocks if form == "html" else plain_text(blocks)


def _delimited(rows: Iterable[Row], columns: Sequence[str], delimiter: str) -> Iterator[str]:
    table = io.StringIO()
    writer = csv.writer(table, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        yield table.getvalue()
        table.seek(0)
        table.truncate()
        writer.writerow([_cell(row[column]) for column in columns])
    yield table.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".removesuffix(".00")
    if isinstance(value, list):
        value = json.dumps(value, ensure_ascii=False)
    return safe_for_terminal(csv_cell("" if value is None else str(value)))


def _write_parquet(file: BinaryIO, rows: Iterable[Row], columns: Sequence[str]) -> None:
    arrow, parquet = require_parquet(), importlib.import_module("pyarrow.parquet")
    types = dict.fromkeys(COLUMNS, arrow.string()) | dict.fromkeys(_NUMBERS, arrow.float64())
    types |= {"is_remote": arrow.bool_()} | dict.fromkeys(_LISTS, arrow.list_(arrow.string()))
    schema = arrow.schema([(column, types[column]) for column in columns])
    waiting = iter(rows)
    with parquet.ParquetWriter(file, schema) as writer:
        while batch := list(islice(waiting, _BATCH)):
            writer.write_table(arrow.Table.from_pylist(batch, schema))
