"""Hacker News "Ask HN: Who is hiring?", by Algolia's open search API; each posting links to the comment it comes from.

Source: https://hn.algolia.com/api
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from scrape.boards.extract import Row, as_html, decode, line, page, raw, rows, text, value
from scrape.common.errors import ChangedShape
from scrape.common.posting import Page, Posting, Query
from scrape.fields.dates import day

NAME = "hackernews"
HOME = "https://news.ycombinator.com"

_API = "https://hn.algolia.com/api/v1"
_THREADS = 2  # on the first days of a month the newest thread is almost empty
_WHERE = re.compile(r"\b(?i:remote|on-?site|hybrid|in[- ]office|anywhere|worldwide)\b|, ?[A-Z]{2}\b")
_TERMS = re.compile(
    r"^(full|part)[- ]?time|^contract|^permanent|^visa|[$€£]|https?:|@|\.(com|io|ai|dev|org)\b", re.IGNORECASE
)
_LINK = re.compile(r"\s*[(<\[]?\s*https?://\S+\s*[)>\]]?")
_CITY = re.compile(r"\b(SF|NYC|New York|San Francisco|London|Berlin|Paris|Seattle|Boston|Toronto|Austin|Chicago)\b")
_ROLE = re.compile(
    r"\b(engineers?|developers?|designers?|scientists?|analysts?|managers?|leads?|head|directors?|architects?|"
    r"researchers?|founding|full[- ]?stack|front[- ]?end|back[- ]?end|devops|sre|roles?|positions?|multiple|interns?|"
    r"writers?|marketers?|recruiters?|product|sales|support|cto|vp|swe|counsel|accountants?|operators?)\b",
    re.IGNORECASE,
)


def start(query: Query) -> Sequence[str]:
    """Return the URL of the stories by the account that opens the thread each month."""
    return [f"{_API}/search_by_date?tags=story,author_whoishiring&hitsPerPage=10"]


def parse(body: str, url: str) -> Page:
    """Return the newest hiring threads of a list of stories, or the postings among the comments of a thread."""
    answer = decode(body, url)
    if value(answer, "hits") is not None:
        hiring = [hit for hit in rows(answer, url, "hits") if "who is hiring" in text(hit, "title").casefold()]
        return Page(follow=tuple(f"{_API}/items/{text(hit, 'objectID')}" for hit in hiring[:_THREADS]))
    comments = rows(answer, url, "children")
    found = [posting for posting in map(_posting, comments) if posting]
    if len(comments) > 20 and not found:
        raise ChangedShape(f"{url}: none of {len(comments)} comments opens with a line like 'Company | Title | Place'")
    return Page(tuple(found))


def _posting(comment: Row) -> Posting | None:
    """Return the posting of a comment that begins with `Company | Title | Place | ...`; else None."""
    html, key = raw(comment, "text"), text(comment, "id")
    first = page(re.split(r"<p>|\n\n", html, maxsplit=1)[0]).get_text(" ")
    company, *rest = [part for piece in first.split("|") if (part := line(piece))] or [""]
    company = _LINK.sub("", company)
    if not key or not company or not rest:
        return None
    places = [part for part in rest if (_WHERE.search(part) or _CITY.search(part)) and not _ROLE.search(part)]
    others = [part for part in rest if part not in places and not _TERMS.search(part)]
    roles = [part for part in others if _ROLE.search(part)]
    if not others or not (roles or places):
        return None
    return Posting(
        board=NAME,
        key=key,
        url=f"{HOME}/item?id={key}",
        title=(roles or others)[0],
        company=company,
        location="; ".join(places),
        date=day(comment.get("created_at")),
        html=as_html(html),
    )
