"""What each verb of `python -m scrape.recommend` does, given its parsed options; returns the exit code."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.text import Text

from scrape.common.console import FAILED, OK, say
from scrape.common.errors import InputError
from scrape.common.files import write_whole
from scrape.common.posting import Posting
from scrape.crawl.search import SearchRequest
from scrape.dataset.gather import gather, report
from scrape.dataset.store import Store, named_store
from scrape.fields import match
from scrape.fields.urls import is_web
from scrape.markup import document, grammar
from scrape.recommend import classifier, explain, feature_store, labels, model, ranking, screen
from scrape.recommend import features as words
from scrape.recommend.classifier import FEW, Report, Taste
from scrape.recommend.feature_store import Kept
from scrape.recommend.keys import keys
from scrape.recommend.labeling import Session, label_of
from scrape.recommend.labels import NO, SKIPPED, YES
from scrape.recommend.order import Uncertain, shuffled
from scrape.recommend.page import Recommendation, render_page
from scrape.recommend.weigh import count, weigh

SAMPLES = Path("samples")
TEXTS = "postings.txt"  # what `python -m charrnn.sample` calls the raw texts of a gallery
_POOL = 5000  # postings that --uncertain looks through, so that it answers at once


@dataclass(frozen=True, slots=True)
class Found:
    """A posting with what speaks for it. `by` is a probability, or in `nearest` a likeness, from 0 to 1."""

    by: float
    title: str
    company: str
    place: str
    date: str
    url: str
    name: str
    words: tuple[str, ...] = ()


# ---------------------------------------------------------------------- fetch-new


def fetch_new(options: Namespace) -> int:
    """Ask the boards for what is new: a search that stops before the corpus."""
    boards = ("demo",) if options.demo else tuple(options.boards)
    store = named_store(options.dataset, options.data_dir, boards)
    request = SearchRequest(
        titles=tuple(options.title), places=tuple(map(match.place, options.place)), boards=tuple(boards)
    )
    found = gather(store, request, contact=options.contact, max_age=0, limit=options.limit, corpus=False)
    report(found, as_json=options.json)
    say(f"{found.new:,} new postings, {len(store.names()):,} in {store.root}; next: python -m scrape.recommend label")
    return OK if found.found and not found.failed else FAILED


# ---------------------------------------------------------------------- label


def label(options: Namespace) -> int:
    """Ask the person about one posting after the other, or take labels from a file."""
    store = named_store(options.dataset, options.data_dir).require()
    with feature_store.in_step(store) as rows, labels.opened(store.root) as given:
        if options.from_file:
            return _label_from_file(Path(options.from_file), given, rows.addresses())
        with keys() as read:
            session = _session(rows, given, uncertain=options.uncertain)
            console = screen.console()
            while (name := session.name) is not None:
                if not session.answer(_judged(console, session, _card(store, name), read)):
                    break
        print(f"\n{session.counts()}")
    return OK


def _session(rows: Kept, given: labels.Labels, *, uncertain: bool) -> Session:
    addresses = rows.addresses()
    names = shuffled(addresses)
    if not uncertain:
        return Session(names, addresses, given)
    answered = labels.answers(given.all(), addresses)
    pool = [name for name in names if name in answered] + [name for name in names if name not in answered][:_POOL]
    chooser = Uncertain(pool, weigh(rows.some(pool), count(rows.pieces()).idf))
    return Session(names, addresses, given, chooser)


def _judged(console: Console, session: Session, card: screen.Card, read: screen.Read) -> str:
    """The key that the person pressed for a posting, once its text was turned as often as they liked."""
    part = 0
    while True:
        screen.show(console, card, session.counts(), part)
        key = read()
        if key != " ":
            return key
        part += 1


def _card(store: Store, name: str) -> screen.Card:
    head, text = store.head(name), store.document(name)
    posting, fields = document.read(text), words.read(text)
    pay = fields.pay.text if fields.pay else ""
    facts = [screen.printable(fact) for fact in (posting.company, posting.location, pay, head.date, head.board)]
    return screen.Card(screen.printable(posting.title), facts, _link(head), posting.html)


def _label_from_file(path: Path, given: labels.Labels, addresses: Mapping[str, str]) -> int:
    """Add the labels of a file, all or none."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}); name a text file of labels") from error
    at = {address: name for name, address in addresses.items() if address}
    found = [label_of(line, f"{path}:{number}", addresses, at) for number, line in enumerate(lines, 1) if _says(line)]
    given.put(*found)
    answers = [label.answer for label in found]
    print(
        f"{len(found):,} labels taken in: "
        + ", ".join(f"{answers.count(kind):,} {kind}" for kind in (YES, NO, SKIPPED))
    )
    return OK


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


