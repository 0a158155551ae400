"""Terms, their columns, and TF-IDF."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="recommendations need the extra `recommend`")

from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfTransformer

from scrape.recommend import features
from scrape.recommend.feature_store import batch_of
from scrape.recommend.features import BITS, BLOCKS, COLUMNS, count_features, feature_names, read_fields
from scrape.recommend.tfidf import WEIGHTS, DocumentFrequency, document_frequency, weigh
from tests.support.documents import fields


def test_facts_state_what_a_place_and_a_wage_imply() -> None:
    said = fields("Baker", "You get $110,000 a year")
    assert features.place_facts(said.place) == ["remote work", "in the US"]
    pay = features.pay_facts(said.pay)
    assert {"pay stated", "pay over 100k"} <= set(pay) and "pay over 125k" not in pay
    assert features.pay_facts(fields("Baker").pay) == ["no pay stated"]
    assert features.place_facts(" ") == ["no place"]


def test_pairs_do_not_reach_across_blocks() -> None:
    text = "<html>\n<h1>A</h1>\n<p>one <b>two</b><br/>three</p>\n<ul>\n<li>four C++</li>\n</ul>\n</html>\n"
    named = set(feature_names(read_fields(text)).values())
    assert {term for block, term in named if block == "body pairs"} == {"one two", "four c++"}
    assert {term for block, term in named if block == "body"} == {"one", "two", "three", "four", "c++"}


def test_features_name_their_own_columns() -> None:
    said = fields("Data Engineer", "data data pipelines")
    counted, named = count_features(said), feature_names(said)
    assert set(counted.columns.tolist()) == set(named)
    assert (np.diff(counted.columns.astype(np.int64)) > 0).all()
    each = zip(counted.columns, counted.counts, strict=True)
    count_of = {named[int(column)]: int(number) for column, number in each}
    assert count_of["body", "data"] == 2 and count_of["title", "data"] == 1 == count_of["title pairs", "data engineer"]
    assert all(BLOCKS[column >> BITS] == block for column, (block, _) in named.items())


def test_a_very_frequent_word_is_counted_up_to_one_byte() -> None:
    assert count_features(fields("A", "spam " * 999)).counts.max() == 255


def test_every_block_has_the_length_of_its_weight() -> None:
    batch = batch_of([(str(number), fields("Pastry Baker", "Bread of rye")) for number in range(6)])
    weighed = weigh(batch, document_frequency([batch]).idf)
    for number, block in enumerate(BLOCKS):
        part = weighed[:, number << BITS : (number + 1) << BITS].toarray()
        lengths = np.linalg.norm(part, axis=1)
        expected = 0.0 if not part.any() else WEIGHTS[block]
        assert lengths == pytest.approx(expected, abs=1e-5)
    assert weighed[:, : 1 << BITS].nnz > 0


def test_the_weights_of_no_postings_are_an_empty_matrix() -> None:
    assert weigh(batch_of([]), np.ones(COLUMNS, np.float32)).shape == (0, COLUMNS)


def test_idf_is_the_smoothed_inverse_document_frequency() -> None:
    counts = np.zeros(COLUMNS, np.uint32)
    counts[:3] = 5, 99, 1
    idf = DocumentFrequency(99, counts).idf
    assert idf[:3] == pytest.approx([np.log(100 / 6) + 1, 1.0, 0.0]) and idf[3] == 0


def test_idf_counted_in_batches_is_that_of_scikit_learn() -> None:
    batches = [batch_of([(title, fields(title))]) for title in ("Rye Baker", "Wheat Baker", "Rye Grinder")]
    starts = np.cumsum([0, *(len(batch.columns) for batch in batches)])
    columns = np.concatenate([batch.columns for batch in batches]).astype(np.int32)
    fitted = TfidfTransformer().fit(csr_array((np.ones(len(columns)), columns, starts), shape=(3, COLUMNS)))
    used = np.unique(columns)
    assert document_frequency(batches).idf[used] == pytest.approx(fitted.idf_[used], rel=1e-6)
