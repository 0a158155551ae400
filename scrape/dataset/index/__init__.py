"""Search the saved postings: `index.sqlite`, which follows the store by itself.

`build` makes the tables and keeps them up to date, `words` and `filters` say in SQL what is asked for, and
`posting_index` counts and returns the postings.
"""

from scrape.dataset.index.build import FILE, refresh
from scrape.dataset.index.filters import Filters
from scrape.dataset.index.posting_index import Facets, PostingIndex, SearchHit, open_index

__all__ = ["FILE", "Facets", "Filters", "PostingIndex", "SearchHit", "open_index", "refresh"]
