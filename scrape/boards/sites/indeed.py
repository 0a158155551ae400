"""Indeed, the board of the 2015 post, from saved pages only: its robots.txt and terms forbid automated access.

Two layouts of each page are known: 2016-2020 (`jobsearch-SerpJobCard` cards, `#job_summary` or `#jobDescriptionText`)
and 2023 and later (`mosaic-provider-jobcards` and `_initialData` as JSON inside a script). A page of results may also
hold one posting, opened beside the list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag

from scrape.boards import schema_org
from scrape.boards.elements import head_elements
from scrape.boards.extract import as_html, line, listed, page, raw, text, value
from scrape.common.errors import ChangedShape, Refused
from scrape.common.posting import Page, Posting, Query, key_of
from scrape.fields.urls import is_web

NAME = "indeed"
HOME = "https://www.indeed.com"
REFUSED = "indeed.com forbids automated access; save its pages in a browser and name the files"

_CARDS = re.compile(r'window\.mosaic\.providerData\["mosaic-provider-jobcards"\]\s*=\s*')
_POSTING = re.compile(r"window\._initialData\s*=\s*")
_KEY = re.compile(r"[0-9a-f]{16}")
_TITLES = (".jobsearch-JobInfoHeader-title", "[data-testid=simpler-jobTitle]", "b.jobtitle")
_BODY = "#jobDescriptionText, #job_summary"
_COMPANIES = (
    "[data-company-name]",
    ".jobsearch-JobInfoHeader-companyNameSimple",
    ".jobsearch-InlineCompanyRating > div",
    "span.company",
)
_PLACES = ("[data-testid=job-location]", ".jobsearch-JobInfoHeader-subtitle > div:last-child", "span.location")


def start(query: Query) -> Sequence[str]:
    """Return the saved pages that the person names. Raises Refused for anything that is on the network."""
    if not query.pages or any(is_web(path) for path in query.pages):
        raise Refused(REFUSED)
    return query.pages


def parse(body: str, url: str) -> Page:
    """Return the posting of a posting page, or the URLs of the results that Indeed itself hosts."""
    soup = page(body)
    results = list(_results(body, soup))
    posting = _from_script(body, soup, url) or _from_page(body, soup, url, results)
    if not results and not posting:
        raise ChangedShape(f"{url}: neither a posting nor a page of results as Indeed has laid them out so far")
    hosted = dict.fromkeys(_view(key) for key, _, link in results if _is_hosted(key, link))
    return Page((posting,) if posting else (), tuple(link for link in hosted if not posting or link != posting.url))


def _results(body: str, soup: BeautifulSoup) -> Iterator[tuple[str, str, str]]:
    """Key, title and link of each result, in either layout; a link that leaves Indeed is given as it is."""
    cards = listed(_script_value(body, _CARDS), "metaData", "mosaicProviderJobCardsModel", "results")
    for row in (card for card in cards if isinstance(card, dict)):
        away = value(row, "redirectToThirdPartySite") is True
        yield text(row, "jobkey"), text(row, "title"), raw(row, "thirdPartyApplyUrl") if away else raw(row, "link")
    for card in soup.select(".jobsearch-SerpJobCard[data-jk]"):
        link = card.select_one("a.jobtitle, .jobtitle a")
        yield str(card["data-jk"]), _line(link), str(link.get("href", "")) if link else ""


def _is_hosted(key: str, link: str) -> bool:
    """Return whether a result is a page of the board itself, not the redirect of an advertisement or another site."""
    bare = link if "//" in link or link.startswith("/") else f"//{link}"
    try:
        parts = urlsplit(urljoin(HOME, bare))
    except ValueError:
        return False
    own = f".{parts.hostname}".endswith(".indeed.com")
    return bool(_KEY.fullmatch(key)) and own and not parts.path.startswith("/pagead/")


def _view(key: str) -> str:
    return f"{HOME}/viewjob?jk={key}"


def _script_value(body: str, before: re.Pattern[str]) -> Any:
    """Return the JSON value that a script assigns right after `before`."""
    found = before.search(body)
    if not found:
        return None
    try:
        return json.JSONDecoder(strict=False).raw_decode(body, found.end())[0]
    except (ValueError, RecursionError):
        return None


def _from_script(body: str, soup: BeautifulSoup, url: str) -> Posting | None:
    """Return the posting of a page of 2023 or later."""
    model = _script_value(body, _POSTING)
    info = value(model, "jobInfoWrapperModel", "jobInfoModel")
    head = value(info, "jobInfoHeaderModel")
    description = raw(info, "sanitizedJobDescription") or raw(info, "sanitizedJobDescription", "content")
    title = text(head, "jobTitle") or text(model, "jobTitle")
    if not (title and description):
        return None
    key = text(model, "jobKey") or _key_of_page(body, url)
    place = text(head, "formattedLocation") or text(model, "jobLocation")
    return _made(key, title, text(head, "companyName"), place, as_html(description))


def _from_page(body: str, soup: BeautifulSoup, url: str, results: list[tuple[str, str, str]]) -> Posting | None:
    """Return the posting of a page of 2016 to 2020, of a later one saved with its scripts run, or beside a list."""
    description, title = soup.select_one(_BODY), _pick(soup, _TITLES)
    if description is None or not title:
        return None
    beside = [key for key, name, _ in results if name == title]
    key = _key_of_page(body, url) or (beside[0] if len(beside) == 1 else "")
    return _made(key, title, _pick(soup, _COMPANIES), _pick(soup, _PLACES), str(description))


def _pick(soup: BeautifulSoup, selectors: tuple[str, ...]) -> str:
    """Return the text of the first selector that finds any."""
    return next((found for found in (_line(soup.select_one(selector)) for selector in selectors) if found), "")


def _made(key: str, title: str, company: str, place: str, html: str) -> Posting:
    """Return a posting without a date: Indeed's pages say "30+ days ago"."""
    own = key or key_of(f"{title}\n{company}\n{place}\n{html}")
    return Posting(NAME, own, _view(key) if key else "", title, company, place, html=html)


def _key_of_page(body: str, url: str) -> str:
    query = parse_qs(urlsplit(schema_org.page_url(head_elements(body), url)).query)
    return next((key for key in query.get("jk", []) if _KEY.fullmatch(key)), "")


def _line(tag: Tag | None) -> str:
    return line(tag.get_text(" ")) if tag else ""
