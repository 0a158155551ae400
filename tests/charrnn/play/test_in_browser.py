"""The page of a network in a browser: the same numbers and texts everywhere, and a page that people can use."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import torch
from markupsafe import Markup
from playwright.sync_api import Browser, Page, expect

from charrnn.data.kind import TextKind
from charrnn.model import checkpoint
from charrnn.model.lstm import CharLSTM, ModelConfig
from charrnn.play.cells import CellLabel
from charrnn.play.network import Network
from charrnn.play.page import Contents, PageNetwork, render_page
from charrnn.play.weights import quantize, quantize_model
from charrnn.sample.generate import WARM_UP
from scrape.markup import grammar
from tests.support.browser import AXE, launched, needs_browser
from tests.support.paths import ROOT

NETWORK = checkpoint.load(Path(__file__).with_name("network.pt"))  # 2x256, an earlier showcase
WEIGHTS = quantize(NETWORK)
CHARS = NETWORK.vocab.chars
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{7*7}}</textarea>"

pytestmark = [pytest.mark.slow, needs_browser]

CONTENTS = Contents(
    run="board",
    chars=CHARS,
    kind=TextKind(),
    stages=[
        PageNetwork("this", "Epoch 5.00", WEIGHTS.shape, WEIGHTS),
        PageNetwork("untrained", "Untrained: random weights", WEIGHTS.shape, None),
    ],
    labels=[CellLabel(2, 232, "lists, against paragraphs", -0.77)],
    sample=Markup("<h2>A sample</h2>"),
    facts="A network.",
    recital="It can recite.",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page of a network of postings, one without WebAssembly, and one of a network of other texts."""
    folder = tmp_path_factory.mktemp("play")
    (folder / "play.html").write_text(render_page(CONTENTS), "utf-8")
    (folder / "plain.html").write_text(render_page(CONTENTS, webassembly=False), "utf-8")
    torch.manual_seed(4)
    chars = "\n <>&\"'/{}abcdefg日é"
    weights = quantize_model(CharLSTM(ModelConfig(len(chars), 12, 1)).eval())
    stages = [PageNetwork("this", HOSTILE, weights.shape, weights)]
    kind = TextKind("text", end="\n", soft_length=100, length=400, openings=("\n", "a\n"))
    poem = replace(CONTENTS, run=HOSTILE, chars=chars, kind=kind, stages=stages, labels=[], facts=HOSTILE)
    (folder / "poem.html").write_text(render_page(poem), "utf-8")
    return folder


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(reduced_motion="reduce")  # which shows texts at once
    yield opened
    opened.close()


