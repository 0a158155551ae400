"""Postings into a corpus: what goes in, what stays out, what is counted."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scrape.common.errors import InputError
from scrape.common.posting import Posting
from scrape.dataset.corpus import compile as compiler
from scrape.dataset.corpus import near_duplicates
from scrape.dataset.corpus.compile import compile_corpus
from scrape.dataset.corpus.near_duplicates import (
    ALIKE,
    SIGNATURE_WORDS,
    NearDuplicates,
    Shingles,
    jaccard,
    later_near_duplicates,
    shingles,
    signature,
)
from scrape.dataset.corpus.pii import scrub
from scrape.dataset.store import FileStore, Store
from scrape.markup import grammar
from scrape.markup.ascii import ascii_equal
from scrape.markup.document import split, write
from scrape.markup.simplify import simplify
from tests.support.growth import assert_linear
from tests.support.postings import keep, posting

WORDS = (
    "bake",
    "knead",
    "fold",
    "rest",
    "shape",
    "score",
    "steam",
    "cool",
    "slice",
    "wrap",
    "sell",
    "smile",
    "early",
    "late",
    "flour",
    "salt",
    "water",
    "rye",
)


def words(seed: int, count: int = 120) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=count))


def baker(number: int, html: str = "", title: str = "Baker") -> Posting:
    """Posting `number`, in words of its own unless `html` is given."""
    return posting(number, title, html or f"<p>{words(number)}</p>\n")


def store_of(root: Path, *postings: Posting) -> Store:
    return keep(FileStore(root), *postings)


def corpus(store: Store) -> str:
    return (store.root / "input.txt").read_bytes().decode()


def test_the_corpus_is_the_documents_end_to_end_and_attribution_goes_line_by_line(tmp_path: Path) -> None:
    store = store_of(tmp_path, *(baker(number) for number in range(30)))
    manifest = compile_corpus(store)
    documents = list(split([corpus(store)]))
    assert sorted(documents) == sorted(text for _, text in store.documents())
    assert [grammar.find_error(text) for text in documents] == [None] * 30
    assert (manifest.postings, manifest.boards, manifest.bytes) == (30, {"demo": 30}, len(corpus(store).encode()))
    lines = (tmp_path / "attribution.tsv").read_text("utf-8").splitlines()
    for line, text in zip(lines, documents, strict=True):
        name, board, url, title = line.split("\t")
        assert store.document(name) == text
        assert (board, title) == ("demo", "Baker")
        assert url == store.head(name).url


def test_compiling_again_changes_nothing_until_a_posting_does(tmp_path: Path) -> None:
    store = store_of(tmp_path, *(baker(number) for number in range(5)))
    compile_corpus(store)
    files = [tmp_path / name for name in ("input.txt", "attribution.tsv", "manifest.json")]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in files]
    compile_corpus(store)
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in files] == before
    with store.locked():
        store.put_document("demo-3", write(baker(3, f"<p>{words(99)}</p>\n")))
        later = (tmp_path / "input.txt").stat().st_mtime_ns + 10**9
        os.utime(store.document_path("demo-3"), ns=(later, later))
    compile_corpus(store)
    assert words(99) in corpus(store)


def test_the_order_is_mixed_but_a_new_posting_moves_no_other(tmp_path: Path) -> None:
    few = store_of(tmp_path / "few", *(baker(number) for number in range(20)))
    more = store_of(tmp_path / "more", *(baker(number) for number in range(21)))
    compile_corpus(few)
    compile_corpus(more)
    new = write(baker(20))
    assert corpus(more).replace(new, "") == corpus(few)
    assert corpus(few) != "".join(write(baker(number)) for number in range(20))


def test_near_duplicates_are_kept_once_and_counted(tmp_path: Path) -> None:
    text = words(1, 300)
    nearly = text.replace(text.split()[0], "KNEAD", 1)
    store = store_of(
        tmp_path,
        baker(1, f"<p>{text}</p>\n"),
        baker(2, f"<p>{nearly}</p>\n"),
        baker(3, f"<p>{words(3, 300)}</p>\n"),
    )
    manifest = compile_corpus(store)
    assert (manifest.postings, manifest.near_duplicates) == (2, 1)
    assert words(3, 300) in corpus(store)


def test_a_posting_without_a_body_teaches_nothing(tmp_path: Path) -> None:
    empty = Posting("demo", "9", "https://board.example/9", "Ghost")
    manifest = compile_corpus(store_of(tmp_path, empty, baker(1)))
    assert (manifest.postings, manifest.without_body) == (1, 1)


def test_an_empty_dataset_is_told_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"run `python -m scrape search --data-dir "):
        compile_corpus(FileStore(tmp_path / "nothing"))


def test_a_posting_whose_board_forbids_training_stays_out_and_is_counted(tmp_path: Path) -> None:
    store = store_of(tmp_path, baker(1), replace(baker(2), no_training=True))
    manifest = compile_corpus(store)
    assert (manifest.postings, manifest.no_training) == (1, 1)
    assert words(1) in corpus(store) and words(2) not in corpus(store)
    assert "1 kept out, whose board permits no training" in manifest.summary(tmp_path)
    with store.locked():
        store.add(replace(baker(1), no_training=True))  # the board has changed its mind
        store.put_document(baker(1).name, store.document(baker(1).name))
    with pytest.raises(InputError, match="may be trained on"):
        compile_corpus(store)


def test_rare_characters_become_ascii_or_go_and_the_manifest_counts_them(tmp_path: Path) -> None:
    often = "<p>" + "“Café” naive &lt;= fine - Item " * 30 + "</p>\n"
    rare = "<p>naïve ≤ 日本 ﬁne — end</p>\n<p>日本</p>\n<ul>\n<li>✅ Item</li>\n</ul>\n"
    postings = [baker(number, f"<p>{words(number, 4000)}</p>\n") for number in range(60)]
    store = store_of(tmp_path, baker(100, often.replace(" </p>", "</p>")), baker(101, rare), *postings)
    manifest = compile_corpus(store)
    assert manifest.min_count == 20
    text = corpus(store)
    assert "“Café”" in text
    assert "<p>naive &lt;= fine - end</p>\n<ul>\n<li>Item</li>\n</ul>\n" in text
    assert manifest.characters_mapped == {"ï": 1, "—": 1, "≤": 1, "ﬁ": 1}
    assert manifest.characters_dropped == {"✅": 1, "日": 2, "本": 2}
    assert manifest.repaired == 1
    assert all(grammar.find_error(each) is None for each in split([text]))
    assert all(character.isascii() or text.count(character) >= 20 for character in set(text))


def test_a_small_corpus_keeps_its_letters(tmp_path: Path) -> None:
    store = store_of(tmp_path, baker(1, "<p>Quite a jazzy vex, é.</p>\n"))
    compile_corpus(store)
    assert "Quite a jazzy vex, é." in corpus(store)


@pytest.mark.parametrize(
    ("character", "equal"), [("é", "e"), ("ﬁ", "fi"), ("—", "-"), ("“", '"'), ("½", ""), ("日", ""), ("＜", "<")]
)
def test_ascii_equals(character: str, equal: str) -> None:
    assert ascii_equal(character) == equal


def test_contacts_are_scrubbed_from_the_corpus_and_kept_in_the_posting(tmp_path: Path) -> None:
    store = store_of(tmp_path, baker(1, "<p>Write to jobs@crumb.example or call (312) 555-0134.</p>\n"))
    manifest = compile_corpus(store)
    assert "Write to [e-mail] or call [phone]." in corpus(store)
    assert "jobs@crumb.example" in store.document("demo-1")
    assert (manifest.emails_scrubbed, manifest.phones_scrubbed) == (1, 1)


def test_contacts_are_scrubbed_as_they_will_be_written(tmp_path: Path) -> None:
    rare = (
        "<p>Call 415‑555‒0134, 312-日555-0134 or <b>206</b>−555-0100.</p>\n"
        "<p>jobs＠crumb．example, bake@日crumb.example</p>\n"
    )
    postings = [baker(number, f"<p>{words(number, 4000)}</p>\n") for number in range(60)]
    for others in (postings, []):  # the characters become ASCII or go, and they stay
        store = store_of(tmp_path / str(len(others)), baker(100, rare), *others)
        manifest = compile_corpus(store)
        text = corpus(store)
        assert (manifest.emails_scrubbed, manifest.phones_scrubbed) == ((2, 3) if others else (2, 2))
        assert "crumb" not in text
        assert "415" not in text and "206" not in text and ("312" not in text or not others)
        assert [scrub(document).text for document in split([text])] == list(split([text]))
        assert all(grammar.find_error(document) is None for document in split([text]))


def test_no_way_to_write_the_same_number_reaches_the_corpus(tmp_path: Path) -> None:
    lines = (Path(__file__).parent / "fixtures" / "contacts-first-lines.jsonl").read_text("utf-8").splitlines()
    store = store_of(
        tmp_path, *(baker(number, simplify(json.loads(line)["html"])) for number, line in enumerate(lines))
    )
    manifest = compile_corpus(store)
    assert (manifest.postings, manifest.phones_scrubbed) == (8, 8)
    assert corpus(store).count("<p>Call [phone] today.") == 8
    assert "555" not in corpus(store)


def test_the_manifest_is_json_with_the_hash_of_the_corpus(tmp_path: Path) -> None:
    store = store_of(tmp_path, baker(1), baker(2))
    compile_corpus(store)
    manifest = json.loads((tmp_path / "manifest.json").read_bytes())
    assert manifest["sha256"] == hashlib.sha256((tmp_path / "input.txt").read_bytes()).hexdigest()


def compared(texts: Iterable[str]) -> NearDuplicates:
    seen = NearDuplicates(io.BytesIO())
    for text in texts:
        seen.add(text)
    return seen


def later(texts: Iterable[str]) -> set[int]:
    return set(compared(texts).later().rows.tolist())


TEMPLATE = [f"w{number * number % 2999}" for number in range(300)]


def templated(number: int, own: int) -> str:
    """A text of 300 words, all but `own` of which every number shares."""
    dice, text = random.Random(number), list(TEMPLATE)
    for place in dice.sample(range(300), own):
        text[place] = f"w{dice.randrange(3000)}"
    return " ".join(text)


def test_near_duplicates_are_found_among_many_and_others_are_not() -> None:
    texts = [words(seed, 200) for seed in range(300)]
    nearly = texts[7].replace("bake", "BAKE", 3) + " now"
    assert later([*texts, nearly]) == {300}
    assert later([]) == set() == later(["one"])


def test_near_duplicates_are_those_that_an_exact_comparison_finds() -> None:
    dice = random.Random(5)
    texts = [templated(dice.randrange(10**6), dice.choice((0, 1, 2, 3, 4))) for _ in range(30)]
    texts += [words(seed, 200) for seed in range(30)]
    dice.shuffle(texts)
    sets = [shingles(text) for text in texts]
    alike = [any(jaccard(one, earlier) >= ALIKE for earlier in sets[:place]) for place, one in enumerate(sets)]
    assert later(texts) == {place for place, is_alike in enumerate(alike) if is_alike}
    assert 0 < sum(alike) < 30


def test_of_many_near_duplicates_in_a_row_the_first_is_kept() -> None:
    texts = [templated(number, 1) for number in range(400)]
    assert later(texts) == set(range(1, 400))


def test_equal_texts_are_near_duplicates_without_a_look_at_their_words() -> None:
    texts = [words(seed % 7, 200) for seed in range(50)]
    table = np.stack([signature(shingles(text)) for text in texts])
    looked_at: list[int] = []

    def shingles_of(row: int) -> Shingles:
        looked_at.append(row)
        return shingles(texts[row])

    found = later_near_duplicates(table, shingles_of)
    assert (found.rows.tolist(), found.unsure, looked_at) == (list(range(7, 50)), 0, [])


def test_the_comparison_of_signatures_stays_in_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unlike signatures, but for some that differ in two minima and in the words that they stand for."""
    monkeypatch.setattr(near_duplicates, "_CHUNK", 1_000)
    numbers = np.random.default_rng(1)
    table = numbers.integers(0, 2**32, (20_000, SIGNATURE_WORDS), dtype=np.uint32)
    table[19_000:] = table[:1_000]
    table[19_000:, [1, 9, SIGNATURE_WORDS - 1]] += np.uint32(1)
    tracemalloc.start()
    try:
        found = later_near_duplicates(table, lambda row: np.full(1, row % 19_000, np.uint64))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.rows.tolist() == list(range(19_000, 20_000))
    assert peak / len(table) < 250


