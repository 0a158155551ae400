"""Generator of the bundled postings: from phrase lists to whole postings, each with its own structure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from scrape.common.posting import Posting
from scrape.demo import layout, phrases
from scrape.demo.companies import Company, companies
from scrape.demo.grammar import Writer, capital
from scrape.demo.layout import Block, Facts, Items, Prose, Section
from scrape.demo.phrases import City, Field, Occupation
from scrape.demo.seeded_random import SeededRandom

SEED = 2015
COUNT = 1150
TODAY = date(2026, 11, 20)  # always "today" on this board
ADDRESS = "https://demo-board.invalid/posting/"
_RECENT_DAYS = 45


@dataclass(frozen=True, slots=True)
class JobOpening:
    """A posting and the facts behind it. `low` and `high` are dollars per `unit`."""

    posting: Posting
    occupation: str
    field: str
    low: int
    high: int
    unit: str


def postings(seed: int = SEED, count: int = COUNT) -> list[Posting]:
    """Return the bundled postings. The first `count` are the same whatever the count."""
    return [opening.posting for opening in openings(seed, count)]


@cache
def openings(seed: int = SEED, count: int = COUNT) -> tuple[JobOpening, ...]:
    return tuple(_opening(seed, number) for number in range(count))


@dataclass(frozen=True, slots=True)
class JobOutline:
    """The facts of a posting, chosen before its text."""

    field: Field
    occupation: Occupation
    company: Company
    city: City
    title: str
    low: int
    high: int
    pay: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One posting being written. `size` scales how much is said; `prose` means no lists."""

    job: JobOutline
    rng: SeededRandom
    writer: Writer
    size: float
    prose: bool

    def many(self, usual: int) -> int:
        """Return a random number near `usual`, scaled by the size of this posting; at least 1."""
        return max(1, round(usual * self.size + self.rng.below(3) - 1))

    def paragraph(self, **usual: int) -> str:
        """Return sentences: about so many from each list, in this order."""
        return " ".join(capital(phrase) for phrase in self.phrases(**usual))

    def phrases(self, **usual: int) -> list[str]:
        """Return phrases like `paragraph`, each by itself and without its capital, to stand inside a sentence."""
        return [phrase for name, count in usual.items() for phrase in self.writer.phrases(name, self.many(count))]


def _opening(seed: int, number: int) -> JobOpening:
    rng = SeededRandom(f"{seed}/posting/{number}")
    job = _job(seed, number, rng)
    key = f"{seed % 10000:04d}{number + 1:06d}"
    posting = Posting(
        board="demo",
        key=key,
        url=ADDRESS + key,
        title=job.title,
        company=job.company.name,
        location=job.city.location,
        date=(TODAY - timedelta(days=rng.below(_RECENT_DAYS))).isoformat(),
        html=_body(job, rng),
    )
    return JobOpening(posting, job.occupation.name, job.field.name, job.low, job.high, job.occupation.unit)


def _job(seed: int, number: int, rng: SeededRandom) -> JobOutline:
    field, occupation = _occupations()[number % len(_occupations())]
    company = rng.choice(companies(field, seed))
    city = rng.choice(company.cities)
    # The occupation's range, moved by the city and by chance, and rounded.
    step = 1 if occupation.unit == "hour" else 500
    level = city.cost * rng.between(94, 108) / 100
    low = round(occupation.low * level / step) * step
    high = max(low + 2 * step, round(occupation.high * level / step) * step)
    pay = rng.choice(_PAY[occupation.unit]).format(low, high)
    return JobOutline(field, occupation, company, city, _title(field, occupation, rng), low, high, pay)


@cache
def _occupations() -> tuple[tuple[Field, Occupation], ...]:
    return tuple((field, occupation) for field in phrases.fields() for occupation in field.occupations)


def _title(field: Field, occupation: Occupation, rng: SeededRandom) -> str:
    title = rng.choice(occupation.titles)
    grade = rng.choice(field.lists["grade"])
    if rng.chance(0.3) and not {*_RANKS, *grade.split()} & set(title.split()):
        return f"{grade} {title}"
    return title


def _body(job: JobOutline, rng: SeededRandom) -> str:
    voice = rng.choice(_VOICES)
    prose = rng.chance(0.14)
    draft = Draft(job, rng, _writer(job, voice, rng), rng.choice(_SIZES), prose)
    names = [name for name in rng.choice(_ORDERS).split() if rng.chance(_SHARE.get(name, 1.0))]
    sections = [_WRITE[name](draft) for name in names]
    if prose or rng.chance(0.05):
        sections = [Section("", section.blocks) for section in sections]
    style = layout.style(rng)
    return layout.render(sections, layout.without_lists(style) if prose else style)


def _writer(job: JobOutline, voice: str, rng: SeededRandom) -> Writer:
    lists = {**phrases.general()[voice], **job.field.lists, **job.occupation.lists, **job.city.lists}
    settled = {name: rng.choice(lists[name]) for name in ("boss", "crew", "crew_short", "hood")}
    facts = {
        **settled,
        "company": job.company.name,
        "kind": job.company.kind,
        "founded": str(job.company.founded),
        "staff": str(job.company.staff),
        "city": job.city.name,
        "state": job.city.state,
        "title": job.title,
        # Small letters inside a sentence, but for abbreviations and names.
        "job": " ".join(word if word.isupper() or word in _NAMES else word.lower() for word in job.title.split()),
        "pay": job.pay,
    }
    return Writer(rng, lists, facts)


