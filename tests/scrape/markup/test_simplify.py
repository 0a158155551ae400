"""The simplifier, one behaviour a row: what goes in, what comes out."""

from __future__ import annotations

import pytest

from scrape.markup.grammar import find_error
from scrape.markup.simplify import page_title, simplify
from tests.support.postings import one_document


def items(*texts: str, tag: str = "ul") -> str:
    return f"<{tag}>\n" + "".join(f"<li>{text}</li>\n" for text in texts) + f"</{tag}>\n"


PARAGRAPHS = {
    "nothing": ("", ""),
    "white space": (" \n\t&nbsp;<p> </p>", ""),
    "bare text": ("word", "<p>word</p>\n"),
    "paragraphs": ("<p>a</p><p>b</p>", "<p>a</p>\n<p>b</p>\n"),
    "unclosed paragraphs": ("<p>a<p>b", "<p>a</p>\n<p>b</p>\n"),
    "text around blocks": ("a<p>b</p>c", "<p>a</p>\n<p>b</p>\n<p>c</p>\n"),
    "boxes": ("<div>a<div>b</div>c</div>", "<p>a</p>\n<p>b</p>\n<p>c</p>\n"),
    "empty blocks": ("<p></p><p>&nbsp;</p><div><br></div><p>a</p>", "<p>a</p>\n"),
    "block in a link": ("<a href='x'><div>a</div></a>b", "<p>a</p>\n<p>b</p>\n"),
    "page": ("<!DOCTYPE html><html><head><title>t</title><meta name=x></head><body>a</body></html>", "<p>a</p>\n"),
    "rule": ("a<hr>b", "<p>a</p>\n<p>b</p>\n"),
    "upper case": ("<P>a<BR>b</P>", "<p>a<br/>b</p>\n"),
    "spaces of every kind": ("<p> a&nbsp;\u2003 b\t\n c </p>", "<p>a b c</p>\n"),
    "characters nobody sees": ("<p>a\u200bb\u00ad\ufeff\x00\ud800</p>", "<p>ab</p>\n"),
    "composed": ("<p>e<span>\u0301</span></p>", "<p>\u00e9</p>\n"),
    "the three entities": ("<p>R&amp;D &lt;b&gt; &quot;q&quot;</p>", '<p>R&amp;D &lt;b&gt; "q"</p>\n'),
    "loose signs": ("<p>AT&T, 3 < 4 > 2 <3</p>", "<p>AT&amp;T, 3 &lt; 4 &gt; 2 &lt;3</p>\n"),
    "references to nothing": ("<p>a&bogus;&#0;&#x110000;</p>", "<p>a&amp;bogus;\ufffd\ufffd</p>\n"),
}

BREAKS = {
    "break": ("<p>a<br>b<br/>c</p>", "<p>a<br/>b<br/>c</p>\n"),
    "breaks at the edges": ("<p><br>a<br></p>", "<p>a</p>\n"),
    "two breaks": ("<p>a<br><br>b</p>", "<p>a</p>\n<p>b</p>\n"),
    "two breaks around a space": ("<p>a<br>&nbsp;<br>b", "<p>a</p>\n<p>b</p>\n"),
    "two breaks around nothing to see": ("<p>a<br>\u200b<br>b", "<p>a</p>\n<p>b</p>\n"),
    "break in an item": ("<ul><li>a<br><br>b</ul>", items("a<br/>b")),
    "break in a heading": ("<h2>a<br>b</h2>", "<h4>a<br/>b</h4>\n"),
    "break in bold": ("<b>a<br>b</b>", "<p><b>a</b><br/><b>b</b></p>\n"),
    "preformatted": ("<pre>a\nb\n\nc</pre>d\ne", "<p>a<br/>b</p>\n<p>c</p>\n<p>d e</p>\n"),
    "source lines": ("<p>a\nb</p>", "<p>a b</p>\n"),
    "plain text": ("a\nb\n\nc\n\n\n\nd <i>e</i>", "<p>a<br/>b</p>\n<p>c</p>\n<p>d <em>e</em></p>\n"),
    "plain text with Windows lines": ("a\r\nb\r\n\r\nc", "<p>a<br/>b</p>\n<p>c</p>\n"),
    "blank line within a text": ("<ul><li>x</ul>a\n\nb\nc", items("x") + "<p>a</p>\n<p>b c</p>\n"),
    "blank line at the edge of a text": ("<p><i>a</i>\n\nb\n\n<i>c</i></p>", "<p><em>a</em> b <em>c</em></p>\n"),
    "blank line between elements": ("<p><i>a</i>\n\n<i>b</i></p>", "<p><em>a b</em></p>\n"),
}

