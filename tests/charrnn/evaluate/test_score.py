"""`python -m charrnn.score`: the bits are the network's own, the page shows them and runs nothing."""

from __future__ import annotations

import math
import re
from collections import Counter
from html import unescape
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from lxml import html as lxml_html

from charrnn.data.vocab import Vocab
from charrnn.evaluate import surprisal as surprise
from charrnn.model import checkpoint
from charrnn.model.lstm import CharLSTM, ModelConfig
from charrnn.pages import surprisal
from charrnn.sample import generate
from charrnn.score import main, posting
from scrape.common import console
from scrape.common.errors import InputError
from scrape.markup import document, grammar
from tests.support.growth import assert_linear

POSTING = (
    "<html>\n<h1>Cook</h1>\n<h2>R&amp;D</h2>\n<p>We bake.</p>\n<h4>Wages &amp; hours</h4>\n<p>Good.</p>\n</html>\n"
)
VOCAB = Vocab.of(POSTING)


def model(vocab: Vocab = VOCAB) -> CharLSTM:
    torch.manual_seed(1)
    return CharLSTM(ModelConfig(len(vocab), rnn_size=8, num_layers=2)).eval()


def fair(vocab: Vocab) -> CharLSTM:
    """A network that holds all characters for equally likely."""
    made = model(vocab)
    torch.nn.init.zeros_(made.decoder.weight)
    torch.nn.init.zeros_(made.decoder.bias)
    return made


@torch.inference_mode()
def plain_bits(network: CharLSTM, vocab: Vocab, lead: str, text: str) -> list[float]:
    """Character by character, as the definition says: minus the log of the probability that it had."""
    state = network.initial_state(1)
    found = []
    whole = vocab.encode(lead + text).tolist()
    for here, after in pairwise(whole):
        logits, state = network(torch.tensor([[here]]), state)
        found.append(-float(logits[0, 0].log_softmax(0)[after]) / math.log(2))
    return found[len(lead) - 1 :]


@pytest.mark.parametrize("window", [1, 7, 1000])
def test_bits_are_those_of_single_steps(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surprise, "_WINDOW", window)
    reading = surprise.read(model(), VOCAB, POSTING)
    assert reading.bits == pytest.approx(plain_bits(model(), VOCAB, generate.WARM_UP, POSTING), abs=1e-5)
    assert reading.total == pytest.approx(reading.bits.sum())
    assert reading.mean == pytest.approx(reading.bits.mean())


def test_a_network_that_knows_nothing_needs_the_log_of_its_alphabet() -> None:
    reading = surprise.read(fair(VOCAB), VOCAB, POSTING)
    assert reading.bits == pytest.approx([math.log2(len(VOCAB))] * len(POSTING))


def test_unknown_characters_are_read_as_their_equal_or_not_at_all() -> None:
    text = POSTING.replace("We bake", "W\u00e9 b\u65e5\u2026ke")  # é is e, 日 is nothing, … is three full stops
    reading = surprise.read(fair(VOCAB), VOCAB, text)
    bits = dict(zip(text, reading.bits, strict=True))
    one = math.log2(len(VOCAB))
    assert bits["\u00e9"] == pytest.approx(one)
    assert bits["\u2026"] == pytest.approx(3 * one)
    assert math.isnan(bits["\u65e5"])
    assert reading.replaced == {("\u00e9", "e"): 1, ("\u2026", "..."): 1}
    assert reading.skipped == {"\u65e5": 1}
    assert reading.read == len(text) - 1
    told = surprisal.describe_unknown(reading)
    assert "\u65e5 U+65E5 not read" in told
    assert "'...'" in told


def test_of_many_unknown_characters_the_most_frequent_are_named_and_the_others_counted() -> None:
    unknown = "".join(chr(0x4E00 + code) for code in range(300))
    told = surprisal.describe_unknown(surprise.read(fair(VOCAB), VOCAB, f"a{unknown}\u4e07"))
    assert told.startswith("\u4e07 U+4E07 not read") and told.count("U+") == 20
    assert told.endswith("; 280 others not read either (280)")


