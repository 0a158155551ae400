"""Make a dataset of any text: files, folders or standard input become data/<name>/input.txt and its manifest.json.

The text is UTF-8 without byte order marks, and each line ends with a newline. The manifest says what was read and how:
`kind` is "text" (or "postings", of a corpus from elsewhere), and `by` says whether the whole is one text, or each line
is a text of its own.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from charrnn.data.corpus import (
    BY_LINE,
    BY_TEXT,
    BYTE_ORDER_MARK,
    MANIFEST,
    POSTING_BEGIN,
    POSTINGS,
    TEXT,
    has_text,
    read_manifest,
)
from scrape.common.console import say
from scrape.common.errors import InputError
from scrape.common.files import read_text, write_whole
from scrape.common.suggest import did_you_mean
from scrape.markup import document, grammar

STDIN = "-"
LEAST = 100  # characters to train and validate on
SHORT = 20_000  # characters, below which a network learns little but the text by heart

_TAKEN = {"demo", "jobs", "showcase"}  # names that the datasets and the network of this project have
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Of encodings that are neither UTF-8 nor marked; without this list, rare ones win where several fit.
_GUESSED = [
    "cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp932", "euc_jp", "gb18030",
    "big5", "euc_kr",
]  # fmt: skip
_GUESS_FROM = 200_000  # bytes
_CODE = frozenset([
    ".asm", ".c", ".cc", ".clj", ".cpp", ".cs", ".css", ".el", ".erl", ".ex", ".f90", ".go", ".h", ".hpp", ".hs",
    ".html", ".java", ".jl", ".js", ".json", ".kt", ".lisp", ".lua", ".m", ".ml", ".php", ".pl", ".ps1", ".py", ".r",
    ".rb", ".rs", ".scala", ".scm", ".sh", ".sql", ".swift", ".tcl", ".tex", ".toml", ".ts", ".tsx", ".vim", ".xml",
    ".yaml", ".yml",
])  # fmt: skip
_ENDS_AS_CODE = re.compile(r"[{}]\s*$|\)[:;]\s*$")
_SHARE_OF_ENDS = 0.1  # of the lines of code, at least
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffd]")  # not tab, line ends, form feed, ESC
_MANY_LINES, _LONG_LINE = 100, 300
_MOST_CONTROL = 0.005  # of a text
_SKIPPED = frozenset({"__pycache__", "node_modules"})


@dataclass(frozen=True)
class SourceFile:
    """A file that was read: its encoding, whether a byte order mark stood before it, and its line ends.

    `guessed` says that nothing in the file names the encoding and it is not UTF-8.
    """

    name: str
    characters: int
    encoding: str
    guessed: bool
    byte_order_mark: bool
    line_ends: str


@dataclass(frozen=True)
class TextDataset:
    """A dataset of any text, as its manifest describes it.

    `sha256` is that of input.txt. `left_out` counts the files of a folder that are not text, or empty.
    `separate_lines` says that the whole is one text, but looks like one in each line: no line is empty or long.
    """

    by: str
    monospace: bool
    characters: int
    lines: int
    sha256: str
    files: list[SourceFile]
    left_out: dict[str, int]
    kind: str
    separate_lines: bool


def dataset_name(sources: Sequence[str]) -> str:
    """Return the name of the dataset of `sources`: that of the file or folder.

    Of several, it is that of the folder that all are in; of several in the current folder, that of the first.
    """
    path = Path(sources[0])
    if sources[0] == STDIN:
        return "stdin"
    if len(sources) > 1 and STDIN not in sources:
        common = Path(os.path.commonpath([Path(source).resolve() for source in sources]))
        path = path if Path.cwd().is_relative_to(common) else common
    resolved = path.resolve()
    named = resolved.name if resolved.is_dir() else resolved.stem
    if named == "input" and not resolved.is_dir():  # char-rnn's own name for every text
        named = resolved.parent.name
    name = re.sub(r"[^\w.-]+", "-", named).strip("-.") or "text"
    return f"{name}-text" if name in _TAKEN else name


def existing_dataset(sources: Sequence[str], data: Path) -> Path | None:
    """Return the folder of `data` that `sources` name: itself, by its input.txt, or by its name where no file has it.

    None where they name other texts.
    """
    if len(sources) != 1:
        return None
    path = Path(sources[0])
    if not path.exists() and path.parent == Path() and has_text(data / path.name):
        return data / path.name
    folder = path.parent if path.name == "input.txt" else path
    return folder if folder.resolve().parent == data.resolve() and has_text(folder) else None


def require(sources: Sequence[str]) -> None:
    """Raise InputError where a file that is named is missing."""
    for source in sources:
        if source != STDIN and not Path(source).exists():
            near = [path.name for path in Path(source).parent.glob("*")]
            hint = did_you_mean(Path(source).name, near)
            raise InputError(f"there is no {source}; {hint}name a text file, a folder of them, or - for standard input")


def read_file(path: Path, hint: str) -> str:
    r"""Return the text of one file in any encoding, with `\n` for line breaks; a guessed encoding is said.

    Raises InputError, with `hint` for what to name instead, where there is no such file or it is a folder; and where
    it is not text.
    """
    try:
        return read_text(path, hint)
    except InputError:
        if not path.is_file():
            raise
    found = _decode(path.name, path.read_bytes(), None)
    if found is None:
        raise InputError(f"{path} is not text; save it as plain text, or {hint}")
    say(f"{path} was read as {found[0].encoding}")
    return found[1]


def make_dataset(
    sources: Sequence[str], folder: Path, by: str | None = None, encoding: str | None = None, replace: bool = False
) -> TextDataset:
    """Read `sources`, write `folder`/input.txt and the manifest unless they are there already, and return the manifest.

    `by` is BY_LINE or BY_TEXT; None is what the dataset that is there has, or BY_TEXT.
    Another text that this function wrote is replaced only where `replace` says so; any other dataset never is.
    Raises InputError where a source cannot be read or is not text, where there is too little text, and where the
    folder holds another dataset.
    """
    by = by or str(read_manifest(folder).get("by") or BY_TEXT)
    left_out: Counter[str] = Counter()
    read = list(_read_all(sources, encoding, left_out))
    texts = [text for _, text in read]
    lines = [line for text in texts for line in text.split("\n") if line.strip()]
    if by == BY_LINE:
        # Neighbours in a sorted list are alike: in its order, the end would be unlike what the network learned from.
        random.Random(0).shuffle(lines)
        whole = "".join(f"{line.strip()}\n" for line in lines)
    else:
        whole = "\n".join(text if text.endswith("\n") else text + "\n" for text in texts)
    if len(whole.strip()) < LEAST:
        skipped = f" ({_listed(left_out)})" if left_out else ""
        raise InputError(
            f"{' and '.join(sources)}: {len(whole.strip())} characters of text{skipped} are too few to train and "
            f"validate on; give at least {LEAST}, better {SHORT:,} or more"
        )
    content = whole.encode()
    monospace = by == BY_TEXT and _is_code(read)
    made = TextDataset(
        by=by,
        monospace=monospace,
        characters=len(whole),
        lines=whole.count("\n"),
        sha256=hashlib.sha256(content).hexdigest(),
        files=[file for file, _ in read],
        left_out=dict(left_out),
        kind=POSTINGS if _holds_postings(whole) else TEXT,
        separate_lines=by == BY_TEXT
        and not monospace
        and len(lines) == whole.count("\n") >= _MANY_LINES
        and max(map(len, lines)) < _LONG_LINE,
    )
    _write(folder, made, content, replace)
    return made


def describe(made: TextDataset) -> str:
    """Return what was read, in one line: how much, and which encodings, byte order marks and line ends were changed."""
    names = f"{len(made.files)} files" if len(made.files) > 1 else made.files[0].name
    size = f"{made.characters:,} characters in {made.lines:,} line{'s' * (made.lines != 1)}"
    notes = []
    if made.by == BY_LINE:
        notes.append("each line is a text, in random order")
    for name, files in _grouped(file.encoding for file in made.files if file.encoding != "utf-8"):
        guessed = any(file.guessed and file.encoding == name for file in made.files)
        notes.append(f"read as {name}{files}" + (" (a guess; --encoding NAME if it is wrong)" if guessed else ""))
    marks = sum(file.byte_order_mark for file in made.files)
    if marks:
        notes.append("byte order mark left out" if marks == 1 else f"{marks} byte order marks left out")
    for name, files in _grouped(file.line_ends for file in made.files if file.line_ends not in ("", "LF")):
        notes.append(f"{name} line ends{files} made LF")
    if made.left_out:
        notes.append(f"left out: {_listed(made.left_out)}")
    if made.characters < SHORT:
        notes.append("which is short: the network may learn it by heart")
    if made.separate_lines:
        notes.append(f"if each line is a text of its own, use --by {BY_LINE}")
    return f"{names}: {size}" + "".join(f"; {note}" for note in notes)


def _listed(left_out: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} file{'s' * (count > 1)} {why}" for why, count in left_out.items())


def _grouped(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return each name with how many files have it, where more than one does."""
    return [(name, f" in {count} files" if count > 1 else "") for name, count in Counter(names).items()]