STYLES = {
    "bold": ("<p><strong>a</strong> <b>b</b> c</p>", "<p><b>a b</b> c</p>\n"),
    "emphasis": ("<p><i>a</i> b <em>c</em></p>", "<p><em>a</em> b <em>c</em></p>\n"),
    "bold around emphasis": ("<b>a <i>b</i> c</b>", "<p><b>a <em>b</em> c</b></p>\n"),
    "emphasis around bold": ("<i>a <b>b</b></i>", "<p><em>a</em> <b><em>b</em></b></p>\n"),
    "bold in bold": ("<b>a<b>b</b>c</b>", "<p><b>abc</b></p>\n"),
    "crossed": ("<b>a <i>b</b> c</i> d", "<p><b>a <em>b</em></b> <em>c</em> d</p>\n"),
    "spaces go outside": ("a<b> b </b>c", "<p>a <b>b</b> c</p>\n"),
    "empty": ("a<b></b><i> </i>b", "<p>a b</p>\n"),
    "half a word": ("<b>E</b>ssential", "<p><b>E</b>ssential</p>\n"),
    "blocks in bold": ("<b><p>a</p>b</b>c", "<p><b>a</b></p>\n<p><b>b</b>c</p>\n"),
    "stray ends": ("a</b></i></p></div></ul>b", "<p>a</p>\n<p>b</p>\n"),
    "other inline elements": ("a<span>b</span><u>c</u> <a href=x>d</a><x-y>e</x-y>", "<p>abc de</p>\n"),
    "bold line": ("<p><b>Your role</b></p>", "<p><b>Your role</b></p>\n"),
}

SEAMS = {
    "spans": ("<span>Employer</span><span>Active</span>", "<p>Employer Active</p>\n"),
    "label and text": ("<b>Summary</b>We are", "<p><b>Summary</b> We are</p>\n"),
    "two bold headings": ("<b>Requirements</b><b>Skills</b>", "<p><b>Requirements</b><br/><b>Skills</b></p>\n"),
    "sentence": ("<i>Done.</i>Next", "<p><em>Done.</em> Next</p>\n"),
    "first letter": ("<b>S</b>oftware <i>d</i>ev", "<p><b>S</b>oftware <em>d</em>ev</p>\n"),
    "form": ("<label>Name</label><input><button>go</button>on", "<p>Name go on</p>\n"),
}

HEADINGS = {
    "all six": ("<h1>a</h1><h2>b</h2><h6>c</h6>", "<h4>a</h4>\n<h4>b</h4>\n<h4>c</h4>\n"),
    "with text after": ("<h2>a</h2>b", "<h4>a</h4>\n<p>b</p>\n"),
    "mismatched": ("<h2>a</h3>b", "<h4>a</h4>\n<p>b</p>\n"),
    "block inside": ("<h2><div><b>a</b></div></h2>b", "<h4><b>a</b></h4>\n<p>b</p>\n"),
    "in an item": ("<ul><li><h3>a</h3>b</ul>", items("a<br/>b")),
    "around a list": ("<h3>a<ul><li>b</ul></h3>c", "<h4>a</h4>\n" + items("b") + "<p>c</p>\n"),
}

LISTS = {
    "unordered": ("<ul><li>a</li><li>b</li></ul>", items("a", "b")),
    "ordered": ("<ol><li>a<li>b</ol>", items("a", "b", tag="ol")),
    "menu": ("<menu><li>a</menu>", items("a")),
    "nested": ("<ul><li>a<ol><li>b</ol><li>c</ul>", items("a\n" + items("b", tag="ol"), "c")),
    "list in a list": ("<ul><li>a</li><ul><li>b</li></ul><li>c</ul>", items("a\n" + items("b"), "c")),
    "item that only holds a list": ("<ul><li><ul><li>a</ul><li>b</ul>", items("a", "b")),
    "three deep": ("<ul><li>a<ul><li>b<ul><li>c</ul></ul></ul>", items("a\n" + items("b\n" + items("c")))),
    "deeper is flattened": (
        "<ul><li>a<ul><li>b<ul><li>c<ol><li>d<ul><li>e</ul><li>f</ol>g<li>h</ul></ul><li>i</ul>",
        items("a\n" + items("b\n" + items("c", "d", "e", "f", "g", "h")), "i"),
    ),
    "two lists": ("<ul><li>a</ul><ul><li>b</ul>", items("a") + items("b")),
    "two lists in an item": ("<ul><li>a<ul><li>b</ul><ol><li>c</ol></ul>", items("a\n" + items("b", "c"))),
    "paragraphs in an item": ("<ul><li><p>a</p><p>b</p></li></ul>", items("a<br/>b")),
    "text after an inner list": ("<ul><li>a<ul><li>b</ul>c<li>d</ul>", items("a\n" + items("b"), "c", "d")),
    "text in no item": ("<ul>a<li>b</li>c<p>d</p></ul>e", items("a", "b", "c<br/>d") + "<p>e</p>\n"),
    "items in no list": ("<li>a</li><li>b</li>c", items("a", "b") + "<p>c</p>\n"),
    "list in an item in no list": ("<li>a<ul><li>b</ul></li>c", items("a\n" + items("b")) + "<p>c</p>\n"),
    "list in a paragraph": ("<p>a<ul><li>b</ul>c</p>", "<p>a</p>\n" + items("b") + "<p>c</p>\n"),
    "list in bold": ("<b>a<ul><li>b</ul></b>", "<p><b>a</b></p>\n" + items("<b>b</b>")),
    "unclosed in a box": ("<div><ul><li>a</div><p>b</p>", items("a") + "<p>b</p>\n"),
    "empty items": ("<ul><li></li><li>a</li><li> </li></ul><ul></ul>", items("a")),
}