def test_what_is_skipped_does_not_change_the_rest() -> None:
    text = POSTING.replace("bake", "ba\u65e5ke")
    bits = surprise.read(model(), VOCAB, text).bits
    assert bits[~np.isnan(bits)] == pytest.approx(surprise.read(model(), VOCAB, POSTING).bits)


def test_a_text_of_nothing_known_is_refused() -> None:
    with pytest.raises(InputError, match="nothing to score"):
        surprise.read(model(), VOCAB, "\u65e5\u672c")


def test_pieces_lines_and_sections_are_the_whole_text_each() -> None:
    reading = surprise.read(model(), VOCAB, POSTING)
    for parts in (surprise.spans(reading), surprise.lines(reading), [part for _, part in surprise.sections(reading)]):
        assert "".join(part.text for part in parts) == POSTING
        assert sum(part.total for part in parts) == pytest.approx(reading.total)
        assert all(POSTING.startswith(part.text, part.start) for part in parts)
    assert [name for name, _ in surprise.sections(reading)] == ["Head", "Wages & hours"]
    assert {word.text for word in surprise.words(reading)} == {
        "Cook",
        "R&amp;D",
        "We",
        "bake.",
        "Wages",
        "hours",
        "Good.",
    }
    totals = [word.total for word in surprise.words(reading)]
    assert totals == sorted(totals, reverse=True)


def test_a_word_that_comes_twice_is_told_once_where_it_surprised_most() -> None:
    bits = np.array([1, 1, 0, 5, 5, 0, 9, 9, 0, 2, 2.0])
    found = surprise.words(surprise.Reading("aa bb aa cc", bits, Counter(), Counter()))
    assert [(word.text, word.start, word.total) for word in found] == [("aa", 6, 18), ("bb", 3, 10), ("cc", 9, 4)]


def shown(page: str) -> str:
    """The text that a page tints."""
    rows = re.findall(r'<span class="line" lang="" dir="auto">(.*?)</span></li>', page, re.DOTALL)
    return "".join(unescape(re.sub(r"<[^>]*>", "", row)) + "\n" for row in rows)


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style><b>&lt;"])
def test_the_page_shows_any_text_as_text(evil: str) -> None:
    text = f"{evil}\nsecond line\n"
    vocab = Vocab.of(text)
    page = surprisal.render_page(surprise.read(model(vocab), vocab, text), evil, evil)
    assert shown(page) == text
    assert not re.search(r"<(script|img|b)\b", page)
    assert "default-src 'none'" in unescape(page)
    assert "script-src" not in page


def test_what_would_reorder_the_page_is_made_visible() -> None:
    text = "pay\u202e000\tend\n"
    page = surprisal.render_page(surprise.read(model(), VOCAB, text), "x", "y")
    assert shown(page) == "pay\ufffd000\tend\n"


def test_the_most_surprising_words_come_first_and_lead_to_their_places() -> None:
    text = "the aa the bb\n"
    bits = np.array([0.1] * 4 + [3.0, 4.0] + [0.0] * 5 + [1.0, 1.0, 0.0])
    page = surprisal.render_page(surprise.Reading(text, bits, Counter(), Counter()), "x", "y")
    tree = lxml_html.fromstring(page)
    listed = tree.xpath("//tbody//a")
    assert [(link.text, link.get("href")) for link in listed] == [("aa", "#w4"), ("bb", "#w11"), ("the", "#w0")]
    assert page.index("The most surprising words") < page.index("How to read the colors") < page.index("The text</h2>")
    hints = {node.get("id"): (node.tag, node.get("data-hint")) for node in tree.xpath("//*[@data-hint]")}
    assert hints["w4"] == ("a", "7.0 bits: a chance of 1 in 130")  # a stop of the Tab key
    assert hints["w11"] == ("span", "2.0 bits: a chance of 25%")
    assert {link.get("href")[1:] for link in listed} <= set(hints)