def visit(page: Page, path: Path, address: str = "", letters: int = 0) -> list[str]:
    """Open a page, and wait for some letters, or the end of its text; return what it says and asks for."""
    seen: list[str] = []
    page.on("console", lambda message: seen.append(f"console {message.text}"))
    page.on("pageerror", lambda error: seen.append(f"error {error}"))
    page.on("dialog", lambda dialog: (seen.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: seen.append(f"request {request.url.split('/')[0]}"))
    page.goto(path.as_uri() + address)
    if letters:
        expect(page.locator(".letters i").nth(letters)).to_be_attached()
    else:
        wait(page)
    return seen


def wait(page: Page) -> None:
    expect(page.locator("#status")).to_contain_text("characters,")


def text_of(page: Page) -> str:
    return page.locator(".letters").first.text_content() or ""


RUN = """async ({ ids, fast }) => {
    const bytes = await inflate(document.getElementById("weights-0").textContent);
    const module = fast ? new WebAssembly.Module(fromBase64(document.getElementById("kernel").textContent)) : null;
    const network = new Network(play.config.networks[0].head, bytes, module), all = [];
    for (const id of ids) {
      network.step(id);
      all.push(...new Uint8Array(network.logits.slice().buffer));
    }
    return all;
}"""


def test_the_browser_computes_the_same_bits_as_numpy_with_and_without_webassembly(page: Page, pages: Path) -> None:
    visit(page, pages / "play.html", letters=9)
    ids = NETWORK.vocab.encode((ROOT / "samples/showcase/postings.txt").read_text("utf-8")[:100]).astype(np.int64)
    network = Network(WEIGHTS)
    ours = np.concatenate([network.step(ids[at : at + 1]) for at in range(len(ids))]).astype("<f4").tobytes()
    for fast in (True, False):
        theirs = bytes(page.evaluate(RUN, {"ids": ids.tolist(), "fast": fast}))
        assert hashlib.sha256(theirs).hexdigest() == hashlib.sha256(ours).hexdigest()


def test_random_numbers_are_philox(page: Page, pages: Path) -> None:
    """The known answers of Random123, the authors' library."""
    visit(page, pages / "poem.html", letters=9)
    ones = [0xFFFFFFFF] * 4
    pi = [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344]
    for key, counter, answer in (
        ([0, 0], [0] * 4, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        (ones[:2], ones, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        ([0xA4093822, 0x299F31D0], pi, [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]),
    ):
        assert page.evaluate("([key, counter]) => Philox.block(key, counter)", [key, counter]) == answer


def test_the_exponential_is_exact_to_two_units_in_the_last_place(page: Page, pages: Path) -> None:
    visit(page, pages / "poem.html", letters=9)
    x = np.linspace(-40, 0, 5000)
    made = np.array(page.evaluate("(x) => x.map(Exp.of)", x.tolist()))
    assert np.abs(made / np.exp(x) - 1).max() < 5e-16


def test_one_address_is_one_text_with_or_without_webassembly(page: Page, pages: Path) -> None:
    address = "#title=Night+Baker&seed=11&temperature=0.8&top-p=0.9"
    visit(page, pages / "play.html", address)
    assert page.evaluate("document.body.dataset.engine") == "wasm"
    first = text_of(page)
    assert first.startswith("Night Baker") and len(first) > 100
    written = hashlib.sha256(first.encode()).hexdigest()
    assert written.startswith("87522afa4f425f69"), "the same in every browser"
    page.get_by_role("button", name="Again").click()
    expect(page.locator("#seed")).to_have_value("12")
    wait(page)
    assert "seed=12" in page.url
    assert text_of(page) != first
    visit(page, pages / "plain.html", address, letters=150)
    assert page.evaluate("document.body.dataset.engine") == "plain"
    assert first.startswith(text_of(page)[:150])


def test_a_text_is_written_on_from_a_letter_and_the_address_says_so(page: Page, pages: Path) -> None:
    visit(page, pages / "play.html", "#title=Night+Baker&seed=11&min-p=0.05")
    first, address = text_of(page), page.url
    page.locator(".letters i").nth(90).click()
    page.get_by_role("button", name="Write on from here").click()
    expect(page).to_have_url(re.compile("&on="))
    wait(page)
    second, shared = text_of(page), page.url
    assert second[:90] == first[:90] and second != first
    turns = page.evaluate("turnsOf(['9-1-0.5-1-7', '4-2-1-1-0', 'x', '1-2', '-1-2-3-4', '1-2-3-4-NaN'])")
    assert [(turn["at"], turn["minP"]) for turn in turns] == [(4, 0), (9, 1)]
    page.go_back()
    expect(page.locator(".letters")).to_have_text(first)
    assert page.url == address
    visit(page, pages / "play.html", shared.partition("#")[1] + shared.partition("#")[2])
    expect(page.locator(".letters")).to_have_text(second)


def test_what_is_pasted_can_be_written_on_and_is_in_no_address(page: Page, pages: Path) -> None:
    visit(page, pages / "play.html", "#seed=2", letters=9)
    page.get_by_text("Read a text of yours").click()
    page.get_by_label("Text", exact=True).fill("Baker of bread\n" + "We look for somebody who bakes. " * 700)
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("#missing")).to_have_text("Only the first 20,000 characters were read.")
    expect(page.locator("#status")).to_contain_text("Read: Baker of bread, 20,000")
    page.locator(".sheet[role=group]").press("Home")
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("Finished")
    assert text_of(page).startswith("Baker of breadWe look for somebo"[:30])
    assert page.url.endswith("#")


def test_a_slider_that_moves_counts_from_the_letter_on_that_is_written(browser: Browser, pages: Path) -> None:
    page = browser.new_page(reduced_motion="no-preference")
    page.goto((pages / "play.html").as_uri() + "#seed=2")
    expect(page.locator(".letters i").nth(60)).to_be_attached()
    before = text_of(page)
    page.get_by_label("Temperature").fill("2")
    expect(page.locator("#status")).to_contain_text("Writing on")
    assert "temperature=0.6" in page.url and "-2-1-0" in page.url
    page.get_by_label("Speed").select_option("0")
    wait(page)
    assert text_of(page).startswith(before)
    page.close()


def test_where_a_worker_is_refused_the_page_writes_the_same_itself(page: Page, pages: Path) -> None:
    content = (pages / "play.html").read_text("utf-8")
    (pages / "alone.html").write_text(content.replace("; worker-src blob:", "", 1), "utf-8")
    texts = []
    for name in ("alone.html", "play.html"):
        visit(page, pages / name, "#seed=8", letters=100)
        assert page.evaluate("document.body.dataset.engine") == "wasm"
        texts.append(text_of(page)[:100])
    assert texts[0] == texts[1]


def test_the_page_asks_for_nothing_and_says_nothing(page: Page, pages: Path) -> None:
    for name in ("play.html", "plain.html", "poem.html"):
        seen = visit(page, pages / name, letters=100)
        assert set(seen) <= {"request file:", "request blob:null"}
    assert page.evaluate("fetch('data:text/plain,x').then(() => 'asked', () => 'refused')") == "refused"


def test_only_this_page_may_compile(pages: Path) -> None:
    assert "'wasm-unsafe-eval'; worker-src blob:;" in unescape((pages / "play.html").read_text("utf-8"))
    assert "wasm-unsafe-eval" not in (pages / "plain.html").read_text("utf-8").split("<style>")[0]
    for name in ("index.html", "posting-01.html"):
        other = (ROOT / "samples/showcase" / name).read_text("utf-8")
        assert "wasm" not in other and "worker-src" not in other


DRAW = """(seeds) => {
    const chars = play.config.chars, vocabulary = play.vocabulary, { grammar } = play.config;
    const head = { layers: 1, size: 8, characters: chars.length, rows: 88, levels: 8191 };
    return inflate(document.getElementById("grammar").textContent).then((bytes) => seeds.map((seed) => {
      const network = new Network(head, Network.untrained(head), null);
      const order = {
        id: 1, warmUp: [], parts: [{ text: vocabulary.encode("<html>\\n") }], stop: vocabulary.encode("</html>\\n"),
        stopFrom: 0, turns: [],
        seed, masked: true, temperature: 0.3 + (seed % 9) / 5, topP: seed % 4 ? 1 : 0.8, minP: seed % 5 ? 0 : 0.1,
        length: 60 + seed, lineLength: 120,
      };
      network.step(0);
      const job = new Job(order, network, new Grammar(bytes, grammar), new Chances(head.characters));
      while (!job.over) {
        job.advance();
        if (job.isFull) job.take();
      }
      return vocabulary.decode(job.written);
    }));
}"""


def test_every_posting_is_well_formed_and_within_its_length(page: Page, pages: Path) -> None:
    visit(page, pages / "play.html", letters=9)
    texts = page.evaluate(DRAW, list(range(150)))
    assert [error for text in texts if (error := grammar.find_error(text))] == []
    assert all(len(text) <= len("<html>\n") + 60 + seed for seed, text in enumerate(texts))
    assert len(set(texts)) == 150


def test_what_is_missing_in_the_head_is_written_by_the_network(page: Page, pages: Path) -> None:
    visit(page, pages / "play.html", "#company=B%C3%A4ckerei+%26+Co&seed=3")
    assert page.locator(".letters .company").text_content() == "Backerei & Co"
    assert page.locator(".letters .title").text_content()


def test_a_pasted_text_is_read_with_the_surprise_of_the_network(page: Page, pages: Path) -> None:
    visit(page, pages / "play.html", letters=9)
    page.get_by_text("Read a text of yours").click()
    page.get_by_label("Text", exact=True).fill("Baker 日\n- Salt & pepper\nThe end")
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("#missing")).to_contain_text("日")
    expect(page.locator(".letters li")).to_have_text("Salt & pepper")
    expect(page.locator("#words th").first).to_be_visible()
    text = "<html>\n<h1>Baker </h1>\n<ul>\n<li>Salt &amp; pepper</li>\n</ul>\n<p>The end</p>\n</html>\n"
    before, ids = (NETWORK.vocab.encode(each).astype(np.int64) for each in (WARM_UP, text))
    network = Network(WEIGHTS)
    line = np.concatenate([before, ids])
    logits = np.concatenate([network.step(line[at : at + 1]) for at in range(len(line) - 1)]).astype(np.float64)
    logits = logits[len(before) - 1 :]
    nats = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(ids)), ids]
    theirs = page.evaluate("[...play.jobs.values()][0].reading.nats")
    assert np.allclose(theirs, nats, atol=1e-4)


