"""Random numbers that are the same on every platform and in every version of Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class SeededRandom:
    """Everything is built on `Random.random`, the one method whose sequence Python promises to keep for a seed."""

    def __init__(self, seed: str) -> None:
        self._next = random.Random(seed).random

    def below(self, count: int) -> int:
        """Return a number from 0 to `count` - 1."""
        return int(self._next() * count)

    def between(self, low: int, high: int, step: int = 1) -> int:
        """Return a number from `low` to `high`, both included, in steps."""
        return low + step * self.below((high - low) // step + 1)

    def chance(self, share: float) -> bool:
        return self._next() < share

    def choice(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def take(self, items: list[T]) -> T:
        """Remove one item and return it. The order of the rest is not kept."""
        at = self.below(len(items))
        items[at], items[-1] = items[-1], items[at]
        return items.pop()

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """Return `count` different items (all of them where there are no more), in random order."""
        left = list(items)
        return [self.take(left) for _ in range(min(count, len(left)))]
