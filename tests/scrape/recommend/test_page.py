"""The page of recommendations in a browser: people can read it, and it asks for nothing."""

from __future__ import annotations

from pathlib import Path

from scrape.recommend.page import Recommendation, render_page
from tests.support.browser import AXE, launched, needs_browser

PAGE = render_page(
    [
        Recommendation("93 %", "Pastry Baker", ("Blue Door", "Chicago, IL"), "https://x.example/a", ("baker (title)",)),
        Recommendation("2 %", "Unbreakable" * 30, ("", ""), "javascript:alert(1)", ()),
    ],
    "Ranked by 30 yes and 30 no.",
)


@needs_browser
def test_the_page_passes_axe_fits_and_asks_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGE, "utf-8")
    with launched() as browser:
        for scheme, width in (("light", 1280), ("light", 390), ("dark", 1280), ("dark", 390)):
            tab = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 844})
            seen: list[str] = []
            tab.on("request", lambda request, seen=seen: seen.append(request.url))
            tab.on("console", lambda message, seen=seen: seen.append(message.text))
            tab.goto(path.as_uri())
            assert seen == [path.as_uri()]
            assert tab.evaluate("document.scrollingElement.scrollWidth") <= width
            tab.evaluate(AXE)
            found = tab.evaluate("axe.run(document, {preload: false})")
            assert len(found["passes"]) > 10
            assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
