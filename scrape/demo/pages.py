"""The pages of the bundled board. As on real job boards, most of every page is not the posting."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from scrape.demo.catalog import Catalog, Search, slug
from scrape.demo.generate import ADDRESS, JobOpening

PER_PAGE = 20
INVENTED = "Every posting, company and workplace on this board is invented. Nothing here is a real job."


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One line of a result list: its link, its opening, and a mark such as `Featured`."""

    href: str
    opening: JobOpening
    mark: str = ""


def front(catalog: Catalog) -> str:
    fields = sorted({opening.field for opening in catalog.live})
    links = "".join(f'<li><a href="/jobs?{urlencode({"what": name})}">{escape(name)}</a></li>' for name in fields)
    body = f"<h1>Find work that does not exist</h1>{_form(Search())}<ul class='fields'>{links}</ul>"
    return _page("Demo Board", body)


def results(catalog: Catalog, search: Search) -> str:
    found = catalog.find(search)
    shown = found[search.start : search.start + PER_PAGE]
    rows = "".join(_row(entry) for entry in _result_rows(catalog, shown, search.start))
    body = f"""{_form(search)}
<p class="count">{len(found)} jobs</p>
<ol class="results">{_sponsored(search.start)}{rows}{_members_only(shown)}</ol>
{_next(search, len(found))}"""
    return _page(f"Jobs {escape(search.what)} {escape(search.where)}", body)


def posting(catalog: Catalog, opening: JobOpening) -> str:
    job = opening.posting
    field = f'<a href="/jobs?{urlencode({"what": opening.field})}">{opening.field}</a>'
    body = f"""<div class="crumbs"><a href="/">Home</a> / {field}</div>
<article class="posting" data-posting="{job.key}">
<header><h1>{escape(job.title)}</h1>
<div class="employer"><a href="/jobs?{urlencode({"company": job.company})}">{escape(job.company)}</a></div>
<div class="where">{escape(job.location)}</div>
<time datetime="{job.date}">Posted {job.date}</time></header>
<div class="share" hidden><button>Share</button><button>Save</button><span>Link copied!</span></div>
<div class="posting-body">
{job.html}
</div>
<a class="apply" rel="nofollow" href="/apply/{job.key}?utm_source=board&amp;utm_medium=button">Apply now</a>
</article>
<aside class="advert"><b>Advertisement</b>
<a href="https://ads.example.invalid/c/{job.key}">Résumés that open doors!</a></aside>
<aside class="related"><h3>Related jobs</h3><ul>{_related(catalog, opening)}</ul></aside>"""
    head = f"""<link rel="canonical" href="{ADDRESS}{job.key}">
<script type="application/ld+json">{_json_ld(opening)}</script>"""
    return _page(f"{escape(job.title)} - {escape(job.company)}", body, head)


def expired(opening: JobOpening) -> str:
    """Return the page of a posting that is over: a notice, and no posting element."""
    title = escape(opening.posting.title)
    body = f"""<div class="notice expired"><h1>This job has expired</h1>
<p>The posting “{title}” is no longer open.</p></div>{_form(Search(what=opening.occupation))}"""
    return _page(f"Expired: {title}", body)


def plain(title: str, text: str) -> str:
    """Return a page with nothing but a message: for members, for applicants, not found."""
    return _page(escape(title), f"<h1>{escape(title)}</h1><p>{escape(text)}</p>")


