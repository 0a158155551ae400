"""Pages in a browser: nothing that a network wrote runs, and people can read and use the rest."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from charrnn import plot
from charrnn.evaluate.memorization import find_overlap
from charrnn.evaluate.metrics import LENGTHS, TextMetrics
from charrnn.evaluate.report import FREE, MASKED, REAL, Guesses, Report, SamplingStats
from charrnn.evaluate.suffix_array import SuffixArray
from charrnn.pages import evaluation, gallery
from charrnn.pages.gallery import PLOT
from charrnn.pages.posting import INDEX
from charrnn.pages.views import PostingView, Provenance
from charrnn.runs.history import Evaluation
from charrnn.sample.compare import Comparison, Stage, TemperatureStep
from charrnn.sample.generate import Sample
from charrnn.sample.sampling import SamplingParams
from scrape.markup import grammar
from tests.support.browser import AXE, launched, needs_browser
from tests.support.files import json_lines

SOURCE = Provenance(
    *("demo", "lm_lstm_epoch6.00_0.4231.pt", "LSTM, 2 layers of 256", 6.0, 0.4231, 0.7, 123, 6000),
    weights=900_000,
    characters=50,
)
ALONE, EVALUATION = "single.html", "evaluation.html"
METRICS = TextMetrics(3, 900, 1.0, 1.0, dict.fromkeys(LENGTHS, 0.5), 40, 80, 0.0)
REPORT = Report(
    *("cv/demo/lm_lstm_epoch6.00_0.4231.pt", "data/demo/input.txt", True, "cpu", 3, SamplingParams(0.7)),
    guesses=Guesses(0.61, {5: 1.4, 8: 0.7}, 0.8, 1000, 9000, 9000, 1000),
    texts=dict.fromkeys((MASKED, FREE, REAL), METRICS),
    distinct=dict.fromkeys((MASKED, FREE, REAL), 0.9),
    grams=100,
    sampling=dict.fromkeys((MASKED, FREE), SamplingStats(0.5, 900, 1.0, 3, 0.5)),
)
LOG = [Evaluation(epoch, epoch * 10, 2 / epoch, 2.1 / epoch, 1e-3, 1000, 1.0) for epoch in (1, 2, 3)]
SENTENCE = "We bake bread for the whole of this long street and the next one, daily, and twice on Sundays."
BODY = (
    f"<p><b>Duties</b></p>\n<p>{SENTENCE} Then rest.</p>\n<h4>Needs</h4>\n"
    "<ul>\n<li>Salt &amp; <em>pepper</em><br/>both\n<ol>\n<li>Fine</li>\n</ol>\n</li>\n</ul>\n"
)
BATCH = 400

pytestmark = [pytest.mark.slow, needs_browser]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    yield opened
    opened.close()


def document(title: str, company: str = "", place: str = "", body: str = BODY) -> str:
    head = zip(grammar.HEAD, (title, company, place), strict=True)
    return "<html>\n" + "".join(f"<{tag}>{text}</{tag}>\n" for tag, text in head if text) + body + "</html>\n"


def write_gallery(folder: Path, texts: Sequence[str], index: SuffixArray, first: int = 0) -> Path:
    """Write the gallery of `texts` into `folder`, with a plot and series, and those from row `first` on as one file.

    Return the path of its index. Copying is measured from row `first` on.
    """
    views = []
    for row, text in enumerate(texts):
        sample = Sample(row, text[:9], text, ended=True, masked=row % 3, cost=0.5, logprob=-100.0)
        overlap = find_overlap(grammar.repair(sample.text), index) if row >= first else None
        views.append(PostingView.of(sample, row + 1, len(texts), overlap))
    some, others = ([view.sample for view in few] for few in (views[:3], views[-3:]))
    comparison = Comparison([Stage(0.0, None, some), Stage(6.0, 0.4, others)], [TemperatureStep(0.5, some)], 1)
    (folder / PLOT).write_bytes(drawn())
    for name, content in gallery.render_pages(views, SOURCE, plot=True, comparison=comparison).items():
        (folder / name).write_text(content, "utf-8")
    alone = gallery.render_single_file(views[first:], SOURCE, plot=drawn(), comparison=comparison)
    (folder / ALONE).write_text(alone, "utf-8")
    return folder / INDEX


@cache
def drawn() -> bytes:
    return plot.draw(LOG, "demo", "svg")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of ordinary postings, one of them copied in part, one of them torn."""
    made = tmp_path_factory.mktemp("gallery")
    places = ("Chicago, IL", "Seattle, WA", "Zürich", "Seattle, WA", "")
    texts = [document(f"Cook {at}", f"Blue Door {at}", place) for at, place in enumerate(places)]
    texts.append("<html>\n<h1>" + "Unbreakable" * 20 + "</h1>\n<p>Bread & <b>butter</p>\n<ul><li>One<li>" + "x" * 300)
    write_gallery(made, texts, SuffixArray.of(SENTENCE))
    (made / EVALUATION).write_text(evaluation.render_page(REPORT), "utf-8")
    return made