@pytest.mark.parametrize(
    ("bits", "said"),
    [
        (0, "100%"),
        (3.3, "10%"),
        (3.4, "1 in 11"),
        (9.97, "1 in 1,000"),
        (16, "1 in 66,000"),
        (20, "1 in 1 million"),
        (29.9, "1 in 1 billion"),
        (39, "1 in 550 billion"),
        (5000, "less than 1 in a trillion"),
    ],
)
def test_odds_are_said_as_people_say_them(bits: float, said: str) -> None:
    assert surprisal.describe_odds(bits) == said


@pytest.mark.parametrize(
    ("bits", "name"), [(0, "s0"), (0.99, "s0"), (1, "s1"), (5.9, "s2"), (6, "s3"), (99, "s4"), (math.nan, "u")]
)
def test_more_surprise_is_more_tint(bits: float, name: str) -> None:
    assert surprisal.level(bits) == name


def test_the_tint_of_a_character_is_its_own() -> None:
    text = "aaaa\n"
    bits = np.array([0.1, 4.0, 4.5, math.nan, 0.0])
    page = surprisal.render_page(surprise.Reading(text, bits, Counter(), Counter()), "x", "y")
    assert '<i class="s0">a</i><i class="s2">aa</i><i class="u">a</i>' in page


def test_bare_markup_stays_and_a_page_is_simplified(tmp_path: Path) -> None:
    bare = tmp_path / "bare.html"
    bare.write_text(POSTING)
    assert posting(bare) == POSTING
    page = tmp_path / "page.html"
    page.write_text("<html><head><title>Cook &amp; Co</title></head><body><div>We <i>bake</i></div><script>x</script>")
    made = posting(page)
    assert grammar.find_error(made) is None
    assert made == "<html>\n<h1>Cook &amp; Co</h1>\n<p>We <em>bake</em></p>\n</html>\n"
    assert document.read(posting(page, "Baker")).title == "Baker"
    plain = tmp_path / "plain.txt"
    plain.write_text("a <b> c\r\n")
    assert posting(plain) == "a <b> c\n"


