"""schema.org JobPosting, the vocabulary that job pages have in common, as Posting.

Source: https://schema.org/JobPosting. Pages write it as JSON-LD, else as microdata or RDFa: as one object, a list or an
`@graph`, with the organisation as a string, an object or a reference, with values as `{"@value": ...}` or lists, and
with several postings on a page. All of these are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrape.boards import microdata
from scrape.boards.elements import Element, head_elements
from scrape.boards.extract import as_html, line, places, raw, text, value
from scrape.boards.json_ld import Node, documents, nodes
from scrape.common.posting import Page, Pay, Posting, key_of
from scrape.fields.dates import day
from scrape.fields.pay import find_pay, read_pay
from scrape.fields.urls import canonical

_MARKUP = re.compile(
    r"</?(?:(?P<block>p|div|br|li|ul|h[1-6])|b|i|u|em|strong|span|font|small|a|sup|sub)\b[^<>]*>", re.IGNORECASE
)


def read(body: str, url: str, board: str) -> Page:
    """Return every JobPosting of an HTML page. One with a URL but no description is a URL to follow."""
    elements = head_elements(body)
    found = [node for document in documents(elements) for node in nodes(document)]
    jobs = [node for node in found if _is_job(node)]
    if not jobs and microdata.has_posting(body):
        found = list(nodes(microdata.items(body)))
        jobs = [node for node in found if _is_job(node)]
    named = _definitions(found)
    whole: list[tuple[Node, str]] = []
    partial: list[Node] = []
    for job in jobs:
        if _title(job) and (description := _description(job)):
            whole.append((job, description))
        else:
            partial.append(job)
    here = page_url(elements, url)
    alone = len(whole) == 1
    postings = tuple(_posting(job, description, named, here, board, alone=alone) for job, description in whole)
    elsewhere = dict.fromkeys(web_url(raw(job, "url"), here) for job in partial)
    return Page(postings, tuple(link for link in elsewhere if link not in ("", url)))


def _definitions(found: Iterable[Node]) -> dict[str, Node]:
    """Return what the objects of a page say of each `@id`; the first object to name a property counts."""
    named: dict[str, Node] = {}
    for node in found:
        if isinstance(node.get("@id"), str):
            known = named.setdefault(node["@id"], {})
            for name in node.keys() - known.keys():
                known[name] = node[name]
    return named


def _is_job(node: Node) -> bool:
    kinds = node.get("@type")
    return any(
        isinstance(kind, str) and re.split(r"[/:#]", kind)[-1] == "JobPosting"
        for kind in (kinds if isinstance(kinds, list) else [kinds])
    )


def _title(job: Node) -> str:
    return _plain(job, "title") or _plain(job, "name")


def _description(job: Node) -> str:
    """Return the description as HTML; several are joined."""
    found = job.get("description")
    parts = (_literal(part) for part in (found if isinstance(found, list) else [found]))
    return "".join(as_html(raw({"": part}, "")) for part in parts).strip()


def _plain(row: Any, *path: str) -> str:
    """Return the first literal at `path` as one line without markup."""
    found = text({"": _literal(value(row, *path))}, "")
    return line(_MARKUP.sub(lambda tag: " " if tag["block"] else "", found))


def _literal(found: Any) -> Any:
    """Return the value of a literal: the first of a list, and what an object gives as its `@value`."""
    if isinstance(found, list):
        found = next((item for item in found if item not in (None, "", [], {})), None)
    return found["@value"] if isinstance(found, dict) and "@value" in found else found


def _posting(job: Node, description: str, named: dict[str, Node], here: str, board: str, *, alone: bool) -> Posting:
    own = web_url(raw(job, "url"), here)
    url = (here or own) if alone else (own or here)
    title, company, location = _title(job), _company(job, named), _location(job, named)
    kinds = _listed(job.get("employmentType"))
    identifier = _plain(job, "identifier", "value") or _plain(job, "identifier")
    # Where several postings share a URL, or have none, their contents tell them apart.
    apart = "" if url and (alone or own) else "\n".join(("", identifier, title, company, location))
    return Posting(
        board=board,
        key=key_of(canonical(url) + apart),
        url=url,
        title=title,
        company=company,
        location=location,
        date=day([_literal(given) for given in _listed(job.get("datePosted"))]),
        html=description,
        pay=_pay(job, named),
        remote=True if _is_remote(job) else None,
        employment_type=", ".join(filter(None, (_plain({"": kind}, "") for kind in kinds))),
        expires=day(_literal(job.get("validThrough"))),
    )


def _company(job: Node, named: dict[str, Node]) -> str:
    organisation = _resolved(_literal(job.get("hiringOrganization")), named)
    return _plain(organisation, "name") or _plain(organisation, "legalName") or _plain({"": organisation}, "")


def _location(job: Node, named: dict[str, Node]) -> str:
    """Return the places joined by `; `, after `Remote` where the posting says so."""
    found = job.get("jobLocation")
    lines = [each for place in _listed(found) for each in _addresses(_resolved(place, named), named)]
    return places(*lines, remote=_is_remote(job))


def _is_remote(job: Node) -> bool:
    return "TELECOMMUTE" in str(job.get("jobLocationType", "")).upper()


def _pay(job: Node, named: dict[str, Node]) -> Pay | None:
    """Return the `baseSalary`: a MonetaryAmount, a number or a text, whose value is a range or one amount."""
    salary = _resolved(_literal(job.get("baseSalary")), named)
    amount = _resolved(_literal(value(salary, "value")), named)
    currency, period = (
        next(filter(None, (_plain(part, name) for part in (amount, salary))), "") for name in ("currency", "unitText")
    )
    ends = [_literal(value(part, name)) for part in (amount, salary) for name in ("minValue", "maxValue")]
    low, high = ends[:2] if any(ends[:2]) else ends[2:]
    if not low and not high:
        low = high = next((one for one in (_literal(value(amount, "value")), amount, salary) if one), None)
    stated = find_pay(low[:200]) if isinstance(low, str) else None
    return stated.pay if stated else read_pay(low, high, currency or _plain(job, "salaryCurrency"), period)


def _addresses(place: Any, named: dict[str, Node]) -> list[str]:
    """Return one line for each address of a place; for a place without an address, its name."""
    if not isinstance(place, dict):
        return [_plain({"": place}, "")] if isinstance(place, str) else []
    lines = []
    for given in _listed(place.get("address")):
        where = _resolved(given, named)
        parts = [_plain(where, "addressLocality"), _plain(where, "addressRegion")]
        parts.append(_plain(where, "addressCountry") or _plain(where, "addressCountry", "name"))
        lines.append(", ".join(part for part in parts if part) or _plain({"": where}, ""))
    return lines if any(lines) else [_plain(place, "name")]


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _resolved(found: Any, named: dict[str, Node]) -> Any:
    """Return an object with what the page says elsewhere of its `@id`."""
    if isinstance(found, dict) and isinstance(found.get("@id"), str):
        return {**named.get(found["@id"], {}), **found}
    return found


def page_url(elements: Sequence[Element], url: str) -> str:
    """Return the page's canonical URL, if it is on the host of `url` (on any, for a saved page); else `url`.

    `elements` are the links and meta elements of the page, among others.
    """
    asked = web_url(url)
    links = [each for name, each, _ in elements if name == "link" and "canonical" in each.get("rel", "").split()]
    metas = [each for name, each, _ in elements if name == "meta" and each.get("property") == "og:url"]
    named = [each.get("href", "") for each in links[:1]] + [each.get("content", "") for each in metas[:1]]
    for candidate in (web_url(name, asked) for name in named if name):
        if candidate and (not asked or urlsplit(candidate).hostname == urlsplit(asked).hostname):
            return candidate
    return asked


def web_url(link: str, base: str = "") -> str:
    """Return `link` seen from `base` as an absolute http(s) URL; empty where it is none."""
    try:
        whole = urljoin(base, link.strip()) if link.strip() else ""
        parts = urlsplit(whole)
        return whole if parts.scheme in ("http", "https") and parts.hostname else ""
    except ValueError:
        return ""