BULLETS = {
    "breaks": ("Skills:<br>• a<br>• b<br>end", "<p>Skills:</p>\n" + items("a", "b") + "<p>end</p>\n"),
    "paragraphs": ("<p>·&nbsp;&nbsp;&nbsp; a</p><p>·&nbsp; b</p>", items("a", "b")),
    "boxes": ("<div>- a</div><div>- b</div>", items("a", "b")),
    "plain text": ("Skills\n* a\n* b\n\nend", "<p>Skills</p>\n" + items("a", "b") + "<p>end</p>\n"),
    "symbol font": ("<p>\uf0b7 a</p><p>\uf0b7 b</p>", items("a", "b")),
    "no space after": ("•a<br>•b", items("a", "b")),
    "hyphen, no space after": ("-Build<br>-Test", items("Build", "Test")),
    "dashes": ("– a<br>— b", items("a", "b")),
    "letters of symbol fonts": ("<p>o&nbsp; a</p><p>o&nbsp; b</p>", items("a", "b")),
    "in bold": ("<p><b>• a</b> b</p><p><b>•</b> c</p>", items("<b>a</b> b", "c")),
    "doubled": ("<p>• - a</p><p>• • b</p>", items("a", "b")),
    "another sort is deeper": ("• a<br>o b<br>o c<br>• d", items("a\n" + items("b", "c"), "d")),
    "one line is no list": ("<p>• a</p><p>b</p><p>* c</p>", "<p>• a</p>\n<p>b</p>\n<p>* c</p>\n"),
    "numbers": ("-5<br>-6<br>- 7", "<p>-5<br/>-6<br/>- 7</p>\n"),
    "signs": ("&gt; a<br>&gt; b", items("a", "b")),
    "signs before numbers": ("&gt; 3 years<br>~ 5 years", "<p>&gt; 3 years<br/>~ 5 years</p>\n"),
    "signs at the head of items": ("<ul><li>&gt; a<li>+ 5<li>o a</ul>", items("&gt; a", "+ 5", "o a")),
    "rules": ("-----<br>-----<br>*****", "<p>-----<br/>-----<br/>*****</p>\n"),
    "bullets alone": ("<p>•</p><p>•</p>", "<p>•</p>\n<p>•</p>\n"),
    "footnotes": ("*One<br>*Two", "<p>*One<br/>*Two</p>\n"),
    "in headings": ("<h3>- a</h3><h3>- b</h3>", "<h4>- a</h4>\n<h4>- b</h4>\n"),
    "at the head of items": ("<ul><li>• a</li><li>- b</li><li>-c</li></ul>", items("a", "b", "-c")),
    "inside an item": ("<ul><li>a<br>• b<br>• c<br>d</ul>", items("a\n" + items("b", "c"), "d")),
    "an item of nothing else": ("<ul><li>• a<br>• b</li><li>c</ul>", items("a", "b", "c")),
}