def test_networks_stand_side_by_side(page: Page, pages: Path) -> None:
    visit(page, pages / "play.html", "#seed=5&title=Cook")
    page.get_by_label("Untrained: random weights").check()
    expect(page.locator(".sheet:visible")).to_have_count(2)
    wait(page)
    trained, untrained = page.locator(".letters").all_text_contents()
    assert trained.startswith("Cook") and untrained.startswith("Cook") and trained != untrained


def test_it_can_be_used_by_keyboard_alone(browser: Browser, pages: Path) -> None:
    page = browser.new_page(reduced_motion="no-preference")
    page.goto((pages / "play.html").as_uri() + "#seed=2&title=Gardener")
    expect(page.locator(".letters i").nth(12)).to_be_attached()
    page.keyboard.press("Escape")
    expect(page.locator("#status")).to_contain_text("Stopped")
    stopped = text_of(page)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.sheet')"):
            break
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.locator("i.at").inner_text() == "a"
    assert "“a” had a chance of" in page.locator("#live").inner_text()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#marked")).to_have_text("3 letters are marked.")
    page.get_by_role("button", name="Find cells").press("Enter")
    page.locator("#found button").first.press("Enter")
    expect(page.locator("#tint-cell")).to_be_checked()
    expect(page.locator("#described")).to_contain_text("of the letters")
    assert text_of(page) == stopped
    page.close()


