"""What `q` costs at a million rows, by how often the words occur, on each kind of database.

Every query is asked for at the newest page and beyond a cursor half-way down, as a first page of 10
(and one to see whether there is more), through the repository.
"""

from __future__ import annotations

import random
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.domain.errors import StoreUnavailableError
from app.domain.feeds import ALL, Cursor, Feed, Position, Selection
from app.domain.text_query import parse_text_query
from app.domain.watches import WatchKind
from app.store.database import Database
from app.store.full_text import worth_walking
from app.store.schema import migrate
from app.store.store import Store
from benchmarks.databases import mariadb, postgresql, sqlite
from benchmarks.full_text_queries import ANYWHERE, queries_of
from benchmarks.full_text_report import render
from benchmarks.full_text_rows import ENDS_AT, SEED, SPAN, load, read_texts
from benchmarks.rounds import Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from app.store.store import Transaction
    from benchmarks.databases import Place
    from benchmarks.full_text_rows import Texts
    from benchmarks.results import Result

VIDEOS = 1_000_000
ROUNDS = 1
LIMIT = 10
WARM_UP = 20
BEFORE_TEXTS = "0007"
PLAIN = "page 2, without q"
HALF_WAY = Cursor(Position(ENDS_AT - SPAN / 2, ""))
WATCH_ID = 1
BUFFERS = "128 MB (PostgreSQL) and 256 MB (MariaDB)"


@dataclass
class Measured:
    """Milliseconds of every answer, by class of query.

    Args:
        place: the kind of database.
        texts_seconds: how long it took to make and index the texts.
        times: wall time.
        cpu: CPU time of client and server together.
    """

    place: str
    texts_seconds: float = 0.0
    times: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)


def run(corpus: Path | None = None, videos: int = VIDEOS) -> Result:
    """Measure on SQLite, PostgreSQL and MariaDB, one after the other.

    Args:
        corpus: real videos to take texts from, as JSON lines; without it they are made up.
        videos: how many rows each database gets.
    """
    texts = read_texts(corpus)
    rng = random.Random(SEED)  # noqa: S311 - the same queries every time are what is wanted
    queries = queries_of(texts, rng)
    measured = []
    for place_of in (_sqlite, _postgresql, _mariadb):
        with ExitStack() as stack:
            measured.append(_measure_on(place_of(stack), texts, queries, videos))
    about = {
        "videos": videos,
        "texts": "made-up words" if corpus is None else "the words of a corpus (`--corpus FILE`)",
        "rounds": ROUNDS,
        "buffers": BUFFERS,
        "walked": worth_walking(LIMIT + 1),
    }
    return render(measured, queries, about=about)


def _sqlite(stack: ExitStack) -> Place:
    return stack.enter_context(sqlite())


def _postgresql(stack: ExitStack) -> Place:
    return stack.enter_context(postgresql(stack))


def _mariadb(stack: ExitStack) -> Place:
    return stack.enter_context(mariadb(stack, None))


def _measure_on(
    place: Place, texts: Texts, queries: Mapping[str, Sequence[str]], videos: int
) -> Measured:
    measured = Measured(place.name)
    with ExitStack() as stack:
        database = Database(place.new_url())
        stack.callback(database.dispose)
        fill(database, texts, videos, measured)
        ask(Store(database), measured, queries, Meter(place.server_pid))
    return measured


def ask(
    store: Store, measured: Measured, queries: Mapping[str, Sequence[str]], meter: Meter
) -> None:
    """Ask for all pages in turns, and note what each of them costs."""
    feeds = (ALL, Feed(watch_id=WATCH_ID))

    def note(name: str, page: Callable[[Transaction], object]) -> None:
        cost = meter.measure(lambda: _read(store, page))
        measured.times.setdefault(name, []).append(cost.wall * 1e3)
        measured.cpu.setdefault(name, []).append(cost.cpu * 1e3)

    for _ in range(WARM_UP):
        store.read(_plain)
    for number in range(ROUNDS):
        note(PLAIN, _plain)
        for name, asked in queries.items():
            if number == 0 or name not in ANYWHERE:
                for page in (p for feed in feeds for q in asked for p in _pages(feed, q)):
                    note(name, page)


def fill(database: Database, texts: Texts, videos: int, measured: Measured) -> None:
    """Load the videos first: that their texts are made and indexed afterwards is measured, too."""
    migrate(database, BEFORE_TEXTS)
    kind = WatchKind.KEYWORD
    store = Store(database)
    watch, _ = store.write(lambda t: t.watches.add(kind, "news", now=ENDS_AT, read_until=ENDS_AT))
    load(database, texts, videos, watch.watch_id)
    started = time.perf_counter()
    migrate(database)
    measured.texts_seconds = time.perf_counter() - started


def _pages(feed: Feed, q: str) -> tuple[Callable[[Transaction], object], ...]:
    selection = Selection(text=parse_text_query(q))
    return (
        lambda t: t.feed.list_from_row(feed, 0, LIMIT + 1, selection),
        lambda t: t.feed.list_from_cursor(feed, HALF_WAY, LIMIT + 1, selection),
    )


def _read(store: Store, page: Callable[[Transaction], object]) -> None:
    """Ask for a page; one that is given up on took the time until then."""
    with suppress(StoreUnavailableError):
        store.read(page)


def _plain(transaction: Transaction) -> object:
    return transaction.feed.list_from_row(ALL, LIMIT, LIMIT + 1)
