"""Time grows linearly with the length of any text of strangers, in every public function that takes one."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import suppress
from itertools import count

import pytest

from scrape.boards import elements, extract, general, json_ld, layouts, microdata, page_reader, schema_org
from scrape.boards.sites import hackernews, jsonld, saved
from scrape.common import console, table
from scrape.common.errors import ChangedShape
from scrape.common.posting import Posting
from scrape.dataset.corpus import near_duplicates, pii
from scrape.dataset.index import text as index_text
from scrape.dataset.index import words
from scrape.fields import dates, match, pay, places, urls
from scrape.http import challenge_pages, charset, client, robots
from scrape.markup import document, grammar, mhtml, reader
from scrape.markup.simplify import page_title, simplify
from scrape.markup.simplify.tokens import tokens
from tests.support.growth import assert_each_linear

LENGTH = 800  # characters; quadratic time shows at four times as many
SLACK = 0.02  # seconds

PARSERS: dict[str, Callable[[str], object]] = {
    "urls.canonical": urls.canonical,
    "urls.canonical of a path": lambda text: urls.canonical(f"https://h.example/{text}"),
    "urls.canonical of a host": lambda text: urls.canonical(f"https://h.example{text}/"),
    "urls.canonical of a query": lambda text: urls.canonical(f"https://h.example/?{text}"),
    "urls.host_of": lambda text: urls.host_of(f"http://h.example{text}"),
    "urls.is_web": urls.is_web,
    "urls.link_of": urls.link_of,
    "dates.day": dates.day,
    "pay.find_pay": pay.find_pay,
    "places.city_name": places.city_name,
    "places.city_keys": places.city_keys,
    "places.country_code": places.country_code,
    "places.state_code": places.state_code,
    "places.regions_named": places.regions_named,
    "places.read": places.read,
    "places.key": places.key,
    "match.has_title": lambda text: match.has_title(text, text),
    "match.title_words": match.title_words,
    "match.in_place": lambda text: match.in_place(text, "Boston", "MA"),
    "match.of_company": lambda text: match.of_company(text, "a"),
    "match.company_words": match.company_words,
    "match.is_remote": match.is_remote,
    "match.is_since": lambda text: match.is_since(text, "2026-01-01"),
    "charset.decode": lambda text: charset.decode(text.encode("utf-8", "replace")),
    "charset.decode of a page": lambda text: charset.decode(f"<html {text}".encode("utf-8", "replace")),
    "charset.declared": lambda text: charset.declared(text.encode("utf-8", "replace")),
    "charset.header_codec": charset.header_codec,
    "charset.codec": charset.codec,
    "robots.from_response": lambda text: robots.from_response(200, text.encode("utf-8", "replace"), "A").opt_out("/"),
    "robots.Robots.allows": lambda text: robots.Robots(f"User-agent: *\nDisallow: /{text}", "A").allows("/" + "a" * 99),
    "robots.opt_out_lines": lambda text: robots.opt_out_lines(text.encode("utf-8", "replace")),
    "robots.header_opt_out": lambda text: robots.header_opt_out({"x-robots-tag": text, "content-usage": text}),
    "challenge_pages.maker_of": lambda text: challenge_pages.maker_of({}, f"<{text}".encode("utf-8", "replace")),
    "client.retry_after": lambda text: client.retry_after(text, 0.0),
    "json_ld.parse": lambda text: json_ld.parse(text, 0),  # only short scripts are repaired, in quadratic time
    "json_ld.parse of an object": lambda text: json_ld.parse('{"a": ' + text + "}", 0),
    "schema_org.read": lambda text: schema_org.read(text, "https://h.example/", "saved"),
    "schema_org.read of a posting": lambda text: schema_org.read(
        '<script type="application/ld+json">{"@type": "JobPosting", "title": "A", "description": "'
        + text.replace('"', "").replace("\\", "")
        + '"}</script>',
        "",
        "saved",
    ),
    "schema_org.web_url": lambda text: schema_org.web_url(text, "https://h.example/"),
    "extract.decode": lambda text: extract.decode("[" + text, "u"),
    "extract.line": extract.line,
    "extract.as_html": extract.as_html,
    "extract.page": extract.page,
    "elements.head_elements": elements.head_elements,
    "extract.places": lambda text: extract.places(text, text),
    "extract.joined": lambda text: extract.joined(text, text),
    "extract.says_remote": extract.says_remote,
    "extract.names_a_place": extract.names_a_place,
    "extract.tree": extract.tree,
    "extract.feed": extract.feed,
    "extract.asking": lambda text: extract.asking(f"https://h.example/?{text}", page="2"),
    "general.read": general.read,
    "microdata.has_posting": microdata.has_posting,
    "microdata.items": microdata.items,
    "microdata.items of a posting": lambda text: microdata.items(
        f'<div itemscope itemtype="https://schema.org/JobPosting">{text}'
    ),
    "page_reader.read": lambda text: page_reader.read(text, "u", "saved"),
    "layouts.certain_day": layouts.certain_day,
    "layouts.article": lambda text: layouts.article(extract.page(f"<main><h1>A</h1>{text}</main>")),
    "layouts.known": lambda text: layouts.known(extract.page(f"<article><h1>A</h1>{text}</article>")),
    "saved.parse of JSON lines": lambda text: saved.parse("{" + text, "a.jsonl"),
    "jsonld.parse": lambda text: jsonld.parse(text, "https://h.example/"),
    "jsonld.parse of a sitemap": lambda text: jsonld.parse(f"<urlset>{text}", "https://h.example/"),
    "hackernews.parse": lambda text: hackernews.parse(
        json.dumps({"children": [{"id": 1, "text": f"A | {text} | Boston"}]}), "https://h.example/"
    ),
    "simplify.simplify": simplify,
    "simplify.simplify in a list": lambda text: simplify(f"<ul><li>{text}"),
    "simplify.page_title": page_title,
    "simplify.tokens": lambda text: list(tokens(text)),
    "grammar.normalize": grammar.normalize,
    "grammar.escape": grammar.escape,
    "grammar.unescape": grammar.unescape,
    "grammar.find_error": lambda text: grammar.find_error(f"<html>\n<h1>A</h1>\n<p>{text}"),
    "grammar.repair": grammar.repair,
    "document.write": lambda text: document.write(Posting("b", "1", "", text or "A", html="<p>A</p>\n")),
    "document.line": lambda text: document.line("h1", text),
    "document.blocks_of": document.blocks_of,
    "document.split": lambda text: list(document.split([text, text])),
    "reader.tokens": lambda text: list(reader.tokens(text)),
    "reader.blocks": lambda text: [block.is_heading for block in reader.blocks(f"<p>{text}")],
    "reader.plain_text": reader.plain_text,
    "mhtml.page_part": lambda text: mhtml.page_part(
        f"Content-Type: multipart/related; boundary=b\n\n{text}".encode("utf-8", "replace")
    ),
    "mhtml.page_part of a header": lambda text: mhtml.page_part(
        f'Content-Type: text/html; charset="{text}\n\nA'.encode("utf-8", "replace")
    ),
    "pii.scrub": pii.scrub,
    "index.text": index_text.special_words,
    "index.words": lambda text: words.parse(text or "a", typing=True),
    "near_duplicates.shingles": near_duplicates.shingles,
    "near_duplicates.NearDuplicates": lambda text: near_duplicates.NearDuplicates(io.BytesIO()).add(text),
    "console.safe_for_terminal": console.safe_for_terminal,
    "table.printable": table.printable,
}

PARTS = (
    *("a", "1", " ", "/", ".", ",", "-", "\n", "\t", "'", '"', "(", "[", "{", "<", "&", "\\", "*", "|", ";"),
    *("a ", "1 ", "1.", "1-", "a.", "a@", "a@b.", "+1", "/ ", ": ", ":80", "- ", "• ", "//", "/*", "http://", "%41"),
    *(
        "<p>",
        "<b>",
        "<b><em>",
        "<li>",
        "<ul><li>",
        "</p>",
        "<a href=",
        "<!--",
        "<![CDATA[",
        "<title>",
        "<meta charset=",
    ),
    *("&amp;", "&#1", "&lt;p&gt;", "&nbsp;", "\u0301", "a\u0301\u0316", "\u200d", "\ufdfa", "\u0130", "\u00a0"),
    *("$1", "$1 ", "$1,000 to ", "tel ", "tel 1 ", "call me ", " at a dot ", "engineer ", "front end "),
    *("<meta charset=", "CA ", "San Francisco, ", "Remote - ", " and ", "a=b&", "a;b=", '{"a":', '{"a":1},', "[1],"),
    *("user-agent: a\n", "a: b\n", "--b\n\n", "--b\nContent-Type: "),
)
TEXTS = [  # what begins, what is repeated, what ends
    *(("", part, "x") for part in PARTS),
    *(("$1", " ", "x"), ("$", "1", "x"), ("$1", ",000", "x"), ("a@", "b.", "x"), ("tel", " ", "x"), ("tel ", "1", "x")),
    *(
        ('"', "\\", "x"),
        ("<a ", "b='", "x"),
        ("<!--", "-", "x"),
        ("&#", "1", "x"),
        ("/", "*", "x"),
        ("$1", "\u00a0", "x"),
    ),
    *(("$1", "\u00a0", "x"), ("a ", "\u00a0", "")),
    *(("<", part, "") for part in ("<", "a", " ", "a ", "a='")),
]


@pytest.mark.parametrize("name", PARSERS)
def test_time_grows_linearly(name: str) -> None:
    numbers = count()  # no text comes twice: some functions remember their last results

    def work(begin: str, part: str, end: str) -> Callable[[int], None]:
        def run(size: int) -> None:
            text = begin + part * (size // len(part)) + end + str(next(numbers))
            with suppress(ChangedShape, ValueError):
                PARSERS[name](text)

        return run

    assert_each_linear({repr(text): work(*text) for text in TEXTS}, LENGTH, SLACK)
