"""What `q` costs at a million rows, by how often the words occur, on each kind of database.

Every query is asked for at the newest page and beyond a cursor half-way down, as a first page of 10
(and one to see whether there is more), through the repository.
"""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.domain.feeds import ALL, EVERYTHING, Cursor, Feed, Position
from app.domain.text_query import parse_text_query
from app.domain.watches import WatchKind
from app.store.database import Database
from app.store.feed import Searched
from app.store.schema import migrate
from app.store.search_pace import PACE
from app.store.store import Store
from benchmarks.databases import MARIADB_MEMORY, mariadb, postgresql, renew_statistics, sqlite
from benchmarks.full_text_queries import queries_of
from benchmarks.full_text_report import PLAIN, render
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
LIMIT = 10
WARM_UP = 20
BEFORE_TEXTS = "0007"
HALF_WAY = Cursor(Position(ENDS_AT - SPAN / 2, ""))
WATCH_ID = 1


@dataclass
class Measured:
    """Milliseconds of every answer, by class of query.

    Args:
        place: the kind of database.
        texts_seconds: how long it took to make and index the texts.
        times: wall time.
        cpu: CPU time of client and server together.
        cut: how many pages ended early, because the search had spent its budget.
    """

    place: str
    texts_seconds: float = 0.0
    times: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)


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
        "looks": PACE.looks,
    }
    return render(measured, queries, about=about)


def _sqlite(stack: ExitStack) -> Place:
    return stack.enter_context(sqlite())


def _postgresql(stack: ExitStack) -> Place:
    return stack.enter_context(postgresql(stack))


def _mariadb(stack: ExitStack) -> Place:
    return stack.enter_context(mariadb(stack, None, settings=MARIADB_MEMORY))


def _measure_on(
    place: Place, texts: Texts, queries: Mapping[str, Sequence[str]], videos: int
) -> Measured:
    measured = Measured(place.name)
    with ExitStack() as stack:
        url = place.new_url()
        database = Database(url)
        stack.callback(database.dispose)
        fill(database, texts, videos, measured)
        renew_statistics(url)
        ask(Store(database), measured, queries, Meter(place.server_pid))
    return measured


def ask(
    store: Store, measured: Measured, queries: Mapping[str, Sequence[str]], meter: Meter
) -> None:
    """Ask for every page once, and note what it costs."""

    def note(name: str, page: Callable[[Transaction], Searched]) -> None:
        found: list[Searched] = []
        cost = meter.measure(lambda: found.append(store.read(page)))
        measured.times.setdefault(name, []).append(cost.wall * 1e3)
        measured.cpu.setdefault(name, []).append(cost.cpu * 1e3)
        measured.cut[name] = measured.cut.get(name, 0) + (found[0].edge is not None)

    for _ in range(WARM_UP):
        store.read(_plain)
    for _ in range(WARM_UP):
        note(PLAIN, _plain)
    for name, asked in queries.items():
        for feed in (ALL, Feed(watch_id=WATCH_ID)):
            for page in (page for q in asked for page in _pages(feed, q)):
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


def _pages(feed: Feed, q: str) -> tuple[Callable[[Transaction], Searched], ...]:
    text = parse_text_query(q)
    return (
        lambda t: t.feed.search(feed, EVERYTHING, text, LIMIT + 1),
        lambda t: t.feed.search(feed, EVERYTHING, text, LIMIT + 1, cursor=HALF_WAY),
    )


def _plain(transaction: Transaction) -> Searched:
    return Searched(transaction.feed.list_from_row(ALL, LIMIT, LIMIT + 1))
