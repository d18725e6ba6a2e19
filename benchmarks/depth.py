"""What a page far down costs against page 2 of the same feed, with a million videos stored.

Every kind of database is asked in turns, through the reader that serves `GET /videos`; beside it
stands what is usual, OFFSET and count(*) over the whole list.
"""

from __future__ import annotations

import gc
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text

from app.cache.memory import MemoryFeedCache
from app.domain.feeds import ALL, EVERYTHING, Cursor, Feed, PageRequest, Position, Selection
from app.domain.videos import LiveState
from app.feed.head_reader import HeadReader
from app.feed.reader import FeedReader
from app.store.store import Store
from app.telemetry import Incidents, get_logger
from benchmarks import depth_databases
from benchmarks.depth_report import render
from benchmarks.depth_rows import BIG_CHANNEL, BUSY_HOUR_AT, STARTS_AT
from benchmarks.rounds import Cost, Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from benchmarks.depth_databases import Loaded
    from benchmarks.results import Result

    Work = Callable[[], object]

VIDEOS = 1_000_000
ROUNDS = 9
PAGE_SIZE = 10

DEEP_PAGE = 90_000
DEEP_PAGE_OF_WATCH = 27_000
DEEP_PAGE_OF_CHANNEL = 4_500
DEEP_PAGE_OF_STRETCH = 10_000
DEEP_PAGE_OF_CHANNELS_STRETCH = 2_000

_DEEP_AT = STARTS_AT + timedelta(days=70)
_BEFORE = Selection(published_before=STARTS_AT + timedelta(days=600, minutes=754))
_HALF_A_BUSY_HOUR = Selection(published_before=BUSY_HOUR_AT + timedelta(minutes=30))
_USUAL = f"""
    SELECT * FROM videos WHERE visible ORDER BY published_at DESC, video_id DESC
    LIMIT {PAGE_SIZE} OFFSET {(DEEP_PAGE - 1) * PAGE_SIZE}
"""  # noqa: S608 - our numbers
_COUNT = "SELECT count(*) FROM videos WHERE visible"


@dataclass
class Measured:
    """What each kind of page cost in each round, per page; the usual way is timed by itself."""

    place: str
    rounds: list[dict[str, Cost]] = field(default_factory=list)
    usual_seconds: float = 0.0


def run() -> Result:
    """Measure on MariaDB, PostgreSQL and SQLite, one after the other."""
    measured = []
    for kind in (depth_databases.mariadb, depth_databases.postgresql, depth_databases.sqlite):
        with ExitStack() as stack:
            measured.append(_measure_on(stack.enter_context(kind(VIDEOS))))
    return render(measured, videos=VIDEOS, size=PAGE_SIZE)


def _measure_on(loaded: Loaded) -> Measured:
    """Ask for every kind of page in each round: cheap ones 20 times, dear ones once."""
    measured, meter = Measured(loaded.name), Meter(loaded.server_pid)
    cheap, dear = _cheap_pages(_Reader(loaded)), _dear_pages(_Reader(loaded), loaded)
    gc.freeze()
    for _ in range(ROUNDS + 1):
        costs = _costs(meter, cheap, 20) | _costs(meter, dear, 1)
        measured.rounds.append(costs)
    measured.rounds.pop(0)  # it filled pools and caches
    measured.usual_seconds = min(meter.measure(lambda: _usual(loaded)).wall for _ in range(2))
    return measured


def _costs(meter: Meter, works: Mapping[str, Work], times: int) -> dict[str, Cost]:
    def several(work: Work) -> None:
        for _ in range(times):
            work()

    whole = {name: meter.measure(lambda work=work: several(work)) for name, work in works.items()}  # type: ignore[misc] # mypy cannot infer a default's type
    return {
        name: Cost(cost.wall / times, cost.client_cpu / times, cost.server_cpu / times)
        for name, cost in whole.items()
    }


