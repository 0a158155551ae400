"""Gather job postings: boards are read politely, kept as they came, and made into bare markup.

for posting in scrape.search("San Francisco", "CA", "data scientist", limit=20): ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrape.common.posting import Posting, Query
from scrape.common.version import __version__

if TYPE_CHECKING:
    from scrape.crawl.search import search

__all__ = ["Posting", "Query", "__version__", "search"]


def __getattr__(name: str) -> Any:
    """Load `search` when it is first used: the markup alone needs no boards and no network."""
    if name == "search":
        from scrape.crawl.search import search

        return search
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
