"""What storing a page costs, against the bare insert of the rows it becomes.

In every round the same pages of 50 videos are stored by `Store.write` in one database and inserted
by the driver into another of the same server, schema and size; who goes first alternates. Then the
same pages are stored again as known, half edited and refreshed.
"""

from __future__ import annotations

import gc
import random
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.watches import WatchKind
from app.store.database import Database
from app.store.store import Store
from benchmarks.bare import BareInsert, RawPage, count_rows, read_raw_pages
from benchmarks.databases import mariadb, sqlite
from benchmarks.ingest_report import render
from benchmarks.pages import (
    PAGE_SIZE,
    STARTS_AT,
    edited_page,
    half_edited,
    known_page,
    make_videos,
    new_page,
    pages_of,
    refreshed_page,
)
from benchmarks.rounds import Cost, Meter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.intake import Recorded
    from app.domain.videos import Video
    from benchmarks.databases import Place
    from benchmarks.pages import Page
    from benchmarks.results import Result

    Videos = Sequence[Video]

SEED = 3
ROUNDS = 9
PAGES_PER_ROUND = 20
WATCH_ID = 1
NOW = STARTS_AT + timedelta(days=30)


@dataclass
class Measured:
    """What each kind of work cost in each round, and the work done in all."""

    place: str
    rounds: list[dict[str, Cost]] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)


def run(mariadb_url: str | None = None) -> Result:
    """Measure on MariaDB and SQLite.

    Args:
        mariadb_url: a server on which databases may be created; without it one is started, whose
            CPU time is then known, too.
    """
    with ExitStack() as stack:
        places = [stack.enter_context(mariadb(stack, mariadb_url)), stack.enter_context(sqlite())]
        measured = [_measure_on(place) for place in places]
    return render(measured, seed=SEED, pages=PAGES_PER_ROUND, size=PAGE_SIZE)


def _measure_on(place: Place) -> Measured:
    rng = random.Random(SEED)  # noqa: S311 - the same numbers every time are what is wanted
    pages = pages_of(make_videos(rng, (ROUNDS + 1) * PAGES_PER_ROUND * PAGE_SIZE))
    with ExitStack() as stack:
        reference, ours, others = (_database_with_a_watch(place, stack) for _ in range(3))
        bench = _Bench(place, ours, BareInsert(others, stack))
        raw_pages = _what_they_become(reference, pages)
        gc.freeze()  # what was prepared is no garbage of either side
        for start in range(0, len(pages), PAGES_PER_ROUND):
            part = slice(start, start + PAGES_PER_ROUND)
            bench.run_round(pages[part], raw_pages[part])
        if count_rows(ours) != count_rows(others):
            raise AssertionError("the store and the bare insert did not do the same work")
    bench.measured.rounds.pop(0)  # it filled pools and caches
    return bench.measured


class _Bench:
    """Both sides of the comparison on one kind of database."""

    def __init__(self, place: Place, ours: Database, bare: BareInsert) -> None:
        self.measured = Measured(place.name)
        self._store = Store(ours)
        self._bare = bare
        self._meter = Meter(place.server_pid)

    def run_round(self, pages: Sequence[Videos], raw_pages: Sequence[RawPage]) -> None:
        """Insert and store the pages, then store them again in the other ways."""
        costs: dict[str, Cost] = {}
        edited = [half_edited(page) for page in pages]
        ways = {
            "new": [new_page(page, WATCH_ID) for page in pages],
            "known": [known_page(page, WATCH_ID) for page in pages],
            "half edited": [edited_page(page, WATCH_ID) for page in edited],
            "refreshed": [refreshed_page(page) for page in edited],
        }
        bare_first = len(self.measured.rounds) % 2 == 0
        if bare_first:
            costs["bare insert"] = self._insert(raw_pages)
        for way, found in ways.items():
            costs[way] = self._record(way, found)
            if way == "new" and not bare_first:
                costs["bare insert"] = self._insert(raw_pages)
        self.measured.rounds.append(costs)

    def _insert(self, raw_pages: Sequence[RawPage]) -> Cost:
        self.measured.done["bare insert: rows"] += sum(page.size for page in raw_pages)
        return self._meter.measure(lambda: self._bare.insert_all(raw_pages))

    def _record(self, way: str, pages: Sequence[Page]) -> Cost:
        def work() -> None:
            for page in pages:
                recorded = _record(self._store, page)
                self.measured.done[f"{way}: added"] += len(recorded.added)
                self.measured.done[f"{way}: updated"] += len(recorded.updated)

        return self._meter.measure(work)


def _record(store: Store, page: Page) -> Recorded:
    return store.write(lambda transaction: transaction.record(page, NOW))


def _what_they_become(reference: Database, pages: Sequence[Videos]) -> list[RawPage]:
    """Store pages in a database of their own and read back the rows they became."""
    store = Store(reference)
    for page in pages:
        _record(store, new_page(page, WATCH_ID))
    return read_raw_pages(reference, [[video.video_id for video in page] for page in pages])


def _database_with_a_watch(place: Place, stack: ExitStack) -> Database:
    database = Database(place.new_url())
    stack.callback(database.dispose)
    store = Store(database)
    store.migrate()
    kind = WatchKind.KEYWORD
    watch, _ = store.write(lambda t: t.watches.add(kind, "news", now=NOW, read_until=NOW))
    if watch.watch_id != WATCH_ID:
        raise AssertionError("an empty database gave its first watch another id")
    return database
