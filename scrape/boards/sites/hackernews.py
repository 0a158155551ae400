"""Hacker News "Ask HN: Who is hiring?", by Algolia's open search API; each posting links to the comment it comes from.

Source: https://hn.algolia.com/api
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scrape.boards.extract import Row, as_html, decode, line, raw, rows, says_remote, text, value
from scrape.common.errors import ChangedShape
from scrape.common.posting import Page, Posting, Query
from scrape.fields import places
from scrape.fields.dates import day

NAME = "hackernews"
HOME = "https://news.ycombinator.com"

SEVERAL = "Multiple roles"
"""The title of a posting that names no role, in the words that most such postings use."""

_API = "https://hn.algolia.com/api/v1"
_THREADS = 2  # on the first days of a month the newest thread is almost empty
_LONGEST_TITLE = 100  # characters; more is a sentence
_MOST_READ = 1000  # characters of a headline, and of each paragraph after it
_PARAGRAPHS = 40  # that are searched for a role
_TAG = re.compile(r"<[^<>]*>")
_PARAGRAPH = re.compile(r"<p>|<br\s*/?>|\n")
# What stands between the fields of a headline, the commonest first, and how often it must stand there to be one.
_SEPARATORS = (
    (re.compile(r"\s*[|│｜]+\s*"), 1),
    (re.compile(r"\s+I\s+"), 2),
    (re.compile(r"\s+(?:[-–—]|--)\s+"), 1),
    (re.compile(r"\s*[•·;]\s*"), 2),
    (re.compile(r"\s*/\s*"), 3),
)
_URL = re.compile(r"\s*[(<\[]?\s*(?:https?://|www\.)[^\s)>\]]+\s*[)>\]]?")
_DOMAIN = re.compile(r"\(?\s*[\w-]+(?:\.[\w-]+)*\.(?:com|io|ai|co|dev|org|net|app|tech|xyz|eu|de|uk)(?:/\S*)?\s*\)?")
_BATCH = re.compile(r"\s*\((?:YC\s*)?[WSFX]\d\d\)|\s*\(YC[^)]*\)")
_ARRANGEMENT = re.compile(
    r"\b(?:remote(?:ly)?|on-?\s?site|hybrid|in[- ](?:office|person)|anywhere|worldwide|wfh)\b", re.IGNORECASE
)
_STATE = re.compile(r", ?[A-Z]{2}\b")
_NOT_REMOTE = re.compile(r"\b(?:sorry,? )?(?:no|not|non)[- ]remote\b", re.IGNORECASE)
_EMPLOYMENT = re.compile(
    r"\b(?:full|part)[- ]?time\b|\bcontract(?:or|ing)?s?\b|\bpermanent\b|\bfreelance\b|\binternships?\b", re.IGNORECASE
)
_TERMS = re.compile(
    r"\bvisas?\b(?: sponsorship| sponsored| support| ok| transfer)?|\brelocation\b(?: \w+)?|\bh-?1b\b(?: ok)?|"
    r"\bsponsorship\b|\b(?:us |eu |uk )?citizens?(?:hip)?\b(?: required)?|\bequity\b|\b(?:salary|comp)\b|"
    r"\b\d+\+? ?(?:yoe|years?)\b(?: required| of experience)?|\binterns?\b|"
    r"\bseries [a-f]\b|\bseed\b|\bvc[- ]backed\b|\byc [wsfx]?\d\d\b|\bstealth\b|\bstartup\b",
    re.IGNORECASE,
)
_SUM = re.compile(
    r"[$€£₹¥]|\b\d[\d,.]*\s*k\b|\b\d[\d,.]*\s*(?:[-–—]|to)\s*\d[\d,.]*\s*(?:k\b|%)|\b(?:USD|EUR|GBP|INR|CAD)\b",
    re.IGNORECASE,
)
_NOUN = (
    r"engineers?|developers?|designers?|scientists?|analysts?|managers?|leads?|heads?|directors?|architects?|"
    r"researchers?|devops|sres?|swes?|interns?|writers?|marketers?|recruiters?|cto|ceo|cfo|coo|vps?|counsel|"
    r"accountants?|operators?|programmers?|hackers?|consultants?|specialists?|coordinators?|associates?|assistants?|"
    r"officers?|administrators?|technicians?|strategists?|advocates?|editors?|producers?|artists?|generalists?|"
    r"nurses?|teachers?|physicians?|members? of technical staff|mechanics?|sellers?|executives?|representatives?"
)
_ROLE = re.compile(
    rf"\b(?:{_NOUN}|founding|full[- ]?stack|front[- ]?end|back[- ]?end|roles?|positions?|openings?|product|sales|"
    r"support|engineering)\b",
    re.IGNORECASE,
)
_NAMED_ROLE = re.compile(rf"(?:\b[A-Z][\w+#/.&-]{{0,30}},? ){{0,4}}\b(?i:{_NOUN})\b")
_PHRASES = re.compile(r"\s+[-–—•*]+\s+|[•:;!?]|\.\s|^\s*[-–—*]\s+|\s+and\s+")
_NO_TITLE = re.compile(r"(?i)(?:we|our|you|i|the|join|apply|if|to|as|this|at|please|roles?|positions?|openings?)\b")
_IS_HIRING = re.compile(
    r"(?P<company>.{2,60}?) (?:is|are) (?:currently )?(?:hiring|looking for|seeking)(?: for)?:? (?:an? |our )?"
    r"(?P<title>.{2,100}?)(?: in (?P<place>[A-Z].{,60}?))?[.!]?"
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
    """Return the posting of a comment that begins with a headline; None for any other comment."""
    html, key = raw(comment, "text"), text(comment, "id")
    paragraphs = [said for part in _PARAGRAPH.split(html) if (said := line(_TAG.sub(" ", part)))]
    while paragraphs and not _URL.sub("", paragraphs[0]).strip():  # a link alone, before the headline
        paragraphs.pop(0)
    headline = read_headline(paragraphs[0]) if paragraphs else None
    if not key or not headline:
        return None
    return Posting(
        board=NAME,
        key=key,
        url=f"{HOME}/item?id={key}",
        title=headline.role
        or _role_in([said[:_MOST_READ] for said in paragraphs[1:_PARAGRAPHS]])
        or headline.other
        or SEVERAL,
        company=headline.company,
        location=headline.location,
        date=day(comment.get("created_at")),
        remote=True if says_remote(headline.location) else None,
        employment_type=headline.employment_type,
        html=as_html(html),
    )


@dataclass(frozen=True, slots=True)
class Headline:
    """The fields of the first line of a comment. `role` is empty where it names none; `other` may then be the title."""

    company: str
    role: str
    location: str = ""
    employment_type: str = ""
    other: str = ""


def read_headline(first: str) -> Headline | None:
    """Return the fields of a line such as `Company | Title | Place | Full-time`, in any order after the company.

    The fields may also be separated by dashes, slashes and the like. None for a line that is no such headline.
    """
    first = first[:_MOST_READ]
    fields = _fields(_NOT_REMOTE.sub("onsite", _URL.sub(" ", first).strip(" |")))
    if len(fields) < 2:
        found = _IS_HIRING.fullmatch(first)
        if not found or not _ROLE.search(found["title"]):
            return None
        return Headline(_company(_URL.sub("", found["company"])), found["title"], found["place"] or "")
    company, rest = _apart(fields)
    of: dict[str, list[str]] = {"role": [], "place": [], "name": [], "terms": []}
    for field in rest:
        of[_kind(field)].append(field)
    if not (of["role"] or of["place"] or of["terms"]):
        return None
    in_roles = [inner for role in of["role"] for inner in re.findall(r"\(([^)]+)\)", role) if _is_place(inner)]
    places_named = map(_without_terms, of["place"] or in_roles)
    employment = _EMPLOYMENT.search(" ".join(rest))
    others = [name for name in of["name"] if len(name) <= _LONGEST_TITLE]
    return Headline(
        company=_company(company),
        role=next(iter(of["role"]), ""),
        location="; ".join(dict.fromkeys(filter(None, places_named))),
        employment_type=employment[0] if employment else "",
        other=next(iter(others), ""),
    )


def _fields(first: str) -> list[str]:
    """Return the fields of a headline, without links, in order; the line itself where nothing separates them."""
    for separator, least in _SEPARATORS:
        parts = [part for piece in separator.split(first) if (part := line(piece))]
        parts = parts[:1] + [part for part in parts[1:] if not _DOMAIN.fullmatch(part)]
        bars = separator is _SEPARATORS[0][0]
        if len(separator.findall(first)) >= least and (
            bars or any(_kind(part) in ("place", "terms") for part in parts)
        ):
            return parts
    return [first]


def _apart(fields: list[str]) -> tuple[str, list[str]]:
    """Return the company and the other fields. The company stands first, unless a place does; it may be missing."""
    named, dash, beside = fields[0].partition(" - ")
    if dash and _kind(beside) == "place":
        return named, [beside, *fields[1:]]
    if not _is_only_place(fields[0]):
        return fields[0], fields[1:]
    at = next((i for i, field in enumerate(fields) if _kind(field) == "name"), -1)
    return (fields[at] if at >= 0 else ""), [field for i, field in enumerate(fields) if i != at]


def _kind(field: str) -> str:
    """Return what a field is: terms, role, place, or else a name, of a company or of anything."""
    bare = _without_terms(field)
    if not bare or (_SUM.search(bare) and not _ROLE.search(_SUM.sub("", bare))):
        return "terms"
    if _ROLE.search(bare):
        return "role"
    return "place" if _is_place(bare) else "name"


def _is_place(words: str) -> bool:
    """Return whether words name an arrangement, a state, a country, or a city whose state or country is known."""
    known = any(place.country or place.region or place.area for place in places.read(words))
    return bool(_ARRANGEMENT.search(words) or _STATE.search(words)) or known


def _is_only_place(words: str) -> bool:
    """Return whether words name a place and nothing else: `Hooli India` is a company."""
    cities = [place.city for place in places.read(words) if place.city]
    return _is_place(words) and (bool(_STATE.search(words)) or all(map(_is_place, cities)))


def _without_terms(field: str) -> str:
    """Return a field without `full-time`, `visa` and the like."""
    bare = _TERMS.sub(" ", _EMPLOYMENT.sub(" ", field))
    bare = re.sub(r"\(\s*[,/&+]*\s*\)", " ", bare)
    bare = re.sub(r"\s*[,/&+]+\s*(?=[)]|$)|(?<=\()\s*[,/&+]+\s*", "", " ".join(bare.split()))
    return re.sub(r"^(?:and|or)\b|\b(?:and|or)$", "", re.sub(r"\s*,(?:\s*,)+", ",", bare)).strip(" ,;/&+-–—")


def _company(named: str) -> str:
    return line(_BATCH.sub("", _DOMAIN.sub("", named) if " " in named else named)).strip(" -–—,:")


def _role_in(paragraphs: Sequence[str]) -> str:
    """Return the first role that the paragraphs after a headline name: a short phrase, or part of a sentence."""
    phrases = [line(part) for said in paragraphs for part in _PHRASES.split(said)]
    short = (phrase for phrase in phrases if len(phrase) <= 60 and not _NO_TITLE.match(phrase))
    if title := next((phrase for phrase in short if re.search(rf"\b(?:{_NOUN})\b", phrase, re.IGNORECASE)), ""):
        return title.removesuffix(" wanted").rstrip(".,")
    return next((role[0] for said in paragraphs if (role := _NAMED_ROLE.search(said))), "")
