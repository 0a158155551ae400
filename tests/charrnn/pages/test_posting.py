"""Pages show whatever a network wrote and run none of it, and every link leads somewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from charrnn.evaluate.memorization import OverlapSummary, find_overlap
from charrnn.evaluate.suffix_array import SuffixArray
from charrnn.pages import gallery
from charrnn.pages.gallery import first_sentence
from charrnn.pages.posting import INDEX
from charrnn.pages.views import PostingView, Provenance, mark_runs
from charrnn.sample.compare import Comparison, Stage, TemperatureStep
from charrnn.sample.generate import Sample
from scrape.common.pages import kit
from scrape.common.posting import Posting
from scrape.markup import document, grammar
from tests.support.files import json_lines

STYLE = kit.stylesheet("charrnn.pages", "style.css")
FILTER = kit.read("charrnn.pages", "filter.js")
SOURCE = Provenance(
    *("demo", "lm_lstm_epoch6.00_0.4231.pt", "LSTM, 2 layers of 256", 6.0, 0.4231, 0.7, 123, 6000),
    weights=900_000,
    characters=50,
)
COOK = (
    "<html>\n<h1>Cook</h1>\n<h2>Blue Door &amp; Sons</h2>\n<h3>Chicago, IL</h3>\n<p><b>Duties</b></p>\n"
    "<p>You cook 3<em>rd</em> dinners<br/>for all, Dr. Who &lt;3 included, five days a week. Then rest.</p>\n"
    "<h4>Needs</h4>\n<ul>\n<li>Salt\n<ol>\n<li>Fine</li>\n</ol>\n</li>\n</ul>\n</html>\n"
)
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "nav", "header", "main", "aside", "footer", "div", "span", "p"),
    *("h1", "h2", "a", "b", "em", "br", "ul", "ol", "li", "dl", "dt", "dd", "details", "summary", "pre"),
    *("figure", "figcaption", "img", "section", "article", "h3", "h4", "input", "label", "output", "mark", "script"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "href", "rel", "role", "aria-label", "open"),
    *("src", "alt", "id", "for", "type", "autocomplete", "placeholder", "hidden", "data-words", "aria-labelledby"),
}
OWN_PAYLOADS = [
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</pre></details><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "<a href=javascript:alert(1)>x</a>",
    "<p style=background:url(http://x)>x</p>",
    "<b onclick=alert(1)>x</b>",
    "<h1><iframe src=//x></h1>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;script&amp;gt;",
    "<p>&#60;script&#62;</p>",
    "<html><base href=//x><meta http-equiv=refresh content=0>",
    "<p>x</p\n><script\x00>alert(1)</script>",
    "\u202egnp.exe\u200b\x00\x1b[31m",
    "{{7*7}}${7*7}<%= 7 %>",
]


def sample(text: str, row: int = 0, ended: bool = True) -> Sample:
    return Sample(row, "<html>\n", text, ended)


def views(samples: list[Sample], index: SuffixArray | None = None) -> list[PostingView]:
    measured = [find_overlap(grammar.repair(each.text), index) if index else None for each in samples]
    return [PostingView.of(each, at, len(samples), measured[at - 1]) for at, each in enumerate(samples, 1)]


def pages(samples: list[Sample], source: Provenance = SOURCE, *, plot: bool = False) -> dict[str, str]:
    return gallery.render_pages(views(samples), source, plot=plot, comparison=compared(samples[:1], samples))


def compared(early: list[Sample], best: list[Sample]) -> Comparison:
    """Stages of training and temperatures."""
    stages = [Stage(0.0, None, early), Stage(0.5, 2.0, early), Stage(3.0, 1.0, best)]
    return Comparison(stages, [TemperatureStep(0.2, early), TemperatureStep(1.1, early)], 2)


def page_of(text: str, **how: bool) -> str:
    return pages([sample(text, **how)])["posting-01.html"]  # type: ignore[arg-type]


def visible_text(page: str) -> str:
    return " ".join(lxml_html.fromstring(page).find("body").text_content().split())


def check_inert(page: str, names: set[str]) -> None:
    """Assert that the page has nothing but our own elements, attributes, style and links."""
    tree = lxml_html.document_fromstring(page)
    for node in tree.iter():
        assert isinstance(node.tag, str), f"a comment or instruction: {node}"
        assert node.tag in ELEMENTS, node.tag
        assert set(node.attrib) <= ATTRIBUTES, dict(node.attrib)
        assert node.get("href", INDEX) in names | {INDEX, gallery.TEXTS, "#learned", "#temperature"}
        assert node.get("src", gallery.PLOT) == gallery.PLOT
        assert node.tag != "style" or node.text == STYLE
        assert node.tag != "script" or node.text == FILTER
        assert node.get("http-equiv") in (None, "Content-Security-Policy")
    assert len(tree.findall(".//meta")) == 6
    assert len(tree.findall(".//style")) == 1


def check_trusted(page: str) -> None:
    """Assert that nh3 let the posting through: nothing of it is shown as source."""
    assert not lxml_html.document_fromstring(page).xpath("//main//pre")


def check_payloads(payloads: list[str]) -> None:
    """Check each as a whole text of the network, in the body, and in the head of a posting."""
    texts = []
    for payload in payloads:
        posting = Posting("b", "k", "u", payload, payload, payload, html=f"<p>{grammar.escape('x ' + payload)}</p>\n")
        texts += [payload, f"<html>\n<h1>Cook</h1>\n<p>{payload}</p>\n</html>\n"]
        shown = grammar.normalize(payload).strip()
        if shown:
            texts.append(document.write(Posting("", "", "", shown, shown, shown, html=posting.html[:0])))
    made = pages([sample(text, row) for row, text in enumerate(texts)], plot=True)
    for name, page in made.items():
        if name.endswith(".html"):
            check_inert(page, set(made))
            check_trusted(page)


def test_own_payloads_become_text() -> None:
    check_payloads(OWN_PAYLOADS)


def test_known_payloads_become_text(shared: Path) -> None:
    payloads = [row["payload"] for row in json_lines(shared / "vectors/xss.jsonl")]
    assert len(payloads) > 4000
    some = payloads[::4]  # the test in a browser meets all of them
    for start in range(0, len(some), 300):
        check_payloads(some[start : start + 300])


@pytest.mark.parametrize("payload", OWN_PAYLOADS)
def test_settings_are_escaped_too(payload: str) -> None:
    source = replace(SOURCE, run=payload, checkpoint=payload, network=payload)
    made = pages([Sample(0, payload, COOK, True)], source, plot=True)
    for page in (made["posting-01.html"], made["index.html"]):
        check_inert(page, set(made))


def test_the_policy_allows_our_style_and_nothing_else() -> None:
    made = pages([sample(COOK, row) for row in range(4)], plot=True)
    style_hash, script_hash = (base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in (STYLE, FILTER))
    filtering = {"script-src": f"'sha256-{script_hash}'"}
    for name, images, scripts in (("posting-01.html", "'none'", {}), ("index.html", "'self' file:", filtering)):
        head = made[name].partition("<style>")[0]
        policy = lxml_html.fromstring(made[name]).xpath("//meta[@http-equiv]/@content")[0]
        assert "Content-Security-Policy" in head
        assert {rule.split(" ", 1)[0]: rule.split(" ", 1)[1] for rule in policy.split("; ")} == {
            "default-src": "'none'",
            "style-src": f"'sha256-{style_hash}'",
            "img-src": images,
            "base-uri": "'none'",
            "form-action": "'none'",
            **scripts,
        }


def test_the_style_loads_nothing_from_elsewhere() -> None:
    assert not re.search(r"url\(|@import|@font-face|//", STYLE)


def test_a_page_shows_the_posting_as_it_is() -> None:
    tree = lxml_html.fromstring(page_of(COOK))
    assert [node.text_content() for node in tree.iter("h1")] == ["Cook"]
    assert tree.find(".//title").text == "Cook (imagined)"
    assert [node.text_content() for node in tree.xpath("//main/header/p")] == ["Blue Door & Sons", "Chicago, IL"]
    body = tree.xpath("//div[@class='body']")[0]
    assert [node.text_content() for node in body.iter("h2")] == ["Duties", "Needs"]
    assert [node.tag for node in body] == ["h2", "p", "h2", "ul"]
    assert body.xpath("string(.//li/ol/li)") == "Fine"
    assert "Dr. Who <3 included" in body.text_content()


def test_a_page_says_that_it_is_imagined_and_by_what() -> None:
    shown = visible_text(page_of(COOK))
    assert "Imagined by a recurrent network. This job does not exist." in shown
    assert "Nobody is hiring." in shown
    assert "network demo" in shown
    for fact in ("6.00", "0.4231 nats (0.610 bits) per character", "0.7", "123"):
        assert fact in shown


def test_a_page_says_what_was_repaired_and_shows_the_text_as_sampled() -> None:
    torn = "<html>\n<h1>Night Baker</h1>\n<p>Bread & <b>butter</p>\n<ul><li>One<li>Two"
    tree = lxml_html.fromstring(page_of(torn, ended=False))
    notices = [node.text_content() for node in tree.xpath("//p[@role='note']")]
    assert len(notices) == 2
    assert "was repaired" in notices[1]
    assert "line 3" in notices[1]
    assert tree.xpath("string(//pre)") == torn
    assert [node.text_content() for node in tree.xpath("//div[@class='body']//li")] == ["One", "Two"]
    assert "repaired" not in visible_text(page_of(COOK))


def test_the_raw_text_hides_nothing() -> None:
    assert lxml_html.fromstring(page_of("a\u202eb\u200bc\x00d\n\u00e9")).xpath("string(//pre)") == "a�b�c�d\n\u00e9"


def test_pages_link_to_their_neighbours_and_the_gallery_to_all() -> None:
    made = pages([sample(COOK.replace("Cook<", f"Cook {row}<"), row) for row in range(3)])
    names = ["posting-01.html", "posting-02.html", "posting-03.html"]
    assert set(made) == {*names, INDEX, gallery.TEXTS}

    def links(name: str, where: str) -> list[str]:
        return lxml_html.fromstring(made[name]).xpath(f"//{where}//a/@href")

    assert [links(name, "nav[@class='around']") for name in names] == [[names[1]], [names[0], names[2]], [names[1]]]
    assert all(links(name, "nav[@class='top']") == [INDEX] for name in names)
    assert links(INDEX, "ol[@class='cards']") == names
    assert all(gallery.OWN_NAME.fullmatch(name) for name in names)
    assert not gallery.OWN_NAME.fullmatch(INDEX)


def test_a_card_has_title_company_place_first_sentence_and_notes() -> None:
    made = pages([sample(COOK), sample("<html>\n<h1>X</h1>\n<p>Then", 1, ended=False)])
    whole, torn = (card.text_content() for card in lxml_html.fromstring(made[INDEX]).xpath("//li[@class='card']"))
    for part in ("Cook", "Blue Door & Sons", "Chicago, IL", "You cook 3rd dinners for all"):
        assert part in whole
    assert "length limit" in torn
    assert "repaired" in torn
    assert "length limit" not in whole


def test_the_gallery_has_the_plot_or_says_that_there_is_none() -> None:
    for plot in (True, False):
        tree = lxml_html.fromstring(pages([sample(COOK)], plot=plot)[INDEX])
        assert tree.xpath("//img/@src") == ["loss.svg"] * plot
        assert ("no loss plot" in tree.text_content()) != plot


def test_the_texts_are_kept_as_sampled_each_on_lines_of_its_own() -> None:
    texts = [COOK, "<p>cut & loose", COOK]
    made = pages([sample(text, row) for row, text in enumerate(texts)])
    assert made[gallery.TEXTS] == COOK + "<p>cut & loose\n" + COOK


def test_the_same_samples_give_the_same_bytes() -> None:
    made = [pages([sample(COOK), sample("torn", 1)], plot=True) for _ in range(2)]
    assert made[0] == made[1]
    assert list(made[0])[-1] == INDEX


@pytest.mark.parametrize(
    ("blocks", "sentence"),
    [
        ("", ""),
        ("<ul>\n<li>One</li>\n<li>Two</li>\n</ul>\n", "One Two"),
        (
            "<p>Short.</p>\n<p>We bake bread for the whole of this long street and the next, daily. And more.</p>\n",
            "We bake bread for the whole of this long street and the next, daily.",
        ),
        (f"<p>{'word ' * 60}</p>\n", "word " * 37 + "word …"),
    ],
)
def test_the_first_sentence(blocks: str, sentence: str) -> None:
    assert first_sentence(blocks) == sentence


def test_a_body_that_nh3_refuses_is_on_the_page_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nh3.clean", lambda blocks, **how: blocks.replace("Salt", ""))
    body = lxml_html.fromstring(page_of(COOK)).xpath("//div[@class='body']")[0]
    assert [node.tag for node in body.iter()] == ["div", "pre"]
    assert "<li>Salt" in body.text_content()


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], "<p>a &amp; b</p>\n<p>c</p>\n"),
        ([(3, 5)], "<p><mark>a </mark>&amp; b</p>\n<p>c</p>\n"),
        ([(0, 7)], "<p><mark>a &amp;</mark> b</p>\n<p>c</p>\n"),
        ([(11, 30)], "<p>a &amp; <mark>b</mark></p>\n<p><mark>c</mark></p>\n"),
        ([(3, 4), (11, 12)], "<p><mark>a</mark> &amp; <mark>b</mark></p>\n<p>c</p>\n"),
        ([(0, 99)], "<p><mark>a &amp; b</mark></p>\n<p><mark>c</mark></p>\n"),
    ],
)
def test_runs_are_marked_within_the_elements(runs: list[tuple[int, int]], expected: str) -> None:
    assert mark_runs("<p>a &amp; b</p>\n<p>c</p>\n", runs) == expected


@given(st.lists(st.integers(0, len(COOK)), min_size=2, max_size=8))
def test_marks_change_nothing_but_what_is_marked(cuts: list[int]) -> None:
    ends = sorted(set(cuts))
    made = mark_runs(COOK, list(zip(ends[::2], ends[1::2], strict=False)))
    assert re.sub("</?mark>", "", made) == COOK
    assert "<mark></mark>" not in made


LONG = "We bake bread for the whole of this long street and the next one, daily, and twice on Sundays."


def copying_page() -> str:
    """Return the page of a posting that has a heading and the sentence after it from its corpus."""
    index = SuffixArray.of(f"<html>\n<h1>Baker</h1>\n<p><b>Duties</b></p>\n<p>{LONG}</p>\n</html>\n")
    text = f"<html>\n<h1>Cook</h1>\n<p>New words.</p>\n<p><b>Duties</b></p>\n<p>{LONG} Then rest.</p>\n</html>\n"
    here = views([sample(text)], index)
    return gallery.render_pages(here, SOURCE, plot=False)["posting-01.html"]


def test_what_is_copied_is_marked_and_a_box_shows_it() -> None:
    tree = lxml_html.fromstring(copying_page())
    assert "".join(tree.xpath("//main//mark//text()")) == "Duties" + LONG
    assert tree.xpath("//h2//mark/text()") == ["Duties"]
    (label,) = tree.xpath("//label")
    (box,) = tree.xpath(f"//input[@id='{label.get('for')}']")
    assert (box.get("type"), box.get("checked")) == ("checkbox", None)
    assert re.search(r"Highlight the [67]\d% that is copied", label.text_content())


def test_a_posting_without_copies_has_no_box_and_one_unmeasured_says_so() -> None:
    fresh = views([sample(COOK)], SuffixArray.of("Nothing of the kind."))
    tree = lxml_html.fromstring(gallery.render_pages(fresh, SOURCE, plot=False)["posting-01.html"])
    assert not tree.xpath("//input | //mark")
    assert "not measured" in page_of(COOK)
    assert not lxml_html.fromstring(page_of(COOK)).xpath("//input | //mark")


@pytest.mark.parametrize(
    ("masked", "cost", "raw", "text", "told"),
    [
        (0, 0.0, False, COOK, "never had to correct the network"),
        (1, 0.25, False, COOK, "corrected 1 character, at a cost of 0.25 nats"),
        (3, 1.5, False, COOK, "corrected 3 characters, at a cost of 1.50 nats"),
        (0, 0.0, True, COOK, "not enforced; the text is well formed"),
        (0, 0.0, True, "torn", "not enforced; the text is not well formed"),
    ],
)
def test_a_page_says_what_the_grammar_did(masked: int, cost: float, raw: bool, text: str, told: str) -> None:
    made = pages([Sample(0, "", text, True, masked, cost, -100.0)], replace(SOURCE, raw=raw))
    assert told in visible_text(made["posting-01.html"])


def test_a_page_says_how_likely_the_text_was() -> None:
    made = pages([Sample(0, COOK[:10], COOK, True, 0, 0.0, -(len(COOK) - 10) / 2)])
    assert "0.500 nats (0.721 bits) per character" in visible_text(made["posting-01.html"])


def test_the_gallery_says_what_the_network_does_unaided_and_what_is_copied() -> None:
    texts = [Sample(0, "", COOK, True, 0, 0.0), Sample(1, "", COOK, True, 2, 0.75), Sample(2, "", COOK, True, 1, 0.5)]
    index = SuffixArray.of(COOK[:60])
    made = gallery.render_pages(views(texts, index), SOURCE, plot=False)[INDEX]
    tree = lxml_html.fromstring(made)
    facts = dict(zip(tree.xpath("//dt/text()"), tree.xpath("//dd/text()"), strict=True))
    assert facts["Well formed unaided"] == "1 of 3"
    assert facts["Grammar"] == f"corrected 3 of {3 * len(COOK)} characters, at a cost of 1.25 nats"
    assert facts["Copied"] == f"{60 / len(COOK):.0%} on average, at most 60 characters in a row"
    assert f" words · {60 / len(COOK):.0%} copied" in tree.xpath("string(//li)")
    assert "not measured" in pages([sample(COOK)])[INDEX]


def test_of_raw_texts_the_gallery_counts_those_that_are_well_formed() -> None:
    made = pages([sample(COOK), sample("torn", 1)], replace(SOURCE, raw=True))[INDEX]
    assert "1 of 2" in visible_text(made)
    assert "corrected" not in visible_text(made)


def test_every_word_of_a_posting_is_there_to_filter_by() -> None:
    card = lxml_html.fromstring(pages([sample(COOK)])[INDEX]).xpath("//li[@class='card']")[0]
    words = card.get("data-words").split()
    assert words == sorted(set(words))
    assert {"cook", "blue", "sons", "chicago", "il", "duties", "dinners", "needs", "salt", "fine", "rest"} <= set(words)


def test_without_script_the_filter_is_hidden_and_few_postings_have_none() -> None:
    def boxes(count: int) -> list[str]:
        tree = lxml_html.fromstring(pages([sample(COOK, row) for row in range(count)])[INDEX])
        assert len(tree.xpath("//script")) == len(tree.xpath("//div[@class='filter']"))
        return [box.get("hidden") for box in tree.xpath("//div[@class='filter']")]

    assert boxes(4) == [""]
    assert boxes(3) == []


def series(tree: lxml_html.HtmlElement, anchor: str) -> list[tuple[str, str, list[str]]]:
    """Label, note and titles of each row of a series."""
    rows = tree.xpath(f"//section[@aria-labelledby='{anchor}']//li[@class='step']")
    return [(row.xpath("string(h3/text())"), row.xpath("string(h3/span)"), row.xpath(".//h4/text()")) for row in rows]


def test_series_show_stages_and_temperatures_with_the_beginnings_of_their_postings() -> None:
    early = [sample("<html>\n<h1>Xk</h1>\n<p>zqx zqx</p>\n</html>\n")]
    best = [sample(COOK), sample(COOK.replace("Cook<", "Baker<"))]
    made = gallery.render_pages(views([sample(COOK)]), SOURCE, plot=False, comparison=compared(early, best))
    tree = lxml_html.fromstring(made[INDEX])
    assert series(tree, "learned") == [
        ("Untrained", "Its numbers are random (seed 123): blind guessing, 2% for the right letter", ["Xk"]),
        ("After reading it 0.5 times", "14% for the right letter", ["Xk"]),
        ("After reading it 3 times", "37% for the right letter", ["Cook", "Baker"]),
    ]
    assert [label for label, _, _ in series(tree, "temperature")] == ["Temperature 0.2", "Temperature 1.1"]
    assert "zqx zqx" in tree.text_content()
    assert "Up to 5 stages are shown; this training left 2 checkpoints" in tree.text_content()
    assert tree.xpath("//aside//a/@href") == ["#learned", "#temperature"]
    bare = lxml_html.fromstring(gallery.render_pages(views([sample(COOK)]), SOURCE, plot=False)[INDEX])
    assert not bare.xpath("//section | //aside//a")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "the letter that really came next a typical chance of 66%, where blind guessing gives 2%."),
        ({}, "a surprise of 0.61 bits a letter; 1 bit is one coin toss"),
        ({}, "900,000 numbers, random at first"),
        ({"epoch": 1.0}, "read its training text once."),
        ({"epoch": 0.25}, "read its training text 0.25 times."),
        ({"val_loss": 13.0}, "a typical chance of less than 1%"),
        ({"characters": 3000}, "blind guessing gives less than 1%."),
        ({"temperature": 0.0}, "nothing is left to chance"),
        ({"temperature": 1.0}, "with the chances that the network gives it"),
        ({"temperature": 1.5}, "unlikely letters come up more often"),
        ({"raw": True}, "None: as they were written, 2 of 2 postings"),
    ],
)
def test_five_facts_say_in_plain_words_how_postings_were_written(change: dict[str, object], said: str) -> None:
    page = pages([sample(COOK), sample(COOK, 1)], replace(SOURCE, **change))[INDEX]  # type: ignore[arg-type]
    facts = [fact.text_content() for fact in lxml_html.fromstring(page).xpath("//ul[@class='plain']/li")]
    assert [fact.split(".")[0] for fact in facts] == ["Network", "Guesses", "Temperature", "Copying", "Corrections"]
    assert said in " ".join(facts)


def test_what_is_copied_is_compared_with_what_people_wrote() -> None:
    source = replace(SOURCE, held_out=OverlapSummary(20, 0.25, 60))
    made = gallery.render_pages(views([sample(COOK)], SuffixArray.of(COOK[:60])), source, plot=False)[INDEX]
    said = f"{60 / len(COOK):.0%} of these postings is copied word for word from the training text"
    compared_with = "of real postings that the network never read, 25% stands in it, too."
    assert f"{said}, in pieces of 50 letters or more; {compared_with}" in visible_text(made)


def test_a_single_file_has_every_posting_and_leads_nowhere_else() -> None:
    samples = [sample(COOK), sample("<html>\n<h1>Night</h1>\n<p>Bread & <b>butter", 1)]
    page = gallery.render_single_file(
        views(samples, SuffixArray.of(LONG)), SOURCE, plot=b"<svg/>", comparison=compared(samples, samples)
    )
    tree = lxml_html.fromstring(page)
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {address.removeprefix("#") for address in tree.xpath("//a/@href")} <= set(ids)
    assert tree.xpath("//img/@src") == ["data:image/svg+xml;base64,PHN2Zy8+"]
    assert "img-src data:;" in tree.xpath("//meta[@http-equiv]/@content")[0]
    sheets = tree.xpath("//article")
    assert [sheet.get("id") for sheet in sheets] == ["posting-01", "posting-02"]
    assert [sheet.xpath("string(header/h2)") for sheet in sheets] == ["Cook", "Night"]
    assert sheets[0].xpath("div[@class='body']/h3/text()") == ["Duties", "Needs"]
    assert "was repaired" in sheets[1].text_content()
    check_trusted(page)
