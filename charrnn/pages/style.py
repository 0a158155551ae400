"""The look of the pages: system fonts, paper and ink, one accent; light and dark, wide and narrow, screen and print."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fbfaf6; --sheet: #ffffff; --ink: #1f1d1a; --soft: #67625a; --rule: #dfdbd1;
  --accent: #5a45b0; --wash: #f0edfa; --copied: #ffe39a;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", "Source Serif 4", "Noto Serif", Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #151517; --sheet: #1d1d20; --ink: #e9e6df; --soft: #a19c92; --rule: #35343a;
    --accent: #b3a5f5; --wash: #232130; --copied: #5c4a12;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 0 clamp(1.1rem, 4vw, 3rem) 4rem; max-width: 76rem;
  background: var(--paper); color: var(--ink); font: 1.0625rem/1.6 var(--serif); overflow-wrap: break-word;
}
body.posting { max-width: 46rem; }
h1, h2 { line-height: 1.2; font-weight: 600; text-wrap: balance; margin: 0; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .18em; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
code, pre { font-family: var(--mono); font-size: .85em; }

.masthead { padding: clamp(2rem, 6vw, 4.5rem) 0 clamp(1.6rem, 3vw, 2.6rem); max-width: 44rem; }
.masthead h1 { font-size: clamp(2.5rem, 7vw, 4.4rem); letter-spacing: -.025em; line-height: 1.04; }
.masthead p { margin: 1.1rem 0 0; font-size: clamp(1.12rem, 2vw, 1.3rem); line-height: 1.5; }
.kicker { font: 600 .75rem/1.4 var(--sans); letter-spacing: .09em; text-transform: uppercase; color: var(--accent); }
.masthead .kicker { margin: 0 0 .8rem; font-size: .78rem; }

.gallery { display: grid; grid-template-columns: minmax(0, 1fr); gap: clamp(2rem, 4vw, 3.5rem); border-top: 1px solid var(--ink); padding-top: 1.6rem; }
@media (min-width: 62rem) { .gallery { grid-template-columns: minmax(0, 1fr) 22rem; align-items: start; } }

.cards {
  list-style: none; margin: 0; padding: 0; display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr));
}
.card {
  position: relative; display: flex; flex-direction: column; padding: 1.15rem 1.25rem 1.2rem;
  background: var(--sheet); border: 1px solid var(--rule); border-radius: 4px;
}
.card:hover { border-color: var(--accent); }
.card h2 { font-size: 1.22rem; margin: .35rem 0 .3rem; }
.card h2 a { color: inherit; text-decoration: none; }
.card h2 a::after { content: ""; position: absolute; inset: 0; }
.card:hover h2 a { color: var(--accent); }
.card h2 a:focus-visible { outline: none; }
.card h2 a:focus-visible::after { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.number, .place, .state, .top, .foot, .facts, .around, .filter, .company, .location, summary { font-family: var(--sans); }
.number { font-size: .78rem; color: var(--soft); font-variant-numeric: tabular-nums; }
.place { font-size: .88rem; line-height: 1.45; color: var(--soft); margin: 0; }
.place b { color: var(--ink); font-weight: 600; }
.card .lead { margin: .75rem 0 0; font-size: 1rem; line-height: 1.5; color: var(--ink); }
.state { margin: auto 0 0; padding-top: .9rem; font-size: .78rem; line-height: 1.45; color: var(--soft); }

.filter { display: flex; flex-wrap: wrap; align-items: baseline; gap: .4rem .8rem; margin: 0 0 1.2rem; font-size: .9rem; }
.filter label, .filter output { color: var(--soft); }
.filter input {
  flex: 1 1 12rem; max-width: 24rem; min-width: 0; padding: .5rem .7rem; font: inherit; color: var(--ink);
  background: var(--sheet); border: 1px solid var(--soft); border-radius: 4px;
}
.filter input::placeholder { color: var(--soft); opacity: 1; }

aside > h2 { font: 600 .95rem/1.4 var(--sans); margin: 0 0 .6rem; }
aside figure { margin: 0 0 1.8rem; max-width: 28rem; }
aside img { display: block; width: 100%; height: auto; }
aside figure + p { font: .9rem/1.5 var(--sans); margin: -.8rem 0 1.8rem; }
figcaption { font: .82rem/1.5 var(--sans); color: var(--soft); margin-top: .5rem; }
.facts { font-size: .86rem; line-height: 1.45; margin: 0; display: grid; grid-template-columns: fit-content(36%) minmax(0, 1fr); }
.facts dt, .facts dd { margin: 0; padding: .42rem 0; border-top: 1px solid var(--rule); }
.facts dt { color: var(--soft); padding-right: 1.4rem; }
.facts dd { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; white-space: pre-wrap; }

.top { display: flex; justify-content: space-between; gap: 1rem; padding: 1.3rem 0; font-size: .88rem; color: var(--soft); }
.notice {
  font: .92rem/1.5 var(--sans); margin: 0; padding: .8rem 1rem; background: var(--wash);
  border-left: 3px solid var(--accent); border-radius: 0 4px 4px 0;
}
.notice + .notice { margin-top: .6rem; }
.notice b { font-weight: 650; }
.notice span { display: block; margin-top: .2rem; font-size: .82rem; color: var(--soft); font-variant-numeric: tabular-nums; }
main > header { padding: clamp(1.8rem, 5vw, 3rem) 0 1.4rem; border-bottom: 1px solid var(--rule); margin-bottom: 1.6rem; }
main > header h1 { font-size: clamp(1.9rem, 5.4vw, 2.8rem); letter-spacing: -.018em; line-height: 1.12; }
.company { margin: 0 0 .5rem; font-size: 1.02rem; font-weight: 600; color: var(--accent); }
.location { margin: .7rem 0 0; font-size: 1.02rem; color: var(--soft); }
.apply {
  margin: 2.2rem 0 0; padding: .8rem 1.2rem; font: .95rem/1.4 var(--sans); text-align: center; color: var(--soft);
  border: 1px dashed var(--soft); border-radius: 4px;
}
.switch { margin: 1.1rem .5rem 0 .1rem; width: 1rem; height: 1rem; vertical-align: -.15rem; accent-color: var(--accent); }
.switch + label { font: .92rem/1.5 var(--sans); cursor: pointer; }
mark { background: none; color: inherit; }
.switch:checked ~ * mark { background: var(--copied); color: var(--ink); border-radius: 2px; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.body p { margin: 0 0 1.05em; }
.body h2 { font: 600 1.12rem/1.35 var(--sans); margin: 1.9em 0 .6em; }
.body ul, .body ol { margin: 0 0 1.2em; padding-left: 1.35em; }
.body li { margin: .32em 0; padding-left: .2em; }
.body li::marker { color: var(--accent); font: .9em var(--sans); }
.body li > ul, .body li > ol { margin: .3em 0 .3em; }

.around { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; margin: 3rem 0 2.2rem; font-size: .92rem; line-height: 1.4; }
.around a { text-decoration: none; padding: .8rem 0; border-top: 1px solid var(--rule); }
.around a:hover { border-color: var(--accent); }
.around a span { display: block; font-size: .78rem; color: var(--soft); }
.around .next { grid-column: 2; text-align: right; }
details { border-top: 1px solid var(--rule); }
.posting .foot { margin-top: 0; }
summary { cursor: pointer; padding: .75rem 0; font-size: .9rem; color: var(--soft); }
details > p { font: .92rem/1.55 var(--sans); margin: 0 0 1rem; }
details > .facts { padding-bottom: 1rem; }
pre { margin: 0 0 1rem; padding: 1rem; background: var(--sheet); border: 1px solid var(--rule); border-radius: 4px;
  white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.5; }
.learned { margin-top: clamp(2.5rem, 6vw, 4.5rem); padding-top: 1.6rem; border-top: 1px solid var(--ink); }
.learned h2 { font-size: clamp(1.5rem, 3.4vw, 2rem); letter-spacing: -.012em; }
.learned > p { margin: .6rem 0 1.6rem; max-width: 44rem; }
.stages { display: grid; grid-template-columns: minmax(0, 1fr); gap: 2rem clamp(1.2rem, 3vw, 2.4rem); }
@media (min-width: 48rem) { .stages { grid-template-columns: none; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); } }
.stage h3 { font: 600 1rem/1.4 var(--sans); margin: 0; padding: .6rem 0 .7rem; border-top: 3px solid var(--accent); }
.stage h3 span { display: block; font-weight: 400; font-size: .82rem; color: var(--soft); font-variant-numeric: tabular-nums; }
.excerpt { padding: .9rem 0 1rem; border-top: 1px solid var(--rule); }
.excerpt h4 { font-size: 1.08rem; line-height: 1.3; font-weight: 600; margin: 0 0 .2rem; }
.excerpt p:not(.place) { margin: .5rem 0 0; font-size: .95rem; line-height: 1.5; }

.foot { margin-top: 3rem; padding-top: 1.1rem; border-top: 1px solid var(--rule); font-size: .85rem; line-height: 1.55; color: var(--soft); }
.foot p { margin: 0 0 .5rem; max-width: 60rem; }

@page { margin: 18mm; }
@media print {
  :root { --paper: #fff; --sheet: #fff; --ink: #000; --soft: #444; --rule: #bbb; --accent: #000; --wash: #fff; }
  body, body.posting { max-width: none; padding: 0; font-size: 11pt; }
  .top, .around, .filter, .switch, .switch + label, details { display: none; }
  .card, figure, .excerpt, .apply, li { break-inside: avoid; }
  h1, h2, h3, h4 { break-after: avoid; }
  .switch:checked ~ * mark { background: none; text-decoration: underline; }
}
"""