@dataclass
class Watch:
    """Records what a page does that no page of ours should do."""

    page: Page
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("dialog", lambda dialog: (self.seen.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("console", lambda message: self.seen.append(f"console {message.text}"))
        self.page.on("pageerror", lambda error: self.seen.append(f"error {error}"))
        self.page.on("popup", lambda popup: self.seen.append(f"popup {popup.url}"))
        self.page.on("request", lambda request: self.seen.append(f"request {request.url}"))

    def visit(self, path: Path) -> list[str]:
        """Open the page; return all that happens but the requests for it and for its plot."""
        self.seen.clear()
        self.page.goto(path.as_uri())
        self.page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        self.page.wait_for_timeout(50)
        own = {f"request {path.as_uri()}", f"request {(path.parent / PLOT).as_uri()}"}
        return [each for each in self.seen if each not in own]


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """The address of a server on this machine, and the paths that it was asked for."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", paths
        server.shutdown()


def hostile(address: str) -> str:
    return (
        f"<script>alert('ran')</script><img src='{address}/image' onerror='alert(1)'><iframe src='{address}/frame'>"
        f"</iframe><script src='{address}/script'></script><svg onload='alert(2)'></svg>"
    )


def test_the_watch_sees_scripts_and_requests(page: Page, tmp_path: Path, asked: tuple[str, list[str]]) -> None:
    address, paths = asked
    (tmp_path / "open.html").write_text(f"<!DOCTYPE html><title>x</title>{hostile(address)}")
    seen = Watch(page).visit(tmp_path / "open.html")
    assert {"dialog ran", "dialog 1", "dialog 2"} <= set(seen)
    assert {f"request {address}/{what}" for what in ("image", "frame", "script")} <= set(seen)
    assert {"/image", "/frame", "/script"} <= set(paths)
    assert foreign(page)


@pytest.mark.parametrize("name", ["posting-01.html", INDEX])
def test_the_policy_alone_keeps_scripts_and_requests_out(
    page: Page, folder: Path, name: str, asked: tuple[str, list[str]]
) -> None:
    """The policy holds even where escaping is undone, as here by hand."""
    address, paths = asked
    broken = folder / f"broken-{name}"
    broken.write_text((folder / name).read_text("utf-8").replace("</main>", f"{hostile(address)}</main>"), "utf-8")
    seen = Watch(page).visit(broken)
    assert len([each for each in seen if "Content Security Policy" in each]) >= 4
    assert not any(each.startswith(("dialog", "popup")) for each in seen)
    assert paths == []


def payloads(shared: Path) -> list[str]:
    return [row["payload"] for row in json_lines(shared / "vectors/xss.jsonl")]


def test_nothing_that_a_network_writes_runs_or_asks(page: Page, shared: Path, tmp_path: Path) -> None:
    """Each vector is title, company, place, body and a text of its own, and stands in stages and filter words."""
    known = payloads(shared)
    assert len(known) > 4000
    watch = Watch(page)
    for start in range(0, len(known), BATCH):
        batch = known[start : start + BATCH]
        turned = batch[1:] + batch[:1], batch[2:] + batch[:2]
        texts = [document(a, b, c, f"<p>{a}</p>\n") for a, b, c in zip(batch, *turned, strict=True)] + batch
        together = "".join(f"<p>{payload}</p>\n" for payload in batch)
        texts.append(document(*batch[:3], together))
        texts.append(document("x", "", "", "".join(f"<p>{grammar.escape(payload)}</p>\n" for payload in batch)))
        folder = tmp_path / str(start)
        folder.mkdir()
        index = write_gallery(folder, texts, SuffixArray.of("".join(batch)), first=len(texts) - 2)
        for path in (index, folder / ALONE, *sorted(folder.glob("posting-*.html"))[-2:]):
            assert watch.visit(path) == []
            assert foreign(page) == [], path


def foreign(page: Page) -> list[str]:
    """Return what stands in a page that no template wrote: other elements, or attributes that can do something."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("*")].flatMap((node) => [
             ...(node.matches("iframe, object, embed, svg, math, form, base, link, button, textarea, template, video")
               ? [node.outerHTML] : []),
             ...[...node.attributes].filter((each) => /^(on|style|action|formaction|srcdoc|ping)/.test(each.name))
               .map((each) => each.name + "=" + each.value),
             ...(node.matches("a") && !/^(posting-\\d+[.]html|(index[.]html|postings[.]txt)|#[a-z]+(-\\d+)?)$/
               .test(node.getAttribute("href")) ? [node.outerHTML] : []),
             ...(node.matches("img") && !/^(loss[.]svg$|data:image.svg[+]xml;base64,)/.test(node.getAttribute("src"))
               ? [node.outerHTML] : []),
           ])"""
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_no_violation(browser: Browser, folder: Path, scheme: str, width: int) -> None:
    page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 844})  # type: ignore[arg-type]
    for name in (INDEX, "posting-01.html", "posting-06.html", ALONE, EVALUATION):
        page.goto((folder / name).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        for box in page.query_selector_all(".switch"):
            box.check()
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, {preload: false})")
        assert len(found["passes"]) > 15
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
    page.close()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_sticks_out_sideways(browser: Browser, folder: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844})
    for name in (INDEX, "posting-01.html", "posting-06.html", ALONE, EVALUATION):
        page.goto((folder / name).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width, name
    page.close()


def cards(page: Page) -> list[str]:
    return [card.inner_text() for card in page.query_selector_all(".card h2") if card.is_visible()]


def test_words_filter_the_cards(page: Page, folder: Path) -> None:
    page.goto((folder / INDEX).as_uri())
    everything = cards(page)
    assert len(everything) == 6
    field = page.get_by_label("Filter by words")
    count = page.locator(".filter output")
    for words, left in (
        ("seattle", ["Cook 1", "Cook 3"]),
        ("SEATTLE cook 3", ["Cook 3"]),
        ("zurich", ["Cook 2"]),
        ("twice  sundays pepper", everything[:5]),
        ("nowhere", []),
    ):
        field.fill(words)
        assert cards(page) == left
        assert count.inner_text() == f"{len(left)} of 6"
    field.fill("")
    assert cards(page) == everything
    assert count.inner_text() == ""


def test_without_script_all_cards_are_there_and_the_filter_is_not(browser: Browser, folder: Path) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto((folder / INDEX).as_uri())
    assert len(cards(page)) == 6
    assert not page.locator(".filter").is_visible()
    page.close()


def test_a_tick_marks_what_is_copied_without_any_script(browser: Browser, folder: Path) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto((folder / "posting-01.html").as_uri())
    box = page.get_by_label("that is copied")
    ground = "getComputedStyle(document.querySelector('.body mark')).backgroundColor"
    assert page.locator(".body mark").all_inner_texts() == [SENTENCE]
    assert page.evaluate(ground) == "rgba(0, 0, 0, 0)"
    box.check()
    assert page.evaluate(ground) != "rgba(0, 0, 0, 0)"
    box.uncheck()
    assert page.evaluate(ground) == "rgba(0, 0, 0, 0)"
    page.close()


def test_a_posting_looks_like_one_and_leads_on(page: Page, folder: Path) -> None:
    watch = Watch(page)
    assert watch.visit(folder / "posting-01.html") == []
    assert page.get_by_role("heading", level=1).inner_text() == "Cook 0"
    assert [each.inner_text() for each in page.get_by_role("heading", level=2).all()] == ["Duties", "Needs"]
    assert page.get_by_text("Imagined by a recurrent network.").is_visible()
    page.get_by_role("link", name="Next Cook 1").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Cook 1"
    page.get_by_role("link", name="All postings").click()
    assert page.get_by_role("heading", level=1).inner_text() == "6 jobs that do not exist"


def test_a_single_file_holds_the_picture_and_leads_to_each_posting_and_back(page: Page, folder: Path) -> None:
    watch = Watch(page)
    assert watch.visit(folder / ALONE) == []
    assert page.evaluate("document.querySelector('img').naturalWidth") > 100
    page.get_by_role("link", name="Cook 3", exact=True).click()
    expect(page.locator("#posting-04 h2").first).to_be_in_viewport()
    page.get_by_label("Posting 4").get_by_role("link", name="All postings").click()
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()


def test_paper_has_the_posting_and_not_the_ways_around(page: Page, folder: Path) -> None:
    page.goto((folder / "posting-01.html").as_uri())
    page.emulate_media(media="print")
    assert page.get_by_role("heading", level=1).is_visible()
    assert page.get_by_text("Imagined by a recurrent network.").is_visible()
    assert not page.locator("nav, input, summary").locator("visible=true").count()