def _section(draft: Draft, heading: str, *blocks: Block) -> Section:
    return Section(draft.writer.sentence(heading), blocks)


def _listed(draft: Draft, intro: str, items: list[str], *, opener: str) -> Block:
    """Return items as a list, or in a prose posting as sentences that begin with an entry of `opener`."""
    if draft.prose:
        return Prose((" ".join(f"{draft.writer.sentence(opener)} {item}." for item in items),))
    lead = draft.writer.sentence(intro) if draft.rng.chance(0.4) else ""
    return Items(lead, tuple(capital(item) for item in items))


def _role(draft: Draft) -> Section:
    first = " ".join(draft.writer.sentence(name) for name in ("lead", "scene"))
    return _section(draft, "h_role", Prose((first, draft.paragraph(day=2))))


def _about(draft: Draft) -> Section:
    paragraphs = [draft.paragraph(blurb=3), draft.paragraph(scene=2, story=1)]
    joined = (" ".join(paragraphs),) if draft.rng.chance(0.5) else tuple(paragraphs)
    return _section(draft, "h_about", Prose(joined))


def _needs(draft: Draft) -> Section:
    block = _listed(draft, "i_needs", draft.phrases(need=4, want=3, trait=2), opener="prose_need")
    if isinstance(block, Items) and draft.rng.chance(0.25):
        names = draft.writer.phrases("tool", 3 + draft.rng.below(3))
        tools = Items(draft.writer.sentence("tools_intro"), tuple(capital(name) for name in names))
        block = Items(block.intro, (*block.items, tools))
    return _section(draft, "h_needs", block)


def _first(draft: Draft) -> Section:
    # In the order of the list: the first week comes before the first month.
    steps = tuple(capital(draft.writer.phrase(step)) for step in phrases.general()["formal"]["first"])
    if draft.prose:
        return _section(draft, "h_first", Prose((" ".join(steps),)))
    return _section(draft, "h_first", Items("", steps, ordered=True))


def _apply(draft: Draft) -> Section:
    paragraphs = [draft.paragraph(apply=3)]
    if draft.rng.chance(0.4):
        paragraphs.append(draft.writer.sentence("note"))
    return _section(draft, "h_apply", Prose(tuple(paragraphs)))


def _facts(draft: Draft) -> Section:
    pairs = (
        ("Position", draft.job.title),
        ("Employer", draft.job.company.name),
        ("Location", draft.job.city.location),
        ("Pay", draft.job.pay),
        ("Reports to", draft.writer.sentence("boss")),
    )
    return _section(draft, "h_facts", Facts(pairs))


_WRITE: dict[str, Callable[[Draft], Section]] = {
    "role": _role,
    "about": _about,
    "duties": lambda draft: _section(
        draft, "h_duties", _listed(draft, "i_duties", draft.phrases(task=6, duty=4, chore=2), opener="prose_do")
    ),
    "needs": _needs,
    "nice": lambda draft: _section(
        draft, "h_nice", _listed(draft, "i_nice", draft.phrases(bonus=3), opener="prose_need")
    ),
    "pay": lambda draft: _section(draft, "h_pay", Prose((draft.writer.sentence("payline"),))),
    "hours": lambda draft: _section(
        draft, "h_hours", Prose((f"{draft.writer.sentence('shift')} {draft.paragraph(hours=2)}",))
    ),
    "perks": lambda draft: _section(
        draft, "h_perks", _listed(draft, "i_perks", draft.phrases(perk=6, treat=2), opener="prose_perk")
    ),
    "team": lambda draft: _section(draft, "h_team", Prose((draft.paragraph(team=4),))),
    "first": _first,
    "place": lambda draft: _section(draft, "h_place", Prose((draft.paragraph(place=3),))),
    "apply": _apply,
    "fair": lambda draft: _section(draft, "h_fair", Prose((draft.paragraph(fair=2),))),
    "facts": _facts,
}
_PAY = {
    "hour": ("${} - ${} an hour", "${}-{}/hour", "${} to ${} an hour", "${}.00 - ${}.00 per hour", "${}-${} hourly"),
    "year": ("${:,} - ${:,} a year", "${:,} to ${:,} a year", "${:,}-${:,} annually", "${:,} - ${:,} per year"),
}
_RANKS = {"Lead", "Senior", "Junior", "Assistant", "Associate", "Executive", "Deputy", "Staff", "Supervisor", "Manager"}
_VOICES = ("formal", "chatty", "terse", "startup", "municipal")
_SIZES = (0.6, 0.8, 1.0, 1.0, 1.1, 1.25, 1.5)
_ORDERS = (
    "role about duties needs nice pay hours perks team first apply fair",
    "about role duties needs nice perks pay hours place apply fair",
    "facts role duties needs nice about perks hours apply fair",
    "role pay hours duties needs nice first team perks about apply fair",
    "about team role duties first needs nice pay perks place fair apply",
    "role duties needs nice pay perks about fair apply",
)
_SHARE = {
    "pay": 0.92,
    "nice": 0.7,
    "hours": 0.8,
    "team": 0.6,
    "first": 0.4,
    "place": 0.5,
    "fair": 0.8,
    "perks": 0.85,
    "about": 0.9,
}
_NAMES = {"Spanish", "French", "English", "Java", "Python", "Linux", "Montessori", "Android"}
