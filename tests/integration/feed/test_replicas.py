"""Readers beside a replica that is away, or behind."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import NothingToServeError
from app.domain.feeds import ALL, CacheState, PageRequest
from app.feed.head_reader import HeadReader
from app.feed.reader import FeedReader
from app.store.database import Database
from app.store.store import Store
from app.telemetry import Incidents, get_logger
from tests.contract.store.tellings import NOW, get_version, record, video
from tests.unit.feed.backends import PlannedCache

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

FIRST, SECOND = PageRequest(ALL, 1), PageRequest(ALL, 1, page=2)


class Pair:
    """A primary of three videos, and a replica that has seen two of them."""

    def __init__(self, folder: Path) -> None:
        self.files = {name: folder / f"{name}.db" for name in ("primary", "replica")}
        databases = {name: Database(f"sqlite:///{path}") for name, path in self.files.items()}
        for database in databases.values():
            store = Store(database)
            store.migrate()
            record(store, [video(1), video(2)])
        record(Store(databases["primary"]), [video(3)])
        self.store = Store(databases["primary"], databases["replica"])
        incidents = Incidents(get_logger("test"))
        self.cache, self.now = PlannedCache(), NOW
        heads = HeadReader(self.store, self.cache, self.clock, 1, incidents)
        self.reader = FeedReader(self.store, heads, self.clock, incidents)

    def clock(self) -> datetime:
        return self.now

    def later(self, seconds: int) -> None:
        """Pass time, after which the thread beside the requests has asked the primary."""
        self.now += timedelta(seconds=seconds)
        self.reader._watched.catch_up()

    def take_away(self, name: str) -> None:
        self.store.dispose()
        path = self.files[name]
        path.rename(path.with_suffix(".away"))
        path.mkdir()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    yield made
    made.store.dispose()


def test_all_pages_come_from_the_primary_while_the_replica_is_away(pair: Pair) -> None:
    pair.take_away("replica")
    for request in (SECOND, FIRST, SECOND):
        assert pair.reader.page(request).total == 3
    assert pair.reader.video(video(3).video_id).version == get_version(pair.store, ALL)


def test_a_deep_page_is_not_older_than_the_one_that_a_client_has_seen(pair: Pair) -> None:
    assert pair.reader.page(SECOND).total == 2, "for others the replica will do"
    seen = get_version(pair.store, ALL)
    assert pair.reader.page(SECOND, at_least=seen).total == 3


def test_a_client_that_has_seen_a_newer_deep_page_keeps_it_while_the_primary_is_away(
    pair: Pair,
) -> None:
    seen = get_version(pair.store, ALL)
    pair.take_away("primary")
    assert pair.reader.page(SECOND, at_least=seen).cache is CacheState.STALE
    assert pair.reader.page(SECOND).cache is CacheState.MISS
    pair.take_away("replica")
    with pytest.raises(NothingToServeError):
        pair.reader.page(SECOND)


def test_page_1_of_a_replica_in_a_zone_that_is_cut_off_is_marked_stale(pair: Pair) -> None:
    pair.cache.is_away = True
    assert pair.reader.page(FIRST).cache is CacheState.MISS
    assert pair.reader.ready_version(ALL) is not None
    pair.take_away("primary")
    pair.later(0)
    assert pair.reader.ready_version(ALL) is None, "what was kept as a hit is none any more"
    pair.later(20)
    for _ in range(2):
        page = pair.reader.page(FIRST)
        assert (page.total, page.cache, page.stale_seconds) == (2, CacheState.STALE, 20)


def test_a_cache_that_answers_vouches_for_page_1_while_the_primary_is_away(pair: Pair) -> None:
    pair.reader.page(FIRST)
    pair.take_away("primary")
    pair.later(20)
    page = pair.reader.page(FIRST)
    assert (page.total, page.cache) == (2, CacheState.HIT)
