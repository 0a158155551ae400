"""Compile the postings of a dataset into one text for a network to learn.

    data/<dataset>/input.txt         every document, end to end, in an order that mixes boards and places
    data/<dataset>/attribution.tsv   line n is the source of the nth document: name, board, address, title
    data/<dataset>/manifest.json     what went in, and what was left out

Each document is read once and scrubbed. The scrubbed text waits in a temporary file until near-duplicates are known and
all characters are counted, so memory holds one document at a time. Where a rare character is replaced or dropped, the
text is scrubbed again as it will be written.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from scrape.common.console import progress, say
from scrape.common.errors import InputError
from scrape.common.files import write_whole, write_whole_with
from scrape.common.posting import Posting
from scrape.dataset.corpus.characters import CharacterMap
from scrape.dataset.corpus.near_duplicates import NearDuplicates
from scrape.dataset.corpus.pii import scrub
from scrape.dataset.store import INPUT, FileStore
from scrape.markup import grammar

ATTRIBUTION, MANIFEST = "attribution.tsv", "manifest.json"
_FORMAT = 4  # rises when the same postings would make another corpus

_spaces = re.compile(r" {2,}")
_edge = re.compile(r"(<(?:p|li|h\d)>) +| +(</(?:p|li|h\d)>)")


@dataclass
class Manifest:
    """The contents of a corpus, and what was left out. Counts are of postings unless their name says otherwise.

    `no_training` counts those whose board permits no training.
    """

    postings: int = 0
    characters: int = 0
    bytes: int = 0
    sha256: str = ""
    boards: dict[str, int] = field(default_factory=dict)
    without_body: int = 0
    no_training: int = 0
    near_duplicates: int = 0
    repaired: int = 0
    emails_scrubbed: int = 0
    phones_scrubbed: int = 0
    min_count: int = 0
    characters_mapped: dict[str, int] = field(default_factory=dict)
    characters_dropped: dict[str, int] = field(default_factory=dict)
    made_from: str = ""

    def summary(self, path: Path) -> str:
        """One line about the corpus at `path`."""
        kept_out = f"; {self.no_training:,} kept out, whose board permits no training" if self.no_training else ""
        return f"{path}: {self.postings:,} postings, {self.characters:,} characters{kept_out}"


def compile_corpus(store: FileStore) -> Manifest:
    """Write the corpus of `store` unless it is up to date, and return its manifest.

    Characters beyond ASCII that occur fewer than `characters.MIN_COUNT` times (in a corpus below a million characters:
    in proportion) become their ASCII equal or are dropped. E-mail addresses and telephone numbers are replaced.
    Near-duplicates of an earlier posting and postings marked `no_training` are left out. Raises InputError where there
    is no posting to compile.
    """
    made_from = _fingerprint(store)
    current = _current(store.root, made_from)
    if current:
        return current
    store.root.mkdir(parents=True, exist_ok=True)
    manifest = Manifest(made_from=made_from)
    with TemporaryFile(dir=store.root) as spool:
        documents, characters = _read_all(store, spool, manifest)
        if not documents and manifest.no_training:
            raise InputError(f"no posting in {store.postings} may be trained on; search boards that permit it")
        if not documents:
            raise InputError(f"no posting in {store.postings} has a text to learn; {store.how_to_fill()}")
        _write(store, spool, documents, characters, manifest)
    return manifest


def _fingerprint(store: FileStore) -> str:
    """Return a fingerprint of the names and sizes of all documents, from which a corpus is made."""
    digest = hashlib.sha256(f"{_FORMAT}".encode())
    for name in store.document_names():
        digest.update(f"\n{name} {store.document_path(name).stat().st_size}".encode())
    return digest.hexdigest()


def _current(root: Path, made_from: str) -> Manifest | None:
    """Return the manifest on disk, if its corpus is whole and no document is newer."""
    try:
        manifest = Manifest(**json.loads((root / MANIFEST).read_bytes()))
        corpus = (root / INPUT).stat()
    except (OSError, ValueError, TypeError):
        return None
    if manifest.made_from != made_from or corpus.st_size != manifest.bytes or not (root / ATTRIBUTION).exists():
        return None
    newest = max((path.stat().st_mtime_ns for path in (root / "postings").iterdir()), default=0)
    return manifest if newest <= corpus.st_mtime_ns else None


@dataclass(frozen=True, slots=True)
class _Document:
    """A scrubbed document in the temporary file, `size` bytes from `start`."""

    name: str
    start: int
    size: int
    emails: int
    phones: int

    def read(self, spool: BinaryIO) -> str:
        spool.seek(self.start)
        return spool.read(self.size).decode("utf-8")


def _read_all(store: FileStore, spool: BinaryIO, manifest: Manifest) -> tuple[list[_Document], CharacterMap]:
    """Read and scrub every document into `spool`; return those that go into the corpus, and their characters."""
    documents: list[_Document] = []
    counts: Counter[str] = Counter()
    with TemporaryFile(dir=store.root) as file:
        seen = NearDuplicates(file)
        # In the order of their names' hashes: boards and places mix, and a new posting moves none of the others.
        names = sorted(store.document_names(), key=lambda name: hashlib.sha256(name.encode()).digest())
        for name in progress(names, desc="reading", unit=" postings"):
            if store.head(name).no_training:
                manifest.no_training += 1
                continue
            scrubbed = scrub(store.document(name))
            if not any(grammar.OPEN[tag] in scrubbed.text for tag in grammar.BLOCKS):
                manifest.without_body += 1
                continue
            data = scrubbed.text.encode("utf-8")
            documents.append(_Document(name, spool.tell(), len(data), scrubbed.emails, scrubbed.phones))
            spool.write(data)
            seen.add(scrubbed.text)
            counts.update(scrubbed.text)
        later, unsure = seen.later()
    if unsure:
        say(f"{unsure:,} postings resemble more others than were compared, so a few near-duplicates may be left")
    repeated = set(later.tolist())
    for position in repeated:
        counts.subtract(documents[position].read(spool))
    manifest.near_duplicates = len(repeated)
    return [document for position, document in enumerate(documents) if position not in repeated], CharacterMap(+counts)


def _write(
    store: FileStore, spool: BinaryIO, documents: list[_Document], characters: CharacterMap, manifest: Manifest
) -> None:
    """Write the three files, the manifest last: it vouches for the other two."""
    digest = hashlib.sha256()
    boards: Counter[str] = Counter()
    attributions: list[str] = []

    def stream(file: BinaryIO) -> None:
        for document in progress(documents, desc="writing", unit=" postings"):
            text = finish(document.read(spool), characters.table, manifest)
            data = text.encode("utf-8")
            file.write(data)
            digest.update(data)
            manifest.characters += len(text)
            manifest.bytes += len(data)
            posting = store.head(document.name)
            boards[posting.board] += 1
            attributions.append(attribution(posting))

    write_whole_with(store.root / INPUT, stream)
    manifest.postings = len(documents)
    manifest.sha256 = digest.hexdigest()
    manifest.boards = dict(boards)
    manifest.emails_scrubbed += sum(document.emails for document in documents)
    manifest.phones_scrubbed += sum(document.phones for document in documents)
    manifest.min_count = characters.min_count
    manifest.characters_mapped = characters.count(characters.mapped)
    manifest.characters_dropped = characters.count(characters.dropped)
    write_whole(store.root / ATTRIBUTION, "".join(attributions))
    write_whole(store.root / MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1) + "\n")


def attribution(posting: Posting) -> str:
    """Return the line that says where a document of the corpus is from: name, board, address, title."""
    source = (posting.name, posting.board, posting.url, posting.title)
    return "\t".join(map(grammar.normalize, source)) + "\n"


def finish(scrubbed: str, table: Mapping[int, str], manifest: Manifest) -> str:
    """Return a scrubbed document in the characters of the corpus, repaired where these or the scrubbing broke it.

    `table` is that of a CharacterMap. What was scrubbed again and repaired is counted in the manifest.
    """
    text = scrubbed.translate(table)
    if text != scrubbed:
        again = scrub(_edge.sub(r"\1\2", _spaces.sub(" ", text)))
        text = again.text
        manifest.emails_scrubbed += again.emails
        manifest.phones_scrubbed += again.phones
    if grammar.find_error(text):
        manifest.repaired += 1
        text = grammar.repair(text)
    return text
