"""What is made of words, and what is learned of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="recommendations need the extra `recommend`")

from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score

from scrape.common.errors import InputError
from scrape.fields.pay import find_pay
from scrape.recommend import features, labels, rows
from scrape.recommend.classifier import calibrate, held_out, learn, measures, twins
from scrape.recommend.explain import Word, distinct
from scrape.recommend.feature_store import piece_of
from scrape.recommend.labels import Label
from scrape.recommend.order import STEP, Uncertain, shuffled
from scrape.recommend.rows import BITS, BLOCKS
from scrape.recommend.weigh import WEIGHTS, Scale, count, weigh

HEAD = "<html>\n<h1>{}</h1>\n<h2>Oven Co</h2>\n<h3>Remote - US</h3>\n<p>{}</p>\n</html>\n"


def fields(title: str, body: str = "Bread") -> features.Fields:
    return features.read(HEAD.format(title, body))


# ---------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("text", "shown", "yearly"),
    [
        ("pays $120,000 - $150,000 USD per year", "$120,000 - $150,000 USD per year", 150_000),
        ("Salary: $120k–$150k", "$120k–$150k", 150_000),
        ("$31.50 an hour", "$31.50 an hour", 65_520),
        ("£45,000 per annum", "£45,000 per annum", 45_000),
        ("€4,000 a month", "€4,000 a month", 48_000),
        ("a $250 prize, then $90,000", "$90,000", 90_000),
    ],
)
def test_pay_is_read_as_people_write_it(text: str, shown: str, yearly: float) -> None:
    pay = find_pay(text)
    assert pay is not None and (pay.text, pay.yearly) == (shown, pytest.approx(yearly))


@pytest.mark.parametrize(
    "text", ["", "$5 lunch", "$20,000 million in funds", "we raised $100M", "401k", "100,000 users"]
)
def test_other_sums_are_no_pay(text: str) -> None:
    assert find_pay(text) is None


def test_facts_say_what_a_place_and_a_wage_mean() -> None:
    facts = features.facts(fields("Baker", "You get $110,000 a year"))
    assert facts["place"] == ["remote work", "in the US"]
    assert {"pay stated", "pay over 100k"} <= set(facts["pay"]) and "pay over 125k" not in facts["pay"]
    assert features.facts(fields("Baker"))["pay"] == ["no pay stated"]


def test_pairs_do_not_reach_across_blocks() -> None:
    text = "<html>\n<h1>A</h1>\n<p>one <b>two</b><br/>three</p>\n<ul>\n<li>four C++</li>\n</ul>\n</html>\n"
    named = set(rows.named(features.read(text)).values())
    assert {term for block, term in named if block == "body pairs"} == {"one two", "four c++"}
    assert {term for block, term in named if block == "body"} == {"one", "two", "three", "four", "c++"}


# ---------------------------------------------------------------------- rows and weights


def test_a_row_names_its_own_columns() -> None:
    said = fields("Data Engineer", "data data pipelines")
    row, named = rows.row(said), rows.named(said)
    assert set(row.columns.tolist()) == set(named)
    assert (np.diff(row.columns.astype(np.int64)) > 0).all()
    count_of = {named[int(column)]: int(number) for column, number in zip(row.columns, row.counts, strict=True)}
    assert count_of["body", "data"] == 2 and count_of["title", "data"] == 1 == count_of["title pairs", "data engineer"]
    assert all(BLOCKS[column >> BITS] == block for column, (block, _) in named.items())


def test_a_word_very_often_is_counted_to_the_end_of_a_byte() -> None:
    assert rows.row(fields("A", "spam " * 999)).counts.max() == 255


def test_every_block_has_the_length_of_its_weight() -> None:
    piece = piece_of([(str(number), fields("Pastry Baker", "Bread of rye")) for number in range(6)])
    weighed = weigh(piece, count([piece]).idf)
    for number, block in enumerate(BLOCKS):
        part = weighed[:, number << BITS : (number + 1) << BITS].toarray()
        lengths = np.linalg.norm(part, axis=1)
        expected = 0.0 if not part.any() else WEIGHTS[block]
        assert lengths == pytest.approx(expected, abs=1e-5)
    assert weighed[:, : 1 << BITS].nnz > 0


def test_rarity_is_the_smoothed_inverse_frequency() -> None:
    frequency = np.zeros(rows.COLUMNS, np.uint32)
    frequency[:3] = 5, 99, 1
    idf = Scale(99, frequency).idf
    assert idf[:3] == pytest.approx([np.log(100 / 6) + 1, 1.0, 0.0]) and idf[3] == 0


# ---------------------------------------------------------------------- learning


@given(st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=2).filter(lambda rows: any(y for y, _ in rows)))
def test_measures_are_those_of_scikit_learn(pairs: list[tuple[bool, int]]) -> None:
    liked = np.array([yes for yes, _ in pairs])
    scores = np.array([float(score) for _, score in pairs])
    said = scores > 0
    theirs = [tool(liked, said, zero_division=0.0) for tool in (precision_score, recall_score, f1_score)]
    assert measures(scores, liked) == pytest.approx((*theirs, average_precision_score(liked, scores)))


def test_twins_are_never_both_learned_and_examined() -> None:
    """With noise for answers and every body twice, whoever has seen the twin is nearly always right."""
    dice = np.random.default_rng(1)
    bodies = [" ".join(dice.choice([f"w{n}" for n in range(40)], 12)) for _ in range(40)]
    said = [fields("Baker", body) for body in bodies for _ in range(2)]
    liked = np.repeat(dice.random(40) < 0.5, 2)
    piece = piece_of([(str(number), each) for number, each in enumerate(said)])
    groups = twins(piece)
    assert len(set(groups)) == 40 and (groups[::2] == groups[1::2]).all()
    weighed = weigh(piece, count([piece]).idf)
    honest, naive = held_out(weighed, liked, groups), held_out(weighed, liked, np.arange(80))
    assert honest is not None and naive is not None
    assert ((naive > 0) == liked).mean() > 0.8 > ((honest > 0) == liked).mean()


def test_probabilities_are_right_as_often_as_they_say() -> None:
    dice = np.random.default_rng(2)
    scores = dice.normal(size=4000)
    liked = dice.random(4000) < 1 / (1 + np.exp(-(3 * scores - 2)))
    slope, shift = calibrate(scores, liked)
    assert (slope, shift) == (pytest.approx(3, abs=0.3), pytest.approx(-2, abs=0.3))
    assert calibrate(-scores, liked)[0] == 0, "scores that mislead say nothing"


def test_uncertain_waits_for_both_answers_and_then_takes_what_lies_between() -> None:
    names = [str(number) for number in range(60)]
    kinds = ["Rye Baker", "Wheat Grinder", "Rye Wheat Baker"]
    piece = piece_of([(name, fields(kinds[0 if i < 25 else 1 if i < 50 else 2])) for i, name in enumerate(names)])
    chooser = Uncertain(names, weigh(piece, count([piece]).idf))
    assert chooser.next({}) == names[:STEP] and chooser.next({}, names[:3]) == names[3 : 3 + STEP]
    assert chooser.next(dict.fromkeys(names[:24], True)) == names[24 : 24 + STEP], "one kind only"
    liked = {name: int(name) < 25 for name in [*names[:15], *names[25:40]]}
    assert set(chooser.next(liked)) <= set(names[50:])
    assert chooser.next(dict.fromkeys(names, True)) == []


def test_learning_ignores_what_the_labelled_do_not_say() -> None:
    piece = piece_of([(str(i), fields(title)) for i, title in enumerate(["Rye Baker", "Wheat Grinder"] * 4)])
    rows_ = weigh(piece, count([piece]).idf)
    line = learn(rows_, np.array([True, False] * 4))
    assert set(np.flatnonzero(line.coef)) <= set(rows_.indices.tolist())
    assert (line.scores(rows_) > 0).tolist() == [True, False] * 4


def test_shuffled_is_stable_when_postings_come_and_means_nothing() -> None:
    names = [f"demo-{number}" for number in range(50)]
    order = shuffled(names)
    assert sorted(order) == sorted(names) != order == shuffled(reversed(names))
    assert [name for name in shuffled([*names, "demo-x"]) if name != "demo-x"] == order


def test_deciding_words_are_not_said_twice() -> None:
    said = [
        Word(text, "title", 1) for text in ("data engineer", "data", "pay over 150k", "pay over 125k", "data mining")
    ]
    assert [word.text for word in distinct(said, 9)] == ["data engineer", "pay over 150k", "data mining"]


# ---------------------------------------------------------------------- labels


def test_a_label_follows_its_page_to_another_boards_copy() -> None:
    given_ = [Label("zeta-1", "https://x.example/1", "yes"), Label("gone-2", "https://x.example/2", "no")]
    assert labels.answers(given_, {"alpha-1": "https://x.example/1", "other-3": ""}) == {"alpha-1": "yes"}


def test_the_latest_label_counts_and_is_the_first_to_be_taken_back(tmp_path: Path) -> None:
    with labels.opened(tmp_path) as opened:
        opened.put(Label("a", "", "yes"), Label("b", "https://X.example/1?utm_source=y", "no"))
        opened.put(Label("a", "", "skipped"))
        assert [label.name for label in opened.all()] == ["b", "a"]
        assert opened.take_back() == Label("a", "", "skipped")
        assert opened.all() == [Label("b", "https://x.example/1", "no")]
        with pytest.raises(sqlite3.IntegrityError):
            opened._database.execute("INSERT INTO label (name, address, answer) VALUES ('c', '', 'perhaps')")
    with labels.opened(tmp_path) as opened:
        assert opened.drop({"https://x.example/1"}) == 1 and opened.take_back() is None


def test_spoilt_labels_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / labels.FILE).write_bytes(b"not a database" * 99)
    with pytest.raises(InputError, match="it holds your labels"), labels.opened(tmp_path):
        pass
    assert (tmp_path / labels.FILE).read_bytes() == b"not a database" * 99
