"""Gather job postings: boards are read politely, kept as they came, and made into bare markup.

for posting in scrape.search("San Francisco", "CA", "data scientist", limit=20): ...
scrape.to_dataframe(scrape.find("python -java", place="Seattle", remote=True))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrape.common.posting import Posting, Query
from scrape.common.version import __version__

if TYPE_CHECKING:
    from scrape.crawl.search import search
    from scrape.recommend.saved_postings import find, labels, to_dataframe

__all__ = ["Posting", "Query", "__version__", "find", "labels", "search", "to_dataframe"]


def __getattr__(name: str) -> Any:
    """Load the functions when they are first used: the markup alone needs no boards and no network."""
    if name == "search":
        from scrape.crawl.search import search

        return search
    if name in ("find", "labels", "to_dataframe"):
        from scrape.recommend import saved_postings

        return getattr(saved_postings, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
