"""schema.org JobPosting, the common tongue of job pages, as Posting. Source: https://schema.org/JobPosting

Pages in the wild write it as one object, a list or an `@graph`, with comments or raw newlines inside, with the
organisation as a string, an object or a reference, and with several postings on a page; all of these are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag

from scrape.boards.extract import Row, as_html, day, line, page, places, raw, text, value
from scrape.common.posting import Page, Posting, key_of
from scrape.fields.urls import canonical

_STRING = r'"(?:[^"\\]++|\\.)*+"?'  # one that never ends goes on to the end, so that no quote is tried twice
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?(?:\*/|\Z)|<!--.*?(?:-->|\Z)|<!\[CDATA\[|\]\]>", re.DOTALL)
_LAST_COMMA = re.compile(rf"({_STRING})|,(?=\s*[}}\]])", re.DOTALL)


def read(body: str, url: str, board: str) -> Page:
    """Every JobPosting of an HTML page. One that has an address but no description is an address to follow."""
    soup = page(body, only=["script", "link", "meta"])
    nodes = [node for document in documents(soup) for node in _nodes(document)]
    named = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    jobs = [node for node in nodes if _is_job(node)]
    whole = [job for job in jobs if _is_whole(job)]
    here = address(soup, url)
    found = tuple(_posting(job, named, here, board, alone=len(whole) == 1) for job in whole)
    elsewhere = dict.fromkeys(web_address(raw(job, "url"), here) for job in jobs if not _is_whole(job))
    return Page(found, tuple(link for link in elsewhere if link not in ("", url)))


def documents(soup: BeautifulSoup) -> list[Any]:
    """The JSON-LD values of a page, lists opened, in order; a script that cannot be mended is left out."""
    found: list[Any] = []
    for script in soup.find_all("script"):
        kind = str(script.get("type", "")).split(";")[0].strip().lower()
        document = _loads(script.get_text()) if kind == "application/ld+json" else None
        found += document if isinstance(document, list) else [document]
    return [document for document in found if document is not None]


def _loads(source: str) -> Any:
    """The JSON in a script; where it is not JSON, once more without comments and without commas before a bracket."""
    bare = _COMMENT.sub(lambda match: match[1] or "", source)
    for attempt in (source, _LAST_COMMA.sub(lambda match: match[1] or "", bare)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _nodes(document: Any) -> Iterator[Row]:
    """All objects inside `document`, in the order of the text."""
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
        inner = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
        waiting += reversed(inner)


def _is_job(node: Row) -> bool:
    kinds = node.get("@type")
    return any(
        isinstance(kind, str) and re.split(r"[/:#]", kind)[-1] == "JobPosting"
        for kind in (kinds if isinstance(kinds, list) else [kinds])
    )


def _is_whole(job: Row) -> bool:
    return bool(_title(job) and raw(job, "description").strip())


def _title(job: Row) -> str:
    return text(job, "title") or text(job, "name")


def _posting(job: Row, named: dict[str, Row], here: str, board: str, *, alone: bool) -> Posting:
    own = web_address(raw(job, "url"), here)
    url = (here or own) if alone else (own or here)
    title, company, location = _title(job), _company(job, named), _location(job, named)
    # Several postings at one address, or none at all: what tells them apart is what they say.
    apart = "" if url and (alone or own) else "\n".join(("", _identifier(job), title, company, location))
    return Posting(
        board=board,
        key=key_of(canonical(url) + apart),
        url=url,
        title=title,
        company=company,
        location=location,
        date=day(job.get("datePosted")),
        html=as_html(raw(job, "description")),
    )


def _identifier(job: Row) -> str:
    return text(job, "identifier", "value") or text(job, "identifier")


def _company(job: Row, named: dict[str, Row]) -> str:
    organisation = _known(_first(job.get("hiringOrganization")), named)
    if isinstance(organisation, str):
        return line(organisation)
    return text(organisation, "name") or text(organisation, "legalName")


def _location(job: Row, named: dict[str, Row]) -> str:
    """`Remote` where the posting says so, before the places it names; several places are joined by `; `."""
    found = job.get("jobLocation")
    lines = [_place(_known(place, named), named) for place in (found if isinstance(found, list) else [found])]
    return places(*lines, remote="TELECOMMUTE" in str(job.get("jobLocationType", "")).upper())


def _place(place: Any, named: dict[str, Row]) -> str:
    where = _known(_first(value(place, "address")), named) if isinstance(place, dict) else place
    if isinstance(where, str):
        return line(where)
    parts = [text(where, "addressLocality"), text(where, "addressRegion")]
    parts.append(text(where, "addressCountry") or text(where, "addressCountry", "name"))
    return ", ".join(part for part in parts if part) or text(place, "name")


def _first(found: Any) -> Any:
    return found[0] if isinstance(found, list) and found else found


def _known(found: Any, named: dict[str, Row]) -> Any:
    """The object that a bare reference `{"@id": ...}` points to."""
    if isinstance(found, dict) and len(found) == 1:
        return named.get(str(found.get("@id")), found)
    return found


def address(soup: BeautifulSoup, url: str) -> str:
    """The page's own address: what it calls canonical, if that is on the host it came from (any, for a saved page)."""
    asked = web_address(url)
    named = [_attribute(soup.find("link", rel="canonical"), "href")]
    named.append(_attribute(soup.find("meta", property="og:url"), "content"))
    for candidate in (web_address(name, asked) for name in named if name):
        if candidate and (not asked or urlsplit(candidate).hostname == urlsplit(asked).hostname):
            return candidate
    return asked


def _attribute(tag: Any, name: str) -> str:
    return str(tag.get(name, "")) if isinstance(tag, Tag) else ""


def web_address(link: str, base: str = "") -> str:
    """`link` seen from `base` as an absolute http(s) address; empty where it is none."""
    try:
        whole = urljoin(base, link.strip()) if link.strip() else ""
        parts = urlsplit(whole)
        return whole if parts.scheme in ("http", "https") and parts.hostname else ""
    except ValueError:
        return ""
