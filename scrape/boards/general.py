"""The general reader: the posting of a page without structured data, in a layout that nobody described.

It looks at what pages have in common. The body is the smallest element that holds most of the running text. The title
is a heading above it. Company and place stand in labelled lines (`Location: Bergen`), in elements named for them,
beside the title, or in the title of the page. Cards of one form, each with a link, are a list of results. The words are
in `general.toml`. All time is linear in the length of the page.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from lxml import etree
from lxml.etree import _Element as Element

from scrape.boards.extract import line, tree
from scrape.boards.layouts import LayoutFields, certain_day
from scrape.common.posting import Pay
from scrape.fields import places
from scrape.fields.dates import day
from scrape.fields.pay import find_pay


def _names(written: str) -> list[str]:
    return written.split()


_UNSEEN = frozenset(
    _names(
        "script style noscript template iframe svg math select datalist button input textarea object canvas audio video"
        " dialog nav footer"
    )
)
_BLOCKS = frozenset(
    _names(
        "html body article aside blockquote center dd details div dl dt fieldset figcaption figure form h1 h2 h3 h4 h5"
        " h6 header li main ol p pre section summary table tbody td th tr ul"
    )
)
_NO_BODY = frozenset(_names("a b blockquote dd dl dt em i li ol p pre span strong tbody td tr ul h1 h2 h3 h4 h5 h6"))
_LABELS = frozenset(_names("b dt h3 h4 h5 h6 label strong th"))
_HIDDEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)
_ROLES = frozenset(_names("navigation search contentinfo dialog alertdialog alert menu menubar"))
_SEPARATOR = re.compile(r"\s+[|–—·•-]\s+|[|·•]")
_OPEN_END = re.compile(r":$|\b(?:in|at|of|from|the|for)$|(?:\S+\s+){5}\S+\.$|(?:\S+\s+){9}", re.IGNORECASE)
_LOGO = re.compile(r"\blogo\b", re.IGNORECASE)
_AT = re.compile(r"(?:\s*[,|–—-])?\s+(?:at|@|bei|chez|hos|en|bij)\s+(.+)", re.IGNORECASE)
_HIRING = re.compile(r"(.+?)\s+(?:is\s+)?hiring\s+(.+?)\s+in\s+(.+)", re.IGNORECASE)

_LEAST_BLOCK = 25  # characters of a block that counts as running text
_MOST_LINKED = 0.3  # of a block's text
_LEAST_BODY = 150  # characters of running text in a posting
_LEAST_NAMED = 30  # where it names company and place
_LARGEST_SHARE = 0.65  # of an element's running text in one part of it: then that part is what matters
_LEAST_WORDS = 3  # about jobs, in a page that names neither company nor place
_NEAR = 60  # elements between the title and what is near it
_LEAST_CARDS = 4
_CARD_LINKS = range(1, 9)
_CARD_TEXT = range(20, 2500)  # characters
_LONGEST = {"title": 200, "company": 80, "location": 100, "pay": 200}  # characters
_LONGEST_NAME = 300  # characters of the title in a page's head
_LONGEST_ATTRIBUTE = 200  # characters; what is longer is data, not a name
_BESIDE_TITLE = 5  # texts after the title that may name company and place


@dataclass(frozen=True, slots=True)
class Guess:
    """The finding of the general reader: a posting, the number of results of a list, or the reason for neither."""

    posting: LayoutFields | None = None
    results: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of `general.toml`, as patterns."""

    labels: Mapping[str, re.Pattern[str]]
    names: Mapping[str, re.Pattern[str]]
    beside: re.Pattern[str]
    headings: re.Pattern[str]
    jobs: re.Pattern[str]
    kinds_of_work: re.Pattern[str]
    lists: re.Pattern[str]


@cache
def _words() -> _Words:
    read = tomllib.loads((resources.files("scrape.boards") / "general.toml").read_text("utf-8"))

    def pattern(before: str, words: Sequence[str], after: str) -> re.Pattern[str]:
        return re.compile(f"{before}(?:{'|'.join(words)}){after}", re.IGNORECASE)

    return _Words(
        {field: pattern("", words, r"\s*(?:[:：]\s*(.*))?") for field, words in read["labels"].items()},
        {field: pattern("(?<![a-z])", words, "(?![a-z])") for field, words in read["names"].items()},
        pattern("(?<![a-z])", read["beside"]["names"], "(?![a-z])"),
        pattern(r"\W*", read["headings"]["other"], r"\W*"),
        pattern(r"\b", read["words"]["jobs"], r"\b"),
        pattern(r"\W*", read["words"]["kinds_of_work"], r"\W*"),
        pattern("", read["headings"]["lists"], ""),
    )


