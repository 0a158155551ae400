"""The words that a person searches for, as expressions of FTS5.

    machine learning      postings with both words, in any inflection
    "machine learning"    the two words side by side
    engineeri*            words that begin so
    python OR java        one of the two; the words around them are asked for as well
    -java, NOT java       not these

`OR` and `NOT` in capitals are operators where they stand between words; nothing else that is typed is one. Finished
words are looked up in the table `words`, which has stems, and beginnings in the table `typing`, which has words as they
are written: the stem of `engineering` is `engin`, which does not begin with `engineeri`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scrape.common.errors import InputError
from scrape.dataset.index.text import HAS_CJ, SPECIAL, encodable, searchable, special_word

_TERM = re.compile(r'(?P<minus>-?)(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s"]+))')
_WORD = re.compile(r"[^\W_]+")
_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f", '"'))  # which some systems make of straight ones
_SHORTEST = 2  # letters of a beginning: nearly every posting has a word that begins with any one letter


@dataclass(frozen=True, slots=True)
class WordQuery:
    """Expressions for MATCH in the tables `words` and `typing`; an empty one asks for nothing.

    `without` are (table, expression) pairs of which a posting may match none.
    """

    words: str = ""
    typing: str = ""
    without: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Term:
    """A word or a phrase; `excludes` where it may not occur."""

    text: str
    quoted: bool
    excludes: bool
    begins: bool

    @property
    def expression(self) -> str:
        """The term for FTS5; empty where it holds no word."""
        parts = _special(self.text, quoted=self.quoted)
        signs_alone = not self.quoted and bool(parts)
        rest = SPECIAL.sub(" ", self.text) if signs_alone or HAS_CJ.search(self.text) else self.text
        star = "*" if self.begins else ""
        parts = [f'special : "{part}"{star}' for part in parts]
        if _WORD.search(rest):
            parts.append(_beginning(rest) if star else f'"{rest}"')
        return " AND ".join(parts)


def parse(words: str, *, typing: bool = False, exclude: Iterable[str] = ()) -> WordQuery:
    """Return what the words ask for; `exclude` are further words and phrases that may not occur.

    With `typing`, the last word is the beginning of one. Raises InputError where words are given that hold none.
    """
    groups, terms = list[list[_Term]](), list(_terms(words, typing=typing))
    for term, joined in terms:
        if not term.excludes and joined and groups:
            groups[-1].append(term)
        elif not term.excludes:
            groups.append([term])
    refused = [term for term, _ in terms if term.excludes]
    refused += [_excluded(text) for text in exclude]
    expressions = [(any(term.begins for term in group), _either(group)) for group in groups]
    without = [("typing" if term.begins else "words", term.expression) for term in refused]
    if (words.strip() or refused) and not any(text for _, text in [*expressions, *without]):
        raise InputError(f"{' '.join([words, *exclude]).strip()!r} holds no word to look for")
    return WordQuery(
        " AND ".join(text for begins, text in expressions if text and not begins),
        " AND ".join(text for begins, text in expressions if text and begins),
        tuple((table, text) for table, text in without if text),
    )


def _terms(words: str, *, typing: bool) -> Iterator[tuple[_Term, bool]]:
    """Yield each term, and whether `OR` joins it to the one before."""
    found = list(_TERM.finditer(_readable(words)))
    joined = negated = False
    for place, term in enumerate(found):
        plain, between = term["plain"] or "", 0 < place < len(found) - 1
        if plain == "AND" and between:
            continue  # which all words are joined by
        if (plain == "OR" and between) or (plain == "NOT" and place < len(found) - 1):
            joined, negated = joined or plain == "OR", negated or plain == "NOT"
            continue
        excludes = negated or bool(term["minus"])
        last = typing and not excludes and place == len(found) - 1 and not words[-1:].isspace()
        begins = plain.endswith("*") or (last and len(plain) >= _SHORTEST)
        yield _Term(term["quoted"] or plain.rstrip("*"), term["quoted"] is not None, excludes, begins), joined
        joined = negated = False


def _excluded(text: str) -> _Term:
    """Return words side by side as a term; quotes around or between them change nothing."""
    text = _readable(text).replace('"', " ").strip()
    return _Term(text, " " in text, True, text.endswith("*"))


def _readable(text: str) -> str:
    return encodable(unicodedata.normalize("NFKC", searchable(text))).translate(_QUOTES)


def _either(terms: Sequence[_Term]) -> str:
    found = [f"({term.expression})" for term in terms if term.expression]
    return f"({' OR '.join(found)})" if found else ""


def _special(text: str, *, quoted: bool) -> list[str]:
    """Return the words that the tokenizer would miss; of a term without quotes, only where it begins with one."""
    if not quoted and not SPECIAL.match(text) and not HAS_CJ.search(text):
        return []
    return [special_word(found) for found in SPECIAL.finditer(text)]


def _beginning(text: str) -> str:
    """Return an expression for a word that is cut off: of `front-en`, the word `front` and a beginning `en`."""
    *whole, last = _WORD.findall(text)
    return " AND ".join([*(f'"{word}"' for word in whole), f'"{last}"*'])
