"""Postings as texts for a page: a card in the list, and the posting itself in the reading pane."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup, escape

from scrape.common.pages.kit import sanitize
from scrape.dataset.index import SearchHit
from scrape.desk.session import MARKS, DeskSession
from scrape.fields import pay
from scrape.fields.urls import link_of
from scrape.markup import document, grammar
from scrape.recommend.ranking import Contribution, show_chance

MOST_PLACES = 3  # shown of a posting
_WHY, _WHY_READING = 3, 8  # terms
_RECENT = 45  # days that are counted; of an older posting the date says more


@dataclass(frozen=True, slots=True)
class Word:
    """A term that decided, and whether it speaks for the posting."""

    text: str
    speaks_for: bool


@dataclass(frozen=True, slots=True)
class PostingCard:
    """One posting in a list. `answer` is its label, or empty; empty texts are left out."""

    name: str
    title: str
    company: str
    place: str
    pay: str
    age: str
    chance: str
    words: Sequence[Word]
    is_new: bool
    answer: str
    excerpt: Markup
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class ReadingView:
    """One posting to read. `link` is a web address or empty, `blocks` its text, safe to show."""

    card: PostingCard
    link: str
    board: str
    pay_source: str
    saved: str
    blocks: Markup


def cards(
    desk: DeskSession, hits: Sequence[SearchHit], drawn: str = "", likeness: Mapping[str, float] = {}
) -> list[PostingCard]:
    """Return the cards of postings; `likeness` stands in the place of the chance where it is given."""
    why = desk.live.explain([hit.name for hit in hits], _WHY)
    return [_card(desk, hit, why[hit.name], drawn, likeness.get(hit.name)) for hit in hits]


def reading(desk: DeskSession, hit: SearchHit, drawn: str = "") -> ReadingView:
    """Return a posting to read. Raises InputError where its files have gone."""
    why = desk.live.explain([hit.name], _WHY_READING)[hit.name]
    return ReadingView(
        card=_card(desk, hit, why, drawn),
        link=link_of(hit.url),
        board=hit.board,
        pay_source="stated in the text" if hit.salary_source == "text" else "",
        saved=_local_day(hit.first_seen),
        blocks=show_blocks(desk.store.document(hit.name)),
    )


def show_blocks(text: str) -> Markup:
    """Return the blocks of a document as HTML, its headings one below that of the page."""
    blocks = document.read(text).html
    titled = re.sub(r"<p><b>([^<>]*)</b></p>", r"<h2>\1</h2>", blocks)  # how many boards write a heading
    titled = titled.replace("<h4>", "<h2>").replace("</h4>", "</h2>")
    return sanitize(titled.replace(grammar.OPEN[grammar.BREAK], "<br>"))


def show_age(day: str, saved: str, today: date) -> str:
    """Return how old a posting is: since it was published or, where no board said, since it was saved."""
    verb, day = ("", day) if day else ("saved ", _local_day(saved))
    try:
        days = (today - date.fromisoformat(day[:10])).days
    except ValueError:
        return day
    if not 0 <= days <= _RECENT:
        return f"{verb}{day[:10]}"
    return verb + ("today" if days == 0 else "yesterday" if days == 1 else f"{days} days ago")


def _local_day(time: str) -> str:
    """Return the day of a time in UTC where the reader is."""
    try:
        return datetime.fromisoformat(time).astimezone().date().isoformat()
    except (ValueError, OverflowError):
        return time[:10]


def show_places(location: str) -> str:
    """Return a location line, cut after some places with the number of the others."""
    places = [part.strip() for part in location.split(";") if part.strip()]
    more = f" and {len(places) - MOST_PLACES:,} more" if len(places) > MOST_PLACES else ""
    return "; ".join(places[:MOST_PLACES]) + more


def _card(
    desk: DeskSession, hit: SearchHit, why: Sequence[Contribution], drawn: str, likeness: float | None = None
) -> PostingCard:
    ranking, answer = desk.live.ranking, desk.answers.get(hit.name, "")
    chance = ranking.chance(hit.name) if ranking and not answer else None
    shown = "" if chance is None else show_chance(chance)
    return PostingCard(
        name=hit.name,
        title=hit.title or "Untitled",
        company=hit.company,
        place=show_places(hit.location),
        pay=pay.show(hit.pay) if hit.pay else "",
        age=show_age(hit.date, hit.first_seen, date.today()),
        chance=shown if likeness is None else f"{likeness:.2f}",
        words=[Word(str(each), each.by > 0) for each in why],
        is_new=hit.first_seen > desk.seen_up_to(),
        answer=answer,
        excerpt=_marked(hit.excerpt),
        drawn=hit.name == drawn,
    )


def _marked(excerpt: str) -> Markup:
    """Return an excerpt with the words that were found within <mark>."""
    shown = str(escape(excerpt))
    for mark, tag in zip(MARKS, ("<mark>", "</mark>"), strict=True):
        shown = shown.replace(mark, tag)
    return Markup(shown)