class _Reader:
    """Asks for pages as the web layer does; every page must be full."""

    def __init__(self, loaded: Loaded) -> None:
        incidents = Incidents(get_logger("benchmark"))
        store = Store(loaded.database)
        heads = HeadReader(store, MemoryFeedCache(), _clock, 1, incidents)
        self._reader = FeedReader(store, heads, _clock, incidents)
        self.watch = Feed(watch_id=loaded.watch_id)
        self.channel = Feed(channel_id=BIG_CHANNEL)

    def numbered(self, feed: Feed, page: int, selection: Selection = EVERYTHING) -> Work:
        return self._full(PageRequest(feed, PAGE_SIZE, page, selection=selection))

    def oldest(self, feed: Feed, page: int) -> Work:
        return self._full(PageRequest(feed, PAGE_SIZE, page, oldest_first=True))

    def cursor(self, feed: Feed, selection: Selection = EVERYTHING) -> Work:
        cursor = Cursor(Position(_DEEP_AT, "00000000000"))
        return self._full(PageRequest(feed, PAGE_SIZE, cursor=cursor, selection=selection))

    def _full(self, request: PageRequest) -> Work:
        def work() -> None:
            if len(self._reader.page(request).items) != PAGE_SIZE:
                raise AssertionError(f"not a full page: {request}")

        return work


def _clock() -> datetime:
    return STARTS_AT


def _cheap_pages(reader: _Reader) -> dict[str, Work]:
    watch, channel = reader.watch, reader.channel
    ended = Selection(live=LiveState.COMPLETED)
    return {
        "all: page 2": reader.numbered(ALL, 2),
        f"all: page {DEEP_PAGE:,}": reader.numbered(ALL, DEEP_PAGE),
        f"all: page {DEEP_PAGE:,} of the oldest": reader.oldest(ALL, DEEP_PAGE),
        "all: by cursor at depth": reader.cursor(ALL),
        "watch: page 2": reader.numbered(watch, 2),
        f"watch: page {DEEP_PAGE_OF_WATCH:,}": reader.numbered(watch, DEEP_PAGE_OF_WATCH),
        "watch: by cursor at depth": reader.cursor(watch),
        "channel: page 2": reader.numbered(channel, 2),
        f"channel: page {DEEP_PAGE_OF_CHANNEL:,}": reader.numbered(channel, DEEP_PAGE_OF_CHANNEL),
        "channel: by cursor at depth": reader.cursor(channel),
        "published_before: page 2": reader.numbered(ALL, 2, _BEFORE),
        f"published_before: page {DEEP_PAGE_OF_STRETCH:,}": reader.numbered(
            ALL, DEEP_PAGE_OF_STRETCH, _BEFORE
        ),
        "channel, published_before: page 2": reader.numbered(channel, 2, _BEFORE),
        f"channel, published_before: page {DEEP_PAGE_OF_CHANNELS_STRETCH:,}": reader.numbered(
            channel, DEEP_PAGE_OF_CHANNELS_STRETCH, _BEFORE
        ),
        "live=completed: page 2": reader.numbered(ALL, 2, ended),
        "live=completed: by cursor at depth": reader.cursor(ALL, ended),
    }


def _dear_pages(reader: _Reader, loaded: Loaded) -> dict[str, Work]:
    after_the_hour = _rows_after_busy_hour(loaded)
    in_the_hour = after_the_hour // PAGE_SIZE + 9_000
    return {
        "all: 90,000 rows into an hour of 100,000": reader.numbered(ALL, in_the_hour),
        "published_before: page 2, from half an hour of 100,000 on": reader.numbered(
            ALL, 2, _HALF_A_BUSY_HOUR
        ),
        "live=completed: page 200": reader.numbered(ALL, 200, Selection(live=LiveState.COMPLETED)),
    }


def _usual(loaded: Loaded) -> None:
    """Sort, skip and count, over a connection that is given the time it takes."""
    engine = create_engine(loaded.url)
    with engine.connect() as connection:
        rows = connection.execute(text(_USUAL)).all()
        found = connection.execute(text(_COUNT)).scalar_one()
    engine.dispose()
    if (len(rows), found) != (PAGE_SIZE, VIDEOS):
        raise AssertionError("the usual way found other videos")


def _rows_after_busy_hour(loaded: Loaded) -> int:
    newer = text("SELECT count(*) FROM videos WHERE published_at >= :ends_at")
    ends_at = (BUSY_HOUR_AT + timedelta(hours=1)).replace(tzinfo=None)
    return loaded.database.read(
        lambda connection: int(connection.execute(newer, {"ends_at": ends_at}).scalar_one())
    )
