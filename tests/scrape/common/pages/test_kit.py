"""The page kit: every value is escaped, nh3 has the last word on markup, and a page runs only what its policy names."""

from __future__ import annotations

import base64
import hashlib
import re
import tomllib
from html import unescape

import pytest
from jinja2 import DictLoader, UndefinedError
from lxml import html as lxml_html
from markupsafe import Markup, escape

from scrape.common.pages import kit
from tests.support.paths import ROOT

PACKAGES = {
    "scrape.common.pages": [],
    "scrape.recommend": ["page.css"],
    "charrnn.pages": ["style.css", "surprisal.css"],
}
PAGE = """{% extends "base.html" %}
{% block title %}{{ told }}{% endblock %}
{% block kind %}test{% endblock %}
{% block page %}<p id="a" lang="{{ told }}">{{ told }}</p>{% endblock %}
"""


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> None:
    """A template of the name page.html, as if it were part of scrape.recommend."""
    environment = kit.environment.__wrapped__("scrape.recommend")
    environment.loader.loaders.insert(0, DictLoader({"page.html": PAGE}))
    monkeypatch.setattr(kit, "environment", lambda package: environment)


def render(told: object = "x", **how: str) -> str:
    return kit.render("scrape.recommend", "page.html", styles=["page.css"], told=told, **how)


@pytest.mark.usefixtures("page")
def test_text_and_attributes_are_escaped_and_nothing_twice() -> None:
    hostile = "</title></p>\"'><script>&amp;{{7*7}}{% raw %}"
    tree = lxml_html.document_fromstring(render(hostile))
    assert tree.xpath("//p/text()") == tree.xpath("//p/@lang") == tree.xpath("//title/text()") == [hostile]
    assert not tree.xpath("//script")
    assert tree.xpath("//p/b/text()") == []
    assert lxml_html.document_fromstring(render(Markup("<b>a</b>"))).xpath("//p/b/text()") == ["a"]


@pytest.mark.usefixtures("page")
def test_a_value_that_is_missing_is_an_error_and_no_gap() -> None:
    with pytest.raises(UndefinedError, match="told"):
        kit.render("scrape.recommend", "page.html", styles=[])


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize(("script", "images"), [("", "'none'"), ("let a = '<';\n", "'self' file:")])
def test_the_policy_names_the_style_and_the_script_of_the_page_by_their_hashes(script: str, images: str) -> None:
    tree = lxml_html.document_fromstring(render(script=script, images=images))
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    (style,) = tree.xpath("//style/text()")
    assert style == kit.stylesheet("scrape.recommend", "page.css")
    assert tree.xpath("//script/text()") == [script] * bool(script)
    scripts = f"; script-src {source(script)}" if script else ""
    assert policy == (
        f"default-src 'none'; style-src {source(style)}{scripts}; img-src {images}; base-uri 'none'; form-action 'none'"
    )


def source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_template_switches_escaping_off_or_leaves_an_attribute_unquoted(package: str) -> None:
    templates = list((ROOT / package.replace(".", "/") / "templates").glob("*.html"))
    assert templates
    for path in templates:
        text = path.read_text("utf-8")
        assert not re.search(r"\|\s*safe|autoescape|Markup", text), path
        assert not re.search(r"=\s*\{[{%]", re.sub(r"\{%.*?%\}", "", text, flags=re.DOTALL)), path
        assert not re.search(r"\son[a-z]+=|\sstyle=|javascript:|<iframe|<object|<embed|<link|<form", text), path


@pytest.mark.parametrize("package", PACKAGES)
def test_style_sheets_load_nothing_from_elsewhere_and_cannot_end_early(package: str) -> None:
    text = kit.stylesheet(package, *PACKAGES[package])
    assert not re.search(r"url\(|@import|@font-face|//|</", text)


@pytest.mark.parametrize(
    "hostile",
    [
        "<p onclick='x'>a</p>",
        "<p>a<script>x</script></p>",
        "<p>a</p><img src=x>",
        "<p>a",
        "a</p>",
        "<p><p>a</p></p>",
        "<!-- a -->",
        "<p>a &nosuch; < b</p>",
        "<mark class=x>a</mark>",
    ],
)
def test_markup_that_nh3_reads_otherwise_than_written_is_shown_as_source(hostile: str) -> None:
    made = kit.sanitize(hostile)
    assert made == f"<pre>{escape(hostile)}</pre>"
    assert unescape(made.removeprefix("<pre>").removesuffix("</pre>")) == hostile


def test_the_markup_of_postings_passes_nh3_unchanged() -> None:
    blocks = (
        "<h2>a</h2>\n<p>x <b>b <em>c</em></b><br>&amp; &lt; &gt; \" '</p>\n"
        "<ul>\n<li>é\n<ol>\n<li><mark>d</mark></li>\n</ol>\n</li>\n</ul>\n"
    )
    made = kit.sanitize(blocks)
    assert made == blocks and isinstance(made, Markup)


def test_every_file_of_a_page_is_package_data() -> None:
    """A wheel has what the tree has: each style sheet, script and template is named in pyproject.toml."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    for package in PACKAGES:
        folder = ROOT / package.replace(".", "/")
        named = {path for pattern in declared[package] for path in folder.glob(pattern)}
        there = {path for pattern in ("*.css", "*.js", "templates/*") for path in folder.glob(pattern)}
        assert there and there <= named, package
