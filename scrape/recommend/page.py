"""Recommendations as a page: one file that loads nothing and runs nothing, in light and dark, on screen and paper.

Every text in it comes from a board and is escaped; a link is made only of a web address.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from scrape.fields.urls import is_web

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fbfaf6; --sheet: #ffffff; --ink: #1f1d1a; --soft: #67625a; --rule: #dfdbd1;
  --accent: #5a45b0; --wash: #f0edfa;
  --serif: "Iowan Old Style", Palatino, "Noto Serif", Georgia, serif;
  --sans: system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #151517; --sheet: #1d1d20; --ink: #e9e6df; --soft: #a19c92; --rule: #35343a;
    --accent: #b3a5f5; --wash: #232130;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 0 clamp(1.1rem, 4vw, 3rem) 4rem; max-width: 52rem; background: var(--paper);
  color: var(--ink); font: 1.0625rem/1.55 var(--serif); overflow-wrap: anywhere;
}
header { padding: clamp(1.8rem, 5vw, 3.4rem) 0 1.4rem; border-bottom: 1px solid var(--ink); }
h1 { margin: 0; font-size: clamp(2.1rem, 6vw, 3.2rem); font-weight: 600; letter-spacing: -.02em; line-height: 1.1; }
header p { margin: .8rem 0 0; color: var(--soft); font-family: var(--sans); font-size: .92rem; }
ol { list-style: none; margin: 0; padding: 0; }
li {
  display: grid; grid-template-columns: 4.6rem minmax(0, 1fr); padding: 1.2rem 0;
  border-bottom: 1px solid var(--rule);
}
.chance { font: 600 1.15rem/1.4 var(--sans); color: var(--accent); font-variant-numeric: tabular-nums; }
h2 { margin: 0 0 .2rem; font-size: 1.22rem; font-weight: 600; line-height: 1.3; text-wrap: balance; }
a { color: inherit; text-decoration-color: var(--accent); text-underline-offset: .18em; }
a:hover { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
.place, .words { margin: 0; font: .88rem/1.5 var(--sans); color: var(--soft); }
.words { margin-top: .5rem; }
.words span {
  display: inline-block; padding: .1rem .5rem; margin: .15rem .3rem 0 0; background: var(--wash);
  border-radius: 3px; color: var(--ink);
}
@media (max-width: 30rem) { li { grid-template-columns: 1fr; } }
@media print {
  :root { --paper: #fff; --ink: #000; --soft: #444; --accent: #000; --wash: #fff; }
  li { break-inside: avoid; }
}
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One posting on the page, as texts; empty facts are left out."""

    chance: str
    title: str
    facts: Sequence[str]
    address: str
    words: Sequence[str]


def page(entries: Sequence[Entry], about: str) -> str:
    """The whole page, best first; `about` says what the order is made of."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>Postings to read next</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>Postings to read next</h1>
<p>{escape(about)}</p>
</header>
<main>
<ol>
{"".join(map(_item, entries))}</ol>
</main>
</body>
</html>
"""


def _item(entry: Entry) -> str:
    title = escape(entry.title)
    if is_web(entry.address):
        title = f'<a href="{escape(entry.address)}" rel="noopener noreferrer">{title}</a>'
    words = "".join(f"<span>{escape(word)}</span>" for word in entry.words)
    place = escape(" · ".join(fact for fact in entry.facts if fact))
    return f"""<li>
<div class="chance">{escape(entry.chance)}</div>
<div>
<h2>{title}</h2>
<p class="place">{place}</p>
<p class="words">{words}</p>
</div>
</li>
"""
