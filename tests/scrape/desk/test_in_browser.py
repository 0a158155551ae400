"""The desk in a browser: by keyboard alone, without script, on a phone, and over hostile postings."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from scrape.dataset.store import FileStore
from scrape.desk.server import DeskServer, serve
from scrape.desk.session import DeskSession
from scrape.markup.simplify import simplify
from tests.scrape.desk.conftest import HOSTILE, hostile
from tests.support.browser import AXE, launched, needs_browser
from tests.support.paths import ROOT
from tests.support.postings import keep, posting

VECTOR_POSTINGS = 40
PAGES = ("/", "/p/demo-2", "/labels", "/dream", "/similar/demo-0")

pytestmark = [pytest.mark.slow, needs_browser]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def running(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DeskSession, DeskServer]]:
    """A desk over the sixty postings and the hostile ones."""
    store = FileStore(Path(shutil.copytree(prepared, tmp_path_factory.mktemp("browser") / "data")))
    keep(store, *(hostile(number, text) for number, text in enumerate(HOSTILE)))
    before = Path.cwd()
    os.chdir(ROOT)  # where the showcase is
    desk = DeskSession(store)
    desk.live.wait()
    with serve(desk) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        yield desk, server
        desk.ended.set()
        thread.join()
    desk.close()
    os.chdir(before)


@pytest.fixture
def desk(running: tuple[DeskSession, DeskServer]) -> Iterator[DeskSession]:
    """The desk, without a label at the beginning and at the end."""
    yield running[0]
    for label in running[0].labels():
        running[0].label(label.name, "", "")
    running[0]._done.clear()


@pytest.fixture
def seen() -> list[str]:
    """All that pages complained of, and each host that they asked."""
    return []


def opened(context: BrowserContext, server: DeskServer, seen: list[str]) -> Page:
    page = context.new_page()
    page.on("console", lambda message: seen.append(f"console {message.text}"))
    page.on("pageerror", lambda error: seen.append(f"error {error}"))
    page.on("dialog", lambda dialog: (seen.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: seen.append(f"host {urlsplit(request.url).hostname}"))
    page.goto(server.url)
    return page


@pytest.fixture
def page(
    browser: Browser, running: tuple[DeskSession, DeskServer], desk: DeskSession, seen: list[str]
) -> Iterator[Page]:
    context = browser.new_context(base_url=running[1].url.partition("?")[0], reduced_motion="reduce")
    yield opened(context, running[1], seen)
    context.close()
    assert set(seen) == {"host 127.0.0.1"}


def press(page: Page, key: str) -> None:
    """Press a key and wait until another posting is shown."""
    before = page.locator("#reading article").get_attribute("data-name")
    page.keyboard.press(key)
    page.wait_for_function("old => document.querySelector('#reading article')?.dataset.name !== old", arg=before)


def test_twenty_postings_are_labeled_by_keyboard_alone(page: Page, desk: DeskSession) -> None:
    assert "key=" not in page.url
    for number in range(20):
        title = page.locator("#reading h1").inner_text()
        press(page, "y" if "Engineer" in title else "n" if number % 5 else "s")
    assert len(desk.labels()) == 20 and page.locator("#reading .chance").count() == 1
    name = page.locator("#reading article").get_attribute("data-name")
    press(page, "u")
    assert len(desk.labels()) == 19
    press(page, "j")
    press(page, "k")
    page.keyboard.press("/")
    page.keyboard.type("yn roses")
    expect(page.locator("#list .total")).to_contain_text("0 of")
    assert len(desk.labels()) == 19, "in a field, keys are letters"
    for _ in range(8):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Home")
    page.keyboard.press("Delete")
    page.keyboard.press("Delete")
    expect(page.locator("#list .total")).to_contain_text("12 of")
    expect(page.locator("#filters .facet").first).to_contain_text("India")
    assert page.evaluate("document.activeElement.id") == "q" and page.input_value("#q") == " roses"
    page.keyboard.press("Escape")
    press(page, "n")
    assert len(desk.labels()) == 20 and desk.labels()[-1].chosen == "search"
    page.go_back()
    assert name


def test_a_key_pressed_twice_answers_once_and_what_fails_is_said(
    page: Page, desk: DeskSession, seen: list[str]
) -> None:
    shown = page.locator("#reading article").get_attribute("data-name")
    keys = "for (const key of 'yn') document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}))"
    page.evaluate(keys)
    expect(page.locator("#last [role=status]")).to_contain_text("Labeled")
    assert [(each.name, each.answer) for each in desk.labels()] == [(shown, "yes")]
    status = page.locator("#last [role=status]")
    page.route("**/label", lambda route: route.fulfill(status=400, body="<main><p>The disk is full.</p></main>"))
    page.keyboard.press("y")
    expect(status).to_have_text("The disk is full.")
    page.unroute("**/label")
    page.route("**/label", lambda route: route.abort())
    page.keyboard.press("y")
    expect(status).to_contain_text("The desk does not answer")
    assert len(desk.labels()) == 1
    seen[:] = [each for each in seen if not each.startswith("console Failed to load resource")]


def test_keys_can_be_turned_off_and_leave_shortcuts_of_the_browser_alone(page: Page, desk: DeskSession) -> None:
    for key in ("Control+y", "Alt+n", "Meta+s"):
        page.keyboard.press(key)
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("n")
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    switch = page.get_by_role("switch", name="Keys")
    switch.focus()
    page.keyboard.press("Enter")
    assert switch.get_attribute("aria-checked") == "false"
    page.keyboard.press("y")
    page.reload()
    page.keyboard.press("y")
    page.wait_for_timeout(300)
    assert desk.labels() == [] and switch.get_attribute("aria-checked") == "false"
    switch.click()
    press(page, "y")
    assert len(desk.labels()) == 1


def test_without_script_twenty_postings_are_labeled_by_forms(
    browser: Browser, running: tuple[DeskSession, DeskServer], desk: DeskSession, seen: list[str]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = opened(context, running[1], seen)
    for _ in range(20):
        answer = "Yes" if "Engineer" in page.locator("#reading h1").inner_text() else "No"
        page.get_by_role("button", name=answer, exact=False).first.click()
    assert len(desk.labels()) == 20
    page.get_by_role("button", name="Undo").click()
    assert len(desk.labels()) == 19
    page.fill("#q", "python")
    page.get_by_role("button", name="Search", exact=True).click()
    assert "24 of" in page.locator("#list .total").inner_text()
    page.get_by_role("link", name="Newest").click()
    page.locator("a.card").nth(2).click()
    assert page.locator("a.card").nth(2).get_attribute("aria-current") == "true"
    page.get_by_role("button", name="Remove this posting").click()
    assert "23 of" in page.locator("#list .total").inner_text()
    page.get_by_role("button", name="Undo").click()
    assert "24 of" in page.locator("#list .total").inner_text()
    context.close()
    assert set(seen) == {"host 127.0.0.1"}


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_in_light_and_dark(page: Page, desk: DeskSession, width: int) -> None:
    for number in range(12):
        desk.label(f"demo-{number}", "yes" if number % 5 in (0, 2) else "no", "random")
    page.set_viewport_size({"width": width, "height": 800})
    for path in PAGES:
        page.goto(path)
        page.evaluate(AXE)
        page.emulate_media(color_scheme="light")
        both = [page.evaluate("axe.run()")]
        page.emulate_media(color_scheme="dark")  # in which nothing but the colours differs
        both.append(page.evaluate("axe.run({runOnly: ['color-contrast']})"))
        for found in both:
            assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found["violations"]] == [], (
                path
            )


def test_a_narrow_screen_shows_one_pane_and_never_scrolls_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    for path, shown in (
        *((path, "") for path in PAGES[2:]),
        ("/", "list"),
        ("/p/demo-2", "reading"),
        ("/filters", "filters"),
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        if shown:
            panes = [pane for pane in ("filters", "list", "reading") if page.locator(f"#{pane}").is_visible()]
            assert panes == [shown]
    page.goto("/?sort=new")
    page.locator("a.card").nth(1).click()
    expect(page.locator("#reading")).to_be_visible()
    page.get_by_role("link", name="← List").click()
    expect(page.locator("#list")).to_be_visible()


def test_hostile_postings_are_text(page: Page) -> None:
    page.goto("/?sort=new&label=any&q=" + "alert")
    for number in range(len(HOSTILE)):
        page.goto(f"/p/demo-{100 + number}?label=any&sort=new")
        assert (
            page.locator("#reading script, #reading img, #reading svg, #reading iframe, [onclick], [onload]").count()
            == 0
        )
        assert page.locator("#original").count() == 0, "no link to what is no web address"
    assert page.locator("#reading h1").inner_text()


def test_known_vectors_do_nothing_as_titles_and_bodies(
    browser: Browser, shared: Path, tmp_path: Path, seen: list[str]
) -> None:
    rows = [json.loads(line) for line in (shared / "vectors/xss.jsonl").read_text("utf-8").strip().split("\n")]
    payloads = [row["payload"] for row in rows]
    parts = [payloads[start::VECTOR_POSTINGS] for start in range(VECTOR_POSTINGS)]  # a few postings with many of them
    store = keep(
        FileStore(tmp_path / "data"),
        *(
            posting(number, " ".join(part)[:490], "".join(map(simplify, part)), company=part[0][:490])
            for number, part in enumerate(parts)
        ),
    )
    desk = DeskSession(store)
    with serve(desk) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        context = browser.new_context(base_url=server.url.partition("?")[0])
        page = opened(context, server, seen)
        page.goto("/?sort=new&page=2")
        for number in range(VECTOR_POSTINGS):
            page.goto(f"/p/demo-{number}?sort=new")
            assert page.locator("#reading .body").count() == 1
        context.close()
        desk.ended.set()
        thread.join()
    desk.live.wait()
    desk.close()
    assert set(seen) == {"host 127.0.0.1"}