# ---------------------------------------------------------------------- train


def train(options: Namespace) -> int:
    """Learn the taste from the labels, say how good it is, and save it."""
    store = named_store(options.dataset, options.data_dir).require()
    with feature_store.in_step(store) as rows:
        liked = _liked(store, rows)
        yes = sum(liked.values())
        if not yes or yes == len(liked):
            raise InputError(
                f"there are {yes} yes and {len(liked) - yes} no in {store.root / labels.FILE}; a taste needs both: "
                "run `python -m scrape.recommend label`"
            )
        answers = np.array(list(liked.values()), bool)
        learned, report = classifier.taste(rows.some(list(liked)), answers, count(rows.pieces()))
        model.save(store.root, learned, model.stamp(yes, len(liked) - yes))
        for_, against = explain.speaking([words.read(store.document(name)) for name in liked], learned)
    _warn_of_few(yes, len(liked) - yes, report)
    if options.json:
        measured = {who: {name: asdict(figure) for name, figure in row.items()} for who, row in report.items()}
        said = {"for": [str(word) for word in for_], "against": [str(word) for word in against]}
        print(
            json.dumps({"yes": yes, "no": len(liked) - yes, "report": measured, **said}, ensure_ascii=False, indent=1)
        )
    else:
        _print_report(report, yes, len(liked))
        print(f"most for:     {', '.join(map(str, for_))}")
        print(f"most against: {', '.join(map(str, against))}")
        print(f"saved: {store.root / model.FILE}")
    return OK


def _liked(store: Store, rows: Kept) -> dict[str, bool]:
    """{name: whether it is liked} of the labelled postings that are there."""
    with labels.opened(store.root) as given:
        answers = labels.answers(given.all(), rows.addresses())
    return {name: answer == YES for name, answer in sorted(answers.items()) if answer != SKIPPED}


def _warn_of_few(yes: int, no: int, report: Report) -> None:
    if not report:
        say(f"too few labels to test: {yes} yes and {no} no; nothing is known of how good this taste is")
    elif min(yes, no) < FEW:
        say(f"too few labels to trust: {yes} yes and {no} no; label {FEW} of each (`label --uncertain` finds them)")


def _print_report(report: Report, yes: int, number: int) -> None:
    print(f"{number:,} labels: {yes:,} yes ({yes / number:.0%}), {number - yes:,} no")
    if not report:
        return
    measures = classifier.MEASURES
    lines = [[Text(who), *(Text(_figure(row[name])) for name in measures)] for who, row in report.items()]
    print("On labels that it had not seen (cross-validation; 95 % intervals):")
    screen.console().print(screen.table(["", *measures], lines))


def _figure(figure: classifier.Figure) -> str:
    return f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})"


# ---------------------------------------------------------------------- recommend


def recommend(options: Namespace) -> int:
    """The postings that the person will most probably like, of those that are not labelled."""
    store = named_store(options.dataset, options.data_dir).require()
    learned, made = model.load(store.root)
    with feature_store.in_step(store) as rows:
        liked = _liked(store, rows)
        _warn_of_age(made, liked)
        ranked = ranking.by_taste(rows, learned, () if options.all else liked, options.count)
    found = [_found(store, row, learned) for row in ranked]
    if options.html:
        about = f"Ranked by {made.yes} yes and {made.no} no: the chance that you would say yes, and what decided."
        entries = [Recommendation(_percent(row.by), row.title, _facts(row), row.url, row.words) for row in found]
        write_whole(Path(options.html), render_page(entries, about))
        say(f"written: {options.html}")
    if options.json:
        print(json.dumps([asdict(row) for row in found], ensure_ascii=False, indent=1))
    elif not options.html:
        _print_found(found)
    return OK if found else FAILED


def _warn_of_age(made: model.Stamp, liked: Mapping[str, bool]) -> None:
    yes = sum(liked.values())
    if (made.yes, made.no) != (yes, len(liked) - yes):
        say(f"the taste knows {made.yes + made.no:,} labels and there are {len(liked):,}; run `train` again")


