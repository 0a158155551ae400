"""The second stage, in one process: which postings of all shards go into the corpus, and in which characters.

A posting is left out for the first reason that holds: it was removed, another one has its name or address, its board
permits no training, it has no body, or it nearly repeats an earlier one. These are the rules of a dataset of files, and
the order is that of its corpus, so that the same postings give the same documents.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrape.cluster.facts import NO_TRAINING, REMOVED, WITHOUT_BODY, ShardFacts, mark_digest, rare_counts
from scrape.cluster.read import shard_path
from scrape.common.files import write_whole
from scrape.dataset.corpus.characters import CharacterMap
from scrape.dataset.corpus.near_duplicates import SIGNATURE_WORDS, Shingles, later_near_duplicates, shingles
from scrape.dataset.corpus.pii import scrub
from scrape.dataset.shards import read_frame, read_row

SURVEY = "survey.npz"
KEPT = "kept"
REASONS = (KEPT, "removed", "same_address", "no_training", "without_body", "near_duplicates")
"""The reasons for which a posting is not in the corpus, by their numbers in a survey."""
_REMOVED, _SAME_ADDRESS, _NO_TRAINING, _WITHOUT_BODY, _NEAR_DUPLICATE = range(1, len(REASONS))

Numbers = NDArray[np.uint8]


@dataclass(frozen=True)
class Survey:
    """The postings that are left out, and the characters.

    `reasons` has, for each shard by its key, a number of REASONS for each of its rows; `characters` maps the characters
    of the corpus; `unsure` counts postings that were not compared with all that may be alike.
    """

    made_from: str
    reasons: Mapping[str, Numbers]
    characters: CharacterMap
    unsure: int

    def kept(self, key: str) -> NDArray[np.bool_]:
        """Return which rows of a shard go into the corpus."""
        kept: NDArray[np.bool_] = self.reasons[key] == 0
        return kept

    def counts(self) -> dict[str, int]:
        """Return the number of postings kept, and left out by reason."""
        total = sum(
            (np.bincount(of, minlength=len(REASONS)) for of in self.reasons.values()), np.zeros(len(REASONS), int)
        )
        return dict(zip(REASONS, map(int, total), strict=True))


def survey(root: Path, facts: Mapping[str, ShardFacts], removed: Collection[str], program: str) -> Survey:
    """Return the survey of the shards with these facts, by key, from disk where it is up to date.

    `removed` are the names and canonical addresses of postings that must not come back.
    """
    digest = hashlib.sha256(program.encode())
    for key in sorted(facts):
        digest.update(f"\n{key} {facts[key].sha256}".encode())
    for mark in sorted(removed):
        digest.update(f"\n{mark}".encode("utf-8", "surrogatepass"))
    made_from = digest.hexdigest()
    found = _saved(root / SURVEY, made_from)
    if found is None:
        found = _Surveyor(root, [(key, facts[key]) for key in sorted(facts)]).survey(removed, made_from)
        _save(root / SURVEY, found)
    return found


class _Surveyor:
    """All rows of all shards, in the order of the keys, as arrays: about 450 bytes a posting."""

    def __init__(self, root: Path, shards: Sequence[tuple[str, ShardFacts]]) -> None:
        self.root, self.shards = root, shards
        self.starts = np.concatenate([[0], np.cumsum([facts.rows for _, facts in shards], dtype=np.int64)]).astype(
            np.intp
        )
        self.names = self._joined("name")
        self.flags = self._joined("flags")
        self.reasons = np.where(self.flags & REMOVED, _REMOVED, 0).astype(np.uint8)

    def survey(self, removed: Collection[str], made_from: str) -> Survey:
        self._leave_out_same(removed)
        kept = self.reasons == 0
        self.reasons[kept & (self.flags & NO_TRAINING > 0)] = _NO_TRAINING
        self.reasons[(self.reasons == 0) & (self.flags & WITHOUT_BODY > 0)] = _WITHOUT_BODY
        unsure = self._leave_out_near_duplicates()
        by_key = {key: self._of(self.reasons, number) for number, (key, _) in enumerate(self.shards)}
        return Survey(made_from, by_key, self._characters(), unsure)

    def _joined(self, field: str) -> NDArray[Any]:
        parts = [facts.records[field] for _, facts in self.shards]
        return np.concatenate(parts) if parts else np.zeros(0, np.uint8)

    def _of(self, values: NDArray[Any], number: int) -> NDArray[Any]:
        """Return the part of an array over all rows that belongs to a shard."""
        return values[self.starts[number] : self.starts[number + 1]]

    def _leave_out_same(self, removed: Collection[str]) -> None:
        """Leave out what was removed and, of postings with one name or address, all but the one whose name sorts first.

        Where any of these forbids training, the one that is kept does.
        """
        addresses = self._joined("address")
        gone = np.array(sorted(map(mark_digest, removed)), "S16")
        self.reasons[np.isin(self.names, gone) | (np.isin(addresses, gone) & (addresses != b""))] = _REMOVED
        rows = np.flatnonzero(self.reasons == 0)
        shared = rows[_repeated(self.names[rows]) | (_repeated(addresses[rows]) & (addresses[rows] != b""))]
        owner: dict[bytes, int] = {}
        for _, row in sorted(zip(self._names_of(shared), shared.tolist(), strict=True)):
            marks = [b"n" + self.names[row], *([b"a" + addresses[row]] if addresses[row] else [])]
            owners = {owner[mark] for mark in marks if mark in owner}
            if not owners:
                owner.update(dict.fromkeys(marks, row))
                continue
            self.reasons[row] = _SAME_ADDRESS
            for kept in owners:
                self.flags[kept] |= self.flags[row] & NO_TRAINING

    def _names_of(self, rows: NDArray[np.intp]) -> list[str]:
        found: list[str] = []
        for number, (_, facts) in enumerate(self.shards):
            start, end = np.searchsorted(rows, self.starts[number : number + 2])
            if start < end:
                found += facts.names(rows[start:end] - self.starts[number])
        return found

    def _leave_out_near_duplicates(self) -> int:
        """Compare the documents in the order of the corpus of a dataset of files; return how many were not sure."""
        rows = np.flatnonzero(self.reasons == 0)
        rows = rows[np.argsort(self.names[rows], kind="stable")]
        place = np.zeros(len(self.reasons), np.intp)
        place[rows] = np.arange(len(rows))
        table = np.empty((len(rows), SIGNATURE_WORDS), np.uint32)
        for number, (_, facts) in enumerate(self.shards):
            chosen = np.flatnonzero(self._of(self.reasons, number) == 0)
            table[place[chosen + self.starts[number]]] = facts.signatures[chosen]

        def shingles_of(position: int) -> Shingles:
            return shingles(scrub(self._document(int(rows[position]))).text)

        found = later_near_duplicates(table, shingles_of)
        self.reasons[rows[found.rows]] = _NEAR_DUPLICATE
        return found.unsure

    def _document(self, row: int) -> str:
        number = int(np.searchsorted(self.starts, row, side="right")) - 1
        key, facts = self.shards[number]
        shard, place = shard_path(self.root, key), facts.place(row - int(self.starts[number]))
        found = read_row(shard, read_frame(shard, place.offset, place.size), place.row)
        return found.document if found else ""

    def _characters(self) -> CharacterMap:
        """Count the characters of the documents that are kept. Those of ASCII always stay, and count as one of them."""
        counts: Counter[str] = Counter()
        total = 0
        for number, (_, facts) in enumerate(self.shards):
            kept = self._of(self.reasons, number) == 0
            counts += rare_counts(facts, kept)
            total += int(facts.records["characters"][kept].sum(dtype=np.int64))
        counts[" "] = total - counts.total()
        return CharacterMap(counts)


def _repeated(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which values occur more than once."""
    order = np.argsort(values, kind="stable")
    same = np.zeros(len(values), bool)
    same[1:] = values[order[1:]] == values[order[:-1]]
    same[:-1] |= same[1:]
    found = np.empty(len(values), bool)
    found[order] = same
    return found


def _save(path: Path, found: Survey) -> None:
    """Write a survey: the reasons one after the other, and what JSON can say as JSON."""
    head = {
        "made_from": found.made_from,
        "unsure": found.unsure,
        "characters": dict(sorted(found.characters.counts.items())),
        "rows": {key: len(of) for key, of in found.reasons.items()},
    }
    reasons = np.concatenate([*found.reasons.values(), np.zeros(0, np.uint8)])
    file = io.BytesIO()
    np.savez_compressed(file, head=np.frombuffer(json.dumps(head).encode(), np.uint8), reasons=reasons)
    write_whole(path, file.getvalue())


def _saved(path: Path, made_from: str) -> Survey | None:
    """Return the survey on disk; None where there is none, it is damaged, or it is of something else."""
    try:
        with np.load(path, allow_pickle=False) as found:
            head = json.loads(found["head"].tobytes())
            if head["made_from"] != made_from:
                return None
            ends = np.cumsum([*head["rows"].values()], dtype=np.intp)
            by_key = dict(zip(head["rows"], np.split(found["reasons"], ends), strict=False))
            return Survey(made_from, by_key, CharacterMap(Counter(head["characters"])), head["unsure"])
    except Exception:  # whatever is wrong with it, it is made again
        return None