@pytest.mark.parametrize("name", ["JOB.HTM", "job.Html", "job.XHTML"])
def test_a_page_is_a_page_whatever_the_case_of_its_suffix(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf<title>Cook</title>\r\n<div>We bake</div>")
    assert posting(tmp_path / name) == "<html>\n<h1>Cook</h1>\n<p>We bake</p>\n</html>\n"


@pytest.mark.parametrize("name", ["job.mhtml", "JOB.MHT"])
def test_a_page_saved_as_mhtml_is_scored_without_its_wrapping(tmp_path: Path, name: str) -> None:
    head = 'Content-Type: multipart/related; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n'
    page = "Content-Transfer-Encoding: quoted-printable\r\n\r\n<title>Cook</title><div>We b=\r\nake, caf=C3=A9</div>"
    (tmp_path / name).write_bytes(f"{head}{page}\r\n--b--\r\n".encode())
    assert posting(tmp_path / name) == "<html>\n<h1>Cook</h1>\n<p>We bake, café</p>\n</html>\n"
    (tmp_path / name).write_bytes(b"no page")
    with pytest.raises(InputError, match="is not a saved page"):
        posting(tmp_path / name)


def test_menus_and_adverts_of_a_page_are_not_scored(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    text = "<p>The tower needs a keeper who does not mind the wind. Experience with lamps is a requirement.</p>" * 3
    menu = "<nav><a href=/>Home</a></nav><div class=cookie-banner>We use cookies to make this page slower.</div>"
    page.write_text(f"{menu}<main><h1>Keeper</h1><p>Employer: Skerry</p><p>Location: Bath</p><div>{text}</div></main>")
    made = posting(page)
    assert made.startswith("<html>\n<h1>Keeper</h1>\n<h2>Skerry</h2>\n<h3>Bath</h3>\n<p>The tower")
    assert "Home" not in made and "cookies" not in made


def test_a_list_of_results_is_not_scored(tmp_path: Path) -> None:
    page = tmp_path / "list.html"
    cards = (f"<li><a href=/{i}>Keeper of the tower {i}</a><p>Skerry, Bath</p></li>" for i in range(9))
    page.write_text(f"<h1>Work at towers</h1><ul>{''.join(cards)}</ul>")
    with pytest.raises(InputError, match="a list of results; save the posting pages"):
        posting(page)


@pytest.mark.parametrize("piece", ["<h4>", "<h4>a</h4", "<title>", "<title", "<p><b>", "<"])
def test_no_page_takes_more_than_linear_time(piece: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"

    def work(size: int) -> None:
        text = piece * (size // len(piece)) + ">word"
        page.write_text(text)
        if piece != "<title>":  # a title that never ends is all of the page
            assert "word" in posting(page)
        else:
            with pytest.raises(InputError, match="no visible text"):
                posting(page)
        parts = surprise.sections(surprise.Reading(text, np.zeros(len(text)), Counter(), Counter()))
        assert "".join(part.text for _, part in parts) == text

    assert_linear(work, 25_000)


@pytest.fixture
def home(home: Path) -> Path:
    """A working folder with a run and a posting."""
    checkpoint.save(home / "cv/tiny", saved())
    (home / "posting.html").write_text(POSTING)
    return home


def saved() -> checkpoint.Checkpoint:
    return checkpoint.Checkpoint(model().config, VOCAB, model().state_dict(), 1.0, 10, 2.0, "0")


def test_the_command_prints_the_score_and_writes_the_page(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["posting.html", "--device", "cpu"]) == console.OK
    *told, path = capsys.readouterr().out.splitlines()
    reading = surprise.read(model(), VOCAB, POSTING)
    assert path == "samples/scores/posting.html"
    assert f"{reading.mean:.3f} bits per character: {reading.total:,.0f} bits for {len(POSTING)} characters" in told
    assert shown(Path(path).read_text("utf-8")) == POSTING
    best = surprise.words(reading)[0]
    assert any(unescape(best.text) in line for line in told)
    assert any("Wages & hours" in line for line in told)


@pytest.mark.parametrize(
    ("name", "content"),
    [("none.html", None), ("empty.html", b" \n"), ("blank.html", b"<p> </p>"), (".", None)],
)
def test_what_cannot_be_scored_is_one_line_and_2(
    home: Path, name: str, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    assert main([name]) == console.BAD_INPUT
    assert capsys.readouterr().err.count("\n") == 1
    assert not Path("samples").exists()


def test_several_postings_are_scored_as_one_text(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "several.txt").write_text(POSTING * 2)
    assert main(["several.txt", "--device", "cpu"]) == console.OK
    assert capsys.readouterr().out.startswith("several.txt\n")


def test_a_page_never_takes_the_place_of_its_posting(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["posting.html", "--out", "posting.html"]) == console.BAD_INPUT
    assert Path("posting.html").read_text() == POSTING


def test_a_file_in_the_way_of_the_page_is_named_first(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["posting.html", "--checkpoint", "none.pt", "--out", "posting.html/x.html"]) == console.BAD_INPUT
    assert capsys.readouterr().err == "error: posting.html is a file; name another place with --out\n"


def test_the_page_passes_axe_and_asks_for_nothing(home: Path) -> None:
    sync = pytest.importorskip("playwright.sync_api")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    if not Path("/usr/bin/chromium").exists():
        pytest.skip("needs /usr/bin/chromium to look at the page")
    main(["posting.html"])
    address = (home / "samples/scores/posting.html").as_uri()
    with sync.sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for scheme, width in (("light", 1200), ("dark", 400)):
            tab = browser.new_context(
                color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True
            ).new_page()
            asked: list[str] = []
            tab.on("request", lambda request, asked=asked: asked.append(request.url))
            tab.goto(address)
            assert asked == [address]
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            assert axe.Axe().run(tab).response["violations"] == []
            word = tab.locator("tbody a").first
            word.click()
            hint = "getComputedStyle(document.querySelector(':target'), '::after').content"
            assert re.search(r"bits: a chance of", tab.evaluate(hint))
            place = tab.locator(f".text {word.get_attribute('href')}")
            assert unescape(place.inner_text()) == word.inner_text()
            tab.keyboard.press("Tab")
            assert tab.evaluate("document.activeElement.matches('.text a:not(:target)')")
            assert "bits: a chance of" in tab.evaluate("getComputedStyle(document.activeElement, '::after').content")
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
        browser.close()