def read(body: str) -> Guess:
    """Return what a page seems to hold."""
    root = tree(body)
    _remove_unseen(root)
    running, cards = _running_text(root), _cards(root)
    in_cards = sum(running[card] for card in cards)
    if cards and 2 * in_cards >= running[root] - _LEAST_BODY:
        return Guess(results=len(cards))
    _remove_beside(root, running, cards)
    running = _running_text(root)
    element = _body(root, running)
    page = _Page(root, element, running)
    if reason := page.objection(cards, running[element]):
        return Guess(results=len(cards), reason=reason)
    page.drop_title()
    shown = etree.tostring(element, encoding="unicode", method="html", with_tail=False)
    return Guess(LayoutFields(page.title, shown, page.company, page.location, page.date(), page.pay()))


def _remove_unseen(root: Element) -> None:
    """Empty what a page does not show, and what every page of a site has."""
    for element in root.iter(etree.Element):
        if element.tag in _UNSEEN or element.get("role") in _ROLES or _is_hidden(element):
            _empty(element)


def _is_hidden(element: Element) -> bool:
    if element.tag in ("html", "body"):
        return False  # until its script has run
    return "hidden" in element.attrib or bool(_HIDDEN.search(element.get("style", "")))


def _remove_beside(root: Element, running: Mapping[Element, int], cards: Sequence[Element]) -> None:
    """Empty cards, and elements that are named for what stands beside a posting and hold less than half the text."""
    for element in root.iter(etree.Element):
        beside = element.tag == "aside" or _words().beside.search(_named(element))
        if beside and 2 * running.get(element, 0) < running[root] and element.find(".//h1") is None:
            _empty(element)
    for card in cards:
        _empty(card)


def _empty(element: Element) -> None:
    """Take everything out of an element but the text behind it."""
    tail = element.tail
    element.clear()
    element.tail = tail


def _named(element: Element) -> str:
    """Return the names that a page gives to an element."""
    given = ((str(name), str(value)) for name, value in element.items() if len(value) <= _LONGEST_ATTRIBUTE)
    return " ".join(value for name, value in given if name in ("class", "id") or name.startswith("data-"))


def _texts(root: Element) -> Iterator[tuple[str, Element]]:
    """Yield the texts of a page that show anything, in order, each with the element that it stands in."""
    for event, element in etree.iterwalk(root, events=("start", "end")):
        text, holder = (element.text, element) if event == "start" else (element.tail, element.getparent())
        if text and holder is not None and (shown := line(text)):
            yield shown, holder


def _running_text(root: Element) -> dict[Element, int]:
    """Return how many characters of running text each element holds: of blocks that are no labels and no links."""
    elements = list(root.iter(etree.Element))
    block: dict[Element, Element] = {}
    in_link: dict[Element, bool] = {}
    for element in elements:
        parent = element.getparent()
        block[element] = element if parent is None or element.tag in _BLOCKS else block[parent]
        in_link[element] = element.tag == "a" or (parent is not None and in_link[parent])
    shown: dict[Element, int] = defaultdict(int)
    linked: dict[Element, int] = defaultdict(int)
    for text, holder in _texts(root):
        shown[block[holder]] += len(text)
        linked[block[holder]] += len(text) * in_link[holder]
    running = {
        element: length
        if (length := shown[element]) >= _LEAST_BLOCK and linked[element] <= _MOST_LINKED * length
        else 0
        for element in elements
    }
    return _with_parts(elements, running)


def _with_parts(elements: Sequence[Element], counts: dict[Element, int]) -> dict[Element, int]:
    """Return counts of elements, in the order of the page, with those of everything inside them."""
    for element in reversed(elements):
        parent = element.getparent()
        if parent is not None:
            counts[parent] += counts[element]
    return counts


def _cards(root: Element) -> list[Element]:
    """Return what looks like results: several elements of one parent, each with several texts and a link."""
    elements = list(root.iter(etree.Element))
    texts, length = dict.fromkeys(elements, 0), dict.fromkeys(elements, 0)
    for text, holder in _texts(root):
        texts[holder] += 1
        length[holder] += len(text)
    links = {element: int(element.tag == "a" and bool(element.get("href"))) for element in elements}
    for counts in (texts, length, links):
        _with_parts(elements, counts)
    groups: dict[tuple[Element | None, str], list[Element]] = defaultdict(list)
    for element in elements[1:]:
        if links[element] in _CARD_LINKS and texts[element] > 1 and length[element] in _CARD_TEXT:
            groups[element.getparent(), element.tag].append(element)
    found: dict[Element, None] = {}
    for group in groups.values():
        if len(group) >= _LEAST_CARDS and not any(around in found for around in group[0].iterancestors()):
            found.update(dict.fromkeys(group))
    return list(found)