TABLES = {
    "rows are lines": ("<table><tr><td>a<td>b<tr><td>c<td>d</table>e", "<p>a b</p>\n<p>c d</p>\n<p>e</p>\n"),
    "paragraphs in cells": ("<table><tr><td><p>a</p></td><td><p>b</p></td></tr></table>", "<p>a b</p>\n"),
    "more in cells": (
        "<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>",
        "<p>a</p>\n<p>b</p>\n<p>c</p>\n",
    ),
    "list in a cell": ("<table><tr><td>a<ul><li>b</ul><td>c</table>", "<p>a</p>\n" + items("b") + "<p>c</p>\n"),
    "empty cells": ("<table><tr><td></td><td>a</td><td></td></tr><tr></tr></table>", "<p>a</p>\n"),
    "table in a cell": (
        "<table><tr><td>a<table><tr><td>b<td>c</table><td>d</table>",
        "<p>a</p>\n<p>b c</p>\n<p>d</p>\n",
    ),
    "heading in a cell": ("<table><tr><th><h3>a</h3><td>b</table>", "<h4>a</h4>\n<p>b</p>\n"),
    "terms": ("<dl><dt>a<dd>b<dd>c<dt>d<dd>e</dl>f", "<p>a<br/>b<br/>c</p>\n<p>d<br/>e</p>\n<p>f</p>\n"),
    "choices": ("<select><option>a<option>b</select>", "<p>a b</p>\n"),
}

HIDDEN = {
    "scripts and the like": (
        "a<script>'<p>x</p>'</script><style>p{}</style><noscript>x</noscript><template><p>x</p></template>b",
        "<p>ab</p>\n",
    ),
    "comments": ("a<!-- x --><!--><?php x ?><![CDATA[x]]></ x>b", "<p>ab</p>\n"),
    "attribute": ("<p hidden>x</p><p>a</p>", "<p>a</p>\n"),
    "style": ("<div style='color:red; DISPLAY : none'>x</div>a", "<p>a</p>\n"),
    "only those": (
        "<p class=hidden aria-hidden=true>a<p style='display:block'>b<p hidden=until-found>c",
        "<p>a</p>\n<p>b</p>\n<p>c</p>\n",
    ),
    "page hidden until its script runs": ("<body style='display:none'><p>a</p>", "<p>a</p>\n"),
    "unclosed in a box": ("<div><span hidden>x</div>a", "<p>a</p>\n"),
    "paragraph ended by a block": ("<p hidden>x<div>a</div>", "<p>a</p>\n"),
    "item ended by an item": ("<ul><li hidden>x<li>a</ul>", items("a")),
    "nested": ("<div hidden><div>x</div>x<br>x<b>x</b></div>a", "<p>a</p>\n"),
    "void": ("<input hidden>a<img hidden>b", "<p>ab</p>\n"),
    "values": ("<input value=x placeholder=x><img alt=x>a", "<p>a</p>\n"),
    "raw text": ("<textarea>a <b>\nb</textarea>", "<p>a &lt;b&gt;<br/>b</p>\n"),
    "end of the input in a tag": ("a <b class='x", "<p>a</p>\n"),
    "script that writes a script, and character data": (
        '<p>Cook wanted</p><script><!-- document.write("<script>x</script>"); //--></script><p>Apply now</p>\n'
        "<p><svg><text><![CDATA[Shift starts at 6]]></text></svg></p>",
        "<p>Cook wanted</p>\n<p>Apply now</p>\n<p>Shift starts at 6</p>\n",
    ),
    "title of an image": ("<svg><title>x</title><text>a</text></svg>b", "<p>ab</p>\n"),
    "title of an image without an end": ("<svg><title>x</svg>a", "<p>a</p>\n"),
    "end of the input in a script": ("a<script>x", "<p>a</p>\n"),
}

TABLE = {
    f"{kind}: {name}": row
    for kind, rows in {
        "paragraphs": PARAGRAPHS,
        "breaks": BREAKS,
        "styles": STYLES,
        "seams": SEAMS,
        "headings": HEADINGS,
        "lists": LISTS,
        "bullets": BULLETS,
        "tables": TABLES,
        "hidden": HIDDEN,
    }.items()
    for name, row in rows.items()
}


@pytest.mark.parametrize(("html", "expected"), TABLE.values(), ids=TABLE)
def test_each_behaviour(html: str, expected: str) -> None:
    assert simplify(html) == expected


@pytest.mark.parametrize("expected", [expected for _html, expected in TABLE.values()], ids=TABLE)
def test_what_comes_out_is_bare_markup_and_stays(expected: str) -> None:
    assert find_error(one_document(expected)) is None
    assert simplify(expected) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<head><TITLE lang=en>Cook &amp;\n Baker </TITLE></head><svg><title>x</title></svg>", "Cook & Baker"),
        ("<!-- <title>x</title> --><title><b>a</b></title>", "<b>a</b>"),
        ("<title></title><title>b</title>", ""),
        ("<p>a</p>", ""),
        ("<title>a", "a"),
    ],
)
def test_the_title_of_a_page(html: str, expected: str) -> None:
    assert page_title(html) == expected


def test_a_page_of_titles_without_end_is_read_once() -> None:
    assert page_title("<title" * 100_000) == ""
    assert page_title("<title>" * 100_000) == "<title>" * 99_999
