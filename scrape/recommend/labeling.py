"""A session of labelling: which posting is asked about, and what an answer does. Knows no terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from scrape.common.errors import InputError
from scrape.fields.urls import canonical, is_web
from scrape.recommend import labels
from scrape.recommend.labels import NO, SKIPPED, YES, Label
from scrape.recommend.order import Uncertain

_ANSWERS = {"y": YES, "n": NO, "s": SKIPPED, YES: YES, NO: NO, "skip": SKIPPED, SKIPPED: SKIPPED}
_QUIT = ("q", "", "\x04")  # the last two: the terminal has gone, Ctrl-D
_BACK = "b"


class Session:
    """Asks about postings in order, or as `chooser` says, and keeps every answer at once.

    `name` is the posting in question, None where nothing is left. What was skipped in an earlier session comes last.
    """

    def __init__(
        self,
        names: Sequence[str],
        addresses: Mapping[str, str],
        given: labels.Labels,
        chooser: Uncertain | None = None,
    ) -> None:
        self._names = names
        self._addresses = addresses
        self._given = given
        self._chooser = chooser
        self._answers = labels.answers(given.all(), addresses)
        self._later = [name for name in names if self._answers.get(name) == SKIPPED]
        self._next: list[str] = []
        self.name = self._choose()

    def answer(self, key: str) -> bool:
        """What a key does; False where it ends the session. A key that means nothing does nothing."""
        key = key.lower()
        if key in _QUIT:
            return False
        if key == _BACK:
            self._back()
        elif self.name is not None and key in _ANSWERS:
            self._keep(self.name, _ANSWERS[key])
        return True

    def counts(self) -> str:
        """How many of each answer there are, and how many postings have none."""
        kinds = Counter(self._answers.values())
        left = len(self._names) - len(self._answers)
        return f"{kinds[YES]:,} yes · {kinds[NO]:,} no · {kinds[SKIPPED]:,} skipped · {left:,} left"

    def _keep(self, name: str, answer: str) -> None:
        self._given.put(Label(name, self._addresses[name], answer))
        self._answers[name] = answer
        self.name = self._choose()

    def _back(self) -> None:
        """Take the latest answer back and ask about its posting again."""
        latest = self._given.take_back()
        if latest is None:
            return
        (name,) = labels.answers([latest], self._addresses) or (None,)
        if name is not None:
            self._answers.pop(name, None)
            self.name = name

    def _choose(self) -> str | None:
        waiting = (name for name in self._chosen() if name not in self._answers)
        name = next(waiting, None) or next((name for name in self._names if name not in self._answers), None)
        while name is None and self._later:
            later = self._later.pop(0)
            name = later if self._answers.get(later) == SKIPPED else None
        return name

    def _chosen(self) -> Sequence[str]:
        """What the chooser wants to know next; asked again when all of it is answered."""
        if self._chooser is not None and all(name in self._answers for name in self._next):
            liked = {name: answer == YES for name, answer in self._answers.items() if answer != SKIPPED}
            self._next = self._chooser.next(liked, self._answers.keys())
        return self._next


def label_of(line: str, where: str, addresses: Mapping[str, str], names: Mapping[str, str]) -> Label:
    """The label in a line such as `remoteok-123 yes` or `https://... n`. Raises InputError that says `where`.

    `addresses` has the address of each name, `names` the name at each address.
    """
    what, _, answer = line.strip().rpartition(" ") if "\t" not in line else line.strip().rpartition("\t")
    name = names.get(canonical(what), "") if is_web(what) else what.strip()
    if answer.strip().lower() not in _ANSWERS:
        raise InputError(f"{where}: {answer.strip()!r} is not an answer; write a name or address, then y, n or s")
    if name not in addresses:
        raise InputError(f"{where}: no posting is called {what.strip()!r}; give its name or its address")
    return Label(name, addresses[name], _ANSWERS[answer.strip().lower()])
