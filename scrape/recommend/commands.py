"""The verbs of `python -m scrape.recommend`; each takes its parsed options and returns the exit code."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.text import Text

from scrape.common.console import FAILED, OK, print_json, print_result, say
from scrape.common.errors import InputError
from scrape.common.files import require_place, write_whole
from scrape.common.posting import Posting
from scrape.crawl.search import SearchRequest
from scrape.dataset.search_and_save import report, search_and_save
from scrape.dataset.store import Store, named_store
from scrape.fields import match
from scrape.fields.pay import show
from scrape.fields.urls import link_of
from scrape.markup import document
from scrape.recommend import classifier, labeling, ranking, terminal
from scrape.recommend.classifier import FEW, MEASURES, Classifier
from scrape.recommend.feature_store import FeatureStore, batch_of, open_features
from scrape.recommend.features import Fields, read_fields
from scrape.recommend.label_files import import_labels
from scrape.recommend.labels import FILE as LABELS
from scrape.recommend.labels import SKIPPED, YES, Labels, current_answers, open_labels
from scrape.recommend.page import Recommendation, render_page
from scrape.recommend.samples import SAMPLES, TEXTS, newest_gallery, read_samples
from scrape.recommend.terminal import TerminalView, printable
from scrape.recommend.tfidf import document_frequency, weigh

_POOL = 5000  # postings that --active looks through, so that it answers at once


@dataclass(frozen=True, slots=True)
class RankedPosting:
    """A posting as it is recommended. `by` is a probability, or in `similar` a similarity, from 0 to 1."""

    by: float
    title: str
    company: str
    place: str
    date: str
    url: str
    name: str
    words: tuple[str, ...] = ()

    @property
    def facts(self) -> tuple[str, ...]:
        return self.company, self.place, self.date


# ---------------------------------------------------------------------- fetch-new


def fetch_new(options: Namespace) -> int:
    """Ask the boards for what is new: a search that stops before the corpus, also on boards that forbid training."""
    boards = ("demo",) if options.demo else tuple(options.boards)
    chosen = named_store(options.dataset, options.data_dir, boards)
    store = chosen.as_files("name another dataset with --dataset")
    request = SearchRequest(
        titles=tuple(options.title), places=tuple(map(match.place, options.place)), boards=tuple(boards)
    )
    found = search_and_save(
        store, request, contact=options.contact, max_age=0, limit=options.limit, corpus=False, for_training=False
    )
    report(found, as_json=options.json)
    say(
        f"{found.new:,} new postings, {store.count():,} in {store.root}; "
        f"next: {store.command('scrape.recommend label')}"
    )
    return OK if found.found and not found.failed else FAILED


# ---------------------------------------------------------------------- label


def label(options: Namespace) -> int:
    """Present one posting after the other to be labeled, or read labels from a file."""
    store = named_store(options.dataset, options.data_dir).require()
    with open_features(store) as features, open_labels(store.root) as labels:
        if options.from_file:
            return import_labels(store, Path(options.from_file), features.addresses())
        with terminal.open_keyboard() as read_key:
            session = _session(features, labels, active=options.active)
            console = terminal.console()
            part = 0
            while session.name is not None:
                terminal.show(console, _view(store, session.name), session.counts(), part)
                key = read_key()
                part = part + 1 if key == " " else 0
                if key != " " and not session.answer(key):
                    break
        print_result(f"\n{session.counts()}")
    return OK


def _session(features: FeatureStore, labels: Labels, *, active: bool) -> labeling.LabelingSession:
    addresses = features.addresses()
    names = labeling.shuffled(addresses)
    if not active:
        return labeling.LabelingSession(names, addresses, labels)
    answered = current_answers(labels.all(), addresses)
    pool = [name for name in names if name in answered] + [name for name in names if name not in answered][:_POOL]
    rows = weigh(features.batch(pool), document_frequency(features.batches()).idf)
    return labeling.LabelingSession(names, addresses, labels, labeling.UncertaintySampling(pool, rows))


def _view(store: Store, name: str) -> TerminalView:
    head, text = store.head(name), store.document(name)
    posting, fields = document.read(text), read_fields(text, head.pay)
    pay = show(fields.pay) if fields.pay else ""
    facts = [printable(fact) for fact in (posting.company, posting.location, pay, head.date, head.board)]
    return TerminalView(printable(posting.title), facts, link_of(head.url), posting.html)


def _fields(store: Store, name: str) -> Fields:
    return read_fields(store.document(name), store.head(name).pay)


# ---------------------------------------------------------------------- train


def train(options: Namespace) -> int:
    """Train the classifier on the labels, evaluate it, and save it."""
    store = named_store(options.dataset, options.data_dir).require()
    with open_features(store) as features:
        liked = _liked(store, features)
        yes, no = sum(liked.values()), len(liked) - sum(liked.values())
        if not yes or not no:
            raise InputError(
                f"there are {yes} yes and {no} no in {store.root / LABELS}; a classifier needs both: "
                f"run `{store.command('scrape.recommend label')}`"
            )
        answers = np.array(list(liked.values()), bool)
        frequency = document_frequency(features.batches())
        learned, report = classifier.train(features.batch(list(liked)), answers, frequency)
    classifier.save(store.root, learned, yes, no)
    speak_for, against = ranking.strongest_terms([_fields(store, name) for name in liked], learned)
    _warn_of_few_labels(store, learned, yes, no)
    if options.json:
        measured = {who: {name: asdict(each) for name, each in row.items()} for who, row in report.items()}
        words = {"for": [str(each) for each in speak_for], "against": [str(each) for each in against]}
        print_json({"yes": yes, "no": no, "report": measured, **words})
        return OK
    print_result(f"{yes + no:,} labels: {yes:,} yes ({yes / (yes + no):.0%}), {no:,} no")
    if report:
        print_result("On labels it had not seen (cross-validation; 95 % confidence intervals):")
        terminal.console().print(terminal.table(["", *MEASURES], _report_rows(report)))
    print_result(f"most for:     {', '.join(map(str, speak_for))}")
    print_result(f"most against: {', '.join(map(str, against))}")
    print_result(f"saved: {store.root / classifier.FILE}")
    return OK


def _warn_of_few_labels(store: Store, learned: Classifier, yes: int, no: int) -> None:
    """Warn of a classifier that was trained on too few labels. Its probabilities look as sure as any."""
    if not learned.calibrated:
        say(f"too few labels to evaluate: {yes} yes and {no} no; it is unknown how good this classifier is")
    elif min(yes, no) < FEW:
        label = store.command("scrape.recommend label --active")
        say(f"too few labels to trust: {yes} yes and {no} no; label {FEW} of each (`{label}` finds them)")


def _report_rows(report: classifier.Report) -> list[list[Text]]:
    return [
        [
            Text(who),
            *(Text(f"{row[name].value:.2f} ({row[name].low:.2f} to {row[name].high:.2f})") for name in MEASURES),
        ]
        for who, row in report.items()
    ]


def _liked(store: Store, features: FeatureStore) -> dict[str, bool]:
    """Return {name: whether the answer is yes} of the labeled postings that are there."""
    with open_labels(store.root) as labels:
        answers = current_answers(labels.all(), features.addresses())
    return {name: answer == YES for name, answer in sorted(answers.items()) if answer != SKIPPED}


# ---------------------------------------------------------------------- recommend


def recommend(options: Namespace) -> int:
    """Rank the postings without a label by the probability of a yes."""
    if options.html:
        require_place(Path(options.html), "--html")
    store = named_store(options.dataset, options.data_dir).require()
    learned, made = classifier.load(store)
    with open_features(store) as features:
        liked = _liked(store, features)
        yes, no = sum(liked.values()), len(liked) - sum(liked.values())
        if (made.yes, made.no) != (yes, no):
            say(
                f"the classifier was trained on {made.yes + made.no:,} labels, now there are {yes + no:,}; "
                f"run `{store.command('scrape.recommend train')}`"
            )
        _warn_of_few_labels(store, learned, made.yes, made.no)
        ranked = ranking.rank(features, learned, () if options.all else liked, options.count)
    found = [_ranked_posting(store, row, learned) for row in ranked]
    if options.html:
        about = f"Ranked by {made.yes} yes and {made.no} no: the chance of a yes, and the words that decided."
        entries = [
            Recommendation(ranking.show_chance(row.by), row.title, row.facts, row.url, row.words) for row in found
        ]
        write_whole(Path(options.html), render_page(entries, about))
        say(f"written: {options.html}")
    if options.json:
        print_json([asdict(row) for row in found])
    elif not options.html:
        rows = [
            [
                Text(ranking.show_chance(row.by)),
                terminal.posting_cell(row.title, row.facts, row.url),
                Text("\n".join(row.words)),
            ]
            for row in found
        ]
        terminal.console().print(terminal.table(["chance", "posting", "decided by"], rows))
    return OK if found else FAILED


def _ranked_posting(store: Store, ranked: ranking.Ranked, learned: Classifier | None) -> RankedPosting:
    """Return a ranked posting as it is shown, with the words that decided if there is a classifier."""
    head, text = store.head(ranked.name), store.document(ranked.name)
    decided = ranking.explain(read_fields(text, head.pay), learned) if learned else []
    posting = document.read(text)
    return RankedPosting(
        by=round(ranked.by, 4),
        title=printable(posting.title),
        company=printable(posting.company),
        place=printable(posting.location),
        date=printable(head.date),
        url=link_of(head.url),
        name=ranked.name,
        words=tuple(("" if each.by > 0 else "not: ") + str(each) for each in decided),
    )


# ---------------------------------------------------------------------- similar


def similar(options: Namespace) -> int:
    """Find the real postings most similar to generated ones, these in the order in which they are recommended."""
    samples = _samples(options.file)
    store = named_store(options.dataset, options.data_dir).require()
    learned: Classifier | None = None
    if (store.root / classifier.FILE).exists():
        learned, made = classifier.load(store)
        _warn_of_few_labels(store, learned, made.yes, made.no)
    else:
        say("no classifier is trained yet, so the generated postings stay in their order")
    with open_features(store) as features:
        batch = batch_of([(str(number), read_fields(text)) for number, text in enumerate(samples)])
        idf = document_frequency(features.batches()).idf
        found = ranking.most_similar(features, batch, idf, options.count)
    chances = learned.probabilities(learned.scores(batch)) if learned else np.zeros(len(samples))
    shown = [
        (
            document.read(samples[place]),
            float(chances[place]),
            [_ranked_posting(store, row, None) for row in found[place]],
        )
        for place in np.argsort(-chances, kind="stable")[: options.samples]
    ]
    if options.json:
        rows = [
            {
                "title": posting.title,
                "company": posting.company,
                "place": posting.location,
                "chance": round(chance, 4) if learned else None,
                "nearest": [asdict(row) for row in near],
            }
            for posting, chance, near in shown
        ]
        print_json(rows)
    else:
        for row in shown:
            _print_similar(*row, has_chance=learned is not None)
    return OK


def _print_similar(posting: Posting, chance: float, near: Sequence[RankedPosting], *, has_chance: bool) -> None:
    heading = " · ".join(fact for fact in (posting.title, posting.company, posting.location) if fact)
    print_result(
        printable(f"generated: {heading}")
        + (f"  (chance of a yes: {ranking.show_chance(chance)})" if has_chance else "")
    )
    rows = [[Text(f"{row.by:.2f}"), terminal.posting_cell(row.title, row.facts, row.url)] for row in near]
    terminal.console().print(terminal.table(["similarity", "real posting"], rows))
    print_result()


def _samples(named: str) -> list[str]:
    """Read the documents of a file, by default the newest samples."""
    path = Path(named) if named else newest_gallery()
    if path is None:
        raise InputError(
            f"there is no {SAMPLES}/<run>/{TEXTS}; run `python -m charrnn.sample`, or name a file of postings"
        )
    if not named:
        say(f"reading {path}")
    return read_samples(path)