def _text_below(elements: Sequence[Element], running: Mapping[Element, int]) -> dict[Element | None, int]:
    """Return how much running text stands below each `h1`, up to the next."""
    below: dict[Element | None, int] = defaultdict(int)
    heading = None
    for element in elements:
        heading = element if element.tag == "h1" else heading
        below[heading] += running[element] - sum(running[part] for part in element)
    return below


def _body(root: Element, running: Mapping[Element, int]) -> Element:
    """Return the smallest element that holds most of the running text."""
    element = root
    while True:
        largest = max(element, key=lambda child: running.get(child, 0), default=None)
        if largest is None or running.get(largest, 0) < _LARGEST_SHARE * running[element] or largest.tag in _NO_BODY:
            return element
        element = largest


class _Page:
    """The texts of a page around its body, and what they say of the posting."""

    def __init__(self, root: Element, body: Element, running: Mapping[Element, int]) -> None:
        self.root, self.body, self.first = root, body, _first_running(body, running)
        elements = list(root.iter(etree.Element))
        self.order = {element: place for place, element in enumerate(elements)}
        self.texts = list(_texts(root))
        length = dict.fromkeys(elements, 0)
        for text, holder in self.texts:
            length[holder] += len(text)
        _with_parts(elements, length)
        self.text_below = _text_below(elements, running)
        short = [element for element in elements if 1 < length[element] <= _LONGEST["title"]]
        self.named = [(element, named) for element in short if (named := _named(element))]
        self.headings = [element for element in short if element.tag in ("h1", "h2", "h3")]
        titles = [meta.get("content", "") for meta in root.iter("meta") if meta.get("property") == "og:title"]
        titles += [title.text or "" for title in root.iter("title")]
        self.names = [name for name in (line(title)[:_LONGEST_NAME] for title in titles[:4]) if name]
        self.heading = self._heading()
        self.title = _shown(self.heading) if self.heading is not None else self._title_in_head()
        self.start = self.order[self.heading] if self.heading is not None else 0
        beside, in_head = self._beside(), self._in_head()
        self.company = self._labelled("company") or in_head[0] or self._in_named("company") or beside[0]
        self.location = self._labelled("location") or self._in_named("location") or beside[1] or in_head[1]

    def objection(self, cards: Sequence[Element], running: int) -> str:
        """Return why the page is no posting, or an empty text. `running` is the length of its running text."""
        if running < (_LEAST_NAMED if self.company and self.location else _LEAST_BODY):
            return "it has too little text"
        if not self.title:
            return "no title stands above its text"
        sites = [name for name in self.names[:1] if self.title not in name and not self.company]
        names = [self.title, *(_SEPARATOR.split(name)[0].strip() for name in sites)]  # not `Cook | Harbour Jobs`
        if any(map(_words().lists.search, names)):
            return "its title names jobs, not one job"
        first = self.order[self.first]
        if sum(self.start < self.order.get(card, -1) < first for card in cards) >= _LEAST_CARDS:
            return "results stand between its title and its text"
        about_jobs = {word.lower() for word in _words().jobs.findall(_shown(self.body))}
        if not (self.company or self.location) and len(about_jobs) < _LEAST_WORDS:
            return "its text does not read as a posting"
        return ""

    def date(self) -> str:
        """Return the day of publication, by a label or the only time of the page."""
        times = [given for time in self.root.iter("time") if (given := time.get("datetime"))]
        return certain_day(self._labelled("date")) or (day(times[0]) if len(times) == 1 else "")

    def pay(self) -> Pay | None:
        """Return the pay in a line or an element that says that it is the pay."""
        stated = find_pay(self._labelled("pay") or self._in_named("pay"), self.location)
        return stated.pay if stated else None

    def drop_title(self) -> None:
        """Take the title out of the body."""
        if self.heading is not None and self.body in self.heading.iterancestors():
            _empty(self.heading)

    def _heading(self) -> Element | None:
        """Return the element that is most likely the title."""
        named = dict.fromkeys(element for element, names in self.named if _words().names["title"].search(names))
        found = [element for element in (*self.headings, *named) if not _words().headings.fullmatch(_shown(element))]
        nearest = max(
            (element for element in found if element.tag == "h1"), key=self.text_below.__getitem__, default=None
        )

        def likelihood(element: Element) -> int:
            in_head = any(_shown(element).casefold() in name.casefold() for name in self.names)
            tag = {"h1": 3, "h2": 1}.get(element.tag, 0)
            return 3 * in_head + 2 * (element in named) + 4 * (element is nearest) + tag

        return max(found, key=likelihood, default=None)

    def _title_in_head(self) -> str:
        parts = [part.strip() for name in self.names for part in _SEPARATOR.split(name)]
        title = next((part for part in parts if 2 < len(part) <= _LONGEST["title"]), "")
        return title[: found.start()] if (found := _AT.search(title)) else title

    def _labelled(self, field: str) -> str:
        """Return the value behind the first label of a field that has one."""
        label = _words().labels[field]
        for place, (text, holder) in enumerate(self.texts):
            found = label.fullmatch(text)
            if found and (found[1] is not None or holder.tag in _LABELS or "label" in _named(holder)):
                value = found[1] or self._text_after(place)
                if self._may_be(field, value):
                    return value
        return ""

    def _text_after(self, place: int) -> str:
        """Return what follows a label: the next block, or just the next text where it is in the label's block."""
        own = _block(self.texts[place][1])
        following = self.texts[place + 1 : place + 9]
        if not following:
            return ""
        block = _block(following[0][1])
        texts = [text for text, holder in following if _block(holder) is block]
        return line(" ".join(texts[:1] if block is own else texts)).replace(" ,", ",")

    def _in_named(self, field: str) -> str:
        """Return the text of the element nearest to the title whose names say that it is the field."""
        names, label = _words().names[field], _words().labels[field]
        near = [element for element, named in self.named if self._distance(element) <= _NEAR and names.search(named)]
        for element in sorted(near, key=self._distance):
            shown = _shown(element)
            labelled = label.fullmatch(shown)
            value = (labelled[1] or "") if labelled else shown
            if self._may_be(field, value):
                return value
        return ""

    def _distance(self, element: Element) -> int:
        """Return how many elements stand between the title and an element; nothing behind the first text is near."""
        place = self.order[element]
        return abs(place - self.start) if place <= self.order[self.first] else len(self.order) + _NEAR

    def _beside(self) -> tuple[str, str]:
        """Return company and place from the texts right after the title, where one of them is a known place."""
        behind = [text for text, holder in self.texts if self._is_behind_title(holder)][:_BESIDE_TITLE]
        parts = [part.strip() for text in behind for part in _SEPARATOR.split(text)]
        parts = [part for part in parts if self._may_be("company", part)]
        place = next((place for place, part in enumerate(parts) if _is_place(part)), None)
        if place is None:
            return "", ""
        return (parts[0] if place else ""), parts[place]

    def _is_behind_title(self, holder: Element) -> bool:
        if self.heading is None or not self.order[self.heading] < self.order[holder] <= self.order[self.first]:
            return False
        return holder is not self.first and self.heading not in holder.iterancestors()

    def _in_head(self) -> tuple[str, str]:
        """Return company and place from a page's name, such as `Cook at Harbour Inn` or `Cook - Harbour Inn | Jobs`."""
        near = {text.casefold() for text, holder in self.texts if self._distance(holder) <= _NEAR}
        pictures = [image.get("alt", "") for image in self.root.iter("img") if self._distance(image) <= _NEAR]
        near.update(_LOGO.sub("", alt).strip().casefold() for alt in pictures)
        for name in self.names:
            whole = _SEPARATOR.split(name)[0].strip()
            if (found := _HIRING.fullmatch(whole)) and found[2].casefold() in self.title.casefold():
                return found[1], found[3]
            title = re.search(re.escape(self.title), name, re.IGNORECASE)
            if title is None:
                continue
            if behind := _AT.match(name, title.end()):
                return _SEPARATOR.split(behind[1])[0].strip(), ""
            parts = [
                part.strip()
                for part in (*_SEPARATOR.split(name[title.end() :]), *_SEPARATOR.split(name[: title.start()]))
            ]
            company = next((part for part in parts if part.casefold() in near and self._may_be("company", part)), "")
            if company:
                return company, ""
        return "", ""

    def _may_be(self, field: str, value: str) -> bool:
        words = _words()
        if field == "pay":
            return len(value) <= _LONGEST[field] and find_pay(value) is not None
        if not 1 < len(value) <= _LONGEST.get(field, 40) or value.casefold() == self.title.casefold():
            return False
        if _OPEN_END.search(value):
            return False
        labels = any(label.fullmatch(value) for label in words.labels.values())
        return not labels and not words.kinds_of_work.fullmatch(value) and not words.headings.fullmatch(value)


def _shown(element: Element) -> str:
    return line(" ".join(map(str, element.itertext())))


def _block(element: Element) -> Element:
    """Return the innermost block that an element is, or is in."""
    return next((around for around in (element, *element.iterancestors()) if around.tag in _BLOCKS), element)


def _first_running(body: Element, running: Mapping[Element, int]) -> Element:
    """Return the first block of running text in the body."""
    element: Element | None = body
    while element is not None:
        body, element = element, next((child for child in element if running.get(child, 0)), None)
    return body


def _is_place(text: str) -> bool:
    known = (place.region or place.country or place.area or place.remote for place in places.read(text))
    return len(text) < 60 and any(known)