def _read_all(sources: Sequence[str], encoding: str | None, left_out: Counter[str]) -> Iterator[tuple[SourceFile, str]]:
    """Yield each text and its description. Of a folder, take all files that are text, and count the others by reason.

    Raises InputError where a source that is named itself is missing or not text.
    """
    for source in sources:
        path = Path(source)
        if source == STDIN:
            found = _decode("standard input", sys.stdin.buffer.read(), encoding)
            if found is None:
                raise InputError("standard input is not text; pipe plain text into it")
            yield found
        elif path.is_dir():
            for file in _files_in(path):
                found = _decode(str(file), _read(file), encoding)
                if found is None or not found[1].strip():
                    left_out["not text" if found is None else "empty"] += 1
                else:
                    yield found
        else:
            found = _decode(path.name, _read(path), encoding)
            if found is None:
                raise InputError(f"{path} is not text; save it as plain text (.txt) and name that file")
            yield found


def _files_in(folder: Path) -> list[Path]:
    """Return the files in a folder and those below it, by name; hidden ones and caches are skipped."""
    found = []
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") or part in _SKIPPED for part in parts):
            found.append(path)
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"there is no {path}; name a text file, a folder of them, or - for standard input") from error


def _decode(name: str, content: bytes, encoding: str | None) -> tuple[SourceFile, str] | None:
    """Return a text with its description; None where the bytes are not text.

    The encoding is the one that is given, else that of the byte order mark, else UTF-8, else a guess. Raises InputError
    where a given encoding does not fit.
    """
    mark, marked = next(((mark, known) for mark, known in _MARKS if content.startswith(mark)), (b"", ""))
    codec = encoding or marked or ("utf-8" if _is_utf8(content) else _unmarked_utf16(content) or _guess(content))
    if codec is None:
        return None
    try:
        text = content.removeprefix(mark if marked == codec else b"").decode(codec).removeprefix(BYTE_ORDER_MARK)
    except LookupError as error:
        raise InputError(f"--encoding {encoding} is unknown; give one such as utf-8, cp1252 or shift_jis") from error
    except UnicodeDecodeError as error:
        if not encoding:
            return None
        raise InputError(f"{name} is not {encoding} at byte {error.start}; give another --encoding") from error
    if len(_CONTROL.findall(text)) > len(text) * _MOST_CONTROL:
        return None
    crlf, lf, cr = text.count("\r\n"), text.count("\n"), text.count("\r")
    ends = [end for end, count in (("CRLF", crlf), ("LF", lf - crlf), ("CR", cr - crlf)) if count]
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace(BYTE_ORDER_MARK, "")
    guessed = not encoding and not marked and codec != "utf-8"
    return SourceFile(name, len(text), codec, guessed, bool(mark), " and ".join(ends)), text


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in content  # which UTF-16 of English text is full of