def test_clusters_that_share_buckets_keep_one_text_each() -> None:
    """Each cluster is a template of its own, half of whose words are those of all others."""
    shared = [f"w{number}" for number in range(150)]
    texts = []
    for number in range(600):
        own = [f"c{number % 20}w{place}" for place in range(150)]
        own[number % 150] = f"n{number}"
        texts.append(" ".join([*shared, *own]))
    found = compared(texts).later()
    assert set(found.rows.tolist()) == set(range(20, 600))


def test_a_near_duplicate_is_alike_to_an_earlier_text_and_the_others_are_not_unless_unsure() -> None:
    """Texts of one template, most of them a little too different: more than are compared with each other."""
    texts = [templated(number, 2 if number % 10 else 1) for number in range(300)]
    found = compared(texts).later()
    sets = [shingles(text) for text in texts]
    alike = {row for row in range(300) if any(jaccard(sets[row], sets[other]) >= ALIKE for other in range(row))}
    assert set(found.rows.tolist()) <= alike
    assert len(alike) - len(found.rows) <= found.unsure


@pytest.mark.parametrize("own", [0, 2, 4, 8])
def test_the_time_for_postings_of_one_template_grows_with_their_number(own: int) -> None:
    prepared = {count: compared(templated(number, own) for number in range(count)) for count in (400, 1600)}
    assert all((len(seen.later().rows) == 0) == (own > 2) for seen in prepared.values())
    assert_linear(lambda count: prepared[count].later(), 400, slack=0.5)


def test_each_document_is_read_scrubbed_and_validated_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = words(1, 300)
    store = store_of(tmp_path, baker(1, f"<p>{text}</p>\n"), baker(2, f"<p>{text}</p>\n"), baker(3))
    calls: Counter[str] = Counter()

    def counting(name: str, call: Callable[[str], object]) -> Callable[[str], object]:
        def counted(given: str) -> object:
            calls[name] += 1
            return call(given)

        return counted

    monkeypatch.setattr(store, "document", counting("read", store.document))
    monkeypatch.setattr(compiler, "scrub", counting("scrub", compiler.scrub))
    monkeypatch.setattr(grammar, "find_error", counting("validate", grammar.find_error))
    assert compile_corpus(store).near_duplicates == 1
    assert calls == {"read": 3, "scrub": 3, "validate": 2}
    assert {path.name for path in tmp_path.iterdir()} >= {"input.txt", "attribution.tsv", "manifest.json"}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("tmp")]
