"""Render recommendations as a page: one file that loads nothing and runs nothing, for screen and paper.

Every text in it comes from a board and is escaped; a link is made only of a web address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scrape.common.pages import kit
from scrape.fields.urls import is_web


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One posting on the page, as texts; empty facts are left out."""

    chance: str
    title: str
    facts: Sequence[str]
    address: str
    words: Sequence[str]

    @property
    def link(self) -> str:
        """The address if it is a web address, else an empty string: a board could name a script."""
        return self.address if is_web(self.address) else ""


def render_page(recommendations: Sequence[Recommendation], about: str) -> str:
    """Render the whole page, best first; `about` says what the order is made of."""
    return kit.render(__package__, "page.html", styles=["page.css"], recommendations=recommendations, about=about)
