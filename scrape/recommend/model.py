"""A learned taste on disk, `taste.npz`: plain arrays and a line of JSON, which cannot run code when they are read."""

from __future__ import annotations

import io
import json
import platform
import zipfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrape.common.errors import InputError
from scrape.common.files import write_whole
from scrape.recommend import rows
from scrape.recommend.classifier import Line, Taste
from scrape.recommend.weigh import WEIGHTS, Scale

FILE = "taste.npz"
_FORMAT = 1
_PACKAGES = ("dream-jobs", "numpy", "scikit-learn", "scipy")
_AGAIN = "run `python -m scrape.recommend train`"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a taste was made of: how many yes and no, and the versions of what made it."""

    yes: int
    no: int
    versions: dict[str, str]


def stamp(yes: int, no: int) -> Stamp:
    """A stamp of this installation."""
    return Stamp(yes, no, {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES})


def save(root: Path, taste: Taste, made: Stamp) -> None:
    """Write the taste of a dataset, whole; only the columns that have something to say are kept."""
    told = np.flatnonzero(taste.scale.frequency)
    spoken = np.flatnonzero(taste.line.coef)
    about = _expected() | {
        "yes": made.yes,
        "no": made.no,
        "versions": made.versions,
        "known": taste.scale.known,
        "bias": taste.line.bias,
        "slope": taste.slope,
        "shift": taste.shift,
    }
    whole = io.BytesIO()
    np.savez_compressed(
        whole,
        about=np.frombuffer(json.dumps(about).encode(), np.uint8),
        frequency_columns=told.astype(np.uint32),
        frequency=taste.scale.frequency[told],
        coef_columns=spoken.astype(np.uint32),
        coef=taste.line.coef[spoken],
    )
    write_whole(root / FILE, whole.getvalue())


def load(root: Path) -> tuple[Taste, Stamp]:
    """The taste of a dataset. Raises InputError where there is none, or one that this version cannot use."""
    path = root / FILE
    if not path.exists():
        raise InputError(f"there is no taste {path} yet; label some postings and {_AGAIN}")
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            about = json.loads(arrays["about"].tobytes())
            _check(about)
            frequency = _spread(arrays["frequency_columns"], arrays["frequency"], np.uint32)
            coef = _spread(arrays["coef_columns"], arrays["coef"], np.float32)
        line = Line(coef, _finite(about["bias"]))
        taste = Taste(Scale(int(about["known"]), frequency), line, _finite(about["slope"]), _finite(about["shift"]))
        return taste, Stamp(int(about["yes"]), int(about["no"]), dict(about["versions"]))
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} cannot be used ({error}); {_AGAIN}") from error


def _expected() -> dict[str, Any]:
    """What must be the same in the program that reads as in the one that wrote."""
    return {"format": _FORMAT, "rows": rows.VERSION, "columns": rows.COLUMNS, "weights": list(WEIGHTS.items())}


def _check(about: dict[str, Any]) -> None:
    expected = json.loads(json.dumps(_expected()))
    if any(about.get(name) != value for name, value in expected.items()):
        raise ValueError("it was made by another version of this program")


def _spread(columns: NDArray[Any], values: NDArray[Any], kind: type[np.generic]) -> NDArray[Any]:
    """(COLUMNS,): the values at their columns, 0 elsewhere. Raises ValueError for what `save` does not write."""
    ascending = columns.dtype == np.uint32 and columns.ndim == 1 and bool((np.diff(columns.astype(np.int64)) > 0).all())
    if not ascending or columns.shape != values.shape or values.dtype != kind or not np.isfinite(values).all():
        raise ValueError("its arrays are not a taste's")
    if len(columns) and columns[-1] >= rows.COLUMNS:
        raise ValueError("it has a column too many")
    whole = np.zeros(rows.COLUMNS, kind)
    whole[columns] = values
    return whole


def _finite(value: Any) -> float:
    if not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError(f"{value!r} is not a number")
    return float(value)
