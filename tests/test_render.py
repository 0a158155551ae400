"""Pages: whatever a network wrote, they show it and run none of it, and every link leads somewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from lxml import html as lxml_html

from charrnn import render
from charrnn.generate import Sample
from charrnn.render import Html, Origin, element, first_sentence
from charrnn.style import STYLE
from scrape import document, markup
from scrape.posting import Posting

ORIGIN = Origin("demo", "lm_lstm_epoch6.00_0.4231.pt", "LSTM, 2 layers of 256", 6.0, 0.4231, 0.7, 123, 6000)
COOK = (
    "<html>\n<h1>Cook</h1>\n<h2>Blue Door &amp; Sons</h2>\n<h3>Chicago, IL</h3>\n<p><b>Duties</b></p>\n"
    "<p>You cook 3<em>rd</em> dinners<br/>for all, Dr. Who &lt;3 included, five days a week. Then rest.</p>\n"
    "<h4>Needs</h4>\n<ul>\n<li>Salt\n<ol>\n<li>Fine</li>\n</ol>\n</li>\n</ul>\n</html>\n"
)
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "nav", "header", "main", "aside", "footer", "div", "span", "p"),
    *("h1", "h2", "a", "b", "em", "br", "ul", "ol", "li", "dl", "dt", "dd", "details", "summary", "pre"),
    *("figure", "figcaption", "img"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "href", "rel", "role", "aria-label", "open"),
    *("src", "alt"),
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


def page_of(text: str, **how: bool) -> str:
    return render.pages([sample(text, **how)], ORIGIN, plot=False)["posting-01.html"]  # type: ignore[arg-type]


def visible_text(page: str) -> str:
    return " ".join(lxml_html.fromstring(page).find("body").text_content().split())


def check_inert(page: str, names: set[str]) -> None:
    """Nothing in the page but our own elements, attributes, style and links."""
    tree = lxml_html.document_fromstring(page)
    for node in tree.iter():
        assert isinstance(node.tag, str), f"a comment or instruction: {node}"
        assert node.tag in ELEMENTS, node.tag
        assert set(node.attrib) <= ATTRIBUTES, dict(node.attrib)
        assert node.get("href", render.INDEX) in names | {render.INDEX, render.TEXTS}
        assert node.get("src", render.PLOT) == render.PLOT
        assert node.tag != "style" or node.text == STYLE
        assert node.get("http-equiv") in (None, "Content-Security-Policy")
    assert len(tree.findall(".//meta")) == 6
    assert len(tree.findall(".//style")) == 1


def check_payloads(payloads: list[str]) -> None:
    """Each as what the network wrote, whole and in the body, and as the head of a posting."""
    texts = []
    for payload in payloads:
        posting = Posting("b", "k", "u", payload, payload, payload, html=f"<p>{markup.escape('x ' + payload)}</p>\n")
        texts += [payload, f"<html>\n<h1>Cook</h1>\n<p>{payload}</p>\n</html>\n"]
        shown = markup.tidy(payload).strip()
        if shown:
            texts.append(document.write(Posting("", "", "", shown, shown, shown, html=posting.html[:0])))
    made = render.pages([sample(text, row) for row, text in enumerate(texts)], ORIGIN, plot=True)
    for name, page in made.items():
        if name.endswith(".html"):
            check_inert(page, set(made))


def test_own_payloads_become_text() -> None:
    check_payloads(OWN_PAYLOADS)


def test_known_payloads_become_text(shared: Path) -> None:
    lines = (shared / "vectors" / "xss.jsonl").read_text("utf-8").strip().split("\n")
    payloads = [json.loads(line)["payload"] for line in lines]
    assert len(payloads) > 4000
    for start in range(0, len(payloads), 300):
        check_payloads(payloads[start : start + 300])


@pytest.mark.parametrize("payload", OWN_PAYLOADS)
def test_settings_are_escaped_too(payload: str) -> None:
    origin = Origin(payload, payload, payload, 1, 1, 1, 1, 1)
    made = render.pages([Sample(0, payload, COOK, True)], origin, plot=True)
    for page in (made["posting-01.html"], made["index.html"]):
        check_inert(page, set(made))


def test_the_policy_allows_our_style_and_nothing_else() -> None:
    made = render.pages([sample(COOK)], ORIGIN, plot=True)
    style_hash = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    for name, images in (("posting-01.html", "'none'"), ("index.html", "'self' file:")):
        head = made[name].partition("<style>")[0]
        policy = lxml_html.fromstring(made[name]).xpath("//meta[@http-equiv]/@content")[0]
        assert "Content-Security-Policy" in head
        assert {rule.split(" ", 1)[0]: rule.split(" ", 1)[1] for rule in policy.split("; ")} == {
            "default-src": "'none'",
            "style-src": f"'sha256-{style_hash}'",
            "img-src": images,
            "base-uri": "'none'",
            "form-action": "'none'",
        }


def test_the_style_loads_nothing_from_elsewhere() -> None:
    assert not re.search(r"url\(|@import|@font-face|//", STYLE)


def test_a_page_shows_the_posting_as_it_is() -> None:
    tree = lxml_html.fromstring(page_of(COOK))
    assert [node.text_content() for node in tree.iter("h1")] == ["Cook"]
    assert tree.find(".//title").text == "Cook (imagined)"
    assert tree.xpath("string(//header/p)") == "Blue Door & Sons · Chicago, IL"
    body = tree.xpath("//div[@class='body']")[0]
    assert [node.text_content() for node in body.iter("h2")] == ["Duties", "Needs"]
    assert [node.tag for node in body] == ["h2", "p", "h2", "ul"]
    assert body.xpath("string(.//li/ol/li)") == "Fine"
    assert "Dr. Who <3 included" in body.text_content()


def test_a_page_says_that_it_is_imagined_and_by_what() -> None:
    shown = visible_text(page_of(COOK))
    assert "This job does not exist." in shown
    assert "Nobody is hiring." in shown
    for fact in ("Run demo", "epoch 6.00", "loss 0.4231", "temperature 0.7", "seed 123", "0.610 bits"):
        assert fact in shown


def test_a_page_says_what_was_mended_and_shows_the_text_as_sampled() -> None:
    torn = "<html>\n<h1>Night Baker</h1>\n<p>Bread & <b>butter</p>\n<ul><li>One<li>Two"
    tree = lxml_html.fromstring(page_of(torn, ended=False))
    notices = [node.text_content() for node in tree.xpath("//p[@role='note']")]
    assert len(notices) == 2
    assert "was mended" in notices[1]
    assert "line 3" in notices[1]
    assert tree.xpath("string(//pre)") == torn
    assert [node.text_content() for node in tree.xpath("//div[@class='body']//li")] == ["One", "Two"]
    assert "mended" not in visible_text(page_of(COOK))


def test_the_raw_text_hides_nothing() -> None:
    assert lxml_html.fromstring(page_of("a\u202eb\u200bc\x00d\n\u00e9")).xpath("string(//pre)") == "a�b�c�d\n\u00e9"


def test_pages_link_to_their_neighbours_and_the_gallery_to_all() -> None:
    made = render.pages([sample(COOK.replace("Cook<", f"Cook {row}<"), row) for row in range(3)], ORIGIN, plot=False)
    names = ["posting-01.html", "posting-02.html", "posting-03.html"]
    assert set(made) == {*names, render.INDEX, render.TEXTS}

    def links(name: str, where: str) -> list[str]:
        return lxml_html.fromstring(made[name]).xpath(f"//{where}//a/@href")

    assert [links(name, "nav[@class='around']") for name in names] == [[names[1]], [names[0], names[2]], [names[1]]]
    assert all(links(name, "nav[@class='top']") == [render.INDEX] for name in names)
    assert links(render.INDEX, "ol[@class='cards']") == names
    assert all(render.PAGE_NAME.fullmatch(name) for name in names)
    assert not render.PAGE_NAME.fullmatch(render.INDEX)


def test_a_card_has_title_company_place_first_sentence_and_remarks() -> None:
    made = render.pages([sample(COOK), sample("<html>\n<h1>X</h1>\n<p>Then", 1, ended=False)], ORIGIN, plot=False)
    whole, torn = (card.text_content() for card in lxml_html.fromstring(made[render.INDEX]).xpath("//li"))
    for part in ("Cook", "Blue Door & Sons", "Chicago, IL", "You cook 3rd dinners for all"):
        assert part in whole
    assert "length limit" in torn
    assert "mended" in torn
    assert "length limit" not in whole


def test_the_gallery_has_the_plot_or_says_that_there_is_none() -> None:
    for plot in (True, False):
        tree = lxml_html.fromstring(render.pages([sample(COOK)], ORIGIN, plot=plot)[render.INDEX])
        assert tree.xpath("//img/@src") == ["loss.png"] * plot
        assert ("no loss plot" in tree.text_content()) != plot


def test_the_texts_are_kept_as_sampled_each_on_lines_of_its_own() -> None:
    texts = [COOK, "<p>cut & loose", COOK]
    made = render.pages([sample(text, row) for row, text in enumerate(texts)], ORIGIN, plot=False)
    assert made[render.TEXTS] == COOK + "<p>cut & loose\n" + COOK


def test_the_same_samples_give_the_same_bytes() -> None:
    made = [render.pages([sample(COOK), sample("torn", 1)], ORIGIN, plot=True) for _ in range(2)]
    assert made[0] == made[1]
    assert list(made[0])[-1] == render.INDEX


def test_element_escapes_text_and_attributes_and_nothing_twice() -> None:
    inner = element("b", "a<b>&")
    assert inner == Html("<b>a&lt;b&gt;&amp;</b>")
    assert element("p", inner, "\"'<", class_="a\"'>").text == (
        '<p class="a&quot;&#x27;&gt;"><b>a&lt;b&gt;&amp;</b>"\'&lt;</p>'
    )
    assert element("meta", http_equiv="x").text == '<meta http-equiv="x">'


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
