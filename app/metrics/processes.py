"""What processes count themselves: requests, pages, lanes, database time.

In one process the counts are in its memory. Under gunicorn's many each process keeps them in files
of a common folder (`gunicorn.conf.py` makes it, and names it before this module is imported), and
whichever is asked adds all of them up. Those of processes that have ended are added up before
(`ended.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from app.metrics.ended import add_up, kept_still

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client.core import Metric

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
NO_ROUTE = "none"
OTHER_METHOD = "other"

_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_DATABASE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_WAIT_SECONDS = (0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2)


class ProcessMetrics:
    """Counts what this process does; share one per process, between threads as you like."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # a series more for each of ours
        own = self._own = CollectorRegistry()
        self._requests = Histogram(
            "newsreel_http_request_seconds",
            "Time the application took for a request, without its wait for a thread.",
            ("route", "method", "status"),
            buckets=_REQUEST_SECONDS,
            registry=own,
        )
        pages = Counter(
            "newsreel_pages", "Pages of feeds, by where they came from.", ("cache",), registry=own
        )
        self._pages = {state: pages.labels(state) for state in ("hit", "miss", "stale")}
        self._ready = Counter(
            "newsreel_ready_replies",
            "Requests answered from memory before the application; each second or less often.",
            ("result",),
            registry=own,
        )
        self._database = Histogram(
            "newsreel_database_seconds",
            "Time of transactions of web processes, from the wait for a connection to the end.",
            ("kind",),
            buckets=_DATABASE_SECONDS,
            registry=own,
        )
        self._database_failures = Counter(
            "newsreel_database_failures",
            "Transactions of web processes for which there was no database.",
            ("kind",),
            registry=own,
        )
        self._busy = Gauge(
            "newsreel_lane_busy",
            "Threads at work on requests.",
            ("lane",),
            multiprocess_mode="livesum",
            registry=own,
        )
        self._waits = Histogram(
            "newsreel_lane_wait_seconds",
            "How long requests waited for a thread.",
            ("lane",),
            buckets=_WAIT_SECONDS,
            registry=own,
        )
        self._shed = Counter(
            "newsreel_lane_shed",
            "Requests that got no thread in time.",
            ("lane",),
            registry=own,
        )
        for kind in ("read", "write"):
            self._database_failures.labels(kind)

    @property
    def registry(self) -> CollectorRegistry:
        """The counts of all processes that share theirs, else of this one."""
        shared = CollectorRegistry()
        try:
            _Counts(shared)  # type: ignore[no-untyped-call] # the library says nothing
        except ValueError:  # nobody named a folder: this process is alone
            return self._own
        return shared

    def request(self, route: str | None, method: str, status: int, seconds: float) -> None:
        """Count a request that the application has answered; `route` is never a path."""
        known = method if method in METHODS else OTHER_METHOD
        self._requests.labels(route or NO_ROUTE, known, f"{status // 100}xx").observe(seconds)

    def page(self, cache: str) -> None:
        """Count a page of a feed by the state that it was answered with."""
        if cache in self._pages:
            self._pages[cache].inc()

    def ready(self, answered: int, refused: int, stale: int) -> None:
        """Count what was answered from memory since the last time."""
        self._pages["hit"].inc(answered)
        self._pages["stale"].inc(stale)
        self._ready.labels("answered").inc(answered + stale)
        self._ready.labels("refused").inc(refused)

    def transaction(self, kind: str, seconds: float, *, failed: bool) -> None:
        """Count a transaction, which reads or writes."""
        self._database.labels(kind).observe(seconds)
        if failed:
            self._database_failures.labels(kind).inc()

    def lane(self, name: str) -> LaneMetrics:
        """Return what counts for a lane."""
        return LaneMetrics(
            busy=self._busy.labels(name).inc,
            waited=self._waits.labels(name).observe,
            shed=self._shed.labels(name).inc,
        )


class LaneMetrics:
    """Counts for one lane.

    Args:
        busy: adds to how many threads are at work.
        waited: takes down how many seconds somebody waited for one.
        shed: counts one who got none.
    """

    def __init__(
        self,
        busy: Callable[[float], None],
        waited: Callable[[float], None],
        shed: Callable[[], None],
    ) -> None:
        self._busy = busy
        self._waited = waited
        self.shed = shed

    def begin(self, waited_seconds: float) -> None:
        """Count one who has got a thread."""
        self._waited(waited_seconds)
        self._busy(1)

    def end(self) -> None:
        """Count a thread that is free again."""
        self._busy(-1)


class _Counts(MultiProcessCollector):
    """The counts of all processes, none of them twice."""

    def collect(self) -> Iterable[Metric]:
        with kept_still(Path(self._path)):
            return list(super().collect())  # type: ignore[no-untyped-call] # the library says nothing


def forget(pid: int, folder: str) -> None:
    """Forget what a process that is no more was busy with; what it counted stays, in few files."""
    mark_process_dead(pid, folder)  # type: ignore[no-untyped-call] # the library says nothing
    add_up(Path(folder))
