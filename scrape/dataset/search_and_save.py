"""Search the boards for a dataset: crawl them, save each posting, simplify, compile; and report it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from scrape import demo
from scrape.boards import registry
from scrape.common.console import print_json, print_result, progress, say
from scrape.common.errors import InputError
from scrape.common.posting import Posting
from scrape.common.table import print_table
from scrape.crawl.crawler import DAY, BoardCrawl, Event, Outcome, Progress, Settings, crawl
from scrape.crawl.crawler import FAILED as FAILURES
from scrape.crawl.search import SearchRequest, board_crawls, needs_demo_site
from scrape.dataset.corpus.compile import Manifest, compile_corpus
from scrape.dataset.simplify_all import Simplified, simplify_store
from scrape.dataset.store import INPUT, FileStore
from scrape.demo.generate import ADDRESS
from scrape.http.cache import HttpCache
from scrape.http.client import Fetcher

STATUS_STYLES = {"ok": "green", "empty": "yellow", **dict.fromkeys(FAILURES, "red")}
"""The style in a table of each status that a board can have."""
_COLUMNS = ("board", "status", "requests", "new", "known", "filtered", "note")
_MOST_NAMED = 10  # failures of a board beside the one in its note
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """The outcome of a search: of each board, of the simplifier, and the corpus where one was compiled."""

    root: Path
    outcomes: tuple[Outcome, ...]
    simplified: Simplified
    manifest: Manifest | None

    @property
    def found(self) -> bool:
        """True if there was a matching posting, new or known."""
        return any(outcome.new or outcome.known for outcome in self.outcomes)

    @property
    def failed(self) -> bool:
        """True if a board failed or a posting could not be simplified."""
        return any(outcome.failed for outcome in self.outcomes) or bool(self.simplified.unusable)

    @property
    def new(self) -> int:
        """The number of postings that the dataset did not have."""
        return sum(outcome.new for outcome in self.outcomes)


def search_and_save(
    store: FileStore,
    request: SearchRequest,
    *,
    contact: str = "",
    max_age: float = DAY,
    limit: int | None = None,
    corpus: bool = True,
    for_training: bool = True,
) -> SearchOutcome:
    """Crawl the boards of a request, save each posting in `store`, simplify what changed, and compile the corpus.

    `contact` is the address that is sent to the boards. A list of postings is requested again when its saved response
    is older than `max_age` seconds. At most `limit` postings are taken from each board. `corpus` False stops before the
    corpus. With `for_training` False, boards that permit reading but no training are read as well; their postings are
    kept out of every corpus. The bundled board is started where it is requested without an address. Raises InputError,
    before anything is requested, for a request that cannot be used and where another run is writing to the dataset.
    """
    with ExitStack() as stack:
        trusted: set[str] = set()
        stands_for = ("", "")
        if needs_demo_site(request):
            request = replace(request, pages=(stack.enter_context(demo.serve()).url,))
            stands_for = (request.pages[0], urljoin(ADDRESS, "/").rstrip("/"))
        if request.boards is not None and "demo" in request.boards:
            trusted = {urlsplit(page).netloc for page in request.pages if urlsplit(page).hostname in _LOOPBACK}
        settings = Settings(
            fetcher=Fetcher(contact=contact, allow_loopback=trusted, for_training=for_training, say=say),
            cache=HttpCache(store.answers, stands_for),
            max_age=max_age,
            limit=limit,
            skip=store.is_removed,
            for_training=for_training,
        )
        crawls = board_crawls(request, settings)
        stack.enter_context(store.locked())
        if not contact:
            remind_of_contact([one.board for one in crawls])
        outcomes = _save_all(store, crawls)
        simplified = simplify_store(store)
        manifest = _compile_if_any(store) if corpus else None
    return SearchOutcome(store.root, outcomes, simplified, manifest)


def remind_of_contact(boards: Sequence[registry.Board]) -> None:
    """Ask the user for a contact address where a board on the network is among those to be requested."""
    if any(registry.home(board) and not registry.refused(board) for board in boards):
        say("the boards cannot tell who is asking; give your e-mail address with --contact or in DREAM_JOBS_CONTACT")


def report(searched: SearchOutcome, *, as_json: bool = False) -> None:
    """Print the outcome as a table, or as JSON, on stdout, and what needs attention on stderr."""
    for line in searched.simplified.unusable:
        say(f"left out: {line}")
    for outcome in searched.outcomes:
        say(*(f"not read: {reason}" for reason in outcome.unread))
        others = [reason for reason in outcome.failures if reason not in outcome.note]
        say(*(f"failed: {reason}" for reason in others[:_MOST_NAMED]))
        if more := len(others[_MOST_NAMED:]):
            say(f"failed: {more:,} more requests of {outcome.board}; --json lists the reason of each")
        say(*(f"guessed: {fields}" for fields in outcome.guessed))
    path, manifest, boards = searched.root / INPUT, searched.manifest, searched.outcomes
    if as_json:
        corpus = {"path": str(path), **asdict(manifest)} if manifest else None
        found = {"dataset": str(searched.root), "boards": [asdict(board) for board in boards], "corpus": corpus}
        print_json(found)
    else:
        print_table(_COLUMNS, [[getattr(board, column) for column in _COLUMNS] for board in boards], STATUS_STYLES)
        if manifest:
            print_result(manifest.summary(path))
    if boards and all(outcome.unreachable for outcome in boards):
        say("no board could be reached; check the network, or try the bundled board: --boards demo")
    elif not searched.found:
        say(_why_nothing(boards))


def _why_nothing(boards: Sequence[Outcome]) -> str:
    """Return a line on why nothing was found, with advice that fits."""
    if left := sum(board.filtered for board in boards):
        postings = "1 posting was" if left == 1 else f"{left:,} postings were"
        return f"nothing was found: {postings} not what was asked; try fewer words in --title, or another --place"
    if all(board.failed for board in boards):
        return "nothing was found, as the notes say"
    return "nothing was found; ask for less: fewer words in --title, another --place, more --boards"


def _save_all(store: FileStore, crawls: Sequence[BoardCrawl]) -> tuple[Outcome, ...]:
    """Save each posting as it arrives. `new` of an outcome counts those that the store did not have."""
    added: Counter[str] = Counter()
    ended: list[Outcome] = []
    pages: dict[str, Progress] = {}
    with progress(list[Event](), desc="searching", unit=" pages") as bar:
        for event in crawl(crawls):
            if isinstance(event, Posting):
                added[event.board] += store.add(event)
            elif isinstance(event, Progress):
                pages[event.board] = event
                bar.total = sum(at.done + at.waiting for at in pages.values())
                bar.set_postfix_str(f"{added.total():,} new postings", refresh=False)
                bar.update(sum(at.done for at in pages.values()) - bar.n)
            else:
                new = added[event.board]
                ended.append(replace(event, new=new, known=event.known + event.new - new))
    return tuple(sorted(ended, key=lambda outcome: outcome.board))


def _compile_if_any(store: FileStore) -> Manifest | None:
    """Compile the corpus if there is a document with text; a search that found nothing reports that itself."""
    try:
        return compile_corpus(store) if store.document_names() else None
    except InputError as error:
        say(f"no corpus: {error}")
        return None