def _unmarked_utf16(content: bytes) -> str | None:
    """Return the byte order of UTF-16 without a mark, in which every other byte of Latin text is 0; None for others."""
    start = content[: _GUESS_FROM // 2 * 2]
    if len(content) % 2 or b"\0" not in start:
        return None
    zeros = start[::2].count(0), start[1::2].count(0)
    if max(zeros) < len(start) // 8 or min(zeros) > max(zeros) // 20:
        return None
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def _guess(content: bytes) -> str | None:
    """Return the encoding that makes most sense of bytes, by charset-normalizer; None where none does.

    Of windows-1252 and its neighbours, which differ in few characters, it takes windows-1252 where that fits as well.
    """
    if b"\0" in content:
        return None
    sample = b"\n".join(line for line in content.splitlines() if not line.isascii())[:_GUESS_FROM]
    found = from_bytes(sample, cp_isolation=_GUESSED).best()
    western = from_bytes(sample, cp_isolation=["cp1252"]).best()
    if western and (found is None or western.chaos <= found.chaos):
        return "cp1252"
    return found.encoding if found else None


def _holds_postings(text: str) -> bool:
    """Return whether the first document of a text is a posting as `scrape` writes them."""
    if not text.startswith(POSTING_BEGIN):
        return False
    return grammar.find_error(next(document.split([text]))) is None


def _is_code(read: Sequence[tuple[SourceFile, str]]) -> bool:
    """Return whether most of the text is source code, by the names of the files, or by how the lines end."""
    code = 0
    for file, text in read:
        lines = [line for line in text.split("\n") if line.strip()]
        ends = sum(bool(_ENDS_AS_CODE.search(line)) for line in lines)
        if Path(file.name).suffix.lower() in _CODE or ends > len(lines) * _SHARE_OF_ENDS:
            code += file.characters
    return code * 2 > sum(file.characters for file, _ in read)


def _write(folder: Path, made: TextDataset, content: bytes, replace: bool) -> None:
    """Write a dataset, unless it is there already. Raises InputError where the folder holds another one."""
    text, manifest = folder / "input.txt", read_manifest(folder)
    other = f"choose another folder with --data-dir {folder.with_name('NAME')}"
    if text.exists():
        if "kind" not in manifest:
            raise InputError(
                f"{folder} is a dataset that was not made from text files; train on it with --data-dir {folder}, or "
                f"{other}"
            )
        if text.read_bytes() != content and not replace:
            raise InputError(
                f"{folder} holds another text, or an earlier state of this one; replace it and its run with "
                f"--overwrite, or {other}"
            )
    if not text.exists() or text.read_bytes() != content:
        write_whole(text, content)
    plain = json.dumps(asdict(made), indent=1, ensure_ascii=False) + "\n"
    write_whole(folder / MANIFEST, plain)
