"""A cache and a database whose answers, delays and failures a test decides, and their clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar, cast

from app.cache.memory import MemoryFeedCache
from app.domain.errors import CacheUnavailableError, StoreUnavailableError
from app.domain.feeds import Feed, Head
from app.feed.head_reader import HeadReader
from app.store.store import Store, Transaction
from app.telemetry import Incidents, get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.domain.videos import StoredVideo

T = TypeVar("T")

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def head(version: int) -> Head:
    return Head(version, 0, (), ())


def nothing() -> None:
    """Happens while a backend is asked, unless a test has other plans."""


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class PlannedCache(MemoryFeedCache):
    """Counts its calls; `meanwhile` happens after the answer was found, before it arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.is_away = False
        self.meanwhile: Callable[[], None] = nothing

    def version(self, feed: Feed) -> int | None:
        return self._answered(super().version(feed))

    def get(self, feed: Feed) -> Head | None:
        return self._answered(super().get(feed))

    def put(self, feed: Feed, head: Head) -> bool:
        return self._answered(super().put(feed, head))

    def _answered(self, answer: T) -> T:
        self.calls += 1
        self.meanwhile()
        if self.is_away:
            raise CacheUnavailableError("away")
        return answer


@dataclass
class PlannedFeeds:
    """Feeds without videos, of a version each."""

    versions: dict[Feed, int] = field(default_factory=dict)

    def version(self, feed: Feed) -> int:
        return self.versions.get(feed, 0)

    def total(self, feed: Feed) -> int:
        del feed
        return 0

    def list_from_row(self, feed: Feed, first: int, limit: int) -> Sequence[StoredVideo]:
        del feed, first, limit
        return []


@dataclass
class PlannedSnapshot:
    feed: PlannedFeeds


class PlannedStore(Store):
    """One database; `failure` is raised instead of the answer, `meanwhile` is as in the cache."""

    def __init__(self) -> None:
        self.feeds = PlannedFeeds()
        self.calls = 0
        self.failure: StoreUnavailableError | None = None
        self.meanwhile: Callable[[], None] = nothing

    @property
    def has_replica(self) -> bool:
        return False

    def read(self, work: Callable[[Transaction], T]) -> T:
        self.calls += 1
        answer = work(cast("Transaction", PlannedSnapshot(self.feeds)))
        self.meanwhile()
        if self.failure is not None:
            raise self.failure
        return answer

    read_replica = read


@dataclass
class Backends:
    """What a reader of heads stands on; the cache is not in its process."""

    hold_seconds: float = 1
    clock: Clock = field(default_factory=Clock)
    cache: PlannedCache = field(default_factory=PlannedCache)
    store: PlannedStore = field(default_factory=PlannedStore)

    def reader(self) -> HeadReader:
        incidents = Incidents(get_logger("test"))
        return HeadReader(self.store, self.cache, self.clock, self.hold_seconds, incidents)

    def commit(self, feed: Feed, version: int) -> None:
        self.store.feeds.versions[feed] = version

    def publish(self, feed: Feed, version: int) -> None:
        """Commit and publish; the cache takes it even while it does not answer readers."""
        self.commit(feed, version)
        MemoryFeedCache.put(self.cache, feed, head(version))
