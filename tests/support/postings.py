"""Postings for tests of the scraper."""

from __future__ import annotations

from scrape.common.posting import Posting
from scrape.dataset.store import Store
from scrape.markup import document

SITE_POSTINGS = 45  # on the bundled board, as the fixture `site` serves it


def posting(number: int, title: str = "Baker", html: str = "<p>Bread.</p>\n", **fields: str) -> Posting:
    """Posting `number` of the demo board, by Crumb in Chicago unless `fields` say otherwise."""
    known = {"company": "Crumb", "location": "Chicago, IL"} | fields
    return Posting("demo", str(number), f"https://board.example/{number}", title, html=html, **known)


def keep(store: Store, *postings: Posting) -> Store:
    """Put postings and their documents into a store; their HTML is simple already."""
    with store.locked():
        for each in postings:
            store.add(each)
            store.put_document(each.name, document.write(each))
    return store


def one_document(blocks: str) -> str:
    """A document titled x with these blocks in it."""
    return f"<html>\n<h1>x</h1>\n{blocks}</html>\n"