def test_a_cell_that_was_named_colours_the_letters(page: Page, pages: Path) -> None:
    visit(page, pages / "play.html", "#seed=1")
    page.get_by_label("by one cell of the network").check()
    assert page.locator("#cells option").first.inner_text().startswith("layer 2, cell 232: follows lists")
    coloured = page.locator(".letters i[class^=on], .letters i[class^=off]").count()
    assert coloured == page.locator(".letters i").count() > 300


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_no_violation_and_nothing_sticks_out(browser: Browser, pages: Path, width: int) -> None:
    page = browser.new_page(color_scheme="light", viewport={"width": width, "height": 800})
    visit(page, pages / "play.html", "#seed=1&temperature=1", letters=90)
    page.keyboard.press("Escape")
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    page.get_by_role("button", name="What am I looking at?").click()
    page.locator(".sheet[role=group]").focus()
    page.keyboard.press("ArrowRight")
    page.evaluate(AXE)
    for tint in ("surprise", "cell"):
        page.locator(f"#tint-{tint}").check()
        found = page.evaluate("axe.run(document, {preload: false})")
        assert len(found["passes"]) > 20
        assert [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found["violations"]] == []
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        page.emulate_media(color_scheme="dark")  # in which nothing but the colours differs
        found = page.evaluate("axe.run(document, {preload: false, runOnly: ['color-contrast']})")
        assert [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found["violations"]] == []
        page.emulate_media(color_scheme="light")
    page.close()


def test_the_bar_of_a_phone_leaves_the_text_most_of_the_screen(browser: Browser, pages: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    visit(page, pages / "play.html", letters=9)
    box = page.locator("form").bounding_box()
    assert box and box["height"] <= 0.4 * 844 and box["y"] + box["height"] <= 844
    small = page.evaluate(
        "[...document.querySelectorAll('button, input, select, summary')].filter((each) => each.checkVisibility())"
        ".filter((each) => (each.labels?.[0]?.parentElement ?? each).getBoundingClientRect().height < 44)"
        ".map((each) => each.outerHTML)"
    )
    assert small == []
    page.close()


def test_hostile_text_stays_text(page: Page, pages: Path) -> None:
    seen = visit(page, pages / "play.html", letters=9)
    for name in ("Title", "Company", "City"):
        page.get_by_label(name, exact=True).fill(HOSTILE)
    page.get_by_role("button", name="Write").click()
    wait(page)
    page.get_by_text("Read a text of yours").click()
    page.get_by_label("Text", exact=True).fill(f"<html>\n<h1>x</h1>\n<p>{HOSTILE}<svg onload=alert(3)><a href=x>")
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("#status")).to_contain_text("Read:")
    assert set(seen) <= {"request file:", "request blob:null"}
    assert page.locator("#sheets").locator("script, img, svg, a, [onerror], [onload]").count() == 0


def test_a_network_of_other_texts_continues_any_beginning(page: Page, pages: Path) -> None:
    seen = visit(page, pages / "poem.html", "#beginning=a+cafe%CC%81+%3Cb%3E&seed=4")
    text = page.evaluate("play.vocabulary.decode([...play.jobs.values()][0].reading.ids)")
    assert text.startswith("a cafe <b>") or text.startswith("a café <b>")
    written = text.removeprefix(text[:10])
    assert len(written) == 400 or (len(written) >= 100 and written.endswith("\n"))
    assert set(seen) <= {"request file:", "request blob:null"}
    assert page.locator("#sheets").locator("script, img, svg, a").count() == 0
    assert page.locator("#title, #masked").count() == 0
    assert page.locator(".line").first.get_attribute("dir") == "auto"


def test_without_javascript_there_is_a_sample_and_a_reason(browser: Browser, pages: Path) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto((pages / "play.html").as_uri())
    assert page.get_by_text("This page needs JavaScript").is_visible()
    assert page.get_by_role("heading", name="A sample").is_visible()
    assert not page.locator("form, #views").locator("visible=true").count()
    page.close()
