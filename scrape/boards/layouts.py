"""Posting pages without structured data that are recognized by their layout."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag

from scrape.boards.extract import line
from scrape.common.posting import Pay
from scrape.fields.dates import day


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a site: CSS selectors, and the bold labels before the values of fields."""

    body: str
    title: str
    company_label: str = ""
    location_label: str = ""
    date_label: str = ""


@dataclass(frozen=True, slots=True)
class LayoutFields:
    """The fields found by a layout: plain text, and the posting's own element as HTML."""

    title: str
    html: str
    company: str = ""
    location: str = ""
    date: str = ""
    pay: Pay | None = None


LAYOUTS = (
    # JobOnline of The Careers Group, University of London (jobonline.thecareersgroup.co.uk, 2018)
    Layout("[id$=DisplayVacancyUC1_pnlRounded]", ".v2_title", "Recruiter:", "Location:", "Date posted:"),
)

_EITHER_WAY = re.compile(r"\s*0?(\d|1[0-2])([/.])0?(\d|1[0-2])\2\d{4}\b")
_MOST_LINKS = 0.1  # of the text of an article; lists of postings hold more


def known(soup: BeautifulSoup) -> LayoutFields | None:
    """Return the posting of a page in a known layout, else None."""
    for layout in LAYOUTS:
        body = soup.select_one(layout.body)
        title = body.select_one(layout.title) if body else None
        if body and title:
            for hidden in body.select("script, style, [style*='display: none'], [style*='display:none']"):
                hidden.decompose()
            labels = (layout.company_label, layout.location_label, layout.date_label)
            company, location, date = (_labelled(body, label) for label in labels)
            title.extract()
            return LayoutFields(said(title), str(body), company, location, certain_day(date))
    return None


def _labelled(body: Tag, label: str) -> str:
    """Return the text that stands right after the bold `label`; empty where there is none."""
    bold = body.find("b", string=re.compile(rf"\s*{re.escape(label)}\s*")) if label else None
    return line(str(bold.next_sibling)) if bold and isinstance(bold.next_sibling, str) else ""


def certain_day(written: str) -> str:
    """Return a date as `day` does, but empty where day and month could change places, as in 10/09/2018."""
    either = _EITHER_WAY.match(written)
    return "" if either and either[1] != either[3] else day(written)


def article(soup: BeautifulSoup) -> LayoutFields | None:
    """Return the page's only article or main element, if it has one heading and is no list of links."""
    element = _only(soup, "article") or _only(soup, "main")
    heading = _only(element, "h1") if element else None
    if element is None or heading is None:
        return None
    linked = sum(len(said(link)) for link in element.find_all("a"))
    if linked > _MOST_LINKS * max(1, len(said(element))):
        return None
    heading.extract()
    return LayoutFields(said(heading), str(element)) if said(heading) and said(element) else None


def _only(within: Tag, name: str) -> Tag | None:
    found = within.find_all(name)
    return found[0] if len(found) == 1 else None


def said(tag: Tag) -> str:
    """Return the text of an element as one line."""
    return line(tag.get_text(" "))