def _found(store: Store, ranked: ranking.Ranked, learned: Taste | None) -> Found:
    """A ranked posting as it is shown, with the words that decided."""
    head, text = store.head(ranked.name), store.document(ranked.name)
    told = explain.deciding(words.read(text), learned) if learned else []
    posting = document.read(text)
    return Found(
        by=round(ranked.by, 4),
        title=screen.printable(posting.title),
        company=screen.printable(posting.company),
        place=screen.printable(posting.location),
        date=screen.printable(head.date),
        url=_link(head),
        name=ranked.name,
        words=tuple(("" if word.by > 0 else "not: ") + str(word) for word in told),
    )


def _print_found(found: Sequence[Found]) -> None:
    rows = [
        [Text(_percent(row.by)), screen.posting(row.title, _facts(row), row.url), Text("\n".join(row.words))]
        for row in found
    ]
    screen.console().print(screen.table(["chance", "posting", "decided by"], rows))


def _percent(chance: float) -> str:
    """A chance as few labels can know it: never none and never all."""
    return "< 1 %" if chance < 0.01 else "> 99 %" if chance > 0.99 else f"{chance:.0%}".replace("%", " %")


def _facts(found: Found) -> tuple[str, ...]:
    return found.company, found.place, found.date


def _link(head: Posting) -> str:
    """The address of a posting, where it is one that can be followed and shown."""
    return head.url if is_web(head.url) and head.url.isprintable() else ""


# ---------------------------------------------------------------------- nearest


def nearest(options: Namespace) -> int:
    """The real postings nearest to imaginary ones, these in the order in which the person would like them."""
    path = Path(options.file) if options.file else _newest_samples()
    dreams = _dreams(path)
    store = named_store(options.dataset, options.data_dir).require()
    learned = _taste_if_any(store)
    with feature_store.in_step(store) as rows:
        asked = feature_store.piece_of([(str(number), words.read(text)) for number, text in enumerate(dreams)])
        scale = count(rows.pieces())
        near = ranking.nearest(rows, asked, scale.idf, options.count)
        chances = _chances(asked, learned)
    order = sorted(range(len(dreams)), key=lambda number: -chances[number])[: options.dreams]
    shown = [(dreams[number], chances[number], [_found(store, row, None) for row in near[number]]) for number in order]
    if options.json:
        print(json.dumps([_as_json(*row, told=learned is not None) for row in shown], ensure_ascii=False, indent=1))
    else:
        for row in shown:
            _print_near(*row, told=learned is not None)
    return OK


def _newest_samples() -> Path:
    found = sorted(SAMPLES.glob(f"*/{TEXTS}"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise InputError(
            f"there is no {SAMPLES}/<run>/{TEXTS}; run `python -m charrnn.sample`, or name a file of postings"
        )
    say(f"dreaming of {found[-1]}")
    return found[-1]


def _dreams(path: Path) -> list[str]:
    """The documents in a file, mended where a network left a tag open."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} cannot be read ({error}); name a postings.txt, or a posting of bare markup"
        ) from error
    found = [whole for part in document.split([text]) if part.strip() and (whole := grammar.repair(part))]
    if not found:
        raise InputError(f"{path} holds no posting; name a postings.txt, or a posting of bare markup")
    return found


def _taste_if_any(store: Store) -> Taste | None:
    if (store.root / model.FILE).exists():
        return model.load(store.root)[0]
    say("no taste is trained yet, so the imaginary postings stay in their order")
    return None


def _chances(asked: feature_store.Piece, learned: Taste | None) -> list[float]:
    if learned is None:
        return [0.0] * len(asked.names)
    scores = learned.line.scores(weigh(asked, learned.scale.idf))
    return [float(chance) for chance in learned.probabilities(scores)]


def _as_json(dream: str, chance: float, near: Sequence[Found], *, told: bool) -> dict[str, object]:
    posting = document.read(dream)
    about = {"title": posting.title, "company": posting.company, "place": posting.location}
    return about | {"chance": round(chance, 4) if told else None, "nearest": [asdict(row) for row in near]}


def _print_near(dream: str, chance: float, near: Sequence[Found], *, told: bool) -> None:
    posting = document.read(dream)
    facts = [fact for fact in (posting.company, posting.location) if fact]
    heading = f"imagined: {posting.title}" + "".join(f" · {fact}" for fact in facts)
    print(screen.printable(heading) + (f"  ({_percent(chance)} likely to your taste)" if told else ""))
    rows = [[Text(f"{row.by:.2f}"), screen.posting(row.title, _facts(row), row.url)] for row in near]
    console = screen.console()
    console.print(screen.table(["likeness", "real posting"], rows))
    print()
