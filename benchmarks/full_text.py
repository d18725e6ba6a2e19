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

from app.domain.feeds import ALL, Cursor, Feed, Position, Selection
from app.domain.text_query import parse_text_query
from app.domain.watches import WatchKind
from app.store.database import Database
from app.store.full_text import worth_walking
from app.store.schema import migrate
from app.store.store import Store
from benchmarks.databases import mariadb, postgresql, sqlite
from benchmarks.full_text_report import render
from benchmarks.full_text_rows import ENDS_AT, SEED, SPAN, load, read_texts
from benchmarks.full_text_queries import queries_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from app.store.store import Transaction
    from benchmarks.databases import Place
    from benchmarks.full_text_rows import Texts
    from benchmarks.results import Result

VIDEOS = 1_000_000
ROUNDS = 3
LIMIT = 10
WARM_UP = 20
BEFORE_TEXTS = "0007"
PLAIN = "page 2, without q"
HALF_WAY = Cursor(Position(ENDS_AT - SPAN / 2, ""))
WATCH_ID = 1
BUFFERS = "128 MB (PostgreSQL) and 256 MB (MariaDB)"


@dataclass
class Measured:
    """Milliseconds of every answer, by class of query; `texts_seconds` is how long indexing took."""

    place: str
    texts_seconds: float = 0.0
    times: dict[str, list[float]] = field(default_factory=dict)


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
        _fill(database, texts, videos, measured)
        store = Store(database)
        for _ in range(WARM_UP):
            store.read(_plain)
        for _ in range(ROUNDS):
            measured.times.setdefault(PLAIN, []).append(_milliseconds(store, _plain))
            for name, asked in queries.items():
                times = measured.times.setdefault(name, [])
                for feed in (ALL, Feed(watch_id=WATCH_ID)):
                    times += [_milliseconds(store, page) for q in asked for page in _pages(feed, q)]
    return measured


def _fill(database: Database, texts: Texts, videos: int, measured: Measured) -> None:
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


def _plain(transaction: Transaction) -> object:
    return transaction.feed.list_from_row(ALL, LIMIT, LIMIT + 1)


def _milliseconds(store: Store, page: Callable[[Transaction], object]) -> float:
    started = time.perf_counter()
    store.read(page)
    return (time.perf_counter() - started) * 1e3
