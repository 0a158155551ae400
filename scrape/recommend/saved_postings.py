"""The saved postings and their labels, as rows for Python and for the commands.

rows = scrape.find("python -java", place="Berlin", remote=True, min_pay=60_000, currency="EUR", label="none")
scrape.to_dataframe(rows)
"""

from __future__ import annotations

import importlib
from argparse import ArgumentTypeError
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from scrape.common.errors import InputError
from scrape.common.posting import Posting
from scrape.dataset import export
from scrape.dataset.export import Row
from scrape.dataset.index import Filters, PostingIndex, open_index
from scrape.dataset.store import Store, named_store
from scrape.fields import match, pay
from scrape.fields.pay import least_pay
from scrape.recommend.labels import FILE, SKIPPED, Label, current_answers, open_labels

SORTS = ("match", "new", "pay")
LABELS = ("yes", "no", "skip", "none")
"""What a posting can be asked for by its label."""
LABEL_COLUMNS = ("name", "url", "title", "answer", "at", "chosen")


def find(
    words: str = "",
    *,
    dataset: str = "",
    data_dir: str | Path = "",
    title: str | Sequence[str] = (),
    place: str | Sequence[str] = (),
    place_not: str | Sequence[str] = (),
    company: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
    remote: bool | None = None,
    min_pay: float | str = 0.0,
    currency: str = "",
    pay_or_unknown: bool = False,
    board: str | Sequence[str] = (),
    since: str = "",
    label: str = "",
    sort: str = "match",
    limit: int | None = None,
    description: str = "text",
) -> list[Row]:
    """Return the saved postings that match, as dictionaries with the columns of `python -m scrape find --json`.

    Arguments mean what the options of that command mean; of several titles, places, companies or boards one has to
    match. `min_pay` is an amount for a year, or a text such as `45/hour`; a `limit` of 0 is none. Raises InputError.
    """
    if limit is not None and limit < 0:
        raise InputError(f"the limit is {limit:,}; give a whole number of at least 0, where 0 is no limit")
    amount, code = _amount(min_pay, currency)
    _require("sort", sort, SORTS)
    _require("description", description, export.DESCRIPTIONS)
    asked = Filters(
        words=words,
        titles=_several(title),
        places=_several(place),
        not_places=_several(place_not),
        companies=_several(company),
        exclude=_several(exclude),
        remote=remote,
        min_pay=amount,
        currency=code,
        keep_unpaid=pay_or_unknown,
        boards=_several(board),
        since=match.since(since, date.today()),
    )
    store = named_store(dataset, str(data_dir)).require()
    with open_index(store) as index:
        answers = answers_of(store, index)
        hits = index.rows(labeled(asked, answers, label), sort=sort, limit=limit or None)
    return list(export.rows(store, hits, answers, description=description))


def labels(dataset: str = "", *, data_dir: str | Path = "") -> list[Row]:
    """Return the labels of a dataset, the latest last, with the columns of `python -m scrape.recommend labels`."""
    store = named_store(dataset, str(data_dir)).require()
    with open_index(store) as index:
        return label_rows(store, index)


def to_dataframe(rows: Iterable[Row | Posting]) -> Any:
    """Return rows of `find`, or postings of `search`, as a pandas DataFrame. Raises InputError without pandas."""
    try:
        pandas = importlib.import_module("pandas")
    except ModuleNotFoundError as error:
        raise InputError("a DataFrame needs pandas; install it: python -m pip install pandas") from error
    made = [export.posting_row(row) if isinstance(row, Posting) else row for row in rows]
    return pandas.DataFrame(made) if made else pandas.DataFrame(columns=export.COLUMNS)


def answers_of(store: Store, index: PostingIndex) -> dict[str, str]:
    """Return the answer of each labeled posting by its name."""
    if not (store.root / FILE).exists():
        return {}
    with open_labels(store.root) as opened:
        given = opened.all()
    return current_answers(given, index.addresses({mark for label in given for mark in (label.name, label.address)}))


def labeled(filters: Filters, answers: Mapping[str, str], label: str) -> Filters:
    """Return filters that also ask for a label, which is one of `LABELS`, or empty for any. Raises InputError."""
    if not label:
        return filters
    _require("label", label, LABELS)
    if label == "none":
        return replace(filters, without=filters.without | answers.keys())
    answer = SKIPPED if label == "skip" else label
    return replace(filters, names=frozenset(name for name, given in answers.items() if given == answer))


def label_rows(store: Store, index: PostingIndex) -> list[Row]:
    """Return the labels with the titles of their postings, in the order in which they were given."""
    if not (store.root / FILE).exists():
        return []
    with open_labels(store.root) as opened:
        given = opened.all()
    return [dict(zip(LABEL_COLUMNS, _label_row(label, index), strict=True)) for label in given]


def _label_row(label: Label, index: PostingIndex) -> tuple[str, ...]:
    hit = index.row(label.name)
    return label.name, label.address, hit.title if hit else "", label.answer, label.at, label.chosen


def _amount(min_pay: float | str, currency: str) -> tuple[float, str]:
    """Return an amount for a year and the code of its currency."""
    try:
        amount, named = least_pay(min_pay) if isinstance(min_pay, str) else (float(min_pay), "")
        return amount, pay.currency(currency) if currency else named or "USD"
    except ArgumentTypeError as error:
        raise InputError(str(error)) from error


def _several(given: str | Sequence[str]) -> tuple[str, ...]:
    return tuple(filter(None, [given] if isinstance(given, str) else given))


def _require(what: str, given: str, choices: Sequence[str]) -> None:
    if given not in choices:
        raise InputError(f"there is no {what} {given!r}; there are: {', '.join(choices)}")