def _page(title: str, body: str, head: str = "") -> str:
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title} | Demo Board (invented jobs)</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
{head}
<style>body{{font:16px/1.5 sans-serif;margin:0 auto;max-width:60em}}
.advert{{background:#fed}}.label{{background:#ff9}}</style>
<script>window.dataLayer=window.dataLayer||[];function track(e){{dataLayer.push({{event:e}})}}track("view<p>");</script>
</head>
<body>
<p class="label">{INVENTED}</p>
<nav><ul><li><a href="/">Home</a></li><li><a href="/jobs?from=nav">All jobs</a></li>
<li><a href="/private/">For members</a></li></ul></nav>
<div id="cookies" class="banner" style="position:fixed;bottom:0">
<p>This board bakes no cookies but shows the banner anyway.</p>
<button onclick="this.parentNode.remove()">Accept all</button> <button>Manage</button></div>
<main>
{body}
</main>
<footer><p>Demo Board. {INVENTED}</p><a href="/robots.txt">robots.txt</a></footer>
<script async src="/static/board.js"></script>
</body>
</html>
"""


def _form(search: Search) -> str:
    return f"""<form action="/jobs"><input name="what" value="{escape(search.what)}" placeholder="title or occupation">
<input name="where" value="{escape(search.where)}" placeholder="city, state"><button>Search</button></form>"""


def _result_rows(catalog: Catalog, shown: Sequence[JobOpening], start: int) -> list[ResultRow]:
    """Return the links of one page. As on real boards, some postings are on it twice, with two URLs."""
    featured = []
    for opening in filter(catalog.is_featured, shown):
        job = opening.posting
        path = f"/posting/{job.key}/{slug(f'{job.title} {job.company} {job.location}')}"
        featured.append(ResultRow(f"{path}?from=featured", opening, "Featured"))
    return featured + [ResultRow(_href(opening, start + at), opening) for at, opening in enumerate(shown)]


def _href(opening: JobOpening, position: int) -> str:
    job = opening.posting
    return f"/posting/{job.key}/{slug(job.title)}?from=serp&pos={position}&utm_source=board&utm_campaign=list"


def _row(entry: ResultRow) -> str:
    job = entry.opening.posting
    mark = f'<span class="mark">{entry.mark}</span> ' if entry.mark else ""
    return f"""<li class="result">{mark}<h2><a href="{escape(entry.href)}">{escape(job.title)}</a></h2>
<span class="company">{escape(job.company)}</span> <span class="where">{escape(job.location)}</span>
<a class="quick" href="/apply/{job.key}?from=serp">Quick apply</a></li>
"""


def _sponsored(start: int) -> str:
    """Results that somebody would have paid for; they lead off the board."""
    return f"""<li class="result sponsored"><span class="mark">Sponsored</span>
<h2><a href="https://ads.example.invalid/click?slot={start}&amp;utm_source=board">
Earn thousands from your couch</a></h2></li>
<li class="result sponsored"><span class="mark">Ad</span>
<h2><a href="//jobs.example.invalid/posting/{9000000 + start}/too-good-to-be-true">Chief Napping Officer</a></h2></li>
"""


def _members_only(shown: Sequence[JobOpening]) -> str:
    """Return a result in the part of the site that robots.txt keeps crawlers out of."""
    if not shown:
        return ""
    key = shown[0].posting.key
    link = f'<a href="/private/posting/{key}/preview?from=serp">Preview for members</a>'
    return f'<li class="result members"><h2>{link}</h2></li>\n'


def _next(search: Search, total: int) -> str:
    if search.start + PER_PAGE >= total:
        return ""
    return f'<a rel="next" class="next" href="/jobs?{escape(search.at(search.start + PER_PAGE))}">Next page</a>'


def _related(catalog: Catalog, opening: JobOpening) -> str:
    return "".join(
        f'<li><a href="{escape(_href(other, 0))}">{escape(other.posting.title)}</a></li>'
        for other in catalog.related(opening)
    )


def _json_ld(opening: JobOpening) -> str:
    """schema.org's JobPosting. `<` is escaped so that no text can end the script element."""
    job = opening.posting
    city, state = job.location.split(", ")
    value = {"@type": "QuantitativeValue", "minValue": opening.low, "maxValue": opening.high}
    data = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": job.title,
        "description": job.html,
        "identifier": {"@type": "PropertyValue", "name": job.company, "value": job.key},
        "datePosted": job.date,
        "hiringOrganization": {"@type": "Organization", "name": job.company},
        "jobLocation": {
            "@type": "Place",
            "address": {"@type": "PostalAddress", "addressLocality": city, "addressRegion": state},
        },
        "baseSalary": {
            "@type": "MonetaryAmount",
            "currency": "USD",
            "value": {**value, "unitText": opening.unit.upper()},
        },
    }
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
