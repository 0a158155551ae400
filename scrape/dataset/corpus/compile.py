"""Compile the postings of a dataset into one text for a network to learn.

    data/<dataset>/input.txt         every document, end to end, in an order that mixes boards and places
    data/<dataset>/attribution.tsv   line n says whence the nth document is: name, board, address, title
    data/<dataset>/manifest.json     what went in, and what was left out

Two passes over the postings, with one of them in memory at a time: the survey finds near-identical postings and
counts characters, the second pass writes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

from scrape.common.console import progress
from scrape.common.errors import InputError
from scrape.common.files import write_whole, write_whole_with
from scrape.dataset.corpus.characters import MIN_COUNT, Alphabet
from scrape.dataset.corpus.near_duplicates import later_twins, signature
from scrape.dataset.corpus.pii import Scrubbed, scrub
from scrape.dataset.store import INPUT, Store
from scrape.markup import grammar

ATTRIBUTION, MANIFEST = "attribution.tsv", "manifest.json"
_FORMAT = 1  # rises when the same postings would make another corpus

_spaces = re.compile(r" {2,}")
_edge = re.compile(r"(<(?:p|li|h\d)>) +| +(</(?:p|li|h\d)>)")


@dataclass(frozen=True)
class Survey:
    """What the first pass found: the names that go in, in order, and the alphabet they will be written in."""

    names: list[str]
    alphabet: Alphabet
    without_body: int
    near_identical: int


@dataclass
class Manifest:
    """What a corpus was made of. Counts are of postings unless their name says otherwise."""

    postings: int = 0
    characters: int = 0
    bytes: int = 0
    sha256: str = ""
    boards: dict[str, int] = field(default_factory=dict)
    without_body: int = 0
    near_identical: int = 0
    mended: int = 0
    emails_scrubbed: int = 0
    phones_scrubbed: int = 0
    min_count: int = 0
    characters_mapped: dict[str, int] = field(default_factory=dict)
    characters_dropped: dict[str, int] = field(default_factory=dict)
    made_from: str = ""

    def summary(self, path: Path) -> str:
        """One line about the corpus at `path`."""
        return f"{path}: {self.postings:,} postings, {self.characters:,} characters"


def compile_corpus(store: Store, *, min_count: int = MIN_COUNT, scrubbed: bool = True) -> Manifest:
    """Write the corpus of `store`, unless it stands there already; its manifest either way.

    Characters beyond ASCII that occur fewer than `min_count` times (in a corpus below a million characters: in
    proportion) become their ASCII equal or go. Near-identical postings are kept once; e-mail addresses and telephone
    numbers are replaced unless `scrubbed` is false. Raises InputError where there is no posting to compile.
    """
    made_from = _fingerprint(store, min_count, scrubbed)
    standing = _standing(store.root, made_from)
    if standing:
        return standing
    survey = _survey(store, min_count, scrubbed)
    if not survey.names:
        raise InputError(f"no posting in {store.postings} has a text to learn; run scripts/scrape.sh first")
    manifest = Manifest(
        without_body=survey.without_body,
        near_identical=survey.near_identical,
        min_count=survey.alphabet.min_count,
        characters_mapped=survey.alphabet.count(survey.alphabet.mapped),
        characters_dropped=survey.alphabet.count(survey.alphabet.dropped),
        made_from=made_from,
    )
    _write(store, survey, scrubbed, manifest)
    return manifest


# ---------------------------------------------------------------------- is there anything to do?


def _fingerprint(store: Store, min_count: int, scrubbed: bool) -> str:
    """The settings, and the name and size of every document: what a corpus is made from."""
    digest = hashlib.sha256(f"{_FORMAT} {min_count} {scrubbed}".encode())
    for name in store.document_names():
        digest.update(f"\n{name} {store.document_path(name).stat().st_size}".encode())
    return digest.hexdigest()


def _standing(root: Path, made_from: str) -> Manifest | None:
    """The manifest on disk, where its corpus is whole and no document is newer."""
    try:
        manifest = Manifest(**json.loads((root / MANIFEST).read_bytes()))
        corpus = (root / INPUT).stat()
    except (OSError, ValueError, TypeError):
        return None
    if manifest.made_from != made_from or corpus.st_size != manifest.bytes or not (root / ATTRIBUTION).exists():
        return None
    newest = max((path.stat().st_mtime_ns for path in (root / "postings").iterdir()), default=0)
    return manifest if newest <= corpus.st_mtime_ns else None


# ---------------------------------------------------------------------- first pass


def _survey(store: Store, min_count: int, scrubbed: bool) -> Survey:
    names: list[str] = []
    without_body = 0
    signatures = bytearray()
    counts: Counter[str] = Counter()
    for name in progress(_in_order(store), desc="reading", unit=" postings"):
        text = _scrubbed(store, name, scrubbed).text
        if not _has_body(text):
            without_body += 1
            continue
        names.append(name)
        signatures += signature(text)
        counts.update(text)
    twins = later_twins(signatures)
    for position in twins:
        counts.subtract(_scrubbed(store, names[position], scrubbed).text)
    kept = [name for position, name in enumerate(names) if position not in twins]
    return Survey(kept, Alphabet.of(+counts, min_count), without_body, len(twins))


def _in_order(store: Store) -> list[str]:
    """By the hash of the name: boards and places mix, and a new posting moves none of the others."""
    return sorted(store.document_names(), key=lambda name: hashlib.sha256(name.encode()).digest())


def _scrubbed(store: Store, name: str, scrubbed: bool) -> Scrubbed:
    text = store.document(name)
    return scrub(text) if scrubbed else Scrubbed(text)


def _has_body(text: str) -> bool:
    return any(grammar.OPEN[tag] in text for tag in grammar.BLOCKS)


# ---------------------------------------------------------------------- second pass


def _write(store: Store, survey: Survey, scrubbed: bool, manifest: Manifest) -> None:
    """Write the three files, the manifest last: it vouches for the other two."""
    digest = hashlib.sha256()
    attributions: list[str] = []

    def stream(file: BinaryIO) -> None:
        for name in progress(survey.names, desc="writing", unit=" postings"):
            text = _final(_scrubbed(store, name, scrubbed), survey.alphabet, manifest)
            data = text.encode("utf-8")
            file.write(data)
            digest.update(data)
            manifest.characters += len(text)
            manifest.bytes += len(data)
            attributions.append(_attribution(store, name, manifest))

    write_whole_with(store.root / INPUT, stream)
    manifest.postings = len(survey.names)
    manifest.sha256 = digest.hexdigest()
    write_whole(store.root / ATTRIBUTION, "".join(attributions))
    write_whole(store.root / MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1) + "\n")


def _final(scrubbed: Scrubbed, alphabet: Alphabet, manifest: Manifest) -> str:
    """The document as the corpus has it; the manifest counts what was done to it."""
    manifest.emails_scrubbed += scrubbed.emails
    manifest.phones_scrubbed += scrubbed.phones
    text = alphabet.written(scrubbed.text)
    if text != scrubbed.text:
        text = _edge.sub(r"\1\2", _spaces.sub(" ", text))
    if grammar.find_error(text):
        manifest.mended += 1
        text = grammar.repair(text)
    return text


def _attribution(store: Store, name: str, manifest: Manifest) -> str:
    posting = store.head(name)
    manifest.boards[posting.board] = manifest.boards.get(posting.board, 0) + 1
    return "\t".join(grammar.normalize(part) for part in (name, posting.board, posting.url, posting.title)) + "\n"
