"""What a scrape is told: whatever can be known within three seconds.

Counts of processes are at hand. Of the backends each is looked at in a thread of its own; one that
is away or hangs costs what it would have told, and `newsreel_up` says so.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest

from app.domain.figures import Figures
from app.domain.release import VERSION
from app.metrics import families
from app.metrics.looking import Look

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from prometheus_client.core import Metric

    from app.cache.base import FeedCache, Queues, Ticks
    from app.domain.clock import Clock
    from app.metrics.families import Budget
    from app.metrics.processes import ProcessMetrics
    from app.store.store import Store

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
PATIENCE_SECONDS = 3.0
"""A scraper waits for ten, an impatient one for five."""


@dataclass(frozen=True, slots=True)
class CacheSeen:
    """What the cache told: when the last tick was."""

    ticked_at: datetime | None


@dataclass(frozen=True, slots=True)
class WritesSeen:
    """That the cache takes writes."""


@dataclass(frozen=True, slots=True)
class QueuesSeen:
    """How many messages wait in each queue."""

    lengths: Mapping[str, int]


Seen = Figures | CacheSeen | WritesSeen | QueuesSeen


@dataclass(frozen=True, slots=True)
class Backends:
    """What is looked at besides the database; None where there is no such thing.

    Args:
        ticks: knows the last tick.
        cache: one that is a server.
        queues: between scheduler and workers.
    """

    ticks: Ticks
    cache: FeedCache | None = None
    queues: Queues | None = None


class Exposition:
    """Makes the text; share one per process.

    Args:
        store: has the figures.
        backends: what else is looked at.
        budget: what is configured.
        processes: the counts.
        clock: the present.
        patience_seconds: how long a scrape waits for the backends in all.
    """

    def __init__(
        self,
        store: Store,
        backends: Backends,
        budget: Budget,
        processes: ProcessMetrics,
        clock: Clock,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._budget = budget
        self._processes = processes
        self._clock = clock
        self._patience = patience_seconds
        self._looks = tuple(_looks(store, backends, clock))

    def text(self) -> bytes:
        """Return the metrics as Prometheus reads them; never raises for a backend."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Once(self._families()))
        return generate_latest(self._processes.registry) + generate_latest(registry)

    def _families(self) -> Iterator[Metric]:
        for look in self._looks:
            look.begin()
        ends_at = time.monotonic() + self._patience
        seen = {look.name: look.result(ends_at - time.monotonic()) for look in self._looks}
        yield families.gauge(
            "build_info", "The release that answers.", ("version",), [((VERSION,), 1)]
        )
        yield families.gauge(
            "up",
            "Whether a backend answers; cache_writes: whether it takes what is published.",
            ("part",),
            [((name,), int(found is not None)) for name, found in seen.items()],
        )
        for found in seen.values():
            if isinstance(found, Figures):
                yield from families.of_database(found, self._budget)
            elif isinstance(found, CacheSeen):
                yield from families.of_cache(found.ticked_at, self._clock())
            elif isinstance(found, QueuesSeen):
                yield families.of_queues(found.lengths)


def _looks(store: Store, backends: Backends, clock: Clock) -> Iterator[Look[Seen]]:
    ticks, cache, queues = backends.ticks, backends.cache, backends.queues
    yield Look(lambda: store.read(lambda t: t.figures.read(clock())), "database")
    yield Look(lambda: CacheSeen(ticks.last()), "cache")
    if cache is not None:
        yield Look(lambda: _written(cache), "cache_writes")
    if queues is not None:
        yield Look(lambda: QueuesSeen(queues.lengths()), "queue")


def _written(cache: FeedCache) -> WritesSeen:
    cache.check_writes()
    return WritesSeen()


class _Once:
    """A collector of what is collected already."""

    def __init__(self, found: Iterable[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        """Return it."""
        return self._found
