"""The reader of saved pages of any site: structured data, then known layouts, then the general reader.

A list of results, and a page without a posting, is refused by name and with the reason: a list would otherwise pass for
a posting.
"""

from __future__ import annotations

from dataclasses import replace

from scrape.boards import general, layouts, schema_org
from scrape.boards.elements import head_elements
from scrape.boards.extract import page
from scrape.boards.layouts import LayoutFields
from scrape.boards.sites import indeed
from scrape.common.errors import ChangedShape
from scrape.common.posting import Page, Posting, key_of
from scrape.fields.pay import show
from scrape.fields.urls import canonical

_INDEED = ("jobsearch-", "mosaic-provider-jobcards", "_initialData", "job_summary", "jobDescriptionText")
_LEAST_RESULTS = 8  # cards of a page without a posting that is called a list
_LIST = "a list of results; save the posting pages that it links to"


class ListOfResults(ChangedShape):
    """The page is a list of results, or holds links to postings alone."""


def read(body: str, url: str, board: str) -> Page:
    """Return the postings of a page in the name of `board`; `guessed` names what the general reader found.

    `url` is the URL or the path of the page. Raises ListOfResults, and ChangedShape where there is no posting.
    """
    structured = schema_org.read(body, url, board)
    if structured.postings:
        return Page(structured.postings)
    if results := _indeed(body, url, board):
        return Page(results)
    if len(structured.follow) > 1:
        raise ListOfResults(f"{url}: {_LIST}")
    soup = page(body)
    if known := layouts.known(soup):
        return Page((_posting(known, body, url, board),))
    guess = general.read(body)
    if not guess.posting and (guess.results >= _LEAST_RESULTS or (guess.results and not guess.reason)):
        raise ListOfResults(f"{url}: {_LIST}")
    if found := guess.posting or layouts.article(soup):
        pay = show(found.pay) if found.pay else ""
        fields = "; ".join(filter(None, (found.title, found.company, found.location, found.date, pay)))
        return Page((_posting(found, body, url, board),), guessed=(f"{url}: {fields}",))
    raise ChangedShape(f"{url}: no posting recognised, as {guess.reason}; save the page of one posting")


def _indeed(body: str, url: str, board: str) -> tuple[Posting, ...]:
    """Return the posting of a page of Indeed. Raises ListOfResults for its results."""
    if not any(mark in body for mark in _INDEED):
        return ()
    try:
        found = indeed.parse(body, url)
    except ChangedShape:
        return ()
    if not found.postings:
        raise ListOfResults(f"{url}: {_LIST}")
    return tuple(replace(posting, board=board) for posting in found.postings)


def _posting(found: LayoutFields, body: str, url: str, board: str) -> Posting:
    link = schema_org.page_url(head_elements(body), url)
    key = key_of(canonical(link) or f"{found.title}\n{found.html}")
    return Posting(board, key, link, found.title, found.company, found.location, found.date, found.html, found.pay)
