"""A small grammar for phrases: what a template may hold, and a writer that turns one into a sentence.

[one|two|three]   one of the alternatives, which may be empty and may hold templates themselves
{name}            an entry of the list called `name`, or the fact of that name
{3..12}           a number; {500..2000/50} counts in steps of 50
a/an              the article that suits the word after it
*word*  _word_    bold and emphasis, which `scrape.demo.layout` turns into tags
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from scrape.demo.seeded_random import SeededRandom


@dataclass(frozen=True, slots=True)
class Slot:
    name: str


@dataclass(frozen=True, slots=True)
class Range:
    low: int
    high: int
    step: int


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[Template, ...]


Template = tuple["str | Slot | Range | Choice", ...]

_TOKEN = re.compile(r"[\[\]|]|\{[^{}]*\}|[^\[\]|{}]+")
_RANGE = re.compile(r"(\d+)\.\.(\d+)(?:/(\d+))?")
_SPACES = re.compile(r"\s+")
_LOOSE = re.compile(r"[ ,]+(?=[.;!?]|$)| +(?=[,:])")  # spaces and commas around an empty alternative
_ARTICLE = re.compile(r"\b([Aa])/an (\W*)(\w+)")
_AFTER_STOP = re.compile(r"([.!?][\"')*_]* [\"'(*_]*)([a-z])")
_FIRST = re.compile(r"^([\"'(*_]*)([a-z])")
_SOUNDS_LIKE_CONSONANT = re.compile(r"(?:eu|ewe|on(?:e|ce)\b|u[bst][aeiou]|uni(?![nm])|util)", re.IGNORECASE)
_SOUNDS_LIKE_VOWEL = re.compile(r"(?:[aeiou]|hour|honest|heir|8|11\b|18\b)", re.IGNORECASE)
_SPELLED = re.compile(r"[AEFHILMNORSX][A-Z]+\b")  # an MRI, an LPN: said letter by letter
_SAID_AS_A_WORD = re.compile(r"(?:LIMS|NICU|SCADA|LEED|RIP|LAN|MIG|SIM|RAM|FAQ)\b")


class Writer:
    """Writes from lists of templates. An entry of a list is used again only after all others were used."""

    def __init__(self, rng: SeededRandom, lists: Mapping[str, Sequence[str]], facts: Mapping[str, str]) -> None:
        self.rng = rng
        self._lists = lists
        self._facts = facts
        self._left: dict[str, list[str]] = {}

    def sentence(self, name: str) -> str:
        """Return an entry of the list `name`, as a sentence or a line of its own."""
        return capital(self.phrase(f"{{{name}}}"))

    def phrases(self, name: str, count: int) -> list[str]:
        """Return up to `count` entries of the list `name`, all different, to stand inside a sentence."""
        return [self.phrase(f"{{{name}}}") for _ in range(min(count, len(self._lists[name])))]

    def phrase(self, template: str) -> str:
        return tidy(self._expand(parsed(template)))

    def _expand(self, template: Template) -> str:
        return "".join(part if isinstance(part, str) else self._expand_part(part) for part in template)

    def _expand_part(self, part: Slot | Range | Choice) -> str:
        if isinstance(part, Choice):
            return self._expand(self.rng.choice(part.options))
        if isinstance(part, Range):
            return f"{self.rng.between(part.low, part.high, part.step):,}"
        if part.name in self._facts:
            return self._facts[part.name]
        if not self._left.get(part.name):
            self._left[part.name] = list(self._lists[part.name])
        return self._expand(parsed(self.rng.take(self._left[part.name])))


@cache
def parsed(text: str) -> Template:
    """Return the parts of a template. Raises ValueError where brackets do not match."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text:
        raise ValueError(f"a brace without its partner: {text!r}")
    options = _options(tokens[::-1], closing=False, text=text)
    if len(options) != 1:
        raise ValueError(f"a bar outside brackets: {text!r}")
    return options[0]


def _options(tokens: list[str], *, closing: bool, text: str) -> tuple[Template, ...]:
    """Read alternatives off the end of `tokens` (which are reversed), up to `]` or the end of the text."""
    options: list[list[str | Slot | Range | Choice]] = [[]]
    while tokens:
        token = tokens.pop()
        if token == "]":
            if not closing:
                raise ValueError(f"']' without its '[': {text!r}")
            return tuple(tuple(option) for option in options)
        if token == "|":
            options.append([])
        elif token == "[":
            options[-1].append(Choice(_options(tokens, closing=True, text=text)))
        elif not token.startswith("{"):
            options[-1].append(token)
        elif numbers := _RANGE.fullmatch(token[1:-1]):
            low, high, step = numbers.groups(default="1")
            options[-1].append(Range(int(low), int(high), int(step)))
        else:
            options[-1].append(Slot(token[1:-1]))
    if closing:
        raise ValueError(f"'[' without its ']': {text!r}")
    return tuple(tuple(option) for option in options)


def tidy(text: str) -> str:
    """Return the text with single spaces, articles that suit their nouns, and capitals after full stops."""
    text = _LOOSE.sub("", _SPACES.sub(" ", text)).strip()
    text = _ARTICLE.sub(lambda m: f"{_article(m[1], m[3])} {m[2]}{m[3]}", text)
    return _AFTER_STOP.sub(lambda m: m[1] + m[2].upper(), text)


def capital(text: str) -> str:
    """Return the text with its first letter in upper case, after any opening quote or mark."""
    return _FIRST.sub(lambda m: m[1] + m[2].upper(), text, count=1)


def _article(letter: str, word: str) -> str:
    spelled = _SPELLED.match(word) and not _SAID_AS_A_WORD.match(word)
    vowel = _SOUNDS_LIKE_VOWEL.match(word) and not _SOUNDS_LIKE_CONSONANT.match(word)
    if len(word) > 1 and word.isupper():
        return f"{letter}n" if spelled else letter
    return f"{letter}n" if vowel else letter
