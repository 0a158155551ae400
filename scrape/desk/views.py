"""The pages of the desk and what their forms do. GET changes nothing; each POST ends in a page that can be reloaded."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for

from scrape.common.errors import InputError
from scrape.dataset import export
from scrape.dataset.index import Filters, SearchHit
from scrape.desk import cards, dreams
from scrape.desk.query import BEST_FIRST, MATCH, NEWEST, PAY, DeskQuery
from scrape.desk.session import DeskSession, Listing
from scrape.fields import places
from scrape.recommend.classifier import FEW
from scrape.recommend.labels import NO, SIMILAR, SKIPPED, YES
from scrape.recommend.live import ENOUGH_RANDOM

pages = Blueprint("pages", __name__)

_ANSWERS = {"yes": YES, "no": NO, "skip": SKIPPED, "none": ""}
_SIMILAR, _SIMILAR_SHOWN = 20, 5
_FORMS = {"csv": "text/csv", "json": "application/json", "jsonl": "application/jsonl"}
_FACETS = {"country": 8, "company": 6, "board": 6}


# ---------------------------------------------------------------------- reading


@pages.get("/")
def index() -> str:
    """Show the list of what the query asks for, beside its first posting."""
    return _show("list")


@pages.get("/filters")
def filters() -> str:
    """Show the same page; on a narrow screen, its filters."""
    return _show("filters")


@pages.get("/p/<name>")
def posting(name: str) -> str:
    """Show a posting beside the list; on a narrow screen, alone."""
    _require(name)
    return _show("posting", name)


@pages.get("/similar/<name>")
def similar(name: str) -> str:
    """Show the real postings that are most similar to one."""
    _require(name)
    desk, query = _desk(), DeskQuery(via=SIMILAR)
    ranked = desk.live.similar(name, _SIMILAR)
    likeness = {each.name: each.by for each in ranked}
    hits = {hit.name: hit for hit in desk.index.rows(Filters(names=frozenset(likeness)))}
    found = cards.cards(desk, [hits[name] for name in likeness if name in hits], likeness=likeness)
    return _render("similar.html", query, of=desk.index.row(name), cards=found, ready=desk.live.ready)


@pages.get("/dream")
def dream_list() -> str:
    """Show the newest imagined postings, each with the real ones nearest to it."""
    desk = _desk()
    source, found = dreams.read(desk)
    return _render("dreams.html", DeskQuery(via=SIMILAR), source=source, dreams=found, ready=desk.live.ready)


@pages.get("/dream/<int:number>")
def dream(number: int) -> str:
    """Show one imagined posting as a whole, with the real ones nearest to it."""
    desk = _desk()
    source, found = dreams.read(desk, only=number)
    if not found:
        abort(404)
    return _render("dream.html", DeskQuery(via=SIMILAR), source=source, dream=found[0], ready=desk.live.ready)


@pages.get("/labels")
def labels() -> str:
    """Show all labels, the latest first, each with buttons to change it, and how good the ranking is."""
    desk = _desk()
    given = desk.labels()[::-1]
    hits = {hit.name: hit for hit in desk.index.rows(Filters(names=frozenset(label.name for label in given)))}
    return _render(
        "labels.html",
        DeskQuery(),
        labels=given,
        hits=hits,
        figures=desk.live.figures,
        ranking=desk.live.ranking,
        enough=ENOUGH_RANDOM,
    )


@pages.get("/export.<form>")
def export_list(form: str) -> Response:
    """Send all postings of a list, as `scrape find` writes them in this format."""
    if form not in _FORMS:
        abort(404)
    desk, query = _desk(), DeskQuery.read(request.args)
    desk.labels()
    rows = export.rows(desk.store, desk.hits(query), desk.answers)
    text = (part.encode("utf-8") for part in export.lines(rows, export.COLUMNS, form))
    headers = {"Content-Disposition": f'attachment; filename="postings.{form}"'}
    return Response(text, content_type=f"{_FORMS[form]}; charset=utf-8", headers=headers)


# ---------------------------------------------------------------------- actions


@pages.post("/label")
def label() -> Any:
    """Label a posting, and go on to the next one."""
    desk, query, name = _changing(), _back(), request.form.get("name", "")
    answer = request.form.get("answer", "")
    _require(name)
    if answer not in _ANSWERS:
        abort(400, "An answer is yes, no, skip or none.")
    before = desk.order(query) if query.order != BEST_FIRST else []
    desk.label(name, _ANSWERS[answer], desk.chosen(query, name))
    if request.form.get("stay"):
        return redirect(url_for("pages.labels"), 303)
    following = desk.after(name, before, query) if answer != "none" else name
    return _go(following, query)


@pages.post("/undo")
def undo() -> Any:
    """Undo the last label or removal, and show its posting again."""
    return _go(_changing().undo(), _back())


@pages.post("/remove")
def remove() -> Any:
    """Remove a posting for good, and go on to the next one."""
    desk, query, name = _changing(), _back(), request.form.get("name", "")
    _require(name)
    before = desk.order(query)
    desk.remove(name)
    return _go(desk.after(name, before, query), query)


@pages.post("/seen")
def seen() -> Any:
    """Note that all postings have been seen."""
    _changing().mark_seen()
    return redirect(f"{url_for('pages.index')}?{_back().write(new='')}", 303)


@pages.post("/searches")
def searches() -> Any:
    """Save the search of the page that was shown, or delete a saved one."""
    desk, query = _changing(), _back()
    if request.form.get("delete"):
        desk.notebook.delete(request.form["delete"])
    else:
        desk.notebook.save(request.form.get("name", ""), query.write(), desk.index.newest())
    return redirect(f"{url_for('pages.index')}?{query.write()}", 303)


@pages.post("/save")
def save() -> Any:
    """Write the classifier to the disk now."""
    _changing().live.save()
    return redirect(url_for("pages.labels"), 303)


@pages.post("/quit")
def quit_desk() -> str:
    """Stop the server, once this page is on its way."""
    desk = _desk()
    desk.ended.set()
    return render_template(
        "message.html", status=200, line="The desk is closed. Labels are saved; you can close this page."
    )


# ---------------------------------------------------------------------- inside


def _desk() -> DeskSession:
    return cast(DeskSession, current_app.config["desk"])


def _changing() -> DeskSession:
    """Return the desk for a change. Ends the request where nothing may be changed."""
    desk = _desk()
    if desk.read_only:
        abort(403, "This desk is for reading: it was started with --read-only.")
    return desk


def _require(name: str) -> None:
    """End the request unless the index has a posting of this name."""
    if not _desk().has(name):
        abort(404)


def _back() -> DeskQuery:
    return DeskQuery.parse(request.form.get("back", ""))


def _go(name: str | None, query: DeskQuery) -> Any:
    """Go to a posting within the list of a query, or to the list itself."""
    path = url_for("pages.posting", name=name) if name else url_for("pages.index")
    part = "part=1" if request.form.get("part") else ""
    return redirect("?".join(filter(None, [path, "&".join(filter(None, [query.write(), part]))])), 303)


def _show(at: str, name: str = "") -> str:
    """Render filters, list and reading pane; without the filters where the script asks for the parts that change."""
    desk, query, part = _desk(), DeskQuery.read(request.args), bool(request.args.get("part"))
    desk.catch_up()
    problem, listing = "", Listing([], 0, 1)
    try:
        listing = desk.listing(query)
    except InputError as error:
        problem = str(error)
    name = name or (listing.hits[0].name if listing.hits else "")
    shown = [hit.name for hit in listing.hits]
    place = shown.index(name) if name in shown else -1
    hit = desk.index.row(name) if name else None
    return _render(
        "part.html" if part else "desk.html",
        query,
        at=at,
        listing=listing,
        problem=problem,
        cards=cards.cards(desk, listing.hits, listing.drawn),
        reading=cards.reading(desk, hit, listing.drawn) if hit else None,
        similar=_similar(desk, name),
        previous_name=shown[place - 1] if place > 0 else "",
        next_name=shown[place + 1] if 0 <= place < len(shown) - 1 else "",
        **_facets(desk, query, counted=not part and not problem),
        unknown_places=[] if listing.hits or problem else query.unknown_places(),
        similar_words=desk.index.similar_words(query.q) if query.q and not listing.hits and not problem else {},
    )


def _similar(desk: DeskSession, name: str) -> list[SearchHit]:
    """Return the few postings that the reading pane names as similar, if they need not be looked for on the disk."""
    if not desk.live.in_memory:
        return []
    likeness = {each.name: each.by for each in desk.live.similar(name, _SIMILAR_SHOWN)}
    hits = desk.index.rows(Filters(names=frozenset(likeness))) if likeness else []
    return sorted(hits, key=lambda hit: -likeness[hit.name])


def _facets(desk: DeskSession, query: DeskQuery, *, counted: bool) -> dict[str, Any]:
    """Return what the filters count: the most frequent values of each facet, remote postings, and those with pay."""
    if not counted:
        return {"facets": {}, "remote": {}, "paid": 0}
    found = desk.index.facets(query.filters(desk.answers, desk.seen_up_to()), most=max(_FACETS.values()))
    shown = {
        facet: [(places.country_name(value) if facet == "country" else value, count) for value, count in found[facet]]
        for facet in _FACETS
    }
    facets = {facet: shown[facet][:most] for facet, most in _FACETS.items()}
    return {"facets": facets, "remote": dict(found["remote"]), "paid": dict(found["pay"]).get("stated", 0)}


def _render(template: str, query: DeskQuery, **values: Any) -> str:
    desk = _desk()
    counts = desk.counts()
    new, since = desk.new_since()
    return render_template(
        template,
        query=query,
        back=query.write(),
        size=desk.size,
        counts=counts,
        few=FEW if min(counts[YES], counts[NO]) < FEW else 0,
        new=new,
        since=since,
        searches=desk.searches(),
        last=desk.last,
        read_only=desk.read_only,
        forms=_FORMS,
        ranking_ready=desk.live.ready,
        orders={BEST_FIRST: "For you", MATCH: "Best match", NEWEST: "Newest", PAY: "Best paid"},
        **values,
    )
