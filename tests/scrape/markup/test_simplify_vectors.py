"""The simplifier against attacks, parser torture, naughty strings, and real postings and pages."""

from __future__ import annotations

import json
import re
from collections import Counter
from html import unescape
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from scrape.markup.grammar import find_error
from scrape.markup.simplify import simplify
from tests.support.files import json_lines

DANGER = re.compile(r"<\s*(?:script|img|svg|iframe|a|style|object|embed)\b|<[^>]*[\s/]on\w+\s*=", re.IGNORECASE)


def checked(html: str) -> str:
    """The simplified text, held to the language, to idempotence and to harmlessness."""
    blocks = simplify(html)
    assert find_error(f"<html>\n<h1>x</h1>\n{blocks}</html>\n") is None
    assert simplify(blocks) == blocks
    assert not DANGER.search(blocks)
    return blocks


def words(html: str) -> list[str]:
    return re.findall(r"\w+", BeautifulSoup(html, "lxml").get_text(" ").casefold())


def five_grams(html: str) -> Counter[tuple[str, ...]]:
    all_words = words(html)
    return Counter(tuple(all_words[at : at + 5]) for at in range(len(all_words) - 4))


def test_no_attack_survives(shared: Path) -> None:
    payloads = [row["payload"] for row in json_lines(shared / "vectors/xss.jsonl")]
    assert len(payloads) == 4193
    for payload in payloads:
        checked(payload)


def test_naughty_strings(shared: Path) -> None:
    for text in json.loads((shared / "vectors/naughty-strings.json").read_text(encoding="utf-8")):
        checked(text)
        checked(f"<p>{text}</p><ul><li title='{text}'>{text}")


UNSEEN = re.compile("(?:svg |math )?(?:script|style|title|noscript|iframe|noembed|noframes|template)\\b")


def shown_by(tree: str) -> str:
    """The letters that a tree of html5lib-tests shows: its text nodes but those in elements that nobody sees."""
    letters, unseen_at = "", None
    for node in re.finditer(r"^\| ( *)(.*(?:\n(?!\|).*)*)", tree, re.MULTILINE):
        depth, written = len(node[1]), node[2]
        if unseen_at is not None and depth > unseen_at:
            continue
        unseen_at = depth if UNSEEN.match(written, 1) else None
        letters += written.strip('"') if written.startswith('"') else ""
    return re.sub(r"\W", "", letters)


def test_trees_of_the_standard_show_the_same_letters(shared: Path) -> None:
    same = total = 0
    for row in json_lines(shared / "vectors/html5lib_tree_construction.jsonl"):
        blocks = checked(row["data"])
        if row["fragment"] is None and row["scripting"] is not False:
            total += 1
            same += re.sub(r"\W", "", unescape(re.sub("<[^>]*>", " ", blocks))) == shown_by(row["document"])
    assert total > 1500
    # The rest: framesets, text moved out of tables, and elements that end by the rules of a tree.
    assert same / total > 0.98


@pytest.fixture(scope="module")
def postings(shared: Path) -> list[tuple[str, str]]:
    return [(row["html"], checked(row["html"])) for row in json_lines(shared / "data/postings.jsonl.gz")]


def test_postings_keep_their_words(postings: list[tuple[str, str]]) -> None:
    kept = total = 0
    for html, blocks in postings:
        before = five_grams(html)
        kept += (before & five_grams(blocks)).total()
        total += before.total()
    assert total > 700_000
    assert kept / total > 0.996


def test_postings_keep_their_items(postings: list[tuple[str, str]]) -> None:
    """Every item with words of its own is there; one that only holds a list gives its place to the list."""
    for html, blocks in postings:
        found = BeautifulSoup(html, "lxml").find_all("li")
        own = [
            item for item in found if any(t.strip() and t.find_parent("li") is item for t in item.find_all(string=True))
        ]
        assert blocks.count("<li>") >= len(own)


def test_pages_keep_their_words(shared: Path) -> None:
    kept = total = 0
    for path in sorted((shared / "pages").glob("*.html")):
        html = path.read_text(encoding="utf-8", errors="replace")
        page = BeautifulSoup(html, "lxml")
        unseen = ["script", "style", "title", "noscript", "template", "iframe"]
        for element in [
            *page.find_all(unseen),
            *page.select("[hidden], [style*='display:none'], [style*='display: none']"),
        ]:
            element.extract()
        before = five_grams(str(page))
        kept += (before & five_grams(checked(html))).total()
        total += before.total()
    assert total > 70_000
    assert kept / total > 0.995
